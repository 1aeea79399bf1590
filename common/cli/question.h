/* SPDX-License-Identifier: MIT */
/*
 * question: what load and compare ask of a server, as options: how many
 * connections, which protocol, how large, how fast.
 *
 *	struct config { struct question question; ... };
 *	QUESTION_OPTIONS(config, question),	in its table of options
 *	question_complete(&config.question);	after options_parse()
 *
 * All zero is a question of which nothing was given. One thread.
 */
#ifndef COMMON_CLI_QUESTION_H
#define COMMON_CLI_QUESTION_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/option.h"
#include "common/cli/cli.h"
#include "common/cli/http_options.h"
#include "common/cli/rate_list.h"
#include "common/load/protocol.h"

struct question {
	const struct protocol *protocol;
	uint64_t connections, size, timeout_ns;
	struct rate_list rates; /* none: closed loop */
	int churn;
	const char *path; /* of the protocol */
	struct http_options http;
	/* Of compare alone; a TARGET says it for load. */
	int tls, insecure;
};

/* The options of STRUCTURE, whose member FIELD is a struct question. */
#define QUESTION_OPTIONS(structure, field)                                     \
	{'c', "connections", "N", "connections at once (default 16)",          \
	    OPTION_COUNT,                                                      \
	    .offset = offsetof(struct structure, field.connections), .min = 1, \
	    .max = 1000000},                                                   \
	    {'r', "rate", "R",                                                 \
		"send R requests/s on a schedule (open loop); latency "        \
		"counts from when a request was due. Several rates run one "   \
		"after the other: 1000,2000 or FROM:TO:STEP (default: each "   \
		"connection sends its next request after the reply)",          \
		OPTION_CALL,                                                   \
		.offset = offsetof(struct structure, field.rates),             \
		.allowed = RATE_WORDS, .parse = question_parse_rates,          \
		.hint = question_hint_rates},                                  \
	    {'s', "size", "BYTES", "size of a request in bytes (default 64)",  \
		OPTION_SIZE, .offset = offsetof(struct structure, field.size), \
		.min = 1, .max = 256 << 20},                                   \
	    {0, "churn", NULL, "open a new connection for each request",       \
		OPTION_FLAG,                                                   \
		.offset = offsetof(struct structure, field.churn)},            \
	    {'p', "protocol", "NAME",                                          \
		"protocol to speak, from `client list` (default echo)",        \
		OPTION_CALL,                                                   \
		.offset = offsetof(struct structure, field.protocol),          \
		.allowed = "a protocol from `client list`",                    \
		.parse = question_parse_protocol,                              \
		.hint = question_hint_protocol},                               \
	    {0, "path", "PATH",                                                \
		"path for http (default /) or ws (default /echo)",             \
		OPTION_TEXT,                                                   \
		.offset = offsetof(struct structure, field.path)},             \
	    HTTP_OPTIONS(structure, field.http),                               \
	{                                                                      \
		0, "timeout", "D",                                             \
		    "time for one request, connecting included (default "      \
		    "5s)",                                                     \
		    OPTION_DURATION,                                           \
		    .offset = offsetof(struct structure, field.timeout_ns),    \
		    .min = CLI_TIMEOUT_MIN, .max = CLI_TIMEOUT_MAX             \
	}

/* Of these options; see option.h. */
int
question_parse_protocol(void *protocol, const char *text);
void
question_hint_protocol(
    const void *protocol, const char *text, char *why, size_t size);
int
question_parse_rates(void *rates, const char *text);
void
question_hint_rates(
    const void *rates, const char *text, char *why, size_t size);

/* The name of one option that was given, "--size"; NULL: none was. */
const char *
question_given(const struct question *question);

/* Fills in what was not given. Dies of what does not go together, whatever the
 * target is. */
void
question_complete(struct question *question);

void
question_release(struct question *question);

#endif
