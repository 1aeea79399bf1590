/* SPDX-License-Identifier: MIT */
/* terminal_report: for each scenario the verdict, the figures, the costs. */
#include "common/report/terminal_report.h"

#include <string.h>

#include "common/report/terminal_forest.h"
#include "common/report/terminal_tables.h"
#include "common/verdict/advice.h"
#include "common/verdict/conclusion.h"
#include "common/verdict/conditions.h"
#include "common/verdict/sentences.h"
#include "common/verdict/speedup.h"

/* ---- verdicts ---- */

static void
print_verdict(struct terminal_printer *p, const struct scenario_result *o,
    const struct point *point, size_t server)
{
	const struct server_result *f = &point->results[server];
	char text[SENTENCE_SIZE];

	if (server || f->verdict == INVALID) {
		if (server)
			sentence_verdict(
			    text, sizeof(text), p->c, o, point, server);
		else
			snprintf(text, sizeof(text), "%s is invalid",
			    p->c->servers[0].name);
		fputs(terminal_colour(p, f->verdict), p->out);
		terminal_line(p, "  ", text);
		fputs(PLAIN(p), p->out);
		terminal_line(p, "    ", f->reason);
	}
}

/* The others' reasons are in their ratios. */
static void
print_reasons(struct terminal_printer *p, const struct scenario_result *o)
{
	char text[SENTENCE_SIZE];

	for (size_t i = 0; i < o->point_count; i++) {
		for (size_t k = 0; k < p->c->server_count; k++)
			terminal_line(p, "    ",
			    sentence_reason(text, sizeof(text), p->c, o, i, k));
	}
}

/* What to do where there is no answer. */
static void
print_advice(struct terminal_printer *p, const struct scenario_result *o)
{
	struct advice advice;

	advice_of(&advice, p->c, o);
	for (size_t i = 0; i < advice.count; i++)
		terminal_line(p, "  -> ", advice.lines[i]);
}

/* ---- how it came about ---- */

static void
print_remarks(struct terminal_printer *p, const struct scenario_result *o)
{
	char remarks[SENTENCE_SIZE], at[2 * FIGURE_SIZE],
	    text[2 * SENTENCE_SIZE];

	for (size_t i = 0; i < o->point_count; i++) {
		for (size_t k = 0; k < p->c->server_count; k++) {
			conditions_remarks(remarks, sizeof(remarks), o,
			    &o->points[i].results[k]);
			if (!remarks[0])
				continue;
			label_point(at, sizeof(at), &o->points[i]);
			snprintf(text, sizeof(text), "%s%s%s: %s",
			    p->c->servers[k].name,
			    o->point_count > 1 ? ", " : "",
			    o->point_count > 1 ? at : "", remarks);
			terminal_line(p, "  ", text);
		}
	}
}

static void
print_outcome(struct terminal_printer *p, const struct scenario_result *o)
{
	char head[400], text[SENTENCE_SIZE];

	snprintf(head, sizeof(head), "%s: %s", o->name,
	    o->question[0] ? o->question : o->load);
	fprintf(p->out, "\n%s", BOLD(p));
	terminal_line(p, "", head);
	fprintf(p->out, "%s", PLAIN(p));
	if (o->question[0])
		terminal_line(p, "  ", o->load);
	if (o->point_count == 0) {
		fprintf(p->out, "  no result\n");
		return;
	}
	if (o->point_count == 1) {
		for (size_t i = sentence_repeats(&o->points[0], 1);
		     i < p->c->server_count; i++)
			print_verdict(p, o, &o->points[0], i);
		fputc('\n', p->out);
		terminal_table_values(p, o, &o->points[0]);
	} else {
		for (size_t i = 1; i < p->c->server_count; i++)
			terminal_table_sweep(p, o, i);
		print_reasons(p, o);
	}
	for (size_t i = 0; i < p->c->server_count; i++)
		terminal_line(
		    p, "  ", speedup_words(text, sizeof(text), p->c, o, i));
	print_advice(p, o);
	terminal_table_usage(p, o);
	terminal_table_memory(p, o);
	terminal_line(p, "  ", conditions_control(head, sizeof(head), p->c, o));
	for (size_t i = 1; i < p->c->server_count; i++)
		terminal_line(p, "  ",
		    sentence_direction(text, sizeof(text), p->c, o, i));
	terminal_line(p, "  ", o->note);
	terminal_line(p, "  ", conditions_blocks(head, sizeof(head), p->c, o));
	print_remarks(p, o);
}

/* ---- all of it ---- */

static void
print_method(struct terminal_printer *p)
{
	const struct comparison *c = p->c;
	char text[SENTENCE_SIZE];

	fprintf(p->out, "\n%sHow this was measured%s\n", BOLD(p), PLAIN(p));
	terminal_line(p, "  ", conditions_machine(text, sizeof(text), c));
	snprintf(text, sizeof(text), "placement %s",
	    c->placed[0] ? c->placed : c->placement);
	terminal_line(p, "  ", c->placement[0] ? text : "");
	terminal_line(p, "  ", conditions_method(text, sizeof(text), c));
	snprintf(text, sizeof(text), "measured by perconn %s", c->version);
	terminal_line(p, "  ", c->version[0] ? text : "");
	for (size_t i = 0; i < c->server_count; i++) {
		snprintf(text, sizeof(text), "%s: %s", c->servers[i].name,
		    c->servers[i].image[0] ? c->servers[i].image
					   : "image unknown");
		terminal_line(p, "  ", text);
	}
}

/* Where the lines stand that print_advice() prints. */
static void
print_what_next(struct terminal_printer *p)
{
	struct advice advice;

	for (size_t i = 0; i < p->c->scenario_count; i++) {
		advice_of(&advice, p->c, &p->c->scenarios[i]);
		if (!advice.to_do)
			continue;
		terminal_line(p, "  ",
		    "Where there is no answer: a line with -> below says what "
		    "to do next.");
		return;
	}
}

/* The whole answer at once. */
static void
print_summary(struct terminal_printer *p)
{
	struct forest_plot plot;
	char text[CONCLUSION_SIZE];

	fprintf(p->out, "%sIn short%s\n", BOLD(p), PLAIN(p));
	if (forest_plot_init(&plot, p->c) == 0)
		terminal_forest(p, &plot);
	forest_plot_release(&plot);
	for (size_t i = 1; i < p->c->server_count; i++) {
		fputs(i == 1 ? "\n" : "", p->out);
		terminal_line(p, "  ", conclusion(text, sizeof(text), p->c, i));
	}
	terminal_line(p, "  ", conclusion_missing(p->c));
	print_what_next(p);
}

void
terminal_report(
    const struct comparison *c, const struct terminal_style *style, FILE *out)
{
	static struct terminal_printer p; /* a table is too large for a stack */
	char text[SENTENCE_SIZE];

	p.c = c;
	p.style = style;
	p.out = out;
	print_summary(&p);
	for (size_t i = 0; i < c->scenario_count; i++)
		print_outcome(&p, &c->scenarios[i]);
	print_method(&p);
	fputc('\n', out);
	terminal_line(&p, "", CONDITIONS_CAVEAT);
	terminal_line(&p, "", advice_interrupted(text, sizeof(text), c));
}
