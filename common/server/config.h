/* SPDX-License-Identifier: MIT */
/*
 * config: the command line of a server.
 */
#ifndef COMMON_SERVER_CONFIG_H
#define COMMON_SERVER_CONFIG_H

#include <stdint.h>

#include "common/net/listen.h"
#include "common/server/ballast.h"
#include "common/service/service.h"

/* The largest table of workers, whatever the system allows. */
#define WORKERS_MAX 1000000

/* The words of --when-full, in their order. */
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
	const char *trace;
	struct ballast ballast;
	int image; /* an enum image; -1: the one that is needed */
	int when_full;
	int reuse_port;
	int verbose, quiet;
};

/*
 * Reads the command line and checks that its options fit together. WORKER, for
 * --help, is what each worker is ("thread"). Does not return from --help and
 * the like (exit 0) or from wrong usage (exit 2).
 */
void
config_read(struct config *config, int argc, char **argv, const char *worker);

#endif
