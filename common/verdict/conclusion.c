/* SPDX-License-Identifier: MIT */
/* conclusion: scenarios sorted by what was found, then a sentence for each
 * kind. */
#include "common/verdict/conclusion.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/verdict/labels.h"
#include "common/verdict/sentences.h"

/* Of each kind so many are told in words, the others by their names. */
#define TOLD 4

/* Where our scenarios apply, as a reader thinks of it; or, where a figure alone
 * says it, what takes or ends something. The names are the contract's. */
static const struct {
	const char *name, *where, *subject;
} SCENARIO_WORDS[] = {
    {"churn", "where each request brings a new connection", NULL},
    {"steady", "where connections stay open", NULL},
    {"sweep", "with a growing number of connections", NULL},
    {"spin", "where a request computes for 50 us", NULL},
    {"sleep", "where a request waits for 1 ms", NULL},
    {"counter", "where all workers share a lock", NULL},
    {"bulk", "in CPU for large messages", "large traffic takes"},
    {"idle", "in memory for an idle connection", "an idle connection takes"},
    {"parent", "where the server has much memory in use", NULL},
    {"state", "where each worker has memory of its own", NULL},
    {"working-set", "where a request reads a working set", NULL},
    {"cores", "on several CPUs", NULL},
    {"knee", "where requests arrive on a schedule", NULL},
    {"linking", "with static or shared libraries", NULL},
    {"held", "beside many idle connections", NULL},
    {"http", "for small web pages", NULL},
    {"tls", "under TLS", NULL},
    {"crash", "in connections that a crash ends", "a crash ends"},
    {"burst", "where many clients come at once", NULL},
    {"recover", "in the time that a crash takes",
	"a crash interrupts the service for"},
    {SCENARIO_CUSTOM, "under a load of your own", NULL},
};

enum kind {
	WORSE,
	BETTER,
	MORE_CPU,
	LESS_CPU,
	SAME,
	SAME_CPU,
	OPEN,
	WRONG,
	KINDS
};

struct clause {
	const struct scenario_result *result;
	char size[60]; /* "by 24 %"; "invalid"; or empty */
	char text[300];
};

struct clauses {
	size_t count;
	struct clause all[SCENARIOS_MAX];
};

/* What is found of one server. */
struct findings {
	const struct comparison *c;
	size_t server;
	struct clauses speed[2];   /* WORSE, BETTER; slower and faster */
	struct clauses merit[2];   /* the same of what is no speed */
	struct clauses cpu[2];	   /* MORE_CPU, LESS_CPU */
	struct clauses amounts;	   /* "an idle connection takes ..." */
	struct clauses same, none; /* nothing that matters; no answer */
	struct clauses same_cpu;
};

/* ---- one scenario ---- */

/* A difference that is there, but surely too small to matter, is none here. */
static enum kind
kind_of(const struct server_result *f, double delta)
{
	bool small = f->has_ratio && f->ratio.low > 1 - delta &&
		     f->ratio.high < 1 + delta;
	bool cpu = f->basis == BASIS_SERVER_CPU;
	enum kind same = cpu ? SAME_CPU : SAME;

	switch (f->verdict) {
	case FASTER:
		return small ? same : cpu ? LESS_CPU : BETTER;
	case SLOWER:
		return small ? same : cpu ? MORE_CPU : WORSE;
	case EQUIVALENT:
		return same;
	case UNDECIDED:
		return OPEN;
	case INVALID:
		break;
	}
	return WRONG;
}

/* "by 24 %", "by a factor of 4.5 to 240", "by 40 % to a factor of 3": how much
 * the one ratio differs from 1, and the other one. */
static void
say_size(char *buf, size_t size, double near, double far)
{
	double factors[] = {
	    near < 1 ? 1 / near : near, far < 1 ? 1 / far : far};
	char texts[2][24], *low = texts[0], *high = texts[1];
	bool percent[2];

	for (int i = 0; i < 2; i++) {
		percent[i] = factors[i] < 1.995;
		double shown =
		    percent[i] ? 100 * fabs((i ? far : near) - 1) : factors[i];

		snprintf(texts[i], sizeof(texts[i]),
		    shown < 9.95 ? "%.2g" : "%.0f", shown);
	}
	if (percent[0] == percent[1] && strcmp(low, high) == 0)
		low[0] = '\0';
	text_append(buf, size, "by %s%s%s%s%s%s",
	    percent[0] || !low[0] ? "" : "a factor of ", low,
	    percent[0] && !percent[1] && low[0] ? " %" : "",
	    low[0] ? " to " : "",
	    !percent[1] && (percent[0] || !low[0]) ? "a factor of " : "", high);
	if (percent[1])
		text_append(buf, size, " %%");
}

static const char *
where_of(const struct scenario_result *o, char *buf, size_t size)
{
	for (size_t i = 0;
	     i < sizeof(SCENARIO_WORDS) / sizeof(SCENARIO_WORDS[0]); i++) {
		if (strcmp(SCENARIO_WORDS[i].name, o->name) == 0 &&
		    SCENARIO_WORDS[i].where)
			return SCENARIO_WORDS[i].where;
	}
	snprintf(buf, size, "in %s", o->name);
	return buf;
}

static const char *
subject_of(const struct scenario_result *o)
{
	for (size_t i = 0;
	     i < sizeof(SCENARIO_WORDS) / sizeof(SCENARIO_WORDS[0]); i++) {
		if (strcmp(SCENARIO_WORDS[i].name, o->name) == 0)
			return SCENARIO_WORDS[i].subject;
	}
	return NULL;
}

static struct clause *
add_clause(struct clauses *list, const struct scenario_result *o)
{
	struct clause *one = &list->all[list->count++];

	*one = (struct clause){.result = o};
	return one;
}

/* " (at 4 of 6 points)"; nothing if it is all. Of a single one, which: AT, the
 * last. */
static void
say_points(struct clause *one, size_t count, const struct point *at)
{
	char label[100];

	if (count == one->result->point_count)
		return;
	text_append(one->text, sizeof(one->text), " (at %zu of %zu points",
	    count, one->result->point_count);
	if (count == 1)
		text_append(one->text, sizeof(one->text), ": %s",
		    label_point(label, sizeof(label), at));
	text_append(one->text, sizeof(one->text), ")");
}

/* The least and the greatest ratio of those points. */
static void
add_difference(struct findings *k, const struct scenario_result *o,
    enum kind kind, size_t count, const struct point *last)
{
	bool cpu = kind >= MORE_CPU, less = kind == WORSE || kind == MORE_CPU;
	struct clause *one =
	    add_clause(cpu		      ? &k->cpu[kind - MORE_CPU]
		       : sentence_is_speed(o) ? &k->speed[kind]
					      : &k->merit[kind],
		o);
	double least = INFINITY, most = 0, near, far;
	char where[60];

	for (size_t i = 0; i < o->point_count; i++) {
		const struct server_result *f =
		    &o->points[i].results[k->server];

		if (kind_of(f, k->c->delta) != kind || !f->has_ratio)
			continue;
		least = fmin(least, f->ratio.value);
		most = fmax(most, f->ratio.value);
	}
	near = less ? most : least;
	far = less ? least : most;
	if (most > 0) /* of CPU, how much more it is, not how much worse */
		say_size(one->size, sizeof(one->size), cpu ? 1 / near : near,
		    cpu ? 1 / far : far);
	text_append(one->text, sizeof(one->text), "%s%s%s", one->size,
	    one->size[0] ? " " : "", where_of(o, where, sizeof(where)));
	say_points(one, count, last);
}

/* "a crash ends 1 of 64 connections instead of all 64". The medians have to
 * point where the verdict does. */
static bool
add_amount(struct findings *k, const struct scenario_result *o, enum kind kind)
{
	const struct point *point = &o->points[0];
	double value = point->results[k->server].value.value;
	double base = point->results[0].value.value;
	char values[300];
	struct clause *one;

	if (o->point_count != 1 || !subject_of(o) ||
	    (value > base) != (o->higher_is_better == (kind == BETTER)))
		return false;
	sentence_amounts(values, sizeof(values), o, point, k->server);
	if (!values[0])
		return false;
	one = add_clause(&k->amounts, o);
	text_append(
	    one->text, sizeof(one->text), "%s %s", subject_of(o), values);
	return true;
}

static void
sort_scenario(struct findings *k, const struct scenario_result *o)
{
	size_t counts[KINDS] = {0};
	const struct point *last[KINDS] = {NULL};
	struct clause *one;
	bool differs = false;
	char where[60];

	for (size_t i = 0; i < o->point_count; i++) {
		enum kind kind =
		    kind_of(&o->points[i].results[k->server], k->c->delta);

		counts[kind]++;
		last[kind] = &o->points[i];
	}
	for (enum kind kind = WORSE; kind <= LESS_CPU; kind++) {
		if (counts[kind] &&
		    (kind >= MORE_CPU || !add_amount(k, o, kind)))
			add_difference(k, o, kind, counts[kind], last[kind]);
		differs |= counts[kind] > 0;
	}
	if (differs)
		return;
	for (enum kind kind = SAME; kind <= SAME_CPU; kind++) {
		if (!counts[kind])
			continue;
		one = add_clause(kind == SAME ? &k->same : &k->same_cpu, o);
		text_append(one->text, sizeof(one->text), "%s",
		    where_of(o, where, sizeof(where)));
		say_points(one, counts[kind], last[kind]);
	}
	if (!counts[SAME] && !counts[SAME_CPU]) {
		one = add_clause(&k->none, o);
		text_append(one->text, sizeof(one->text), "%s", o->name);
		text_append(one->size, sizeof(one->size), "%s",
		    !o->point_count		    ? "not measured"
		    : counts[OPEN] && counts[WRONG] ? "undecided or invalid"
		    : counts[OPEN]		    ? "undecided"
						    : "invalid");
	}
}

/* ---- sentences ---- */

/* ", " or " and " before number I of COUNT. */
static const char *
joint(size_t i, size_t count)
{
	return i == 0 ? "" : i + 1 < count ? ", " : " and ";
}

/* FIRST, the clauses, a full stop. Beyond TOLD, names: "also in http (by 9 %)".
 */
static void
say_clauses(
    char *buf, size_t size, const struct clauses *list, const char *first)
{
	size_t told = list->count <= TOLD + 1 ? list->count : TOLD;

	if (!list->count)
		return;
	text_append(buf, size, "%s%s ", buf[0] ? " " : "", first);
	for (size_t i = 0; i < told; i++)
		text_append(
		    buf, size, "%s%s", joint(i, told), list->all[i].text);
	for (size_t i = told; i < list->count; i++) {
		const struct clause *one = &list->all[i];

		text_append(buf, size, "%s%s%s%s%s",
		    i == told ? "; also in "
			      : joint(i - told, list->count - told),
		    one->result->name, one->size[0] ? " (" : "", one->size,
		    one->size[0] ? ")" : "");
	}
	text_append(buf, size, ".");
}

/* "No answer for churn and http (undecided), tls (invalid)." */
static void
say_without_answer(
    char *buf, size_t size, const struct clauses *list, const char *first)
{
	if (!list->count)
		return;
	text_append(buf, size, "%s%s ", buf[0] ? " " : "", first);
	for (size_t i = 0; i < list->count; i++) {
		const struct clause *one = &list->all[i];
		bool last =
		    i + 1 == list->count || strcmp(one->size, one[1].size) != 0;

		text_append(
		    buf, size, "%s%s", joint(i, list->count), one->text);
		if (last)
			text_append(buf, size, " (%s)", one->size);
	}
	text_append(buf, size, ".");
}

static void
say_differences(char *buf, size_t size, struct findings *k,
    struct clauses lists[2], const char *worse, const char *better)
{
	const char *name = k->c->servers[k->server].name;
	const char *base = k->c->servers[0].name;
	char first[200];

	for (enum kind kind = WORSE; kind <= BETTER; kind++) {
		snprintf(first, sizeof(first), "%s %s than %s", name,
		    kind == WORSE ? worse : better, base);
		say_clauses(buf, size, &lists[kind], first);
	}
}

char *
conclusion(char *buf, size_t size, const struct comparison *c, size_t server)
{
	struct findings k = {.c = c, .server = server};
	const char *name = c->servers[server].name;
	char first[200];

	buf[0] = '\0';
	for (size_t i = 0; i < c->scenario_count; i++)
		sort_scenario(&k, &c->scenarios[i]);
	say_differences(buf, size, &k, k.speed, "is slower", "is faster");
	say_differences(buf, size, &k, k.merit, "is worse", "is better");
	say_differences(buf, size, &k, k.cpu, "uses more CPU for each request",
	    "uses less CPU for each request");
	snprintf(first, sizeof(first), "With %s,", name);
	say_clauses(buf, size, &k.amounts, first);
	snprintf(first, sizeof(first),
	    "Between %s and %s, nothing that matters differs", name,
	    c->servers[0].name);
	say_clauses(buf, size, &k.same, first);
	snprintf(first, sizeof(first), "%s uses as much CPU as %s", name,
	    c->servers[0].name);
	say_clauses(buf, size, &k.same_cpu, first);
	if (k.cpu[0].count + k.cpu[1].count + k.same_cpu.count)
		text_append(buf, size,
		    " CPU is compared where the client was the limit of the "
		    "rate.");
	snprintf(first, sizeof(first), "No answer%s%s for",
	    c->server_count > 2 ? " on " : "", c->server_count > 2 ? name : "");
	say_without_answer(buf, size, &k.none, first);
	return buf;
}

const char *
conclusion_missing(const struct comparison *c)
{
	if (!c->scenario_count)
		return "No scenario was measured: there is no result.";
	if (c->server_count < 2)
		return "Only one server was measured: there is nothing to "
		       "compare it with.";
	return "";
}

bool
conclusion_scenario_has(const struct scenario_result *o, size_t servers,
    enum verdict verdict, enum basis basis)
{
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 1; i < servers; i++) {
			const struct server_result *f =
			    &o->points[p].results[i];
			enum basis its =
			    f->verdict <= EQUIVALENT ? f->basis : BASIS_METRIC;

			if (f->verdict == verdict && its == basis)
				return true;
		}
	}
	return o->point_count == 0 && verdict == INVALID &&
	       basis == BASIS_METRIC;
}
