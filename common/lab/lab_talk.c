/* SPDX-License-Identifier: MIT */
/* lab_talk: connections of a lab, a line there and a line back, and a load. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/lab/lab_server.h"
#include "common/load/engine.h"
#include "common/load/protocol_table.h"
#include "common/net/dial.h"

void
lab_talk_command(struct lab_run *run, const struct lab_server *server,
    size_t count, const char *input)
{
	if (count < 2)
		lab_command(run, "%s | %s talk %s%s", input, lab_client_word(),
		    server->where, count ? " &" : "");
	else
		lab_command(run,
		    "for i in $(seq %zu); do %s | %s talk %s & done", count,
		    input, lab_client_word(), server->where);
}

int
lab_connect(struct lab_run *run, const struct lab_server *server)
{
	int fd;

	if (lab_is_over(run))
		return -1;
	fd = dial(&server->address, LAB_TIMEOUT_MS * NS_PER_MS);
	if (fd < 0)
		lab_cannot(run, "cannot connect to server_%s: %s",
		    "无法连接 server_%s：%s", server->model, strerror(errno));
	return fd;
}

/* Waits for EVENTS on FD until DEADLINE. */
static bool
await(int fd, short events, uint64_t deadline)
{
	struct pollfd wait = {fd, events, 0};
	int n;

	do
		n = poll(&wait, 1, clock_timeout_ms(deadline, now_ns()));
	while (n < 0 && errno == EINTR && now_ns() < deadline);
	if (n <= 0)
		errno = ETIMEDOUT;
	return n > 0;
}

bool
lab_send(int fd, const char *text)
{
	uint64_t deadline = now_ns() + LAB_TIMEOUT_MS * NS_PER_MS;
	size_t left = strlen(text);

	while (left) {
		ssize_t n = send(fd, text, left, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			text += n;
			left -= (size_t)n;
		} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
			return false;
		} else if (!await(fd, POLLOUT, deadline)) {
			return false;
		}
	}
	return true;
}

ssize_t
lab_receive_line(int fd, char *buf, size_t size, int timeout_ms)
{
	uint64_t deadline = now_ns() + (unsigned)timeout_ms * NS_PER_MS;
	size_t len = 0;
	ssize_t n = 0;

	while (len + 1 < size && (!len || buf[len - 1] != '\n')) {
		n = recv(fd, buf + len, 1, MSG_DONTWAIT);
		if (n > 0)
			len++;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR) ||
			 !await(fd, POLLIN, deadline))
			break;
	}
	buf[len] = '\0';
	return len ? (ssize_t)len : n;
}

bool
lab_ask(struct lab_run *run, int fd, const char *line, char *buf, size_t size)
{
	ssize_t n;

	if (lab_is_over(run))
		return false;
	n = lab_send(fd, line) ? lab_receive_line(fd, buf, size, LAB_TIMEOUT_MS)
			       : -1;
	if (n > 0)
		return true;
	lab_cannot(run, "a server did not answer: %s", "服务器没有回答：%s",
	    n == 0 ? "end of file" : strerror(errno));
	return false;
}

bool
lab_sees_end(int fd, int timeout_ms)
{
	uint64_t deadline = now_ns() + (unsigned)timeout_ms * NS_PER_MS;
	char bytes[4096];

	for (;;) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n == 0)
			return true;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n < 0 && !await(fd, POLLIN, deadline))
			return false;
	}
}

/* ---- a load ---- */

/* For a load of so many requests, where answers do not come. */
#define LOAD_MOST_NS (10 * NS_PER_S)

static struct load_plan
plan_of(const struct lab_server *server, const struct lab_load *load)
{
	struct load_plan plan = {
	    .protocol = protocol_find(load->protocol ? load->protocol : "echo"),
	    .connections = load->connections,
	    .churn = load->churn,
	    .rate = load->rate,
	    .size = load->size ? load->size : 64,
	    .timeout_ns =
		(load->timeout_ms ? load->timeout_ms : LAB_TIMEOUT_MS) *
		NS_PER_MS,
	};

	plan.target.kind = TARGET_STREAM;
	plan.target.address = server->address;
	snprintf(plan.target.host, sizeof(plan.target.host), "127.0.0.1");
	snprintf(plan.target.authority, sizeof(plan.target.authority), "%s",
	    server->where);
	return plan;
}

/* As the user would type it. */
static void
print_load(struct lab_run *run, const struct lab_server *server,
    const struct lab_load *load)
{
	char text[400];
	size_t len;

	len = (size_t)snprintf(text, sizeof(text), "%.150s load %s -c %u",
	    lab_client_word(), server->where, load->connections);
#define ADD(...) \
	len += (size_t)snprintf(text + len, sizeof(text) - len, __VA_ARGS__)
	if (load->requests)
		ADD(" -n %u", load->requests);
	else
		ADD(" -d %ums", load->duration_ms);
	if (load->protocol)
		ADD(" -p %s", load->protocol);
	if (load->churn)
		ADD(" --churn");
	if (load->rate > 0)
		ADD(" -r %g", load->rate);
	if (load->size)
		ADD(" -s %u", load->size);
	ADD(" --timeout %ums",
	    load->timeout_ms ? load->timeout_ms : LAB_TIMEOUT_MS);
#undef ADD
	lab_command(run, "%s", text);
}

/* Why RESULT has no answer. */
static const char *
why_none(const struct load_result *result)
{
	if (result->first_failed[0])
		return result->first_failed;
	for (int error = 1; error < LOAD_RESULT_ERRNOS; error++) {
		if (result->errors[error])
			return strerror(error);
	}
	return strerror(ETIMEDOUT);
}

bool
lab_load(struct lab_run *run, const struct lab_server *server,
    const struct lab_load *load, struct load_result *result)
{
	struct load_plan plan = plan_of(server, load);
	struct engine engine;
	char why[200];

	if (lab_is_over(run))
		return false;
	print_load(run, server, load);
	if (engine_open(&engine, &plan, why, sizeof(why)) < 0) {
		lab_cannot(run, "the client cannot load the server: %s",
		    "客户端无法给服务器加负载：%s", why);
		return false;
	}
	engine.stop = run->stop;
	engine.connects = &result->connect;
	engine_connect(&engine);
	engine_run(&engine,
	    load->requests ? LOAD_MOST_NS : load->duration_ms * NS_PER_MS,
	    load->requests ? load->requests : UINT64_MAX, result);
	engine_finish(&engine, result);
	engine_close(&engine);
	if (!result->ok && !result->wrong)
		lab_cannot(run, "server_%s answers no request: %s",
		    "server_%s 没有回答任何请求：%s", server->model,
		    why_none(result));
	return !lab_is_over(run);
}
