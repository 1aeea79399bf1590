/* SPDX-License-Identifier: MIT */
/*
 * limits_check: names the limit that a load would exceed, before it starts.
 *
 * An error in the middle of a load ("Cannot assign requested address") costs
 * minutes and does not say what to change. Checked are this process's
 * descriptors and the ports of its source addresses; and, if the server is a
 * process of this machine, its descriptors, tasks (of its user, its cgroup, the
 * system), mappings and accept queue.
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
				 client closes first */
	double churned;	      /* connections in a minute, at most; 0: unknown */
	bool loopback;	      /* the target is a loopback address */
	bool burst;	      /* all connect at once */
	pid_t server;	      /* 0: unknown, or on another machine */
};

/*
 * Returns 0 if no limit is exceeded; 1 if one may be, with a warning in WHY
 * (SIZE bytes); -1 if the plan cannot work, with the reason in WHY. WHY names
 * the limit, its value and what is needed. Raises this process's soft limit of
 * descriptors to the hard limit if the plan needs that.
 */
int
limits_check(const struct limits_check_plan *plan, char *why, size_t size);

/* The lowest pids.max of PID's cgroups (0: this process's); UINT64_MAX: no
 * limit, or unknown. */
uint64_t
limits_check_group_tasks(pid_t pid);

#endif
