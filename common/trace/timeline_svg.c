/* SPDX-License-Identifier: MIT */
/* timeline_svg: a row for each lane, the axis, and the key below. */
#include "common/trace/timeline_svg.h"

#include <string.h>

#include "common/base/escape.h"
#include "common/base/units.h"
#include "common/format/html.h"
#include "common/trace/timeline_words.h"

/* Pixels, at a scale of 1. */
#define LEFT 150
#define PLOT 700
#define TOP 76
#define ROW 16
#define BAR 11
#define KEY_ROW 19
#define TICKS 10
/* Cells of a row: finer than a pixel, for those who zoom in. */
#define CELLS (PLOT * 4)
/* With more rows, lines from the accept loop would hide them. */
#define ARROWS_MOST 100

struct canvas {
	const struct timeline_view *view;
	FILE *out;
	bool signs[SIGN_COUNT]; /* that are in it */
};

static void
find_signs(struct canvas *c)
{
	for (size_t i = 0; i < c->view->count; i++) {
		const struct lane *lane = c->view->lanes[i];

		c->signs[timeline_end_sign(lane)] = true;
		for (size_t k = 0; k < lane->event_count; k++)
			c->signs[timeline_sign(lane, lane->events[k])] = true;
	}
}

static double
x_of(const struct canvas *c, uint64_t at)
{
	const struct timeline_view *v = c->view;

	if (at <= v->from)
		return LEFT;
	if (at >= v->to)
		return LEFT + PLOT;
	return LEFT + PLOT * (double)(at - v->from) / (double)(v->to - v->from);
}

static bool
is_shown(const struct canvas *c, uint64_t at)
{
	return at >= c->view->from && at <= c->view->to;
}

static int
y_of(size_t row)
{
	return TOP + (int)row * ROW;
}

/* ---- style ---- */

/*
 * The colours stay apart for people who see no red or green: they differ in
 * lightness, too, and waiting is a texture.
 */
static const char STYLE[] =
    "<style>\n"
    ".timeline{background:var(--paper);--paper:#fff;--ink:#1b1f24;"
    "--soft:#5d6672;--grid:#d9dee4;--spawn:#0b7285;--hand:#b28bdc;"
    "--silent:#8d9baa;--serve:#69b37b;--wait:#c77700;--held:#8f2d1e;"
    "--close:#8d9baa;--dead:#8d96a1;--sent:#4c8fd9;--kill:#d00000}\n"
    "@media(prefers-color-scheme:dark){.timeline{--paper:#14181d;"
    "--ink:#e8ebef;--soft:#9aa5b1;--grid:#333b45;--spawn:#3bc9db;"
    "--hand:#8d6fc0;--silent:#6d7c8c;--serve:#3f9a57;--wait:#ffb347;"
    "--held:#f0755f;--close:#6d7c8c;--dead:#7d8793;--sent:#5aa3f0;"
    "--kill:#ff5c5c}}\n"
    ".timeline text{font:12px system-ui,sans-serif;fill:var(--ink)}\n"
    ".timeline .title{font-size:17px;font-weight:600}"
    ".timeline .soft{fill:var(--soft)}.timeline .end{text-anchor:end}"
    ".timeline .mid{text-anchor:middle}"
    ".timeline .bad{fill:var(--kill);font-weight:600}"
    ".timeline .sign{paint-order:stroke;stroke:var(--paper);"
    "stroke-width:3px}\n"
    ".timeline .grid{stroke:var(--grid)}"
    ".timeline .arrow{stroke:var(--spawn);opacity:.45}"
    ".timeline .kill{stroke:var(--kill);stroke-width:2.5;fill:none}"
    ".timeline .stop{stroke:var(--ink);stroke-dasharray:3 2}\n"
    ".timeline .p1{fill:var(--spawn)}.timeline .p2,.timeline .p9{"
    "fill:var(--hand)}.timeline .p3,.timeline .p10{fill:var(--silent)}"
    ".timeline .p4{fill:var(--serve)}.timeline .p5,.timeline .p11{"
    "fill:url(#tl-wait)}.timeline .p6{fill:var(--held)}"
    ".timeline .p7{fill:var(--close)}.timeline .p8{fill:url(#tl-dead)}"
    ".timeline .p12{fill:var(--sent)}\n"
    "</style>\n"
    "<defs>"
    "<pattern id=\"tl-wait\" width=\"5\" height=\"5\" "
    "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
    "<rect width=\"5\" height=\"5\" style=\"fill:var(--paper)\"/>"
    "<rect width=\"2.6\" height=\"5\" style=\"fill:var(--wait)\"/></pattern>"
    "<pattern id=\"tl-dead\" width=\"4\" height=\"4\" "
    "patternUnits=\"userSpaceOnUse\">"
    "<rect width=\"4\" height=\"4\" style=\"fill:var(--paper)\"/>"
    "<circle cx=\"2\" cy=\"2\" r=\"1.1\" style=\"fill:var(--dead)\"/>"
    "</pattern></defs>\n";

static void
put_text(const struct canvas *c, double x, double y, const char *classes,
    const char *text)
{
	fprintf(
	    c->out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, classes);
	html_text(c->out, text);
	fputs("</text>\n", c->out);
}

/* Where little happens, a bar is thin. */
static int
bar_height(enum phase_kind kind)
{
	if (kind == PHASE_SILENT || kind == PHASE_IDLE)
		return 3;
	return kind == PHASE_CLOSING ? 5 : BAR;
}

static void
put_bar(const struct canvas *c, enum phase_kind kind, double x, double y,
    double width)
{
	int height = bar_height(kind);

	fprintf(c->out,
	    "<rect class=\"p%d\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" "
	    "height=\"%d\"/>\n",
	    (int)kind, x, y + (BAR - height) / 2.0, width, height);
}

/* ---- a lane ---- */

/* What the pointer shows: who it is, and how long it was in each phase. */
static void
lane_words(
    const struct canvas *c, const struct lane *lane, char *buf, size_t size)
{
	uint64_t total[PHASE_COUNT] = {0};
	char name[64], time[16];
	size_t n;

	for (size_t i = 0; i < lane->phase_count; i++)
		total[lane->phases[i].kind] +=
		    lane->phases[i].to - lane->phases[i].from;
	n = (size_t)snprintf(buf, size, "%s%s, pid %d, tid %d, %s",
	    lane->kind != LANE_WORKER ? ""
	    : c->view->zh	      ? "连接 "
				      : "conn ",
	    timeline_lane_name(lane, c->view->zh, name, sizeof(name)),
	    lane->pid, lane->tid,
	    format_duration(
		time, sizeof(time), (double)(lane->died - lane->from)));
	for (enum phase_kind i = PHASE_NONE + 1; i < PHASE_COUNT; i++) {
		if (total[i] && n < size)
			n += (size_t)snprintf(buf + n, size - n, "\n%s: %s",
			    timeline_phase_name(i, c->view->zh),
			    format_duration(
				time, sizeof(time), (double)total[i]));
	}
}

static void
put_phases(const struct canvas *c, const struct lane *lane, int y)
{
	static enum phase_kind cells[CELLS];

	timeline_cells(c->view, lane, CELLS, cells);
	for (size_t i = 0, run; i < CELLS; i += run) {
		for (run = 1; i + run < CELLS && cells[i + run] == cells[i];)
			run++;
		if (cells[i])
			put_bar(c, cells[i], LEFT + (double)i / 4, y,
			    run < 4 ? 1 : (double)run / 4);
	}
}

/* A killed one has a cross where it was found, and a broken edge. */
static void
put_end(const struct canvas *c, const struct lane *lane, int y)
{
	double x = x_of(c, lane->died);
	char words[TIMELINE_WORDS], time[16];

	timeline_lane_end(lane, c->view->zh, words, sizeof(words));
	if (lane->end == LANE_KILLED && is_shown(c, lane->died))
		fprintf(c->out,
		    "<path class=\"kill\" d=\"M%.1f %dl3 3l-4 3l4 3l-3 4M%.1f "
		    "%dl9 9m0 -9l-9 9\"/>\n",
		    x, y - 1, x + 5, y + 1);
	put_text(c, LEFT + PLOT + 64, y + 10, "end soft",
	    format_duration(
		time, sizeof(time), (double)(lane->died - lane->from)));
	if (lane->end == LANE_OPEN)
		put_text(c, LEFT + PLOT + 68, y + 10, "soft", "→");
	put_text(c, LEFT + PLOT + 72, y + 10,
	    lane->end == LANE_KILLED ? "bad" : "soft", words);
}

static void
put_label(const struct canvas *c, const struct lane *lane, int y)
{
	char text[TIMELINE_WORDS];

	timeline_lane_name(lane, c->view->zh, text, sizeof(text));
	put_text(c, lane->kind == LANE_LOOP ? LEFT - 20 : LEFT - 78, y + 10,
	    "end", text);
	if (lane->kind == LANE_LOOP || !lane->tid)
		return;
	snprintf(text, sizeof(text), "%d", lane->tid);
	put_text(c, LEFT - 20, y + 10, "end soft", text);
}

/* A letter over the bar; the stop is a line through all lanes. */
static void
put_sign(const struct canvas *c, enum timeline_sign sign, uint64_t at, int y)
{
	double x = x_of(c, at);

	if (!sign || !is_shown(c, at))
		return;
	if (sign == SIGN_STOP)
		fprintf(c->out, "<path class=\"stop\" d=\"M%.1f %dV%d\"/>\n", x,
		    y + BAR + 2, y_of(c->view->count));
	fprintf(c->out, "<text x=\"%.1f\" y=\"%d\" class=\"mid bad sign\">", x,
	    y + 10);
	html_text(c->out, timeline_sign_text(sign, true));
	fputs("<title>", c->out);
	html_text(c->out, timeline_sign_name(sign, c->view->zh));
	fputs("</title></text>\n", c->out);
}

static void
put_signs(const struct canvas *c, const struct lane *lane, int y)
{
	for (size_t i = 0; i < lane->event_count; i++) {
		const struct trace_record *e = lane->events[i];

		put_sign(c, timeline_sign(lane, e),
		    timeline_at(c->view->timeline, e), y);
	}
}

/* The title of the group is what the pointer shows. */
static void
put_lane(const struct canvas *c, size_t row)
{
	const struct lane *lane = c->view->lanes[row];
	char words[1024];
	int y = y_of(row);

	lane_words(c, lane, words, sizeof(words));
	fputs("<g><title>", c->out);
	html_text(c->out, words);
	fputs("</title>\n", c->out);
	put_label(c, lane, y);
	put_phases(c, lane, y);
	put_signs(c, lane, y);
	if (lane->kind != LANE_LOOP)
		put_end(c, lane, y);
	fputs("</g>\n", c->out);
}

/* From the accept loop to each worker that it started. */
static void
put_arrows(const struct canvas *c)
{
	const struct timeline_view *view = c->view;
	uint64_t at;

	if (!view->count || view->lanes[0]->kind != LANE_LOOP ||
	    view->count > ARROWS_MOST)
		return;
	for (size_t i = 1; i < view->count; i++) {
		const struct lane *lane = view->lanes[i];

		at = lane->from;
		if (lane->kind == LANE_WORKER && lane->started && !lane->cut &&
		    is_shown(c, at) && is_shown(c, lane->start))
			fprintf(c->out,
			    "<path class=\"arrow\" d=\"M%.2f %dL%.2f %d\"/>\n",
			    x_of(c, at), y_of(0) + BAR, x_of(c, lane->start),
			    y_of(i));
	}
}

/* ---- the axis ---- */

static void
put_axis(const struct canvas *c)
{
	const struct timeline_view *view = c->view;
	struct timeline_ticks ticks = timeline_ticks(view, TICKS);
	int bottom = y_of(view->count);
	char text[40];

	for (uint64_t at = ticks.first; at <= view->to; at += ticks.step) {
		double x = x_of(c, at);

		fprintf(c->out, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>\n", x,
		    TOP - 6, bottom);
		snprintf(text, sizeof(text), "%g", (double)at / ticks.unit_ns);
		put_text(c, x, TOP - 11, "soft mid", text);
	}
	put_text(c, LEFT + PLOT + 40, TOP - 11, "soft", ticks.unit);
	put_text(
	    c, LEFT - 78, TOP - 11, "end soft", timeline_number_name(view->zh));
	put_text(c, LEFT - 20, TOP - 11, "end soft",
	    timeline_id_name(view->timeline));
}

/* ---- the key ---- */

static void
put_key_row(const struct canvas *c, enum phase_kind kind, int y)
{
	struct phase_sum sum = timeline_sum(c->view->timeline, kind);
	const double figures[] = {
	    (double)sum.median, (double)sum.longest, (double)sum.total};
	char text[40];

	put_bar(c, kind, LEFT, y, 28);
	put_text(
	    c, LEFT + 38, y + 10, "", timeline_phase_name(kind, c->view->zh));
	put_text(c, LEFT + 390, y + 10, "end",
	    format_number(text, sizeof(text), (double)sum.count));
	for (int i = 0; i < 3; i++)
		put_text(c, LEFT + 490 + 100 * i, y + 10, "end",
		    format_duration(text, sizeof(text), figures[i]));
}

/* What the letters and marks mean, in one line. */
static void
put_sign_key(const struct canvas *c, int y)
{
	char text[400] = "";
	size_t n = 0;

	for (enum timeline_sign i = SIGN_NONE + 1; i < SIGN_COUNT; i++) {
		if (c->signs[i])
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s%s %s", n ? "  ·  " : "",
			    timeline_sign_text(i, true),
			    timeline_sign_name(i, c->view->zh));
	}
	put_text(c, LEFT, y + 10, "soft", text);
}

static void
put_key(const struct canvas *c, int y)
{
	static const char *const heads[][2] = {
	    {"times", "次数"},
	    {"median", "中位数"},
	    {"longest", "最长"},
	    {"total", "合计"},
	};

	for (int i = 0; i < 4; i++)
		put_text(c, LEFT + 390 + 100 * i, y + 10, "end soft",
		    heads[i][c->view->zh]);
	for (enum phase_kind i = PHASE_NONE + 1; i < PHASE_COUNT; i++) {
		if (timeline_sum(c->view->timeline, i).count)
			put_key_row(c, i, y += KEY_ROW);
	}
	put_sign_key(c, y + KEY_ROW);
}

static int
key_height(const struct canvas *c)
{
	int rows = 2;

	for (enum phase_kind i = PHASE_NONE + 1; i < PHASE_COUNT; i++)
		rows += timeline_sum(c->view->timeline, i).count > 0;
	return rows * KEY_ROW;
}

/* ---- all ---- */

static void
put_head(const struct canvas *c, const char *title)
{
	const struct timeline *timeline = c->view->timeline;
	char words[TIMELINE_WORDS], text[3 * TIMELINE_WORDS];
	size_t n;

	put_text(c, 12, 24, "title", title);
	n = (size_t)snprintf(text, sizeof(text), "%s",
	    timeline_summary(timeline, c->view->zh, words, sizeof(words)));
	for (size_t i = 0;
	     n < sizeof(text) &&
	     timeline_warning(timeline, i, c->view->zh, words, sizeof(words));
	     i++)
		n +=
		    (size_t)snprintf(text + n, sizeof(text) - n, "; %s", words);
	put_text(c, 12, 43, "soft", text);
}

/* How many lanes have no row. */
static void
put_rest(const struct canvas *c, int y)
{
	size_t rest = c->view->in_window - c->view->count;
	char text[80];

	if (!rest)
		return;
	snprintf(text, sizeof(text),
	    c->view->zh ? "... 另有 %zu 行未画出" : "... and %zu more rows",
	    rest);
	put_text(c, LEFT, y, "soft", text);
}

int
timeline_svg_height(const struct timeline_view *view)
{
	const struct canvas c = {.view = view};

	return y_of(view->count) + 24 + key_height(&c) + 12;
}

/* ATTRIBUTES: of the element. */
static void
put_picture(const struct timeline_view *view, const char *title,
    const char *attributes, FILE *out)
{
	struct canvas c = {.view = view, .out = out};
	int bottom = y_of(view->count) + 24;
	char words[TIMELINE_WORDS], name[ESCAPED_SIZE(TIMELINE_WORDS)];
	char both[sizeof(name) + TIMELINE_WORDS];

	timeline_name(view->timeline, false, words, sizeof(words));
	escape_ascii(words, name, sizeof(name));
	snprintf(both, sizeof(both), "%s%s%s", title ? title : "",
	    title ? ": " : "", name);
	find_signs(&c);
	fprintf(out,
	    "<svg class=\"timeline\" viewBox=\"0 0 %d %d\" role=\"img\" "
	    "%s><title>",
	    TIMELINE_SVG_WIDTH, timeline_svg_height(view), attributes);
	html_text(out, both);
	fputs("</title>\n", out);
	fputs(STYLE, out);
	fputs("<rect width=\"100%\" height=\"100%\" "
	      "style=\"fill:var(--paper)\"/>\n",
	    out);
	put_head(&c, both);
	put_axis(&c);
	put_arrows(&c);
	for (size_t i = 0; i < view->count; i++)
		put_lane(&c, i);
	put_rest(&c, bottom - 10);
	put_key(&c, bottom);
	fputs("</svg>\n", out);
}

void
timeline_svg(const struct timeline_view *view, const char *title, FILE *out)
{
	put_picture(view, title, "xmlns=\"http://www.w3.org/2000/svg\"", out);
}

void
timeline_svg_panel(const struct timeline_view *view, const char *title, int x,
    int y, int width, FILE *out)
{
	char attributes[120];

	snprintf(attributes, sizeof(attributes),
	    "x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"", x, y, width,
	    timeline_svg_height(view) * width / TIMELINE_SVG_WIDTH);
	put_picture(view, title, attributes, out);
}
