/* SPDX-License-Identifier: MIT */
/*
 * http_output: what one HTTP conversation sends: answers, gathered so that
 * pipelined ones share a send. For http_site.c, which decides them.
 *
 * Gathering cannot fail. Where sending did, all that follows is dropped, and
 * http_output_flush() says so.
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

/* Of one connection; zeroed, but for VISIT and BYTES, to begin with. */
struct http_output {
	const struct http_visit *visit;
	char *bytes; /* of HTTP_OUTPUT_MAX bytes */
	size_t len;
	bool failed;   /* to write */
	time_t second; /* of the date */
	char date[HTTP_DATE_LEN];
	/* What lies at the start of BYTES, sent or not: the same answer again
	 * needs no writing. LEN 0: nothing. */
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
	const struct http_page *page; /* whose content goes with 200 */
	bool head_only;
	bool keep_alive;
	int minor; /* of the request's version */
};

/* Sends what was gathered. Returns 0; -1 if that failed, now or before. */
HOT static inline int
http_output_flush(struct http_output *output)
{
	if (!output->failed && output->len > 0)
		output->failed = conn_write(output->visit->conn, output->bytes,
				     output->len) < 0;
	output->len = 0;
	return output->failed ? -1 : 0;
}

/* The answer, with its content. Sends where there is no room for it. */
void
http_output_answer(
    struct http_output *output, const struct http_answer *answer);

/* 100 Continue. */
void
http_output_continue(struct http_output *output);

/* 101 Switching Protocols, for the handshake with KEY. */
void
http_output_switch(struct http_output *output, struct http_slice key);

#endif
