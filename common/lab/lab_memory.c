/* SPDX-License-Identifier: MIT */
/*
 * lab_memory: a count in a static variable. All threads add to one, each forked
 * child to a copy of its own.
 */
#include <stdio.h>
#include <string.h>

#include "common/lab/lab_count.h"
#include "common/lab/lab_variable.h"
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

/* ---- the experiment ---- */

/* All clients send their lines at the same time, and read the answers. */
static bool
count_lines(struct lab_run *run, const struct lab_server *server,
    struct lab_count *count)
{
	unsigned lines = (unsigned)lab_number(run, "lines");
	char input[60];

	snprintf(input, sizeof(input), "yes x | head -n %u", lines);
	lab_talk_command(run, server, count->clients, input);
	for (unsigned i = 0; i < count->clients; i++) {
		if (!lab_count_send(count, i, "x\n", lines))
			return false;
	}
	lab_count_read(run, count, lines, LAB_TIMEOUT_MS);
	return !lab_is_over(run);
}

/* What a process has at ADDRESS. KEY is "fork.before.client_1", say. */
static void
look_at(struct lab_run *run, pid_t pid, uint64_t address, const char *key)
{
	uint64_t value;

	if (lab_variable_read(pid, address, &value))
		lab_fact(run, (double)value, "%s.value", key);
	lab_fact(run, lab_variable_page(pid, address), "%s.page", key);
}

/* The variable in the server and in each process of a worker. */
static void
look(struct lab_run *run, const struct lab_server *server,
    const struct lab_count *count, uint64_t address, const char *when)
{
	char key[40];

	if (!address)
		return;
	snprintf(key, sizeof(key), "%s.%s.server", server->model, when);
	look_at(run, server->pid, address, key);
	for (unsigned i = 0; i < count->clients; i++) {
		if (count->worker[i].pid == server->pid)
			continue; /* a thread: the same memory */
		snprintf(key, sizeof(key), "%s.%s.client_%u", server->model,
		    when, i + 1);
		look_at(run, count->worker[i].pid, address, key);
	}
}

/* With the bug: PROGRAM has the static variable `total`. */
static void
watch_lines(struct lab_run *run, const struct lab_server *server,
    struct lab_count *count, const char *program)
{
	uint64_t address = lab_variable_find(server->pid, program, "total");

	if (address)
		lab_fact(run, (double)address, "%s.address", server->model);
	look(run, server, count, address, "before");
	if (!count_lines(run, server, count))
		return;
	look(run, server, count, address, "after");
	for (unsigned i = 0; i < count->clients; i++)
		lab_fact(run, (double)count->last[i], "%s.static.client_%u",
		    server->model, i + 1);
}

static void
measure(struct lab_run *run, const char *model, const char *program)
{
	struct lab_plan plan = {
	    .model = model,
	    .program = program,
	    .options = "--service counter",
	};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	struct lab_count count = {0};
	uint64_t told;

	if (!server)
		return;
	if (lab_count_connect(
		run, server, &count, (unsigned)lab_number(run, "clients"))) {
		if (program)
			watch_lines(run, server, &count, program);
		else
			count_lines(run, server, &count);
	}
	lab_count_close(&count);
	lab_talk_command(run, server, 0, "echo x");
	told = lab_count_one_more(run, server, LAB_TIMEOUT_MS);
	lab_fact(run, (double)told, "%s.%s.one_more", model,
	    program ? "static" : "shared");
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

static const char *
page_words(const struct lab_picture *picture, double page)
{
	if (page == LAB_PAGE_OWN)
		return lab_words(picture, "its own", "自己的");
	if (page == LAB_PAGE_SHARED)
		return lab_words(picture, "common", "共有的");
	return "?";
}

/* The server itself (CLIENT 0), or the child that serves CLIENT. False: nothing
 * is known of it. */
static bool
draw_process(const struct lab_facts *facts, const char *model, unsigned client,
    struct lab_picture *picture)
{
	char who[20] = "server", label[40];

	if (client)
		snprintf(who, sizeof(who), "client_%u", client);
	if (!lab_has(facts, "%s.after.%s.value", model, who))
		return false;
	if (client)
		snprintf(label, sizeof(label),
		    lab_words(
			picture, "child of client %u", "客户端 %u 的子进程"),
		    client);
	else
		snprintf(label, sizeof(label), "%s",
		    lab_words(picture, "the server", "服务器"));
	lab_cells(picture, model,
	    lab_words(picture, "%s, %s|0x%llx|%.0f|%s|%s",
		"%s，%s|0x%llx|%.0f|%s|%s"),
	    model, label,
	    (unsigned long long)lab_value(facts, "%s.address", model),
	    lab_value(facts, "%s.after.%s.value", model, who),
	    page_words(
		picture, lab_value(facts, "%s.before.%s.page", model, who)),
	    page_words(
		picture, lab_value(facts, "%s.after.%s.page", model, who)));
	return true;
}

/* Which process has which memory. */
static void
draw_processes(const struct lab_facts *facts, const char *const *models,
    struct lab_picture *picture)
{
	lab_table(picture, 5,
	    lab_words(picture, "the variable in each process",
		"每个进程中的这个变量"));
	lab_cells(picture, NULL, "%s",
	    lab_words(picture,
		"process|address of total|value|page before|page after",
		"进程|total 的地址|值|写之前的页|写之后的页"));
	for (size_t i = 0; models[i]; i++) {
		unsigned client = 0;

		while (draw_process(facts, models[i], client, picture))
			client++;
	}
}

static void
draw_memory(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];

	lab_models(facts, models);
	lab_bars(picture, false,
	    lab_words(picture,
		"static variable: the last number that each client was told",
		"静态变量：每个客户端最后得到的数"));
	for (size_t i = 0; models[i]; i++)
		draw_model(facts, models[i], picture);
	if (models[0] && lab_has(facts, "%s.address", models[0]))
		draw_processes(facts, models, picture);
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
