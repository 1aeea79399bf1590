/* SPDX-License-Identifier: MIT */
/*
 * lab_crash: a worker dies of SIGSEGV while others have clients.
 *
 * The run needs no bug: it sends the signal itself, to the worker that serves
 * the client in the middle. The repair has one: an echo that writes to NULL
 * after a request without a line feed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/lab/lab_clients.h"
#include "common/sysinfo/proc_tree.h"

/* Before and after the crash, for the picture only. */
enum { MOMENT_MS = 100 };

/* ---- run ---- */

/* The process that serves FD. */
static pid_t
process_of(const struct lab_server *server, int fd)
{
	struct lab_worker holder;

	return lab_server_holders(server, fd, &holder, 1) ? holder.pid : 0;
}

/* Too small for any core file; and for a pipe, 1 means none, while 0 does not:
 * core(5). Children inherit it. */
static void
forbid_core(pid_t pid)
{
	const struct rlimit no_core = {1, 1};

	prlimit(pid, RLIMIT_CORE, &no_core, NULL);
}

static bool
await_death(struct lab_run *run, pid_t pid)
{
	uint64_t deadline = now_ns() + LAB_TIMEOUT_MS * NS_PER_MS;

	while (!proc_tree_has_ended(pid) && now_ns() < deadline)
		if (!lab_wait_ms(run, 1))
			return false;
	return proc_tree_has_ended(pid);
}

/* The worker of the client in the middle gets what the kernel sends it for a
 * NULL pointer. False: the run is over. */
static bool
crash_worker(struct lab_run *run, struct lab_server *server,
    const struct lab_clients *clients)
{
	pid_t pid = process_of(server, clients->fds[clients->count / 2]);

	if (!pid) {
		lab_cannot(run,
		    "no process was found that serves the client: may this "
		    "user look at the server's processes?",
		    "找不到为该客户端服务的进程：当前用户能查看服务器的进程吗"
		    "？");
		return false;
	}
	return lab_wait_ms(run, MOMENT_MS) &&
	       lab_server_signal(run, server, pid, SIGSEGV) &&
	       await_death(run, pid) && lab_wait_ms(run, MOMENT_MS);
}

static void
note(struct lab_run *run, struct lab_server *server,
    const struct lab_clients *clients)
{
	const char *model = server->model;
	size_t lost = clients->count - lab_clients_ask(clients, LAB_TIMEOUT_MS);
	bool serves = lab_serves_new(server);
	bool died = lab_server_await_end(server, serves ? 0 : LAB_TIMEOUT_MS);

	lab_fact(run, (double)lost, "%s.lost", model);
	lab_fact(run, serves, "%s.serves_new", model);
	lab_fact(run, died, "%s.server_died", model);
	lab_say(run, "clients that lost their connection: %zu of %zu; %s",
	    "%zu / %zu 个客户端失去连接；%s", lost, clients->count,
	    run->zh ? serves ? "新客户端得到服务" : "新客户端被拒绝"
	    : serves ? "a new client is served"
		     : "a new client is refused");
}

static void
crash_model(struct lab_run *run, const char *model)
{
	const struct lab_plan plan = {
	    .model = model, .options = "--quiet", .trace = true};
	struct lab_clients clients = {0};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	size_t count = lab_number(run, "clients");

	if (!server)
		return;
	forbid_core(server->pid);
	lab_talk_command(
	    run, server, count, "(echo hello; sleep 1; echo still there)");
	if (lab_clients_open(run, server, count, &clients) &&
	    crash_worker(run, server, &clients))
		note(run, server, &clients);
	lab_clients_close(&clients);
	lab_server_stop(run, server);
}

static void
run_crash(struct lab_run *run)
{
	for (const char **model = run->models; *model; model++)
		crash_model(run, *model);
}

/* ---- judge ---- */

static bool
as_expected(const struct lab_facts *facts, const char *model)
{
	bool all = strcmp(model, "thread") == 0;

	return lab_value(facts, "%s.lost", model) ==
		   (all ? lab_value(facts, "clients") : 1) &&
	       lab_value(facts, "%s.serves_new", model) == !all &&
	       lab_value(facts, "%s.server_died", model) == all;
}

static void
judge_crash(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];
	double clients = lab_value(facts, "clients");

	lab_models(facts, models);
	judgement->shown = models[0];
	for (const char **model = models; *model; model++)
		judgement->shown &= as_expected(facts, *model);
	judgement->answer = judgement->shown ? 'B' : 0;
	if (judgement->shown)
		lab_because(judgement,
		    "a fault ends the process: all %.0f threads, but one child",
		    "故障结束的是进程：全部 %.0f 个线程，但只有一个子进程",
		    clients);
	else
		lab_because(judgement,
		    "expected: threads lose all %.0f clients and the server, "
		    "processes lose one client and go on",
		    "预期：线程失去全部 %.0f 个客户端和服务器，进程只失去一个"
		    "客户端并继续服务",
		    clients);
}

/* ---- draw ---- */

static void
draw_crash(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];
	double clients = lab_value(facts, "clients");

	lab_models(facts, models);
	lab_bars(picture, false,
	    lab_words(picture,
		"clients that lost their connection when one worker crashed",
		"一个 worker 崩溃时断开的客户端"));
	for (const char **model = models; *model; model++) {
		double lost = lab_value(facts, "%s.lost", *model);
		bool serves = lab_value(facts, "%s.serves_new", *model) > 0;

		lab_bar(picture, *model, lost, "server_%s", *model);
		lab_bar_says(picture,
		    lab_words(picture, "%.0f of %.0f; a new client is %s",
			"%.0f / %.0f；新客户端%s"),
		    lost, clients,
		    serves ? lab_words(picture, "served", "得到服务")
			   : lab_words(picture, "refused", "被拒绝"));
	}
	for (const char **model = models; *model; model++)
		lab_timeline(picture, *model,
		    strcmp(*model, "thread") == 0
			? lab_words(picture,
			      "server_thread: all workers end at one moment",
			      "server_thread：所有 worker 同时结束")
			: lab_words(picture,
			      "server_fork: one worker dies, the others go on",
			      "server_fork：一个 worker 死亡，其他继续"));
}

/* ---- check ---- */

enum { OTHERS = 16, SHORT_MS = 300, ANSWER_MS = 3000 };

/* Requests that have no line feed: one byte, a word, a NUL, a full buffer. */
static const struct bad {
	size_t len;
	char first;
} BAD[] = {{1, 'x'}, {5, 'c'}, {2, '\0'}, {4096, 'y'}};
enum { BADS = sizeof(BAD) / sizeof(BAD[0]), BAD_MOST = 4096 };

/* Adds what comes on FD to ANSWER, until it has SIZE - 1 bytes, or FD ends. */
static size_t
take(int fd, char *answer, size_t len, size_t size, int timeout_ms)
{
	ssize_t n;

	while (len + 1 < size && (n = lab_receive_line(fd, answer + len,
				      size - len, timeout_ms)) > 0)
		len += (size_t)n;
	return len;
}

/*
 * Sends the request, and then the line feed that was missing: after that a
 * server that goes on has answered or closed, however slow it is. Returns false
 * if as many bytes came back, but others.
 */
static bool
send_bad(
    struct lab_run *run, const struct lab_server *server, const struct bad *bad)
{
	char bytes[BAD_MOST + 1], answer[BAD_MOST + 2];
	int fd = lab_connect(run, server);
	size_t len = 0;

	memset(bytes, bad->first, bad->len);
	bytes[bad->len] = '\n';
	if (fd < 0)
		return true;
	if (send(fd, bytes, bad->len, MSG_NOSIGNAL) > 0)
		len = take(fd, answer, 0, bad->len + 1, SHORT_MS);
	if (lab_send(fd, "\n"))
		len = take(fd, answer, len, bad->len + 2, ANSWER_MS);
	close(fd);
	return len <= bad->len || memcmp(answer, bytes, len) == 0;
}

/* What an echo must go on doing. */
static bool
is_still_an_echo(struct lab_run *run, const struct lab_server *server)
{
	int fd = lab_connect(run, server);
	bool ok = fd >= 0 && lab_is_echoed(fd, "\n", ANSWER_MS) &&
		  lab_is_echoed(fd, "with a return\r\n", ANSWER_MS) &&
		  lab_is_echoed(fd, "an end\n", ANSWER_MS);

	if (fd >= 0)
		close(fd);
	return ok;
}

static void
judge_server(struct lab_run *run, struct lab_server *server,
    const struct lab_clients *others)
{
	size_t answered;
	bool serves, as_sent = true;

	for (size_t i = 0; i < BADS && lab_serves_new(server); i++)
		as_sent &= send_bad(run, server, &BAD[i]);
	answered = lab_clients_ask(others, LAB_TIMEOUT_MS);
	lab_require(run, answered == OTHERS,
	    "server_%s: after requests without a line feed, %zu of %d other "
	    "clients still get answers",
	    "server_%s：收到没有换行符的请求后，其他客户端中仍有 %zu 个得到"
	    "回答，共 %d 个",
	    server->model, answered, OTHERS);
	serves = lab_serves_new(server);
	lab_require(run, serves, "server_%s: a new client is served",
	    "server_%s：新客户端得到服务", server->model);
	if (serves)
		lab_require(run, as_sent && is_still_an_echo(run, server),
		    "server_%s: what comes back is what was sent, with a line "
		    "feed and without",
		    "server_%s：返回的就是发送的内容，不论有没有换行符",
		    server->model);
}

static void
check_crash(struct lab_run *run, const char *model, const char *program)
{
	struct lab_plan plan = {
	    .model = model, .program = program, .options = "--quiet"};
	struct lab_clients others = {0};
	struct lab_server *server = lab_server_start_plan(run, &plan);

	if (!server)
		return;
	forbid_core(server->pid);
	if (lab_clients_open(run, server, OTHERS, &others))
		judge_server(run, server, &others);
	lab_clients_close(&others);
	lab_server_stop(run, server);
}

const struct lab lab_crash = {
    .name = "crash",
    .minutes = 15,
    .parameters = {{"clients", 64, {32, 40, 48, 56, 72, 80, 96}, NULL}},
    .run = run_crash,
    .judge = judge_crash,
    .draw = draw_crash,
    .check = check_crash,
};
