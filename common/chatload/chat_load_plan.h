/* SPDX-License-Identifier: MIT */
/* chat_load_plan: what chat_load_run() is to do. */
#ifndef COMMON_CHATLOAD_CHAT_LOAD_PLAN_H
#define COMMON_CHATLOAD_CHAT_LOAD_PLAN_H

#include <stdint.h>

#include "common/load/engine.h"

/* One sender and one receiver. */
#define CHAT_LOAD_MEMBERS_MIN 2
/* The most guests at once, beside the members. */
#define CHAT_LOAD_GUESTS 128

struct chat_load_plan {
	/* Used: target, tls, connections (members), churn, rate, size (of a
	 * line with its newline), timeout_ns, spin. */
	const struct load_plan *load;
	uint64_t duration_ns, requests; /* whichever ends first */
	/* If not NULL. Non-zero: begin no message; negative: do not wait for
	 * those in flight either. */
	const volatile int *stop;
	/* If not NULL, called a few times a second during the run. */
	void (*progress)(void *context, const struct load_result *so_far,
	    uint64_t elapsed_ns);
	void *progress_context;
};

#endif
