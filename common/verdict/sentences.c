/* SPDX-License-Identifier: MIT */
/* facts: the sentences. The figures are in figures.c. */
#include "common/verdict/sentences.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Little's law: from here on something measured is not true. */
#define LITTLE_OFF 0.05

const char FACT_CAVEAT[] =
    "This holds for this machine, its loopback and these sizes. Ratios travel "
    "better than rates do.";

/* Appends to BUF. */
static void __attribute__((format(printf, 3, 4)))
say_more(char *buf, size_t size, const char *format, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, format);
	vsnprintf(buf + len, size - len, format, args);
	va_end(args);
}

/* Rates and times are faster or slower; of memory nobody says so. */
static bool
is_speed(const struct outcome *outcome)
{
	size_t len = strlen(outcome->unit);

	return (len > 2 && strcmp(outcome->unit + len - 2, "/s") == 0) ||
	       strcmp(outcome->unit, "us") == 0 ||
	       strcmp(outcome->unit, "ms") == 0 ||
	       strcmp(outcome->unit, "s") == 0;
}

/* "5 KiB less, between 3 and 7 less"; a bound on the other side is "2 more". */
static void
say_difference(
    char *buf, size_t size, const char *unit, struct estimate difference)
{
	struct estimate e = difference;
	const char *side = e.value < 0 ? "less" : "more";
	const char *other = e.value < 0 ? "more" : "less";
	char value[FACT_SIZE], low[FACT_SIZE], high[FACT_SIZE];
	int len;

	if (e.value < 0)
		e = (struct estimate){-e.value, -e.high, -e.low};
	len = snprintf(buf, size, "%s %s %s",
	    fact_number(value, sizeof(value), e.value), unit, side);
	if (isnan(e.low) || len >= (int)size)
		return;
	snprintf(buf + len, size - (size_t)len, ", between %s%s%s and %s %s",
	    fact_number(low, sizeof(low), fabs(e.low)), e.low < 0 ? " " : "",
	    e.low < 0 ? other : "", fact_number(high, sizeof(high), e.high),
	    side);
}

/* ", 0.354 times the requests/s, between ...", or the difference. Where less
 * is better, the ratio of the figures is one over that of the merits. */
static void
say_figures(char *buf, size_t size, const struct outcome *outcome,
    const struct finding *found)
{
	struct estimate e = found->ratio;
	char value[FACT_SIZE], low[FACT_SIZE], high[FACT_SIZE];

	buf[0] = '\0';
	if (found->has_ratio && !outcome->higher_is_better)
		e = (struct estimate){1 / e.value, 1 / e.high, 1 / e.low};
	if (found->has_ratio) {
		snprintf(buf, size, "%s times the %s",
		    fact_ratio(value, sizeof(value), e.value),
		    outcome->higher_is_better || !outcome->metric[0]
			? outcome->unit
			: outcome->metric);
		if (!isnan(e.low))
			say_more(buf, size, ", between %s and %s",
			    fact_ratio(low, sizeof(low), e.low),
			    fact_ratio(high, sizeof(high), e.high));
	} else if (!isnan(found->difference.value)) {
		say_difference(buf, size, outcome->unit, found->difference);
	}
}

const char *
fact_verdict_word(const struct outcome *outcome, enum verdict verdict)
{
	if (outcome && !is_speed(outcome) && verdict == FASTER)
		return "better";
	if (outcome && !is_speed(outcome) && verdict == SLOWER)
		return "worse";
	return VERDICT_WORDS[verdict];
}

char *
fact_verdict(char *buf, size_t size, const struct comparison *c,
    const struct outcome *outcome, const struct finding *found, size_t server)
{
	const char *word = fact_verdict_word(outcome, found->verdict);
	const char *name = c->servers[server].name, *base = c->servers[0].name;
	char figures[300];

	say_figures(figures, sizeof(figures), outcome, found);
	if (found->verdict == INVALID) /* figures would be read as an answer */
		snprintf(buf, size, "%s against %s is invalid", name, base);
	else if (found->verdict == UNDECIDED)
		snprintf(buf, size, "%s against %s is undecided%s%s", name,
		    base, figures[0] ? ": " : "", figures);
	else
		snprintf(buf, size, "%s is %s %s %s%s%s", name, word,
		    found->verdict == EQUIVALENT ? "to" : "than", base,
		    figures[0] ? ": " : "", figures);
	return buf;
}

/* From the least to the greatest of several points, as factors of the figure;
 * empty if there is none. */
static void
say_span(char *buf, size_t size, const struct outcome *outcome, size_t server)
{
	char low[FACT_SIZE], high[FACT_SIZE];
	double least = INFINITY, most = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < outcome->point_count; i++) {
		const struct finding *f = &outcome->points[i].findings[server];
		double ratio = outcome->higher_is_better ? f->ratio.value
							 : 1 / f->ratio.value;

		if (f->has_ratio && f->verdict != INVALID) {
			least = fmin(least, ratio);
			most = fmax(most, ratio);
		}
	}
	fact_ratio(low, sizeof(low), least);
	fact_ratio(high, sizeof(high), most);
	if (most > 0)
		snprintf(buf, size, ": %s%s%s times the %s", low,
		    strcmp(low, high) == 0 ? "" : " to ",
		    strcmp(low, high) == 0 ? "" : high,
		    outcome->higher_is_better || !outcome->metric[0]
			? outcome->unit
			: outcome->metric);
}

bool
fact_verdicts(char *buf, size_t size, const struct comparison *c,
    const struct outcome *outcome, size_t server, enum verdict *only)
{
	size_t counts[INVALID + 1] = {0}, len;
	const char *comma = "";
	char span[200];
	bool one = false;

	for (size_t i = 0; i < outcome->point_count; i++)
		counts[outcome->points[i].findings[server].verdict]++;
	len = (size_t)snprintf(buf, size, "%s against %s is ",
	    c->servers[server].name, c->servers[0].name);
	for (int v = FASTER; v <= INVALID && len < size; v++) {
		if (!counts[v])
			continue;
		if (counts[v] == outcome->point_count) {
			*only = (enum verdict)v;
			one = true;
		}
		len += (size_t)snprintf(buf + len, size - len,
		    one ? "%s%s at all %zu points" : "%s%s at %zu", comma,
		    fact_verdict_word(outcome, (enum verdict)v), counts[v]);
		comma = ", ";
	}
	if (!one && len < size)
		len += (size_t)snprintf(buf + len, size - len, " of %zu points",
		    outcome->point_count);
	say_span(span, sizeof(span), outcome, server);
	if (len < size)
		snprintf(buf + len, size - len, "%s", span);
	return one;
}

/* From the least to the greatest of several points. */
static void
say_controls(char *buf, size_t size, const struct comparison *c,
    const struct outcome *outcome)
{
	char low[FACT_SIZE], high[FACT_SIZE];
	double least = INFINITY, most = 0;

	for (size_t i = 0; i < outcome->point_count; i++) {
		double ratio =
		    outcome->points[i].findings[c->server_count].ratio.value;

		least = fmin(least, ratio);
		most = fmax(most, ratio);
	}
	if (most > 0)
		snprintf(buf, size,
		    "control, %s twice: from %s to %s at %zu points (1 is what "
		    "it should be)",
		    c->servers[0].name, fact_ratio(low, sizeof(low), least),
		    fact_ratio(high, sizeof(high), most), outcome->point_count);
}

char *
fact_control(char *buf, size_t size, const struct comparison *c,
    const struct outcome *outcome)
{
	const struct finding *found =
	    &outcome->points[0].findings[c->server_count];
	char value[FACT_SIZE], low[FACT_SIZE], high[FACT_SIZE];

	buf[0] = '\0';
	if (outcome->point_count > 1)
		say_controls(buf, size, c, outcome);
	if (outcome->point_count != 1 || !found->has_ratio)
		return buf;
	snprintf(buf, size, "control, %s twice: %s", c->servers[0].name,
	    fact_ratio(value, sizeof(value), found->ratio.value));
	if (!isnan(found->ratio.low))
		say_more(buf, size, ", between %s and %s",
		    fact_ratio(low, sizeof(low), found->ratio.low),
		    fact_ratio(high, sizeof(high), found->ratio.high));
	say_more(buf, size, " (1 is what it should be)");
	return buf;
}

bool
fact_repeats(const struct point *point, size_t server)
{
	const struct finding *base = &point->findings[0];

	return server > 0 && base->verdict == INVALID && base->reason[0] &&
	       strcmp(point->findings[server].reason, base->reason) == 0;
}

/* Appends to BUF, after "; " if it is not empty. */
static void __attribute__((format(printf, 3, 4)))
add(char *buf, size_t size, const char *format, ...)
{
	size_t len = strlen(buf);
	va_list args;

	if (len && len + 3 < size) {
		memcpy(buf + len, "; ", 3);
		len += 2;
	}
	va_start(args, format);
	vsnprintf(buf + len, size - len, format, args);
	va_end(args);
}

char *
fact_remarks(char *buf, size_t size, const struct finding *f)
{
	buf[0] = '\0';
	if (f->errors)
		add(buf, size, "%llu error%s of %llu request%s",
		    (unsigned long long)f->errors, f->errors == 1 ? "" : "s",
		    (unsigned long long)f->requests,
		    f->requests == 1 ? "" : "s");
	for (size_t i = 0; i < ERRORS_MAX; i++) {
		if (f->errors_by_name[i].name[0])
			add(buf, size, "%llu %s",
			    (unsigned long long)f->errors_by_name[i].count,
			    f->errors_by_name[i].name);
	}
	if (f->retries)
		add(buf, size,
		    "%llu sent again, as the server closed their connections",
		    (unsigned long long)f->retries);
	if (f->limited)
		add(buf, size,
		    "the client was the limit (%.0f %% of a CPU): a lower "
		    "bound, not ranked",
		    100 * f->client_busy);
	if (fabs(f->little - 1) > LITTLE_OFF)
		add(buf, size,
		    "rate x latency is %.2f times the connections: something "
		    "here is not true",
		    1 / f->little);
	if (f->slices && !f->settled)
		add(buf, size, "it did not come to a steady rate in time");
	return buf;
}

/* Of servers that never started, no block gave anything. */
static size_t
blocks_of(const struct finding *f)
{
	return f->usable || f->slices + f->dropped + f->warm_up ? f->blocks : 0;
}

char *
fact_blocks(
    char *buf, size_t size, const struct comparison *c, const struct outcome *o)
{
	size_t kept = 0, dropped = 0, blocks = 0;

	for (size_t i = 0; i < o->point_count; i++) {
		for (size_t k = 0; k <= c->server_count; k++) {
			const struct finding *f = &o->points[i].findings[k];

			kept += f->slices;
			dropped += f->dropped;
			if (blocks_of(f) > blocks)
				blocks = blocks_of(f);
		}
	}
	buf[0] = '\0';
	if (blocks)
		add(buf, size, "%zu block%s", blocks, blocks == 1 ? "" : "s");
	else
		add(buf, size, "no block was completed");
	if (kept + dropped)
		add(buf, size,
		    "%zu slices count, %zu dropped for a cause outside", kept,
		    dropped);
	if (dropped) /* counters are read before a block and after it */
		add(buf, size, "CPU is that of all slices");
	return buf;
}

char *
fact_machine(char *buf, size_t size, const struct comparison *c)
{
	const struct machine *m = &c->before;

	buf[0] = '\0';
	if (m->kernel[0])
		add(buf, size, "%s", m->kernel);
	if (m->cpus)
		add(buf, size, "%d CPUs, %s%s", m->cpus, m->cpu,
		    m->virtual_machine ? " (virtual)" : "");
	if (!isnan(m->memory_gib))
		add(buf, size, "%.1f GiB", m->memory_gib);
	if (m->governor[0])
		add(buf, size, "governor %s", m->governor);
	if (m->clocksource[0])
		add(buf, size, "clock %s", m->clocksource);
	if (!isnan(m->load_average))
		add(buf, size, "load average %.2f before, %.2f after",
		    m->load_average, c->after.load_average);
	if (!isnan(m->pressure) && !isnan(c->after.pressure))
		add(buf, size, "waits for a CPU %.0f %% before, %.0f %% after",
		    m->pressure, c->after.pressure);
	if (c->after.steal_s - m->steal_s >= 0.05)
		add(buf, size, "the host took %.1f s of CPU away",
		    c->after.steal_s - m->steal_s);
	if (c->still_s > 0)
		add(buf, size, "THE CLIENT DID NOT RUN for %.2f s in all",
		    c->still_s);
	if (c->throttled)
		add(buf, size,
		    "THE CLIENT WAS THROTTLED %llu times, for %.2f s in all, "
		    "by a quota of CPU time",
		    (unsigned long long)c->throttled, c->throttled_s);
	return buf;
}

char *
fact_method(char *buf, size_t size, const struct comparison *c)
{
	buf[0] = '\0';
	add(buf, size, "%zu blocks with fresh servers", c->blocks);
	if (c->quads)
		add(buf, size, "up to %zu rounds there and back in each",
		    c->quads);
	if (!isnan(c->slice_s))
		add(buf, size, "slices of %.0f ms", 1e3 * c->slice_s);
	if (!isnan(c->delta))
		add(buf, size, "%.3g %% is what matters", 100 * c->delta);
	add(buf, size, "seed %llu", (unsigned long long)c->seed);
	if (!isnan(c->seconds))
		add(buf, size, "%.0f s", c->seconds);
	if (c->quick)
		add(buf, size, "quick");
	return buf;
}
