/* SPDX-License-Identifier: MIT */
/*
 * lab_stdio: fork() copies what stdio has not written yet.
 *
 * The bug prints a line for each connection before it starts the worker, and
 * lets the child leave by exit(), which writes the copied buffer. Standard
 * output is a file here, so stdio collects lines until its buffer is full or
 * the process exits: the number of lines can be computed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/lab/lab_clients.h"
#include "common/lab/workshop.h"

enum { MOST_CONNECTIONS = 600 };

/* How often standard output says "connection I", at [I]; at [0]: such lines in
 * all, also of other numbers. */
struct lines {
	size_t count[MOST_CONNECTIONS + 1];
};

/* ---- a server and its standard output ---- */

static void
read_lines(const struct lab_server *server, struct lines *lines)
{
	static char text[1 << 20];
	ssize_t n = pread(server->ledger, text, sizeof(text) - 1, 0);

	memset(lines, 0, sizeof(*lines));
	text[n > 0 ? n : 0] = '\0';
	for (char *at = text; (at = strstr(at, "connection ")); at++) {
		unsigned long number = strtoul(at + 11, NULL, 10);

		lines->count[0]++;
		if (number >= 1 && number <= MOST_CONNECTIONS)
			lines->count[number]++;
	}
}

/* COUNT clients come and leave; then the server stops. */
static bool
serve(struct lab_run *run, const char *model, const char *program, size_t count,
    struct lines *lines)
{
	/* The ledger would stand among the lines. */
	const struct lab_plan plan = {.model = model,
	    .program = program,
	    .options = "--quiet --ledger /dev/null"};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	struct lab_clients some = {0};
	/* Several children write at once. Unlike a file on a disk, this file in
	 * memory has an offset that no lock guards. */
	bool ok = server && fcntl(server->ledger, F_SETFL, O_APPEND) == 0;

	for (size_t left = count, now; ok && left > 0; left -= now) {
		now = left < LAB_CLIENTS ? left : LAB_CLIENTS;
		lab_talk_command(run, server, now, "echo hello");
		ok = lab_clients_open(run, server, now, &some);
		lab_clients_close(&some);
	}
	if (!ok || !lab_server_await_workers(run, server, 0))
		return false;
	lab_server_stop(run, server);
	read_lines(server, lines);
	return true;
}

/* ---- run ---- */

static void
stdio_model(struct lab_run *run, const char *model, const char *program)
{
	size_t clients = lab_number(run, "clients");
	static struct lines lines;

	if (!serve(run, model, program, clients, &lines))
		return;
	lab_fact(run, (double)lines.count[0], "%s.lines", model);
	for (size_t i = 1; i <= clients; i++)
		lab_fact(run, (double)lines.count[i], "%s.line%zu", model, i);
	lab_say(run, "%zu clients, %zu lines in the file",
	    "%zu 个客户端，文件里有 %zu 行", clients, lines.count[0]);
}

static void
run_stdio(struct lab_run *run)
{
	const char *programs[2];

	if (!lab_bug_build(run, programs))
		return;
	for (size_t i = 0; run->models[i]; i++)
		stdio_model(run, run->models[i], programs[i]);
}

/* ---- judge ---- */

/* Child I writes lines 1 to I, the parent all of them at its end. */
static double
expected(const struct lab_facts *facts, const char *model, size_t line)
{
	double clients = lab_value(facts, "clients");

	if (strcmp(model, "thread") == 0)
		return 1;
	return clients - (double)line + 2;
}

static bool
as_expected(const struct lab_facts *facts, const char *model)
{
	size_t clients = (size_t)lab_value(facts, "clients");
	double all = 0;
	bool so = true;

	for (size_t i = 1; i <= clients; i++) {
		so &= lab_value(facts, "%s.line%zu", model, i) ==
		      expected(facts, model, i);
		all += expected(facts, model, i);
	}
	return so && lab_value(facts, "%s.lines", model) == all;
}

static void
judge_stdio(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];

	lab_models(facts, models);
	judgement->shown = models[0];
	for (const char **model = models; *model; model++)
		judgement->shown &= as_expected(facts, *model);
	judgement->answer = judgement->shown ? 'C' : 0;
	if (judgement->shown)
		lab_because(judgement,
		    "each child writes again what its parent has not written "
		    "yet",
		    "每个子进程都会再写一遍父进程尚未写出的内容");
	else
		lab_because(judgement,
		    "expected: %.0f lines with threads, %.0f with fork",
		    "预期：线程 %.0f 行，fork %.0f 行",
		    lab_value(facts, "clients"), lab_value(facts, "lines"));
}

/* ---- draw ---- */

static void
draw_stdio(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];
	size_t clients = (size_t)lab_value(facts, "clients");

	lab_models(facts, models);
	lab_bars(picture, false,
	    lab_words(picture, "how often each line is in the file",
		"每一行在文件中出现的次数"));
	for (const char **model = models; *model; model++)
		for (size_t i = 1; i <= clients; i++)
			lab_bar(picture, *model,
			    lab_value(facts, "%s.line%zu", *model, i),
			    "server_%s, connection %zu", *model, i);
}

/* ---- check ---- */

/* Few clients; and so many that their lines fill stdio's buffer. */
static const size_t CLIENTS[] = {3, MOST_CONNECTIONS};

/* Whether each connection has its line TIMES times, and there is no other. */
static bool
are_all(const struct lines *lines, size_t clients, size_t times)
{
	bool all = lines->count[0] == times * clients;

	for (size_t i = 1; i <= clients; i++)
		all &= lines->count[i] == times;
	return all;
}

/* The shipped servers print no lines, which is right if both of them print
 * none. A server alone cannot be silent about what the other one prints. */
static bool
may_be_silent(const struct lab_run *run)
{
	return !(lab_value(&run->facts, "thread.lines") > 0 ||
		 lab_value(&run->facts, "fork.lines") > 0);
}

static void
check_stdio(struct lab_run *run, const char *model, const char *program)
{
	static struct lines lines;

	for (size_t i = 0; i < 2; i++) {
		size_t clients = CLIENTS[i];

		if (!serve(run, model, program, clients, &lines))
			return;
		lab_require(run,
		    are_all(&lines, clients, 1) ||
			(are_all(&lines, clients, 0) && may_be_silent(run)),
		    "server_%s: %zu clients, %zu lines in the file: each "
		    "connection once",
		    "server_%s：%zu 个客户端，文件里有 %zu 行：每个连接一行",
		    model, clients, lines.count[0]);
		lab_fact(run, (double)lines.count[0], "%s.lines", model);
	}
}

static uint64_t
twice(const uint64_t *values)
{
	return 2 * values[0];
}

static uint64_t
all_lines(const uint64_t *values)
{
	return values[0] * (values[0] + 3) / 2;
}

const struct lab lab_stdio = {
    .name = "stdio",
    .minutes = 15,
    .needs_sources = true,
    .parameters = {{"clients", 4, {3, 5, 6, 7, 8}, NULL},
	{"twice", 8, {0}, twice}, {"lines", 14, {0}, all_lines}},
    .run = run_stdio,
    .judge = judge_stdio,
    .draw = draw_stdio,
    .check = check_stdio,
};
