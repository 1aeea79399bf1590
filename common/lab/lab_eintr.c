/* SPDX-License-Identifier: MIT */
/*
 * lab_eintr: a signal with a handler interrupts a call that is blocked.
 *
 * The wake signal (SIGALRM, worker.h) means only "look at the clock". The bug
 * takes the EINTR of recv(2) for an error of the connection. The run sends the
 * signal to each worker itself, so nothing waits for a timer.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/lab/lab_clients.h"
#include "common/lab/workshop.h"

/* A signal between two calls interrupts none, so each worker gets several. */
enum { ROUNDS = 10, PAUSE_MS = 10, MOST_WORKERS = 256 };

/* ---- signals ---- */

/* Sends the wake signal to each worker, to this one thread or process. */
static void
wake_all(struct lab_run *run, const struct lab_server *server)
{
	struct lab_worker workers[MOST_WORKERS];
	size_t count = lab_server_workers(server, workers, MOST_WORKERS);

	for (size_t i = 0; i < count && i < MOST_WORKERS; i++)
		syscall(SYS_tgkill, workers[i].pid, workers[i].tid, SIGALRM);
	lab_wait_ms(run, PAUSE_MS);
}

static void
say_kill(struct lab_run *run, const struct lab_server *server)
{
	struct lab_worker first;

	if (lab_server_workers(server, &first, 1))
		lab_command(run, "kill -ALRM %d ...", (int)first.tid);
}

/* Connects COUNT clients, which each say a line. A server sends signals of its
 * own to its first workers, so a client may be lost already. */
static bool
connect_all(struct lab_run *run, const struct lab_server *server, size_t count,
    struct lab_clients *clients)
{
	clients->count = 0;
	while (clients->count < count) {
		int fd = lab_connect(run, server);

		if (fd < 0)
			return false;
		clients->fds[clients->count++] = fd;
	}
	lab_clients_ask(clients, LAB_TIMEOUT_MS);
	return true;
}

/* How many of COUNT clients get no answer any more after their workers were
 * woken; -1: the run is over. */
static int
count_lost(struct lab_run *run, const struct lab_server *server, size_t count)
{
	struct lab_clients clients = {0};
	int lost = -1;

	if (connect_all(run, server, count, &clients)) {
		say_kill(run, server);
		for (int i = 0; i < ROUNDS; i++)
			wake_all(run, server);
		lost = (int)(count - lab_clients_ask(&clients, LAB_TIMEOUT_MS));
	}
	lab_clients_close(&clients);
	return lost;
}

/* ---- run ---- */

static void
eintr_model(struct lab_run *run, const char *model, const char *program)
{
	const struct lab_plan plan = {
	    .model = model, .program = program, .options = "--quiet"};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	size_t clients = lab_number(run, "clients");
	int lost = -1;

	if (server) {
		lab_talk_command(run, server, clients,
		    "(echo hello; sleep 1; echo still there)");
		lost = count_lost(run, server, clients);
	}
	if (lost < 0)
		return;
	lab_fact(run, lost, "%s.%s_lost", model, program ? "bug" : "shipped");
	lab_say(run, "clients that lost their connection: %d of %zu",
	    "%d / %zu 个客户端失去连接", lost, clients);
	lab_server_stop(run, server);
}

static void
run_eintr(struct lab_run *run)
{
	const char *programs[2];

	if (!lab_bug_build(run, programs))
		return;
	for (size_t i = 0; run->models[i]; i++) {
		eintr_model(run, run->models[i], programs[i]);
		eintr_model(run, run->models[i], NULL);
	}
}

/* ---- judge ---- */

static void
judge_eintr(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];
	double clients = lab_value(facts, "clients");

	lab_models(facts, models);
	judgement->shown = models[0];
	for (const char **model = models; *model; model++)
		judgement->shown &=
		    lab_value(facts, "%s.bug_lost", *model) == clients &&
		    lab_value(facts, "%s.shipped_lost", *model) == 0;
	judgement->answer = judgement->shown ? 'A' : 0;
	if (judgement->shown)
		lab_because(judgement,
		    "all %.0f clients are lost: EINTR is no error of the "
		    "connection",
		    "全部 %.0f 个客户端断开：EINTR 不是连接的错误", clients);
	else
		lab_because(judgement,
		    "expected: with the bug all %.0f clients are lost, without "
		    "it none",
		    "预期：有缺陷时全部 %.0f "
		    "个客户端断开，没有缺陷时一个也不断开",
		    clients);
}

/* ---- draw ---- */

static void
draw_eintr(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];

	lab_models(facts, models);
	lab_bars(picture, false,
	    lab_words(picture,
		"clients that are lost after a signal to each worker",
		"向每个 worker 发送一个信号后断开的客户端"));
	for (const char **model = models; *model; model++) {
		lab_bar(picture, "bad", lab_value(facts, "%s.bug_lost", *model),
		    lab_words(picture, "server_%s, EINTR is an error",
			"server_%s，把 EINTR 当错误"),
		    *model);
		lab_bar(picture, *model,
		    lab_value(facts, "%s.shipped_lost", *model),
		    lab_words(picture, "server_%s, EINTR: try again",
			"server_%s，EINTR 则重试"),
		    *model);
	}
}

/* ---- check ---- */

enum { CLIENTS = 12, IDLE_END_MS = 5000 };

static struct lab_server *
start(struct lab_run *run, const char *model, const char *program,
    const char *options)
{
	const struct lab_plan plan = {
	    .model = model, .program = program, .options = options};

	return lab_server_start_plan(run, &plan);
}

static void
judge_signals(struct lab_run *run, const char *model, const char *program)
{
	struct lab_server *server = start(run, model, program, "--quiet");
	int lost = server ? count_lost(run, server, CLIENTS) : -1;

	if (lost < 0)
		return;
	lab_require(run, lost == 0,
	    "server_%s: %d of %d clients are lost after %d signals to each "
	    "worker",
	    "server_%s：向每个 worker 发送信号后，%d 个客户端断开，共 %d "
	    "个（每个"
	    "%d 次信号）",
	    model, lost, CLIENTS, ROUNDS);
	lab_server_stop(run, server);
}

/* The signals are there for a reason: a worker must still see that its client
 * has been silent for too long, and not before. */
static void
judge_timeout(struct lab_run *run, const char *model, const char *program)
{
	struct lab_server *server =
	    start(run, model, program, "--quiet --idle-timeout 1s");
	struct lab_clients one = {0};
	uint64_t begun;
	bool ends, early;

	begun = now_ns();
	if (server && connect_all(run, server, 1, &one)) {
		ends = lab_sees_end(one.fds[0], IDLE_END_MS);
		early = now_ns() - begun < NS_PER_S / 2;
		lab_require(run, ends && !early,
		    "server_%s: a silent client is closed at its idle timeout, "
		    "not before and not never",
		    "server_%s：静默的客户端在空闲超时时被关闭，"
		    "既不提前，也不会永不关闭",
		    model);
	}
	lab_clients_close(&one);
	if (server)
		lab_server_stop(run, server);
}

static void
check_eintr(struct lab_run *run, const char *model, const char *program)
{
	judge_signals(run, model, program);
	if (!lab_is_over(run))
		judge_timeout(run, model, program);
}

const struct lab lab_eintr = {
    .name = "eintr",
    .minutes = 15,
    .needs_sources = true,
    .parameters = {{"clients", 20, {10, 12, 15, 18, 24, 30}, NULL}},
    .run = run_eintr,
    .judge = judge_eintr,
    .draw = draw_eintr,
    .check = check_eintr,
};
