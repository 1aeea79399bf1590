/* SPDX-License-Identifier: MIT */
/* lab_draw_svg: the same as SVG, with the colours of the report. */
#include <stdio.h>
#include <string.h>

#include "common/format/html.h"
#include "common/lab/lab_draw.h"
#include "common/lab/lab_fold.h"
#include "common/trace/timeline_svg.h"

/* In the units of the picture. */
enum {
	WIDTH = TIMELINE_SVG_WIDTH,
	MARGIN = 12, /* as a timeline has */
	LINE = 24,
	TITLE_LINE = 34,
	HEADING = 48,
	COLUMN = 8, /* of a character of the text, about */
	BAR = 15,
};

static const char STYLE[] =
    "<style>\n"
    "svg { --ink: #1f2933; --soft: #5b6773; --line: #d5dbe1; --card: #fff;"
    " --thread: #2b6cb0; --fork: #c2570c; --bad: #c53030;"
    " background: var(--card); color-scheme: light dark }\n"
    "@media (prefers-color-scheme: dark) { svg { --ink: #e4e8ec; --soft: "
    "#9aa5b1; --line: #3a444e; --card: #14181d; --thread: #6aa9e9; --fork: "
    "#ef9a57; --bad: #f17878 } }\n"
    "text { font: 14px system-ui, 'Noto Sans', 'Noto Sans CJK SC', "
    "sans-serif; fill: var(--ink) }\n"
    ".title { font-size: 19px; font-weight: 600 }\n"
    ".panel { font-weight: 600 }\n"
    ".soft, .heading { fill: var(--soft) }\n"
    ".cell { font-variant-numeric: tabular-nums }\n"
    ".c0 { fill: var(--soft) } .c1 { fill: var(--thread) }"
    " .c2 { fill: var(--fork) } .c3 { fill: var(--bad) }\n"
    "line { stroke: var(--line) }\n"
    "</style>\n";

static void
put_text(FILE *out, int x, int y, const char *class, const char *text)
{
	fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	html_text(out, text);
	fputs("</text>\n", out);
}

static int
widest(const struct lab_panel *panel, size_t column)
{
	size_t most = 0;

	for (size_t i = 0; i < panel->rows; i++) {
		size_t here = lab_columns(panel->row[i].text[column]);

		most = here > most ? here : most;
	}
	return (int)most * COLUMN;
}

static void
draw_bars(const struct lab_panel *panel, int y, FILE *out)
{
	int left = MARGIN + widest(panel, 0) + 12;
	int room = WIDTH - MARGIN - left - widest(panel, 1) - 10;

	if (room < 100)
		room = 100;
	fprintf(out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", left,
	    y, left, y + (int)panel->rows * LINE);
	for (size_t i = 0; i < panel->rows; i++, y += LINE) {
		const struct lab_row *row = &panel->row[i];
		double width = lab_bar_length(panel, row) * room;

		put_text(out, MARGIN, y + 17, "label", row->text[0]);
		fprintf(out,
		    "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
		    "rx=\"2\" class=\"c%d\"/>\n",
		    left, y + (LINE - BAR) / 2, width, BAR, (int)row->colour);
		put_text(
		    out, left + (int)width + 6, y + 17, "cell", row->text[1]);
	}
}

static void
draw_table(const struct lab_panel *panel, int y, FILE *out)
{
	static const char *const classes[] = {
	    "cell", "cell c1", "cell c2", "cell c3"};

	for (size_t i = 0; i < panel->rows; i++, y += LINE) {
		const struct lab_row *row = &panel->row[i];
		int x = MARGIN;

		for (size_t c = 0; c < panel->columns; c++) {
			put_text(out, x, y + 17,
			    row->heading ? "heading" : classes[row->colour],
			    row->text[c]);
			x += widest(panel, c) + 24;
		}
		if (row->heading)
			fprintf(out,
			    "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" "
			    "y2=\"%d\"/>\n",
			    MARGIN, y + LINE, WIDTH - MARGIN, y + LINE);
	}
}

/* ---- timelines ---- */

static void
open_view(struct timeline_view *view, const struct lab_picture *picture,
    const struct lab_panel *panel)
{
	struct timeline_wish wish = {.rows = LAB_ROWS, .zh = picture->zh};

	timeline_view_open(view, picture->timelines[panel->model], &wish);
}

static int
timeline_height(
    const struct lab_picture *picture, const struct lab_panel *panel)
{
	struct timeline_view view;
	int height;

	open_view(&view, picture, panel);
	height = timeline_svg_height(&view);
	timeline_view_close(&view);
	return height + LINE / 2;
}

static void
draw_timeline(const struct lab_picture *picture, const struct lab_panel *panel,
    int y, FILE *out)
{
	struct timeline_view view;

	open_view(&view, picture, panel);
	timeline_svg_panel(&view, panel->title, 0, y, WIDTH, out);
	timeline_view_close(&view);
}

/* ---- the whole ---- */

static int
panel_height(const struct lab_picture *picture, const struct lab_panel *panel)
{
	return panel->kind == LAB_PANEL_TIMELINE
		   ? timeline_height(picture, panel)
		   : TITLE_LINE + (int)panel->rows * LINE + LINE / 2;
}

static void
draw_panel(const struct lab_picture *picture, const struct lab_panel *panel,
    int y, FILE *out)
{
	if (panel->kind == LAB_PANEL_TIMELINE) {
		draw_timeline(picture, panel, y, out);
		return;
	}
	fprintf(out, "<text x=\"%d\" y=\"%d\"><tspan class=\"panel\">", MARGIN,
	    y + 18);
	html_text(out, panel->title);
	fprintf(out, "</tspan><tspan class=\"soft\">%s</tspan></text>\n",
	    lab_panel_remark(picture, panel));
	if (panel->kind == LAB_PANEL_BARS)
		draw_bars(panel, y + TITLE_LINE - 6, out);
	else
		draw_table(panel, y + TITLE_LINE - 6, out);
}

void
lab_draw_svg(const struct lab_picture *picture, const char *title, FILE *out)
{
	int height = HEADING + MARGIN / 2, y = HEADING;

	for (size_t i = 0; i < picture->count; i++)
		height += panel_height(picture, &picture->panel[i]);
	fprintf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
	    "width=\"%d\" height=\"%d\" role=\"img\" lang=\"%s\">\n<title>",
	    WIDTH, height, WIDTH, height, picture->zh ? "zh" : "en");
	html_text(out, title);
	fprintf(out, "</title>\n%s", STYLE);
	put_text(out, MARGIN, 32, "title", title);
	for (size_t i = 0; i < picture->count; i++) {
		draw_panel(picture, &picture->panel[i], y, out);
		y += panel_height(picture, &picture->panel[i]);
	}
	fputs("</svg>\n", out);
}
