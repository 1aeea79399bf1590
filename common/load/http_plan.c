/* SPDX-License-Identifier: MIT */
/* http_plan: the bytes of a request, and the set of its statuses. */
#include "common/load/http_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"

const struct http_plan http_plan_usual = {
    .method = "GET",
    .fields = "",
    .expect = "2xx",
    .expected = {[200 ... 299] = true},
};

bool
http_plan_is_usual(const struct http_plan *plan)
{
	return strcmp(plan->method, http_plan_usual.method) == 0 &&
	       !plan->fields[0] && !plan->body && !plan->any_body &&
	       strcmp(plan->expect, http_plan_usual.expect) == 0;
}

/* Adds "204" or "2xx", LEN bytes, to SET. Returns 0 or -1. */
static int
add_statuses(bool set[HTTP_STATUS_END], const char *text, size_t len)
{
	int first = len == 3 ? (text[0] - '0') * 100 : 0, count = 100;

	if (first < 200 || first >= HTTP_STATUS_END)
		return -1;
	if (strncasecmp(text + 1, "xx", 2) != 0) {
		if (strspn(text, "0123456789") < 3)
			return -1;
		first = atoi(text);
		count = 1;
	}
	for (int i = 0; i < count; i++)
		set[first + i] = true;
	return 0;
}

int
http_plan_expect(struct http_plan *plan, const char *text)
{
	bool set[HTTP_STATUS_END] = {false};
	const char *at = text;

	for (;; at++) {
		size_t len = strcspn(at, ",");

		if (add_statuses(set, at, len) < 0)
			return -1;
		at += len;
		if (!*at)
			break;
	}
	plan->expect = text;
	memcpy(plan->expected, set, sizeof(set));
	return 0;
}

bool
http_plan_has_field(const struct http_plan *plan, const char *name)
{
	size_t len = strlen(name);
	const char *at = plan->fields;

	for (; *at; at += strcspn(at, "\n") + 1) {
		if (strncasecmp(at, name, len) == 0 && at[len] == ':')
			return true;
	}
	return false;
}

bool
http_plan_is_idempotent(const struct http_plan *plan)
{
	static const char *const once_is_enough[] = {
	    "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};

	for (size_t i = 0;
	     i < sizeof(once_is_enough) / sizeof(once_is_enough[0]); i++) {
		if (strcmp(plan->method, once_is_enough[i]) == 0)
			return true;
	}
	return false;
}

#define NAMES_MAX 80 /* bytes of headers' names */

char *
http_plan_describe(
    const struct http_plan *plan, const char *path, char *buf, size_t size)
{
	const char *at = plan->fields, *between = ", with ";
	char names[NAMES_MAX] = "";

	snprintf(buf, size, "%s%s%.60s", plan->method, path ? " " : "",
	    path ? path : "");
	if (http_plan_is_usual(plan))
		return buf;
	if (plan->body)
		text_append(buf, size, ", a body of %zu bytes", plan->body_len);
	for (; *at; at += strcspn(at, "\n") + 1) {
		text_append(names, sizeof(names), "%s%.*s", between,
		    (int)strcspn(at, ":"), at);
		between = ", ";
	}
	text_append(buf, size, "%s%s; right: status %.40s, %s", names,
	    strlen(names) == NAMES_MAX - 1 ? "..." : "", plan->expect,
	    plan->any_body ? "any body" : "each body like the first");
	return buf;
}

/* A server may demand the length of what these methods send, even of nothing
 * (RFC 9110 8.6). */
static bool
announces_length(const struct http_plan *plan)
{
	return plan->body || strcmp(plan->method, "POST") == 0 ||
	       strcmp(plan->method, "PUT") == 0 ||
	       strcmp(plan->method, "PATCH") == 0;
}

char *
http_plan_request(const struct http_plan *plan, const char *path,
    const char *host, bool last, size_t *len)
{
	char *request = NULL;
	FILE *out = open_memstream(&request, len);
	bool bad;

	if (!out)
		return NULL;
	fprintf(out, "%s %s HTTP/1.1\r\n", plan->method, path);
	if (!http_plan_has_field(plan, "Host"))
		fprintf(out, "Host: %s\r\n", host);
	if (last && !http_plan_has_field(plan, "Connection"))
		fputs("Connection: close\r\n", out);
	fputs(plan->fields, out);
	if (announces_length(plan))
		fprintf(out, "Content-Length: %zu\r\n", plan->body_len);
	fputs("\r\n", out);
	if (plan->body)
		fwrite(plan->body, 1, plan->body_len, out);
	bad = ferror(out);
	bad |= fclose(out) != 0;
	if (!bad)
		return request;
	free(request);
	return NULL;
}
