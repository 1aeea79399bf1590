/* SPDX-License-Identifier: MIT */
/* comparison_json_writer: writes each field by its type. */
#include "common/report/comparison_json.h"

#include <math.h>

#include "common/format/json_value.h"
#include "common/report/comparison_fields.h"
#include "common/sysinfo/usage.h"

static json_t *
write_numbers(const double *values, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_value_append(array, json_value_number(values[i]));
	return array;
}

static json_t *
write_errors(const struct server_result *found)
{
	json_t *object = json_object();

	for (size_t i = 0; i < ERRORS_MAX; i++) {
		if (found->errors_by_name[i].name[0])
			json_value_set(object, found->errors_by_name[i].name,
			    json_value_count(found->errors_by_name[i].count));
	}
	return object;
}

static void
write_fields(json_t *object, const struct field *field, const void *structure);

static json_t *
write_object(const struct field *field, const void *at)
{
	json_t *object = json_object(), *first;

	write_fields(object, field->members, at);
	first = json_object_iter_value(json_object_iter(object));
	if (field->type == FIELD_GROUP &&
	    (json_is_null(first) ||
		(json_is_array(first) && !json_array_size(first)))) {
		json_decref(object);
		return json_null();
	}
	return object;
}

static json_t *
write_value(const struct field *field, const char *structure)
{
	const void *at = structure + field->offset;
	unsigned verdict;

	switch (field->type) {
	case FIELD_NUMBER:
		return json_value_number(*(const double *)at);
	case FIELD_COUNT:
		return json_value_count(*(const uint64_t *)at);
	case FIELD_FLAG:
		return json_boolean(*(const bool *)at);
	case FIELD_TEXT:
		return json_value_text(at);
	case FIELD_BETTER:
		return json_string(*(const bool *)at ? "higher" : "lower");
	case FIELD_VERDICT:
		verdict = *(const enum verdict *)at;
		return json_value_text(
		    verdict <= INVALID ? VERDICT_WORDS[verdict] : NULL);
	case FIELD_BASIS:
		return json_value_text(BASIS_WORDS[*(const enum basis *)at]);
	case FIELD_OBJECT:
	case FIELD_GROUP:
		return write_object(field, at);
	case FIELD_NUMBERS:
	case FIELD_AS_MANY:
		return write_numbers(
		    at, *(const size_t *)(structure + field->count));
	case FIELD_ERRORS:
		return write_errors(at);
	case FIELD_MEMORY:
		return json_value_number(usage_memory_kib(
		    &((const struct server_result *)at)->usage));
	}
	return NULL;
}

static void
write_fields(json_t *object, const struct field *field, const void *structure)
{
	for (; field->key; field++)
		json_value_set(
		    object, field->key, write_value(field, structure));
}

static json_t *
write_settings(const struct point *point)
{
	json_t *object = json_object();

	for (size_t i = 0; i < point->setting_count; i++) {
		const struct setting *one = &point->settings[i];

		json_value_set(object, one->key,
		    one->text[0] ? json_value_text(one->text)
				 : json_value_number(one->number));
	}
	return object;
}

/* The baseline and its control have no verdict, but that they are in trouble:
 * nothing is compared with itself. */
static struct server_result
written_result(const struct server_result *result, bool judged)
{
	static const struct estimate unknown = {NAN, NAN, NAN};
	struct server_result found = *result;

	if (!found.usable)
		found.value = unknown;
	if (!found.has_ratio)
		found.ratio = unknown;
	if (!judged && found.verdict != INVALID)
		found.verdict = INVALID + 1;
	return found;
}

static void
write_server_result(json_t *results, json_t *ratios, const struct comparison *c,
    const struct server_result *result, size_t i)
{
	const struct server_result found = written_result(result, i > 0);
	json_t *object = json_object();

	json_value_set(object, "server", json_value_text(c->servers[i].name));
	write_fields(object, COMPARISON_RESULT, &found);
	json_value_append(results, object);
	if (i == 0)
		return;
	object = json_object();
	json_value_set(object, "of", json_value_text(c->servers[i].name));
	json_value_set(object, "to", json_value_text(c->servers[0].name));
	write_fields(object, COMPARISON_RATIO, &found);
	json_value_append(ratios, object);
}

static json_t *
write_control(const struct comparison *c, const struct server_result *control)
{
	const struct server_result found = written_result(control, false);
	json_t *object = json_object(), *result = json_object();

	json_value_set(object, "server", json_value_text(c->servers[0].name));
	write_fields(object, COMPARISON_RATIO, &found);
	write_fields(result, COMPARISON_RESULT, &found);
	json_value_set(object, "result", result);
	return object;
}

static json_t *
write_point(const struct comparison *c, const struct point *point)
{
	json_t *results = json_array(), *ratios = json_array();

	for (size_t i = 0; i < c->server_count; i++)
		write_server_result(results, ratios, c, &point->results[i], i);
	return json_pack("{so sI so so s[o]}", "at", write_settings(point),
	    "blocks", (json_int_t)point->results[0].blocks, "results", results,
	    "ratios", ratios, "controls",
	    write_control(c, &point->results[c->server_count]));
}

static json_t *
write_scenario(const struct comparison *c, const struct scenario_result *result)
{
	json_t *object = json_object(), *points = json_array();

	write_fields(object, COMPARISON_SCENARIO, result);
	for (size_t i = 0; i < result->point_count; i++)
		json_value_append(points, write_point(c, &result->points[i]));
	json_value_set(object, "points", points);
	return object;
}

json_t *
comparison_json_machine(const struct machine *machine)
{
	json_t *object = json_object();

	write_fields(object, COMPARISON_MACHINE, machine);
	return object;
}

static json_t *
write_machine(const struct comparison *c)
{
	json_t *object = comparison_json_machine(&c->before);

	write_fields(object, COMPARISON_LOADS, c);
	json_value_set(object, "steal_s",
	    json_value_number(c->after.steal_s - c->before.steal_s));
	return object;
}

void
comparison_json_write(const struct comparison *c, FILE *out)
{
	json_t *top = json_object(), *servers = json_array(),
	       *scenarios = json_array();

	json_value_set(top, "schema", json_value_text(COMPARISON_SCHEMA));
	write_fields(top, COMPARISON_TOP, c);
	json_value_set(top, "machine", write_machine(c));
	for (size_t i = 0; i < c->server_count; i++) {
		json_t *server = json_object();

		write_fields(server, COMPARISON_SERVER, &c->servers[i]);
		json_value_append(servers, server);
	}
	json_value_set(top, "servers", servers);
	for (size_t i = 0; i < c->scenario_count; i++)
		json_value_append(
		    scenarios, write_scenario(c, &c->scenarios[i]));
	json_value_set(top, "scenarios", scenarios);
	json_value_print(top, out, JSON_VALUE_DIGITS);
}
