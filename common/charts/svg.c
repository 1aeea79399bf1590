/* SPDX-License-Identifier: MIT */
/* svg: one pass over the text; what it does not know stays as it is. */
#include "common/charts/svg.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/format/html.h"

static bool
begins(const char *at, const char *with)
{
	return strncmp(at, with, strlen(with)) == 0;
}

/* After which of them the name of an id stands; 0: none is here. */
static size_t
id_prefix(const char *at)
{
	static const char *const forms[] = {
	    " id='", " id=\"", "href='#", "href=\"#", "url(#"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (begins(at, forms[i]))
			return strlen(forms[i]);
	}
	return 0;
}

/* "rgb( 16,   0,   1)" as a variable. Returns how long it was; 0: no role. */
static size_t
put_colour(const char *at, FILE *out)
{
	int role, zero, n, length = 0;

	if (sscanf(at, "rgb(%d,%d,%d)%n", &role, &zero, &n, &length) != 3 ||
	    !length || zero != 0)
		return 0;
	switch (role) {
	case SVG_INK:
		fputs("var(--ink)", out);
		break;
	case SVG_GRID:
		fputs("var(--grid)", out);
		break;
	case SVG_SOFT:
		fputs("var(--soft)", out);
		break;
	case SVG_SERVER:
		fprintf(out, "var(--server-%d)", n);
		break;
	case SVG_LIGHT:
		fprintf(out, "var(--light-%d)", n);
		break;
	case SVG_KIND:
		fprintf(out, "var(--kind-%d)", n);
		break;
	default:
		return 0;
	}
	return (size_t)length;
}

/* "~3~" as the word. Returns how long it was; 0: it is none. */
static size_t
put_word(const char *at, const struct svg_decor *decor, FILE *out)
{
	unsigned n;
	int length = 0;

	if (!isdigit((unsigned char)at[1]) ||
	    sscanf(at, "~%2u~%n", &n, &length) != 1 || !length)
		return 0;
	for (unsigned i = 0; decor->words[i]; i++) {
		if (i == n) {
			html_text(out, decor->words[i]);
			return (size_t)length;
		}
	}
	return 0;
}

/* A group that begins here and holds nothing: its length, or 0. */
static size_t
empty_group(const char *at)
{
	const char *end;

	if (!begins(at, "<g ") || !(end = strchr(at, '>')))
		return 0;
	end++;
	end += strspn(end, " \t\r\n");
	return begins(end, "</g>") ? (size_t)(end + 4 - at) : 0;
}

/* gnuplot puts a white spot behind a point with an error bar, for paper.
 * Returns its length, or 0. */
static size_t
spot(const char *at)
{
	const char *end = begins(at, "<use ") ? strstr(at, "/>") : NULL;
	const char *white = end ? strstr(at, "color='white'") : NULL;

	return white && white < end ? (size_t)(end + 2 - at) : 0;
}

/* Text that names the program; filters for text boxes, which are not used. */
static size_t
superfluous(const char *at)
{
	static const char *const ends[][2] = {
	    {"<title>", "</title>"}, /* else they show under the pointer */
	    {"<desc>Produced", "</desc>"},
	    {"<filter", "</filter>"},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const char *end =
		    begins(at, ends[i][0]) ? strstr(at, ends[i][1]) : NULL;

		if (end)
			return (size_t)(end - at) + strlen(ends[i][1]);
	}
	return 0;
}

/* One step: writes something, returns how many bytes of AT it replaces. */
static size_t
step(const char *at, const struct svg_decor *decor, FILE *out)
{
	size_t length;

	if (*at == '<' &&
	    (length = superfluous(at) + empty_group(at) + spot(at)))
		return length;
	if (*at == '~' && (length = put_word(at, decor, out)))
		return length;
	if (*at == 'r' && (length = put_colour(at, out)))
		return length;
	if ((length = id_prefix(at))) {
		fwrite(at, 1, length, out);
		fprintf(out, "p%u-", decor->number);
		return length;
	}
	if (isspace((unsigned char)*at)) {
		fputc(*at == '\n' ? '\n' : ' ', out);
		return strspn(at, " \t\r\n");
	}
	fputc(*at, out);
	return 1;
}

/* Our own tag instead of gnuplot's, with its viewBox. */
static const char *
put_root(const char *svg, const struct svg_decor *decor, FILE *out)
{
	const char *root = strstr(svg, "<svg"), *end, *box;
	int width, height;

	end = root ? strchr(root, '>') : NULL;
	box = end ? strstr(root, "viewBox=\"0 0 ") : NULL;
	if (!box || box > end || !strstr(end, "</svg>") ||
	    sscanf(box, "viewBox=\"0 0 %d %d\"", &width, &height) != 2)
		return NULL;
	fprintf(out,
	    "<svg viewBox=\"0 0 %d %d\" xmlns=\"http://www.w3.org/2000/svg\" "
	    "xmlns:xlink=\"http://www.w3.org/1999/xlink\" role=\"img\" "
	    "aria-label=\"",
	    width, height);
	html_text(out, decor->label);
	fputs("\">", out);
	return end + 1;
}

int
svg_inline(const char *svg, const struct svg_decor *decor, FILE *out)
{
	const char *at = put_root(svg, decor, out), *end;

	if (!at)
		return -1;
	for (end = strstr(at, "</svg>"); at < end;)
		at += step(at, decor, out);
	fputs("</svg>\n", out);
	return 0;
}
