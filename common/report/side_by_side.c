/* SPDX-License-Identifier: MIT */
/* side_by_side: the rows of A with their matches in B, then those of B alone.
 */
#include "common/report/side_by_side.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/verdict/sentences.h"

const char SIDE_BY_SIDE_CAVEAT[] =
    "These two were not measured in turn: what differs between A and B may be "
    "the machine, its neighbours or the hour. No verdict across them. "
    "Ratios compare the servers of one measurement: above 1 is better than the "
    "first; with CPU behind it, it is by the server's CPU for each request.";

static const struct scenario_result *
same_outcome(const struct comparison *c, const struct scenario_result *o)
{
	for (size_t i = 0; i < c->scenario_count; i++) {
		if (strcmp(c->scenarios[i].name, o->name) == 0 &&
		    (strcmp(o->name, SCENARIO_CUSTOM) != 0 ||
			strcmp(c->scenarios[i].load, o->load) == 0))
			return &c->scenarios[i];
	}
	return NULL;
}

static const struct point *
same_point(const struct scenario_result *o, const struct point *point)
{
	char wanted[100], label[100];

	label_point(wanted, sizeof(wanted), point);
	for (size_t i = 0; o && i < o->point_count; i++) {
		if (strcmp(label_point(label, sizeof(label), &o->points[i]),
			wanted) == 0)
			return &o->points[i];
	}
	return NULL;
}

static const struct server_result *
same_server(const struct comparison *c, const struct point *p, const char *name)
{
	for (size_t i = 0; p && i < c->server_count; i++) {
		if (strcmp(c->servers[i].name, name) == 0)
			return &p->results[i];
	}
	return NULL;
}

static bool
is_baseline(const struct comparison *c, const char *name)
{
	return c->server_count && strcmp(c->servers[0].name, name) == 0;
}

/* All of C; OTHER's beside it. SWAPPED: C is B, and what A has is left out. */
static size_t
rows_of(const struct comparison *c, const struct comparison *other,
    bool swapped, struct side_by_side_row *rows)
{
	size_t count = 0;

	for (size_t s = 0; s < c->scenario_count; s++) {
		const struct scenario_result *o = &c->scenarios[s];
		const struct scenario_result *too = same_outcome(other, o);

		for (size_t k = 0; k < o->point_count * c->server_count; k++) {
			const struct point *p = &o->points[k / c->server_count];
			size_t i = k % c->server_count;
			const char *name = c->servers[i].name;
			const struct server_result *own = &p->results[i];
			const struct server_result *its =
			    same_server(other, same_point(too, p), name);

			if (swapped && its)
				continue;
			rows[count++] = (struct side_by_side_row){
			    .result = o,
			    .point = p,
			    .server = name,
			    .a = swapped ? its : own,
			    .b = swapped ? own : its,
			    .a_baseline =
				is_baseline(swapped ? other : c, name),
			    .b_baseline =
				is_baseline(swapped ? c : other, name),
			};
		}
	}
	return count;
}

size_t
side_by_side_rows(const struct comparison *a, const struct comparison *b,
    struct side_by_side_row rows[SIDE_BY_SIDE_ROWS_MAX])
{
	size_t count = rows_of(a, b, false, rows);

	return count + rows_of(b, a, true, rows + count);
}

char *
side_by_side_value(char *buf, size_t size, const struct scenario_result *result,
    const struct server_result *found, const char *at_least)
{
	char number[FIGURE_SIZE];

	if (!found || !found->usable)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%s%s%s",
		    label_is_lower_bound(result, found) ? at_least : "",
		    figure_number(number, sizeof(number), found->value.value),
		    found->verdict == INVALID ? " (invalid)" : "");
	return buf;
}

struct estimate
side_by_side_ratio(const struct server_result *found, bool baseline)
{
	if (!found || !found->usable || baseline || found->verdict == INVALID)
		return (struct estimate){NAN, NAN, NAN};
	return found->ratio;
}

char *
side_by_side_ratio_text(
    char *buf, size_t size, const struct server_result *found, bool baseline)
{
	struct estimate ratio = side_by_side_ratio(found, baseline);
	char number[FIGURE_SIZE];

	snprintf(buf, size, "%s%s",
	    figure_ratio(number, sizeof(number), ratio.value),
	    isfinite(ratio.value) && found->basis == BASIS_SERVER_CPU ? " CPU"
								      : "");
	return buf;
}
