/* SPDX-License-Identifier: MIT */
/*
 * http_plan: what an HTTP load asks, and which responses it takes for right.
 *
 *	struct http_plan plan = http_plan_usual;
 *	plan.method = "POST";
 *	http_plan_expect(&plan, "200,204");
 *	...
 *	request = http_plan_request(&plan, "/", "localhost:80", false, &len);
 *
 * The plan only points to its texts. No state: safe in any thread.
 */
#ifndef COMMON_LOAD_HTTP_PLAN_H
#define COMMON_LOAD_HTTP_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_STATUS_END 600 /* statuses are below it */
#define HTTP_EXPECT_WORDS                                                \
	"statuses of 200 to 599 with commas between them, such as 200, " \
	"2xx or 200,304"

struct http_plan {
	const char *method;
	const char *fields; /* "Name: value\r\n" each; "": none */
	const char *body;   /* BODY_LEN bytes; NULL: none */
	size_t body_len;
	bool any_body;	    /* a body may differ from the first one */
	const char *expect; /* as written */
	bool expected[HTTP_STATUS_END];
};

/* GET, nothing but what is necessary, and a status of 2xx. */
extern const struct http_plan http_plan_usual;

/* Whether PLAN is the usual one. */
bool
http_plan_is_usual(const struct http_plan *plan);

/* Takes TEXT, HTTP_EXPECT_WORDS, as the statuses of PLAN. Returns 0; or -1, and
 * PLAN is as it was. */
int
http_plan_expect(struct http_plan *plan, const char *text);

/* Whether PLAN has a field NAME, in any case. */
bool
http_plan_has_field(const struct http_plan *plan, const char *name);

/* Whether a server may get the request of PLAN twice (RFC 9110 9.2.2). */
bool
http_plan_is_idempotent(const struct http_plan *plan);

/* Writes "GET PATH", and, where PLAN is not the usual one, "POST PATH, a body
 * of 9 bytes, with Host; right: status 2xx, each body like the first". PATH may
 * be NULL. Of headers only the names: a value may be a secret. Returns BUF. */
char *
http_plan_describe(
    const struct http_plan *plan, const char *path, char *buf, size_t size);

/*
 * Makes the request for PATH of HOST, *LEN bytes; LAST: the connection ends
 * with it. A field of PLAN replaces ours of that name. Returns NULL with errno;
 * the caller frees it.
 */
char *
http_plan_request(const struct http_plan *plan, const char *path,
    const char *host, bool last, size_t *len);

#endif
