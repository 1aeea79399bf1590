/* SPDX-License-Identifier: MIT */
/*
 * http_output: the output of one HTTP conversation. Answers are gathered, so
 * that pipelined ones share a send. http_site.c decides the answers.
 *
 * Gathering cannot fail. After a failed send, later output is dropped, and
 * http_output_flush() returns the failure.
 */
#ifndef COMMON_SERVICE_HTTP_OUTPUT_H
#define COMMON_SERVICE_HTTP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/base/hot.h"
#include "common/net/conn.h"
#include "common/net/http_slice.h"
#include "common/service/http_date.h"
#include "common/service/http_page.h"

/* On the stack of every idle connection, in one page with its input. */
#define HTTP_OUTPUT_MAX 1536

/* For one connection. Zeroed at first, except VISIT and BYTES. */
struct http_output {
	const struct http_visit *visit;
	char *bytes; /* of HTTP_OUTPUT_MAX bytes */
	size_t len;
	bool failed;   /* a write failed */
	time_t second; /* of DATE */
	char date[HTTP_DATE_LEN];
	/* The answer at the start of BYTES, sent or not: the same answer needs
	 * no new writing. LEN 0: none. */
	struct http_repeat {
		const struct http_page *page;
		time_t second;
		int minor;
		bool head_only, keep_alive;
		size_t len;
	} last;
};

struct http_answer {
	int status;
	const struct http_page *page; /* the content for 200 */
	bool head_only;
	bool keep_alive;
	int minor; /* of the request's version */
};

/* Sends the gathered output. Returns 0; -1 if that failed, now or before. */
HOT static inline int
http_output_flush(struct http_output *output)
{
	if (!output->failed && output->len > 0)
		output->failed = conn_write(output->visit->conn, output->bytes,
				     output->len) < 0;
	output->len = 0;
	return output->failed ? -1 : 0;
}

/* Adds ANSWER with its content. Sends first if there is no room. */
void
http_output_answer(
    struct http_output *output, const struct http_answer *answer);

/* Adds 100 Continue. */
void
http_output_continue(struct http_output *output);

/* Adds 101 Switching Protocols, for the handshake with KEY. */
void
http_output_switch(struct http_output *output, struct http_slice key);

#endif
