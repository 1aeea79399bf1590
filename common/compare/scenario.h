/* SPDX-License-Identifier: MIT */
/*
 * scenario: one question of client compare: a load and a figure.
 *
 * Its points are the same load with one thing changed (more connections, a
 * larger parent). What a point needs of the servers is an option of ours, put
 * in place of {options} in their commands. scenario_table.h has all scenarios,
 * scenario_points.h makes points that this machine can do.
 */
#ifndef COMMON_COMPARE_SCENARIO_H
#define COMMON_COMPARE_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/tls_make.h"
#include "common/verdict/comparison.h"

struct metric; /* metric.h */

/* One row of the table below a scenario: what differs. Zero: as the scenario
 * has it. */
struct variation {
	const char *key; /* of the setting; NULL ends the list */
	const char *text;
	const char *options;
	uint32_t connections;
	uint32_t held;	  /* idle connections beside the load */
	uint64_t ballast; /* bytes in the server's parent */
	/* A service with an argument: SERVICE:EACH[:TEXT]. SECOND is the key
	 * of TEXT. */
	const char *service, *second;
	uint64_t each; /* bytes, for each worker at the most */
	bool huge;     /* needs huge pages */
	double share;  /* of the slowest server's capacity */
	double rate;   /* requests a second; 0: closed loop, or by SHARE */
	bool churn;
	enum tls_make_kind certificate; /* its key, over TLS */
	uint32_t cpus;			/* of the server; 0: all it may have */
	uint32_t servers;		/* that share its port; 0: one */
};

struct scenario {
	const char *name;
	const char *question;
	const char *load;   /* in words */
	const char *metric; /* likewise */
	const char *unit;
	double per_request; /* what one request counts in the unit; with
			       METRIC_CPU, a microsecond for each of them */
	bool higher_is_better;
	bool standard; /* part of a bare `client compare` */
	bool tls;      /* over TLS, with a certificate made for it */
	bool insecure; /* likewise, but any certificate is taken */
	const struct metric *measure;
	const char *protocol;	      /* see protocol.h */
	const char *path;	      /* of it; NULL: its default */
	const struct http_plan *http; /* NULL: the usual */
	bool churn;
	bool cores;	 /* its points follow from the CPUs: core_points.h */
	bool counts_tlb; /* counts TLB misses, where they can be counted */
	uint32_t connections;
	uint64_t size;
	uint64_t timeout_ns;		    /* of a request; 0: 5 s */
	const char *options;		    /* of the servers */
	const struct variation *variations; /* NULL: one point, as it is */
};

/* One point of a scenario, ready to be measured. */
struct load_point {
	size_t setting_count;
	struct setting settings[SETTINGS_MAX];
	bool churn;
	enum tls_make_kind certificate;
	uint32_t connections, held;
	uint32_t cpus, servers; /* as in struct variation */
	double share, rate;	/* open loop; with a SHARE, RATE is found by
				   measuring */
	bool counts_cpu; /* its figure is the server's CPU: a client that was
			    the limit of the rate is not that of the figure */
	/* About, for estimates of time alone: what a server takes more than
	 * others to start, and for a request. */
	double start_s, request_s;
	uint64_t slice_ns; /* of its slices; the scenario's measure may choose
			      another than the plan's */
	char options[400]; /* for the servers */
	const char *load;  /* in words, where its settings do not say it
			      all; NULL: they do */
};

#endif
