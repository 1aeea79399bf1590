/* SPDX-License-Identifier: MIT */
/*
 * svg: gnuplot's SVG, made to stand within a page.
 */
#ifndef COMMON_CHARTS_SVG_H
#define COMMON_CHARTS_SVG_H

#include <stdio.h>

/* What a colour is for: in the script '#RR00NN', in the page var(--NAME-NN). */
enum svg_role {
	SVG_INK = 1,	 /* axes and words; NN is 0 */
	SVG_GRID = 2,	 /* NN is 0 */
	SVG_SOFT = 3,	 /* what is no result; NN is 0 */
	SVG_SERVER = 16, /* NN: its number */
	SVG_LIGHT = 17,	 /* the same, fainter */
	SVG_KIND = 32,	 /* NN: of memory */
};

#define SVG_COLOUR(role, n) ((unsigned)(role) << 16 | (unsigned)(n))

/* What gnuplot is not told. */
struct svg_decor {
	unsigned number;	  /* of the picture in its page: ids begin so */
	const char *label;	  /* read aloud in place of the picture */
	const char *const *words; /* ~0~ and on; ends with NULL */
};

/*
 * Writes SVG to OUT without its prologue; ids begin with the picture's number,
 * colours are the page's variables, ~N~ is the decor's word N, escaped, and
 * groups that hold nothing are gone. Returns 0, or -1 if it is no whole SVG;
 * then nothing was written.
 */
int
svg_inline(const char *svg, const struct svg_decor *decor, FILE *out);

#endif
