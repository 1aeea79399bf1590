/* SPDX-License-Identifier: MIT */
/* comparison_read: level by level, as comparison_json.c writes it. */
#include "common/report/comparison_read.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/escape.h"
#include "common/report/comparison_keys.h"

/* Larger than any that is written: 20 scenarios of 16 points are 16 MB. */
#define FILE_MAX (64L << 20)

struct reader {
	struct comparison *out;
	char *why;
	size_t size;
	bool bad; /* WHY says why; what comes after it is not looked at */
};

static void
refuse(struct reader *r, const struct json_value *at, const char *what,
    const char *expected)
{
	char name[60]; /* it may be of the file */

	if (!r->bad)
		snprintf(r->why, r->size, "%u: \"%s\" is not %s",
		    at ? at->line : 1, escape(what, name, sizeof(name)),
		    expected);
	r->bad = true;
}

/* ---- one value; NULL and null are unknown ---- */

static bool
known(const struct json_value *v)
{
	return v && v->type != JSON_NULL;
}

static double
number(struct reader *r, const struct json_value *v, const char *what)
{
	if (!known(v))
		return NAN;
	if (v->type != JSON_NUMBER)
		refuse(r, v, what, "a number or null");
	return v->number;
}

/* Digits alone: what a double would round (a seed, say) it is not made. */
static uint64_t
count(struct reader *r, const struct json_value *v, const char *what)
{
	unsigned long long n;

	if (!known(v))
		return 0;
	errno = 0;
	n = v->type == JSON_NUMBER ? strtoull(v->text, NULL, 10) : 0;
	if (v->type != JSON_NUMBER || errno ||
	    strspn(v->text, "0123456789") != v->length)
		refuse(r, v, what, "a whole number");
	return n;
}

/* What is too long for its place is cut. */
static void
text(struct reader *r, const struct json_value *v, const char *what, char *out,
    size_t size)
{
	out[0] = '\0';
	if (!known(v))
		return;
	if (v->type == JSON_STRING)
		snprintf(out, size, "%s", v->text);
	else
		refuse(r, v, what, "a string or null");
}

static bool
flag(struct reader *r, const struct json_value *v, const char *what)
{
	if (known(v) && v->type != JSON_TRUE && v->type != JSON_FALSE)
		refuse(r, v, what, "true or false");
	return v && v->type == JSON_TRUE;
}

/* Its first element. */
static const struct json_value *
elements(struct reader *r, const struct json_value *parent, const char *key)
{
	const struct json_value *v = json_member(parent, key);

	if (!known(v))
		return NULL;
	if (v->type == JSON_ARRAY)
		return v->first;
	refuse(r, v, key, "an array");
	return NULL;
}

static const struct json_value *
object(struct reader *r, const struct json_value *v, const char *what)
{
	if (!known(v))
		return NULL;
	if (v->type == JSON_OBJECT)
		return v;
	refuse(r, v, what, "an object");
	return NULL;
}

static void
fields(struct reader *r, const struct json_value *parent,
    const struct field *field, void *structure)
{
	for (; field->key; field++) {
		void *at = (char *)structure + field->offset;
		const struct json_value *v = json_member(parent, field->key);

		switch (field->type) {
		case FIELD_NUMBER:
			*(double *)at = number(r, v, field->key);
			break;
		case FIELD_TEXT:
			text(r, v, field->key, at, field->size);
			break;
		case FIELD_COUNT:
			*(uint64_t *)at = count(r, v, field->key);
			break;
		case FIELD_FLAG:
			*(bool *)at = flag(r, v, field->key);
			break;
		}
	}
}

/* ---- groups of values ---- */

static void
estimate(struct reader *r, const struct json_value *parent, const char *key,
    struct estimate *out)
{
	out->value = number(r, json_member(parent, key), key);
	out->low = number(r, json_member(parent, "low"), "low");
	out->high = number(r, json_member(parent, "high"), "high");
}

static size_t
numbers(struct reader *r, const struct json_value *parent, const char *key,
    double *out, size_t max)
{
	size_t n = 0;

	for (const struct json_value *v = elements(r, parent, key);
	     v && !r->bad; v = v->next) {
		if (n == max) {
			refuse(r, v, key, "so long an array");
			return n;
		}
		out[n++] = number(r, v, key);
	}
	return n;
}

static void
latency(struct reader *r, const struct json_value *parent, const char *key,
    struct latency *out)
{
	const struct json_value *v = object(r, json_member(parent, key), key);

	if (v)
		fields(r, v, LATENCY_FIELDS, out);
}

static void
curve(struct reader *r, const struct json_value *parent, const char *key,
    struct latency_curve *out)
{
	const struct json_value *v = object(r, json_member(parent, key), key);
	size_t n = numbers(r, v, "percent", out->percent, CURVE_MAX);

	out->count = numbers(r, v, "us", out->us, CURVE_MAX);
	if (out->count != n)
		refuse(r, v, key, "two arrays of one length");
}

static void
cost(struct reader *r, const struct json_value *parent, struct cost *out)
{
	const struct json_value *v = object(
				    r, json_member(parent, "cost"), "cost"),
				*kinds;

	if (v)
		fields(r, v, COST_FIELDS, out);
	else /* what the contract has of it */
		out->cpu_us =
		    number(r, json_member(parent, "cpu_us_per_request"),
			"cpu_us_per_request");
	kinds = json_member(v, "memory_kib_per_connection_by_kind");
	for (int i = 0; i < MEMORY_KINDS; i++)
		out->memory_kib[i] =
		    number(r, json_member(kinds, MEMORY_KIND_KEYS[i]),
			MEMORY_KIND_KEYS[i]);
}

static void
errors_by_name(
    struct reader *r, const struct json_value *parent, struct finding *out)
{
	const struct json_value *v =
	    object(r, json_member(parent, "errors_by_name"), "errors_by_name");
	size_t n = 0;

	for (v = v ? v->first : NULL; v && n < ERRORS_MAX; v = v->next, n++) {
		snprintf(out->errors_by_name[n].name,
		    sizeof(out->errors_by_name[n].name), "%s", v->key);
		out->errors_by_name[n].count = count(r, v, "errors_by_name");
	}
}

static void
verdict(struct reader *r, const struct json_value *parent, struct finding *out)
{
	char word[16];
	const struct json_value *v = json_member(parent, "verdict");
	int i = FASTER;

	if (!known(v))
		return;
	text(r, v, "verdict", word, sizeof(word));
	while (i <= INVALID && strcmp(word, VERDICT_WORDS[i]) != 0)
		i++;
	if (i > INVALID)
		refuse(r, v, "verdict", "one of the verdicts");
	else
		out->verdict = (enum verdict)i;
}

/* BLOCKS: how many, if it does not have the values of each. */
static void
result(struct reader *r, const struct json_value *v, uint64_t blocks,
    struct finding *out)
{
	estimate(r, v, "value", &out->value);
	out->usable = !isnan(out->value.value);
	latency(r, v, "latency_us", &out->latency);
	latency(r, v, "service_us", &out->service);
	fields(r, v, FINDING_FIELDS, out);
	errors_by_name(r, v, out);
	cost(r, v, &out->cost);
	out->blocks = numbers(r, v, "values_by_block", out->values, STATS_MAX);
	if (!json_member(v, "values_by_block") && blocks <= STATS_MAX)
		out->blocks = blocks;
	curve(r, v, "latency_curve", &out->curve);
	curve(r, v, "service_curve", &out->service_curve);
	verdict(r, v, out);
	text(r, json_member(v, "reason"), "reason", out->reason,
	    sizeof(out->reason));
}

static void
ratio(struct reader *r, const struct json_value *v, struct finding *out)
{
	estimate(r, v, "estimate", &out->ratio);
	out->has_ratio = !isnan(out->ratio.value);
	estimate(r, object(r, json_member(v, "difference"), "difference"),
	    "value", &out->difference);
	fields(r, v, RATIO_FIELDS, out);
	numbers(r, v, "log_ratios_by_block", out->ratios, STATS_MAX);
	verdict(r, v, out);
}

/* ---- levels ---- */

/* The number of the server whose name is the member KEY. */
static size_t
server_of(struct reader *r, const struct json_value *v, const char *key)
{
	const struct json_value *name = json_member(v, key);
	char word[sizeof(r->out->servers[0].name)];
	size_t i = 0;

	text(r, name, key, word, sizeof(word));
	while (i < r->out->server_count &&
	       strcmp(word, r->out->servers[i].name) != 0)
		i++;
	if (i == r->out->server_count) {
		refuse(r, name ? name : v, key, "one of the servers");
		i = 0;
	}
	return i;
}

static void
settings(struct reader *r, const struct json_value *parent, struct point *out)
{
	const struct json_value *v = object(r, json_member(parent, "at"), "at");

	for (v = v ? v->first : NULL; v; v = v->next) {
		struct setting *one = &out->settings[out->setting_count];

		if (out->setting_count == SETTINGS_MAX) {
			refuse(r, v, "at", "so many settings");
			return;
		}
		out->setting_count++;
		snprintf(one->key, sizeof(one->key), "%s", v->key);
		if (v->type == JSON_STRING)
			text(r, v, v->key, one->text, sizeof(one->text));
		else
			one->number = number(r, v, v->key);
	}
}

static void
point(struct reader *r, const struct json_value *v, struct point *out)
{
	size_t servers = r->out->server_count;
	uint64_t blocks = count(r, json_member(v, "blocks"), "blocks");
	const struct json_value *one;

	settings(r, v, out);
	for (one = elements(r, v, "results"); one && !r->bad; one = one->next)
		result(r, one, blocks,
		    &out->findings[server_of(r, one, "server")]);
	for (one = elements(r, v, "ratios"); one && !r->bad; one = one->next)
		ratio(r, one, &out->findings[server_of(r, one, "of")]);
	one = elements(r, v, "controls");
	if (one) {
		const struct json_value *inner =
		    object(r, json_member(one, "result"), "result");

		if (inner)
			result(r, inner, blocks, &out->findings[servers]);
		ratio(r, one, &out->findings[servers]);
	}
}

static void
outcome(struct reader *r, const struct json_value *v)
{
	struct outcome *out = &r->out->scenarios[r->out->scenario_count];
	const struct json_value *better = json_member(v, "better"), *one;
	char word[8];

	if (r->out->scenario_count == SCENARIOS_MAX) {
		refuse(r, v, "scenarios", "so long an array");
		return;
	}
	if (outcome_init(out) < 0) {
		refuse(r, v, "scenarios", "within memory");
		return;
	}
	r->out->scenario_count++;
	fields(r, v, OUTCOME_FIELDS, out);
	text(r, better, "better", word, sizeof(word));
	out->higher_is_better = strcmp(word, "higher") == 0;
	if (!out->higher_is_better && strcmp(word, "lower") != 0)
		refuse(r, better ? better : v, "better", "higher or lower");
	for (one = elements(r, v, "points"); one && !r->bad; one = one->next) {
		if (out->point_count == POINTS_MAX)
			refuse(r, one, "points", "so long an array");
		else
			point(r, one, &out->points[out->point_count++]);
	}
}

static void
machine(struct reader *r, const struct json_value *top)
{
	const struct json_value *v =
	    object(r, json_member(top, "machine"), "machine");
	struct comparison *out = r->out;
	uint64_t cpus = count(r, json_member(v, "cpus"), "cpus");

	fields(r, v, MACHINE_FIELDS, &out->before);
	out->before.cpus = cpus < 1000000 ? (int)cpus : 0;
	out->after = out->before;
	out->before.load_average =
	    number(r, json_member(v, "load_before"), "load_before");
	out->after.load_average =
	    number(r, json_member(v, "load_after"), "load_after");
	out->before.pressure =
	    number(r, json_member(v, "pressure_before"), "pressure_before");
	out->after.pressure =
	    number(r, json_member(v, "pressure_after"), "pressure_after");
	out->before.steal_s = 0; /* the file has the difference */
	out->after.steal_s = number(r, json_member(v, "steal_s"), "steal_s");
}

static void
servers(struct reader *r, const struct json_value *top)
{
	const struct json_value *v;

	for (v = elements(r, top, "servers"); v && !r->bad; v = v->next) {
		if (r->out->server_count == SERVERS_MAX)
			refuse(r, v, "servers", "so long an array");
		else
			fields(r, v, SERVER_FIELDS,
			    &r->out->servers[r->out->server_count++]);
	}
	if (!r->out->server_count)
		refuse(r, top, "servers", "an array of servers");
}

int
comparison_of_json(struct comparison *out, const struct json_document *doc,
    char *why, size_t size)
{
	struct reader r = {out, why, size, false};
	const struct json_value *schema = json_member(doc->top, "schema");

	comparison_init(out);
	if (!schema || schema->type != JSON_STRING ||
	    strcmp(schema->text, COMPARE_SCHEMA) != 0) {
		refuse(&r, schema, "schema", "\"" COMPARE_SCHEMA "\"");
		return -1;
	}
	fields(&r, doc->top, COMPARISON_FIELDS, out);
	machine(&r, doc->top);
	servers(&r, doc->top);
	for (const struct json_value *v = elements(&r, doc->top, "scenarios");
	     v && !r.bad; v = v->next)
		outcome(&r, v);
	if (!r.bad)
		return 0;
	comparison_release(out);
	return -1;
}

/* ---- the file ---- */

/* All of it with a NUL after it, or NULL with WHY. */
static char *
read_file(const char *path, size_t *length, char *why, size_t size)
{
	FILE *in = fopen(path, "re");
	struct stat info;
	char *bytes = NULL;

	if (!in || fstat(fileno(in), &info) < 0) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(info.st_mode) || info.st_size > FILE_MAX) {
		snprintf(why, size, "%s: not a file of at most %ld MiB", path,
		    FILE_MAX >> 20);
	} else if (!(bytes = calloc((size_t)info.st_size + 1, 1))) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
	} else {
		*length = fread(bytes, 1, (size_t)info.st_size, in);
		if (ferror(in)) {
			snprintf(why, size, "%s: %s", path, strerror(errno));
			free(bytes);
			bytes = NULL;
		}
	}
	if (in)
		fclose(in);
	return bytes;
}

int
comparison_read(
    struct comparison *out, const char *path, char *why, size_t size)
{
	struct json_document doc;
	size_t length;
	char *bytes = read_file(path, &length, why, size), inner[200];
	int bad = -1;

	if (!bytes)
		return -1;
	if (json_parse(&doc, bytes, length) < 0)
		snprintf(
		    why, size, "%s:%u: not JSON: %s", path, doc.line, doc.why);
	else if ((bad = comparison_of_json(out, &doc, inner, sizeof(inner))) <
		 0)
		snprintf(why, size, "%s:%s", path, inner);
	json_release(&doc);
	free(bytes);
	return bad;
}
