/* SPDX-License-Identifier: MIT */
/* timeline_terminal: label, cells, length and end of each lane; the key. */
#include "common/trace/timeline_terminal.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/escape.h"
#include "common/base/terminal.h"
#include "common/base/units.h"
#include "common/format/table.h"

#define CELLS_MAX TERMINAL_COLUMNS_MAX
#define TICK 9 /* columns from one tick to the next at least */
#define PLOT_LEAST 10
#define KEY_LEAST 66 /* columns of a key with figures beside the names */

/* Beside the phases, what a cell may show. */
enum { KILLED = PHASE_COUNT, GOES_ON, REFUSED, STOP, GRID, SIGNS };

struct sign {
	const char *ascii, *utf8, *colour;
};

static const struct sign SIGNS_OF[SIGNS] = {
    [PHASE_NONE] = {" ", " ", ""},
    [PHASE_SPAWN] = {"+", "▌", "\033[36m"},
    [PHASE_HAND_OVER] = {".", "·", "\033[35m"},
    [PHASE_SILENT] = {"-", "─", "\033[2m"},
    [PHASE_SERVING] = {"=", "▄", "\033[32m"},
    [PHASE_LOCK_WAIT] = {"w", "░", "\033[33m"},
    [PHASE_LOCK_HELD] = {"#", "█", "\033[31m"},
    [PHASE_CLOSING] = {"~", "┄", "\033[2m"},
    [PHASE_ENDED] = {"z", "z", "\033[2m"},
    [PHASE_CONNECTING] = {".", "·", "\033[35m"},
    [PHASE_IDLE] = {"-", "─", "\033[2m"},
    [PHASE_DUE] = {"d", "▒", "\033[33m"},
    [PHASE_IN_FLIGHT] = {"*", "━", "\033[34m"},
    [KILLED] = {"x", "×", "\033[1;31m"},
    [GOES_ON] = {">", "→", ""},
    [REFUSED] = {"R", "R", "\033[31m"},
    [STOP] = {"S", "S", "\033[1m"},
    [GRID] = {" ", "┊", "\033[2m"},
};

struct drawing {
	const struct timeline_view *view;
	const struct terminal_style *style;
	FILE *out;
	size_t name, id, plot, time, end; /* columns */
	bool seen[SIGNS];		  /* the key shows these */
};

static const char *
colour(const struct drawing *d, const char *sequence)
{
	return d->style->colour ? sequence : "";
}

static const char *
sign(const struct drawing *d, size_t i)
{
	return d->style->utf8 ? SIGNS_OF[i].utf8 : SIGNS_OF[i].ascii;
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

	for (uint64_t at = ticks.first; at <= d->view->to; at += ticks.step)
		cells[timeline_cell_of(d->view, at, d->plot)] = GRID;
}

static bool
is_shown(const struct drawing *d, uint64_t at)
{
	return at >= d->view->from && at <= d->view->to;
}

static void
put_signs(
    const struct drawing *d, const struct lane *lane, unsigned char *cells)
{
	const struct timeline_view *view = d->view;

	if (lane->kind == LANE_LOOP) {
		for (size_t i = 0; i < lane->event_count; i++) {
			const struct trace_record *e = lane->events[i];
			uint64_t at = timeline_at(view->timeline, e);

			if ((e->kind == TRACE_REFUSED ||
				e->kind == TRACE_STOP) &&
			    is_shown(d, at))
				cells[timeline_cell_of(view, at, d->plot)] =
				    e->kind == TRACE_STOP ? STOP : REFUSED;
		}
	} else if (is_shown(d, lane->died)) {
		size_t at = timeline_cell_of(view, lane->died, d->plot);

		if (lane->end == LANE_KILLED)
			cells[at] = KILLED;
		else if (lane->end == LANE_OPEN)
			cells[at] = GOES_ON;
	}
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
		const char *now = SIGNS_OF[cells[i]].colour;

		d->seen[cells[i]] = true;
		if (now != last)
			fprintf(d->out, "%s%s", colour(d, "\033[0m"),
			    colour(d, now));
		last = now;
		fputs(sign(d, cells[i]), d->out);
	}
	fputs(colour(d, "\033[0m"), d->out);
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
	if (lane->kind != LANE_LOOP) {
		put_right(d, lane_time(lane, text, sizeof(text)), d->time);
		timeline_lane_end(lane, d->view->zh, text, sizeof(text));
		if (text[0])
			fprintf(d->out, " %s%s%s",
			    colour(d, SIGNS_OF[KILLED].colour), text,
			    colour(d, "\033[0m"));
	}
	fputc('\n', d->out);
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
	for (uint64_t at = ticks.first; at <= view->to; at += ticks.step) {
		size_t cell = timeline_cell_of(view, at, d->plot);
		char text[40];
		int len = snprintf(text, sizeof(text), "%g%s%s",
		    (double)at / ticks.unit_ns, at == ticks.first ? " " : "",
		    at == ticks.first ? ticks.unit : "");

		if (cell < column || cell + (size_t)len > d->plot + d->time)
			continue;
		fprintf(d->out, "%*s%s", (int)(cell - column), "", text);
		column = cell + (size_t)len;
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
	    table, "%s  %s", sign(d, i), timeline_phase_name(i, d->view->zh));
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
	static const char *const words[SIGNS][2] = {
	    [KILLED] = {"killed", "被杀死"},
	    [GOES_ON] = {"no end in this trace", "跟踪中没有结束"},
	    [REFUSED] = {"a client was refused", "拒绝了一个客户端"},
	    [STOP] = {"told to stop", "收到停止信号"},
	};
	char text[200] = "";
	size_t n = 0;

	for (size_t i = KILLED; i < GRID; i++) {
		if (d->seen[i])
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s%s  %s", n ? "   " : "", sign(d, i),
			    words[i][d->view->zh]);
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
		fprintf(d->out, "  %s  ", sign(d, i));
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
	char name[ESCAPED_SIZE(sizeof(timeline->logs[0].program))];
	char words[TIMELINE_WORDS], text[sizeof(name) + TIMELINE_WORDS];

	snprintf(text, sizeof(text), "%s: %s",
	    escape(timeline->logs[0].program, name, sizeof(name)),
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
	    d->view->zh
		? "... 另有 %s 行（--rows N 或 --from、--to 选择其他行）"
		: "... and %s more rows (--rows N shows more, --from "
		  "and --to others)",
	    number);
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
	}
	if (width_of(&d) < KEY_LEAST)
		put_narrow_key(&d);
	else
		put_table_key(&d);
	put_sign_key(&d);
}
