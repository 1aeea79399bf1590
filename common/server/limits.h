/* SPDX-License-Identifier: MIT */
/*
 * limits: how many workers this process could have alive at once, and room to
 * say no when descriptors run out.
 *
 * Used by the accept loop's thread alone.
 */
#ifndef COMMON_SERVER_LIMITS_H
#define COMMON_SERVER_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* What one live worker takes of the machine: each model says its own. */
struct worker_cost {
	uint64_t descriptors; /* in the process that accepts */
	uint64_t tasks;	      /* threads or processes */
	uint64_t mappings;    /* in the process that accepts */
	uint64_t address_kib; /* address space of the process that accepts */
	uint64_t pages;	      /* of memory when idle, the kernel's included: */
	uint64_t memory_kib;  /* those that have another size elsewhere, and all
			       * else; the socket not included */
	uint64_t tls_kib;     /* and so much more over TLS */
	bool page_tables;     /* of its own, for what the parent has mapped */
};

struct worker_limit {
	uint64_t workers;
	const char *binding; /* the resource that gives out first */
	uint64_t in_memory;  /* how many memory alone has room for */
};

/*
 * Raises the soft limit of descriptors to the hard one, less RESERVE that are
 * kept back for limits_spend_reserve(); computes how many workers fit.
 */
struct worker_limit
limits_compute(const struct worker_cost *cost, uint64_t reserve);

/*
 * The oom_score_adj of those whom the kernel shall take before this process,
 * where memory runs out, by what it has in memory now.
 */
int
limits_oom_score_adj(void);

/*
 * For the duration of one accept at EMFILE: lets this process use the
 * descriptors kept back (ON), or no longer. It costs no descriptor of its own,
 * unlike a spare one, which every forked child would inherit.
 */
void
limits_spend_reserve(bool on);

#endif
