/* SPDX-License-Identifier: MIT */
/*
 * lab_memory: a count in a static variable. All threads add to one, each forked
 * child to a copy of its own.
 */
#include <string.h>

#include "common/lab/lab_count.h"
#include "common/lab/workshop.h"

enum { CHECK_LINES = 50 };

static uint64_t
one_more_than_all(const uint64_t *values)
{
	return values[0] * values[1] + 1;
}

static uint64_t
one_more_than_one(const uint64_t *values)
{
	return values[1] + 1;
}

/* All clients send their lines at the same time, and read the answers. */
static bool
count_lines(
    struct lab_run *run, struct lab_server *server, struct lab_count *count)
{
	unsigned clients = (unsigned)lab_number(run, "clients");
	unsigned lines = (unsigned)lab_number(run, "lines");
	bool ok = lab_count_connect(run, server, count, clients);

	if (ok)
		lab_say(run, "%u clients send %u lines each",
		    "%u 个客户端各发送 %u 行", clients, lines);
	for (unsigned i = 0; ok && i < clients; i++)
		ok = lab_count_send(count, i, "x\n", lines);
	if (ok)
		lab_count_read(run, count, lines, LAB_TIMEOUT_MS);
	return ok;
}

/* ---- the experiment ---- */

static void
measure(struct lab_run *run, const char *model, const char *program)
{
	struct lab_plan plan = {
	    .model = model,
	    .program = program,
	    .options = "--service counter",
	};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	const char *which = program ? "static" : "shared";
	struct lab_count count = {0};
	uint64_t told;

	if (!server)
		return;
	if (count_lines(run, server, &count)) {
		for (unsigned i = 0; i < count.clients; i++)
			lab_fact(run, (double)count.last[i], "%s.%s.client_%u",
			    model, which, i + 1);
		lab_fact(run, count.answers, "%s.%s.lines", model, which);
	}
	lab_count_close(&count);
	told = lab_count_one_more(run, server, LAB_TIMEOUT_MS);
	lab_fact(run, (double)told, "%s.%s.one_more", model, which);
	lab_say(run, "server_%s: one more client is told %llu",
	    "server_%s：再来一个客户端得到 %llu", model,
	    (unsigned long long)told);
	lab_server_stop(run, server);
}

static void
run_memory(struct lab_run *run)
{
	const char *programs[2];

	if (!lab_bug_build(run, programs))
		return;
	for (size_t i = 0; run->models[i]; i++)
		measure(run, run->models[i], programs[i]);
	lab_say(run, "For comparison, the shipped servers:",
	    "作为对比，未改动的服务器：");
	for (size_t i = 0; run->models[i]; i++)
		measure(run, run->models[i], NULL);
}

/* ---- what it shows ---- */

/* What one more client should be told by MODEL. */
static bool
is_as_explained(const struct lab_facts *facts, const char *model)
{
	double all = lab_value(facts, "after_all");
	bool shared = strcmp(model, "thread") == 0;

	return lab_value(facts, "%s.static.one_more", model) ==
		   (shared ? all : 1) &&
	       lab_value(facts, "%s.shared.one_more", model) == all;
}

static char
answer_of(const struct lab_facts *facts)
{
	double told = lab_value(facts, "fork.static.one_more");

	if (told == 1)
		return 'B';
	if (told == lab_value(facts, "after_all"))
		return 'A';
	return told == lab_value(facts, "after_one") ? 'C' : 'D';
}

static void
judge_memory(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];

	lab_models(facts, models);
	judgement->shown = true;
	for (size_t i = 0; models[i]; i++)
		judgement->shown &= is_as_explained(facts, models[i]);
	if (lab_has(facts, "fork.static.one_more"))
		judgement->answer = answer_of(facts);
	if (judgement->shown)
		lab_because(judgement,
		    "all threads add to one variable, each forked child adds "
		    "to a copy of its own",
		    "所有线程累加同一个变量，每个子进程累加自己的副本");
	else
		lab_because(judgement,
		    "%g or 1 was expected for one more line, with the static "
		    "variable",
		    "用静态变量计数时，多发一行应得到 %g 或 1",
		    lab_value(facts, "after_all"));
}

static void
draw_model(const struct lab_facts *facts, const char *model,
    struct lab_picture *picture)
{
	double clients = lab_value(facts, "clients");

	for (unsigned i = 1; i <= clients; i++)
		lab_bar(picture, model,
		    lab_value(facts, "%s.static.client_%u", model, i),
		    lab_words(picture, "%s, client %u", "%s，客户端 %u"), model,
		    i);
	lab_bar(picture, model, lab_value(facts, "%s.static.one_more", model),
	    lab_words(picture, "%s, one more", "%s，再来一个"), model);
}

static void
draw_memory(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];

	lab_bars(picture, false,
	    lab_words(picture,
		"static variable: the last number that each client was told",
		"静态变量：每个客户端最后得到的数"));
	lab_models(facts, models);
	for (size_t i = 0; models[i]; i++)
		draw_model(facts, models[i], picture);
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
	lab_count_read(run, count, CHECK_LINES, LAB_TIMEOUT_MS);
	lab_require(run, count->answers == lines, "%u of %u lines are answered",
	    "%u 行得到回答，共 %u 行", count->answers, lines);
	lab_require(run, count->distinct == count->answers,
	    "%u different numbers in %u answers", "%u 个不同的数，%u 个回答",
	    count->distinct, count->answers);
	told = lab_count_one_more(run, server, LAB_TIMEOUT_MS);
	lab_require(run, told == lines + 1,
	    "one more client is told %llu; %u is right",
	    "再来一个客户端得到 %llu；应为 %u", (unsigned long long)told,
	    lines + 1);
}

static void
check_count(struct lab_run *run, const struct lab_plan *plan)
{
	struct lab_server *server = lab_server_start_plan(run, plan);
	struct lab_count count = {0};

	if (!server)
		return;
	if (lab_count_connect(
		run, server, &count, (unsigned)lab_number(run, "clients")))
		require_exact(run, server, &count);
	lab_count_close(&count);
	lab_server_stop(run, server);
}

/* A file would outlive the server, and its number with it. */
static void
check_new_server(struct lab_run *run, const struct lab_plan *plan)
{
	struct lab_server *server = lab_server_start_plan(run, plan);
	uint64_t told;

	if (!server)
		return;
	told = lab_count_one_more(run, server, LAB_TIMEOUT_MS);
	lab_require(run, told == 1, "a new server begins at %llu; 1 is right",
	    "新服务器从 %llu 开始；应为 1", (unsigned long long)told);
	lab_server_stop(run, server);
}

static void
check_memory(struct lab_run *run, const char *model, const char *program)
{
	struct lab_plan plan = {
	    .model = model,
	    .program = program,
	    .options = "--service counter",
	};

	check_count(run, &plan);
	check_new_server(run, &plan);
}

const struct lab lab_memory = {
    .name = "memory",
    .minutes = 15,
    .needs_sources = true,
    .parameters =
	{
	    {.name = "clients", .value = 8, .choices = {4, 5, 6, 7, 9, 10}},
	    {.name = "lines",
		.value = 1000,
		.choices = {300, 400, 500, 600, 700, 800, 900}},
	    {.name = "after_all", .value = 8001, .derive = one_more_than_all},
	    {.name = "after_one", .value = 1001, .derive = one_more_than_one},
	},
    .run = run_memory,
    .judge = judge_memory,
    .draw = draw_memory,
    .check = check_memory,
};
