/* SPDX-License-Identifier: MIT */
/*
 * plot: a picture by gnuplot(1), run as a program, as SVG to stand in a page.
 *
 *	struct plot plot;
 *	if (plot_begin(&plot, 360, 240) < 0) ...
 *	fprintf(plot.script, "plot ...");
 *	if (plot_end(&plot, &decor, page, why, sizeof(why)) < 0) ...
 *
 * No text of a stranger goes through gnuplot: what shall stand in the picture
 * is ~0~, ~1~, ... in the script and comes in afterwards, escaped. Colours are
 * roles, PLOT_COLOUR(), which become variables of the page's style. So is the
 * font the page's.
 */
#ifndef COMMON_CHARTS_GNUPLOT_H
#define COMMON_CHARTS_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What a colour is for: in the script '#RR00NN', in the page var(--NAME-NN). */
enum plot_role {
	PLOT_INK = 1,	  /* axes and words; NN is 0 */
	PLOT_GRID = 2,	  /* NN is 0 */
	PLOT_SERVER = 16, /* NN: its number */
	PLOT_LIGHT = 17,  /* the same, fainter */
	PLOT_KIND = 32,	  /* NN: of memory */
};

#define PLOT_COLOUR(role, n) ((unsigned)(role) << 16 | (unsigned)(n))

struct plot {
	FILE *script;
	char *text;
	size_t size;
	/* If set: non-zero: wait no longer. */
	const volatile int *stop;
	bool late; /* plot_end() gave up waiting */
};

/* What gnuplot is not told. */
struct plot_decor {
	unsigned number;	  /* of the picture in its page: ids begin so */
	const char *label;	  /* for who cannot see it */
	const char *const *words; /* ~0~ and on; ends with NULL */
};

/* Whether there is a gnuplot in PATH. */
int
plot_possible(void);

/* WIDTH and HEIGHT in pixels at which words have their usual size. Returns 0,
 * or -1 with errno. */
int
plot_begin(struct plot *plot, int width, int height);

/*
 * Runs it, at most for some seconds, and writes <svg>...</svg> to PAGE. Returns
 * 0; or -1 with the reason in WHY, and nothing written. Releases PLOT.
 */
int
plot_end(struct plot *plot, const struct plot_decor *decor, FILE *page,
    char *why, size_t size);

#endif
