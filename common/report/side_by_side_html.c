/* SPDX-License-Identifier: MIT */
/* side_by_side_html: two comparisons as one page. */
#include "common/report/side_by_side_html.h"

#include <math.h>

#include "common/format/html.h"
#include "common/report/html_report.h"
#include "common/report/side_by_side.h"
#include "common/verdict/conditions.h"
#include "common/verdict/sentences.h"

static void
put_name(FILE *page, const char *letter, const char *name,
    const struct comparison *c)
{
	char text[SENTENCE_SIZE];

	html_element(page, "dt", "%s", letter);
	html_element(page, "dd", "%s%s%s. %s", name, c->when[0] ? ", " : "",
	    c->when, conditions_machine(text, sizeof(text), c));
}

static void
put_cells(FILE *page, const struct scenario_result *result,
    const struct server_result *f, bool baseline)
{
	struct estimate ratio = side_by_side_ratio(f, baseline);
	char text[2 * FIGURE_SIZE];
	bool usable = f && f->usable;

	html_element(page, "td", "%s",
	    side_by_side_value(text, sizeof(text), result, f, "\u2265 "));
	html_element(page, "td", "%s",
	    usable ? figure_interval(text, sizeof(text), &f->value) : "-");
	html_element(page, "td", "%s",
	    baseline && f
		? "baseline"
		: side_by_side_ratio_text(text, sizeof(text), f, baseline));
	html_element(page, "td", "%s",
	    isnan(ratio.value)
		? ""
		: figure_ratio_interval(text, sizeof(text), &ratio));
}

static void
put_head(FILE *page, const struct side_by_side_row *one)
{
	char at[100];

	label_point(at, sizeof(at), one->point);
	html_element(
	    page, "h3", "%s%s%s", one->result->name, at[0] ? ", " : "", at);
	fputs("<div class=\"wide\"><table>\n<thead><tr>"
	      "<th scope=\"col\" class=\"name\">server</th>",
	    page);
	for (int i = 0; i < 2; i++) {
		html_element(page, "th scope=\"col\"", "%c, %s", 'A' + i,
		    one->result->unit);
		fputs("<th scope=\"col\">95 % interval</th>"
		      "<th scope=\"col\">ratio</th>"
		      "<th scope=\"col\">95 % interval</th>",
		    page);
	}
	fputs("</tr></thead>\n<tbody>\n", page);
}

void
side_by_side_html(const struct comparison *a, const char *a_name,
    const struct comparison *b, const char *b_name, FILE *page)
{
	static struct side_by_side_row rows[SIDE_BY_SIDE_ROWS_MAX];
	size_t count = side_by_side_rows(a, b, rows);

	html_report_begin(page, "Two comparisons side by side");
	html_element(page, "p class=\"alert\"", "%s", SIDE_BY_SIDE_CAVEAT);
	fputs("<section>\n<dl>\n", page);
	put_name(page, "A", a_name, a);
	put_name(page, "B", b_name, b);
	fputs("</dl>\n", page);
	for (size_t i = 0; i < count;) {
		const struct point *point = rows[i].point;

		put_head(page, &rows[i]);
		for (; i < count && rows[i].point == point; i++) {
			fputs("<tr>", page);
			html_element(page, "th scope=\"row\" class=\"name\"",
			    "%s", rows[i].server);
			put_cells(page, rows[i].result, rows[i].a,
			    rows[i].a_baseline);
			put_cells(page, rows[i].result, rows[i].b,
			    rows[i].b_baseline);
			fputs("</tr>\n", page);
		}
		fputs("</tbody></table></div>\n", page);
	}
	fputs("</section>\n", page);
	html_report_end(page);
}
