/* SPDX-License-Identifier: MIT */
/*
 * lab_tour: who serves each connection: a pid, a tid and a descriptor for each.
 *
 * Each client asks its own worker (GET /who), and /proc says by which number
 * the worker's process knows the connection.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/lab/lab_server.h"

#define CONNECTIONS_MAX 16

static const char REQUEST[] = "GET /who HTTP/1.1\r\nHost: lab\r\n\r\n";

/* The number after "KEY": in the answer, which is a small JSON object. */
static bool
number_after(const char *answer, const char *key, int *number)
{
	const char *at = strstr(answer, key);

	return at && sscanf(at + strlen(key), "\":%d", number) == 1;
}

/* Skips the head of the answer, up to the line that is the object. */
static bool
ask_worker(struct lab_run *run, int fd, struct lab_worker *worker)
{
	char line[500];

	if (!lab_ask(run, fd, REQUEST, line, sizeof(line)))
		return false;
	while (line[0] != '{') {
		if (lab_receive_line(fd, line, sizeof(line), LAB_TIMEOUT_MS) <=
		    0)
			break;
	}
	if (number_after(line, "\"pid", &worker->pid) &&
	    number_after(line, "\"tid", &worker->tid))
		return true;
	lab_cannot(run, "a worker did not say which process it is",
	    "worker 没有说明自己是哪个进程");
	return false;
}

/* In the worker's process; another one may have the connection open, too. */
static void
find_descriptor(
    const struct lab_server *server, int fd, struct lab_worker *worker)
{
	struct lab_worker holders[4];
	size_t count = lab_server_holders(server, fd, holders, 4);

	worker->fd = -1;
	for (size_t i = 0; i < count && i < 4; i++) {
		if (holders[i].pid == worker->pid)
			worker->fd = holders[i].fd;
	}
}

enum which { PID, TID, FD };

static int
value_of(const struct lab_worker *worker, enum which which)
{
	return which == PID   ? worker->pid
	       : which == TID ? worker->tid
			      : worker->fd;
}

static size_t
distinct(const struct lab_worker *workers, size_t count, enum which which)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (value_of(&workers[j], which) !=
		       value_of(&workers[i], which))
			j++;
		found += j == i;
	}
	return found;
}

static void
note(struct lab_run *run, const struct lab_server *server,
    const struct lab_worker *workers, size_t count)
{
	const char *model = server->model;

	for (size_t i = 0; i < count; i++) {
		lab_fact(run, workers[i].pid, "%s.%zu.pid", model, i + 1);
		lab_fact(run, workers[i].tid, "%s.%zu.tid", model, i + 1);
		lab_fact(run, workers[i].fd, "%s.%zu.fd", model, i + 1);
	}
	lab_fact(run, server->pid, "%s.server_pid", model);
	lab_fact(run, (double)distinct(workers, count, PID), "%s.pids", model);
	lab_fact(run, (double)distinct(workers, count, TID), "%s.tids", model);
	lab_fact(run, (double)distinct(workers, count, FD), "%s.fds", model);
	lab_say(run, "connections: %zu, pids: %zu, tids: %zu, descriptors: %zu",
	    "%zu 个连接：%zu 个 pid，%zu 个 tid，%zu 个描述符", count,
	    distinct(workers, count, PID), distinct(workers, count, TID),
	    distinct(workers, count, FD));
}

static void
tour(struct lab_run *run, const char *model)
{
	struct lab_worker workers[CONNECTIONS_MAX];
	size_t count = lab_number(run, "connections"), open = 0;
	int fds[CONNECTIONS_MAX];
	const struct lab_plan plan = {
	    .model = model, .options = "--service http", .trace = true};
	struct lab_server *server = lab_server_start_plan(run, &plan);

	if (!server)
		return;
	for (; open < count; open++) {
		fds[open] = lab_connect(run, server);
		if (fds[open] < 0)
			break;
		lab_command(run, "curl http://%s/who", server->where);
		if (!ask_worker(run, fds[open], &workers[open])) {
			close(fds[open]);
			break;
		}
		find_descriptor(server, fds[open], &workers[open]);
	}
	if (open == count)
		note(run, server, workers, count);
	while (open > 0)
		close(fds[--open]);
	lab_server_stop(run, server);
}

static void
run_tour(struct lab_run *run)
{
	for (const char **model = run->models; *model; model++)
		tour(run, *model);
}

/* All of one process, or a process for each. */
static bool
as_expected(const struct lab_facts *facts, const char *model, double count)
{
	bool threads = strcmp(model, "thread") == 0;

	return lab_value(facts, "%s.pids", model) == (threads ? 1 : count) &&
	       lab_value(facts, "%s.tids", model) == count &&
	       lab_value(facts, "%s.fds", model) == (threads ? count : 1);
}

static void
judge_tour(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	double count = lab_value(facts, "connections");
	const char *models[3];

	lab_models(facts, models);
	judgement->shown = models[0];
	for (const char **model = models; *model; model++)
		judgement->shown &= as_expected(facts, *model, count);
	judgement->answer = judgement->shown ? 'B' : '\0';
	if (judgement->shown)
		lab_because(judgement,
		    "%.0f threads share one pid and one table of descriptors; "
		    "%.0f children have a pid and a table each, with the "
		    "connection at the same number",
		    "%.0f 个线程共用一个 pid 和一张描述符表；%.0f "
		    "个子进程各有自己的 pid 和描述符表，连接在表中的编号相同",
		    count, count);
	else
		lab_because(judgement,
		    "the pids, tids and descriptors are not those of a thread "
		    "or a child for each connection",
		    "pid、tid 和描述符不符合“每个连接一个线程或子进程”");
}

static void
draw_tour(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];

	lab_models(facts, models);
	for (const char **model = models; *model; model++) {
		char title[LAB_TEXT];

		snprintf(title, sizeof(title), "server_%s", *model);
		lab_table(picture, 4, title);
		lab_cells(picture, NULL, "%s",
		    lab_words(picture, "connection|pid|tid|descriptor",
			"连接|pid|tid|描述符"));
		for (size_t i = 1; lab_has(facts, "%s.%zu.pid", *model, i); i++)
			lab_cells(picture, *model, "%zu|%.0f|%.0f|%.0f", i,
			    lab_value(facts, "%s.%zu.pid", *model, i),
			    lab_value(facts, "%s.%zu.tid", *model, i),
			    lab_value(facts, "%s.%zu.fd", *model, i));
		lab_timeline(picture, *model, title);
	}
}

const struct lab lab_tour = {
    .name = "tour",
    .minutes = 10,
    .parameters = {{"connections", 8, {4, 5, 6, 7, 8, 9, 10, 12}, NULL}},
    .run = run_tour,
    .judge = judge_tour,
    .draw = draw_tour,
};
