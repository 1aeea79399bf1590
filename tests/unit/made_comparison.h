/* SPDX-License-Identifier: MIT */
/*
 * made_comparison: a comparison that was never measured, with a scenario of
 * each kind and each verdict, for the tests of what renders one.
 *
 * The figures are made up, the same in every run. Names and reasons hold what
 * HTML, a terminal or gnuplot could take for its own.
 */
#ifndef TESTS_UNIT_MADE_COMPARISON_H
#define TESTS_UNIT_MADE_COMPARISON_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/verdict/comparison.h"

#define MADE_BLOCKS 20
/* As a name, a command and in reasons. */
#define MADE_HOSTILE "<b>\"it's\" & $`\\_{x}^2\033[31m"

#define MADE_TEXT(field, ...) snprintf(field, sizeof(field), __VA_ARGS__)

/* Between -1 and 1. */
static inline double
made_noise(void)
{
	static unsigned state = 4711;

	state = state * 1103515245 + 12345;
	return (double)(state >> 8 & 0xffff) / 32768 - 1;
}

static inline struct estimate
made_about(double value, double share)
{
	return (struct estimate){
	    value, value * (1 - share), value * (1 + share)};
}

static inline void
made_latency(struct latency *l, struct latency_curve *c, double p50)
{
	static const double percents[] = {
	    0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100};
	double tail = p50 * 0.6;

	*l = (struct latency){p50 * 0.4, p50 * 1.1, p50, p50 + tail,
	    p50 + 3 * tail, p50 + 6 * tail, p50 + 12 * tail};
	c->count = sizeof(percents) / sizeof(percents[0]);
	for (size_t i = 0; i < c->count; i++) {
		double p = percents[i];

		c->percent[i] = p;
		c->us[i] =
		    p < 50 ? p50 * (0.4 + 0.012 * p)
			   : p50 + tail * fmin(12, log(50 / (100.0001 - p)));
	}
}

static inline void
made_cost(struct usage *usage, int model, double connections)
{
	*usage = (struct usage){
	    .cpu_us = 7.7 + 92 * model,
	    .user_us = 1.2 + 2 * model,
	    .system_us = 6.5 + 90 * model,
	    .voluntary = 1.02 + model,
	    .involuntary = 0.013,
	    .faults = 0.4 + 61 * model,
	    .tlb_misses = NAN,
	    .memory_kib = {9.1 + 61 * model, 0.2 + 3 * model, 4.4 + 40 * model,
		16, model == 2 ? NAN : 7.9 + 5 * model},
	    .pss_kib = 900 + connections * (10 + 60 * model),
	    .connections = connections,
	    .processes = model ? connections + 1 : 1,
	    .threads = connections + 1,
	    .mappings = 30 + connections * (model ? 25 : 2),
	    .kept_kib = NAN,
	};
}

/* MODEL: 0 thread, 1 fork, 2 another. */
static inline void
made_finding(struct server_result *f, int model, double value, double better)
{
	f->blocks = MADE_BLOCKS;
	for (size_t i = 0; i < f->blocks; i++) {
		f->values[i] = value * (1 + 0.03 * made_noise());
		f->ratios[i] = log(better) + 0.02 * made_noise();
	}
	f->usable = f->has_ratio = true;
	f->value = made_about(value, 0.012);
	f->ratio = made_about(better, 0.017);
	f->p_value = fabs(better - 1) > 0.03 ? 1.9e-6 : 0.61;
	f->verdict = better > 1.03   ? FASTER
		     : better < 0.97 ? SLOWER
				     : EQUIVALENT;
	MADE_TEXT(f->reason, "%s %.1f %%",
	    f->verdict == EQUIVALENT
		? "any difference is smaller than 3 %; seen"
		: "by",
	    100 * fabs(better - 1));
	f->min_detectable = 1.011;
	f->required_blocks = 8;
	f->requests = (uint64_t)(value * 10);
	made_latency(&f->latency, &f->curve, 64e6 / value);
	f->client_us = 2.7;
	f->client_busy = 0.42;
	f->loop_us = 3.1 + 20 * model;
	f->loop_busy = 0.2 + 0.1 * model;
	f->little = 0.99;
	made_cost(&f->usage, model, 64);
	f->slices = 200;
	f->warm_up = 20;
	f->dropped = 4;
	f->with_dropped = better * 1.001;
	f->settled = true;
}

/* All servers at one point; BASE: the baseline's value; BETTER: fork's ratio,
 * of which the third has the root. */
static inline struct point *
made_point(
    struct scenario_result *o, size_t servers, double base, double better)
{
	struct point *p = &o->points[o->point_count++];

	for (size_t i = 0; i <= servers; i++) {
		double r = i == 0 || i == servers ? 1
			   : i == 1		  ? better
						  : sqrt(better);
		struct server_result *f = &p->results[i];

		made_finding(f, i == servers ? 0 : (int)i,
		    o->higher_is_better ? base * r : base / r, r);
		if (i == 0 || i == servers) /* nobody judges it */
			f->verdict = UNDECIDED;
		if (i == 0) { /* nothing to compare it with */
			f->has_ratio = false;
			f->ratio = (struct estimate){NAN, NAN, NAN};
			f->p_value = f->min_detectable = f->required_blocks =
			    NAN;
			f->with_dropped = NAN;
			for (size_t b = 0; b < RANK_MAX; b++)
				f->ratios[b] = NAN;
			f->reason[0] = '\0';
		}
	}
	return p;
}

static inline void
made_number(struct point *p, const char *key, double number)
{
	MADE_TEXT(p->settings[p->setting_count].key, "%s", key);
	p->settings[p->setting_count++].number = number;
}

static inline void
made_word(struct point *p, const char *key, const char *word)
{
	MADE_TEXT(p->settings[p->setting_count].key, "%s", key);
	MADE_TEXT(p->settings[p->setting_count].text, "%s", word);
	p->setting_count++;
}

static inline struct scenario_result *
made_outcome(struct comparison *c, const char *name, const char *metric,
    const char *unit, bool higher)
{
	struct scenario_result *o = &c->scenarios[c->scenario_count];

	if (scenario_result_init(o) < 0)
		abort();
	c->scenario_count++;
	MADE_TEXT(o->name, "%s", name);
	MADE_TEXT(
	    o->question, "What does %s cost, when nobody measured it?", name);
	MADE_TEXT(o->load, "64 connections, 64 bytes");
	MADE_TEXT(o->metric, "%s", metric);
	MADE_TEXT(o->unit, "%s", unit);
	MADE_TEXT(o->note, "Note well: %s.", name);
	o->higher_is_better = higher;
	return o;
}

/* The client was the limit at POINT, so that its ratios are by the server's
 * CPU: their own, whatever the rates are. */
static inline void
made_by_cpu(struct point *point, size_t servers)
{
	for (size_t i = 0; i <= servers; i++) {
		struct server_result *f = &point->results[i];

		f->basis = BASIS_SERVER_CPU;
		f->client_bound = i != 1;
		f->with_dropped = NAN;
		for (size_t b = 0; b < f->blocks; b++) {
			f->cpu_us[b] = 7.7;
			if (i > 0)
				f->cpu_us[b] *= exp(-f->ratios[b]);
		}
	}
}

/* ---- a scenario of each kind ---- */

static inline void
made_curves(struct comparison *c)
{
	static const double counts[] = {1, 4, 16, 64, 256, 1000};
	struct scenario_result *o =
	    made_outcome(c, "sweep", "requests", "requests/s", true);

	for (size_t i = 0; i < 6; i++)
		made_number(
		    made_point(o, c->server_count, 2e4 * (1 + log(counts[i])),
			1 - 0.05 * (double)i),
		    "connections", counts[i]);
	made_by_cpu(&o->points[4], c->server_count);
	o->points[5].results[1].client_bound = true;
	o->points[5].results[1].verdict = INVALID;
	MADE_TEXT(o->points[5].results[1].cause, CAUSE_CLIENT);
	MADE_TEXT(o->points[5].results[1].reason,
	    "the client was the limit, not the server");
	o = made_outcome(c, "knee", "response time, p99", "us", false);
	for (size_t i = 0; i < 6; i++) {
		double rate = 2000 * pow(2, (double)i);
		struct point *p =
		    made_point(o, c->server_count, 90 * (1 + rate / 9e3), 0.8);

		made_number(p, "rate", rate);
		for (size_t s = 0; s <= c->server_count; s++) {
			struct server_result *f = &p->results[s];

			made_latency(&f->latency, &f->curve,
			    60 * exp(rate / 2e4 * (s == 1 ? 3 : 1)));
			made_latency(&f->service, &f->service_curve, 55);
			f->service_value = f->value.value * 0.9;
		}
	}
	o = made_outcome(c, "parent", "connections", "connections/s", true);
	for (size_t i = 0; i < 6; i++) {
		struct point *p = made_point(o, c->server_count, 14000,
		    1 / (2.5 + pow(4, (double)i) / 30));

		made_number(p, "parent_mib", pow(4, (double)i));
		made_word(p, "remedy", "none");
	}
	for (size_t i = 0; i < 2; i++) {
		struct point *p = made_point(o, c->server_count, 14000, 0.39);

		made_number(p, "parent_mib", 1024);
		made_word(p, "remedy", i ? "shared" : "dontfork");
	}
}

static inline void
made_bars(struct comparison *c)
{
	struct scenario_result *o =
	    made_outcome(c, "idle", "memory for a connection", "KiB", false);
	static const char *const images[] = {"static", "dynamic", "with TLS"};

	made_number(
	    made_point(o, c->server_count, 38, 0.36), "connections", 1000);
	o = made_outcome(c, "linking", "connections", "connections/s", true);
	for (size_t i = 0; i < 3; i++)
		made_word(made_point(o, c->server_count, 14000,
			      0.4 - 0.08 * (double)i),
		    "image", images[i]);
	o = made_outcome(c, "crash", "connections lost", "connections", false);
	made_number(made_point(o, c->server_count, 64, 1), "connections", 64);
	for (size_t i = 0; i <= c->server_count; i++) {
		struct server_result *f = &o->points[0].results[i];
		bool alone = i == 0 || i == c->server_count;

		f->has_ratio = false;
		f->ratio = (struct estimate){NAN, NAN, NAN};
		f->value = made_about(alone ? 64 : 0, 0);
		if (i > 0) {
			double less = alone ? 0 : -64;

			f->difference = (struct estimate){less, less, less};
		}
		f->verdict = i == 1 ? FASTER : UNDECIDED;
		f->latency =
		    (struct latency){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
		f->curve.count = 0;
		for (size_t b = 0; b < f->blocks; b++) {
			f->values[b] = alone ? 64 : 0;
			f->ratios[b] = NAN;
		}
	}
}

/* Which could not be measured, or not well. */
static inline void
made_trouble(struct comparison *c)
{
	struct scenario_result *o =
	    made_outcome(c, "http", "requests", "requests/s", true);
	struct server_result *f =
	    &made_point(o, c->server_count, 52000, 0.991)->results[1];

	f->speedup = made_about(1.7, 0.02);
	f->verdict = UNDECIDED;
	f->ratio.low = 0.952;
	f->ratio.high = 1.034;
	f->required_blocks = 61;
	MADE_TEXT(f->reason, "the difference may be as large as 4.8 %%");
	o = made_outcome(c, "tls", "handshakes", "connections/s", true);
	f = &made_point(o, c->server_count, 900, 0.9)->results[1];
	f->usable = f->has_ratio = false;
	f->value = f->ratio = (struct estimate){NAN, NAN, NAN};
	f->verdict = INVALID;
	f->blocks = 0;
	f->errors = 17;
	f->retries = 3;
	f->requests = 4000;
	MADE_TEXT(f->errors_by_name[0].name, "ECONNRESET");
	f->errors_by_name[0].count = 12;
	MADE_TEXT(f->errors_by_name[1].name, "wrong");
	f->errors_by_name[1].count = 5;
	f->latency = (struct latency){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	f->curve.count = 0;
	MADE_TEXT(f->reason, "it ended with status 3: %s", MADE_HOSTILE);
	MADE_TEXT(o->unit, "%s", "<b>\033[31m&/s");
	for (size_t b = 0; b < RANK_MAX; b++)
		f->values[b] = f->ratios[b] = NAN;
}

/* SERVERS: 2, or 3 with a hostile name. */
static inline void
made_comparison(struct comparison *c, size_t servers)
{
	struct scenario_result *o;

	comparison_init(c);
	c->before = (struct machine){"Linux 6.18.44 x86_64",
	    "A Processor <made> & not measured", "tsc", 2, true, "on", 3.8,
	    "performance", 0.21, 1.5, 0};
	c->after = c->before;
	c->after.pressure = 23.4;
	c->after.steal_s = 0.7;
	c->after.load_average = 1.92;
	MADE_TEXT(c->version, "0.1-made");
	MADE_TEXT(c->when, "2026-01-02T03:04:05+01:00");
	MADE_TEXT(c->command, "client compare --seed 42 all");
	MADE_TEXT(c->placement, "split");
	MADE_TEXT(c->placed, "client on CPU 0, servers on CPU 1");
	MADE_TEXT(c->client_cpus, "0");
	MADE_TEXT(c->server_cpus, "1");
	c->cpu_quota = 1.5;
	c->blocks = MADE_BLOCKS;
	c->rounds = 5;
	c->slice_s = 0.05;
	c->delta = 0.03;
	c->seconds = 117.3;
	c->seed = 9223372036854775783; /* no double holds it */
	c->server_count = servers;
	for (size_t i = 0; i < servers; i++) {
		const char *name = i == 0   ? "thread"
				   : i == 1 ? "fork"
					    : "other " MADE_HOSTILE;

		MADE_TEXT(c->servers[i].name, "%s", name);
		MADE_TEXT(
		    c->servers[i].command, "./server_%s -l {address}", name);
		MADE_TEXT(c->servers[i].image, "%s",
		    i == 2 ? "" : "static, 30 mappings");
	}
	o = made_outcome(c, "churn", "connections", "connections/s", true);
	made_point(o, servers, 14123, 0.354);
	o = made_outcome(c, "steady", "requests", "requests/s", true);
	made_point(o, servers, 155376, 1.004);
	made_curves(c);
	made_bars(c);
	made_trouble(c);
}

#endif
