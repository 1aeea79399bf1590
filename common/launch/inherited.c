/* SPDX-License-Identifier: MIT */
/* inherited: getrlimit(2), prctl(2), sched_getaffinity(2), and back. */
#include "common/launch/inherited.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static struct {
	bool known;
	struct rlimit limits[RLIM_NLIMITS];
	int slack_ns;
	cpu_set_t cpus;
	bool has_cpus;
} given;

void
inherited_remember(void)
{
	for (unsigned i = 0; i < RLIM_NLIMITS; i++)
		getrlimit(i, &given.limits[i]);
	given.slack_ns = prctl(PR_GET_TIMERSLACK);
	given.has_cpus =
	    sched_getaffinity(0, sizeof(given.cpus), &given.cpus) == 0;
	given.known = true;
}

void
inherited_restore(void)
{
	if (!given.known)
		return;
	for (unsigned i = 0; i < RLIM_NLIMITS; i++)
		setrlimit(i, &given.limits[i]);
	prctl(PR_SET_TIMERSLACK, given.slack_ns);
}

void
inherited_restore_cpus(void)
{
	if (given.has_cpus)
		sched_setaffinity(0, sizeof(given.cpus), &given.cpus);
}
