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

/* Above the picture stand the TITLE, unless it is NULL, and the program's name.
 * Errors are the stream's. */
void
timeline_svg(const struct timeline_view *view, const char *title, FILE *out);

/* The same as a part of another SVG picture, whose corner is at X and Y there,
 * and scaled to WIDTH. Its classes stand within .timeline, its ids begin with
 * "tl-". */
void
timeline_svg_panel(const struct timeline_view *view, const char *title, int x,
    int y, int width, FILE *out);

/* Pixels at a scale of 1. */
int
timeline_svg_height(const struct timeline_view *view);

#endif
