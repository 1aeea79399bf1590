/* SPDX-License-Identifier: MIT */
/*
 * load_options: what the user asks of the load verb, read and checked.
 */
#ifndef COMMON_CLI_LOAD_OPTIONS_H
#define COMMON_CLI_LOAD_OPTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "common/cli/cli.h"
#include "common/cli/cpu_options.h"
#include "common/cli/question.h"
#include "common/load/engine.h"
#include "common/net/address_list.h"
#include "common/net/web_url.h"

struct load_options {
	struct question question;
	uint64_t requests, duration_ns;
	struct address_list sources;
	uint64_t interval_ns; /* of the series */
	const char *interval; /* as it was typed */
	struct cpu_options cpus;
	struct cpu_placement placement; /* that was chosen */
	/* Files; "-" is standard output; NULL: none. */
	const char *json, *histogram, *series;
	const char *trace; /* a file; NULL: none */
	struct cli_tls tls;
	struct web_url url; /* of the target, if it is one */
};

/*
 * Fills CONFIG, and PLAN but for rate, TLS and spin. Returns the target as the
 * user wrote it; dies of wrong usage. PLAN points into CONFIG, which is to be
 * released at the end.
 */
const char *
load_options_read(
    int argc, char **argv, struct load_options *config, struct load_plan *plan);

void
load_options_release(struct load_options *config);

/* Where words go: not where the data goes. */
FILE *
load_options_words(const struct load_options *config);

#endif
