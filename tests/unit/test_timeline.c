/* SPDX-License-Identifier: MIT */
/* timeline: lanes and their phases, and timeline_view: what a picture shows. */
#include "tests/unit/unit.h"

#include <locale.h>

#include "common/base/clock.h"
#include "common/base/escape.h"
#include "common/trace/timeline_terminal.h"
#include "common/trace/timeline_words.h"

#define LOOP 100
#define EVENTS_MAX 200

static struct trace_record events[EVENTS_MAX];
static struct trace_log log_of_events;
static struct timeline timeline;
static struct timeline_view view;

static int
set_up(void **state)
{
	(void)state;
	log_of_events = (struct trace_log){
	    .program = "server_fork", .model = "fork", .events = events};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	timeline_view_close(&view);
	timeline_release(&timeline);
	return 0;
}

#define TIMELINE_TEST(name) TEST_WITH(name, set_up, tear_down)

/* In milliseconds; of the worker's process, or of the loop's. */
static void
event(uint64_t ms, uint64_t connection, enum trace_kind kind, int32_t pid,
    uint64_t value)
{
	assert_true(log_of_events.count < EVENTS_MAX);
	events[log_of_events.count] =
	    (struct trace_record){.sequence = log_of_events.count + 1,
		.time_ns = NS_PER_S + ms * NS_PER_MS,
		.connection = connection,
		.value = value,
		.pid = pid,
		.tid = pid,
		.kind = kind};
	log_of_events.count++;
}

static void
build(struct timeline_wish wish)
{
	timeline_build(&timeline, &log_of_events, 1);
	timeline_view_open(&view, &timeline, &wish);
}

/* The signs of a lane in COUNT cells: a letter for each phase. */
static void
looks(size_t lane, size_t count, const char *text)
{
	static const char letters[PHASE_COUNT] = {[PHASE_NONE] = ' ',
	    [PHASE_SPAWN] = '+',
	    [PHASE_HAND_OVER] = '.',
	    [PHASE_SILENT] = '-',
	    [PHASE_SERVING] = '=',
	    [PHASE_LOCK_WAIT] = 'w',
	    [PHASE_LOCK_HELD] = '#',
	    [PHASE_CLOSING] = '~',
	    [PHASE_ENDED] = 'z'};
	enum phase_kind cells[100];
	char drawn[101] = "";

	timeline_cells(&view, view.lanes[lane], count, cells);
	for (size_t i = 0; i < count; i++)
		drawn[i] = letters[cells[i]];
	assert_string_equal(drawn, text);
}

/* ---- lanes ---- */

TIMELINE_TEST(a_lane_has_the_phases_between_its_events)
{
	event(0, 1, TRACE_ACCEPT, LOOP, 40001);
	event(1, 1, TRACE_START, 201, 0);
	event(2, 1, TRACE_FIRST_BYTE, 201, 0);
	event(4, 1, TRACE_LOCK_WAIT, 201, 0);
	event(5, 1, TRACE_LOCK_HELD, 201, 0);
	event(6, 1, TRACE_LOCK_RELEASED, 201, 0);
	event(7, 1, TRACE_LAST_BYTE, 201, 0);
	event(8, 1, TRACE_END, 201, OUTCOME_FAILED);
	event(10, 1, TRACE_REAP, LOOP, OUTCOME_FAILED);
	build((struct timeline_wish){.rows = 0});
	assert_int_equal(timeline.lane_count, 2);
	looks(1, 10, ".-==w#=~zz");
	assert_int_equal(view.lanes[1]->pid, 201);
	assert_int_equal(view.lanes[1]->port, 40001);
	assert_int_equal(view.lanes[1]->end, LANE_ENDED);
	assert_int_equal(view.lanes[1]->outcome, OUTCOME_FAILED);
}

TIMELINE_TEST(a_killed_worker_lives_until_its_reap)
{
	event(0, 1, TRACE_ACCEPT, LOOP, 0);
	event(2, 1, TRACE_START, 201, 0);
	event(4, 1, TRACE_FIRST_BYTE, 201, 0);
	event(10, 1, TRACE_REAP, LOOP, OUTCOME_CRASHED | SIGSEGV << 8);
	build((struct timeline_wish){.rows = 0});
	looks(1, 5, ".-===");
	assert_int_equal(view.lanes[1]->end, LANE_KILLED);
	assert_int_equal(view.lanes[1]->signal, SIGSEGV);
}

static void
two_workers_run(const char *model, int32_t one, int32_t two)
{
	log_of_events.pid = LOOP;
	strcpy(log_of_events.model, model);
	event(0, 1, TRACE_ACCEPT, LOOP, 0);
	event(1, 1, TRACE_START, one, 0);
	event(2, 2, TRACE_ACCEPT, LOOP, 0);
	if (two)
		event(3, 2, TRACE_START, two, 0);
	event(4, 1, TRACE_FIRST_BYTE, one, 0);
	build((struct timeline_wish){.rows = 0});
}

/* The other one may never have run: its events do not tell its process. */
TIMELINE_TEST(a_signal_ends_all_threads_of_its_process)
{
	two_workers_run("thread", LOOP, 0);
	timeline_killed(&timeline, LOOP, NS_PER_S + 10 * NS_PER_MS, SIGKILL);
	assert_int_equal(timeline.span, 10 * NS_PER_MS);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(view.lanes[i]->died, 10 * NS_PER_MS);
		assert_int_equal(timeline_end_sign(view.lanes[i]), SIGN_KILLED);
		assert_int_equal(view.lanes[i]->signal, SIGKILL);
	}
	view.to = timeline.span;
	looks(1, 5, ".-===");
	looks(2, 5, " ....");
}

TIMELINE_TEST(a_signal_to_the_forking_server_ends_no_child)
{
	two_workers_run("fork", 201, 0);
	timeline_killed(&timeline, LOOP, NS_PER_S + 10 * NS_PER_MS, SIGKILL);
	assert_int_equal(timeline_end_sign(view.lanes[0]), SIGN_KILLED);
	assert_int_equal(timeline_end_sign(view.lanes[1]), SIGN_OPEN);
	assert_int_equal(timeline_end_sign(view.lanes[2]), SIGN_OPEN);
}

TIMELINE_TEST(a_signal_to_a_child_ends_that_child)
{
	two_workers_run("fork", 201, 202);
	timeline_killed(&timeline, 202, NS_PER_S + 2 * NS_PER_MS, SIGKILL);
	assert_int_equal(timeline_end_sign(view.lanes[0]), SIGN_NONE);
	assert_int_equal(timeline_end_sign(view.lanes[1]), SIGN_OPEN);
	assert_int_equal(timeline_end_sign(view.lanes[2]), SIGN_KILLED);
	/* Nothing was sent, or before the trace. */
	timeline_killed(&timeline, 0, NS_PER_S, SIGKILL);
	timeline_killed(&timeline, LOOP, 1, SIGKILL);
	assert_int_equal(timeline_end_sign(view.lanes[0]), SIGN_NONE);
}

TIMELINE_TEST(a_worker_that_the_server_stops_was_not_killed)
{
	event(0, 1, TRACE_ACCEPT, LOOP, 0);
	event(2, 1, TRACE_START, 201, 0);
	event(6, 1, TRACE_CUT, LOOP, 0);
	event(10, 1, TRACE_REAP, LOOP, OUTCOME_FAILED | SIGKILL << 8);
	build((struct timeline_wish){.rows = 0});
	assert_int_equal(view.lanes[1]->end, LANE_CUT);
	assert_int_equal(timeline_end_sign(view.lanes[1]), SIGN_NONE);
}

TIMELINE_TEST(a_worker_whose_end_was_lost_was_not_killed)
{
	event(0, 1, TRACE_FIRST_BYTE, 201, 0);
	event(10, 1, TRACE_REAP, LOOP, OUTCOME_SERVED);
	build((struct timeline_wish){.rows = 0});
	assert_int_equal(view.lanes[1]->end, LANE_ENDED);
	assert_true(view.lanes[1]->cut);
}

/* Whose accept is lost, and which was silent for long. */
TIMELINE_TEST(rows_are_in_the_order_of_their_numbers)
{
	event(1, 10, TRACE_ACCEPT, LOOP, 0);
	event(2, 10, TRACE_START, 210, 0);
	event(3, 11, TRACE_ACCEPT, LOOP, 0);
	event(5, 9, TRACE_END, 209, 0);
	event(6, 8, TRACE_END, 208, 0);
	build((struct timeline_wish){.rows = 0});
	assert_int_equal(view.count, 5);
	for (size_t i = 1; i < 5; i++)
		assert_int_equal(view.lanes[i]->connection, 7 + i);
}

TIMELINE_TEST(the_loop_creates_one_worker_after_the_other)
{
	event(0, 1, TRACE_ACCEPT, LOOP, 0);
	event(2, 1, TRACE_SPAWN, LOOP, 4 * NS_PER_MS);
	/* One that seems to overlap, and one without end: both are cut. */
	event(4, 2, TRACE_SPAWN, LOOP, 4 * NS_PER_MS);
	event(9, 3, TRACE_SPAWN, LOOP, UINT64_MAX);
	event(10, 0, TRACE_STOP, LOOP, SIGTERM);
	build((struct timeline_wish){.rows = 0});
	assert_int_equal(view.lanes[0]->kind, LANE_LOOP);
	assert_int_equal(view.lanes[0]->phase_count, 3);
	looks(0, 10, "  ++++++ +");
}

TIMELINE_TEST(the_most_workers_at_once_are_counted)
{
	for (uint64_t i = 1; i <= 5; i++) {
		event(10 * i, i, TRACE_ACCEPT, LOOP, 0);
		event(10 * i, i, TRACE_START, 200 + (int32_t)i, 0);
		if (i > 2) /* the one before the last ends as this one begins */
			event(10 * i, i - 2, TRACE_END, 198 + (int32_t)i, 0);
	}
	build((struct timeline_wish){.rows = 0});
	assert_int_equal(timeline.workers, 5);
	assert_int_equal(timeline.at_once, 2);
}

/* ---- cells ---- */

TIMELINE_TEST(a_cell_shows_what_fills_most_of_it)
{
	event(0, 1, TRACE_START, 201, 0);
	event(0, 1, TRACE_FIRST_BYTE, 201, 0);
	event(4, 1, TRACE_LOCK_WAIT, 201, 0);
	event(10, 1, TRACE_LOCK_HELD, 201, 0);
	event(14, 1, TRACE_LOCK_RELEASED, 201, 0);
	event(20, 1, TRACE_END, 201, 0);
	build((struct timeline_wish){.rows = 0});
	looks(0, 2, "w=");
}

TIMELINE_TEST(a_short_request_is_seen_in_a_long_silence)
{
	event(0, 1, TRACE_START, 201, 0);
	event(502, 1, TRACE_FIRST_BYTE, 201, 0);
	event(503, 1, TRACE_LAST_BYTE, 201, 0);
	event(1000, 1, TRACE_END, 201, 0);
	build((struct timeline_wish){.rows = 0});
	looks(0, 10, "-----=~~~~");
}

TIMELINE_TEST(a_short_lane_has_one_cell)
{
	event(0, 1, TRACE_START, 201, 0);
	event(500, 2, TRACE_START, 202, 0);
	event(501, 2, TRACE_END, 202, 0);
	event(501, 2, TRACE_REAP, LOOP, 0);
	event(1000, 1, TRACE_END, 201, 0);
	build((struct timeline_wish){.rows = 0});
	looks(2, 10, "     -    ");
}

TIMELINE_TEST(a_window_shows_its_part)
{
	event(0, 1, TRACE_START, 201, 0);
	event(50, 1, TRACE_FIRST_BYTE, 201, 0);
	event(100, 1, TRACE_END, 201, 0);
	build((struct timeline_wish){
	    .from = 40 * NS_PER_MS, .to = 60 * NS_PER_MS});
	looks(0, 4, "--==");
}

TIMELINE_TEST(ticks_are_round_and_not_too_many)
{
	event(0, 1, TRACE_START, 201, 0);
	event(1234, 1, TRACE_END, 201, 0);
	build((struct timeline_wish){.from = 30 * NS_PER_MS});
	for (size_t most = 1; most < 100; most++) {
		struct timeline_ticks ticks = timeline_ticks(&view, most);
		uint64_t digits = ticks.step;

		assert_true((view.to - view.from) / ticks.step <= most);
		assert_true(ticks.count <= most + 1);
		assert_true(!ticks.count || ticks.first >= view.from);
		assert_int_equal(ticks.first % ticks.step, 0);
		while (digits % 10 == 0)
			digits /= 10;
		assert_true(digits == 1 || digits == 2 || digits == 5);
		assert_string_equal(ticks.unit, "s");
	}
}

/* Ten minutes after the start, a microsecond apart. */
TIMELINE_TEST(neighbouring_ticks_have_different_numbers)
{
	struct timeline_ticks ticks;
	char one[40], next[40];

	event(0, 1, TRACE_START, 201, 0);
	event(700000, 1, TRACE_END, 201, 0);
	build((struct timeline_wish){
	    .from = 600 * NS_PER_S, .to = 600 * NS_PER_S + 10000});
	ticks = timeline_ticks(&view, 10);
	assert_in_range(ticks.count, 5, 11);
	for (size_t i = 1; i < ticks.count; i++) {
		timeline_tick_text(&ticks, i - 1, one, sizeof(one));
		timeline_tick_text(&ticks, i, next, sizeof(next));
		assert_string_not_equal(one, next);
	}
}

/* A damaged trace may say any time. */
TIMELINE_TEST(ticks_end_on_the_longest_axis)
{
	event(0, 1, TRACE_START, 201, 0);
	event(1, 1, TRACE_END, 201, 0);
	build((struct timeline_wish){0});
	view.to = UINT64_MAX;
	for (view.from = 0; view.from < view.to; view.from += view.to / 3)
		assert_in_range(timeline_ticks(&view, 10).count, 1, 20);
}

/* ---- words ---- */

TIMELINE_TEST(each_phase_has_a_name_in_both_languages)
{
	for (enum phase_kind kind = PHASE_NONE; kind < PHASE_COUNT; kind++) {
		assert_non_null(timeline_phase_name(kind, false));
		assert_non_null(timeline_phase_name(kind, true));
		assert_string_not_equal(timeline_phase_name(kind, false),
		    timeline_phase_name(kind, true));
	}
}

/* Prints the timeline in a UTF-8 locale; the caller frees the text. */
static char *
printed(size_t width, bool zh)
{
	const struct terminal_style style = {.utf8 = true, .width = width};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	build((struct timeline_wish){.zh = zh, .rows = 3});
	timeline_terminal(&view, &style, out);
	fclose(out);
	return text;
}

TIMELINE_TEST(chinese_lines_are_no_wider_than_the_terminal)
{
	char *text, *line, *rest;

	log_of_events.lost = 1234567;
	log_of_events.damaged = 89;
	for (uint64_t i = 1; i <= 6; i++) {
		event(10 * i, i, TRACE_ACCEPT, LOOP, 0);
		event(10 * i, i, TRACE_SPAWN, LOOP, NS_PER_MS);
		event(10 * i + 1, i, TRACE_START, 200 + (int32_t)i, 0);
		event(10 * i + 2, i, TRACE_FIRST_BYTE, 200 + (int32_t)i, 0);
		event(10 * i + 5, i, TRACE_END, 200 + (int32_t)i,
		    OUTCOME_TIMED_OUT);
	}
	for (size_t width = 44; width <= 100; width += 14) {
		text = printed(width, true);
		assert_non_null(strstr(text, "超时"));
		assert_non_null(strstr(text, "1,234,567"));
		for (line = text; (rest = strchr(line, '\n'));
		     line = rest + 1) {
			*rest = '\0';
			assert_true(escape_columns(line) <= width);
		}
		free(text);
		timeline_view_close(&view);
		timeline_release(&timeline);
	}
}

RUN_TESTS(NULL, NULL)
