/* SPDX-License-Identifier: MIT */
/* timeline_svg: a row for each lane, the axis, and the key below. */
#include "common/trace/timeline_svg.h"

#include <string.h>

#include "common/base/escape.h"
#include "common/base/units.h"
#include "common/format/html.h"
#include "common/trace/timeline_words.h"

/* Pixels, at a scale of 1. */
#define LEFT 164
#define PLOT 670
#define TOP 72
#define ROW 20
#define BAR 14
#define LETTER 8 /* of a text, about */
#define KEY_ROW 23
#define KEY_COLUMNS 3 /* of names without figures */
#define TICKS 10
/* Cells of a row: finer than a pixel, for those who zoom in. */
#define CELLS (PLOT * 4)
/* With more rows, lines from the accept loop would hide them. */
#define ARROWS_MOST 100
/* Pixels: a shorter way to the right is hidden by the bars. */
#define ARROW_LEAST 3

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
 * No two phases look alike, in print without colours either: they differ in
 * texture, in height (bar_height()) or in lightness. Colours are written where
 * they are used, and not as variables, which programs that convert SVG do not
 * know: they would draw all in black.
 */
static const char STYLE[] =
    "<style>\n"
    ".timeline text{font:14px system-ui,'Noto Sans','Noto Sans CJK SC',"
    "'PingFang SC','Microsoft YaHei',sans-serif;fill:#1b1f24}\n"
    ".timeline .title{font-size:18px;font-weight:600}"
    ".timeline .soft{fill:#56606b}.timeline .end{text-anchor:end}"
    ".timeline .mid{text-anchor:middle}"
    ".timeline .bad{fill:#c00000;font-weight:700}"
    ".timeline .sign{paint-order:stroke;stroke:#fff;stroke-width:4px}\n"
    ".timeline .paper,.tl-paper{fill:#fff}"
    ".timeline .grid{stroke:#d9dee4}"
    ".timeline .arrow{stroke:#1d8aa0;opacity:.45}"
    ".timeline .kill{stroke:#c00000;stroke-width:3;fill:none}"
    ".timeline .halo{stroke:#fff;stroke-width:7;fill:none}"
    ".timeline .stop{stroke:#1b1f24;stroke-dasharray:3 2}\n"
    ".timeline .p1{fill:#1d8aa0}.timeline .p2{fill:url(#tl-hand)}"
    ".timeline .p3{fill:#46515d}.timeline .p4{fill:#69b37b}"
    ".timeline .p5{fill:url(#tl-wait)}.timeline .p6{fill:#7f2415}"
    ".timeline .p7{fill:url(#tl-close)}.timeline .p8{fill:url(#tl-dead)}"
    ".timeline .p9{fill:url(#tl-connect)}.timeline .p10{fill:url(#tl-idle)}"
    ".timeline .p11{fill:url(#tl-due)}.timeline .p12{fill:#3b76bf}\n"
    ".tl-hand{fill:#8a5cc9}.tl-wait,.tl-due{fill:#b86a00}"
    ".tl-close,.tl-idle{fill:#6b7682}.tl-dead{fill:#7a848f}"
    ".tl-connect{fill:#3b76bf}\n"
    "@media(prefers-color-scheme:dark){.timeline text{fill:#e8ebef}"
    ".timeline .soft{fill:#a3adb8}.timeline .bad{fill:#ff6b6b}"
    ".timeline .sign{stroke:#14181d}"
    ".timeline .paper,.tl-paper{fill:#14181d}"
    ".timeline .grid{stroke:#333b45}.timeline .arrow{stroke:#35a9bd}"
    ".timeline .kill{stroke:#ff6b6b}.timeline .halo{stroke:#14181d}"
    ".timeline .stop{stroke:#e8ebef}\n"
    ".timeline .p1{fill:#35a9bd}.timeline .p3{fill:#aab4bf}"
    ".timeline .p4{fill:#2f8a4c}.timeline .p6{fill:#ffc2b5}"
    ".timeline .p12{fill:#5aa3f0}"
    ".tl-hand{fill:#a983e0}.tl-wait,.tl-due{fill:#ffb347}"
    ".tl-close,.tl-idle{fill:#8b96a2}.tl-dead{fill:#7d8793}"
    ".tl-connect{fill:#5aa3f0}}\n"
    "</style>\n";

/* Stripes of a pattern: WIDE of each STEP, turned by DEGREES. */
#define STRIPES(name, step, wide, degrees)                               \
	"<pattern id=\"" name "\" width=\"" step "\" height=\"" step     \
	"\" patternUnits=\"userSpaceOnUse\" "                            \
	"patternTransform=\"rotate(" degrees                             \
	")\"><rect class=\"tl-paper\" width=\"" step "\" height=\"" step \
	"\"/><rect class=\"" name "\" width=\"" wide "\" height=\"" step \
	"\"/></pattern>\n"

static const char PATTERNS[] = "<defs>" STRIPES("tl-hand", "4", "2", "0")
    STRIPES("tl-wait", "6", "3.2", "45") STRIPES("tl-close", "10", "6", "0")
	STRIPES("tl-connect", "7", "4.5", "0") STRIPES(
	    "tl-idle", "6", "2", "0") STRIPES("tl-due", "6", "3.2",
	    "-45") "<pattern id=\"tl-dead\" width=\"5\" height=\"5\" "
		   "patternUnits=\"userSpaceOnUse\">"
		   "<rect class=\"tl-paper\" width=\"5\" height=\"5\"/>"
		   "<circle class=\"tl-dead\" cx=\"2.5\" cy=\"2.5\" r=\"1.2\"/>"
		   "</pattern></defs>\n";

void
timeline_svg_style(FILE *out)
{
	fputs(STYLE, out);
	fputs(PATTERNS, out);
}

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
	switch (kind) {
	case PHASE_SILENT:
	case PHASE_CLOSING:
	case PHASE_IDLE:
		return 3;
	case PHASE_CONNECTING:
	case PHASE_IN_FLIGHT:
		return 7;
	default:
		return BAR;
	}
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

/* A killed one has a cross, which is not part of the bar below it. */
static void
put_cross(const struct canvas *c, double x, int y)
{
	static const char *const classes[] = {"halo", "kill"};

	for (int i = 0; i < 2; i++)
		fprintf(c->out,
		    "<path class=\"%s\" d=\"M%.1f %dl10 10m0 -10l-10 10\"/>\n",
		    classes[i], x - 5, y + 2);
}

static void
put_end(const struct canvas *c, const struct lane *lane, int y)
{
	char words[TIMELINE_WORDS], time[16];

	timeline_lane_end(lane, c->view->zh, words, sizeof(words));
	if (lane->end == LANE_KILLED && is_shown(c, lane->died))
		put_cross(c, x_of(c, lane->died), y);
	put_text(c, LEFT + PLOT + 74, y + 12,
	    lane->end == LANE_KILLED ? "bad" : "soft", words);
	if (lane->kind == LANE_LOOP)
		return;
	put_text(c, LEFT + PLOT + 66, y + 12, "end soft",
	    format_duration(
		time, sizeof(time), (double)(lane->died - lane->from)));
	if (lane->end == LANE_OPEN)
		put_text(c, LEFT + PLOT + 72, y + 12, "soft", "→");
}

static void
put_label(const struct canvas *c, const struct lane *lane, int y)
{
	char text[TIMELINE_WORDS];

	timeline_lane_name(lane, c->view->zh, text, sizeof(text));
	put_text(c, lane->kind == LANE_LOOP ? LEFT - 14 : LEFT - 82, y + 12,
	    "end", text);
	if (lane->kind == LANE_LOOP || !lane->tid)
		return;
	snprintf(text, sizeof(text), "%d", lane->tid);
	put_text(c, LEFT - 14, y + 12, "end soft", text);
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
	    y + 12);
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
		    is_shown(c, at) && is_shown(c, lane->start) &&
		    x_of(c, lane->start) - x_of(c, at) >= ARROW_LEAST)
			fprintf(c->out,
			    "<path class=\"arrow\" d=\"M%.2f %dL%.2f %d\"/>\n",
			    x_of(c, at), y_of(0) + BAR, x_of(c, lane->start),
			    y_of(i));
	}
}

/* ---- the axis ---- */

/* The numbers above the lines, without those that would touch. One at the left
 * edge begins there: the column's heading is beside it. */
static void
put_axis(const struct canvas *c)
{
	const struct timeline_view *view = c->view;
	struct timeline_ticks ticks = timeline_ticks(view, TICKS);
	double free = LEFT;
	char text[40];

	for (size_t i = 0; i < ticks.count; i++) {
		double x = x_of(c, timeline_tick(&ticks, i)), half;

		fprintf(c->out, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>\n", x,
		    TOP - 6, y_of(view->count));
		timeline_tick_text(&ticks, i, text, sizeof(text));
		half = (double)strlen(text) * LETTER / 2.0;
		if (i == 0 && x - half < free)
			put_text(c, x, TOP - 11, "soft", text), x += half;
		else if (x - half >= free)
			put_text(c, x, TOP - 11, "soft mid", text);
		else
			continue;
		free = x + half + LETTER;
	}
	put_text(
	    c, LEFT - 82, TOP - 11, "end soft", timeline_number_name(view->zh));
	put_text(c, LEFT - 14, TOP - 11, "end soft",
	    timeline_id_name(view->timeline));
}

/* ---- the key ---- */

static void
put_swatch(const struct canvas *c, enum phase_kind kind, int x, int y)
{
	put_bar(c, kind, x, y, 28);
	put_text(c, x + 38, y + 12, "", timeline_phase_name(kind, c->view->zh));
}

static void
put_key_row(const struct canvas *c, enum phase_kind kind, int y)
{
	struct phase_sum sum = timeline_sum(c->view->timeline, kind);
	const double figures[] = {
	    (double)sum.median, (double)sum.longest, (double)sum.total};
	char text[40];

	put_swatch(c, kind, LEFT, y);
	put_text(c, LEFT + 376, y + 12, "end",
	    format_number(text, sizeof(text), (double)sum.count));
	for (int i = 0; i < 3; i++)
		put_text(c, LEFT + 474 + 98 * i, y + 12, "end",
		    format_duration(text, sizeof(text), figures[i]));
}

/* What the letters and marks mean, in one line. */
static void
put_sign_key(FILE *out, const bool *signs, bool zh, int x, int y)
{
	const struct canvas c = {.out = out};
	char text[400] = "";
	size_t n = 0;

	for (enum timeline_sign i = SIGN_NONE + 1; i < SIGN_COUNT; i++) {
		if (signs[i])
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s%s %s", n ? "  ·  " : "",
			    timeline_sign_text(i, true),
			    timeline_sign_name(i, zh));
	}
	put_text(&c, x, y + 12, "soft", text);
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
		put_text(c, LEFT + 376 + 98 * i, y + 12, "end soft",
		    heads[i][c->view->zh]);
	for (enum phase_kind i = PHASE_NONE + 1; i < PHASE_COUNT; i++) {
		if (timeline_sum(c->view->timeline, i).count)
			put_key_row(c, i, y += KEY_ROW);
	}
	put_sign_key(c->out, c->signs, c->view->zh, LEFT, y + KEY_ROW);
}

static int
key_height(const struct timeline_view *view)
{
	int rows = 2;

	for (enum phase_kind i = PHASE_NONE + 1; i < PHASE_COUNT; i++)
		rows += timeline_sum(view->timeline, i).count > 0;
	return rows * KEY_ROW;
}

/* ---- all ---- */

static void
put_head(const struct canvas *c, const char *title)
{
	char words[TIMELINE_WORDS];

	put_text(c, 12, 22, "title", title);
	put_text(c, 12, 41, "soft",
	    timeline_summary(
		c->view->timeline, c->view->zh, words, sizeof(words)));
}

/* ---- below the rows ---- */

static bool
has_rest(const struct timeline_view *view)
{
	return view->in_window > view->count;
}

static size_t
count_warnings(const struct timeline_view *view)
{
	char words[TIMELINE_WORDS];
	size_t n = 0;

	while (
	    timeline_warning(view->timeline, n, view->zh, words, sizeof(words)))
		n++;
	return n;
}

/* How many lanes have no row, and how to see them. */
static void
put_rest(const struct canvas *c)
{
	size_t rest = c->view->in_window - c->view->count;
	const char *more = c->view->more;
	char number[32], text[TIMELINE_WORDS];

	if (!has_rest(c->view))
		return;
	format_number(number, sizeof(number), (double)rest);
	snprintf(text, sizeof(text),
	    c->view->zh ? "... 另有 %s 行未画出%s%s"
			: "... and %s more rows%s%s",
	    number, more ? ": " : "", more ? more : "");
	put_text(c, LEFT, y_of(c->view->count) + 14, "soft", text);
}

/* What the trace or the window does not have, a line each. */
static void
put_warnings(const struct canvas *c)
{
	const struct timeline_view *view = c->view;
	size_t row = view->count + has_rest(view), n = count_warnings(view);
	char words[TIMELINE_WORDS];

	for (size_t i = 0; i < n; i++)
		put_text(c, LEFT, y_of(row + i) + 14, "bad",
		    timeline_warning(
			view->timeline, i, view->zh, words, sizeof(words)));
	if (timeline_nothing(view))
		put_text(
		    c, LEFT, y_of(row + n) + 14, "bad", timeline_nothing(view));
}

/* Above the key. */
static int
rows_height(const struct timeline_view *view)
{
	size_t rows = view->count + has_rest(view) + count_warnings(view) +
		      (timeline_nothing(view) != NULL);

	return y_of(rows) + 8;
}

/* Opens the element; ATTRIBUTES are its place or its name space. */
static void
begin_svg(FILE *out, int height, bool zh, const char *attributes)
{
	fprintf(out,
	    "<svg class=\"timeline\" viewBox=\"0 0 %d %d\" role=\"img\" "
	    "lang=\"%s\" %s>",
	    TIMELINE_SVG_WIDTH, height, zh ? "zh-CN" : "en", attributes);
}

static void
begin_panel(FILE *out, int height, bool zh, int x, int y, int width)
{
	char attributes[120];

	snprintf(attributes, sizeof(attributes),
	    "x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"", x, y, width,
	    height * width / TIMELINE_SVG_WIDTH);
	begin_svg(out, height, zh, attributes);
}

/* What stands between the element and the key. NULL as TITLE: the program. */
static void
put_rows(struct canvas *c, const char *title, bool styled)
{
	char words[TIMELINE_WORDS], name[ESCAPED_SIZE(TIMELINE_WORDS)];

	timeline_name(c->view->timeline, false, words, sizeof(words));
	escape_ascii(words, name, sizeof(name));
	title = title ? title : name;
	fputs("<title>", c->out);
	html_text(c->out, title);
	fputs("</title>\n", c->out);
	if (styled)
		timeline_svg_style(c->out);
	fputs(
	    "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n", c->out);
	find_signs(c);
	put_head(c, title);
	if (c->view->count > 0)
		put_axis(c);
	put_arrows(c);
	for (size_t i = 0; i < c->view->count; i++)
		put_lane(c, i);
	put_rest(c);
	put_warnings(c);
}

void
timeline_svg(const struct timeline_view *view, const char *title, FILE *out)
{
	struct canvas c = {.view = view, .out = out};
	int rows = rows_height(view), height = rows + key_height(view) + 8;
	char attributes[120];

	snprintf(attributes, sizeof(attributes),
	    "xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\"",
	    TIMELINE_SVG_WIDTH, height);
	begin_svg(out, height, view->zh, attributes);
	put_rows(&c, title, true);
	put_key(&c, rows);
	fputs("</svg>\n", out);
}

/* ---- parts of another picture ---- */

int
timeline_svg_height(const struct timeline_view *view)
{
	return rows_height(view);
}

void
timeline_svg_panel(const struct timeline_view *view, const char *title, int x,
    int y, int width, FILE *out)
{
	struct canvas c = {.view = view, .out = out};

	begin_panel(out, rows_height(view), view->zh, x, y, width);
	put_rows(&c, title, false);
	fputs("</svg>\n", out);
}

void
timeline_svg_note(
    struct timeline_svg_key *key, const struct timeline_view *view)
{
	struct canvas c = {.view = view};

	key->zh = view->zh;
	find_signs(&c);
	for (enum timeline_sign i = SIGN_NONE + 1; i < SIGN_COUNT; i++)
		key->signs[i] |= c.signs[i];
	for (size_t i = 0; i < view->count; i++) {
		for (size_t k = 0; k < view->lanes[i]->phase_count; k++)
			key->phases[view->lanes[i]->phases[k].kind] = true;
	}
}

static int
count_key(const bool *is_there, int count)
{
	int there = 0;

	for (int i = 1; i < count; i++)
		there += is_there[i];
	return there;
}

int
timeline_svg_key_height(const struct timeline_svg_key *key)
{
	int phases = count_key(key->phases, PHASE_COUNT);
	int rows = (phases + KEY_COLUMNS - 1) / KEY_COLUMNS +
		   (count_key(key->signs, SIGN_COUNT) > 0);

	return rows ? rows * KEY_ROW + 4 : 0;
}

void
timeline_svg_key(
    const struct timeline_svg_key *key, int x, int y, int width, FILE *out)
{
	const struct timeline_view view = {.zh = key->zh};
	const struct canvas c = {.view = &view, .out = out};
	int n = 0, column = (TIMELINE_SVG_WIDTH - 12) / KEY_COLUMNS;

	begin_panel(out, timeline_svg_key_height(key), key->zh, x, y, width);
	for (enum phase_kind i = PHASE_NONE + 1; i < PHASE_COUNT; i++) {
		if (!key->phases[i])
			continue;
		put_swatch(&c, i, 12 + n % KEY_COLUMNS * column,
		    n / KEY_COLUMNS * KEY_ROW);
		n++;
	}
	put_sign_key(out, key->signs, key->zh, 12,
	    (n + KEY_COLUMNS - 1) / KEY_COLUMNS * KEY_ROW);
	fputs("</svg>\n", out);
}
