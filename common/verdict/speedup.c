/* SPDX-License-Identifier: MIT */
/* speedup: the point on one CPU, then ratios of blocks. */
#include "common/verdict/speedup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/verdict/labels.h"
#include "common/verdict/paired_estimate.h"

static const struct setting *
setting_of(const struct point *point, const char *key)
{
	for (size_t i = 0; i < point->setting_count; i++) {
		if (strcmp(point->settings[i].key, key) == 0)
			return &point->settings[i];
	}
	return NULL;
}

static bool
is_single(const struct point *point)
{
	const struct setting *cpus = setting_of(point, "cpus");

	return cpus && cpus->number == 1 && !setting_of(point, "servers");
}

static bool
same_load(const struct point *a, const struct point *b)
{
	const struct setting *one = setting_of(a, "load"),
			     *other = setting_of(b, "load");

	return one && other && strcmp(one->text, other->text) == 0;
}

/* The point of one CPU to which POINT is compared; NULL: none. */
static const struct point *
single_for(const struct scenario_result *o, const struct point *point)
{
	if (!setting_of(point, "cpus") || is_single(point))
		return NULL;
	for (size_t i = 0; i < o->point_count; i++) {
		if (is_single(&o->points[i]) && same_load(&o->points[i], point))
			return &o->points[i];
	}
	return NULL;
}

/* Whether its rate is one. Where the client was the limit, only the ratio to
 * other servers may be invalid. */
static bool
is_sound(const struct server_result *found)
{
	return found->verdict != INVALID ||
	       strcmp(found->cause, CAUSE_CLIENT) == 0;
}

static void
estimate(struct server_result *found, const struct server_result *single)
{
	double ratios[RANK_MAX];
	struct estimate logs;
	size_t n = 0;

	for (size_t b = 0; b < found->blocks && b < single->blocks; b++) {
		double ratio = found->values[b] / single->values[b];

		if (isfinite(ratio) && ratio > 0)
			ratios[n++] = log(ratio);
	}
	if (!n || single->client_bound || !is_sound(found) || !is_sound(single))
		return;
	logs = rank_hodges_lehmann(ratios, n, PAIRED_ALPHA);
	found->speedup =
	    (struct estimate){exp(logs.value), exp(logs.low), exp(logs.high)};
}

void
speedup_of_scenario(struct scenario_result *o, size_t servers)
{
	for (size_t p = 0; p < o->point_count; p++) {
		const struct point *single = single_for(o, &o->points[p]);

		for (size_t i = 0; single && i <= servers; i++)
			estimate(&o->points[p].results[i], &single->results[i]);
	}
}

/* ---- words ---- */

/* Whether a later point has the same load on more CPUs, and no more servers:
 * the last one says it. */
static bool
is_last(const struct scenario_result *o, size_t p)
{
	const struct point *point = &o->points[p], *next = point + 1;

	return setting_of(point, "servers") || p + 1 == o->point_count ||
	       !same_load(point, next) || setting_of(next, "servers");
}

char *
speedup_words(char *buf, size_t size, const struct comparison *c,
    const struct scenario_result *o, size_t server)
{
	char at[100], times[FIGURE_SIZE], range[2 * FIGURE_SIZE];

	buf[0] = '\0';
	for (size_t p = 0; p < o->point_count; p++) {
		const struct server_result *f = &o->points[p].results[server];

		if (isnan(f->speedup.value) || !is_last(o, p))
			continue;
		if (!buf[0])
			text_append(buf, size,
			    "%s, in times of its rate on 1 CPU: ",
			    c->servers[server].name);
		else
			text_append(buf, size, "; ");
		text_append(buf, size, "%s: %s%s",
		    label_point(at, sizeof(at), &o->points[p]),
		    f->client_bound ? "at least " : "",
		    figure_ratio(times, sizeof(times), f->speedup.value));
		if (!isnan(f->speedup.low))
			text_append(buf, size, " (%s)",
			    figure_ratio_interval(
				range, sizeof(range), &f->speedup));
	}
	return buf;
}
