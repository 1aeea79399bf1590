/* SPDX-License-Identifier: MIT */
/* conditions: machine, method, control, blocks, and what was odd. */
#include "common/verdict/conditions.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/verdict/labels.h"
#include "common/verdict/paired_estimate.h"
#include "common/verdict/sentences.h"

/* Little's law: from here on something measured is not true. */
#define LITTLE_OFF 0.05
/* A server may end a connection now and then, after 1,000 requests, say. */
#define CLOSES 0.01

const char CONDITIONS_CAVEAT[] =
    "This holds for this machine, its loopback and these sizes. Ratios travel "
    "better than rates do.";

/* ---- the control ---- */

/* Whether anything of POINT is compared on BASIS. */
static bool
has_basis(
    const struct comparison *c, const struct point *point, enum basis basis)
{
	for (size_t i = 1; i < c->server_count; i++) {
		if (point->results[i].basis == basis)
			return true;
	}
	return false;
}

/* The control's ratio at POINT; NAN: none, or nothing needs it. */
static struct estimate
control_ratio(
    const struct comparison *c, const struct point *point, enum basis basis)
{
	const struct server_result *control = &point->results[c->server_count];

	if (!has_basis(c, point, basis) || !control->has_ratio)
		return (struct estimate){NAN, NAN, NAN};
	if (control->basis == basis)
		return control->ratio;
	return basis == BASIS_SERVER_CPU
		   ? paired_cpu_ratio(control, &point->results[0])
		   : (struct estimate){NAN, NAN, NAN};
}

/* From the least to the greatest of several points. */
static void
say_controls(char *buf, size_t size, const struct comparison *c,
    const struct scenario_result *result, enum basis basis)
{
	char low[FIGURE_SIZE], high[FIGURE_SIZE];
	double least = INFINITY, most = 0;
	size_t count = 0;
	bool same;

	for (size_t i = 0; i < result->point_count; i++) {
		double ratio =
		    control_ratio(c, &result->points[i], basis).value;

		least = fmin(least, ratio);
		most = fmax(most, ratio);
		count += isnan(ratio) ? 0 : 1;
	}
	figure_ratio(low, sizeof(low), least);
	figure_ratio(high, sizeof(high), most);
	same = strcmp(low, high) == 0;
	if (most > 0)
		text_append(buf, size, "%s %s%s%s at %s%zu point%s; %s",
		    same ? "a ratio of" : "ratios from", low,
		    same ? "" : " to ", same ? "" : high,
		    count == result->point_count ? "all " : "", count,
		    count == 1 ? "" : "s", same ? "it" : "they");
}

static void
say_control(char *buf, size_t size, struct estimate ratio)
{
	char value[FIGURE_SIZE], low[FIGURE_SIZE], high[FIGURE_SIZE];

	if (isnan(ratio.value))
		return;
	text_append(buf, size, "a ratio of %s",
	    figure_ratio(value, sizeof(value), ratio.value));
	if (ratio.low < ratio.high)
		text_append(buf, size, ", between %s and %s",
		    figure_ratio(low, sizeof(low), ratio.low),
		    figure_ratio(high, sizeof(high), ratio.high));
	text_append(buf, size, "; it");
}

char *
conditions_control(char *buf, size_t size, const struct comparison *c,
    const struct scenario_result *result)
{
	buf[0] = '\0';
	for (int i = BASIS_METRIC; i <= BASIS_SERVER_CPU; i++) {
		enum basis basis = (enum basis)i;
		char words[300] = "";

		if (result->point_count > 1)
			say_controls(words, sizeof(words), c, result, basis);
		else
			say_control(words, sizeof(words),
			    control_ratio(c, &result->points[0], basis));
		if (words[0])
			text_append(buf, size,
			    "%scontrol%s: %s against itself has %s should be 1",
			    buf[0] ? "; " : "",
			    basis == BASIS_SERVER_CPU ? " by CPU" : "",
			    c->servers[0].name, words);
	}
	return buf;
}

/* ---- the run ---- */

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
conditions_remarks(char *buf, size_t size, const struct scenario_result *result,
    const struct server_result *f)
{
	char times[FIGURE_SIZE], all[FIGURE_SIZE];

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
		    "%llu request%s sent again, because the server had closed "
		    "the connection",
		    (unsigned long long)f->retries,
		    f->retries == 1 ? " was" : "s were");
	if ((double)f->reconnects > CLOSES * (double)f->requests)
		add(buf, size,
		    "it closed kept connections, %s times in %s requests: the "
		    "figures have the cost of new ones",
		    figure_number(times, sizeof(times), (double)f->reconnects),
		    figure_number(all, sizeof(all), (double)f->requests));
	if (f->client_bound)
		add(buf, size,
		    "the client was the limit (%.0f %% of a CPU): %s",
		    100 * f->client_busy,
		    label_is_lower_bound(result, f)
			? "the server can do at least this much, perhaps more"
			: "a part of the delay is the client's");
	if (f->loop_busy >= COMPARISON_LOOP_FULL)
		add(buf, size,
		    "its accept loop was the limit (%.0f %% of a CPU): more "
		    "CPUs do not help it, servers that share the port may "
		    "(--reuse-port)",
		    100 * f->loop_busy);
	if (fabs(f->little - 1) > LITTLE_OFF)
		add(buf, size,
		    "rate x latency should be the number of connections, and "
		    "is %.2f times it: do not trust these figures",
		    1 / f->little);
	if (f->slices && !f->settled)
		add(buf, size,
		    "its rate was still changing when the measurement began");
	return buf;
}

/* Of servers that never started, no block gave anything. */
static size_t
blocks_of(const struct server_result *f)
{
	return f->usable || f->slices + f->dropped + f->warm_up ? f->blocks : 0;
}

char *
conditions_blocks(char *buf, size_t size, const struct comparison *c,
    const struct scenario_result *o)
{
	size_t kept = 0, dropped = 0, blocks = 0;

	for (size_t i = 0; i < o->point_count; i++) {
		for (size_t k = 0; k <= c->server_count; k++) {
			const struct server_result *f =
			    &o->points[i].results[k];

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
		    "%zu slices used, %zu discarded because other work "
		    "disturbed them",
		    kept, dropped);
	if (dropped) /* counters are read before a block and after it */
		add(buf, size, "CPU time is that of all slices");
	return buf;
}

char *
conditions_machine(char *buf, size_t size, const struct comparison *c)
{
	const struct machine *m = &c->before;

	buf[0] = '\0';
	if (m->kernel[0])
		add(buf, size, "%s", m->kernel);
	if (m->cpus)
		add(buf, size, "%zu CPUs, %s%s", m->cpus, m->cpu,
		    m->virtual_machine ? " (virtual)" : "");
	if (m->pcid[0])
		add(buf, size, "PCID %s", m->pcid);
	if (!isnan(m->memory_gib))
		add(buf, size, "%.1f GiB", m->memory_gib);
	if (m->governor[0])
		add(buf, size, "governor %s", m->governor);
	if (m->clocksource[0])
		add(buf, size, "clock %s", m->clocksource);
	if (!isnan(m->load_average) && !isnan(c->after.load_average))
		add(buf, size, "load average %.2f before, %.2f after",
		    m->load_average, c->after.load_average);
	if (!isnan(m->pressure) && !isnan(c->after.pressure))
		add(buf, size,
		    "tasks waited for a CPU %.0f %% of the time before, %.0f "
		    "%% after",
		    m->pressure, c->after.pressure);
	if (c->after.steal_s - m->steal_s >= 0.05)
		add(buf, size, "the host took %.1f s of CPU away",
		    c->after.steal_s - m->steal_s);
	if (c->stall_s > 0)
		add(buf, size, "THE CLIENT DID NOT RUN for %.2f s in all",
		    c->stall_s);
	if (c->throttled)
		add(buf, size,
		    "THE CLIENT WAS THROTTLED %llu times, for %.2f s in all, "
		    "by a quota of CPU time",
		    (unsigned long long)c->throttled, c->throttled_s);
	return buf;
}

char *
conditions_method(char *buf, size_t size, const struct comparison *c)
{
	buf[0] = '\0';
	add(buf, size, "%zu blocks with fresh servers", c->blocks);
	if (c->rounds)
		add(buf, size, "up to %zu ABBA rounds in each", c->rounds);
	if (!isnan(c->slice_s))
		add(buf, size, "slices of %.0f ms", 1e3 * c->slice_s);
	if (!isnan(c->delta))
		add(buf, size, "less than %.3g %% does not matter",
		    100 * c->delta);
	add(buf, size, "seed %llu", (unsigned long long)c->seed);
	if (!isnan(c->seconds))
		add(buf, size, "took %.0f s", c->seconds);
	if (c->quick)
		add(buf, size, "--quick");
	return buf;
}
