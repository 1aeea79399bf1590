/* SPDX-License-Identifier: MIT */
/* comparison_print: for each scenario the verdict, the figures, the costs. */
#include "common/report/comparison_print.h"

#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/escape.h"
#include "common/report/facts.h"
#include "common/report/table.h"

#define LINE_WIDTH 80
#define BAR_WIDTH 24
#define NAME_SIZE 21 /* of a server in a table */

struct printer {
	const struct comparison *c;
	const struct print_style *style;
	FILE *out;
	struct table table;
};

struct print_style
print_style_of(FILE *out)
{
	return (struct print_style){
	    .colour = isatty(fileno(out)) && !getenv("NO_COLOR"),
	    .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
}

static const char *
mark(const struct printer *p, const char *sequence)
{
	return p->style->colour ? sequence : "";
}

#define BOLD(p) mark(p, "\033[1m")
#define DIM(p) mark(p, "\033[2m")
#define PLAIN(p) mark(p, "\033[0m")

static const char *
colour_of(const struct printer *p, enum verdict verdict)
{
	static const char *const colours[] = {
	    [FASTER] = "\033[32m",
	    [SLOWER] = "\033[31m",
	    [EQUIVALENT] = "\033[36m",
	    [UNDECIDED] = "\033[33m",
	    [INVALID] = "\033[35m",
	};

	return mark(p, colours[verdict]);
}

static void
table_begin(struct printer *p)
{
	memset(&p->table, 0, sizeof(p->table));
}

static void
table_show(struct printer *p)
{
	table_print(&p->table, DIM(p), PLAIN(p), p->out);
}

/* A line of words that may be a stranger's. */
static void
line(struct printer *p, const char *indent, const char *text)
{
	char safe[ESCAPED_SIZE(SENTENCE_SIZE)];

	if (text[0])
		fprintf(
		    p->out, "%s%s\n", indent, escape(text, safe, sizeof(safe)));
}

static void
name_cell(struct printer *p, size_t server)
{
	char name[NAME_SIZE];

	table_cell(&p->table, "%s",
	    escape(p->c->servers[server].name, name, sizeof(name)));
}

/* ---- bars ---- */

/* SHARE, 0 to 1, of BAR_WIDTH columns, to an eighth of one where possible. */
static char *
bar(const struct printer *p, char *buf, size_t size, double share)
{
	static const char *const parts[] = {"", "\u258f", "\u258e", "\u258d",
	    "\u258c", "\u258b", "\u258a", "\u2589"};
	int eighths = (int)lrint(fmin(share, 1) * BAR_WIDTH * 8);
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < eighths / 8 && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s",
		    p->style->utf8 ? "\u2588" : "#");
	if (p->style->utf8 && len < size)
		snprintf(buf + len, size - len, "%s", parts[eighths % 8]);
	return buf;
}

static double
greatest(const struct printer *p, const struct point *point)
{
	double most = 0;

	for (size_t i = 0; i < p->c->server_count; i++) {
		const struct finding *f = &point->findings[i];

		if (f->usable && f->value.value > most)
			most = f->value.value;
	}
	return most;
}

/* ---- verdicts ---- */

static void
print_verdict(struct printer *p, const struct outcome *o,
    const struct finding *f, size_t server)
{
	char text[SENTENCE_SIZE], safe[ESCAPED_SIZE(SENTENCE_SIZE)];

	if (server || f->verdict == INVALID) {
		if (server)
			fact_verdict(text, sizeof(text), p->c, o, f, server);
		else
			snprintf(text, sizeof(text), "%s is invalid",
			    p->c->servers[0].name);
		fprintf(p->out, "  %s%s%s\n", colour_of(p, f->verdict),
		    escape(text, safe, sizeof(safe)), PLAIN(p));
		line(p, "    ", f->reason);
	}
}

/* ---- one point ---- */

static void
print_values(
    struct printer *p, const struct outcome *o, const struct point *point)
{
	double most = greatest(p, point);
	char value[FACT_SIZE], range[2 * FACT_SIZE], strip[4 * BAR_WIDTH];

	table_begin(p);
	p->table.ragged = true;
	table_cell(&p->table, "server");
	table_cell(&p->table, "%s", o->unit);
	table_cell(&p->table, "95 %% interval");
	table_end(&p->table);
	for (size_t i = 0; i < p->c->server_count; i++) {
		const struct finding *f = &point->findings[i];
		double share = most > 0 ? f->value.value / most : 0;

		name_cell(p, i);
		if (!f->usable) {
			table_cell(&p->table, "no result");
			table_end(&p->table);
			continue;
		}
		table_cell(&p->table, "%s%s", f->limited ? ">= " : "",
		    fact_number(value, sizeof(value), f->value.value));
		table_cell(&p->table, "%s",
		    fact_interval(range, sizeof(range), &f->value));
		table_cell(
		    &p->table, "%s", bar(p, strip, sizeof(strip), share));
		table_end(&p->table);
	}
	table_show(p);
}

/* ---- several points: a line for each ---- */

static void
setting_cells(struct printer *p, const struct point *point)
{
	char value[FACT_SIZE], safe[2 * FACT_SIZE];

	for (size_t i = 0; i < point->setting_count; i++) {
		fact_setting(value, sizeof(value), &point->settings[i]);
		table_cell(&p->table, "%s", escape(value, safe, sizeof(safe)));
	}
}

static size_t
setting_heads(struct printer *p, const struct outcome *o)
{
	const struct point *most = &o->points[0];
	char safe[NAME_SIZE * 2];

	for (size_t i = 1; i < o->point_count; i++) {
		if (o->points[i].setting_count > most->setting_count)
			most = &o->points[i];
	}
	for (size_t i = 0; i < most->setting_count; i++)
		table_cell(&p->table, "%s",
		    escape(fact_setting_name(most->settings[i].key), safe,
			sizeof(safe)));
	return most->setting_count;
}

static void
fill_cells(struct printer *p, size_t have, size_t want)
{
	for (; have < want; have++)
		table_cell(&p->table, "%s", "");
}

static void
print_sweep_row(struct printer *p, const struct outcome *o,
    const struct point *point, size_t server, size_t settings)
{
	const struct finding *f = &point->findings[server];
	const size_t both[] = {0, server};
	char text[2 * FACT_SIZE];

	setting_cells(p, point);
	fill_cells(p, point->setting_count, settings);
	for (size_t i = 0; i < 2; i++) {
		const struct finding *one = &point->findings[both[i]];

		table_cell(&p->table, "%s%s", one->limited ? ">= " : "",
		    fact_number(text, sizeof(text),
			one->usable ? one->value.value : NAN));
	}
	table_cell(
	    &p->table, "%s", fact_ratio(text, sizeof(text), f->ratio.value));
	table_cell(&p->table, "%s",
	    fact_ratio_interval(text, sizeof(text), &f->ratio));
	table_cell(&p->table, "%s%s%s", colour_of(p, f->verdict),
	    fact_verdict_word(o, f->verdict), PLAIN(p));
	table_end(&p->table);
}

/* One server against the baseline. */
static void
print_sweep(struct printer *p, const struct outcome *o, size_t server)
{
	char text[SENTENCE_SIZE];
	size_t settings;

	table_begin(p);
	p->table.ragged = true;
	settings = setting_heads(p, o);
	p->table.left = settings;
	name_cell(p, 0);
	name_cell(p, server);
	table_cell(&p->table, "ratio");
	table_cell(&p->table, "95 %% interval");
	table_cell(&p->table, "verdict");
	table_end(&p->table);
	for (size_t i = 0; i < o->point_count; i++)
		print_sweep_row(p, o, &o->points[i], server, settings);
	snprintf(text, sizeof(text),
	    "%s against %s, %s; ratios above 1 are better",
	    p->c->servers[server].name, p->c->servers[0].name, o->unit);
	line(p, "  ", text);
	table_show(p);
}

/* The others' reasons are in their ratios. */
static void
print_reasons(struct printer *p, const struct outcome *o)
{
	char at[2 * FACT_SIZE], text[SENTENCE_SIZE];

	for (size_t i = 0; i < o->point_count; i++) {
		for (size_t k = 0; k < p->c->server_count; k++) {
			const struct finding *f = &o->points[i].findings[k];

			if (f->verdict != INVALID &&
			    (k == 0 || f->verdict != UNDECIDED))
				continue;
			snprintf(text, sizeof(text), "%s, %s: %s",
			    fact_point(at, sizeof(at), &o->points[i]),
			    p->c->servers[k].name, f->reason);
			line(p, "    ", text);
		}
	}
}

/* ---- what it cost ---- */

static void
cost_row(struct printer *p, const struct finding *f)
{
	const struct cost *cost = &f->cost;
	const double each[] = {cost->voluntary, cost->involuntary, cost->faults,
	    cost_memory_kib(cost)};
	char text[3 * FACT_SIZE];

	table_cell(
	    &p->table, "%s", fact_time(text, sizeof(text), f->latency.p50));
	table_cell(
	    &p->table, "%s", fact_time(text, sizeof(text), f->latency.p99));
	table_cell(&p->table, "%s", fact_cpu(text, sizeof(text), cost));
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		table_cell(
		    &p->table, "%s", fact_number(text, sizeof(text), each[i]));
}

static void
print_costs(struct printer *p, const struct outcome *o)
{
	static const char *const heads[] = {"p50", "p99", "CPU us = user + sys",
	    "waits", "preempt", "faults", "KiB/conn."};
	size_t settings = 0;

	table_begin(p);
	if (o->point_count > 1)
		settings = setting_heads(p, o);
	p->table.left = settings + 1;
	table_cell(&p->table, "server");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		table_cell(&p->table, "%s", heads[i]);
	table_end(&p->table);
	for (size_t i = 0; i < o->point_count; i++) {
		for (size_t k = 0; k < p->c->server_count; k++) {
			const struct finding *f = &o->points[i].findings[k];

			if (settings) {
				setting_cells(p, &o->points[i]);
				fill_cells(
				    p, o->points[i].setting_count, settings);
			}
			name_cell(p, k);
			cost_row(p, f);
			table_end(&p->table);
		}
	}
	table_show(p);
}

static bool
has_memory(const struct printer *p, const struct point *point)
{
	for (size_t i = 0; i < p->c->server_count; i++) {
		if (!isnan(cost_memory_kib(&point->findings[i].cost)))
			return true;
	}
	return false;
}

/* The kinds, at the last point that has any. */
static void
print_memory(struct printer *p, const struct outcome *o)
{
	const struct point *point = NULL;
	char text[FACT_SIZE];

	for (size_t i = 0; i < o->point_count; i++)
		point = has_memory(p, &o->points[i]) ? &o->points[i] : point;
	if (!point)
		return;
	fprintf(p->out, "\n  KiB for each of %s connections\n",
	    fact_number(
		text, sizeof(text), point->findings[0].cost.connections));
	table_begin(p);
	table_cell(&p->table, "server");
	for (int kind = 0; kind < MEMORY_KINDS; kind++)
		table_cell(&p->table, "%s", MEMORY_KIND_WORDS[kind]);
	table_cell(&p->table, "procs");
	table_cell(&p->table, "threads");
	table_cell(&p->table, "maps");
	table_end(&p->table);
	for (size_t i = 0; i < p->c->server_count; i++) {
		const struct cost *cost = &point->findings[i].cost;
		const double counts[] = {
		    cost->processes, cost->threads, cost->mappings};

		name_cell(p, i);
		for (int kind = 0; kind < MEMORY_KINDS; kind++)
			table_cell(&p->table, "%s",
			    fact_number(
				text, sizeof(text), cost->memory_kib[kind]));
		for (size_t k = 0; k < 3; k++)
			table_cell(&p->table, "%s",
			    fact_number(text, sizeof(text), counts[k]));
		table_end(&p->table);
	}
	table_show(p);
}

/* ---- how it came about ---- */

static void
print_remarks(struct printer *p, const struct outcome *o)
{
	char remarks[SENTENCE_SIZE], at[2 * FACT_SIZE], text[2 * SENTENCE_SIZE];

	for (size_t i = 0; i < o->point_count; i++) {
		for (size_t k = 0; k < p->c->server_count; k++) {
			fact_remarks(remarks, sizeof(remarks),
			    &o->points[i].findings[k]);
			if (!remarks[0])
				continue;
			fact_point(at, sizeof(at), &o->points[i]);
			snprintf(text, sizeof(text), "%s%s%s: %s",
			    p->c->servers[k].name,
			    o->point_count > 1 ? ", " : "",
			    o->point_count > 1 ? at : "", remarks);
			line(p, "  ", text);
		}
	}
}

static void
print_outcome(struct printer *p, const struct outcome *o)
{
	char head[400];

	snprintf(head, sizeof(head), "%s: %s", o->name,
	    o->question[0] ? o->question : o->load);
	fprintf(p->out, "\n%s", BOLD(p));
	line(p, "", head);
	fprintf(p->out, "%s", PLAIN(p));
	if (o->question[0])
		line(p, "  ", o->load);
	if (o->point_count == 0) {
		fprintf(p->out, "  no result\n");
		return;
	}
	if (o->point_count == 1) {
		for (size_t i = 0; i < p->c->server_count; i++)
			print_verdict(p, o, &o->points[0].findings[i], i);
		fputc('\n', p->out);
		print_values(p, o, &o->points[0]);
	} else {
		for (size_t i = 1; i < p->c->server_count; i++)
			print_sweep(p, o, i);
		print_reasons(p, o);
	}
	fputc('\n', p->out);
	print_costs(p, o);
	print_memory(p, o);
	line(p, "  ", fact_control(head, sizeof(head), p->c, o));
	line(p, "  ", o->note);
	line(p, "  ", fact_blocks(head, sizeof(head), p->c, o));
	print_remarks(p, o);
}

/* ---- all of it ---- */

/* Its parts stand between semicolons: as many on a line as go there. */
static void
lines(struct printer *p, char *text)
{
	char safe[ESCAPED_SIZE(SENTENCE_SIZE)], *part = safe, *end;
	size_t column = 0;

	escape(text, safe, sizeof(safe));
	for (; part; part = end ? end + 2 : NULL) {
		end = strstr(part, "; ");
		if (end)
			*end = '\0';
		if (column && column + strlen(part) > LINE_WIDTH) {
			fputs("\n", p->out);
			column = 0;
		}
		column +=
		    (size_t)fprintf(p->out, "%s%s", column ? "; " : "", part);
	}
	fputs("\n", p->out);
}

static void
print_head(struct printer *p)
{
	const struct comparison *c = p->c;
	char text[SENTENCE_SIZE];

	lines(p, fact_machine(text, sizeof(text), c));
	if (c->placement[0]) {
		snprintf(text, sizeof(text), "placement %s%s%s", c->placement,
		    c->placed[0] ? ": " : "", c->placed);
		line(p, "", text);
	}
	lines(p, fact_method(text, sizeof(text), c));
	for (size_t i = 0; i < c->server_count; i++) {
		snprintf(text, sizeof(text), "%s: %s", c->servers[i].name,
		    c->servers[i].image[0] ? c->servers[i].image
					   : "image unknown");
		line(p, "", text);
	}
}

void
comparison_print(
    const struct comparison *c, const struct print_style *style, FILE *out)
{
	static struct printer p; /* a table is too large for a stack */

	p.c = c;
	p.style = style;
	p.out = out;
	print_head(&p);
	for (size_t i = 0; i < c->scenario_count; i++)
		print_outcome(&p, &c->scenarios[i]);
	fprintf(out, "\n%s\n", FACT_CAVEAT);
	if (c->interrupted)
		fprintf(out, "Interrupted: what was done until then.\n");
}
