/* SPDX-License-Identifier: MIT */
/* terminal_forest: label, picture, ratio, verdict. */
#include "common/report/terminal_forest.h"

#include <math.h>
#include <string.h>

#include "common/base/escape.h"
#include "common/verdict/sentences.h"

#define INDENT 2
#define LABEL_LEAST 8 /* columns */
#define FIGURE 7
#define VERDICT 10
#define PLOT_LEAST 8
#define PLOT_MOST 72
#define TICK 6 /* a tick's number, and a space */

/* What a column of the picture shows; the later covers the earlier. */
enum cell { EMPTY, ZONE, BASELINE, INTERVAL, FAINT, BEFORE, BEYOND, MARK };

static const char *const CELLS[][2] = {
    [EMPTY] = {" ", " "},
    [ZONE] = {":", "\u2591"},
    [BASELINE] = {"|", "\u2502"},
    [INTERVAL] = {"-", "\u2500"},
    [FAINT] = {".", "\u2504"},
    [BEFORE] = {"<", "\u2190"},
    [BEYOND] = {">", "\u2192"},
};

static const char *const MARKS[][2] = {
    [FASTER] = {"^", "\u25b2"},
    [SLOWER] = {"v", "\u25bc"},
    [EQUIVALENT] = {"=", "\u25a0"},
    [UNDECIDED] = {"?", "\u25cb"},
    [INVALID] = {"x", "\u00d7"},
};

/* Likewise, of a ratio by CPU. */
static const char *const CPU_MARKS[][2] = {
    [FASTER] = {"A", "\u25b3"},
    [SLOWER] = {"V", "\u25bd"},
    [EQUIVALENT] = {"C", "\u25a1"},
    [UNDECIDED] = {"?", "\u25cb"},
    [INVALID] = {"x", "\u00d7"},
};

struct layout {
	size_t label, plot; /* columns */
};

static struct layout
layout_of(const struct terminal_printer *p, const struct forest_plot *plot)
{
	struct layout layout = {.label = LABEL_LEAST, .plot = PLOT_LEAST};
	size_t width = terminal_width(p), most = width * 5 / 12, beside;

	beside = INDENT + 2 + 1 + FIGURE + 1 + VERDICT;
	if (width < beside + PLOT_LEAST + most)
		most = width > beside + PLOT_LEAST + LABEL_LEAST
			   ? width - beside - PLOT_LEAST
			   : LABEL_LEAST;

	for (size_t i = 0; i < plot->count; i++) {
		const struct forest_row *row = &plot->rows[i];
		char safe[ESCAPED_SIZE(sizeof(row->label))];
		size_t len =
		    escape_columns(escape(row->label, safe, sizeof(safe))) +
		    2 * row->below;

		if (len > layout.label && layout.label < most)
			layout.label = len < most ? len : most;
	}
	beside += layout.label;
	if (width > beside + PLOT_LEAST)
		layout.plot =
		    width - beside < PLOT_MOST ? width - beside : PLOT_MOST;
	return layout;
}

/* TEXT in so many columns: cut, or followed by spaces. */
static void
put_padded(struct terminal_printer *p, const char *text, size_t columns)
{
	char safe[ESCAPED_SIZE(FOREST_WORDS)];
	size_t len = strlen(escape(text, safe, sizeof(safe)));
	bool cut = escape_columns(safe) > columns;

	while (escape_columns(safe) > columns - (cut ? 2 : 0)) {
		do
			len--;
		while (((unsigned char)safe[len] & 0xc0) == 0x80);
		safe[len] = '\0';
	}
	fprintf(p->out, "%s%s%*s", safe, cut ? ".." : "",
	    (int)(columns - escape_columns(safe) - (cut ? 2 : 0)), "");
}

/* ---- the picture ---- */

static size_t
column_of(double place, size_t columns)
{
	return (size_t)lrint(fmin(fmax(place, 0), 1) * (double)(columns - 1));
}

static void
fill(enum cell *cells, size_t columns, double low, double high, enum cell with)
{
	if (isnan(low) || isnan(high))
		return;
	for (size_t i = column_of(low, columns); i <= column_of(high, columns);
	     i++)
		cells[i] = with;
}

static void
fill_cells(enum cell *cells, size_t columns, const struct forest_plot *plot,
    const struct forest_row *row)
{
	memset(cells, 0, columns * sizeof(*cells));
	fill(cells, columns, plot->zone_low, plot->zone_high, ZONE);
	cells[column_of(plot->one, columns)] = BASELINE;
	if (!row->drawn)
		return;
	fill(cells, columns, row->low, row->high,
	    row->found->verdict == INVALID ? FAINT : INTERVAL);
	if (row->before)
		cells[0] = BEFORE;
	if (row->beyond)
		cells[columns - 1] = BEYOND;
	cells[column_of(row->at, columns)] = MARK;
}

static void
put_cells(struct terminal_printer *p, const enum cell *cells, size_t columns,
    const struct forest_row *row)
{
	bool utf8 = p->style->utf8;
	const char *const(*marks)[2] =
	    row->found->basis == BASIS_SERVER_CPU ? CPU_MARKS : MARKS;

	for (size_t i = 0; i < columns; i++) {
		bool ground = cells[i] < INTERVAL;

		if (cells[i] == EMPTY)
			fputc(' ', p->out);
		else
			fprintf(p->out, "%s%s%s",
			    ground ? DIM(p)
				   : terminal_colour(p, row->found->verdict),
			    cells[i] == MARK ? marks[row->found->verdict][utf8]
					     : CELLS[cells[i]][utf8],
			    PLAIN(p));
	}
}

/* The picture, or words in its place, then the ratio and the verdict. */
static void
put_result(struct terminal_printer *p, const struct forest_plot *plot,
    const struct forest_row *row, size_t columns)
{
	const struct scenario_result *o = &p->c->scenarios[row->scenario];
	enum verdict verdict = row->found->verdict;
	enum cell cells[PLOT_MOST];

	fill_cells(cells, columns, plot, row);
	if (row->drawn)
		put_cells(p, cells, columns, row);
	else
		put_padded(p, row->words, columns + 1 + FIGURE);
	if (row->drawn)
		fprintf(p->out, " %*s", FIGURE, row->words);
	fprintf(p->out, " %s%s%s\n", terminal_colour(p, verdict),
	    sentence_verdict_word(o, verdict, row->found->basis), PLAIN(p));
}

static void
put_row(struct terminal_printer *p, const struct forest_plot *plot,
    const struct forest_row *row, struct layout layout)
{
	char safe[ESCAPED_SIZE(sizeof(row->label))];
	const char *label = row->label;

	/* A label that is cut may be that of another row, too. */
	if (row->found && escape_columns(escape(label, safe, sizeof(safe))) >
			      layout.label - 2 * row->below) {
		terminal_line(p, row->below ? "    " : "  ", label);
		label = "";
	}
	fprintf(p->out, "%*s", INDENT + 2 * row->below, "");
	if (!row->found) {
		fprintf(p->out, "%s%s%s\n",
		    escape(row->label, safe, sizeof(safe)),
		    row->words[0] ? ": " : "", row->words);
		return;
	}
	put_padded(p, label, layout.label - 2 * row->below);
	fputs("  ", p->out);
	put_result(p, plot, row, layout.plot);
}

/* ---- the axis ---- */

/* The numbers, each with its middle below its place. */
static void
put_ticks(struct terminal_printer *p, const struct forest_plot *plot,
    struct layout layout)
{
	struct forest_tick ticks[FOREST_TICKS];
	size_t at = 0, count = forest_plot_ticks(
			   plot, (double)TICK / (double)layout.plot, ticks);

	fprintf(p->out, "%*s", (int)(INDENT + layout.label + 2), "");
	for (size_t i = 0; i < count; i++) {
		size_t place = column_of(ticks[i].at, layout.plot);
		size_t half = strlen(ticks[i].text) / 2;
		size_t begin = place > half ? place - half : 0;

		begin = begin > at ? begin : at;
		fprintf(p->out, "%*s%s", (int)(begin - at), "", ticks[i].text);
		at = begin + strlen(ticks[i].text);
	}
	fputc('\n', p->out);
}

static void
put_sense(struct terminal_printer *p, struct layout layout)
{
	bool utf8 = p->style->utf8;
	char name[64], left[100], right[100];

	escape(p->c->servers[0].name, name, sizeof(name));
	snprintf(
	    left, sizeof(left), "%s worse than %s", CELLS[BEFORE][utf8], name);
	snprintf(right, sizeof(right), "better than %s %s", name,
	    CELLS[BEYOND][utf8]);
	fprintf(p->out, "%*s", (int)(INDENT + layout.label + 2), "");
	if (escape_columns(left) + 2 + escape_columns(right) <= layout.plot)
		fprintf(p->out, "%s%*s%s\n", left,
		    (int)(layout.plot - escape_columns(left) -
			  escape_columns(right)),
		    "", right);
	else
		fprintf(p->out, "%s worse | better %s\n", CELLS[BEFORE][utf8],
		    CELLS[BEYOND][utf8]);
}

static bool
any_by_cpu(const struct forest_plot *plot)
{
	for (size_t i = 0; i < plot->count; i++) {
		const struct server_result *f = plot->rows[i].found;

		if (f && f->basis == BASIS_SERVER_CPU && f->verdict != INVALID)
			return true;
	}
	return false;
}

/* What the bars are, and the shade, where it is wide enough to be seen. */
static void
put_key(struct terminal_printer *p, const struct forest_plot *plot,
    struct layout layout)
{
	bool utf8 = p->style->utf8;
	char text[300];

	snprintf(
	    text, sizeof(text), "%s 95 %% interval", CELLS[INTERVAL][utf8]);
	if (!isnan(plot->zone_low) &&
	    column_of(plot->zone_low, layout.plot) <
		column_of(plot->zone_high, layout.plot))
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "; %s a difference below %.3g %% does not matter",
		    CELLS[ZONE][utf8], 100 * p->c->delta);
	if (any_by_cpu(plot))
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "; %s %s %s by the server's CPU: the client was the limit",
		    CPU_MARKS[FASTER][utf8], CPU_MARKS[SLOWER][utf8],
		    CPU_MARKS[EQUIVALENT][utf8]);
	fputs(DIM(p), p->out);
	terminal_line(p, "  ", text);
	fputs(PLAIN(p), p->out);
}

void
terminal_forest(struct terminal_printer *p, const struct forest_plot *plot)
{
	struct layout layout = layout_of(p, plot);

	if (!plot->count)
		return;
	for (size_t i = 0; i < plot->count; i++)
		put_row(p, plot, &plot->rows[i], layout);
	if (!plot->drawn)
		return;
	put_ticks(p, plot, layout);
	put_sense(p, layout);
	put_key(p, plot, layout);
}
