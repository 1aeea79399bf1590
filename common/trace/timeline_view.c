/* SPDX-License-Identifier: MIT */
/* timeline_view: the window, its lanes, their cells, ticks and figures. */
#include "common/trace/timeline_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"

/* ---- which lanes ---- */

static bool
is_inside(const struct lane *lane, uint64_t from, uint64_t to)
{
	return lane->to >= from && lane->from <= to;
}

/* Of COUNT lanes, the first of ROWS neighbours: a killed one is among them. */
static size_t
first_row(const struct lane *const *lanes, size_t count, size_t rows)
{
	for (size_t i = 0; i < count; i++) {
		size_t before = i < rows / 2 ? i : rows / 2;

		/* NOLINTNEXTLINE(*-core.*): there are COUNT */
		if (lanes[i]->end == LANE_KILLED)
			return i - before < count - rows ? i - before
							 : count - rows;
	}
	return 0;
}

/* The window of the lanes that are shown. */
static void
fit_window(struct timeline_view *view, size_t loops)
{
	uint64_t from = UINT64_MAX, to = 0;

	for (size_t i = loops; i < view->count; i++) {
		from =
		    view->lanes[i]->from < from ? view->lanes[i]->from : from;
		to = view->lanes[i]->to > to ? view->lanes[i]->to : to;
	}
	if (from < to) {
		view->from = from;
		view->to = to;
	}
}

/* Keeps ROWS of the lanes behind the LOOPS. */
static void
cut_rows(struct timeline_view *view, size_t loops, size_t rows)
{
	size_t count = view->count - loops, first;

	rows = rows > loops ? rows - loops : 1;
	if (count <= rows)
		return;
	first = first_row(&view->lanes[loops], count, rows);
	memmove(&view->lanes[loops], &view->lanes[loops + first],
	    rows * sizeof(void *));
	view->count = loops + rows;
}

void
timeline_view_open(struct timeline_view *view, const struct timeline *timeline,
    const struct timeline_wish *wish)
{
	bool chosen = wish->from > 0 || wish->to > 0;
	size_t loops = 0;

	*view = (struct timeline_view){
	    .timeline = timeline, .zh = wish->zh, .more = wish->more};
	view->from = wish->from < timeline->span ? wish->from : timeline->span;
	view->to =
	    wish->to && wish->to < timeline->span ? wish->to : timeline->span;
	view->to = view->to > view->from ? view->to : view->from + 1;
	view->lanes = calloc(timeline->lane_count + 1, sizeof(void *));
	if (!view->lanes)
		die(1, "out of memory");
	for (size_t i = 0; i < timeline->lane_count; i++) {
		const struct lane *lane = &timeline->lanes[i];

		if (!is_inside(lane, view->from, view->to))
			continue;
		loops += lane->kind == LANE_LOOP;
		view->lanes[view->count++] = lane;
	}
	view->in_window = view->count;
	if (!wish->rows || view->count <= wish->rows)
		return;
	cut_rows(view, loops, wish->rows);
	if (!chosen)
		fit_window(view, loops);
}

void
timeline_view_close(struct timeline_view *view)
{
	free(view->lanes);
	view->lanes = NULL;
}

/* ---- cells ---- */

size_t
timeline_cell_of(const struct timeline_view *view, uint64_t at, size_t count)
{
	double part;

	if (at <= view->from)
		return 0;
	part = (double)(at - view->from) / (double)(view->to - view->from);
	return part < 1 ? (size_t)(part * (double)count) : count - 1;
}

/* Phases in which a worker or client only waits for the other side, or is over:
 * they are seen where there is nothing else. */
static bool
is_idle(enum phase_kind kind)
{
	return kind == PHASE_SILENT || kind == PHASE_CLOSING ||
	       kind == PHASE_ENDED || kind == PHASE_IDLE;
}

/* How much the phase counts in the cell from LOW to HIGH. */
static double
weight_in_cell(const struct phase *phase, double low, double high)
{
	double from = (double)phase->from, to = (double)phase->to;

	from = from > low ? from : low;
	to = to < high ? to : high;
	/* However short it is, it is more than nothing. */
	return (to > from ? to - from : 1e-3) *
	       (is_idle(phase->kind) ? 1e-30 : 1);
}

void
timeline_cells(const struct timeline_view *view, const struct lane *lane,
    size_t count, enum phase_kind *cells)
{
	double width = (double)(view->to - view->from) / (double)count;
	double filled[PHASE_COUNT] = {0};
	size_t at = 0; /* the cell that FILLED is of */

	memset(cells, 0, count * sizeof(*cells));
	for (size_t i = 0; i < lane->phase_count; i++) {
		const struct phase *phase = &lane->phases[i];
		size_t last = timeline_cell_of(view, phase->to - 1, count);

		if (phase->to <= view->from || phase->from >= view->to)
			continue;
		for (size_t k = timeline_cell_of(view, phase->from, count);
		     k <= last; k++) {
			double low = (double)view->from + width * (double)k;
			enum phase_kind kind = phase->kind;

			if (k != at)
				memset(filled, 0, sizeof(filled));
			at = k;
			filled[kind] += weight_in_cell(phase, low, low + width);
			if (!cells[k] || filled[kind] > filled[cells[k]])
				cells[k] = kind;
		}
	}
}

/* ---- moments ---- */

enum timeline_sign
timeline_sign(const struct lane *lane, const struct trace_record *event)
{
	bool loop = lane->kind == LANE_LOOP;

	switch (event->kind) {
	case TRACE_REFUSED:
		return loop ? SIGN_REFUSED : SIGN_NONE;
	case TRACE_STOP:
		return loop ? SIGN_STOP : SIGN_NONE;
	case TRACE_CUT:
		return loop ? SIGN_NONE : SIGN_CUT;
	case TRACE_LOCK_HELD:
		return event->value == 1 ? SIGN_DEAD_HOLDER : SIGN_NONE;
	case TRACE_FAILED:
		return SIGN_FAILED;
	default:
		return SIGN_NONE;
	}
}

enum timeline_sign
timeline_end_sign(const struct lane *lane)
{
	if (lane->end == LANE_KILLED)
		return SIGN_KILLED;
	return lane->end == LANE_OPEN && lane->kind != LANE_LOOP ? SIGN_OPEN
								 : SIGN_NONE;
}

/* ---- the axis ---- */

/* 1, 2 or 5 times a power of ten, not below LEAST. */
static uint64_t
round_step(double least)
{
	static const int nice[] = {2, 5, 10};
	uint64_t ten = 1;

	for (;; ten *= 10) {
		if ((double)ten >= least || ten > UINT64_MAX / 20)
			return ten;
		for (int i = 0; i < 2; i++) {
			if ((double)ten * nice[i] >= least)
				return ten * (uint64_t)nice[i];
		}
	}
}

struct timeline_ticks
timeline_ticks(const struct timeline_view *view, size_t most)
{
	static const struct {
		double ns;
		const char *unit;
	} units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
	struct timeline_ticks ticks = {0};
	size_t i = 0;

	ticks.step = round_step(
	    (double)(view->to - view->from) / (double)(most ? most : 1));
	ticks.first = view->from - view->from % ticks.step;
	if (ticks.first < view->from && view->to - ticks.first >= ticks.step)
		ticks.first += ticks.step;
	if (ticks.first >= view->from)
		ticks.count = (view->to - ticks.first) / ticks.step + 1;
	while (i < 3 && (double)view->to < units[i].ns)
		i++;
	ticks.unit_ns = units[i].ns;
	ticks.unit = units[i].unit;
	return ticks;
}

uint64_t
timeline_tick(const struct timeline_ticks *ticks, size_t i)
{
	return ticks->first + i * ticks->step;
}

char *
timeline_tick_text(
    const struct timeline_ticks *ticks, size_t i, char *buf, size_t size)
{
	int digits = 0;

	for (uint64_t unit = (uint64_t)ticks->unit_ns; unit > ticks->step;
	     unit /= 10)
		digits++;
	snprintf(buf, size, "%.*f%s%s", digits,
	    (double)timeline_tick(ticks, i) / ticks->unit_ns, i ? "" : " ",
	    i ? "" : ticks->unit);
	return buf;
}

/* ---- figures ---- */

static int
by_length(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static size_t
count_phases(const struct timeline *timeline)
{
	size_t count = 0;

	for (size_t i = 0; i < timeline->lane_count; i++)
		count += timeline->lanes[i].phase_count;
	return count;
}

/* The lengths of all phases of KIND to LENGTHS; returns how many. */
static size_t
take_lengths(
    const struct timeline *timeline, enum phase_kind kind, uint64_t *lengths)
{
	size_t count = 0;

	for (size_t i = 0; i < timeline->lane_count; i++) {
		const struct lane *lane = &timeline->lanes[i];

		for (size_t k = 0; k < lane->phase_count; k++) {
			const struct phase *phase = &lane->phases[k];

			if (phase->kind == kind)
				lengths[count++] = phase->to - phase->from;
		}
	}
	return count;
}

struct phase_sum
timeline_sum(const struct timeline *timeline, enum phase_kind kind)
{
	struct phase_sum sum = {0};
	uint64_t *lengths =
	    malloc((count_phases(timeline) + 1) * sizeof(*lengths));

	if (!lengths)
		die(1, "out of memory");
	sum.count = take_lengths(timeline, kind, lengths);
	for (size_t i = 0; i < sum.count; i++)
		sum.total += lengths[i];
	if (sum.count > 0) {
		qsort(lengths, sum.count, sizeof(*lengths), by_length);
		sum.median = lengths[sum.count / 2];
		sum.longest = lengths[sum.count - 1];
	}
	free(lengths);
	return sum;
}
