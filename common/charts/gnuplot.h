/* SPDX-License-Identifier: MIT */
/*
 * gnuplot: a picture by gnuplot(1), run as a program, as SVG within a page.
 *
 *	struct gnuplot plot;
 *	if (gnuplot_begin(&plot, 360, 240) < 0) ...
 *	fprintf(plot.script, "plot ...");
 *	if (gnuplot_end(&plot, &decor, page, why, sizeof(why)) < 0) ...
 *
 * No untrusted text goes through gnuplot: the script has ~0~, ~1~, ... in the
 * place of such text, which is put in afterwards, escaped. Colours are roles,
 * SVG_COLOUR(), which become variables of the page's style; the font is the
 * page's, too.
 */
#ifndef COMMON_CHARTS_GNUPLOT_H
#define COMMON_CHARTS_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/charts/svg.h"

struct gnuplot {
	FILE *script;
	char *text;
	size_t size;
	/* If set: non-zero: wait no longer. */
	const volatile int *stop;
	bool late; /* gnuplot_end() gave up waiting */
};

/* Whether there is a gnuplot in PATH. */
int
gnuplot_possible(void);

/* WIDTH and HEIGHT in pixels at which words have their usual size. Returns 0,
 * or -1 with errno. */
int
gnuplot_begin(struct gnuplot *plot, int width, int height);

/*
 * Runs it, at most for some seconds, and writes <svg>...</svg> to PAGE. Returns
 * 0; or -1 with the reason in WHY, and nothing written. Releases PLOT.
 */
int
gnuplot_end(struct gnuplot *plot, const struct svg_decor *decor, FILE *page,
    char *why, size_t size);

#endif
