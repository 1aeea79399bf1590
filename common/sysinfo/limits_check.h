/* SPDX-License-Identifier: MIT */
/*
 * limits_check: the limit that would bind, named before a load starts.
 *
 * An error in the middle of a load ("Cannot assign requested address") spoils
 * minutes and does not say what to change. What is looked at: descriptors of
 * this process; ports of its source addresses; and if the server is a process
 * of this machine that we may look at: its descriptors, its tasks (its user's,
 * its cgroup's, the system's), its mappings, and its accept queue.
 */
#ifndef COMMON_SYSINFO_LIMITS_CHECK_H
#define COMMON_SYSINFO_LIMITS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct limits_check_plan {
	uint64_t connections; /* open at once */
	uint64_t sources;     /* source addresses; 0: one, or no ports (unix) */
	bool ports;	      /* TCP or UDP: each needs a port */
	bool churn;	      /* a new connection for each request, which the
				 client ends */
	double churned;	      /* how many it makes in a minute, at the most;
				 0: nobody knows */
	bool loopback;	      /* to an address of the loopback */
	bool burst;	      /* all connect at once, not paced */
	pid_t server;	      /* or 0: not known, or not here */
};

/*
 * Returns 0 if nothing binds; 1 if something may, with a warning in WHY; -1 if
 * the plan cannot work, with the reason in WHY. WHY names the limit, what it
 * is and what is needed. Raises this process's soft limit of descriptors to
 * the hard one if that is what it takes.
 */
int
limits_check(const struct limits_check_plan *plan, char *why, size_t size);

/* The tightest pids.max of PID's cgroups (0: our own); UINT64_MAX: none, or not
 * known. */
uint64_t
limits_check_group_tasks(pid_t pid);

#endif
