/* SPDX-License-Identifier: MIT */
/*
 * html_forest: the picture at the top of the page, with the words that explain
 * it. It needs no gnuplot.
 */
#ifndef COMMON_REPORT_HTML_FOREST_H
#define COMMON_REPORT_HTML_FOREST_H

#include <stdio.h>

#include "common/charts/forest_plot.h"
#include "common/verdict/comparison.h"

/* A <figure>. Rows link to #scenario-0 and on. Nothing without rows. */
void
html_forest(FILE *page, const struct comparison *comparison,
    const struct forest_plot *plot);

#endif
