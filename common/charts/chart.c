/* SPDX-License-Identifier: MIT */
/* drawing: the words of a picture, its legend, its place in the page. */
#include "common/charts/chart.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/format/html.h"

/* A character is one to three bytes long. */
static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

size_t
drawing_word(struct drawing *d, const char *text)
{
	size_t n = d->word_count;

	if (n == DRAWING_WORDS)
		return n - 1;
	if (strlen(text) < DRAWING_WORD_SIZE - 4)
		snprintf(d->words[n], DRAWING_WORD_SIZE, "%s", text);
	else
		snprintf(d->words[n], DRAWING_WORD_SIZE, "%.*s\u2026",
		    DRAWING_WORD_SIZE - 5, text);
	return d->word_count++;
}

void
drawing_margin(struct drawing *d, size_t first, size_t count)
{
	size_t most = 0;

	for (size_t i = first; i < first + count && i < d->word_count; i++) {
		size_t n = characters(d->words[i]);

		most = n > most ? n : most;
	}
	/* Gnuplot knows nothing of the page's font, and takes it for wide. */
	fprintf(d->plot.script, "set lmargin %.1f\n", 0.85 * (double)most + 2);
}

void
drawing_drop(struct drawing *d)
{
	fclose(d->plot.script);
	free(d->plot.text);
}

bool
drawing_begin(struct drawing *d, struct pictures *all, const struct outcome *o,
    int height)
{
	memset(d, 0, sizeof(*d));
	d->all = all;
	d->o = o;
	if (!pictures_go_on(all) ||
	    plot_begin(&d->plot, DRAWING_WIDTH, height) < 0)
		return false;
	d->plot.stop = all->stop;
	for (size_t i = 0; i < all->c->server_count; i++)
		drawing_word(d, all->c->servers[i].name);
	return true;
}

static void
put_legend(struct drawing *d, enum legend legend)
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
		    kinds ? MEMORY_KIND_WORDS[i] : d->all->c->servers[i].name);
		fputs("</li>", page);
	}
	fputs("</ul>\n", page);
}

void
drawing_finish(struct drawing *d, enum legend legend, const char *caption)
{
	struct pictures *all = d->all;
	const char *words[DRAWING_WORDS + 1] = {NULL};
	char label[600];
	struct plot_decor decor = {all->count, label, words};
	char *svg = NULL;
	size_t size;
	FILE *out = open_memstream(&svg, &size);
	int bad;

	if (!out) {
		snprintf(all->why, sizeof(all->why), "%s", strerror(errno));
		drawing_drop(d);
		return;
	}
	snprintf(label, sizeof(label), "%s: %s", d->o->name, caption);
	for (size_t i = 0; i < d->word_count; i++)
		words[i] = d->words[i];
	bad = plot_end(&d->plot, &decor, out, all->why, sizeof(all->why));
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

const struct finding *
drawing_found(const struct drawing *d, size_t point, size_t server)
{
	return &d->o->points[point].findings[server];
}

size_t
drawing_servers(const struct drawing *d)
{
	return d->all->c->server_count;
}
