/* SPDX-License-Identifier: MIT */
/*
 * lab_leak: a connection ends when its last descriptor is closed.
 *
 * The bug takes one close() away from each server: the parent's in server_fork,
 * the worker's in server_thread. Each client says that it will send no more
 * (shutdown(2)) and waits for the end of file. When the server has no worker
 * left, the end has come or will never come: no time limit decides.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/lab/lab_clients.h"
#include "common/lab/workshop.h"

/* An end of file that was sent is there at once, on loopback. */
enum { GRACE_MS = 300 };

/* ---- run ---- */

static void
say_no_more(const struct lab_clients *clients)
{
	for (size_t i = 0; i < clients->count; i++)
		shutdown(clients->fds[i], SHUT_WR);
}

/* How many clients see the end. The first one that does not waits a little;
 * then all the others have waited as well. */
static size_t
count_ends(const struct lab_clients *clients)
{
	size_t ends = 0;
	int wait_ms = GRACE_MS;

	for (size_t i = 0; i < clients->count; i++) {
		if (lab_sees_end(clients->fds[i], wait_ms))
			ends++;
		else
			wait_ms = 0;
	}
	return ends;
}

/* What clients see that come and end. */
struct ends {
	size_t seen;
	size_t before, after; /* open descriptors of the server */
	struct held *held;    /* one for each client; NULL: not wanted */
};

/* A connection that the accept loop's process has open. */
struct held {
	int fd;	     /* its number there; 0: it is not open */
	ino_t inode; /* its socket */
};

static ino_t
inode_of(const struct lab_server *server, int fd)
{
	char path[60];
	struct stat about;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)server->pid, fd);
	return fd && stat(path, &about) == 0 ? about.st_ino : 0;
}

/* Which of the connections the accept loop's process has open. */
static void
find_held(const struct lab_server *server, const struct lab_clients *clients,
    struct held *held)
{
	for (size_t i = 0; i < clients->count; i++) {
		struct lab_worker holders[2];
		size_t count =
		    lab_server_holders(server, clients->fds[i], holders, 2);

		held[i] = (struct held){.fd = 0};
		for (size_t h = 0; h < count && h < 2; h++)
			if (holders[h].pid == server->pid)
				held[i].fd = holders[h].fd;
		held[i].inode = inode_of(server, held[i].fd);
	}
}

/* Which of them it still has open. */
static void
note_held(struct lab_run *run, const struct lab_server *server,
    const struct held *held, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool still = held[i].inode &&
			     inode_of(server, held[i].fd) == held[i].inode;

		lab_fact(run, still ? held[i].fd : 0, "%s.number%zu",
		    server->model, i + 1);
	}
}

static bool
serve_clients(struct lab_run *run, struct lab_server *server, size_t count,
    struct lab_clients *clients, struct ends *ends)
{
	ends->before = lab_open_descriptors(server->pid);
	lab_talk_command(run, server, count, "echo hello");
	if (!lab_clients_open(run, server, count, clients))
		return false;
	if (ends->held)
		find_held(server, clients, ends->held);
	say_no_more(clients);
	if (!lab_server_await_workers(run, server, 0))
		return false;
	ends->seen = count_ends(clients);
	ends->after = lab_open_descriptors(server->pid);
	return true;
}

static void
leak_model(struct lab_run *run, const char *model, const char *program)
{
	const struct lab_plan plan = {
	    .model = model, .program = program, .options = "--quiet"};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	struct lab_clients clients = {0};
	size_t count = lab_number(run, "clients");
	const char *kind = program ? "bug" : "shipped";
	struct held held[LAB_CLIENTS] = {{0}};
	struct ends ends = {.held = program ? held : NULL};

	if (!server)
		return;
	if (serve_clients(run, server, count, &clients, &ends)) {
		lab_fact(run, (double)ends.seen, "%s.%s_ends", model, kind);
		lab_fact(run, (double)(ends.after - ends.before), "%s.%s_more",
		    model, kind);
		if (program)
			note_held(run, server, held, count);
		lab_say(run,
		    "all %zu workers have ended; closed for its client: %zu "
		    "of %zu connections; open descriptors: %zu, before: %zu",
		    "%zu 个 worker 都已结束；对客户端而言，%zu / %zu 个连接"
		    "已关闭；打开的描述符：%zu 个，之前：%zu 个",
		    count, ends.seen, count, ends.after, ends.before);
	}
	lab_clients_close(&clients);
	lab_server_stop(run, server);
}

static void
run_leak(struct lab_run *run)
{
	const char *programs[2];

	if (!lab_bug_build(run, programs))
		return;
	for (size_t i = 0; run->models[i]; i++) {
		leak_model(run, run->models[i], programs[i]);
		leak_model(run, run->models[i], NULL);
	}
}

/* ---- judge ---- */

static bool
as_expected(const struct lab_facts *facts, const char *model)
{
	double clients = lab_value(facts, "clients");

	return lab_value(facts, "%s.bug_ends", model) == 0 &&
	       lab_value(facts, "%s.bug_more", model) == clients &&
	       lab_value(facts, "%s.shipped_ends", model) == clients &&
	       lab_value(facts, "%s.shipped_more", model) == 0;
}

static void
judge_leak(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];
	double clients = lab_value(facts, "clients");

	lab_models(facts, models);
	judgement->shown = models[0];
	for (const char **model = models; *model; model++)
		judgement->shown &= as_expected(facts, *model);
	judgement->answer = judgement->shown ? 'C' : 0;
	if (judgement->shown)
		lab_because(judgement,
		    "no client sees the end, and the server keeps %.0f "
		    "descriptors more",
		    "没有客户端看到结束，服务器多占 %.0f 个描述符", clients);
	else
		lab_because(judgement,
		    "expected: with the bug no end and %.0f descriptors more; "
		    "without it %.0f ends and none more",
		    "预期：有缺陷时没有结束、多占 %.0f 个描述符；没有缺陷时 "
		    "%.0f "
		    "个都结束、不多占",
		    clients, clients);
}

/* ---- draw ---- */

/* A connection's number in a server whose workers have all ended. */
static const char *
number(const struct lab_facts *facts, const char *model, size_t client,
    char *text, size_t size)
{
	double fd = lab_value(facts, "%s.number%zu", model, client);

	if (fd > 0)
		snprintf(text, size, "fd %.0f", fd);
	else
		snprintf(text, size, "-");
	return text;
}

static void
draw_leak(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];
	size_t clients = (size_t)lab_value(facts, "clients");
	char a[20], b[20];

	lab_models(facts, models);
	lab_bars(picture, false,
	    lab_words(picture, "clients that see the end of the connection",
		"看到连接结束的客户端"));
	for (const char **model = models; *model; model++) {
		lab_bar(picture, *model,
		    lab_value(facts, "%s.shipped_ends", *model), "server_%s",
		    *model);
		lab_bar(picture, "bad", lab_value(facts, "%s.bug_ends", *model),
		    lab_words(picture, "server_%s, bug", "server_%s，有缺陷"),
		    *model);
	}
	lab_table(picture, 3,
	    lab_words(picture,
		"what the accept loop's process still has open, bug, no "
		"worker left",
		"有缺陷时，worker 都已结束后，accept "
		"循环所在进程仍打开的描述符"));
	lab_cells(picture, NULL,
	    lab_words(picture, "connection|server_thread|server_fork",
		"连接|server_thread|server_fork"));
	for (size_t i = 1; i <= clients; i++)
		lab_cells(picture, "bad", "%zu|%s|%s", i,
		    number(facts, "thread", i, a, sizeof(a)),
		    number(facts, "fork", i, b, sizeof(b)));
}

/* ---- check ---- */

enum { ENDS = 24, PAIRS = 4, TURNS = 20 };

/* Clients that are connected at the same time, each with its own words: a
 * connection that is closed too early fails, or its number is another client's
 * by now, which gets the answer. */
static bool
get_their_own(struct lab_run *run, const struct lab_server *server)
{
	struct lab_clients clients = {0};
	bool own = true;
	char line[40];

	while (clients.count < PAIRS) {
		int fd = lab_connect(run, server);

		if (fd < 0)
			return false;
		clients.fds[clients.count++] = fd;
		for (size_t turn = 0; turn < TURNS && own; turn++) {
			size_t i = turn % clients.count;

			snprintf(line, sizeof(line), "client %zu, turn %zu\n",
			    i, turn);
			own = lab_is_echoed(
			    clients.fds[i], line, LAB_TIMEOUT_MS / 4);
		}
	}
	lab_clients_close(&clients);
	return own;
}

static void
judge_ends(struct lab_run *run, struct lab_server *server)
{
	struct lab_clients clients = {0};
	struct ends ends = {.held = NULL};

	if (serve_clients(run, server, ENDS, &clients, &ends)) {
		lab_require(run, ends.seen == ENDS,
		    "server_%s: %zu of %d clients see the end of the "
		    "connection",
		    "server_%s：%zu 个客户端看到连接结束，共 %d 个",
		    server->model, ends.seen, ENDS);
		lab_require(run, ends.after <= ends.before,
		    "server_%s: %zu descriptors are open after them, %zu "
		    "before",
		    "server_%s：之后打开 %zu 个描述符，之前 %zu 个",
		    server->model, ends.after, ends.before);
	}
	lab_clients_close(&clients);
}

static void
check_leak(struct lab_run *run, const char *model, const char *program)
{
	const struct lab_plan plan = {
	    .model = model, .program = program, .options = "--quiet"};
	struct lab_server *server = lab_server_start_plan(run, &plan);

	if (!server)
		return;
	if (lab_require(run, get_their_own(run, server),
		"server_%s: clients that are connected at the same time get "
		"their own answers",
		"server_%s：同时连接的客户端各自得到自己的回答", model) &&
	    lab_server_await_workers(run, server, 0))
		judge_ends(run, server);
	lab_server_stop(run, server);
}

const struct lab lab_leak = {
    .name = "leak",
    .minutes = 20,
    .needs_sources = true,
    .parameters = {{"clients", 8, {6, 7, 9, 10, 11, 12}, NULL}},
    .run = run_leak,
    .judge = judge_leak,
    .draw = draw_leak,
    .check = check_leak,
};
