/* SPDX-License-Identifier: MIT */
/*
 * lab_orphan: a worker is killed while it holds a lock. Under fork the lock
 * stays taken; of threads none is left that could wait.
 *
 * A worker that holds the lock sleeps for --race-window, and /proc shows that
 * it sleeps. So it is killed inside.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/lab/lab_count.h"
#include "common/lab/lab_orphan_mutex.h"
#include "common/lab/lab_waits.h"
#include "common/lab/workshop.h"

enum {
	HOLDER,	      /* the client whose worker is killed */
	STEP_MS = 60, /* with all clients, a small part of --race-window */
	ENDS_MS = 300,
	BLOCKED_MS = 1500, /* a lock that is free is taken in microseconds */
	CHECK_KILLS = 3,
	CHECK_SILENCE_MS = 3000,
};

#define SETTLE_NS (400 * NS_PER_MS)

/* ---- the experiment ---- */

static void
send_to_all(struct lab_count *count, unsigned first)
{
	for (unsigned i = first; i < count->clients; i++)
		lab_count_send(count, i, "x\n", 1);
}

/* The worker has read the line, and is in the window. Where /proc does not show
 * it, this time should do. */
static bool
await_holder(struct lab_run *run, const struct lab_worker *worker)
{
	uint64_t deadline = now_ns() + SETTLE_NS;

	while (!lab_waits_for_time(worker) && now_ns() < deadline) {
		if (!lab_wait_ms(run, 1))
			return false;
	}
	return true;
}

/* Returns how many of the other clients are at their end. */
static unsigned
count_ends(const struct lab_count *count)
{
	unsigned ends = 0;

	for (unsigned i = HOLDER + 1; i < count->clients; i++)
		ends += count->fd[i] < 0 || lab_sees_end(count->fd[i], 0);
	return ends;
}

/* Returns how many wait for TID. */
static unsigned
count_waiters(const struct lab_count *count, pid_t tid)
{
	struct lab_wait wait;
	unsigned waiters = 0;

	for (unsigned i = HOLDER + 1; i < count->clients; i++)
		waiters += lab_waits_for(&count->worker[i], &wait) &&
			   wait.holder == tid;
	return waiters;
}

static void
note_outcome(
    struct lab_run *run, struct lab_server *server, struct lab_count *count)
{
	bool ended = lab_server_await_end(server, 0);
	unsigned others = count->clients - 1;

	lab_fact(run, count->answers, "%s.answered", server->model);
	lab_fact(run, ended, "%s.server_ended", server->model);
	lab_say(run, "server_%s: %u of %u other clients are answered",
	    "server_%s：%u / %u 个其他客户端得到回答", server->model,
	    count->answers, others);
	if (ended) {
		lab_fact(run, count_ends(count), "%s.closed", server->model);
		return;
	}
	lab_fact(run, count_waiters(count, count->worker[HOLDER].tid),
	    "%s.wait_for_the_dead", server->model);
	lab_talk_command(run, server, 0, "echo x");
	lab_fact(run, (double)lab_count_one_more(run, server, BLOCKED_MS),
	    "%s.one_more", server->model);
}

static void
kill_holder(
    struct lab_run *run, struct lab_server *server, struct lab_count *count)
{
	const struct lab_worker *holder = &count->worker[HOLDER];

	lab_talk_command(run, server, 1, "echo x");
	lab_count_send(count, HOLDER, "x\n", 1);
	if (!await_holder(run, holder))
		return;
	lab_talk_command(run, server, count->clients - 1, "echo x");
	/* One after the other, so that the picture shows them. */
	for (unsigned i = HOLDER + 1; i < count->clients; i++) {
		lab_count_send(count, i, "x\n", 1);
		if (!lab_wait_ms(run, STEP_MS))
			return;
	}
	if (!lab_server_signal(run, server, holder->pid, SIGKILL))
		return;
	lab_server_await_end(server, ENDS_MS);
	lab_count_read(run, count, 1, BLOCKED_MS);
	note_outcome(run, server, count);
}

static const struct {
	const char *key, *en, *zh;
} KINDS[ORPHAN_KINDS] = {
    {"plain", "a plain mutex", "普通互斥锁"},
    {"robust", "a robust mutex, made consistent", "健壮互斥锁，已恢复一致"},
    {"unrepaired", "a robust mutex, not made consistent",
	"健壮互斥锁，未恢复一致"},
};

/* Without a server: a forked child is killed, a thread returns, and each had
 * the mutex. */
static void
lose_mutexes(struct lab_run *run, const char *model)
{
	struct orphan_errors errors;

	for (enum orphan_kind kind = 0; kind < ORPHAN_KINDS; kind++) {
		if (lab_is_over(run))
			return;
		if (!orphan_mutex(kind, strcmp(model, "fork") == 0, &errors)) {
			lab_cannot(
			    run, "cannot start a worker", "无法启动 worker");
			return;
		}
		lab_fact(
		    run, errors.next, "%s.%s.next", model, KINDS[kind].key);
		lab_fact(
		    run, errors.after, "%s.%s.after", model, KINDS[kind].key);
	}
}

static void
run_orphan(struct lab_run *run)
{
	const char *programs[2];

	if (!lab_bug_build(run, programs))
		return;
	for (size_t i = 0; run->models[i]; i++) {
		struct lab_plan plan = {.model = run->models[i],
		    .program = programs[i],
		    .trace = true,
		    .options = "--service counter:unlocked "
			       "--drain-timeout 100ms --race-window 3s"};
		struct lab_server *server = lab_server_start_plan(run, &plan);
		struct lab_count count = {0};

		if (!server)
			return;
		if (lab_count_connect(run, server, &count,
			(unsigned)lab_number(run, "others") + 1))
			kill_holder(run, server, &count);
		lab_timeline_ends(server, now_ns());
		lab_count_close(&count);
		lab_server_stop(run, server);
		lose_mutexes(run, run->models[i]);
	}
}

/* ---- what it shows ---- */

/* What the two locks after the holder's death return. */
static bool
returns(const struct lab_facts *facts, const char *model, const char *kind,
    int next, int after)
{
	return lab_value(facts, "%s.%s.next", model, kind) == next &&
	       lab_value(facts, "%s.%s.after", model, kind) == after;
}

static bool
is_as_explained(const struct lab_facts *facts, const char *model)
{
	bool ends = strcmp(model, "thread") == 0;

	return lab_value(facts, "%s.answered", model) == 0 &&
	       lab_value(facts, "%s.server_ended", model) == ends &&
	       returns(facts, model, "plain", ETIMEDOUT, ETIMEDOUT) &&
	       returns(facts, model, "robust", EOWNERDEAD, 0) &&
	       returns(facts, model, "unrepaired", EOWNERDEAD, ENOTRECOVERABLE);
}

static char
answer_of(const struct lab_facts *facts)
{
	double answered = lab_value(facts, "fork.answered");

	if (answered == lab_value(facts, "others"))
		return 'A';
	if (answered == 1)
		return 'B';
	if (answered != 0)
		return 0;
	return lab_value(facts, "fork.server_ended") == 0 ? 'C' : 'D';
}

static void
judge_orphan(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];

	lab_models(facts, models);
	judgement->shown = models[0];
	for (size_t i = 0; models[i]; i++)
		judgement->shown &= is_as_explained(facts, models[i]);
	if (lab_has(facts, "fork.answered"))
		judgement->answer = answer_of(facts);
	if (judgement->shown)
		lab_because(judgement,
		    "a forked child that is killed leaves its lock taken; of "
		    "threads none is left that could wait",
		    "子进程带着锁死去；而线程全部随进程消失，没有谁在等待");
	else
		lab_because(judgement,
		    "expected: no client is answered, the thread server ends "
		    "and the fork server does not, and only a robust mutex "
		    "tells of its holder's death",
		    "预期：没有客户端得到回答；thread 服务器终止而 fork "
		    "服务器不终止；只有健壮互斥锁会报告持有者的死亡");
}

static void
draw_others(const struct lab_facts *facts, const char *const *models,
    struct lab_picture *picture)
{
	lab_table(picture, 4,
	    lab_words(picture,
		"the other clients, after the holder of the lock was killed",
		"锁的持有者被杀死之后，其他客户端"));
	lab_cells(picture, NULL, "%s",
	    lab_words(picture, "server|answered|wait for the dead|closed",
		"服务器|得到回答|等待已死的持有者|连接断开"));
	for (size_t i = 0; models[i]; i++) {
		double waiting =
		    lab_value(facts, "%s.wait_for_the_dead", models[i]);
		double closed = lab_value(facts, "%s.closed", models[i]);

		lab_cells(picture, models[i], "server_%s|%.0f|%.0f|%.0f",
		    models[i], lab_value(facts, "%s.answered", models[i]),
		    waiting > 0 ? waiting : 0, closed > 0 ? closed : 0);
	}
}

/* "0", "EOWNERDEAD". */
static const char *
error_name(double error)
{
	const char *name = error > 0 ? strerrorname_np((int)error) : NULL;

	return error == 0 ? "0" : name ? name : "?";
}

static void
draw_mutexes(const struct lab_facts *facts, const char *const *models,
    struct lab_picture *picture)
{
	lab_table(picture, 3,
	    lab_words(picture,
		"a mutex whose holder has died (thread: returned; fork: "
		"killed)",
		"持有者已经消失的互斥锁（thread：返回；fork：被杀死）"));
	lab_cells(picture, NULL, "%s",
	    lab_words(picture, "mutex|the next lock|the one after it",
		"互斥锁|下一次加锁|再下一次加锁"));
	for (size_t i = 0; models[i]; i++) {
		for (enum orphan_kind kind = 0; kind < ORPHAN_KINDS; kind++) {
			const char *key = KINDS[kind].key;

			lab_cells(picture, models[i], "%s: %s|%s|%s", models[i],
			    lab_words(picture, KINDS[kind].en, KINDS[kind].zh),
			    error_name(
				lab_value(facts, "%s.%s.next", models[i], key)),
			    error_name(lab_value(
				facts, "%s.%s.after", models[i], key)));
		}
	}
}

static void
draw_orphan(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];
	char title[LAB_TEXT];

	lab_models(facts, models);
	draw_others(facts, models, picture);
	draw_mutexes(facts, models, picture);
	for (size_t i = 0; models[i]; i++) {
		snprintf(title, sizeof(title),
		    lab_words(picture, "the workers of server_%s",
			"server_%s 的 worker"),
		    models[i]);
		lab_timeline(picture, models[i], title);
	}
}

/* ---- the repair ---- */

/* All clients from number FIRST on are answered LINES lines. */
static void
require_answers(struct lab_run *run, struct lab_count *count, unsigned first,
    unsigned lines)
{
	unsigned answered = 0;

	lab_count_read(run, count, lines, CHECK_SILENCE_MS);
	for (unsigned i = first; i < count->clients; i++)
		answered += count->answered[i];
	lines *= count->clients - first;
	lab_require(run, answered == lines, "%u of %u lines are answered",
	    "%u 行得到回答，共 %u 行", answered, lines);
	lab_require(run, count->distinct == count->answers,
	    "%u different numbers in %u answers", "%u 个不同的数，%u 个回答",
	    count->distinct, count->answers);
}

/* Until a worker waits for the one that is to be killed. There may be a repair
 * in which none ever waits. */
static bool
await_waiter(struct lab_run *run, const struct lab_count *count)
{
	uint64_t deadline = now_ns() + SETTLE_NS;

	while (!count_waiters(count, count->worker[HOLDER].tid) &&
	       now_ns() < deadline) {
		if (!lab_wait_ms(run, 1))
			return false;
	}
	return true;
}

/* Kills the holder of the lock while others want it; then they count on. */
static void
check_kill(struct lab_run *run, struct lab_server *server)
{
	unsigned clients = (unsigned)lab_number(run, "others") + 1;
	struct lab_count count = {0};

	if (lab_count_connect(run, server, &count, clients)) {
		lab_count_send(&count, HOLDER, "x\n", 1);
		await_holder(run, &count.worker[HOLDER]);
		send_to_all(&count, HOLDER + 1);
		await_waiter(run, &count);
		lab_server_signal(
		    run, server, count.worker[HOLDER].pid, SIGKILL);
		send_to_all(&count, HOLDER + 1);
		require_answers(run, &count, HOLDER + 1, 2);
	}
	lab_count_close(&count);
	if (count.answers)
		lab_server_await_workers(run, server, 0);
}

/* Threads cannot be killed alone. */
static void
check_count(struct lab_run *run, struct lab_server *server)
{
	unsigned clients = (unsigned)lab_number(run, "others") + 1;
	struct lab_count count = {0};

	if (lab_count_connect(run, server, &count, clients)) {
		send_to_all(&count, HOLDER);
		require_answers(run, &count, HOLDER, 1);
	}
	lab_count_close(&count);
}

static void
check_orphan(struct lab_run *run, const char *model, const char *program)
{
	/* By the amplifier, a lock is held for 10 ms at least. */
	struct lab_plan plan = {
	    .model = model,
	    .program = program,
	    .before = "PERCONN_WINDOW_US=10000 ",
	    .options = "--service counter --drain-timeout 100ms",
	};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	bool fork = strcmp(model, "fork") == 0;
	unsigned before = run->unmet;

	if (!server)
		return;
	if (!fork)
		check_count(run, server);
	for (int i = 0; fork && i < CHECK_KILLS && run->unmet == before; i++)
		check_kill(run, server);
	lab_server_stop(run, server);
}

const struct lab lab_orphan = {
    .name = "orphan",
    .minutes = 20,
    .needs_sources = true,
    .parameters = {{"others", 4, {3, 5, 6, 7}, NULL}},
    .run = run_orphan,
    .judge = judge_orphan,
    .draw = draw_orphan,
    .check = check_orphan,
};
