/* SPDX-License-Identifier: MIT */
/*
 * chat: one room for all workers; members talk in lines, or over WebSocket.
 *
 * The first line decides: an HTTP request gets the page, the list of members,
 * or a WebSocket; anything else is a member's first message. How a message
 * reaches the other workers is broadcast.c's; here is one member: what its
 * client sends is published, what others publish is sent to its client, and
 * neither waits for the other.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/units.h"
#include "common/base/utf8.h"
#include "common/net/websocket.h"
#include "common/service/broadcast.h"
#include "common/service/chat_page.h"
#include "common/service/http_site.h"
#include "common/service/lines.h"

/* The longest text of a message; with its line end it is a whole line. */
#define TEXT_MAX (64 * 1024)

enum {
	/* Messages of one client, before the others' are looked at again. */
	INPUT_BATCH = 64,
	/* Times that its output is filled, before its input is. */
	OUTPUT_BATCH = 16,
	OUT_MIN = 16 * 1024,
};

/*
 * A client gets its messages at once after a pause, and else so far apart,
 * several in one write: in a busy room it is the waking, not the bytes, that
 * takes the time of all.
 */
#define GAP_NS (3 * NS_PER_MS)

/* To say goodbye to a client that may not be reading. */
#define LAST_WORDS_NS NS_PER_S

struct chat {
	struct conn *conn;
	const struct service_context *context;
	struct broadcast_member member;
	struct websocket *ws; /* NULL: lines */
	struct lines in;      /* lines */
	bool ended;	      /* the client's input is */
	bool refused;	      /* the room takes nothing from it now */
	bool pinged;	      /* since it last said something */
	/* A message that the room's rate holds back until then. */
	struct broadcast_message held;
	const char *held_text; /* NULL: none */
	uint64_t held_until_ns;
	char *frame; /* WebSocket: the text that it brought, as a line */
	char *out;   /* lines: what is to be sent; WebSocket: one message */
	size_t out_size, out_len, out_sent;
	uint64_t rests_until_ns; /* the gap after what was sent last */
};

/* ---- what the client says ---- */

/* Returns whether it was published; if not, it is held, or refused. */
static bool
publish(
    struct chat *c, const struct broadcast_message *message, const char *text)
{
	uint64_t wait = broadcast_publish(&c->member, message, text);

	c->held_text = NULL;
	if (wait == BROADCAST_REFUSED) {
		c->refused = true;
	} else if (wait) {
		c->held = *message;
		c->held_text = text;
		c->held_until_ns = now_ns() + wait;
	}
	return !wait;
}

/* TEXT of LEN bytes has a line end of END_LEN. */
static bool
publish_line(struct chat *c, const char *text, size_t len, size_t end_len)
{
	struct broadcast_message message = {
	    .len = (uint32_t)len,
	    .end_len = (uint16_t)end_len,
	    .utf8 = utf8_valid(text, len),
	};

	return publish(c, &message, text);
}

/* lines_space() said no, with errno. */
static int
no_space(struct chat *c)
{
	static const char why[] = "Line too long.\n";

	if (errno != EMSGSIZE)
		return conn_fail(c->conn, errno);
	conn_write(c->conn, why, strlen(why));
	c->conn->outcome = OUTCOME_FAILED;
	return -1;
}

/* End of file. A last line that lacks its end gets one, or the next that its
 * readers get would run into it. */
static int
end_input(struct chat *c)
{
	size_t len;
	char *end;

	c->ended = true;
	lines_rest(&c->in, &len);
	if (len == 0)
		return 0;
	end = lines_space(&c->in, &len);
	if (!end)
		return no_space(c);
	*end = '\n';
	lines_add(&c->in, 1);
	return 0;
}

/* Returns 1 when a line was published or held, 0 when none is here, -1. */
static int
take_line(struct chat *c)
{
	const char *text;
	char *space;
	size_t len, end_len = lines_next(&c->in, &text, &len);
	ssize_t n;

	if (end_len) {
		publish_line(c, text, len, end_len);
		return 1;
	}
	if (c->ended)
		return 0;
	space = lines_space(&c->in, &len);
	if (!space)
		return no_space(c);
	n = conn_try_read(c->conn, space, len);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	lines_add(&c->in, (size_t)n);
	return n > 0 ? 1 : end_input(c) < 0 ? -1 : 1;
}

/* The text of a frame, as a line: that is what it is to those without frames.
 */
static int
publish_frame(struct chat *c, const struct websocket_message *got)
{
	struct broadcast_message message = {
	    .len = (uint32_t)got->len + 1,
	    .end_len = 1,
	    .utf8 = true,
	};
	char *text = realloc(c->frame, message.len);

	if (!text)
		return conn_fail(c->conn, ENOMEM);
	c->frame = text;
	memcpy(text, got->bytes, got->len);
	text[got->len] = '\n';
	publish(c, &message, text);
	return 1;
}

static int
take_frame(struct chat *c)
{
	struct websocket_message got;
	int result = websocket_receive(c->ws, &got, false);

	if (result <= 0)
		return result;
	if (got.text)
		return publish_frame(c, &got);
	websocket_close(c->ws, WEBSOCKET_UNSUPPORTED, "this room is for text");
	conn_request_within(c->conn, LAST_WORDS_NS);
	websocket_flush(c->ws, true);
	return conn_refuse(c->conn);
}

/* Returns 1 when there may be more, 0 when there is not, -1 at the end. */
static int
take_input(struct chat *c)
{
	int got = 1;

	if (c->held_text && (now_ns() < c->held_until_ns ||
				!publish(c, &c->held, c->held_text)))
		return 0;
	for (int i = 0;
	     i < INPUT_BATCH && got > 0 && !c->held_text && !c->refused; i++)
		got = c->ws ? take_frame(c) : take_line(c);
	return got;
}

/* ---- what the others say ---- */

static bool
output_waits(const struct chat *c)
{
	return c->ws ? websocket_queued(c->ws) > 0 : c->out_sent < c->out_len;
}

static int
make_out(struct chat *c, size_t size)
{
	char *out = realloc(c->out, size);

	if (!out)
		return conn_fail(c->conn, ENOMEM);
	c->out = out;
	c->out_size = size;
	return 0;
}

/* One message more is at the end of what is to be sent. */
static int
put_out(struct chat *c, const struct broadcast_message *message)
{
	if (c->ws && websocket_send(c->ws, message->utf8, c->out,
			 message->len - message->end_len) < 0)
		return conn_fail(c->conn, errno);
	if (c->ws)
		return 0;
	c->out_len += message->len;
	return 0;
}

/* Takes messages from the ring, as many as fit. Returns 0, also where some were
 * lost (broadcast_lost()); or -1. */
static int
fill(struct chat *c)
{
	struct broadcast_message message;
	int got;

	c->out_sent = c->out_len = 0;
	while (!c->ws || websocket_queued(c->ws) < OUT_MIN) {
		got = broadcast_next(&c->member, &message, c->out + c->out_len,
		    c->out_size - c->out_len);
		if (got > 0 && put_out(c, &message) < 0)
			return -1;
		if (got > 0)
			continue;
		if (got < 0 || c->out_len || message.len <= c->out_size)
			return 0;
		if (make_out(c, message.len) < 0)
			return -1;
	}
	return 0;
}

/* Returns 0, also where the client does not take all of it now; or -1. */
static int
send_out(struct chat *c)
{
	ssize_t n;

	if (c->ws)
		return websocket_flush(c->ws, false) < 0 ? -1 : 0;
	while (c->out_sent < c->out_len) {
		n = conn_try_write(
		    c->conn, c->out + c->out_sent, c->out_len - c->out_sent);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		c->out_sent += (size_t)n;
	}
	return 0;
}

static int
give_output(struct chat *c)
{
	for (int i = 0; i < OUTPUT_BATCH; i++) {
		if (!output_waits(c) && fill(c) < 0)
			return -1;
		if (output_waits(c))
			c->rests_until_ns = now_ns() + GAP_NS;
		if (send_out(c) < 0)
			return -1;
		if (output_waits(c) || broadcast_lost(&c->member) ||
		    !broadcast_behind(&c->member))
			break;
	}
	return 0;
}

/* ---- one member ---- */

/*
 * What the client is being sent is finished, so that the last line is whole,
 * and then WHY it is the last (NULL: nothing is said), if it reads within a
 * second.
 */
static void
finish_output(struct chat *c, unsigned code, const char *why)
{
	conn_request_within(c->conn, LAST_WORDS_NS);
	if (c->ws) {
		websocket_close(c->ws, code, why);
		websocket_flush(c->ws, true);
	} else if (conn_write(c->conn, c->out + c->out_sent,
		       c->out_len - c->out_sent) == 0 &&
		   why) {
		conn_write(c->conn, why, strlen(why));
		conn_write(c->conn, "\n", 1);
	}
}

static void
drop(struct chat *c, unsigned code, const char *why)
{
	log_info("connection %" PRIu64 ": dropped from the room, %" PRIu64
		 " bytes behind: %s",
	    c->context->number, broadcast_behind(&c->member), why);
	finish_output(c, code, why);
	c->conn->outcome = OUTCOME_FAILED;
}

/* Returns whether the room has no place for it any more; then it was told. */
static bool
was_dropped(struct chat *c)
{
	/* It did not read, and the room went on. */
	if (broadcast_lost(&c->member))
		drop(c, WEBSOCKET_POLICY,
		    "Too slow for this room: messages were lost.");
	else if (c->refused)
		drop(c, WEBSOCKET_TRY_AGAIN,
		    "Too much is said here; please try again later.");
	else
		return false;
	return true;
}

/*
 * A client that says nothing but is there answers a ping, and so is not idle.
 * One that is not there gets no second one: to send it would keep it alive.
 */
static void
ping_the_quiet(struct chat *c)
{
	if (c->conn->heard) {
		c->conn->heard = false;
		c->pinged = false;
	}
	if (c->ws && !c->pinged &&
	    conn_quiet_ns(c->conn) >= c->conn->idle_timeout_ns / 2)
		c->pinged = websocket_ping(c->ws) == 0;
}

/* What to wait for of the client. */
static short
events_wanted(const struct chat *c, bool blocked)
{
	bool full = c->ws && websocket_queued(c->ws) > WEBSOCKET_QUEUE_MAX;

	return (short)((c->held_text || full ? 0 : POLLIN) |
		       (blocked ? POLLOUT : 0));
}

/* Until the client sends, can be sent to, or another member published. Returns
 * as conn_wait(). */
static int
sleep_until_needed(struct chat *c)
{
	bool blocked = output_waits(c);
	short events = events_wanted(c, blocked);
	uint64_t until = c->held_text ? c->held_until_ns : NEVER;
	int result;

	/* With something to do already: look at the client all the same, or it
	 * is not heard while the others never pause. */
	if (!blocked && now_ns() < c->rests_until_ns)
		until = earlier(until, c->rests_until_ns);
	else if (!broadcast_sleep(&c->member, blocked))
		until = 0;
	/* Who is held waits for us. */
	if (c->held_text)
		conn_touch(c->conn);
	result = conn_wait(c->conn, events, until, &c->member.mask);
	broadcast_awake(&c->member);
	/* Its end, which we did not ask for: what it said last has still to be
	 * published, and to wait for that on its socket would spin. */
	if (result > 0 && events == 0 && now_ns() < until)
		wait_ns(NS_PER_MS);
	return result;
}

/* The server is about to stop. */
static void
say_goodbye(struct chat *c)
{
	finish_output(
	    c, WEBSOCKET_GOING_AWAY, c->ws ? "The server is stopping." : NULL);
}

static void
converse(struct chat *c)
{
	/* Whether the client may have said something: woken by the room alone,
	 * there is no need to ask. */
	int look = 1;

	while (look >= 0) {
		int more = look || c->held_text ? take_input(c) : 0;

		if (more < 0)
			return;
		if (was_dropped(c))
			return;
		if (give_output(c) < 0)
			return;
		if (*c->context->setup->draining) {
			say_goodbye(c);
			return;
		}
		if (c->ended && !more && !c->held_text) {
			finish_output(c, WEBSOCKET_NORMAL, NULL);
			return;
		}
		look = more ? more : sleep_until_needed(c);
		if (look >= 0)
			ping_the_quiet(c);
	}
}

static void
be_member(struct chat *c, uint32_t tag)
{
	broadcast_join(&c->member, c->context->setup->shared, c->context,
	    c->ws ? BROADCAST_WEBSOCKET : BROADCAST_LINES, tag);
	if (make_out(c, OUT_MIN) == 0)
		converse(c);
	broadcast_leave(&c->member);
	free(c->frame);
	free(c->out);
}

/* ---- the web ---- */

/* "tag=N", by which a page knows itself in the list of members; else 0. */
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
	if (c.ws)
		be_member(&c, tag_of(visit->query));
	else
		conn_fail(c.conn, errno);
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
    {.path = "/members", .type = "application/json", .write = write_members},
    {0},
};

/* ---- the first line ---- */

/* "GET /path HTTP/1.1": a token, and at the end a version (RFC 9112 3). */
static bool
begins_http(const char *line, size_t len)
{
	static const char version[] = " HTTP/";
	const size_t tail = strlen(version) + 3; /* and "1.1" */

	return len > tail + 2 && line[0] >= 'A' && line[0] <= 'Z' &&
	       memcmp(line + len - tail, version, strlen(version)) == 0 &&
	       memchr(line, ' ', len - tail);
}

/* Of a line that is not complete: "GET /", of any method. */
static bool
may_become_http(const struct lines *in)
{
	size_t len, i = 0;
	const char *line = lines_rest(in, &len);

	while (i < len && line[i] >= 'A' && line[i] <= 'Z')
		i++;
	return i > 0 && i + 1 < len && line[i] == ' ' && line[i + 1] == '/';
}

/* Waits for it. Returns 1; 0 at end of file without one, -1. */
static int
read_first(struct chat *c, const char **line, size_t *len, size_t *end_len)
{
	bool hurried = false; /* a request has a deadline, a talker has none */
	ssize_t n;

	while (!(*end_len = lines_next(&c->in, line, len))) {
		size_t size;
		char *space = c->ended ? NULL : lines_space(&c->in, &size);

		if (!space)
			return c->ended ? 0 : no_space(c);
		if (!hurried && may_become_http(&c->in)) {
			hurried = true;
			conn_request_within(
			    c->conn, c->conn->request_timeout_ns);
		}
		/* A browser connects ahead, and may never say a word: a stop
		 * need not wait for that. */
		c->conn->leave = c->in.len ? NULL : c->context->setup->draining;
		n = conn_read(c->conn, space, size);
		c->conn->leave = NULL;
		if (n < 0)
			return -1;
		lines_add(&c->in, (size_t)n);
		if (n == 0 && end_input(c) < 0)
			return -1;
	}
	return 1;
}

static void
chat_serve(struct conn *conn, const struct service_context *context)
{
	struct chat c = {.conn = conn, .context = context};
	const char *line;
	size_t len, end_len, rest;

	lines_init(&c.in);
	if (read_first(&c, &line, &len, &end_len) > 0) {
		if (begins_http(line, len - end_len)) {
			lines_rest(&c.in, &rest);
			http_site_serve(conn, context, PAGES, line, len + rest);
		} else {
			conn_request_end(conn);
			/* An empty one joins, and is no message. */
			if (len > end_len)
				lines_put_back(&c.in, len);
			be_member(&c, 0);
		}
	}
	lines_release(&c.in);
}

static size_t
chat_shared_size(const struct service_setup *setup)
{
	return broadcast_size(setup->workers);
}

const struct service service_chat = {
    .name = "chat",
    .summary = "a room: lines, or WebSocket and the page at /",
    .serve = chat_serve,
    .full = "Server full, please try again later.\n",
    .websocket = true,
    .shared_size = chat_shared_size,
    .worker_died = broadcast_forget,
};
