/* SPDX-License-Identifier: MIT */
/* print_tables: figures in columns. */
#include <math.h>

#include "common/base/escape.h"
#include "common/verdict/sentences.h"
#include "common/report/terminal_style.h"

#define BAR_WIDTH 24
#define HEAD_SIZE 42

/* ---- bars ---- */

/* SHARE of BAR_WIDTH columns, to an eighth of one where possible. Below 0 (a
 * file may say so) it is none, above 1 it is all. */
static char *
bar(const struct printer *p, char *buf, size_t size, double share)
{
	static const char *const parts[] = {"", "\u258f", "\u258e", "\u258d",
	    "\u258c", "\u258b", "\u258a", "\u2589"};
	int eighths = (int)lrint(fmin(fmax(share, 0), 1) * BAR_WIDTH * 8);
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

/* ---- one point ---- */

void
print_values(
    struct printer *p, const struct outcome *o, const struct point *point)
{
	double most = greatest(p, point);
	char value[FACT_SIZE], range[2 * FACT_SIZE], strip[4 * BAR_WIDTH];
	char unit[HEAD_SIZE];

	printer_table(p);
	p->table.ragged = true;
	table_cell(&p->table, "server");
	table_cell(&p->table, "%s", escape(o->unit, unit, sizeof(unit)));
	table_cell(&p->table, "95 %% interval");
	table_end(&p->table);
	for (size_t i = 0; i < p->c->server_count; i++) {
		const struct finding *f = &point->findings[i];
		double share = most > 0 ? f->value.value / most : 0;

		printer_name(p, i);
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
	printer_show(p);
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
	char safe[HEAD_SIZE];

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
	table_cell(&p->table, "%s%s%s", printer_colour(p, f->verdict),
	    fact_verdict_word(o, f->verdict), PLAIN(p));
	table_end(&p->table);
}

/* One server against the baseline. */
void
print_sweep(struct printer *p, const struct outcome *o, size_t server)
{
	char text[SENTENCE_SIZE];
	size_t settings;

	printer_table(p);
	p->table.ragged = true;
	settings = setting_heads(p, o);
	p->table.left = settings;
	printer_name(p, 0);
	printer_name(p, server);
	table_cell(&p->table, "ratio");
	table_cell(&p->table, "95 %% interval");
	table_cell(&p->table, "verdict");
	table_end(&p->table);
	for (size_t i = 0; i < o->point_count; i++)
		print_sweep_row(p, o, &o->points[i], server, settings);
	snprintf(text, sizeof(text),
	    "%s against %s, %s; ratios above 1 are better",
	    p->c->servers[server].name, p->c->servers[0].name, o->unit);
	printer_line(p, "  ", text);
	printer_show(p);
}

/* ---- what it cost ---- */

/* Without what the value says already: it is estimated over blocks, so a like
 * figure of another kind would not agree with it. */
static void
cost_row(struct printer *p, const struct outcome *o, const struct finding *f)
{
	const struct cost *cost = &f->cost;
	const double times[] = {f->latency.p50,
	    fact_is_percentile(o) ? NAN : f->latency.p99,
	    f->usable ? f->service_value : NAN};
	const double each[] = {cost->voluntary, cost->involuntary, cost->faults,
	    fact_is_memory(o) ? NAN : cost_memory_kib(cost)};
	char text[3 * FACT_SIZE];

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		table_cell(
		    &p->table, "%s", fact_time(text, sizeof(text), times[i]));
	table_cell(&p->table, "%s", fact_cpu(text, sizeof(text), cost));
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		table_cell(
		    &p->table, "%s", fact_number(text, sizeof(text), each[i]));
}

void
print_costs(struct printer *p, const struct outcome *o)
{
	static const char *const heads[] = {"p50", "p99", "service p99",
	    "CPU us = user + sys", "waits", "preempt", "faults", "KiB/conn."};
	size_t settings = 0;

	printer_table(p);
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
			printer_name(p, k);
			cost_row(p, o, f);
			table_end(&p->table);
		}
	}
	if (table_columns(&p->table) <= settings + 1)
		return;
	fputc('\n', p->out);
	printer_show(p);
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
void
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
	printer_table(p);
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

		printer_name(p, i);
		for (int kind = 0; kind < MEMORY_KINDS; kind++)
			table_cell(&p->table, "%s",
			    fact_number(
				text, sizeof(text), cost->memory_kib[kind]));
		for (size_t k = 0; k < 3; k++)
			table_cell(&p->table, "%s",
			    fact_number(text, sizeof(text), counts[k]));
		table_end(&p->table);
	}
	printer_show(p);
}
