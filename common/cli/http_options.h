/* SPDX-License-Identifier: MIT */
/*
 * http_options: what a load asks of a web server, as options: --method,
 * --header, --body, --expect and --any-body.
 *
 *	struct config { struct http_options http; ... };
 *	HTTP_OPTIONS(config, http),			in its table of options
 *	http_options_complete(&config.http, protocol);	after options_parse()
 *	plan.http = &config.http.plan;
 *	http_options_release(&config.http);
 *
 * All zero is nothing given. One thread.
 */
#ifndef COMMON_CLI_HTTP_OPTIONS_H
#define COMMON_CLI_HTTP_OPTIONS_H

#include <stddef.h>

#include "common/base/option.h"
#include "common/load/http_plan.h"
#include "common/load/protocol.h"

#define HTTP_HEADER_WORDS "'Name: value', or @FILE with one in each line"
#define HTTP_METHOD_WORDS "a method such as GET, HEAD, POST or PUT"

struct http_options {
	const char *method, *body, *expect; /* as written; NULL: not given */
	char *fields; /* "Name: value\r\n" each; NULL: none */
	int any_body;
	/* Of http_options_complete(), with the body that PLAN points to. */
	char *body_read;
	struct http_plan plan;
};

/* The options of STRUCTURE, whose member FIELD is a struct http_options. */
#define HTTP_OPTIONS(structure, field)                                        \
	{0, "method", "METHOD",                                               \
	    "method of http (default GET, with --body POST)", OPTION_CALL,    \
	    .offset = offsetof(struct structure, field),                      \
	    .allowed = HTTP_METHOD_WORDS, .parse = http_options_parse_method, \
	    .hint = http_options_hint_method},                                \
	    {0, "header", "HEADER",                                           \
		"send this header with each request of http, or with the "    \
		"upgrade of ws: 'Name: value', or @FILE with one in each "    \
		"line; may be repeated; replaces the client's own",           \
		OPTION_CALL, .offset = offsetof(struct structure, field),     \
		.allowed = HTTP_HEADER_WORDS,                                 \
		.parse = http_options_parse_header,                           \
		.hint = http_options_hint_header},                            \
	    {0, "body", "TEXT",                                               \
		"send TEXT as the body of each request of http; @FILE: what " \
		"is in FILE; @-: standard input",                             \
		OPTION_CALL, .offset = offsetof(struct structure, field),     \
		.allowed = "a TEXT", .parse = http_options_parse_body},       \
	    {0, "expect", "STATUS",                                           \
		"statuses of http that are right, such as 200, 2xx or "       \
		"200,304 (default 2xx)",                                      \
		OPTION_CALL, .offset = offsetof(struct structure, field),     \
		.allowed = HTTP_EXPECT_WORDS,                                 \
		.parse = http_options_parse_expect,                           \
		.hint = http_options_hint_expect},                            \
	{                                                                     \
		0, "any-body", NULL,                                          \
		    "take every body of http for right, also one that "       \
		    "differs from the first",                                 \
		    OPTION_FLAG,                                              \
		    .offset = offsetof(struct structure, field.any_body)      \
	}

/* Of these options; see option.h. */
int
http_options_parse_method(void *options, const char *text);
void
http_options_hint_method(
    const void *options, const char *text, char *why, size_t size);
int
http_options_parse_header(void *options, const char *text);
void
http_options_hint_header(
    const void *options, const char *text, char *why, size_t size);
int
http_options_parse_body(void *options, const char *text);
int
http_options_parse_expect(void *options, const char *text);
void
http_options_hint_expect(
    const void *options, const char *text, char *why, size_t size);

/* The name of one option that was given, "--method"; NULL: none was. */
const char *
http_options_given(const struct http_options *options);

/* Reads the body and sets PLAN. Dies of what cannot be, or not with
 * PROTOCOL. */
void
http_options_complete(
    struct http_options *options, const struct protocol *protocol);

/* Harmless if nothing was given. */
void
http_options_release(struct http_options *options);

#endif
