/* SPDX-License-Identifier: MIT */
/*
 * lab_draw: draws what lab_picture.h describes.
 */
#ifndef COMMON_LAB_LAB_DRAW_H
#define COMMON_LAB_LAB_DRAW_H

#include <stdio.h>

#include "common/lab/lab_picture.h"
#include "common/report/terminal_style.h"

void
lab_draw_terminal(const struct lab_picture *picture,
    const struct terminal_style *style, FILE *out);

/* One SVG file that needs nothing else, for light and dark pages. TITLE is its
 * heading, and is read aloud in place of the picture. Errors are the stream's.
 */
void
lab_draw_svg(const struct lab_picture *picture, const char *title, FILE *out);

/* What stands behind a panel's title. */
const char *
lab_panel_remark(
    const struct lab_picture *picture, const struct lab_panel *panel);

/* 0 to 1: how long the bar of ROW is. */
double
lab_bar_length(const struct lab_panel *panel, const struct lab_row *row);

#endif
