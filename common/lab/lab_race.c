/* SPDX-License-Identifier: MIT */
/*
 * lab_race: workers add to one number without a lock, and updates are lost.
 *
 * counter:unlocked loads, waits for the window, and stores. All workers are
 * nearly always in their windows, so each stores what it loaded, plus one: they
 * count beside each other, and as many updates survive as one worker makes. All
 * lines of a client are sent at once, so no client's delay opens a gap in that.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/lab/lab_server.h"

#define WORKERS_MAX 16
#define INCREMENTS_MAX 400
#define MARGIN 0.1

static const struct way {
	const char *key, *service;
	const char *en, *zh;
} WAYS[] = {
    {"locked", "--service counter", "with the lock", "加锁"},
    {"unlocked", "--service counter:unlocked", "no lock", "不加锁"},
    {"window", "--service counter:unlocked --race-window 1ms",
	"no lock, 1 ms window", "不加锁，窗口 1 毫秒"},
};

#define WAY_COUNT (sizeof(WAYS) / sizeof(WAYS[0]))

static bool
send_lines(struct lab_run *run, int fd, size_t count)
{
	char lines[4 * INCREMENTS_MAX + 1] = "";

	for (size_t i = 0; i < count; i++)
		memcpy(lines + 4 * i, "add\n", sizeof("add\n"));
	if (lab_send(fd, lines))
		return true;
	lab_cannot(run, "a server did not read", "服务器没有读取");
	return false;
}

static bool
receive_lines(struct lab_run *run, int fd, size_t count)
{
	char line[32];

	for (size_t i = 0; i < count && !lab_is_over(run); i++) {
		if (lab_receive_line(fd, line, sizeof(line), LAB_TIMEOUT_MS) >
		    0)
			continue;
		lab_cannot(run, "a server did not answer", "服务器没有回答");
	}
	return !lab_is_over(run);
}

/* The workers add at the same time. Returns whether all lines were answered. */
static bool
add_all(struct lab_run *run, struct lab_server *server)
{
	size_t workers = lab_number(run, "workers"), open = 0;
	size_t count = lab_number(run, "increments");
	int fds[WORKERS_MAX];
	bool ok = true;

	for (; open < workers && ok; open++) {
		fds[open] = lab_connect(run, server);
		ok = fds[open] >= 0;
	}
	ok = ok && lab_server_await_workers(run, server, workers);
	for (size_t i = 0; i < open && ok; i++)
		ok = send_lines(run, fds[i], count);
	for (size_t i = 0; i < open && ok; i++)
		ok = receive_lines(run, fds[i], count);
	for (size_t i = 0; i < open; i++)
		close(fds[i]);
	return ok;
}

/* What the number is: one more line answers one more. */
static bool
read_counter(struct lab_run *run, struct lab_server *server, double *value)
{
	int fd = lab_connect(run, server);
	char line[32];
	bool ok = fd >= 0 && lab_ask(run, fd, "add\n", line, sizeof(line));

	if (fd >= 0)
		close(fd);
	*value = ok ? strtod(line, NULL) - 1 : NAN;
	return ok;
}

static void
race(struct lab_run *run, const char *model, const struct way *way)
{
	struct lab_server *server =
	    lab_server_start(run, model, "%s", way->service);
	double kept, total = (double)lab_number(run, "total");

	if (!server || !add_all(run, server) ||
	    !read_counter(run, server, &kept))
		return;
	lab_fact(run, kept, "%s.%s_kept", model, way->key);
	lab_say(run, "server_%s, %s: %.0f of %.0f additions are left",
	    "server_%s，%s：%.0f / %.0f 次加法留了下来", model,
	    run->zh ? way->zh : way->en, kept, total);
	lab_server_stop(run, server);
}

static void
run_race(struct lab_run *run)
{
	for (const char **model = run->models; *model; model++) {
		for (size_t w = 0; w < WAY_COUNT && !lab_is_over(run); w++)
			race(run, *model, &WAYS[w]);
	}
}

/* Whether about one in N is left in the window, and all with the lock. */
static bool
as_expected(const struct lab_facts *facts, const char *model)
{
	double total = lab_value(facts, "total");
	double left = lab_value(facts, "%s.window_kept", model) / total;

	return lab_value(facts, "%s.locked_kept", model) == total &&
	       fabs(left - 1 / lab_value(facts, "workers")) < MARGIN;
}

static bool
keeps_all(const struct lab_facts *facts, const char *model)
{
	return lab_value(facts, "%s.window_kept", model) ==
	       lab_value(facts, "total");
}

static void
judge_race(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];
	bool all = true;

	lab_models(facts, models);
	judgement->shown = models[0];
	for (const char **model = models; *model; model++) {
		judgement->shown &= as_expected(facts, *model);
		all &= keeps_all(facts, *model);
	}
	judgement->answer = judgement->shown ? 'C' : all ? 'A' : 'D';
	if (keeps_all(facts, "fork") && !all)
		judgement->answer = 'B';
	if (judgement->shown)
		lab_because(judgement,
		    "about one addition in %.0f is left, in threads and in "
		    "forked children alike",
		    "大约每 %.0f 次加法只留下一次，线程和子进程都一样",
		    lab_value(facts, "workers"));
	else
		lab_because(judgement,
		    "the additions that are left are not one in %.0f, or the "
		    "lock lost some",
		    "留下的加法不是每 %.0f 次一次，或者加锁时也丢失了",
		    lab_value(facts, "workers"));
}

static void
draw_race(const struct lab_facts *facts, struct lab_picture *picture)
{
	double total = lab_value(facts, "total");
	const char *models[3];

	lab_models(facts, models);
	lab_bars(picture, false,
	    lab_words(picture, "additions that are left", "留下的加法次数"));
	for (const char **model = models; *model; model++) {
		for (size_t w = 0; w < WAY_COUNT; w++) {
			const struct way *way = &WAYS[w];
			double kept =
			    lab_value(facts, "%s.%s_kept", *model, way->key);

			lab_bar(picture, *model, kept,
			    lab_words(picture, "%s, %s", "%s，%s"), *model,
			    lab_words(picture, way->en, way->zh));
			lab_bar_says(picture,
			    lab_words(picture, "%.0f of %.0f", "%.0f / %.0f"),
			    kept, total);
		}
	}
}

static uint64_t
total_of(const uint64_t *values)
{
	return values[0] * values[1];
}

const struct lab lab_race = {
    .name = "race",
    .minutes = 20,
    .parameters = {{"workers", 8, {4, 5, 6, 7, 8, 9, 10, 12}, NULL},
	{"increments", 200, {100, 120, 150, 180, 200, 220, 250, 300}, NULL},
	{"total", 1600, {0}, total_of}},
    .run = run_race,
    .judge = judge_race,
    .draw = draw_race,
};
