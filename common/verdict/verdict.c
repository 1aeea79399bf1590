/* SPDX-License-Identifier: MIT */
/* verdict: which verdicts a scenario's intervals allow, and why. */
#include "common/verdict/verdict.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/stats/rank_tests.h"
#include "common/verdict/paired_estimate.h"

/* The ratios of a scenario on which there is a verdict, by p-value. */
struct family {
	double delta;
	const char *unit;
	bool higher_is_better;
	size_t count;
	struct member {
		struct server_result *found;
		const struct server_result *baseline;
		bool differs; /* Holm rejects that it does not */
	} members[POINTS_MAX * SERVERS_MAX];
};

/* Adds to the reason. */
__attribute__((format(printf, 2, 3))) static void
say(struct server_result *found, const char *format, ...)
{
	size_t n = strlen(found->reason);
	va_list args;

	va_start(args, format);
	vsnprintf(found->reason + n, sizeof(found->reason) - n, format, args);
	va_end(args);
}

static void
blame(struct server_result *found, const char *cause)
{
	snprintf(found->cause, sizeof(found->cause), "%s", cause);
}

static double
percent(double ratio)
{
	return 100 * fabs(ratio - 1);
}

/* ---- when there is no verdict ---- */

static bool
too_few(struct server_result *found, const struct server_result *baseline)
{
	struct paired_blocks pair;

	paired_blocks(&pair, found, baseline);
	if (pair.count >= PAIRED_BLOCKS_MIN)
		return false;
	if (pair.count == 0)
		say(found, "no block was completed");
	else
		say(found, "%zu blocks are too few for a verdict", pair.count);
	return true;
}

static bool
too_disturbed(struct server_result *found)
{
	double all = (double)(found->slices + found->dropped);

	if ((double)found->dropped <= VERDICT_SPOILT * all)
		return false;
	say(found, "other work on this machine disturbed %.0f %% of the slices",
	    100 * (double)found->dropped / all);
	blame(found, CAUSE_DISTURBED);
	return true;
}

/* By more than half of what matters. */
static bool
outside(const struct estimate *e, double middle, double half)
{
	return e->low > middle + half || e->high < middle - half;
}

static bool
control_differs(struct server_result *found,
    const struct server_result *baseline, const struct server_result *control,
    const struct family *family)
{
	static const char what[] = "the control, the same server twice, "
				   "differs by";
	double half = family->delta / 2;
	double unit = fabs(baseline->value.value);
	bool by_cpu = found->basis == BASIS_SERVER_CPU;
	struct estimate ratio =
	    by_cpu ? paired_cpu_ratio(control, baseline) : control->ratio;

	if (control->blocks == 0)
		return false;
	if (by_cpu || control->has_ratio) {
		if (!outside(&ratio, 1, half))
			return false;
		say(found, "%s %.1f %%%s [%.3f, %.3f]", what,
		    percent(ratio.value), by_cpu ? " in CPU" : "", ratio.low,
		    ratio.high);
	} else {
		if (!outside(&control->difference, 0, half * unit))
			return false;
		say(found, "%s %.3g %s", what, fabs(control->difference.value),
		    family->unit);
	}
	say(found, ": the machine was not steady enough");
	blame(found, CAUSE_CONTROL);
	return true;
}

/* ---- the family ---- */

/* Keeps it sorted. */
static void
family_add(struct family *family, struct server_result *found,
    const struct server_result *baseline)
{
	struct member *m = family->members;
	size_t at = family->count++;

	for (; at > 0 && m[at - 1].found->p_value > found->p_value; at--)
		m[at] = m[at - 1];
	m[at] = (struct member){.found = found, .baseline = baseline};
}

/* Holm: the least p-value against alpha / K, the next against alpha / (K - 1),
 * and so on up to the first that is too great. */
static void
family_test(struct family *family)
{
	size_t k = family->count;

	for (size_t i = 0; i < k; i++) {
		struct member *m = &family->members[i];

		if (m->found->p_value > PAIRED_ALPHA / (double)(k - i))
			return;
		m->differs = true;
	}
}

size_t
verdict_blocks_least(size_t ratios)
{
	size_t blocks = PAIRED_BLOCKS_MIN;

	/* All to one side: the least p-value that there is. */
	while (ldexp(1, 1 - (int)blocks) * (double)ratios > PAIRED_ALPHA)
		blocks++;
	return blocks;
}

/* ---- verdicts ---- */

static void
say_difference(struct server_result *found, const struct family *family)
{
	struct estimate ratio = found->ratio;
	double delta = family->delta;
	bool by_cpu = found->basis == BASIS_SERVER_CPU;

	if (!found->has_ratio)
		say(found, "by %.3g %s", fabs(found->difference.value),
		    family->unit);
	else if (ratio.value >= 2 || ratio.value <= 0.5)
		say(found, "by a factor of %.3g",
		    ratio.value < 1 ? 1 / ratio.value : ratio.value);
	else /* of CPU, how much more or less it is; not how much better */
		say(found, "by %.1f %%",
		    percent(by_cpu ? 1 / ratio.value : ratio.value));
	if (by_cpu)
		say(found, " of CPU time for each request");
	if (found->has_ratio && ratio.low > 1 - delta && ratio.high < 1 + delta)
		say(found, ", too little to matter");
	if (family->count > 1)
		say(found, " (tested as one of %zu ratios)", family->count);
}

static bool
is_better(const struct server_result *found, const struct family *family)
{
	if (found->has_ratio)
		return found->ratio.value > 1;
	return (found->difference.value > 0) == family->higher_is_better;
}

/* Whether the interval of 90 %, which is two tests at 5 %, lies within what
 * does not matter. */
static bool
is_equivalent(const struct server_result *found,
    const struct server_result *baseline, const struct paired_blocks *pair,
    double delta)
{
	struct estimate inner = rank_hodges_lehmann(
	    paired_compared(pair), pair->count, 2 * PAIRED_ALPHA);
	double unit = fabs(baseline->value.value);

	if (found->has_ratio)
		return inner.low > log1p(-delta) && inner.high < log1p(delta);
	return inner.low >= -delta * unit && inner.high <= delta * unit;
}

/* What is not known, and what it would take to know it. */
static void
say_what_is_open(struct server_result *found, const struct family *family)
{
	const struct estimate *e = &found->difference;

	if (found->p_value <= PAIRED_ALPHA)
		say(found,
		    "alone it would count as a difference, but one of %zu "
		    "ratios "
		    "may look so by chance; ",
		    family->count);
	if (!found->has_ratio) {
		say(found, "the difference may be as large as %.3g %s",
		    fmax(fabs(e->low), fabs(e->high)), family->unit);
		return;
	}
	e = &found->ratio;
	say(found, "the difference may be as large as %.1f %%",
	    fmax(percent(e->low), percent(e->high)));
	if (isnan(found->min_detectable))
		say(found, "; so few blocks can find none");
	else if (found->min_detectable > 1)
		say(found, "; one of %.1f %% would have been found",
		    percent(found->min_detectable));
	if (found->required_blocks > RANK_MAX)
		say(found, "; to find one of %.3g %%, use a quieter machine",
		    100 * family->delta);
	else if (found->required_blocks > (double)found->blocks)
		say(found, "; to find one of %.3g %%, use %.0f blocks",
		    100 * family->delta, found->required_blocks);
	else
		say(found, "; more blocks would tell");
}

static void
decide(const struct member *member, const struct family *family)
{
	struct server_result *found = member->found;
	const struct server_result *baseline = member->baseline;
	struct paired_blocks pair;

	paired_blocks(&pair, found, baseline);
	paired_power_analysis(
	    found, &pair, PAIRED_ALPHA / (double)family->count, family->delta);
	if (member->differs) {
		found->verdict = is_better(found, family) ? FASTER : SLOWER;
		say_difference(found, family);
	} else if (is_equivalent(found, baseline, &pair, family->delta)) {
		found->verdict = EQUIVALENT;
		say(found, "any difference is smaller than %.3g %%",
		    100 * family->delta);
	} else {
		found->verdict = UNDECIDED;
		say_what_is_open(found, family);
	}
	if (found->slices && !(found->settled && baseline->settled))
		say(found, "; %s still changing when the measurement began",
		    found->settled	? "the baseline's rate was"
		    : baseline->settled ? "its rate was"
					: "its rate and the baseline's were");
}

/* Whether the figures that a ratio would be to are no figures; WHAT they are
 * of. */
static bool
lacks_ground(struct server_result *found, const struct server_result *other,
    const char *what)
{
	if (other->verdict != INVALID)
		return false;
	say(found, "%s: %s", what, other->reason);
	blame(found, other->cause);
	return true;
}

/* Gives a finding the verdict that needs no test, or adds it to the family. */
static void
sort_out(struct family *family, struct server_result *found,
    const struct server_result *baseline, const struct server_result *control)
{
	if (found->verdict == INVALID)
		return;
	found->reason[0] = '\0';
	/* Disturbed first: it may be why there are too few. */
	if (too_disturbed(found) ||
	    lacks_ground(found, baseline, "the baseline") ||
	    lacks_ground(found, control, "the control"))
		found->verdict = INVALID;
	else if (too_few(found, baseline))
		found->verdict = UNDECIDED;
	else if (control_differs(found, baseline, control, family))
		found->verdict = INVALID;
	else
		family_add(family, found, baseline);
}

void
verdict_of_scenario(struct scenario_result *result, size_t count, double delta)
{
	struct family family = {
	    .delta = delta,
	    .unit = result->unit,
	    .higher_is_better = result->higher_is_better,
	};

	for (size_t p = 0; p < result->point_count; p++) {
		struct server_result *results = result->points[p].results;

		for (size_t i = 1; i < count; i++)
			sort_out(
			    &family, &results[i], &results[0], &results[count]);
	}
	family_test(&family);
	for (size_t i = 0; i < family.count; i++)
		decide(&family.members[i], &family);
}
