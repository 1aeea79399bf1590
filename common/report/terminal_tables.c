/* SPDX-License-Identifier: MIT */
/* terminal_tables: figures in columns. */
#include "common/report/terminal_tables.h"

#include <math.h>

#include "common/base/escape.h"
#include "common/verdict/sentences.h"

#define BAR_WIDTH 24
#define HEAD_SIZE 42

/* ---- bars ---- */

/* SHARE of BAR_WIDTH columns, to an eighth of one where possible. Below 0 (a
 * file may say so) it is none, above 1 it is all. */
static char *
bar(const struct terminal_printer *p, char *buf, size_t size, double share)
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
greatest(const struct terminal_printer *p, const struct point *point)
{
	double most = 0;

	for (size_t i = 0; i < p->c->server_count; i++) {
		const struct server_result *f = &point->results[i];

		if (f->usable && f->value.value > most)
			most = f->value.value;
	}
	return most;
}

/* ---- one point ---- */

void
terminal_table_values(struct terminal_printer *p,
    const struct scenario_result *o, const struct point *point)
{
	double most = greatest(p, point);
	char value[FIGURE_SIZE], range[2 * FIGURE_SIZE], strip[4 * BAR_WIDTH];
	char unit[HEAD_SIZE];

	terminal_table(p);
	p->table.ragged = p->table.spare = true; /* bars */
	table_cell(&p->table, "server");
	table_cell(&p->table, "%s", escape(o->unit, unit, sizeof(unit)));
	table_cell(&p->table, "95 %% interval");
	table_end(&p->table);
	for (size_t i = 0; i < p->c->server_count; i++) {
		const struct server_result *f = &point->results[i];
		double share = most > 0 ? f->value.value / most : 0;

		terminal_name(p, i);
		if (!f->usable) {
			table_cell(&p->table, "no result");
			table_end(&p->table);
			continue;
		}
		table_cell(&p->table, "%s%s",
		    label_is_lower_bound(o, f) ? ">= " : "",
		    figure_number(value, sizeof(value), f->value.value));
		table_cell(&p->table, "%s",
		    figure_interval(range, sizeof(range), &f->value));
		table_cell(&p->table, "%s",
		    f->verdict == INVALID
			? "(invalid)"
			: bar(p, strip, sizeof(strip), share));
		table_end(&p->table);
	}
	terminal_show(p);
}

/* ---- several points: a line for each ---- */

static void
setting_cells(struct terminal_printer *p, const struct point *point)
{
	char value[FIGURE_SIZE], safe[2 * FIGURE_SIZE];

	for (size_t i = 0; i < point->setting_count; i++) {
		label_setting(value, sizeof(value), &point->settings[i]);
		table_cell(&p->table, "%s", escape(value, safe, sizeof(safe)));
	}
}

static size_t
setting_heads(struct terminal_printer *p, const struct scenario_result *o)
{
	const struct point *most = &o->points[0];
	char safe[HEAD_SIZE];

	for (size_t i = 1; i < o->point_count; i++) {
		if (o->points[i].setting_count > most->setting_count)
			most = &o->points[i];
	}
	for (size_t i = 0; i < most->setting_count; i++)
		table_cell(&p->table, "%s",
		    escape(label_setting_name(most->settings[i].key), safe,
			sizeof(safe)));
	return most->setting_count;
}

static void
fill_cells(struct terminal_printer *p, size_t have, size_t want)
{
	for (; have < want; have++)
		table_cell(&p->table, "%s", "");
}

static void
print_sweep_row(struct terminal_printer *p, const struct scenario_result *o,
    const struct point *point, size_t server, size_t settings)
{
	const struct server_result *f = &point->results[server];
	const struct estimate ratio = label_ratio(f);
	const size_t both[] = {0, server};
	char text[2 * FIGURE_SIZE];

	setting_cells(p, point);
	fill_cells(p, point->setting_count, settings);
	for (size_t i = 0; i < 2; i++) {
		const struct server_result *one = &point->results[both[i]];

		table_cell(&p->table, "%s%s",
		    label_is_lower_bound(o, one) ? ">= " : "",
		    figure_number(text, sizeof(text),
			one->usable ? one->value.value : NAN));
	}
	table_cell(
	    &p->table, "%s", figure_ratio(text, sizeof(text), ratio.value));
	table_cell(
	    &p->table, "%s", figure_ratio_interval(text, sizeof(text), &ratio));
	table_cell(&p->table, "%s%s%s", terminal_colour(p, f->verdict),
	    sentence_verdict_word(o, f->verdict, f->basis), PLAIN(p));
	table_end(&p->table);
}

/* One server against the baseline. */
void
terminal_table_sweep(
    struct terminal_printer *p, const struct scenario_result *o, size_t server)
{
	char text[SENTENCE_SIZE];
	size_t settings;

	terminal_table(p);
	p->table.ragged = true;
	settings = setting_heads(p, o);
	p->table.left = settings;
	terminal_name(p, 0);
	terminal_name(p, server);
	table_cell(&p->table, "ratio");
	table_cell(&p->table, "95 %% interval");
	table_cell(&p->table, "verdict");
	table_end(&p->table);
	for (size_t i = 0; i < o->point_count; i++)
		print_sweep_row(p, o, &o->points[i], server, settings);
	snprintf(text, sizeof(text),
	    "%s against %s, %s; ratios above 1 are better",
	    p->c->servers[server].name, p->c->servers[0].name, o->unit);
	terminal_line(p, "  ", text);
	terminal_show(p);
	terminal_line(
	    p, "    ", sentence_by_cpu(text, sizeof(text), o, server));
}

/* ---- what it cost ---- */

/* Without what the value says already: it is estimated over blocks, so a like
 * figure of another kind would not agree with it. */
static void
usage_row(struct terminal_printer *p, const struct scenario_result *o,
    const struct server_result *f)
{
	const struct usage *usage = &f->usage;
	const double times[] = {f->latency.p50,
	    label_is_percentile(o) ? NAN : f->latency.p99,
	    f->usable ? f->service_value : NAN};
	const double each[] = {100 * f->loop_busy, usage->voluntary,
	    usage->involuntary, usage->faults, usage->tlb_misses,
	    usage->kept_kib,
	    label_is_memory(o) ? NAN : usage_memory_kib(usage)};
	char text[3 * FIGURE_SIZE];

	table_cell(&p->table, "%s",
	    figure_ratio(text, sizeof(text), f->speedup.value));
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		table_cell(
		    &p->table, "%s", figure_time(text, sizeof(text), times[i]));
	table_cell(&p->table, "%s", label_cpu(text, sizeof(text), usage));
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		table_cell(&p->table, "%s",
		    figure_number(text, sizeof(text), each[i]));
}

void
terminal_table_usage(
    struct terminal_printer *p, const struct scenario_result *o)
{
	static const char *const heads[] = {"speed-up", "p50", "p99",
	    "service p99", "CPU us = user + sys", "loop %", "waits", "preempt",
	    "faults", "TLB misses", "KiB kept", "KiB/conn."};
	size_t settings = 0;

	terminal_table(p);
	if (o->point_count > 1)
		settings = setting_heads(p, o);
	p->table.left = settings + 1;
	table_cell(&p->table, "server");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		table_cell(&p->table, "%s", heads[i]);
	table_end(&p->table);
	for (size_t i = 0; i < o->point_count; i++) {
		for (size_t k = 0; k < p->c->server_count; k++) {
			const struct server_result *f =
			    &o->points[i].results[k];

			if (settings) {
				setting_cells(p, &o->points[i]);
				fill_cells(
				    p, o->points[i].setting_count, settings);
			}
			terminal_name(p, k);
			usage_row(p, o, f);
			table_end(&p->table);
		}
	}
	if (table_columns(&p->table) <= settings + 1)
		return;
	fputc('\n', p->out);
	terminal_show(p);
}

static bool
has_memory(const struct terminal_printer *p, const struct point *point)
{
	for (size_t i = 0; i < p->c->server_count; i++) {
		if (!isnan(usage_memory_kib(&point->results[i].usage)))
			return true;
	}
	return false;
}

/* The kinds, at the last point that has any. */
void
terminal_table_memory(
    struct terminal_printer *p, const struct scenario_result *o)
{
	const struct point *point = NULL;
	char text[FIGURE_SIZE];

	for (size_t i = 0; i < o->point_count; i++)
		point = has_memory(p, &o->points[i]) ? &o->points[i] : point;
	if (!point)
		return;
	fprintf(p->out, "\n  KiB for each of %s connections\n",
	    figure_number(
		text, sizeof(text), point->results[0].usage.connections));
	terminal_table(p);
	table_cell(&p->table, "server");
	for (int kind = 0; kind < MEMORY_KINDS; kind++)
		table_cell(&p->table, "%s", USAGE_MEMORY_WORDS[kind]);
	table_cell(&p->table, "procs");
	table_cell(&p->table, "threads");
	table_cell(&p->table, "maps");
	table_end(&p->table);
	for (size_t i = 0; i < p->c->server_count; i++) {
		const struct usage *usage = &point->results[i].usage;
		const double counts[] = {
		    usage->processes, usage->threads, usage->mappings};

		terminal_name(p, i);
		for (int kind = 0; kind < MEMORY_KINDS; kind++)
			table_cell(&p->table, "%s",
			    figure_number(
				text, sizeof(text), usage->memory_kib[kind]));
		for (size_t k = 0; k < 3; k++)
			table_cell(&p->table, "%s",
			    figure_number(text, sizeof(text), counts[k]));
		table_end(&p->table);
	}
	terminal_show(p);
}
