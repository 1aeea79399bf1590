/* SPDX-License-Identifier: MIT */
/* http: the pages of the http service (http_site.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/net/tls.h"
#include "common/net/websocket.h"
#include "common/service/http_site.h"

#define ECHO_MAX (16 * 1024 * 1024)

/* ---- text into a buffer of fixed size ---- */

struct text {
	char *buf;
	size_t size, len;
};

/* Drops what does not fit; no page comes near HTTP_PAGE_MAX. */
static __attribute__((format(printf, 2, 3))) void
add(struct text *text, const char *format, ...)
{
	size_t room = text->size - text->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->buf + text->len, room, format, args);
	va_end(args);
	text->len += (size_t)n < room ? (size_t)n : room - 1;
}

/* A JSON string (RFC 8259 7). The path of a unix socket may contain any byte; a
 * byte that is not ASCII stands for the character of its number. */
static void
add_string(struct text *text, const char *string)
{
	add(text, "\"");
	for (; *string; string++) {
		unsigned char c = (unsigned char)*string;

		if (c < ' ' || c >= 0x7f)
			add(text, "\\u%04x", c);
		else
			add(text, c == '"' || c == '\\' ? "\\%c" : "%c", c);
	}
	add(text, "\"");
}

/* ---- /who ---- */

static void
add_tls(struct text *text, const struct conn *conn)
{
	struct tls_view view;

	if (!tls_look(conn, &view)) {
		add(text, "null");
		return;
	}
	add(text, "{\"version\":");
	add_string(text, view.version);
	add(text, ",\"cipher\":");
	add_string(text, view.cipher);
	add(text, ",\"peer\":");
	add_string(text, view.peer);
	add(text, ",\"resumed\":%s}", view.resumed ? "true" : "false");
}

size_t
http_write_who(const struct http_visit *visit, char *buf, size_t size)
{
	struct text text = {buf, size, 0};
	char peer[ADDRESS_TEXT_MAX];

	add(&text, "{\"model\":");
	add_string(&text, visit->context->setup->model);
	add(&text, ",\"pid\":%ld,\"tid\":%ld,\"connection\":%" PRIu64,
	    (long)getpid(), (long)gettid(), visit->context->number);
	add(&text, ",\"peer\":");
	add_string(&text, address_format(visit->context->peer, peer));
	add(&text, ",\"tls\":");
	add_tls(&text, visit->conn);
	add(&text, "}\n");
	return text.len;
}

/* ---- /metrics ---- */

/* One metric with one sample, in Prometheus' text format 0.0.4. */
static void
add_metric(struct text *text, const char *model, const char *type,
    const char *name, const char *help, uint64_t value)
{
	add(text,
	    "# HELP perconn_connections_%s %s\n"
	    "# TYPE perconn_connections_%s %s\n"
	    "perconn_connections_%s{model=\"%s\"} %" PRIu64 "\n",
	    name, help, name, type, name, model, value);
}

static size_t
write_metrics(const struct http_visit *visit, char *buf, size_t size)
{
	const struct service_setup *setup = visit->context->setup;
	const struct ledger_view view = ledger_read(setup->ledger);
	const struct service_limit_counts *limits = setup->limits;
	struct text text = {buf, size, 0};
	const struct {
		const char *type, *name, *help;
		uint64_t value;
	} metrics[] = {
	    {"counter", "accepted_total", "Connections accepted.",
		view.accepted},
	    {"gauge", "active", "Connections accepted and not ended.",
		view.active},
	    {"counter", "served_total", "Connections that ended in order.",
		view.served},
	    {"counter", "refused_total", "Connections closed without a worker.",
		view.refused},
	    {"counter", "timed_out_total", "Connections past a deadline.",
		view.timed_out},
	    {"counter", "failed_total", "Connections ended by an error.",
		view.failed},
	    {"counter", "crashed_total",
		"Connections whose worker died of a signal.", view.crashed},
	    {"gauge", "limit", "Connections that there may be at once.",
		setup->workers},
	    {"counter", "limit_reached_total",
		"Times that the last of them was taken.", limits->reached},
	    {"counter", "refused_source_total",
		"Of those refused, how many for their address's sake.",
		limits->source_refused},
	};

	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		add_metric(&text, setup->model, metrics[i].type,
		    metrics[i].name, metrics[i].help, metrics[i].value);
	add(&text,
	    "# HELP perconn_log_lines_lost_total Lines of the log that could "
	    "not be written.\n"
	    "# TYPE perconn_log_lines_lost_total counter\n"
	    "perconn_log_lines_lost_total{model=\"%s\"} %" PRIu64 "\n",
	    setup->model, log_lost());
	return text.len;
}

/* ---- /echo ---- */

/* The client may be gone: sends the close if that is possible at once, and
 * gives the client the time to read it. */
static void
say_idle(struct conn *conn, struct websocket *ws)
{
	if (websocket_close(ws, WEBSOCKET_GOING_AWAY, "Idle for too long.") < 0)
		return;
	websocket_flush(ws, false);
	conn->outcome = OUTCOME_TIMED_OUT;
	conn->ended = false;
}

/* Until the client ends it, or a drain or the idle timeout does. */
static void
converse(struct conn *conn, struct websocket *ws)
{
	struct websocket_message message;

	while (websocket_receive(ws, &message, true) == 1) {
		if (websocket_send(
			ws, message.text, message.bytes, message.len) < 0) {
			conn_fail(conn, errno);
			return;
		}
		if (websocket_flush(ws, true) < 0)
			return;
	}
	if (conn->outcome == OUTCOME_TIMED_OUT)
		say_idle(conn, ws);
	else if (websocket_close(ws, WEBSOCKET_GOING_AWAY, NULL) == 0)
		websocket_flush(ws, true);
}

static void
echo_messages(
    const struct http_visit *visit, const char *early, size_t early_len)
{
	struct websocket *ws =
	    websocket_open(visit->conn, ECHO_MAX, early, early_len);

	if (!ws) {
		conn_fail(visit->conn, errno);
		return;
	}
	visit->conn->leave = visit->context->setup->draining;
	if (http_site_switch(visit) == 0)
		converse(visit->conn, ws);
	websocket_free(ws);
}

static const struct http_page PAGES[] = {
    {.path = "/", .type = "text/plain", .text = "Hello, World!\n"},
    {.path = "/who", .type = "application/json", .write = http_write_who},
    {.path = "/metrics",
	.type = "text/plain; version=0.0.4; charset=utf-8",
	.write = write_metrics},
    {.path = "/echo", .websocket = echo_messages},
    {0},
};

static void
http_serve(struct conn *conn, const struct service_context *context)
{
	http_site_serve(conn, context, PAGES, NULL, 0);
}

/*
 * An answer must not come before its request (RFC 9112 9.2), so it waits for
 * the first line, which also tells whether the answer may have content.
 */
static const char *
full_for(enum refusal_reason reason, const char *first, size_t len, bool all)
{
	const char *line = first;

	if (len >= 2 && memcmp(line, "\r\n", 2) == 0)
		line += 2;
	if (len == 0 ||
	    (!all && !memchr(line, '\n', len - (size_t)(line - first))))
		return NULL;
	return http_site_refusal(reason, first, len);
}

const struct service service_http = {
    .name = "http",
    .summary = "HTTP/1.1: /, /who, /metrics, WebSocket echo at /echo",
    .serve = http_serve,
    .full_for = full_for,
    .tls_names = HTTP_TLS_NAMES,
    .websocket = true,
};
