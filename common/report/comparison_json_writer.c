/* SPDX-License-Identifier: MIT */
/* comparison_json_writer: level by level, as the contract's keys stand. */
#include "common/report/comparison_json_writer.h"

#include <math.h>

#include "common/report/comparison_fields.h"
#include "common/verdict/sentences.h"
#include "common/format/json_writer.h"

static void
json_fields(struct json *j, const struct field *fields, const void *structure)
{
	for (; fields->key; fields++) {
		const void *at = (const char *)structure + fields->offset;

		switch (fields->type) {
		case FIELD_NUMBER:
			json_exact(j, fields->key, *(const double *)at);
			break;
		case FIELD_TEXT:
			json_text(j, fields->key, at);
			break;
		case FIELD_COUNT:
			json_uint(j, fields->key, *(const uint64_t *)at);
			break;
		case FIELD_FLAG:
			json_bool(j, fields->key, *(const bool *)at);
			break;
		}
	}
}

static void
json_estimate(
    struct json *j, const struct estimate *e, const char *value, bool known)
{
	json_exact(j, value, known ? e->value : NAN);
	json_exact(j, "low", known ? e->low : NAN);
	json_exact(j, "high", known ? e->high : NAN);
}

static void
json_numbers(
    struct json *j, const char *key, const double *values, size_t count)
{
	json_array(j, key);
	for (size_t i = 0; i < count; i++)
		json_exact(j, NULL, values[i]);
	json_end(j);
}

static void
json_curve(struct json *j, const char *key, const struct latency_curve *curve)
{
	if (!curve->count) {
		json_null(j, key);
		return;
	}
	json_object(j, key);
	json_numbers(j, "percent", curve->percent, curve->count);
	json_numbers(j, "us", curve->us, curve->count);
	json_end(j);
}

static void
json_latencies(struct json *j, const char *key, const struct latency *latency)
{
	if (isnan(latency->p50)) {
		json_null(j, key);
		return;
	}
	json_object(j, key);
	json_fields(j, LATENCY_FIELDS, latency);
	json_end(j);
}

static void
json_cost(struct json *j, const struct usage *usage)
{
	json_object(j, "cost");
	json_fields(j, USAGE_FIELDS, usage);
	json_object(j, "memory_kib_per_connection_by_kind");
	for (int kind = 0; kind < MEMORY_KINDS; kind++)
		json_exact(j, MEMORY_KIND_KEYS[kind], usage->memory_kib[kind]);
	json_end(j);
	json_end(j);
}

/* One server at one point, but for what compares it with the baseline. */
static void
json_result(struct json *j, const struct server_result *found)
{
	json_estimate(j, &found->value, "value", found->usable);
	json_exact(j, "cpu_us_per_request", found->usage.cpu_us);
	json_latencies(j, "latency_us", &found->latency);
	json_exact(
	    j, "memory_kib_per_connection", usage_memory_kib(&found->usage));
	json_fields(j, RESULT_FIELDS, found);
	json_object(j, "errors_by_name");
	for (size_t i = 0; i < ERRORS_MAX; i++) {
		if (found->errors_by_name[i].name[0])
			json_uint(j, found->errors_by_name[i].name,
			    found->errors_by_name[i].count);
	}
	json_end(j);
	json_latencies(j, "service_us", &found->service);
	json_cost(j, &found->usage);
	json_numbers(j, "values_by_block", found->values, found->blocks);
	json_curve(j, "latency_curve", &found->curve);
	json_curve(j, "service_curve", &found->service_curve);
}

/* There is none on the baseline and its control, but that they are in trouble:
 * nobody asks whether they are faster than themselves. */
static void
json_verdict(struct json *j, const struct server_result *found, bool judged)
{
	if (judged || found->verdict == INVALID)
		json_string(j, "verdict", VERDICT_WORDS[found->verdict]);
	else
		json_null(j, "verdict");
}

/* What compares it with the baseline. */
static void
json_ratio(struct json *j, const struct server_result *found, bool judged)
{
	json_estimate(j, &found->ratio, "estimate", found->has_ratio);
	json_verdict(j, found, judged);
	json_fields(j, RATIO_FIELDS, found);
	json_object(j, "difference");
	json_estimate(j, &found->difference, "value", true);
	json_end(j);
	json_numbers(j, "log_ratios_by_block", found->ratios, found->blocks);
}

static void
json_control(
    struct json *j, const char *name, const struct server_result *found)
{
	json_object(j, NULL);
	json_string(j, "server", name);
	json_ratio(j, found, false);
	json_object(j, "result");
	json_result(j, found);
	json_end(j);
	json_end(j);
}

static void
json_settings(struct json *j, const struct point *point)
{
	json_object(j, "at");
	for (size_t i = 0; i < point->setting_count; i++) {
		const struct setting *one = &point->settings[i];

		if (one->text[0])
			json_string(j, one->key, one->text);
		else
			json_exact(j, one->key, one->number);
	}
	json_end(j);
}

static void
json_point(
    struct json *j, const struct comparison *c, const struct point *point)
{
	const char *baseline = c->servers[0].name;

	json_object(j, NULL);
	json_settings(j, point);
	json_uint(j, "blocks", point->results[0].blocks);
	json_array(j, "results");
	for (size_t i = 0; i < c->server_count; i++) {
		json_object(j, NULL);
		json_string(j, "server", c->servers[i].name);
		json_result(j, &point->results[i]);
		json_verdict(j, &point->results[i], i > 0);
		json_text(j, "reason", point->results[i].reason);
		json_end(j);
	}
	json_end(j);
	json_array(j, "ratios");
	for (size_t i = 1; i < c->server_count; i++) {
		json_object(j, NULL);
		json_string(j, "of", c->servers[i].name);
		json_string(j, "to", baseline);
		json_ratio(j, &point->results[i], true);
		json_end(j);
	}
	json_end(j);
	json_array(j, "controls");
	json_control(j, baseline, &point->results[c->server_count]);
	json_end(j);
	json_end(j);
}

static void
json_outcome(struct json *j, const struct comparison *c,
    const struct scenario_result *result)
{
	json_object(j, NULL);
	json_fields(j, SCENARIO_FIELDS, result);
	json_string(j, "better", result->higher_is_better ? "higher" : "lower");
	json_array(j, "points");
	for (size_t i = 0; i < result->point_count; i++)
		json_point(j, c, &result->points[i]);
	json_end(j);
	json_end(j);
}

static void
json_machine(struct json *j, const struct comparison *c)
{
	json_object(j, "machine");
	json_fields(j, MACHINE_FIELDS, &c->before);
	json_uint(j, "cpus", (uint64_t)c->before.cpus);
	json_exact(j, "load_before", c->before.load_average);
	json_exact(j, "load_after", c->after.load_average);
	json_exact(j, "pressure_before", c->before.pressure);
	json_exact(j, "pressure_after", c->after.pressure);
	json_exact(j, "steal_s", c->after.steal_s - c->before.steal_s);
	json_end(j);
}

void
comparison_json_write(const struct comparison *c, FILE *out)
{
	struct json j = {.out = out};

	json_object(&j, NULL);
	json_string(&j, "schema", COMPARE_SCHEMA);
	json_fields(&j, COMPARISON_FIELDS, c);
	json_machine(&j, c);
	json_array(&j, "servers");
	for (size_t i = 0; i < c->server_count; i++) {
		json_object(&j, NULL);
		json_fields(&j, SERVER_FIELDS, &c->servers[i]);
		json_end(&j);
	}
	json_end(&j);
	json_array(&j, "scenarios");
	for (size_t i = 0; i < c->scenario_count; i++)
		json_outcome(&j, c, &c->scenarios[i]);
	json_end(&j);
	json_end(&j);
}
