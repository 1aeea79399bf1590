/* SPDX-License-Identifier: MIT */
/* comparison_print: for each scenario the verdict, the figures, the costs. */
#include "common/report/terminal_report.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/escape.h"
#include "common/verdict/sentences.h"
#include "common/report/terminal_style.h"

#define LINE_WIDTH 80

/* As no-color.org has it: an empty one says nothing. */
static bool
wants_colour(void)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return !(none && none[0]) &&
	       !(terminal && strcmp(terminal, "dumb") == 0);
}

struct print_style
print_style_of(FILE *out)
{
	return (struct print_style){
	    .colour = isatty(out == stderr ? STDERR_FILENO : STDOUT_FILENO) &&
		      wants_colour(),
	    .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
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
		fprintf(p->out, "  %s%s%s\n", printer_colour(p, f->verdict),
		    escape(text, safe, sizeof(safe)), PLAIN(p));
		printer_line(p, "    ", f->reason);
	}
}

/* The others' reasons are in their ratios. */
static void
print_reasons(struct printer *p, const struct outcome *o)
{
	char at[2 * FACT_SIZE], text[SENTENCE_SIZE];

	for (size_t i = 0; i < o->point_count; i++) {
		for (size_t k = 0; k < p->c->server_count; k++) {
			const struct finding *f = &o->points[i].findings[k];

			if ((f->verdict != INVALID &&
				(k == 0 || f->verdict != UNDECIDED)) ||
			    fact_repeats(&o->points[i], k))
				continue;
			snprintf(text, sizeof(text), "%s, %s: %s",
			    fact_point(at, sizeof(at), &o->points[i]),
			    p->c->servers[k].name, f->reason);
			printer_line(p, "    ", text);
		}
	}
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
			printer_line(p, "  ", text);
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
	printer_line(p, "", head);
	fprintf(p->out, "%s", PLAIN(p));
	if (o->question[0])
		printer_line(p, "  ", o->load);
	if (o->point_count == 0) {
		fprintf(p->out, "  no result\n");
		return;
	}
	if (o->point_count == 1) {
		for (size_t i = fact_repeats(&o->points[0], 1);
		     i < p->c->server_count; i++)
			print_verdict(p, o, &o->points[0].findings[i], i);
		fputc('\n', p->out);
		print_values(p, o, &o->points[0]);
	} else {
		for (size_t i = 1; i < p->c->server_count; i++)
			print_sweep(p, o, i);
		print_reasons(p, o);
	}
	print_costs(p, o);
	print_memory(p, o);
	printer_line(p, "  ", fact_control(head, sizeof(head), p->c, o));
	printer_line(p, "  ", o->note);
	printer_line(p, "  ", fact_blocks(head, sizeof(head), p->c, o));
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
	snprintf(text, sizeof(text), "placement %s",
	    c->placed[0] ? c->placed : c->placement);
	printer_line(p, "", c->placement[0] ? text : "");
	lines(p, fact_method(text, sizeof(text), c));
	snprintf(text, sizeof(text), "measured by perconn %s", c->version);
	printer_line(p, "", c->version[0] ? text : "");
	for (size_t i = 0; i < c->server_count; i++) {
		snprintf(text, sizeof(text), "%s: %s", c->servers[i].name,
		    c->servers[i].image[0] ? c->servers[i].image
					   : "image unknown");
		printer_line(p, "", text);
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
