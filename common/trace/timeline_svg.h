/* SPDX-License-Identifier: MIT */
/*
 * timeline_svg: draws a timeline as an SVG picture that needs nothing else: no
 * font, no script, no style from outside. It is readable on a light and on a
 * dark screen and in print. The pointer on a lane shows its figures.
 */
#ifndef COMMON_TRACE_TIMELINE_SVG_H
#define COMMON_TRACE_TIMELINE_SVG_H

#include <stdio.h>

#include "common/trace/timeline_view.h"

#define TIMELINE_SVG_WIDTH 1000 /* pixels at a scale of 1 */

/* Above the picture stands the TITLE; NULL: the program's name. Below it, the
 * key tells what each bar means, how often it is there and how long. Errors are
 * the stream's. */
void
timeline_svg(const struct timeline_view *view, const char *title, FILE *out);

/* ---- parts of another SVG picture ---- */

/*
 * A part has its corner at X and Y of that picture, and is scaled to WIDTH. Its
 * classes stand within .timeline, its ids begin with "tl-". Several timelines
 * share one key, which has names only.
 */

/* Writes what all parts of a picture need, once, before the first one. */
void
timeline_svg_style(FILE *out);

void
timeline_svg_panel(const struct timeline_view *view, const char *title, int x,
    int y, int width, FILE *out);

/* Pixels of a panel at a scale of 1. */
int
timeline_svg_height(const struct timeline_view *view);

/* Zeroed: nothing. */
struct timeline_svg_key {
	bool zh;
	bool phases[PHASE_COUNT], signs[SIGN_COUNT];
};

/* Adds to the key what the VIEW shows. */
void
timeline_svg_note(
    struct timeline_svg_key *key, const struct timeline_view *view);

void
timeline_svg_key(
    const struct timeline_svg_key *key, int x, int y, int width, FILE *out);

/* Pixels at a scale of 1; 0 for an empty key. */
int
timeline_svg_key_height(const struct timeline_svg_key *key);

#endif
