/* SPDX-License-Identifier: MIT */
/* slice_csv: commas, and quotes where a text needs them. */
#include "common/compare/slice_csv.h"

#include <math.h>
#include <string.h>

void
slice_csv_head(FILE *out)
{
	fputs("scenario,point,block,quad,step,server,state,begin_s,seconds,"
	      "begun,ok,rate,p50_us,p99_us,client_cpu_us,foreign,stretch,"
	      "figure\n",
	    out);
}

static void
put_text(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* An unknown figure leaves its column empty. */
static void
put_number(FILE *out, double number)
{
	putc(',', out);
	if (isfinite(number))
		fprintf(out, "%.9g", number);
}

/* As many columns as put_load() has, and the figure. */
static void
put_figure(FILE *out, const struct slice_row *row)
{
	fputs(",,,,,,,,", out);
	put_number(out, row->figure);
}

static void
put_load(FILE *out, const struct slice_row *row)
{
	fprintf(out, ",%llu,%llu", (unsigned long long)row->begun,
	    (unsigned long long)row->ok);
	put_number(out, row->rate);
	put_number(out, row->p50_us);
	put_number(out, row->p99_us);
	put_number(out, row->client_cpu_us);
	put_number(out, row->contention);
	put_number(out, row->stretch);
	putc(',', out);
}

void
slice_csv_row(FILE *out, const struct slice_row *row)
{
	fprintf(out, "%s,", row->scenario);
	put_text(out, row->point);
	fprintf(out, ",%zu,", row->block);
	if (row->round)
		fprintf(out, "%zu", row->round);
	fprintf(out, ",%zu,", row->step);
	put_text(out, row->server);
	fprintf(out, ",%s", row->state);
	put_number(out, row->begin_s);
	put_number(out, row->seconds);
	if (row->round)
		put_load(out, row);
	else
		put_figure(out, row);
	putc('\n', out);
}
