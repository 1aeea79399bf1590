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
	/* target, tls, connections (members), churn, rate, size (of a line,
	 * newline included), timeout_ns and spin count here */
	const struct load_plan *load;
	uint64_t duration_ns, requests; /* the one that comes first */
	/* non-zero: begin no more; negative: nor wait for what is under way;
	 * NULL */
	const volatile int *stop;
	/* Called a few times a second while it runs; NULL. */
	void (*progress)(void *context, const struct load_result *so_far,
	    uint64_t elapsed_ns);
	void *progress_context;
};

#endif
