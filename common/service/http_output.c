/* SPDX-License-Identifier: MIT */
/* http_output: heads and contents into one buffer. */
#include "common/service/http_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/websocket.h"

/* ---- bytes ---- */

static void
put(struct http_output *output, const char *bytes, size_t len)
{
	if (output->len < output->last.len)
		output->last.len = 0; /* written over */
	while (len > HTTP_OUTPUT_MAX - output->len) {
		size_t n = HTTP_OUTPUT_MAX - output->len;

		memcpy(output->bytes + output->len, bytes, n);
		output->len += n;
		bytes += n;
		len -= n;
		http_output_flush(output);
	}
	memcpy(output->bytes + output->len, bytes, len);
	output->len += len;
}

/* Inline, for texts whose length the compiler knows. */
static inline void
put_text(struct http_output *output, const char *text)
{
	put(output, text, strlen(text));
}

static void
put_number(struct http_output *output, size_t number)
{
	char digits[20], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	put(output, at, (size_t)(digits + sizeof(digits) - at));
}

/* ---- heads ---- */

#define ALLOW "Allow: GET, HEAD, OPTIONS\r\n"

static const struct status {
	int code;
	const char *line, *fields;
} STATUSES[] = {
    {200, "200 OK", ""},
    {204, "204 No Content", ALLOW},
    {304, "304 Not Modified", ""},
    {400, "400 Bad Request", ""},
    {403, "403 Forbidden", ""},
    {404, "404 Not Found", ""},
    {405, "405 Method Not Allowed", ALLOW},
    {408, "408 Request Timeout", ""},
    {412, "412 Precondition Failed", ""},
    {413, "413 Content Too Large", ""},
    {414, "414 URI Too Long", ""},
    {417, "417 Expectation Failed", ""},
    {421, "421 Misdirected Request", ""},
    {426, "426 Upgrade Required",
	"Upgrade: websocket\r\nConnection: upgrade\r\n"
	"Sec-WebSocket-Version: 13\r\n"},
    {431, "431 Request Header Fields Too Large", ""},
    {501, "501 Not Implemented", ""},
    {505, "505 HTTP Version Not Supported", ""},
};

static const struct status *
find_status(int code)
{
	const struct status *status = STATUSES;

	while (status->code != code)
		status++;
	return status;
}

/* These answers consist of a head only (RFC 9112 6.3). */
static bool
has_no_content(int status)
{
	return status == 204 || status == 304;
}

static void
put_head(struct http_output *output, const struct http_answer *answer,
    const struct status *status, const char *type, size_t len)
{
	put_text(output, "HTTP/1.1 ");
	put_text(output, status->line);
	put_text(output, "\r\nDate: ");
	put(output, output->date, HTTP_DATE_LEN);
	put_text(output, "\r\n");
	put_text(output, status->fields);
	if (!answer->keep_alive)
		put_text(output, "Connection: close\r\n");
	else if (answer->minor == 0)
		put_text(output, "Connection: keep-alive\r\n");
	if (!has_no_content(answer->status)) {
		put_text(output, "Content-Type: ");
		put_text(output, type);
		put_text(output, "\r\nContent-Length: ");
		put_number(output, len);
		put_text(output, "\r\n");
	}
	put_text(output, "\r\n");
}

/* ---- answers ---- */

/* Not inlined: it is rare, and its frame is large. */
static __attribute__((noinline)) void
put_written(struct http_output *output, const struct http_answer *answer)
{
	char small[HTTP_PAGE_MAX], *content = small, *large = NULL;
	size_t size = sizeof(small), len;

	while (
	    (len = answer->page->write(output->visit, content, size)) > size) {
		size = len + len / 8; /* it may grow meanwhile */
		free(large);
		content = large = malloc(size);
		if (!large) {
			conn_fail(output->visit->conn, ENOMEM);
			output->failed = true;
			return;
		}
	}
	put_head(output, answer, find_status(200), answer->page->type, len);
	if (!answer->head_only)
		put(output, content, len);
	free(large);
}

/* The content of a page that has a fixed text. */
static void
put_page(struct http_output *output, const struct http_answer *answer)
{
	const struct http_page *page = answer->page;
	size_t len = strlen(page->text), start = output->len, head;

	put_head(output, answer, find_status(200), page->type, len);
	head = output->len;
	if (answer->head_only)
		len = 0;
	put(output, page->text, len);
	if (start > 0 || output->len != head + len)
		return; /* it is not at the start, or not whole */
	output->last = (struct http_repeat){page, output->second, answer->minor,
	    answer->head_only, answer->keep_alive, output->len};
}

/* Whether BYTES holds this answer already, so that it need only be sent. */
static bool
repeats(struct http_output *output, const struct http_answer *answer)
{
	const struct http_repeat *last = &output->last;

	if (output->len > 0 || last->len == 0 || last->page != answer->page ||
	    last->second != output->second || last->minor != answer->minor ||
	    last->head_only != answer->head_only ||
	    last->keep_alive != answer->keep_alive)
		return false;
	output->len = last->len;
	return true;
}

static void
put_status(struct http_output *output, const struct http_answer *answer)
{
	const struct status *status = find_status(answer->status);

	put_head(
	    output, answer, status, "text/plain", strlen(status->line) + 1);
	if (answer->head_only || has_no_content(answer->status))
		return;
	put_text(output, status->line);
	put_text(output, "\n");
}

static void
look_at_clock(struct http_output *output)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != output->second) {
		output->second = now.tv_sec;
		http_date(output->date, (unsigned long)now.tv_sec);
	}
}

HOT void
http_output_answer(struct http_output *output, const struct http_answer *answer)
{
	look_at_clock(output);
	if (answer->status != 200)
		put_status(output, answer);
	else if (answer->page->write)
		put_written(output, answer);
	else if (!repeats(output, answer))
		put_page(output, answer);
}

void
http_output_continue(struct http_output *output)
{
	put_text(output, "HTTP/1.1 100 Continue\r\n\r\n");
}

void
http_output_switch(struct http_output *output, struct http_slice key)
{
	char accept[WEBSOCKET_ACCEPT_SIZE];

	websocket_accept_key(key.at, key.len, accept);
	put_text(output, "HTTP/1.1 101 Switching Protocols\r\n"
			 "Upgrade: websocket\r\nConnection: Upgrade\r\n"
			 "Sec-WebSocket-Accept: ");
	put_text(output, accept);
	put_text(output, "\r\n\r\n");
}
