/* SPDX-License-Identifier: MIT */
/*
 * chat: one room for all workers; members talk in lines, or over WebSocket.
 *
 * The first line decides: an HTTP request gets the page, the list of members,
 * or a WebSocket; anything else is a member's first message. broadcast.c
 * carries messages to the other workers. chat_member.c publishes what the
 * client sends, and sends the client what others publish; neither waits for the
 * other.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/units.h"
#include "common/service/chat_first.h"
#include "common/service/chat_input.h"
#include "common/service/chat_member.h"
#include "common/service/chat_page.h"
#include "common/service/http_site.h"

/* The longest text of a message, without its line end. */
#define TEXT_MAX (64 * 1024)

/* ---- the web ---- */

/* The number in "tag=N", by which a page finds itself in the list of members;
 * else 0. */
static uint32_t
tag_of(const char *query)
{
	static const char name[] = "tag=";
	uint64_t tag;

	if (strncmp(query, name, strlen(name)) != 0 ||
	    parse_count(query + strlen(name), &tag) < 0 || tag > UINT32_MAX)
		return 0;
	return (uint32_t)tag;
}

static void
join_by_websocket(
    const struct http_visit *visit, const char *early, size_t early_len)
{
	struct chat c = {.conn = visit->conn, .context = visit->context};

	c.ws = websocket_open(c.conn, TEXT_MAX, early, early_len);
	if (!c.ws) {
		conn_fail(c.conn, errno);
		return;
	}
	/* Join before the answer: once the client has it, it must miss no
	 * message. */
	chat_join(&c, tag_of(visit->query));
	if (http_site_switch(visit) == 0)
		chat_converse(&c);
	chat_leave(&c);
	websocket_free(c.ws);
}

static size_t
write_members(const struct http_visit *visit, char *buf, size_t size)
{
	static const char *const kinds[] = {
	    [BROADCAST_LINES] = "lines",
	    [BROADCAST_WEBSOCKET] = "websocket",
	};
	struct broadcast_entry e;
	uint32_t at = 0;
	size_t len = 0;

	while (broadcast_list(visit->context->setup->shared, &at, &e)) {
		size_t room = len < size ? size - len : 0;

		len += (size_t)snprintf(room ? buf + len : NULL, room,
		    "%s{\"connection\":%" PRIu64
		    ",\"pid\":%d,\"tid\":%d,\"over\":\"%s\",\"tag\":%" PRIu32
		    "}",
		    len ? ",\n" : "[", e.number, (int)e.pid, (int)e.tid,
		    kinds[e.kind], e.tag);
	}
	if (len + strlen("[]\n") <= size)
		memcpy(buf + len, len ? "]\n" : "[]\n", len ? 2 : 3);
	return len + (len ? 2 : 3);
}

static const struct http_page PAGES[] = {
    {.path = "/",
	.type = "text/html; charset=utf-8",
	.text = CHAT_PAGE,
	.websocket = join_by_websocket,
	.any_path = true,
	.same_origin = true},
    {.path = "/who", .type = "application/json", .write = http_write_who},
    {.path = "/members",
	.type = "application/json",
	.write = write_members,
	.own_host = true},
    {0},
};

/* ---- the first line ---- */

/* A request has a deadline from its first byte on; lines have none. */
static void
start_deadline(struct chat *c)
{
	uint64_t most = c->conn->request_timeout_ns;
	uint64_t gone = now_ns() - c->began_ns;

	conn_request_within(c->conn, most > gone ? most - gone : 0);
}

/* The line is too long; it may be the start of a request. */
static int
refuse_long(struct chat *c, bool request)
{
	const char *begun;
	size_t len;

	if (!request || errno != EMSGSIZE)
		return chat_no_space(c);
	begun = lines_rest(&c->in, &len);
	http_site_serve(c->conn, c->context, PAGES, begun, len); /* 414 */
	return -1;
}

/* If the deadline of a request has passed, answers 408. */
static int
read_failed(struct chat *c, bool request)
{
	size_t len;
	const char *begun = lines_rest(&c->in, &len);

	if (request && errno == ETIMEDOUT)
		http_site_time_out(c->conn, c->context, begun, len);
	return -1;
}

/*
 * Reads more of the first line. Returns 1; -1; or 0 at the end, also in a
 * drain. (A browser connects ahead and may never send a byte, and a member may
 * be in the middle of a line; but a request is still answered.)
 */
static int
read_more(struct chat *c)
{
	size_t size, len;
	const char *begun = lines_rest(&c->in, &len);
	bool request = chat_first(begun, len) == CHAT_HALF_REQUEST;
	char *space = c->ended ? NULL : lines_space(&c->in, &size);
	ssize_t n;

	if (c->ended)
		return 0;
	if (!space)
		return refuse_long(c, request);
	if (request)
		start_deadline(c);
	c->conn->leave = request    ? NULL
			 : len == 0 ? c->context->setup->closing_silent
				    : c->context->setup->draining;
	n = conn_read(c->conn, space, size);
	c->conn->leave = NULL;
	if (n < 0)
		return read_failed(c, request);
	if (n == 0 && !c->conn->ended)
		return 0; /* closed by the drain */
	if (len == 0)
		c->began_ns = now_ns();
	lines_add(&c->in, (size_t)n);
	return n == 0 && chat_end_input(c) < 0 ? -1 : 1;
}

/* Reads the first line. Returns 1; 0 if there is none; or -1. */
static int
read_first(struct chat *c, const char **line, size_t *len, size_t *end_len)
{
	int result = 1;

	while (result > 0 && !(*end_len = lines_next(&c->in, line, len)))
		result = read_more(c);
	return result;
}

static void
chat_serve(struct conn *conn, const struct service_context *context)
{
	struct chat c = {.conn = conn, .context = context};
	const char *line;
	size_t len, end_len, rest;

	lines_init(&c.in);
	if (read_first(&c, &line, &len, &end_len) > 0) {
		if (chat_first(line, len) == CHAT_REQUEST) {
			start_deadline(&c);
			lines_rest(&c.in, &rest);
			http_site_serve(conn, context, PAGES, line, len + rest);
		} else {
			conn_request_end(conn);
			/* An empty line joins without a message. */
			if (len > end_len)
				lines_put_back(&c.in, len);
			chat_join(&c, 0);
			chat_converse(&c);
			chat_leave(&c);
		}
	}
	lines_release(&c.in);
}

/* ---- without a worker ---- */

static const char FULL[] = "Server full, please try again later.\n";

/* Nothing is sent to a connection before its first byte. */
static const char *
full_for(enum refusal_reason reason, const char *first, size_t len, bool all)
{
	const char *line =
	    reason == REFUSAL_SOURCE_FULL ? SERVICE_SOURCE_FULL : FULL;

	switch (chat_first(first, len)) {
	case CHAT_LINE:
		return line;
	case CHAT_UNDECIDED:
		return all && len > 0 ? line : NULL;
	case CHAT_HALF_REQUEST:
		if (!all)
			return NULL;
		break;
	case CHAT_REQUEST:
		break;
	}
	return http_site_refusal(reason, first, len);
}

static size_t
chat_shared_size(const struct service_setup *setup)
{
	return broadcast_size(setup->workers);
}

const struct service service_chat = {
    .name = "chat",
    .summary = "a chat room: lines, or WebSocket and a page at /",
    .serve = chat_serve,
    .full_for = full_for,
    .tls_names = HTTP_TLS_NAMES,
    .websocket = true,
    .shared_size = chat_shared_size,
    .worker_died = broadcast_forget,
    .wake_signal = BROADCAST_SIGNAL,
};
