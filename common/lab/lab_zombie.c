/* SPDX-License-Identifier: MIT */
/*
 * lab_zombie: pending signals merge.
 *
 * The bug collects one child for each SIGCHLD. The run makes the merge certain:
 * the server is stopped (SIGSTOP) while its children end, so exactly one
 * SIGCHLD is pending when it goes on. Threads end in the same way, but announce
 * it through a pipe, which keeps every message.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/lab/lab_clients.h"
#include "common/lab/workshop.h"

enum { BURSTS = 3, MOST_WORKERS = 512 };

/* ---- a burst ---- */

static size_t
count_zombies(const struct lab_server *server)
{
	static struct lab_worker workers[MOST_WORKERS];
	size_t count = lab_server_workers(server, workers, MOST_WORKERS);
	size_t zombies = 0;

	for (size_t i = 0; i < count && i < MOST_WORKERS; i++)
		zombies += workers[i].state == 'Z';
	return zombies;
}

/* Waits until all workers have ended: they are zombies or gone. A thread cannot
 * end while its process is stopped; then there is nothing to wait for. */
static bool
await_ended(struct lab_run *run, const struct lab_server *server)
{
	uint64_t deadline = now_ns() + LAB_TIMEOUT_MS * NS_PER_MS;

	if (strcmp(server->model, "thread") == 0)
		return true;
	while (lab_server_workers(server, NULL, 0) > count_zombies(server)) {
		if (!lab_wait_ms(run, 2))
			return false;
		if (now_ns() > deadline) {
			lab_cannot(run, "children do not end within 10 s",
			    "10 秒内子进程没有结束");
			return false;
		}
	}
	return true;
}

/* Waits until none of the workers, BEFORE in number, is left; or, once the
 * server has collected one, until it collects none for a second (LAB_TIMEOUT_MS
 * before the first one). */
static void
await_settled(
    struct lab_run *run, const struct lab_server *server, size_t before)
{
	size_t left;
	uint64_t since = now_ns(), wait = LAB_TIMEOUT_MS * NS_PER_MS;

	while ((left = lab_server_workers(server, NULL, 0)) > 0) {
		if (left != before) {
			since = now_ns();
			wait = NS_PER_S;
		}
		before = left;
		if (now_ns() - since >= wait || !lab_wait_ms(run, 10))
			return;
	}
}

/* COUNT clients come and leave together while the server is stopped. Returns
 * how many zombies stay, or -1: the run is over. */
static int
burst(struct lab_run *run, struct lab_server *server, size_t count)
{
	struct lab_clients clients = {0};
	size_t workers;
	bool ok;

	lab_talk_command(run, server, count, "(echo hello; sleep 1)");
	ok = lab_clients_open(run, server, count, &clients) &&
	     lab_server_signal(run, server, server->pid, SIGSTOP);
	workers = lab_server_workers(server, NULL, 0);
	lab_clients_close(&clients);
	ok = ok && await_ended(run, server) &&
	     lab_server_signal(run, server, server->pid, SIGCONT);
	if (!ok)
		return -1;
	await_settled(run, server, workers);
	return (int)count_zombies(server);
}

/* ---- run ---- */

static void
note_ledger(struct lab_run *run, const struct lab_server *server)
{
	struct ledger_view ledger;

	if (!lab_server_ledger(server, &ledger))
		return;
	lab_fact(run, (double)ledger.served, "%s.collected", server->model);
	lab_fact(run, (double)ledger.accepted, "%s.accepted", server->model);
}

static void
zombie_model(struct lab_run *run, const char *model, const char *program)
{
	const struct lab_plan plan = {.model = model,
	    .program = program,
	    .options = "--quiet --drain-timeout 1s",
	    .trace = strcmp(model, "fork") == 0};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	size_t count = lab_number(run, "children");

	if (!server)
		return;
	for (size_t i = 1; i <= BURSTS; i++) {
		int zombies = burst(run, server, count);

		if (zombies < 0)
			return;
		lab_fact(run, zombies, "%s.zombies%zu", model, i);
		lab_say(run, "burst %zu: %zu workers have ended, %d zombies",
		    "第 %zu 轮：%zu 个 worker 已结束，%d 个僵尸进程", i, count,
		    zombies);
	}
	lab_server_stop(run, server);
	note_ledger(run, server);
}

static void
run_zombie(struct lab_run *run)
{
	const char *programs[2];

	if (!lab_bug_build(run, programs))
		return;
	for (size_t i = 0; run->models[i]; i++)
		zombie_model(run, run->models[i], programs[i]);
}

/* ---- judge ---- */

static bool
as_expected(const struct lab_facts *facts, const char *model)
{
	double children = lab_value(facts, "children");
	double stays = strcmp(model, "fork") == 0 ? children - 1 : 0;
	bool so = lab_value(facts, "%s.accepted", model) == BURSTS * children &&
		  lab_value(facts, "%s.collected", model) ==
		      BURSTS * (children - stays);

	for (size_t i = 1; i <= BURSTS; i++)
		so &= lab_value(facts, "%s.zombies%zu", model, i) ==
		      (double)i * stays;
	return so;
}

static void
judge_zombie(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];
	double children = lab_value(facts, "children");

	lab_models(facts, models);
	judgement->shown = models[0];
	for (const char **model = models; *model; model++)
		judgement->shown &= as_expected(facts, *model);
	judgement->answer = judgement->shown ? 'B' : 0;
	if (judgement->shown)
		lab_because(judgement,
		    "%.0f children leave one pending SIGCHLD: one is collected",
		    "%.0f 个子进程只留下一个待处理的 SIGCHLD：只回收一个",
		    children);
	else
		lab_because(judgement,
		    "expected: each burst leaves %.0f zombies with fork, and "
		    "nothing with threads",
		    "预期：每一轮 fork 留下 %.0f "
		    "个僵尸进程，线程不留下任何东西",
		    children - 1);
}

/* ---- draw ---- */

static void
draw_zombie(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];

	lab_models(facts, models);
	lab_bars(picture, false,
	    lab_words(
		picture, "zombies after each burst", "每一轮之后的僵尸进程"));
	for (const char **model = models; *model; model++)
		for (size_t i = 1; i <= BURSTS; i++)
			lab_bar(picture,
			    strcmp(*model, "fork") == 0 ? "bad" : *model,
			    lab_value(facts, "%s.zombies%zu", *model, i),
			    lab_words(picture, "server_%s, burst %zu",
				"server_%s，第 %zu 轮"),
			    *model, i);
	lab_bars(picture, false,
	    lab_words(picture, "workers that the server has collected",
		"服务器已回收的 worker"));
	for (const char **model = models; *model; model++) {
		double collected = lab_value(facts, "%s.collected", *model);

		lab_bar(picture, *model, collected, "server_%s", *model);
		lab_bar_says(picture,
		    lab_words(picture, "%.0f of %.0f", "%.0f / %.0f"),
		    collected, lab_value(facts, "%s.accepted", *model));
	}
	if (lab_has(facts, "fork.zombies1"))
		lab_timeline(picture, "fork",
		    lab_words(picture,
			"server_fork: most children end, and stay",
			"server_fork：多数子进程结束后仍然留着"));
}

/* ---- check ---- */

enum { CHILDREN = 40 };

static void
judge_ledger(struct lab_run *run, struct lab_server *server, bool collected)
{
	struct ledger_view ledger = {0};
	bool exact;

	if (!collected) /* the ledger cannot be right either */
		return;
	lab_server_stop(run, server);
	exact = lab_server_ledger(server, &ledger) && !ledger.active &&
		ledger.accepted == BURSTS * CHILDREN &&
		ledger.served == ledger.accepted;
	lab_require(run, exact,
	    "server_%s: the ledger knows how each worker ended: %llu of %d "
	    "served",
	    "server_%s：账本知道每个 worker 如何结束：%llu 个已服务，共 %d 个",
	    server->model, (unsigned long long)ledger.served,
	    BURSTS * CHILDREN);
}

static void
check_zombie(struct lab_run *run, const char *model, const char *program)
{
	const struct lab_plan plan = {.model = model,
	    .program = program,
	    .options = "--quiet --drain-timeout 1s"};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	int zombies = 0;

	for (int i = 0; server && i < BURSTS && zombies == 0; i++)
		zombies = burst(run, server, CHILDREN);
	if (!server || zombies < 0)
		return;
	lab_require(run, zombies == 0,
	    "server_%s: %d workers end together, %d zombies stay",
	    "server_%s：%d 个 worker 同时结束，留下 %d 个僵尸进程", model,
	    CHILDREN, zombies);
	judge_ledger(run, server, zombies == 0);
	lab_server_stop(run, server);
}

static uint64_t
all_but_one(const uint64_t *values)
{
	return values[0] - 1;
}

const struct lab lab_zombie = {
    .name = "zombie",
    .minutes = 20,
    .needs_sources = true,
    .parameters = {{"children", 50, {30, 35, 40, 45, 55, 60}, NULL},
	{"left", 49, {0}, all_but_one}},
    .run = run_zombie,
    .judge = judge_zombie,
    .draw = draw_zombie,
    .check = check_zombie,
};
