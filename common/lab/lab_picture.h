/* SPDX-License-Identifier: MIT */
/*
 * lab_picture: what a picture shows, described once and drawn twice: in the
 * terminal and as SVG.
 *
 * A picture is a column of panels. A panel has bars, or a table, or the
 * timeline of a server's workers.
 *
 *	lab_bars(picture, false, lab_words(picture, "updates that survived",
 *	    "留下的更新"));
 *	lab_bar(picture, "thread", 200, "thread");
 *	lab_bar(picture, "fork", 200, "fork");
 *
 * Texts are in the picture's language, ZH; they need no escaping. What does not
 * fit is left out. No allocation.
 */
#ifndef COMMON_LAB_LAB_PICTURE_H
#define COMMON_LAB_LAB_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define LAB_MODELS 2 /* thread, fork */
#define LAB_PANELS 6
#define LAB_ROWS 24
#define LAB_COLUMNS 6
#define LAB_TEXT 100

enum lab_panel_kind {
	LAB_PANEL_BARS,
	LAB_PANEL_TABLE,
	LAB_PANEL_TIMELINE,
};

enum lab_colour {
	LAB_PLAIN, /* neither model */
	LAB_THREAD,
	LAB_FORK,
	LAB_BAD, /* what should not be: lost, killed */
};

struct lab_row {
	enum lab_colour colour;
	double value;			  /* of a bar */
	bool heading;			  /* of a table */
	char text[LAB_COLUMNS][LAB_TEXT]; /* a bar's label and value; cells */
};

struct lab_panel {
	enum lab_panel_kind kind;
	char title[LAB_TEXT];
	bool logarithmic;
	size_t rows, columns;
	struct lab_row row[LAB_ROWS];
	size_t model; /* whose timeline */
};

struct timeline;

struct lab_picture {
	bool zh;
	/* What the servers recorded; NULL: nothing. */
	const struct timeline *timelines[LAB_MODELS];
	size_t count;
	struct lab_panel panel[LAB_PANELS];
};

#define lab_words(picture, en, chinese) ((picture)->zh ? chinese : en)

/* Begins a panel of bars, with a logarithmic scale if they differ by orders of
 * magnitude. */
void
lab_bars(struct lab_picture *picture, bool logarithmic, const char *title);

/* Adds a bar. MODEL is "thread", "fork", "bad" or NULL; the format makes its
 * label. The value is written beside it as a number. */
void
lab_bar(struct lab_picture *picture, const char *model, double value,
    const char *label, ...) __attribute__((format(printf, 4, 5)));

/* What stands beside the latest bar instead of the number. */
void
lab_bar_says(struct lab_picture *picture, const char *words, ...)
    __attribute__((format(printf, 2, 3)));

/* Begins a panel with a table of COLUMNS. */
void
lab_table(struct lab_picture *picture, size_t columns, const char *title);

/* Adds a row: a cell for each "|" of the text that the format makes. The first
 * row is the heading. MODEL as above. */
void
lab_cells(struct lab_picture *picture, const char *model, const char *cells,
    ...) __attribute__((format(printf, 3, 4)));

/* The timeline of a MODEL's server, if the lab has started one with a trace
 * (struct lab_plan). The title begins with the server's name, unless TITLE has
 * it. */
void
lab_timeline(struct lab_picture *picture, const char *model, const char *title);

#endif
