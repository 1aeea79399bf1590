/* SPDX-License-Identifier: MIT */
/* lab_draw: in the terminal: bars of blocks, columns of cells. */
#include "common/lab/lab_draw.h"

#include <math.h>

#include "common/base/terminal.h"
#include "common/lab/lab_fold.h"
#include "common/trace/timeline_terminal.h"

#define BAR_MIN 6 /* columns of the longest bar */
/* A timeline of both servers, and what its marks mean, fit on a screen. */
#define TIMELINE_ROWS 14

/* ---- bars ---- */

static double
scaled(const struct lab_panel *panel, double value)
{
	if (!panel->logarithmic)
		return value > 0 ? value : 0;
	return value > 0 ? log10(value) : -INFINITY;
}

/* A logarithmic scale begins a decade below the smallest value. */
double
lab_bar_length(const struct lab_panel *panel, const struct lab_row *row)
{
	double most = -INFINITY, least = INFINITY, here;

	for (size_t i = 0; i < panel->rows; i++) {
		double value = scaled(panel, panel->row[i].value);

		if (isfinite(value)) {
			most = fmax(most, value);
			least = fmin(least, value);
		}
	}
	least = panel->logarithmic ? floor(least) - 1 : 0;
	here = scaled(panel, row->value);
	if (!isfinite(here) || !(most > least))
		return 0;
	return (here - least) / (most - least);
}

const char *
lab_panel_remark(
    const struct lab_picture *picture, const struct lab_panel *panel)
{
	if (!panel->logarithmic)
		return "";
	return picture->zh ? "（对数刻度）" : " (logarithmic scale)";
}

static const char *
colour_of(const struct terminal_style *style, enum lab_colour colour)
{
	static const char *const colours[] = {
	    [LAB_PLAIN] = "",
	    [LAB_THREAD] = "\033[34m",
	    [LAB_FORK] = "\033[33m",
	    [LAB_BAD] = "\033[31m",
	};

	return style->colour ? colours[colour] : "";
}

static const char *
plain_of(const struct terminal_style *style)
{
	return style->colour ? "\033[0m" : "";
}

static void
put_padded(FILE *out, const char *text, size_t columns)
{
	size_t has = lab_columns(text);

	fprintf(
	    out, "%s%*s", text, has < columns ? (int)(columns - has) : 0, "");
}

static size_t
widest(const struct lab_panel *panel, size_t column)
{
	size_t most = 0;

	for (size_t i = 0; i < panel->rows; i++) {
		size_t here = lab_columns(panel->row[i].text[column]);

		most = here > most ? here : most;
	}
	return most;
}

/* In eighths of a column, where the terminal has such blocks. */
static void
put_bar(FILE *out, const struct terminal_style *style, double columns)
{
	static const char *const parts[] = {
	    "", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	size_t eighths = (size_t)lround(columns * 8);

	if (!style->utf8) {
		for (size_t i = 0; i < (size_t)lround(columns); i++)
			fputc('#', out);
		return;
	}
	for (size_t i = 0; i < eighths / 8; i++)
		fputs("█", out);
	fputs(parts[eighths % 8], out);
}

static void
draw_bars(const struct lab_panel *panel, const struct terminal_style *style,
    FILE *out)
{
	size_t label = widest(panel, 0), value = widest(panel, 1);
	size_t used = 2 + label + 2 + 1 + value;
	size_t room =
	    style->width > used + BAR_MIN ? style->width - used : BAR_MIN;

	for (size_t i = 0; i < panel->rows; i++) {
		const struct lab_row *row = &panel->row[i];

		fputs("  ", out);
		put_padded(out, row->text[0], label);
		fprintf(out, "  %s", colour_of(style, row->colour));
		put_bar(out, style, lab_bar_length(panel, row) * (double)room);
		fprintf(out, "%s %s\n", plain_of(style), row->text[1]);
	}
}

static void
draw_table(const struct lab_panel *panel, const struct terminal_style *style,
    FILE *out)
{
	for (size_t i = 0; i < panel->rows; i++) {
		const struct lab_row *row = &panel->row[i];

		fprintf(out, "  %s%s", colour_of(style, row->colour),
		    row->heading && style->colour ? "\033[2m" : "");
		for (size_t c = 0; c + 1 < panel->columns; c++) {
			put_padded(out, row->text[c], widest(panel, c));
			fputs("  ", out);
		}
		fprintf(out, "%s%s\n", row->text[panel->columns - 1],
		    plain_of(style));
	}
}

static void
draw_timeline(const struct lab_picture *picture, const struct lab_panel *panel,
    const struct terminal_style *style, FILE *out)
{
	struct timeline_wish wish = {.rows = TIMELINE_ROWS, .zh = picture->zh};
	struct timeline_view view;

	timeline_view_open(&view, picture->timelines[panel->model], &wish);
	fputc('\n', out);
	timeline_terminal(&view, style, out);
	timeline_view_close(&view);
}

/* A timeline has its own title. */
static void
put_title(const struct lab_picture *picture, const struct lab_panel *panel,
    const struct terminal_style *style, FILE *out)
{
	const char *remark = lab_panel_remark(picture, panel);
	char text[2 * LAB_TEXT];

	if (panel->kind == LAB_PANEL_TIMELINE)
		return;
	if (2 + lab_columns(panel->title) + lab_columns(remark) >
	    style->width) {
		snprintf(text, sizeof(text), "%s%s", panel->title, remark);
		fputs("\n  ", out);
		terminal_fold(out, text, 2, 2, style->width);
		return;
	}
	fprintf(out, "\n  %s%s%s%s\n", style->colour ? "\033[1m" : "",
	    panel->title, plain_of(style), remark);
}

static void
draw_panel(const struct lab_picture *picture, const struct lab_panel *panel,
    const struct terminal_style *style, FILE *out)
{
	switch (panel->kind) {
	case LAB_PANEL_BARS:
		draw_bars(panel, style, out);
		break;
	case LAB_PANEL_TABLE:
		draw_table(panel, style, out);
		break;
	case LAB_PANEL_TIMELINE:
		draw_timeline(picture, panel, style, out);
		break;
	}
}

void
lab_draw_terminal(const struct lab_picture *picture,
    const struct terminal_style *style, FILE *out)
{
	for (size_t i = 0; i < picture->count; i++) {
		const struct lab_panel *panel = &picture->panel[i];

		put_title(picture, panel, style, out);
		draw_panel(picture, panel, style, out);
	}
}
