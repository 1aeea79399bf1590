/* SPDX-License-Identifier: MIT */
/*
 * lab_backlog: clients come while the server accepts nothing.
 *
 * The server is stopped (SIGSTOP), so the kernel alone answers: connections
 * fill the backlog, and the kernel drops what comes then. Each client sends as
 * soon as it is connected: a server that had to speak first would never know of
 * a client whose last packet of the handshake was dropped.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/procfs.h"
#include "common/lab/lab_server.h"
#include "common/sysinfo/proc_tree.h"

/* How long the server accepts nothing. */
#define STOPPED_MS 500
/* A client tries again after this long, RFC 6298 2; less a margin. */
#define RETRY_MS 900
/* All clients are served long before. */
#define DEADLINE_MS 15000
/* In check(): as many connect while the server is stopped. */
#define CHECK_CLIENTS 500

static const char LINE[] = "hello\n";

enum state { CONNECTING, ASKED, ANSWERED, FAILED };

struct client {
	int fd;
	enum state state;
	double connected_ms, answered_ms;
};

struct crowd {
	struct client *clients;
	struct pollfd *polls;
	size_t count, left; /* all; neither answered nor failed */
	uint64_t start;
};

/* ---- clients ---- */

static bool
begin_connect(const struct lab_server *server, struct client *client)
{
	const struct address *to = &server->address;

	client->fd = socket(
	    to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return false;
	return connect(client->fd, &to->any, to->len) == 0 ||
	       errno == EINPROGRESS;
}

static void
close_crowd(struct crowd *crowd)
{
	for (size_t i = 0; i < crowd->count; i++)
		close(crowd->clients[i].fd);
	free(crowd->clients);
	free(crowd->polls);
}

/* All connect at once. False: the run is over; close it all the same. */
static bool
open_crowd(struct lab_run *run, const struct lab_server *server,
    struct crowd *crowd, size_t count)
{
	*crowd = (struct crowd){.start = now_ns()};
	crowd->clients = calloc(count, sizeof(*crowd->clients));
	crowd->polls = calloc(count, sizeof(*crowd->polls));
	while (crowd->clients && crowd->polls && crowd->count < count) {
		struct client *client = &crowd->clients[crowd->count];

		if (!begin_connect(server, client))
			break;
		crowd->polls[crowd->count++] =
		    (struct pollfd){client->fd, POLLOUT, 0};
	}
	crowd->left = crowd->count;
	if (crowd->count == count)
		return true;
	lab_cannot(run, "cannot open %zu connections: %s",
	    "无法打开 %zu 个连接：%s", count, strerror(errno));
	return false;
}

static void
step(struct crowd *crowd, size_t i)
{
	struct client *client = &crowd->clients[i];
	double ms = (double)(now_ns() - crowd->start) / NS_PER_MS;
	char answer[sizeof(LINE)];
	bool ok;

	if (client->state == CONNECTING) {
		ok = send(client->fd, LINE, strlen(LINE), MSG_NOSIGNAL) > 0;
		client->connected_ms = ms;
		crowd->polls[i].events = POLLIN;
		client->state = ok ? ASKED : FAILED;
	} else {
		ok = recv(client->fd, answer, sizeof(answer), 0) > 0;
		client->answered_ms = ms;
		client->state = ok ? ANSWERED : FAILED;
	}
	if (client->state == ASKED)
		return;
	crowd->left--;
	crowd->polls[i].fd = -1;
}

/* Follows the clients until UNTIL_MS after their start, or until all are
 * done. */
static void
follow(struct lab_run *run, struct crowd *crowd, unsigned until_ms)
{
	uint64_t end = crowd->start + until_ms * NS_PER_MS, now;

	while (crowd->left && !*run->stop && (now = now_ns()) < end) {
		int wait = clock_timeout_ms(end, now);

		if (poll(crowd->polls, crowd->count, wait < 50 ? wait : 50) <=
		    0)
			continue;
		for (size_t i = 0; i < crowd->count; i++) {
			if (crowd->polls[i].fd >= 0 && crowd->polls[i].revents)
				step(crowd, i);
		}
	}
}

static size_t
count_connected(const struct crowd *crowd)
{
	size_t connected = 0;

	for (size_t i = 0; i < crowd->count; i++)
		connected += crowd->clients[i].state == ASKED;
	return connected;
}

/* ---- the server ---- */

/* Stops it, so that it accepts nothing. */
static bool
stop_server(struct lab_run *run, struct lab_server *server)
{
	if (!lab_server_signal(run, server, server->pid, SIGSTOP))
		return false;
	while (!proc_tree_is_stopped(server->pid)) {
		if (!lab_wait_ms(run, 1))
			return false;
	}
	return true;
}

static bool
kernel_says_no(struct lab_run *run, uint64_t needed)
{
	uint64_t most = procfs_value(4096, "/proc/sys/net/core/somaxconn");

	if (procfs_value(0, "/proc/sys/net/ipv4/tcp_abort_on_overflow"))
		lab_cannot(run,
		    "this kernel refuses clients when a backlog is full: set "
		    "net.ipv4.tcp_abort_on_overflow to 0",
		    "本机内核在全连接队列满时拒绝客户端："
		    "请把 net.ipv4.tcp_abort_on_overflow 设为 0");
	if (most < needed)
		lab_cannot(run,
		    "this kernel limits a backlog to %llu (net.core.somaxconn):"
		    " set it to %llu or more",
		    "本机内核把全连接队列限制为 %llu（net.core.somaxconn）："
		    "请设为至少 %llu",
		    (unsigned long long)most, (unsigned long long)needed);
	return lab_is_over(run);
}

/* ---- the experiment ---- */

static void
note(struct lab_run *run, const char *model, const struct crowd *crowd)
{
	unsigned at_once = 0, served = 0, late = 0;
	double last = 0, first_late = 0;

	for (size_t i = 0; i < crowd->count; i++) {
		const struct client *client = &crowd->clients[i];
		double ms = client->connected_ms;

		served += client->state == ANSWERED;
		at_once += ms > 0 && ms < STOPPED_MS;
		late += ms >= RETRY_MS;
		if (ms >= STOPPED_MS && (first_late == 0 || ms < first_late))
			first_late = ms;
		if (client->answered_ms > last)
			last = client->answered_ms;
	}
	lab_fact(run, at_once, "%s.at_once", model);
	lab_fact(run, late, "%s.late", model);
	lab_fact(run, served, "%s.served", model);
	lab_fact(run, first_late, "%s.first_late_ms", model);
	lab_fact(run, last, "%s.last_served_ms", model);
	lab_say(run,
	    "server_%s: %u connect at once; %u after %.2f s or more; %u are "
	    "served, the last after %.2f s",
	    "server_%s：%u 个立即连上；%u 个在 %.2f 秒后或更晚；%u "
	    "个得到服务，最后一个在 %.2f 秒",
	    model, at_once, late, first_late / 1000, served, last / 1000);
}

static void
run_clients(struct lab_run *run, struct lab_server *server)
{
	size_t count = lab_number(run, "clients");
	struct crowd crowd;

	lab_talk_command(run, server, count, "echo hello");
	if (open_crowd(run, server, &crowd, count)) {
		follow(run, &crowd, STOPPED_MS);
		lab_server_signal(run, server, server->pid, SIGCONT);
		follow(run, &crowd, DEADLINE_MS);
		if (!lab_is_over(run))
			note(run, server->model, &crowd);
	}
	close_crowd(&crowd);
}

static void
run_backlog(struct lab_run *run)
{
	unsigned backlog = (unsigned)lab_number(run, "backlog");

	if (kernel_says_no(run, backlog))
		return;
	for (const char **model = run->models; *model; model++) {
		struct lab_server *server =
		    lab_server_start(run, *model, "--backlog %u", backlog);

		if (!server || !stop_server(run, server))
			return;
		run_clients(run, server);
		lab_server_stop(run, server);
	}
}

/* ---- what it shows ---- */

/* The backlog and one or two more connect at once, the others after a retry,
 * and all are served. */
static bool
as_expected(const struct lab_facts *facts, const char *model)
{
	double clients = lab_value(facts, "clients");
	double backlog = lab_value(facts, "backlog");
	double at_once = lab_value(facts, "%s.at_once", model);

	return at_once >= backlog && at_once <= backlog + 2 &&
	       lab_value(facts, "%s.late", model) == clients - at_once &&
	       lab_value(facts, "%s.served", model) == clients;
}

static char
answer_of(const struct lab_facts *facts, const char *model)
{
	if (as_expected(facts, model))
		return 'B';
	if (lab_value(facts, "%s.served", model) < lab_value(facts, "clients"))
		return 'A';
	return lab_value(facts, "%s.late", model) == 0 ? 'C' : '\0';
}

static void
judge_backlog(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];

	lab_models(facts, models);
	judgement->shown = models[0];
	for (const char **model = models; *model; model++) {
		judgement->shown &= as_expected(facts, *model);
		judgement->answer = answer_of(facts, *model);
	}
	if (judgement->shown)
		lab_because(judgement,
		    "%.0f clients connect while the server is stopped; the "
		    "others try again after a second; all %.0f are served",
		    "服务器停住时有 %.0f 个客户端连上；其余的一秒后重试；全部 "
		    "%.0f 个都得到服务",
		    lab_value(facts, "%s.at_once", models[0]),
		    lab_value(facts, "clients"));
	else
		lab_because(judgement,
		    "it is not so that the backlog and one more connect at "
		    "once, the others after a second, and all %.0f are served",
		    "结果与预期不同：应有“队列长度加一”个立即连上，其余一秒后连"
		    "上，"
		    "全部 %.0f 个得到服务",
		    lab_value(facts, "clients"));
}

static void
draw_backlog(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];

	lab_models(facts, models);
	lab_bars(picture, false,
	    lab_words(picture, "clients, by when they are connected",
		"客户端数，按连上的时间"));
	for (const char **model = models; *model; model++) {
		lab_bar(picture, *model, lab_value(facts, "%s.at_once", *model),
		    lab_words(picture, "%s, at once", "%s，立即"), *model);
		lab_bar(picture, *model, lab_value(facts, "%s.late", *model),
		    lab_words(picture, "%s, after %.1f s", "%s，%.1f 秒后"),
		    *model,
		    lab_value(facts, "%s.first_late_ms", *model) / 1000);
	}
}

/* ---- the repair ---- */

/* All connect while the server is stopped, and are answered afterwards. */
static void
require_all(struct lab_run *run, struct lab_server *server, struct crowd *crowd)
{
	size_t connected;

	follow(run, crowd, STOPPED_MS);
	connected = count_connected(crowd);
	if (!lab_require(run, connected == crowd->count,
		"%zu of %zu clients connect while the server is stopped",
		"服务器停住时 %zu / %zu 个客户端连上", connected, crowd->count))
		return;
	lab_server_signal(run, server, server->pid, SIGCONT);
	follow(run, crowd, DEADLINE_MS);
	lab_require(run, crowd->left == 0,
	    "%zu of %zu clients are answered afterwards",
	    "之后 %zu / %zu 个客户端得到回答", crowd->count - crowd->left,
	    crowd->count);
}

/* The server without an option for the backlog, stopped, in a rush. */
static void
check_backlog(struct lab_run *run, const char *model, const char *program)
{
	struct lab_plan plan = {.model = model, .program = program};
	struct lab_server *server = NULL;
	struct crowd crowd;

	if (!kernel_says_no(run, CHECK_CLIENTS))
		server = lab_server_start_plan(run, &plan);
	if (!server || !stop_server(run, server))
		return;
	if (open_crowd(run, server, &crowd, CHECK_CLIENTS))
		require_all(run, server, &crowd);
	close_crowd(&crowd);
	lab_server_stop(run, server);
}

static uint64_t
one_more(const uint64_t *values)
{
	return values[0] + 1;
}

static uint64_t
the_others(const uint64_t *values)
{
	return values[1] - values[0] - 1;
}

const struct lab lab_backlog = {
    .name = "backlog",
    .minutes = 20,
    .parameters =
	{
	    {"backlog", 8, {4, 5, 6, 7, 8, 9, 10, 12}, NULL},
	    {"clients", 40, {30, 34, 36, 38, 40, 44, 46, 48}, NULL},
	    {"at_once", 9, {0}, one_more},
	    {"others", 31, {0}, the_others},
	},
    .run = run_backlog,
    .judge = judge_backlog,
    .draw = draw_backlog,
    .check = check_backlog,
};
