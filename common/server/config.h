/* SPDX-License-Identifier: MIT */
/*
 * config: what the command line of a server says.
 */
#ifndef COMMON_SERVER_CONFIG_H
#define COMMON_SERVER_CONFIG_H

#include <stdint.h>

#include "common/net/listen.h"
#include "common/server/ballast.h"
#include "common/service/service.h"

/* No table of slots beyond this, whatever the system would allow. */
#define WORKERS_MAX 1000000

/* Of the two words of --when-full, by their place. */
enum { WHEN_FULL_WAIT, WHEN_FULL_REFUSE };

struct config {
	struct listeners listeners;
	const struct service *service;
	const char *service_text; /* as it was given */
	uint64_t service_argument;
	uint64_t race_window_ns;
	const char *tls_cert, *tls_key, *tls_client_ca;
	uint64_t max_connections; /* 0: computed */
	uint64_t max_per_source;  /* 0: none */
	uint64_t idle_timeout_ns;
	uint64_t request_timeout_ns;
	uint64_t drain_timeout_ns;
	uint64_t backlog;
	uint64_t ready_fd; /* UINT64_MAX: none */
	const char *ledger;
	struct ballast ballast;
	int image; /* an enum image; -1: that which is needed */
	int when_full;
	int verbose, quiet;
};

/*
 * Reads the command line of a program, each of whose workers is a WORKER
 * ("thread"), and checks what must go together. Does not return from
 * --help and the like (exit 0), nor from wrong usage (exit 2).
 */
void
config_read(struct config *config, int argc, char **argv, const char *worker);

#endif
