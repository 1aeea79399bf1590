/* SPDX-License-Identifier: MIT */
/*
 * lab_deadlock: two workers take the same two locks in opposite orders. Each
 * waits for the other one, and all others wait for them.
 *
 * Between the two locks lies --race-window, so that the other worker has taken
 * its first lock meanwhile. Where the machine was too slow for that, the two
 * clients try again.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/lab/lab_count.h"
#include "common/lab/lab_waits.h"
#include "common/lab/workshop.h"

/* The clients that lock in opposite orders. */
enum { FIRST, SECOND, PAIR };

enum {
	TRIES = 10,
	BLOCKED_MS = 1200, /* a worker that answers needs a sixth of it */
	/* Few, so that a worker that backs off soon finds both locks free. */
	CHECK_CLIENTS = 4,
	CHECK_LINES = 10,
	CHECK_SILENCE_MS = 5000,
};

/* ---- the experiment ---- */

/* Returns whether both wait: no answer came. */
static bool
lock_crosswise(struct lab_run *run, const struct lab_server *server,
    struct lab_count *count)
{
	lab_talk_command(run, server, 1, "echo a");
	lab_talk_command(run, server, 1, "echo b");
	for (int i = 0; i < TRIES && !lab_is_over(run); i++) {
		unsigned before = count->answers;

		lab_count_send(count, FIRST, "a\n", 1);
		lab_count_send(count, SECOND, "b\n", 1);
		lab_count_read(run, count, 1, BLOCKED_MS);
		if (count->answers == before)
			return true;
	}
	return false;
}

/* The client whose worker is TID, from 1; 0: none. */
static unsigned
client_of(const struct lab_count *count, pid_t tid)
{
	for (unsigned i = 0; i < count->clients; i++) {
		if (tid && count->worker[i].tid == tid)
			return i + 1;
	}
	return 0;
}

/* Whom each client's worker waits for. */
static void
note_waits(
    struct lab_run *run, const char *model, const struct lab_count *count)
{
	struct lab_wait wait;

	for (unsigned i = 0; i < count->clients; i++) {
		if (lab_waits_for(&count->worker[i], &wait))
			lab_fact(run, client_of(count, wait.holder),
			    "%s.waits_for.client_%u", model, i + 1);
	}
}

/* A process can be killed alone, and both locks survive that. */
static void
kill_one(
    struct lab_run *run, struct lab_server *server, struct lab_count *count)
{
	unsigned before = count->answers;

	if (strcmp(server->model, "fork") != 0 ||
	    !lab_server_signal(run, server, count->worker[SECOND].pid, SIGKILL))
		return;
	lab_count_read(run, count, 1, LAB_TIMEOUT_MS);
	lab_fact(run, count->answers - before, "fork.freed_by_kill");
	lab_say(run, "then %u clients are answered", "随后 %u 个客户端得到回答",
	    count->answers - before);
}

static void
block(struct lab_run *run, struct lab_server *server, struct lab_count *count)
{
	bool crossed = lock_crosswise(run, server, count);
	unsigned before = count->answers;

	if (lab_is_over(run))
		return;
	lab_talk_command(run, server, count->clients - PAIR, "echo a");
	for (unsigned i = PAIR; i < count->clients; i++)
		lab_count_send(count, i, "a\n", 1);
	lab_count_read(run, count, 1, BLOCKED_MS);
	lab_fact(run, crossed, "%s.crossed", server->model);
	lab_fact(run, count->answers - before, "%s.answered", server->model);
	lab_say(run, "server_%s: %u of %u clients are answered",
	    "server_%s：%u / %u 个客户端得到回答", server->model,
	    count->answers - before, count->clients);
	note_waits(run, server->model, count);
	kill_one(run, server, count);
}

static void
run_deadlock(struct lab_run *run)
{
	const char *programs[2];

	if (!lab_bug_build(run, programs))
		return;
	for (size_t i = 0; run->models[i]; i++) {
		struct lab_plan plan = {.model = run->models[i],
		    .program = programs[i],
		    .trace = true,
		    .options = "--service counter:unlocked "
			       "--drain-timeout 100ms --race-window 100ms"};
		struct lab_server *server = lab_server_start_plan(run, &plan);
		struct lab_count count = {0};

		if (!server)
			return;
		if (lab_count_connect(run, server, &count,
			(unsigned)lab_number(run, "clients")))
			block(run, server, &count);
		lab_timeline_ends(server, now_ns());
		lab_count_close(&count);
		lab_server_stop(run, server);
	}
}

/* ---- what it shows ---- */

static char
answer_of(const struct lab_facts *facts, const char *model)
{
	double answered = lab_value(facts, "%s.answered", model);

	if (answered == 0)
		return 'C';
	if (answered == lab_value(facts, "others"))
		return 'B';
	return answered == lab_value(facts, "clients") ? 'A' : 0;
}

static void
judge_deadlock(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];

	lab_models(facts, models);
	judgement->shown = models[0];
	judgement->answer = models[0] ? answer_of(facts, models[0]) : 0;
	for (size_t i = 0; models[i]; i++) {
		judgement->shown &= lab_value(facts, "%s.crossed", models[i]) &&
				    answer_of(facts, models[i]) == 'C';
		if (answer_of(facts, models[i]) != judgement->answer)
			judgement->answer = 'D';
	}
	if (judgement->shown)
		lab_because(judgement,
		    "each of the %g clients needs a lock that one of the "
		    "first two holds",
		    "%g 个客户端都需要前两个客户端之一持有的锁",
		    lab_value(facts, "clients"));
	else
		lab_because(judgement, "some of the %g clients were answered",
		    "%g 个客户端中有一些得到了回答",
		    lab_value(facts, "clients"));
}

static void
draw_wait(const struct lab_facts *facts, const char *model, unsigned client,
    struct lab_picture *picture)
{
	double holder =
	    lab_value(facts, "%s.waits_for.client_%u", model, client);
	char whom[40] = "-";

	if (holder > 0)
		snprintf(whom, sizeof(whom),
		    lab_words(picture, "client %.0f", "客户端 %.0f"), holder);
	lab_cells(picture, client <= PAIR ? "bad" : model,
	    lab_words(picture, "%s, client %u|%s|%s", "%s，客户端 %u|%s|%s"),
	    model, client, client == PAIR ? "B, A" : "A, B", whom);
}

static void
draw_waits(const struct lab_facts *facts, const char *model,
    struct lab_picture *picture)
{
	double clients = lab_value(facts, "clients");

	lab_table(picture, 3,
	    lab_words(picture, "which worker waits for which",
		"哪个 worker 在等哪个"));
	lab_cells(picture, NULL, "%s",
	    lab_words(picture, "worker of|locks|waits for the worker of",
		"服务于|加锁顺序|所等的 worker 服务于"));
	for (unsigned i = 1; i <= clients; i++)
		draw_wait(facts, model, i, picture);
}

static void
draw_deadlock(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];
	char title[LAB_TEXT];

	lab_models(facts, models);
	for (size_t i = 0; models[i]; i++) {
		draw_waits(facts, models[i], picture);
		snprintf(title, sizeof(title),
		    lab_words(picture, "the workers of server_%s",
			"server_%s 的 worker"),
		    models[i]);
		lab_timeline(picture, models[i], title);
	}
}

/* ---- the repair ---- */

/* Half of the clients move one way, half the other way. */
static void
move_both_ways(
    struct lab_run *run, struct lab_server *server, struct lab_count *count)
{
	unsigned lines = count->clients * CHECK_LINES;
	uint64_t told;

	for (unsigned i = 0; i < count->clients; i++)
		lab_count_send(count, i, i % 2 ? "b\n" : "a\n", CHECK_LINES);
	lab_count_read(run, count, CHECK_LINES, CHECK_SILENCE_MS);
	lab_require(run, count->answers == lines, "%u of %u lines are answered",
	    "%u 行得到回答，共 %u 行", count->answers, lines);
	lab_require(run, count->distinct == count->answers,
	    "%u different numbers in %u answers", "%u 个不同的数，%u 个回答",
	    count->distinct, count->answers);
	if (count->answers < lines)
		return; /* it would not be answered, either */
	told = lab_count_one_more(run, server, CHECK_SILENCE_MS);
	lab_require(run, told == lines + 1,
	    "one more client is told %llu; %u is right",
	    "再来一个客户端得到 %llu；应为 %u", (unsigned long long)told,
	    lines + 1);
}

static void
check_deadlock(struct lab_run *run, const char *model, const char *program)
{
	struct lab_plan plan = {
	    .model = model,
	    .program = program,
	    .before = "PERCONN_WINDOW_US=500 ", /* of the amplifier */
	    .options = "--service counter --drain-timeout 100ms",
	};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	struct lab_count count = {0};

	if (!server)
		return;
	if (lab_count_connect(run, server, &count, CHECK_CLIENTS))
		move_both_ways(run, server, &count);
	lab_count_close(&count);
	lab_server_stop(run, server);
}

static uint64_t
with_the_pair(const uint64_t *values)
{
	return values[0] + PAIR;
}

const struct lab lab_deadlock = {
    .name = "deadlock",
    .minutes = 20,
    .needs_sources = true,
    .parameters = {{"others", 6, {3, 4, 5, 7, 8, 9}, NULL},
	{"clients", 8, {0}, with_the_pair}},
    .run = run_deadlock,
    .judge = judge_deadlock,
    .draw = draw_deadlock,
    .check = check_deadlock,
};
