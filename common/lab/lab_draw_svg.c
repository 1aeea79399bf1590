/* SPDX-License-Identifier: MIT */
/* lab_draw_svg: the same as SVG, with the colours of the report. */
#include <stdio.h>
#include <string.h>

#include "common/format/html.h"
#include "common/lab/lab_draw.h"
#include "common/lab/lab_fold.h"
#include "common/trace/timeline_svg.h"

/* Rows of a timeline: the accept loop, and workers that one sees at a glance.
 */
#define TIMELINE_ROWS 9

/* In the units of the picture. */
enum {
	WIDTH = TIMELINE_SVG_WIDTH,
	MARGIN = 12, /* as a timeline has */
	LINE = 24,
	TITLE_LINE = 34,
	HEADING = 48,
	COLUMN = 9, /* of a character of the text, about */
	BAR = 15,
	GAP = 24, /* between the columns of a table */
};

/* Colours are written where they are used, as in timeline_svg.c. */
static const char STYLE[] =
    "<style>\n"
    "text { font: 15px system-ui, 'Noto Sans', 'Noto Sans CJK SC', "
    "'PingFang SC', 'Microsoft YaHei', sans-serif; fill: #1f2933 }\n"
    ".title { font-size: 20px; font-weight: 600 }\n"
    ".panel { font-weight: 600 }\n"
    ".cell { font-variant-numeric: tabular-nums }\n"
    ".soft, .heading, .c0 { fill: #56606b }\n"
    ".c1 { fill: #2b6cb0 } .c2 { fill: #b8520b } .c3 { fill: #c02020 }\n"
    "line { stroke: #d5dbe1 } .page { fill: #fff }\n"
    "@media (prefers-color-scheme: dark) { text { fill: #e4e8ec }"
    " .soft, .heading, .c0 { fill: #a3adb8 } .c1 { fill: #6aa9e9 }"
    " .c2 { fill: #ef9a57 } .c3 { fill: #f17878 } line { stroke: #3a444e }"
    " .page { fill: #14181d } }\n"
    "</style>\n"
    "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n";

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
			x += widest(panel, c) + GAP;
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
	struct timeline_wish wish = {.rows = TIMELINE_ROWS, .zh = picture->zh};

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

/* What the bars of all timelines mean. */
static struct timeline_svg_key
key_of(const struct lab_picture *picture)
{
	struct timeline_svg_key key = {.zh = picture->zh};
	struct timeline_view view;

	for (size_t i = 0; i < picture->count; i++) {
		if (picture->panel[i].kind != LAB_PANEL_TIMELINE)
			continue;
		open_view(&view, picture, &picture->panel[i]);
		timeline_svg_note(&key, &view);
		timeline_view_close(&view);
	}
	return key;
}

/* ---- the whole ---- */

static int
panel_height(const struct lab_picture *picture, const struct lab_panel *panel)
{
	return panel->kind == LAB_PANEL_TIMELINE
		   ? timeline_height(picture, panel)
		   : TITLE_LINE + (int)panel->rows * LINE + LINE / 2;
}

/* A table may be narrow. */
static int
panel_width(const struct lab_panel *panel)
{
	int title = MARGIN + (int)lab_columns(panel->title) * COLUMN;
	int width = MARGIN;

	if (panel->kind != LAB_PANEL_TABLE)
		return WIDTH;
	for (size_t i = 0; i < panel->columns; i++)
		width += widest(panel, i) + GAP;
	width = width > title ? width : title;
	return width < WIDTH ? width : WIDTH;
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

/* A part that another page shows alone, by FILE.svg#ID. */
static void
put_view(FILE *out, const char *id, int y, int width, int height)
{
	fprintf(out, "<view id=\"%s\" viewBox=\"0 %d %d %d\"/>\n", id, y, width,
	    height);
}

void
lab_draw_svg(const struct lab_picture *picture, const char *title, FILE *out)
{
	static const char *const KINDS[] = {[LAB_PANEL_BARS] = "bars",
	    [LAB_PANEL_TABLE] = "table",
	    [LAB_PANEL_TIMELINE] = "timeline"};
	struct timeline_svg_key key = key_of(picture);
	int key_height = timeline_svg_key_height(&key);
	int height = HEADING + MARGIN / 2 + key_height, y = HEADING;
	char id[32];

	for (size_t i = 0; i < picture->count; i++)
		height += panel_height(picture, &picture->panel[i]);
	fprintf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
	    "width=\"%d\" height=\"%d\" role=\"img\" lang=\"%s\">\n<title>",
	    WIDTH, height, WIDTH, height, picture->zh ? "zh-CN" : "en");
	html_text(out, title);
	fprintf(out, "</title>\n%s", STYLE);
	if (key_height > 0)
		timeline_svg_style(out);
	put_text(out, MARGIN, 32, "title", title);
	for (size_t i = 0; i < picture->count; i++) {
		const struct lab_panel *panel = &picture->panel[i];
		int high = panel_height(picture, panel);

		snprintf(id, sizeof(id), "%s%zu", KINDS[panel->kind], i + 1);
		put_view(out, id, y, panel_width(panel), high);
		draw_panel(picture, panel, y, out);
		y += high;
	}
	if (key_height > 0) {
		put_view(out, "key", y, WIDTH, key_height);
		timeline_svg_key(&key, 0, y, WIDTH, out);
	}
	fputs("</svg>\n", out);
}
