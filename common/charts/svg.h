/* SPDX-License-Identifier: MIT */
/*
 * svg: gnuplot's SVG, made to stand within a page.
 */
#ifndef COMMON_CHARTS_SVG_H
#define COMMON_CHARTS_SVG_H

#include "common/charts/gnuplot.h"

/*
 * Writes SVG to OUT without its prologue; ids begin with the picture's number,
 * colours are the page's variables, ~N~ is the decor's word N, escaped, and
 * groups that hold nothing are gone. Returns 0, or -1 if it is no whole SVG;
 * then nothing was written.
 */
int
svg_inline(const char *svg, const struct gnuplot_decor *decor, FILE *out);

#endif
