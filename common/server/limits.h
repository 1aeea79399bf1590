/* SPDX-License-Identifier: MIT */
/*
 * limits: how many workers the system allows, and a reserve of descriptors for
 * refusing clients.
 *
 * Only the accept loop's thread uses it.
 */
#ifndef COMMON_SERVER_LIMITS_H
#define COMMON_SERVER_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* What one live worker needs; each model defines it. */
struct worker_cost {
	uint64_t descriptors; /* in the accepting process */
	uint64_t tasks;	      /* threads or processes */
	uint64_t mappings;    /* in the accepting process */
	uint64_t address_kib; /* address space of the accepting process */
	uint64_t own_kib;     /* address space of a worker's own process */
	/* Memory of an idle worker, the kernel's part included, the socket not:
	 * pages, whose size depends on the machine, and KiB. */
	uint64_t pages;
	uint64_t memory_kib;
	uint64_t tls_kib; /* more over TLS */
	bool page_tables; /* own page tables for what the parent has mapped */
};

struct worker_limit {
	uint64_t workers;
	const char *binding; /* the scarcest resource */
	uint64_t in_memory;  /* how many fit into memory */
	uint64_t in_space;   /* how many fit into the address space */
};

/*
 * Raises the soft limit of descriptors to the hard limit less RESERVE, which is
 * for limits_spend_reserve(). Computes how many workers fit.
 */
struct worker_limit
limits_compute(const struct worker_cost *cost, uint64_t reserve);

/*
 * The oom_score_adj for workers that the kernel is to kill before this process
 * when memory runs out. It depends on this process's resident memory.
 */
int
limits_oom_score_adj(void);

/*
 * Allows (ON) or forbids the use of the reserved descriptors, for one accept
 * after EMFILE. A spare open descriptor would do the same, but every forked
 * child would inherit it.
 */
void
limits_spend_reserve(bool on);

#endif
