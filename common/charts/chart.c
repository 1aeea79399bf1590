/* SPDX-License-Identifier: MIT */
/* chart: the words of a picture, its legend, its place in the page. */
#include "common/charts/chart.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"
#include "common/format/html.h"

/* Whether to draw one more picture; after a stop, WHY says so. */
static bool
page_goes_on(struct chart_page *all)
{
	bool stopped = all->stop && *all->stop;

	if (stopped)
		snprintf(all->why, sizeof(all->why), "interrupted");
	return !stopped && !all->given_up;
}

double
chart_position(const struct point *point, const char *key)
{
	for (size_t i = 0; i < point->setting_count; i++) {
		if (!point->settings[i].text[0] &&
		    strcmp(point->settings[i].key, key) == 0)
			return point->settings[i].number;
	}
	return NAN;
}

size_t
chart_word(struct chart *d, const char *text)
{
	size_t n = d->word_count;

	if (n == CHART_WORDS)
		return n - 1;
	if (strlen(text) < CHART_WORD_SIZE - 4)
		snprintf(d->words[n], CHART_WORD_SIZE, "%s", text);
	else
		snprintf(d->words[n], CHART_WORD_SIZE, "%.*s\u2026",
		    CHART_WORD_SIZE - 5, text);
	return d->word_count++;
}

void
chart_margin(struct chart *d, size_t first, size_t count)
{
	size_t most = 0;

	for (size_t i = first; i < first + count && i < d->word_count; i++) {
		size_t n = utf8_count(d->words[i]);

		most = n > most ? n : most;
	}
	/* Gnuplot knows nothing of the page's font, and takes it for wide. */
	fprintf(d->plot.script, "set lmargin %.1f\n", 0.85 * (double)most + 2);
}

void
chart_name_rows(struct chart *d, size_t first, size_t count)
{
	chart_margin(d, first, count);
	fprintf(d->plot.script,
	    "set yrange [%g:-0.6]\nset border 1\nset ytics scale 0 (",
	    (double)count - 0.4);
	for (size_t i = 0; i < count; i++)
		fprintf(d->plot.script, "%s'~%zu~' %zu", i ? ", " : "",
		    first + i, i);
	fputs(")\nset grid xtics noytics linestyle 100\n", d->plot.script);
}

/* The end 0 or 1 of a line across the picture at VALUE of AXIS. */
static void
put_end(FILE *script, char axis, double value, int end)
{
	if (axis == 'x')
		fprintf(script, "first %.9g, graph %d", value, end);
	else
		fprintf(script, "graph %d, first %.9g", end, value);
}

void
chart_baseline(struct chart *d, char axis, double delta)
{
	FILE *script = d->plot.script;

	fputs("set object 1 rectangle from ", script);
	put_end(script, axis, 1 - delta, 0);
	fputs(" to ", script);
	put_end(script, axis, 1 + delta, 1);
	fprintf(script,
	    " behind fillcolor rgb '#%06x' fillstyle solid 0.5 noborder\n"
	    "set arrow from ",
	    SVG_COLOUR(SVG_GRID, 0));
	put_end(script, axis, 1, 0);
	fputs(" to ", script);
	put_end(script, axis, 1, 1);
	fprintf(script, " nohead linecolor rgb '#%06x' linewidth 1\n",
	    SVG_COLOUR(SVG_INK, 0));
}

void
chart_drop(struct chart *d)
{
	fclose(d->plot.script);
	free(d->plot.text);
}

bool
chart_begin(struct chart *d, struct chart_page *all,
    const struct scenario_result *o, int height)
{
	memset(d, 0, sizeof(*d));
	d->all = all;
	d->o = o;
	if (!page_goes_on(all) ||
	    gnuplot_begin(&d->plot, CHART_WIDTH, height) < 0)
		return false;
	d->plot.stop = all->stop;
	for (size_t i = 0; i < all->c->server_count; i++)
		chart_word(d, all->c->servers[i].name);
	return true;
}

static void
put_legend(struct chart *d, enum legend legend)
{
	FILE *page = d->all->page;
	bool kinds = legend == LEGEND_KINDS;
	size_t count = kinds ? MEMORY_KINDS : d->all->c->server_count;

	if (legend == LEGEND_NONE)
		return;
	fputs("<ul class=\"legend\">", page);
	for (size_t i = 0; i < count; i++) {
		fprintf(page, "<li><i style=\"background:var(--%s-%zu)\"></i>",
		    kinds ? "kind" : "server", i);
		html_text(page,
		    kinds ? USAGE_MEMORY_WORDS[i] : d->all->c->servers[i].name);
		fputs("</li>", page);
	}
	fputs("</ul>\n", page);
}

void
chart_finish(struct chart *d, enum legend legend, const char *caption)
{
	struct chart_page *all = d->all;
	const char *words[CHART_WORDS + 1] = {NULL};
	char label[600];
	struct svg_decor decor = {all->count, label, words};
	char *svg = NULL;
	size_t size;
	FILE *out = open_memstream(&svg, &size);
	int bad;

	if (!out) {
		snprintf(all->why, sizeof(all->why), "%s", strerror(errno));
		chart_drop(d);
		return;
	}
	snprintf(label, sizeof(label), "%s: %s", d->o->name, caption);
	for (size_t i = 0; i < d->word_count; i++)
		words[i] = d->words[i];
	bad = gnuplot_end(&d->plot, &decor, out, all->why, sizeof(all->why));
	all->given_up |= d->plot.late;
	fclose(out);
	if (bad == 0) {
		fputs("<figure>\n", all->page);
		html_element(all->page, "figcaption", "%s", caption);
		put_legend(d, legend);
		fputs(svg, all->page);
		fputs("</figure>\n", all->page);
		all->count++;
	}
	free(svg);
}

const struct server_result *
chart_found(const struct chart *d, size_t point, size_t server)
{
	return &d->o->points[point].results[server];
}

unsigned
chart_colour(const struct chart *d, size_t point, size_t server, int role)
{
	return chart_found(d, point, server)->verdict == INVALID
		   ? SVG_COLOUR(SVG_SOFT, 0)
		   : SVG_COLOUR(role, server);
}

size_t
chart_servers(const struct chart *d)
{
	return d->all->c->server_count;
}

bool
chart_has_invalid(const struct chart *d)
{
	for (size_t p = 0; p < d->o->point_count; p++) {
		for (size_t i = 0; i < chart_servers(d); i++) {
			if (chart_found(d, p, i)->verdict == INVALID)
				return true;
		}
	}
	return false;
}

bool
chart_is_by_cpu(const struct server_result *found)
{
	return found->basis == BASIS_SERVER_CPU && found->verdict != INVALID;
}

bool
chart_has_by_cpu(const struct chart *d)
{
	for (size_t p = 0; p < d->o->point_count; p++) {
		for (size_t i = 1; i < chart_servers(d); i++) {
			if (chart_is_by_cpu(chart_found(d, p, i)))
				return true;
		}
	}
	return false;
}
