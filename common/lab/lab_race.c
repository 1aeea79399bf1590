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

#include "common/lab/lab_count.h"

#define MARGIN 0.1
#define TIMEOUT_MS 30000 /* a server with sanitizers, on a busy machine */
/* Of a check. */
#define CHECK_WORKERS 8
#define CHECK_LINES 100

static const struct way {
	const char *key, *service;
	const char *en, *zh;
} WAYS[] = {
    {"locked", "--service counter", "with the lock", "加锁"},
    {"unlocked", "--service counter:unlocked", "no lock", "不加锁"},
    {"window", "--service counter:unlocked --race-window 5ms",
	"no lock, 5 ms window", "不加锁，窗口 5 毫秒"},
};

#define WAY_COUNT (sizeof(WAYS) / sizeof(WAYS[0]))

/* Clients send all their lines at once, at the same time, and read all answers.
 * COUNT is closed by the caller. */
static bool
add_all(struct lab_run *run, struct lab_server *server, struct lab_count *count,
    unsigned workers, unsigned lines)
{
	bool ok = lab_count_connect(run, server, count, workers);
	char input[60];

	snprintf(input, sizeof(input), "yes add | head -n %u", lines);
	lab_talk_command(run, server, workers, input);
	for (unsigned i = 0; ok && i < workers; i++)
		ok = lab_count_send(count, i, "add\n", lines);
	if (ok)
		lab_count_read(run, count, lines, TIMEOUT_MS);
	if (ok && count->answers < workers * lines)
		lab_cannot(run, "the server answered %u of %u lines",
		    "服务器回答了 %u 行，共 %u 行", count->answers,
		    workers * lines);
	return !lab_is_over(run);
}

/* One more line is answered by one more than the counter. */
static double
left_in_counter(struct lab_run *run, struct lab_server *server)
{
	return (double)lab_count_one_more(run, server, LAB_TIMEOUT_MS) - 1;
}

static void
race(struct lab_run *run, const char *model, const struct way *way)
{
	struct lab_server *server =
	    lab_server_start(run, model, "%s", way->service);
	struct lab_count count = {0};
	double kept, total = (double)lab_number(run, "total");
	bool ok;

	if (!server)
		return;
	ok = add_all(run, server, &count, (unsigned)lab_number(run, "workers"),
	    (unsigned)lab_number(run, "increments"));
	lab_count_close(&count);
	if (!ok)
		return;
	lab_talk_command(run, server, 0, "echo add");
	kept = left_in_counter(run, server);
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
		    "并非每 %.0f 次加法留下一次，或者加了锁也有丢失",
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

/* ---- the repair ---- */

/* A counter that loses nothing tells each number once. */
static void
check_race(struct lab_run *run, const char *model, const char *program)
{
	const struct lab_plan plan = {
	    .model = model, .program = program, .options = "--service counter"};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	struct lab_count count = {0};
	const unsigned all = CHECK_WORKERS * CHECK_LINES;
	double kept;

	if (!server)
		return;
	if (add_all(run, server, &count, CHECK_WORKERS, CHECK_LINES)) {
		kept = left_in_counter(run, server);
		lab_require(run, kept == all,
		    "server_%s: %.0f of %u additions are left",
		    "server_%s：%.0f / %u 次加法留了下来", model, kept, all);
		lab_require(run, count.distinct == all,
		    "server_%s: of %u answers, %u are different numbers",
		    "server_%s：%u 个回答中有 %u 个不同的数", model, all,
		    count.distinct);
	}
	lab_count_close(&count);
	lab_server_stop(run, server);
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
    .check = check_race,
};
