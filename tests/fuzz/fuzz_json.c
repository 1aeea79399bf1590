/* SPDX-License-Identifier: MIT */
/*
 * fuzz_json: a file that was saved, or was not: it is read or refused with a
 * line and a reason; what was read as a comparison is the same when it is
 * written and read again, and can be shown: in a terminal, as a page, and to
 * what draws its pictures, which is not gnuplot here.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/base/utf8.h"
#include "common/report/comparison_json_writer.h"
#include "common/report/terminal_report.h"
#include "common/report/comparison_json_reader.h"
#include "common/charts/gnuplot.h"
#include "common/report/html_report.h"

static char *
copy_of(const void *bytes, size_t size)
{
	char *copy = malloc(size + 1);

	MUST(copy);
	memcpy(copy, bytes, size);
	copy[size] = '\0';
	return copy;
}

/* No deeper than may be, each key where one belongs. */
static void
must_make_sense(const struct json_value *value, int level)
{
	MUST(level <= JSON_LEVELS_MAX);
	MUST(value->line > 0);
	MUST(value->type != JSON_STRING || value->text[value->length] == '\0');
	for (const struct json_value *v = value->first; v; v = v->next) {
		MUST(!v->key == (value->type == JSON_ARRAY));
		must_make_sense(v, level + 1);
	}
}

/* 0 if TEXT, which is changed, is a comparison. */
static int
read_text(struct comparison *comparison, char *text, size_t size)
{
	struct json_document doc;
	char why[200] = "";
	int bad = json_parse(&doc, text, size);

	if (bad) {
		MUST(!doc.top && doc.why[0] && doc.line > 0);
		return -1;
	}
	must_make_sense(doc.top, 0);
	bad = comparison_of_json(comparison, &doc, why, sizeof(why));
	MUST(!bad == !why[0]);
	json_release(&doc);
	return bad;
}

static char *
written(const struct comparison *comparison, size_t *size)
{
	char *text;
	FILE *out = open_memstream(&text, size);

	MUST(out);
	comparison_json_write(comparison, out);
	fclose(out);
	return text;
}

/* ---- instead of gnuplot: common/charts/gnuplot.c is not linked ---- */

int
gnuplot_possible(void)
{
	return 1;
}

int
gnuplot_begin(struct gnuplot *plot, int width, int height)
{
	*plot = (struct gnuplot){0};
	plot->script = open_memstream(&plot->text, &plot->size);
	MUST(width > 0 && height > 0 && plot->script);
	return 0;
}

/* No byte of the file goes to gnuplot. */
int
gnuplot_end(struct gnuplot *plot, const struct svg_decor *decor, FILE *page,
    char *why, size_t size)
{
	(void)why;
	(void)size;
	fclose(plot->script);
	for (size_t i = 0; i < plot->size; i++)
		MUST(plot->text[i] == '\n' ||
		     (plot->text[i] >= 0x20 && plot->text[i] < 0x7f));
	fprintf(page, "<svg id=\"%u\"></svg>", decor->number);
	free(plot->text);
	return 0;
}

/* ---- what is shown ---- */

/* The bars alone, U+2588 to U+258F, may be no ASCII. */
static void
show_words(const struct comparison *comparison, bool utf8)
{
	const struct terminal_style style = {.utf8 = utf8};
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	MUST(out);
	terminal_report(comparison, &style, out);
	fclose(out);
	for (size_t i = 0; i < size; i++) {
		if (utf8 && memcmp(text + i, "\xe2\x96", 2) == 0) {
			MUST((unsigned char)text[i + 2] >= 0x88 &&
			     (unsigned char)text[i + 2] <= 0x8f);
			i += 2;
			continue;
		}
		MUST(text[i] == '\n' || (text[i] >= 0x20 && text[i] < 0x7f));
	}
	free(text);
}

static void
show_page(const struct comparison *comparison)
{
	const struct html_report_plan plan = {0};
	size_t size;
	char *text, why[200];
	FILE *out = open_memstream(&text, &size);

	MUST(out);
	MUST(html_report(comparison, &plan, out, why, sizeof(why)));
	fclose(out);
	MUST(utf8_valid(text, size));
	for (size_t i = 0; i < size; i++)
		MUST(text[i] == '\n' || text[i] == '\t' ||
		     ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f));
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct comparison first, again;
	char *text = copy_of(data, size), *once, *copy, *twice;
	size_t length, too;

	if (read_text(&first, text, size) == 0) {
		once = written(&first, &length);
		copy = copy_of(once, length);
		MUST(read_text(&again, copy, length) == 0);
		twice = written(&again, &too);
		MUST(length == too && memcmp(once, twice, length) == 0);
		show_words(&first, false);
		show_words(&first, true);
		show_page(&first);
		comparison_release(&first);
		comparison_release(&again);
		free(once);
		free(copy);
		free(twice);
	}
	free(text);
	return 0;
}
