/* SPDX-License-Identifier: MIT */
/* sentences: the sentences. The figures are in figures.c. */
#include "common/verdict/sentences.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

bool
sentence_is_speed(const struct scenario_result *result)
{
	size_t len = strlen(result->unit);

	return (len > 2 && strcmp(result->unit + len - 2, "/s") == 0) ||
	       strcmp(result->unit, "us") == 0 ||
	       strcmp(result->unit, "ms") == 0 ||
	       strcmp(result->unit, "s") == 0;
}

/* "5 KiB less, between 3 and 7 less"; a bound on the other side is "2 more". */
static void
say_difference(
    char *buf, size_t size, const char *unit, struct estimate difference)
{
	struct estimate e = difference;
	const char *side = e.value < 0 ? "less" : "more";
	const char *other = e.value < 0 ? "more" : "less";
	char value[FIGURE_SIZE], low[FIGURE_SIZE], high[FIGURE_SIZE];
	int len;

	if (e.value == 0 && !(e.low < e.high)) {
		snprintf(buf, size, "no difference");
		return;
	}
	if (e.value < 0)
		e = (struct estimate){-e.value, -e.high, -e.low};
	len = snprintf(buf, size, "%s %s %s",
	    figure_number(value, sizeof(value), e.value), unit, side);
	if (isnan(e.low) || e.low >= e.high || len >= (int)size)
		return;
	snprintf(buf + len, size - (size_t)len, ", between %s%s%s and %s %s",
	    figure_number(low, sizeof(low), fabs(e.low)), e.low < 0 ? " " : "",
	    e.low < 0 ? other : "", figure_number(high, sizeof(high), e.high),
	    side);
}

/* How many there are in all of what UNIT counts, where the point says so: of
 * connections lost, those that were open. NAN: it is not known. */
static double
total_of(const struct point *point, const char *unit)
{
	for (size_t i = 0; i < point->setting_count; i++) {
		if (strcmp(point->settings[i].key, unit) == 0)
			return point->settings[i].number;
	}
	return NAN;
}

/* Whether its values are counts of what its metric begins with. */
static bool
is_count(const struct scenario_result *result)
{
	/* NOLINTNEXTLINE(*-core.*): a result has a metric, and this a unit */
	size_t len = strlen(result->unit);

	return len && !strchr(result->unit, '/') &&
	       strncmp(result->metric, result->unit, len) == 0;
}

/* "1 of 64 connections lost instead of all 64", of WHAT. */
static void
say_amounts(char *buf, size_t size, const struct scenario_result *result,
    const struct point *point, size_t server, const char *what)
{
	double value = point->results[server].value.value;
	double base = point->results[0].value.value;
	double total = total_of(point, result->unit);
	char text[FIGURE_SIZE];

	snprintf(buf, size, "%s", figure_number(text, sizeof(text), value));
	if (isfinite(total))
		text_append(buf, size, " of %s",
		    figure_number(text, sizeof(text), total));
	text_append(buf, size, " %s", what);
	if (value == base)
		text_append(buf, size, " with both");
	else
		text_append(buf, size, " instead of %s%s",
		    base == total ? "all " : "",
		    figure_number(text, sizeof(text), base));
}

static bool
has_values(const struct point *point, size_t server)
{
	return point->results[server].usable && point->results[0].usable;
}

char *
sentence_amounts(char *buf, size_t size, const struct scenario_result *result,
    const struct point *point, size_t server)
{
	buf[0] = '\0';
	if (has_values(point, server))
		say_amounts(buf, size, result, point, server, result->unit);
	return buf;
}

char *
sentence_values(char *buf, size_t size, const struct scenario_result *result,
    const struct point *point, size_t server)
{
	char value[FIGURE_SIZE], other[FIGURE_SIZE];

	buf[0] = '\0';
	if (!has_values(point, server))
		return buf;
	if (is_count(result)) {
		say_amounts(buf, size, result, point, server, result->metric);
		return buf;
	}
	snprintf(buf, size, "%s against %s %s",
	    figure_number(
		value, sizeof(value), point->results[server].value.value),
	    figure_number(other, sizeof(other), point->results[0].value.value),
	    result->unit);
	if (!result->higher_is_better && result->metric[0])
		text_append(buf, size, " (%s)", result->metric);
	return buf;
}

/* "; ratio 0.354, between 0.348 and 0.360", or the difference. */
static void
say_ratio(char *buf, size_t size, const struct scenario_result *result,
    const struct server_result *found)
{
	const struct estimate *e = &found->ratio;
	const char *comma = buf[0] ? "; " : "";
	char value[FIGURE_SIZE], low[FIGURE_SIZE], high[FIGURE_SIZE];
	char difference[200];

	if (found->has_ratio)
		text_append(buf, size, "%sratio %s", comma,
		    figure_ratio(value, sizeof(value), e->value));
	if (found->has_ratio && !isnan(e->low) && e->low < e->high)
		text_append(buf, size, ", between %s and %s",
		    figure_ratio(low, sizeof(low), e->low),
		    figure_ratio(high, sizeof(high), e->high));
	if (found->has_ratio || isnan(found->difference.value))
		return;
	say_difference(
	    difference, sizeof(difference), result->unit, found->difference);
	text_append(buf, size, "%s%s", comma, difference);
}

const char *
sentence_verdict_word(const struct scenario_result *result,
    enum verdict verdict, enum basis basis)
{
	static const char *const by_cpu[] = {
	    [FASTER] = "less CPU",
	    [SLOWER] = "more CPU",
	    [EQUIVALENT] = "same CPU",
	};

	if (basis == BASIS_SERVER_CPU && verdict <= EQUIVALENT)
		return by_cpu[verdict];
	if (result && !sentence_is_speed(result) && verdict == FASTER)
		return "better";
	if (result && !sentence_is_speed(result) && verdict == SLOWER)
		return "worse";
	return VERDICT_WORDS[verdict];
}

/* What the client limited, in a word. */
static const char *
limited_figure(const struct scenario_result *result)
{
	size_t len = strlen(result->unit);

	if (len > 2 && strcmp(result->unit + len - 2, "/s") == 0)
		return "rate";
	return label_is_percentile(result) ? "latency" : "figure";
}

/* The ratio as how many times the CPU it is, which is the other way up. */
static void
say_times(char *buf, size_t size, const struct estimate *ratio)
{
	char value[FIGURE_SIZE], low[FIGURE_SIZE], high[FIGURE_SIZE];

	figure_ratio(value, sizeof(value), 1 / ratio->value);
	snprintf(buf, size, "%s times", value);
	if (ratio->low < ratio->high)
		text_append(buf, size, " (between %s and %s)",
		    figure_ratio(low, sizeof(low), 1 / ratio->high),
		    figure_ratio(high, sizeof(high), 1 / ratio->low));
}

static void
say_verdict_by_cpu(char *buf, size_t size, const struct scenario_result *result,
    const struct server_result *found, const char *name, const char *base)
{
	bool open = found->verdict == UNDECIDED;
	char times[4 * FIGURE_SIZE];

	if (open)
		snprintf(buf, size, "%s against %s is undecided: ", name, base);
	else
		buf[0] = '\0';
	say_times(times, sizeof(times), &found->ratio);
	if (found->has_ratio)
		text_append(buf, size,
		    "%s uses %s the CPU of %s for each request; ", name, times,
		    base);
	text_append(buf, size,
	    "the client was the limit, so the %s says nothing",
	    limited_figure(result));
}

char *
sentence_by_cpu(
    char *buf, size_t size, const struct scenario_result *result, size_t server)
{
	bool any = false;

	for (size_t i = 0; i < result->point_count; i++) {
		const struct server_result *f =
		    &result->points[i].results[server];

		any |= f->basis == BASIS_SERVER_CPU && f->verdict != INVALID;
	}
	buf[0] = '\0';
	if (any && result->point_count > 1)
		snprintf(buf, size,
		    "less, more or same CPU: the client was the limit there, "
		    "so the %s says nothing, and the ratio is by the server's "
		    "CPU for each request: above 1 is less CPU",
		    limited_figure(result));
	return buf;
}

char *
sentence_verdict(char *buf, size_t size, const struct comparison *c,
    const struct scenario_result *result, const struct point *point,
    size_t server)
{
	const struct server_result *found = &point->results[server];
	const char *word =
	    sentence_verdict_word(result, found->verdict, found->basis);
	const char *name = c->servers[server].name, *base = c->servers[0].name;
	char figures[500];

	sentence_values(figures, sizeof(figures), result, point, server);
	say_ratio(figures, sizeof(figures), result, found);
	if (found->verdict == INVALID) /* figures would be read as an answer */
		snprintf(buf, size, "%s against %s is invalid", name, base);
	else if (found->basis == BASIS_SERVER_CPU)
		say_verdict_by_cpu(buf, size, result, found, name, base);
	else if (found->verdict == UNDECIDED)
		snprintf(buf, size, "%s against %s is undecided%s%s", name,
		    base, figures[0] ? ": " : "", figures);
	else
		snprintf(buf, size, "%s is %s %s %s%s%s", name, word,
		    found->verdict == EQUIVALENT ? "to" : "than", base,
		    figures[0] ? ": " : "", figures);
	return buf;
}

/* From the least ratio to the greatest of several points; empty if there is
 * none. */
static void
say_span(
    char *buf, size_t size, const struct scenario_result *result, size_t server)
{
	char low[FIGURE_SIZE], high[FIGURE_SIZE];
	double least = INFINITY, most = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < result->point_count; i++) {
		const struct server_result *f =
		    &result->points[i].results[server];

		if (f->has_ratio && f->verdict != INVALID) {
			least = fmin(least, f->ratio.value);
			most = fmax(most, f->ratio.value);
		}
	}
	figure_ratio(low, sizeof(low), least);
	figure_ratio(high, sizeof(high), most);
	if (most > 0)
		snprintf(buf, size, ": ratio%s %s%s%s",
		    strcmp(low, high) == 0 ? "" : "s from", low,
		    strcmp(low, high) == 0 ? "" : " to ",
		    strcmp(low, high) == 0 ? "" : high);
}

/* Whether F is counted as VERDICT on BASIS. What has no answer is of no basis,
 * and counted with the figures. */
static bool
is_told(const struct server_result *f, enum verdict verdict, enum basis basis)
{
	enum basis its = verdict <= EQUIVALENT ? f->basis : BASIS_METRIC;

	return f->verdict == verdict && its == basis;
}

/* "slower at 4, equivalent at 2" of those of BASIS, after FIRST. Returns
 * whether there are any. */
static bool
say_counts(char *buf, size_t size, const struct scenario_result *result,
    size_t server, enum basis basis, const char *first)
{
	const char *before = first;

	for (int v = FASTER; v <= INVALID; v++) {
		size_t count = 0;

		for (size_t i = 0; i < result->point_count; i++)
			count += is_told(&result->points[i].results[server],
			    (enum verdict)v, basis);
		if (!count)
			continue;
		text_append(buf, size,
		    count == result->point_count ? "%s%s at all %zu points"
						 : "%s%s at %zu",
		    before,
		    sentence_verdict_word(result, (enum verdict)v, basis),
		    count);
		before = ", ";
	}
	return before != first;
}

static bool
are_told_alike(const struct scenario_result *result, size_t server)
{
	const struct server_result *first = &result->points[0].results[server];

	for (size_t i = 1; i < result->point_count; i++) {
		const struct server_result *f =
		    &result->points[i].results[server];

		if (f->verdict != first->verdict ||
		    (f->verdict <= EQUIVALENT && f->basis != first->basis))
			return false;
	}
	return true;
}

const struct server_result *
sentence_verdicts(char *buf, size_t size, const struct comparison *c,
    const struct scenario_result *result, size_t server)
{
	bool alike = are_told_alike(result, server);
	char span[200];
	bool any;

	snprintf(buf, size, "%s against %s", c->servers[server].name,
	    c->servers[0].name);
	any = say_counts(buf, size, result, server, BASIS_METRIC, " is ");
	say_counts(buf, size, result, server, BASIS_SERVER_CPU,
	    any ? ", and uses " : " uses ");
	if (!alike)
		text_append(buf, size, " of %zu points", result->point_count);
	say_span(span, sizeof(span), result, server);
	text_append(buf, size, "%s", span);
	return alike ? &result->points[0].results[server] : NULL;
}

bool
sentence_depends(const struct scenario_result *result, size_t server)
{
	bool answered = false;

	for (size_t i = 0; i < result->point_count; i++)
		answered |=
		    result->points[i].results[server].verdict < UNDECIDED;
	return answered && !are_told_alike(result, server);
}

char *
sentence_detectable(char *buf, size_t size, const struct comparison *c,
    const struct scenario_result *result, size_t server)
{
	const struct server_result *f = &result->points[0].results[server];

	buf[0] = '\0';
	if (result->point_count == 1 && sentence_is_speed(result) &&
	    isfinite(f->min_detectable))
		snprintf(buf, size,
		    "%s: a difference of %.1f %% or more%s would have been "
		    "found "
		    "in 4 of 5 such measurements",
		    c->servers[server].name, 100 * (f->min_detectable - 1),
		    f->basis == BASIS_SERVER_CPU ? " in CPU" : "");
	return buf;
}

/* On which side of 1 a ratio is, as three decimals show it. */
static int
side_of(double ratio)
{
	return (ratio >= 1.0005) - (ratio < 0.9995);
}

static bool
contradicts(const struct scenario_result *result, const struct point *point,
    size_t server)
{
	const struct server_result *f = &point->results[server];
	double quotient = f->value.value / point->results[0].value.value;
	int side = side_of(result->higher_is_better ? quotient : 1 / quotient);

	return has_values(point, server) && f->has_ratio &&
	       f->basis == BASIS_METRIC && isfinite(quotient) &&
	       f->verdict != INVALID && side * side_of(f->ratio.value) < 0;
}

char *
sentence_direction(char *buf, size_t size, const struct comparison *c,
    const struct scenario_result *result, size_t server)
{
	size_t count = 0, at = 0;
	bool sure = true;
	char point[100];

	buf[0] = '\0';
	for (size_t i = 0; i < result->point_count; i++) {
		if (!contradicts(result, &result->points[i], server))
			continue;
		at = count++ ? at : i;
		sure &= result->points[i].results[server].verdict <= SLOWER;
	}
	if (!count)
		return buf;
	label_point(point, sizeof(point), &result->points[at]);
	snprintf(buf, size,
	    "%s%s%s: the figures point the other way than the ratio. %s: "
	    "it compares slices that ran side by side, while each figure is a "
	    "median over the whole run, in which the machine's speed changes",
	    c->servers[server].name, result->point_count > 1 ? ", " : "",
	    result->point_count > 1 ? point : "",
	    sure ? "Believe the ratio"
		 : "Neither direction is sure, but the ratio is the better "
		   "guess");
	if (count > 1)
		text_append(buf, size, " (so at %zu points)", count);
	return buf;
}

bool
sentence_repeats(const struct point *point, size_t server)
{
	static const char through[] = "the baseline: ";
	const struct server_result *base = &point->results[0];
	const char *reason = point->results[server].reason;

	if (strncmp(reason, through, strlen(through)) == 0)
		reason += strlen(through);
	return server > 0 && base->verdict == INVALID && base->reason[0] &&
	       strcmp(reason, base->reason) == 0;
}

static bool
all_share_reason(const struct scenario_result *result, size_t server)
{
	const struct server_result *first = &result->points[0].results[server];

	for (size_t i = 1; i < result->point_count; i++) {
		const struct server_result *f =
		    &result->points[i].results[server];

		if (f->verdict != first->verdict ||
		    strcmp(f->reason, first->reason) != 0)
			return false;
	}
	return true;
}

char *
sentence_reason(char *buf, size_t size, const struct comparison *c,
    const struct scenario_result *result, size_t i, size_t server)
{
	const struct point *point = &result->points[i];
	const struct server_result *f = &point->results[server];
	bool shared = all_share_reason(result, server);
	char at[100];

	buf[0] = '\0';
	if (f->verdict < (server ? UNDECIDED : INVALID) || !f->reason[0] ||
	    sentence_repeats(point, server) || (shared && i > 0))
		return buf;
	if (shared)
		snprintf(at, sizeof(at), "all %zu points", result->point_count);
	else
		label_point(at, sizeof(at), point);
	snprintf(
	    buf, size, "%s, %s: %s", at, c->servers[server].name, f->reason);
	return buf;
}
