/* SPDX-License-Identifier: MIT */
/* timeline_terminal: label, cells, length and end of each lane; the key. */
#include "common/trace/timeline_terminal.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/escape.h"
#include "common/base/terminal.h"
#include "common/base/units.h"
#include "common/format/table.h"
#include "common/trace/timeline_words.h"

#define CELLS_MAX TERMINAL_COLUMNS_MAX
#define TICK 9 /* columns from one tick to the next at least */
#define PLOT_LEAST 10
#define KEY_LEAST 66 /* columns of a key with figures beside the names */

/* What a cell may show: a phase, a sign, or the grid. */
enum { SIGNS = PHASE_COUNT, GRID = PHASE_COUNT + SIGN_COUNT, CELL_KINDS };

static const char *const PHASES[PHASE_COUNT][2] = {
    [PHASE_NONE] = {" ", " "},
    [PHASE_SPAWN] = {"+", "▌"},
    [PHASE_HAND_OVER] = {".", "·"},
    [PHASE_SILENT] = {"-", "─"},
    [PHASE_SERVING] = {"=", "▄"},
    [PHASE_LOCK_WAIT] = {"w", "░"},
    [PHASE_LOCK_HELD] = {"#", "█"},
    [PHASE_CLOSING] = {"~", "┄"},
    [PHASE_ENDED] = {"z", "z"},
    [PHASE_CONNECTING] = {"c", "╌"},
    [PHASE_IDLE] = {"_", "┈"},
    [PHASE_DUE] = {"d", "▒"},
    [PHASE_IN_FLIGHT] = {"*", "━"},
};

static const char *const COLOURS[CELL_KINDS] = {
    [PHASE_NONE] = "",
    [PHASE_SPAWN] = "\033[36m",
    [PHASE_HAND_OVER] = "\033[35m",
    [PHASE_SILENT] = "\033[2m",
    [PHASE_SERVING] = "\033[32m",
    [PHASE_LOCK_WAIT] = "\033[33m",
    [PHASE_LOCK_HELD] = "\033[31m",
    [PHASE_CLOSING] = "\033[2m",
    [PHASE_ENDED] = "\033[2m",
    [PHASE_CONNECTING] = "\033[35m",
    [PHASE_IDLE] = "\033[2m",
    [PHASE_DUE] = "\033[33m",
    [PHASE_IN_FLIGHT] = "\033[34m",
    [SIGNS + SIGN_NONE] = "",
    [SIGNS + SIGN_REFUSED] = "\033[31m",
    [SIGNS + SIGN_STOP] = "\033[1m",
    [SIGNS + SIGN_CUT] = "\033[31m",
    [SIGNS + SIGN_DEAD_HOLDER] = "\033[1;31m",
    [SIGNS + SIGN_FAILED] = "\033[31m",
    [SIGNS + SIGN_OPEN] = "",
    [SIGNS + SIGN_KILLED] = "\033[1;31m",
    [GRID] = "\033[2m",
};

struct drawing {
	const struct timeline_view *view;
	const struct terminal_style *style;
	FILE *out;
	size_t name, id, plot, time, end; /* columns */
	bool seen[CELL_KINDS];		  /* the key shows these */
};

static const char *
colour(const struct drawing *d, const char *sequence)
{
	return d->style->colour ? sequence : "";
}

/* The character of a cell. */
static const char *
glyph(const struct drawing *d, size_t cell)
{
	if (cell == GRID)
		return d->style->utf8 ? "┊" : " ";
	if (cell >= SIGNS)
		return timeline_sign_text(
		    (enum timeline_sign)(cell - SIGNS), d->style->utf8);
	return PHASES[cell][d->style->utf8];
}

/* ---- layout ---- */

static size_t
larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t
width_of(const struct drawing *d)
{
	return d->style->width ? d->style->width : TERMINAL_COLUMNS;
}

/* "1.02 ms": how long the lane lasted. */
static char *
lane_time(const struct lane *lane, char *buf, size_t size)
{
	return format_duration(buf, size, (double)(lane->died - lane->from));
}

/* The columns that the labels and ends need; the rest is the plot's. */
static void
lay_out(struct drawing *d)
{
	char text[TIMELINE_WORDS];
	size_t beside, width = width_of(d);
	bool zh = d->view->zh;

	d->name = strlen("conn"), d->id = strlen("pid");
	for (size_t i = 0; i < d->view->count; i++) {
		const struct lane *lane = d->view->lanes[i];

		timeline_lane_name(lane, zh, text, sizeof(text));
		if (lane->kind != LANE_LOOP)
			d->name = larger(d->name, escape_columns(text));
		snprintf(text, sizeof(text), "%d", lane->tid);
		d->id = larger(d->id, strlen(text));
		lane_time(lane, text, sizeof(text));
		d->time = larger(d->time, 1 + strlen(text));
		timeline_lane_end(lane, zh, text, sizeof(text));
		d->end = larger(d->end, escape_columns(text));
	}
	d->end += d->end > 0;
	d->name = larger(d->name, strlen("accept loop") - 1 - d->id);
	beside = 2 + d->name + 1 + d->id + 2 + d->time + d->end;
	d->plot = width > beside + PLOT_LEAST ? width - beside : PLOT_LEAST;
	d->plot = d->plot < CELLS_MAX ? d->plot : CELLS_MAX;
}

/* Blanks, then TEXT, in so many columns. */
static void
put_right(const struct drawing *d, const char *text, size_t columns)
{
	size_t wide = escape_columns(text);

	fprintf(d->out, "%*s%s", (int)(columns > wide ? columns - wide : 0), "",
	    text);
}

/* ---- rows ---- */

/* Whether a tick stands in this cell. */
static void
put_grid(const struct drawing *d, unsigned char *cells)
{
	struct timeline_ticks ticks = timeline_ticks(d->view, d->plot / TICK);

	for (size_t i = 0; i < ticks.count; i++)
		cells[timeline_cell_of(
		    d->view, timeline_tick(&ticks, i), d->plot)] = GRID;
}

static void
put_sign(const struct drawing *d, enum timeline_sign sign, uint64_t at,
    unsigned char *cells)
{
	const struct timeline_view *view = d->view;

	if (sign && at >= view->from && at <= view->to)
		cells[timeline_cell_of(view, at, d->plot)] =
		    (unsigned char)(SIGNS + sign);
}

static void
put_signs(
    const struct drawing *d, const struct lane *lane, unsigned char *cells)
{
	for (size_t i = 0; i < lane->event_count; i++) {
		const struct trace_record *e = lane->events[i];

		put_sign(d, timeline_sign(lane, e),
		    timeline_at(d->view->timeline, e), cells);
	}
	put_sign(d, timeline_end_sign(lane), lane->died, cells);
}

static void
put_cells(struct drawing *d, const struct lane *lane)
{
	enum phase_kind phases[CELLS_MAX];
	unsigned char cells[CELLS_MAX] = {0};
	const char *last = "";

	put_grid(d, cells);
	timeline_cells(d->view, lane, d->plot, phases);
	for (size_t i = 0; i < d->plot; i++)
		cells[i] = phases[i] ? (unsigned char)phases[i] : cells[i];
	put_signs(d, lane, cells);
	for (size_t i = 0; i < d->plot; i++) {
		const char *now = COLOURS[cells[i]];

		d->seen[cells[i]] = true;
		if (now != last)
			fprintf(d->out, "%s%s", colour(d, "\033[0m"),
			    colour(d, now));
		last = now;
		fputs(glyph(d, cells[i]), d->out);
	}
	fputs(colour(d, "\033[0m"), d->out);
}

/* How long it was there, and how it ended. */
static void
put_end(const struct drawing *d, const struct lane *lane)
{
	char time[16], words[TIMELINE_WORDS];

	timeline_lane_end(lane, d->view->zh, words, sizeof(words));
	if (lane->kind != LANE_LOOP)
		put_right(d, lane_time(lane, time, sizeof(time)), d->time);
	else if (words[0])
		put_right(d, "", d->time);
	if (words[0])
		fprintf(d->out, " %s%s%s",
		    colour(d, lane->end == LANE_KILLED
				  ? COLOURS[SIGNS + SIGN_KILLED]
				  : ""),
		    words, colour(d, "\033[0m"));
	fputc('\n', d->out);
}

static void
put_row(struct drawing *d, const struct lane *lane)
{
	char text[TIMELINE_WORDS];

	fputs("  ", d->out);
	timeline_lane_name(lane, d->view->zh, text, sizeof(text));
	if (lane->kind == LANE_LOOP) {
		put_right(d, text, d->name + 1 + d->id);
	} else {
		put_right(d, text, d->name);
		snprintf(text, sizeof(text), "%d", lane->tid);
		fputc(' ', d->out);
		put_right(d, lane->tid ? text : "-", d->id);
	}
	fputs("  ", d->out);
	put_cells(d, lane);
	put_end(d, lane);
}

/* ---- the axis ---- */

static void
put_axis(const struct drawing *d)
{
	const struct timeline_view *view = d->view;
	struct timeline_ticks ticks = timeline_ticks(view, d->plot / TICK);
	size_t column = 0;

	fputs("  ", d->out);
	put_right(d, timeline_number_name(view->zh), d->name);
	fputc(' ', d->out);
	put_right(d, timeline_id_name(view->timeline), d->id);
	fprintf(d->out, "%s  ", colour(d, "\033[2m"));
	for (size_t i = 0; i < ticks.count; i++) {
		size_t cell =
		    timeline_cell_of(view, timeline_tick(&ticks, i), d->plot);
		char text[40];
		size_t len =
		    strlen(timeline_tick_text(&ticks, i, text, sizeof(text)));

		if ((column && cell <= column) ||
		    cell + len > d->plot + d->time)
			continue;
		fprintf(d->out, "%*s%s", (int)(cell - column), "", text);
		column = cell + len;
	}
	fprintf(d->out, "%s\n", colour(d, "\033[0m"));
}

/* ---- the key ---- */

static void
put_phase_key(const struct drawing *d, struct table *table, enum phase_kind i)
{
	struct phase_sum sum = timeline_sum(d->view->timeline, i);
	char a[16], b[16], c[16], number[32];

	format_number(number, sizeof(number), (double)sum.count);
	table_cell(
	    table, "%s  %s", glyph(d, i), timeline_phase_name(i, d->view->zh));
	table_cell(table, "%s", number);
	table_cell(
	    table, "%s", format_duration(a, sizeof(a), (double)sum.median));
	table_cell(
	    table, "%s", format_duration(b, sizeof(b), (double)sum.longest));
	table_cell(
	    table, "%s", format_duration(c, sizeof(c), (double)sum.total));
	table_end(table);
}

static void
put_sign_key(const struct drawing *d)
{
	char text[300] = "";
	size_t n = 0;

	for (enum timeline_sign i = SIGN_NONE + 1; i < SIGN_COUNT; i++) {
		if (d->seen[SIGNS + i])
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s%s  %s", n ? "   " : "", glyph(d, SIGNS + i),
			    timeline_sign_name(i, d->view->zh));
	}
	if (!n)
		return;
	fputs("  ", d->out);
	terminal_fold(d->out, text, 2, 2, width_of(d));
}

/* Where a table is too wide. */
static void
put_narrow_key(const struct drawing *d)
{
	bool zh = d->view->zh;
	char text[200], a[16], b[16];

	for (enum phase_kind i = PHASE_NONE + 1; i < PHASE_COUNT; i++) {
		struct phase_sum sum = timeline_sum(d->view->timeline, i);

		if (!sum.count)
			continue;
		snprintf(text, sizeof(text),
		    zh ? "%s：中位数 %s，合计 %s" : "%s: median %s, total %s",
		    timeline_phase_name(i, zh),
		    format_duration(a, sizeof(a), (double)sum.median),
		    format_duration(b, sizeof(b), (double)sum.total));
		fprintf(d->out, "  %s  ", glyph(d, i));
		terminal_fold(d->out, text, 5, 5, width_of(d));
	}
}

static void
put_table_key(const struct drawing *d)
{
	struct table *table = calloc(1, sizeof(*table));
	bool zh = d->view->zh;

	if (!table)
		return;
	table->spare = true;
	table_cell(table, "%s", "");
	table_cell(table, "%s", zh ? "次数" : "times");
	table_cell(table, "%s", zh ? "中位数" : "median");
	table_cell(table, "%s", zh ? "最长" : "longest");
	table_cell(table, "%s", zh ? "合计" : "total");
	table_end(table);
	for (enum phase_kind i = PHASE_NONE + 1; i < PHASE_COUNT; i++) {
		if (d->seen[i] || timeline_sum(d->view->timeline, i).count)
			put_phase_key(d, table, i);
	}
	if (table->rows > 1)
		table_print(table, colour(d, "\033[2m"), colour(d, "\033[0m"),
		    width_of(d), d->out);
	free(table);
}

/* ---- all ---- */

static void
put_head(const struct drawing *d)
{
	const struct timeline *timeline = d->view->timeline;
	char name[ESCAPED_SIZE(TIMELINE_WORDS)], words[TIMELINE_WORDS];
	char text[sizeof(name) + TIMELINE_WORDS];

	timeline_name(timeline, d->view->zh, words, sizeof(words));
	escape(words, name, sizeof(name));
	snprintf(text, sizeof(text), "%s: %s", name,
	    timeline_summary(timeline, d->view->zh, words, sizeof(words)));
	fputs("  ", d->out);
	terminal_fold(d->out, text, 2, 2, width_of(d));
	for (size_t i = 0;
	     timeline_warning(timeline, i, d->view->zh, words, sizeof(words));
	     i++) {
		fputs("  ", d->out);
		terminal_fold(d->out, words, 2, 2, width_of(d));
	}
	fputc('\n', d->out);
}

/* How many lanes have no row, and how to see them. */
static void
put_rest(const struct drawing *d)
{
	size_t rest = d->view->in_window - d->view->count;
	char number[32], text[TIMELINE_WORDS];

	if (!rest)
		return;
	format_number(number, sizeof(number), (double)rest);
	snprintf(text, sizeof(text),
	    d->view->zh ? "... 另有 %s 行%s%s" : "... and %s more rows%s%s",
	    number, d->view->more ? ": " : "",
	    d->view->more ? d->view->more : "");
	fputs("  ", d->out);
	terminal_fold(d->out, text, 2, 2, width_of(d));
}

void
timeline_terminal(const struct timeline_view *view,
    const struct terminal_style *style, FILE *out)
{
	struct drawing d = {.view = view, .style = style, .out = out};

	lay_out(&d);
	put_head(&d);
	if (view->count > 0) {
		put_axis(&d);
		for (size_t i = 0; i < view->count; i++)
			put_row(&d, view->lanes[i]);
		put_rest(&d);
		fputc('\n', out);
	} else if (timeline_nothing(view)) {
		fputs("  ", out);
		terminal_fold(out, timeline_nothing(view), 2, 2, width_of(&d));
		fputc('\n', out);
	}
	if (width_of(&d) < KEY_LEAST)
		put_narrow_key(&d);
	else
		put_table_key(&d);
	put_sign_key(&d);
}
