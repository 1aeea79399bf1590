/* SPDX-License-Identifier: MIT */
/*
 * lab_lock: what the lock of the shared counter costs, beside a request, and
 * between processes as between threads.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/lab/lab_count.h"
#include "common/lab/lab_lock_cost.h"

enum { REQUESTS = 3000, CHECK_LINES = 25, CHECK_SILENCE_MS = 3000 };

static const struct {
	const char *en, *zh;
} KINDS[LOCK_KINDS] = {
    {"no lock", "不加锁"},
    {"atomic addition", "原子加法"},
    {"mutex of threads", "线程的互斥锁"},
    {"mutex of processes", "进程间共享的互斥锁"},
    {"robust mutex of processes", "进程间共享的健壮互斥锁"},
    {"system call", "系统调用"},
};

/* ---- the experiment ---- */

static void
measure_kind(struct lab_run *run, enum lock_kind kind)
{
	struct lock_cost cost;

	if (!lock_cost_alone(kind, &cost)) {
		lab_cannot(run, "no memory", "内存不足");
		return;
	}
	lab_fact(run, cost.ns, "alone_ns.%s", LOCK_NAMES[kind]);
	lab_say(run, "%.1f ns: %s", "%.1f 纳秒：%s", cost.ns,
	    run->zh ? KINDS[kind].zh : KINDS[kind].en);
}

/* Two workers. A private mutex is none between processes. */
static void
measure_two(struct lab_run *run, const char *model, enum lock_kind kind)
{
	bool children = strcmp(model, "fork") == 0;
	struct lock_cost cost;

	if (lab_is_over(run) || kind == LOCK_SYSCALL ||
	    (children && kind == LOCK_PRIVATE))
		return;
	if (!lock_cost_contended(kind, children, &cost)) {
		lab_cannot(
		    run, "cannot start two workers", "无法启动两个 worker");
		return;
	}
	lab_fact(run, cost.ns, "%s.two_ns.%s", model, LOCK_NAMES[kind]);
	lab_fact(
	    run, (double)cost.lost, "%s.two_lost.%s", model, LOCK_NAMES[kind]);
}

static void
note_fastest(
    struct lab_run *run, const char *model, const char *key, uint64_t ns)
{
	lab_fact(run, (double)ns, "%s.%s_ns", model, key);
	lab_say(run, "%llu ns: the fastest request",
	    "%llu 纳秒：最快的一次请求", (unsigned long long)ns);
}

/* The fastest request of a lone client, and the numbers that came twice with
 * many. */
static void
measure_server(struct lab_run *run, const char *model, const char *service,
    const char *key)
{
	struct lab_load load = {
	    .protocol = "counter", .connections = 1, .requests = REQUESTS};
	struct lab_server *server =
	    lab_server_start(run, model, "--service %s", service);
	struct load_result result;

	if (!server || load_result_init(&result) < 0)
		return;
	if (lab_load(run, server, &load, &result))
		note_fastest(run, model, key, result.latency.min);
	load.connections = (unsigned)lab_number(run, "clients");
	load_result_clear(&result);
	if (lab_load(run, server, &load, &result))
		lab_fact(
		    run, (double)result.lost_updates, "%s.%s_lost", model, key);
	load_result_release(&result);
	lab_server_stop(run, server);
}

static void
run_lock(struct lab_run *run)
{
	lab_fact(run, (double)sysconf(_SC_NPROCESSORS_ONLN), "processors");
	lab_say(run,
	    "One addition, no other worker:", "一次加法，没有其他 worker：");
	for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++)
		measure_kind(run, kind);
	for (size_t i = 0; run->models[i]; i++) {
		for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++)
			measure_two(run, run->models[i], kind);
		measure_server(run, run->models[i], "counter", "request");
		measure_server(run, run->models[i], "counter:unlocked",
		    "unlocked_request");
	}
}

/* ---- what it shows ---- */

/* The server's lock against the mutex of threads. */
static double
ratio(const struct lab_facts *facts)
{
	return lab_value(facts, "alone_ns.robust") /
	       lab_value(facts, "alone_ns.private");
}

static bool
loses_nothing(const struct lab_facts *facts, const char *model)
{
	bool exact = lab_value(facts, "%s.request_lost", model) == 0;

	for (enum lock_kind kind = LOCK_ATOMIC; kind < LOCK_SYSCALL; kind++) {
		if (lab_has(facts, "%s.two_lost.%s", model, LOCK_NAMES[kind]))
			exact &= lab_value(facts, "%s.two_lost.%s", model,
				     LOCK_NAMES[kind]) == 0;
	}
	return exact;
}

/* Below a twentieth of the fastest request. */
static bool
is_small(const struct lab_facts *facts, const char *model)
{
	return lab_value(facts, "alone_ns.robust") * 20 <
	       lab_value(facts, "%s.request_ns", model);
}

static char
answer_of(const struct lab_facts *facts, bool small)
{
	double robust = lab_value(facts, "alone_ns.robust");

	if (!small)
		return 'A';
	if (robust < 2 * lab_value(facts, "alone_ns.none"))
		return 'D';
	return ratio(facts) < 4 ? 'B' : 'C';
}

static void
judge_lock(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];
	bool small = true;

	lab_models(facts, models);
	judgement->shown = lab_value(facts, "alone_ns.atomic") <
			   lab_value(facts, "alone_ns.private");
	for (size_t i = 0; models[i]; i++) {
		judgement->shown &= loses_nothing(facts, models[i]);
		small &= is_small(facts, models[i]);
	}
	judgement->answer = answer_of(facts, small);
	judgement->shown &= judgement->answer == 'B';
	lab_because(judgement,
	    "the server's mutex costs %.1f times a mutex of threads, and a "
	    "system call costs %.0f times that mutex",
	    "服务器的互斥锁的代价是线程互斥锁的 %.1f 倍，而一次系统调用是它的 "
	    "%.0f 倍",
	    ratio(facts),
	    lab_value(facts, "alone_ns.syscall") /
		lab_value(facts, "alone_ns.robust"));
}

static void
draw_alone(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];

	lab_bars(picture, true,
	    lab_words(picture, "one addition, in ns", "一次加法，纳秒"));
	for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++) {
		double ns = lab_value(facts, "alone_ns.%s", LOCK_NAMES[kind]);

		lab_bar(picture, NULL, ns, "%s",
		    lab_words(picture, KINDS[kind].en, KINDS[kind].zh));
		lab_bar_says(picture, "%.1f", ns);
	}
	lab_models(facts, models);
	for (size_t i = 0; models[i]; i++) {
		double ns = lab_value(facts, "%s.request_ns", models[i]);

		lab_bar(picture, models[i], ns,
		    lab_words(
			picture, "a request, server_%s", "一次请求，server_%s"),
		    models[i]);
		lab_bar_says(picture, "%.0f", ns);
	}
}

/* Two workers at once: these vary much. */
static void
draw_two(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];

	lab_table(picture, 3,
	    lab_words(picture, "two workers at once", "两个 worker 同时累加"));
	lab_cells(picture, NULL, "%s",
	    lab_words(picture, "workers and lock|ns for an addition|lost",
		"worker 与锁|每次加法（纳秒）|丢失"));
	lab_models(facts, models);
	for (size_t i = 0; models[i]; i++) {
		for (enum lock_kind kind = 0; kind < LOCK_SYSCALL; kind++) {
			const char *name = LOCK_NAMES[kind];

			if (!lab_has(facts, "%s.two_ns.%s", models[i], name))
				continue;
			lab_cells(picture, models[i],
			    lab_words(picture, "%s, %s|%.1f|%.0f",
				"%s，%s|%.1f|%.0f"),
			    models[i],
			    lab_words(picture, KINDS[kind].en, KINDS[kind].zh),
			    lab_value(facts, "%s.two_ns.%s", models[i], name),
			    lab_value(
				facts, "%s.two_lost.%s", models[i], name));
		}
	}
}

static void
draw_lock(const struct lab_facts *facts, struct lab_picture *picture)
{
	draw_alone(facts, picture);
	draw_two(facts, picture);
}

/* ---- the repair ---- */

static void
require_exact(
    struct lab_run *run, struct lab_server *server, struct lab_count *count)
{
	unsigned lines = count->clients * CHECK_LINES;
	uint64_t told;

	for (unsigned i = 0; i < count->clients; i++)
		lab_count_send(count, i, "x\n", CHECK_LINES);
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
check_lock(struct lab_run *run, const char *model, const char *program)
{
	struct lab_plan plan = {
	    .model = model,
	    .program = program,
	    .before = "PERCONN_WINDOW_US=1000 ", /* of the amplifier */
	    .options = "--service counter",
	};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	struct lab_count count = {0};

	if (!server)
		return;
	if (lab_count_connect(
		run, server, &count, (unsigned)lab_number(run, "clients")))
		require_exact(run, server, &count);
	lab_count_close(&count);
	lab_server_stop(run, server);
}

const struct lab lab_lock = {
    .name = "lock",
    .minutes = 20,
    .parameters = {{"clients", 8, {4, 5, 6, 7, 9, 10}, NULL}},
    .run = run_lock,
    .judge = judge_lock,
    .draw = draw_lock,
    .check = check_lock,
};
