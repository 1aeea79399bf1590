/* SPDX-License-Identifier: MIT */
/* comparison_json: tables of fields, each read and written by its type. */
#include "common/report/comparison_json.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/base/descriptor.h"
#include "common/base/utf8.h"
#include "common/format/json_value.h"
#include "common/sysinfo/usage.h"

#define SCHEMA "perconn.compare/1"
/* Larger than any that is written: 20 scenarios of 16 points are 20 MB. */
#define FILE_MAX (64L << 20)

/* ---- tables ---- */

enum type {
	NUMBER,	 /* double; NAN is null */
	COUNT,	 /* size_t or uint64_t */
	FLAG,	 /* bool */
	TEXT,	 /* char[SIZE]; empty is null */
	BETTER,	 /* bool: whether higher is better */
	VERDICT, /* enum verdict */
	OBJECT,	 /* of MEMBERS */
	GROUP,	 /* the same; null if it has no first member */
	NUMBERS, /* double[], COUNT of them */
	AS_MANY, /* the same; the count is of the array beside it */
	ERRORS,	 /* struct server_result: counts by name */
	MEMORY,	 /* the same: a sum, which is not read */
};

struct field {
	const char *key;
	enum type type;
	size_t offset, size;
	size_t count; /* the offset of it */
	const struct field *members;
	bool required; /* AS_MANY: and as long as the one beside it */
};

/* A size_t and a uint64_t are read and written alike. */
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "a 64-bit machine");

#define AT(field)                             \
	.offset = offsetof(STRUCTURE, field), \
	.size = sizeof(((STRUCTURE *)0)->field)
#define END \
	{   \
	}

#define STRUCTURE struct estimate
static const struct field DIFFERENCE[] = {
    {"value", NUMBER, AT(value)},
    {"low", NUMBER, AT(low)},
    {"high", NUMBER, AT(high)},
    END,
};
#undef STRUCTURE

#define STRUCTURE struct latency
static const struct field LATENCY[] = {
    {"min", NUMBER, AT(min)},
    {"mean", NUMBER, AT(mean)},
    {"p50", NUMBER, AT(p50)},
    {"p90", NUMBER, AT(p90)},
    {"p99", NUMBER, AT(p99)},
    {"p99.9", NUMBER, AT(p99_9)},
    {"max", NUMBER, AT(max)},
    END,
};
#undef STRUCTURE

#define STRUCTURE struct latency_curve
#define POINTS .count = offsetof(STRUCTURE, count)
static const struct field CURVE[] = {
    {"percent", NUMBERS, AT(percent), POINTS},
    {"us", AS_MANY, AT(us), POINTS, .required = true},
    END,
};
#undef POINTS
#undef STRUCTURE

#define STRUCTURE struct usage
static const struct field MEMORY_KIND[] = {
    {"anonymous_kib", NUMBER, AT(memory_kib[MEMORY_ANONYMOUS])},
    {"file_kib", NUMBER, AT(memory_kib[MEMORY_FILE])},
    {"page_tables_kib", NUMBER, AT(memory_kib[MEMORY_PAGE_TABLES])},
    {"kernel_stacks_kib", NUMBER, AT(memory_kib[MEMORY_KERNEL_STACKS])},
    {"slab_kib", NUMBER, AT(memory_kib[MEMORY_SLAB])},
    END,
};

static const struct field USAGE[] = {
    {"cpu_us_per_request", NUMBER, AT(cpu_us)},
    {"user_us_per_request", NUMBER, AT(user_us)},
    {"system_us_per_request", NUMBER, AT(system_us)},
    {"voluntary_switches_per_request", NUMBER, AT(voluntary)},
    {"involuntary_switches_per_request", NUMBER, AT(involuntary)},
    {"page_faults_per_request", NUMBER, AT(faults)},
    {"pss_kib", NUMBER, AT(pss_kib)},
    {"connections", NUMBER, AT(connections)},
    {"processes", NUMBER, AT(processes)},
    {"threads", NUMBER, AT(threads)},
    {"mappings", NUMBER, AT(mappings)},
    {"memory_kib_per_connection_by_kind", OBJECT, .members = MEMORY_KIND},
    END,
};
#undef STRUCTURE

#define STRUCTURE struct server_result
#define BLOCKS .count = offsetof(STRUCTURE, blocks)
/* One server at one point, but for what compares it with the baseline. */
static const struct field RESULT[] = {
    {"value", NUMBER, AT(value.value)},
    {"low", NUMBER, AT(value.low)},
    {"high", NUMBER, AT(value.high)},
    {"cpu_us_per_request", NUMBER, AT(usage.cpu_us)},
    {"latency_us", GROUP, AT(latency), .members = LATENCY},
    {"memory_kib_per_connection", MEMORY, .offset = 0},
    {"errors", COUNT, AT(errors)},
    {"requests", COUNT, AT(requests)},
    {"retries", COUNT, AT(retries)},
    {"client_cpu_us_per_request", NUMBER, AT(client_us)},
    {"client_busy", NUMBER, AT(client_busy)},
    {"client_limited", FLAG, AT(client_bound)},
    {"service_value", NUMBER, AT(service_value)},
    {"little", NUMBER, AT(little)},
    {"slices", COUNT, AT(slices)},
    {"warm_up", COUNT, AT(warm_up)},
    {"dropped", COUNT, AT(dropped)},
    {"backlog", COUNT, AT(backlog)},
    {"backlog_full", COUNT, AT(backlog_overflows)},
    {"settled", FLAG, AT(settled)},
    {"cause", TEXT, AT(cause)},
    {"errors_by_name", ERRORS, .offset = 0},
    {"service_us", GROUP, AT(service), .members = LATENCY},
    {"cost", OBJECT, AT(usage), .members = USAGE},
    {"values_by_block", NUMBERS, AT(values), BLOCKS},
    {"latency_curve", GROUP, AT(curve), .members = CURVE},
    {"service_curve", GROUP, AT(service_curve), .members = CURVE},
    {"verdict", VERDICT, AT(verdict)},
    {"reason", TEXT, AT(reason)},
    END,
};

static const struct field RATIO[] = {
    {"estimate", NUMBER, AT(ratio.value)},
    {"low", NUMBER, AT(ratio.low)},
    {"high", NUMBER, AT(ratio.high)},
    {"verdict", VERDICT, AT(verdict)},
    {"reason", TEXT, AT(reason)},
    {"p_value", NUMBER, AT(p_value)},
    {"detectable", NUMBER, AT(min_detectable)},
    {"blocks_needed", NUMBER, AT(required_blocks)},
    {"with_dropped", NUMBER, AT(with_dropped)},
    {"difference", OBJECT, AT(difference), .members = DIFFERENCE},
    {"log_ratios_by_block", AS_MANY, AT(ratios), BLOCKS},
    END,
};
#undef BLOCKS
#undef STRUCTURE

#define STRUCTURE struct scenario_result
static const struct field SCENARIO[] = {
    {"name", TEXT, AT(name)},
    {"question", TEXT, AT(question)},
    {"load", TEXT, AT(load)},
    {"metric", TEXT, AT(metric)},
    {"unit", TEXT, AT(unit)},
    {"note", TEXT, AT(note)},
    {"better", BETTER, AT(higher_is_better), .required = true},
    END,
};
#undef STRUCTURE

#define STRUCTURE struct compared_server
static const struct field SERVER[] = {
    {"name", TEXT, AT(name)},
    {"command", TEXT, AT(command)},
    {"image", TEXT, AT(image)},
    END,
};
#undef STRUCTURE

#define STRUCTURE struct machine
static const struct field MACHINE[] = {
    {"kernel", TEXT, AT(kernel)},
    {"cpu", TEXT, AT(cpu)},
    {"virtual", FLAG, AT(virtual_machine)},
    {"clocksource", TEXT, AT(clocksource)},
    {"governor", TEXT, AT(governor)},
    {"memory_gib", NUMBER, AT(memory_gib)},
    {"cpus", COUNT, AT(cpus)},
    END,
};
#undef STRUCTURE

#define STRUCTURE struct comparison
static const struct field LOADS[] = {
    {"load_before", NUMBER, AT(before.load_average)},
    {"load_after", NUMBER, AT(after.load_average)},
    {"pressure_before", NUMBER, AT(before.pressure)},
    {"pressure_after", NUMBER, AT(after.pressure)},
    END,
};

static const struct field COMPARISON[] = {
    {"version", TEXT, AT(version)},
    {"when", TEXT, AT(when)},
    {"command", TEXT, AT(command)},
    {"placement", TEXT, AT(placement)},
    {"placed", TEXT, AT(placed)},
    {"blocks", COUNT, AT(blocks)},
    {"quads", COUNT, AT(rounds)},
    {"slice_s", NUMBER, AT(slice_s)},
    {"delta", NUMBER, AT(delta)},
    {"seed", COUNT, AT(seed)},
    {"duration_s", NUMBER, AT(seconds)},
    {"still_s", NUMBER, AT(stall_s)},
    {"throttled", COUNT, AT(throttled)},
    {"throttled_s", NUMBER, AT(throttled_s)},
    {"quick", FLAG, AT(quick)},
    {"interrupted", FLAG, AT(interrupted)},
    {"not_begun", TEXT, AT(not_begun)},
    {"busiest", TEXT, AT(busiest)},
    END,
};
#undef STRUCTURE

/* ---- writing ---- */

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
	if (field->type == GROUP &&
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
	case NUMBER:
		return json_value_number(*(const double *)at);
	case COUNT:
		return json_value_count(*(const uint64_t *)at);
	case FLAG:
		return json_boolean(*(const bool *)at);
	case TEXT:
		return json_value_text(at);
	case BETTER:
		return json_string(*(const bool *)at ? "higher" : "lower");
	case VERDICT:
		verdict = *(const enum verdict *)at;
		return json_value_text(
		    verdict <= INVALID ? VERDICT_WORDS[verdict] : NULL);
	case OBJECT:
	case GROUP:
		return write_object(field, at);
	case NUMBERS:
	case AS_MANY:
		return write_numbers(
		    at, *(const size_t *)(structure + field->count));
	case ERRORS:
		return write_errors(at);
	case MEMORY:
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
	write_fields(object, RESULT, &found);
	json_value_append(results, object);
	if (i == 0)
		return;
	object = json_object();
	json_value_set(object, "of", json_value_text(c->servers[i].name));
	json_value_set(object, "to", json_value_text(c->servers[0].name));
	write_fields(object, RATIO, &found);
	json_value_append(ratios, object);
}

static json_t *
write_control(const struct comparison *c, const struct server_result *control)
{
	const struct server_result found = written_result(control, false);
	json_t *object = json_object(), *result = json_object();

	json_value_set(object, "server", json_value_text(c->servers[0].name));
	write_fields(object, RATIO, &found);
	write_fields(result, RESULT, &found);
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

	write_fields(object, SCENARIO, result);
	for (size_t i = 0; i < result->point_count; i++)
		json_value_append(points, write_point(c, &result->points[i]));
	json_value_set(object, "points", points);
	return object;
}

static json_t *
write_machine(const struct comparison *c)
{
	json_t *object = json_object();

	write_fields(object, MACHINE, &c->before);
	write_fields(object, LOADS, c);
	json_value_set(object, "steal_s",
	    json_value_number(c->after.steal_s - c->before.steal_s));
	return object;
}

void
comparison_json_write(const struct comparison *c, FILE *out)
{
	json_t *top = json_object(), *servers = json_array(),
	       *scenarios = json_array();

	json_value_set(top, "schema", json_value_text(SCHEMA));
	write_fields(top, COMPARISON, c);
	json_value_set(top, "machine", write_machine(c));
	for (size_t i = 0; i < c->server_count; i++) {
		json_t *server = json_object();

		write_fields(server, SERVER, &c->servers[i]);
		json_value_append(servers, server);
	}
	json_value_set(top, "servers", servers);
	for (size_t i = 0; i < c->scenario_count; i++)
		json_value_append(
		    scenarios, write_scenario(c, &c->scenarios[i]));
	json_value_set(top, "scenarios", scenarios);
	json_value_print(top, out, JSON_VALUE_EXACT);
}

/* ---- reading ---- */

/* Of a value in the file, as jq calls it: .servers[1].name */
struct place {
	const struct place *in;
	const char *key; /* NULL: element INDEX of an array */
	size_t index;
};

struct reader {
	struct comparison *out;
	size_t blocks; /* of this point */
	char *why;     /* of the first refusal, at most SIZE bytes */
	size_t size;
	bool bad;
};

static size_t
put_place(char *out, size_t size, const struct place *place)
{
	/* NOLINTNEXTLINE(*-core.*): the outermost PLACE has no IN */
	size_t len = place->in ? put_place(out, size, place->in) : 0;

	if (place->key)
		snprintf(out + len, size - len, ".%.40s", place->key);
	else
		snprintf(out + len, size - len, "[%zu]", place->index);
	return len + strlen(out + len);
}

static void
refuse(struct reader *r, const struct place *place, const char *expected)
{
	char where[300];

	if (r->bad)
		return;
	put_place(where, sizeof(where), place);
	snprintf(r->why, r->size, "%s is not %s", where, expected);
	r->bad = true;
}

static bool
is_known(const json_t *value)
{
	return value && !json_is_null(value);
}

static bool
is_array(struct reader *r, const struct place *place, const json_t *value,
    size_t max)
{
	char expected[60];

	if (!json_is_array(value))
		refuse(r, place, "an array");
	snprintf(expected, sizeof(expected), "an array of at most %zu", max);
	if (json_array_size(value) > max)
		refuse(r, place, expected);
	return !r->bad;
}

/* Returns how many. */
static size_t
read_numbers(struct reader *r, const struct place *place, const json_t *array,
    double *out, size_t max)
{
	const json_t *one;
	size_t i;

	if (!is_array(r, place, array, max))
		return 0;
	json_array_foreach (array, i, one) {
		if (is_known(one) && !json_is_number(one))
			refuse(r, &(struct place){place, NULL, i},
			    "a number or null");
		out[i] = is_known(one) ? json_number_value(one) : NAN;
	}
	return i;
}

static void
read_errors(struct reader *r, const struct place *place, const json_t *object,
    struct server_result *out)
{
	const char *name;
	json_t *count;
	size_t n = 0;

	if (!json_is_object(object))
		refuse(r, place, "an object");
	json_object_foreach ((json_t *)object, name, count) {
		if (n == ERRORS_MAX)
			return;
		utf8_copy(out->errors_by_name[n].name,
		    sizeof(out->errors_by_name[n].name), name);
		out->errors_by_name[n++].count =
		    (uint64_t)json_integer_value(count);
		if (!json_is_integer(count) || json_integer_value(count) < 0)
			refuse(r, &(struct place){place, name, 0},
			    "a whole number");
	}
}

/* Of the types that are one JSON value. Returns NULL, or what VALUE is not. */
static const char *
read_plain(const struct field *field, const json_t *value, void *at)
{
	const char *word = json_string_value(value);
	enum verdict verdict = FASTER;

	switch (field->type) {
	case NUMBER:
		*(double *)at = json_number_value(value);
		return json_is_number(value) ? NULL : "a number or null";
	case COUNT:
		*(uint64_t *)at = (uint64_t)json_integer_value(value);
		return json_is_integer(value) && json_integer_value(value) >= 0
			   ? NULL
			   : "a whole number";
	case FLAG:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value) ? NULL : "true or false";
	case TEXT:
		utf8_copy(at, field->size, word ? word : "");
		return word ? NULL : "a string or null";
	case BETTER:
		*(bool *)at = word && strcmp(word, "higher") == 0;
		return word && (*(bool *)at || strcmp(word, "lower") == 0)
			   ? NULL
			   : "\"higher\" or \"lower\"";
	case VERDICT:
		while (verdict <= INVALID && word &&
		       strcmp(word, VERDICT_WORDS[verdict]) != 0)
			verdict++;
		*(enum verdict *)at = verdict;
		return word && verdict <= INVALID ? NULL
						  : "one of the verdicts";
	default:
		return NULL;
	}
}

static void
read_fields(struct reader *r, const struct place *place, const json_t *object,
    const struct field *field, void *structure);

static void
read_value(struct reader *r, const struct place *place,
    const struct field *field, const json_t *value, char *structure)
{
	void *at = structure + field->offset;
	size_t *count = (size_t *)(structure + field->count), n;
	const char *expected;

	switch (field->type) {
	case OBJECT:
	case GROUP:
		read_fields(r, place, value, field->members, at);
		return;
	case NUMBERS:
	case AS_MANY:
		n = read_numbers(
		    r, place, value, at, field->size / sizeof(double));
		if (field->type == NUMBERS)
			*count = n;
		else if (field->required && n != *count)
			refuse(r, place, "as long as the array beside it");
		return;
	case ERRORS:
		read_errors(r, place, value, at);
		return;
	case MEMORY:
		return;
	default:
		expected = read_plain(field, value, at);
		if (expected)
			refuse(r, place, expected);
	}
}

/* What is not there, or null, stays as it is: unknown. */
static void
read_fields(struct reader *r, const struct place *place, const json_t *object,
    const struct field *field, void *structure)
{
	if (!json_is_object(object))
		refuse(r, place, "an object");
	for (; field->key && !r->bad; field++) {
		const json_t *value = json_object_get(object, field->key);
		const struct place here = {place, field->key, 0};

		if (is_known(value) || field->required)
			read_value(r, &here, field, value, structure);
	}
}

/* One element of an array into STRUCTURE. */
typedef void
read_element(struct reader *r, const struct place *place, const json_t *value,
    void *structure);

/* Each of KEY, an array of at most MAX. */
static void
read_elements(struct reader *r, const struct place *in, const json_t *object,
    const char *key, size_t max, read_element *take, void *structure)
{
	const struct place place = {in, key, 0};
	const json_t *array = json_object_get(object, key), *one;
	size_t i;

	if (!is_known(array) || !is_array(r, &place, array, max))
		return;
	json_array_foreach (array, i, one) {
		if (r->bad)
			return;
		take(r, &(struct place){&place, NULL, i}, one, structure);
	}
}

/* Of the server whose name is the member KEY; NULL: it is refused. */
static struct server_result *
result_of(struct reader *r, const struct place *place, const json_t *object,
    const char *key, struct point *point)
{
	const struct comparison *c = r->out;
	char name[sizeof(c->servers[0].name)];
	const char *word = json_string_value(json_object_get(object, key));

	utf8_copy(name, sizeof(name), word ? word : "");
	for (size_t i = 0; i < c->server_count; i++) {
		if (strcmp(name, c->servers[i].name) == 0)
			return &point->results[i];
	}
	refuse(r, &(struct place){place, key, 0},
	    "the name of one of the servers");
	return NULL;
}

static void
read_result(struct reader *r, const struct place *place, const json_t *value,
    struct server_result *out)
{
	out->blocks = r->blocks;
	read_fields(r, place, value, RESULT, out);
	out->usable = !isnan(out->value.value);
}

static void
read_ratio(struct reader *r, const struct place *place, const json_t *value,
    struct server_result *out)
{
	read_fields(r, place, value, RATIO, out);
	out->has_ratio = !isnan(out->ratio.value);
}

static void
read_one_result(struct reader *r, const struct place *place,
    const json_t *value, void *point)
{
	struct server_result *out = result_of(r, place, value, "server", point);

	if (out)
		read_result(r, place, value, out);
}

static void
read_one_ratio(struct reader *r, const struct place *place, const json_t *value,
    void *point)
{
	struct server_result *out = result_of(r, place, value, "of", point);

	if (out)
		read_ratio(r, place, value, out);
}

static void
read_one_control(struct reader *r, const struct place *place,
    const json_t *value, void *structure)
{
	struct point *point = structure;
	struct server_result *out = &point->results[r->out->server_count];
	const json_t *result = json_object_get(value, "result");

	if (is_known(result))
		read_result(
		    r, &(struct place){place, "result", 0}, result, out);
	read_ratio(r, place, value, out);
}

static void
read_settings(struct reader *r, const struct place *place, const json_t *object,
    struct point *out)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object) || json_object_size(object) > SETTINGS_MAX)
		refuse(r, place, "an object of at most two settings");
	json_object_foreach ((json_t *)object, key, value) {
		struct setting *one = &out->settings[out->setting_count];
		const struct field number = {key, NUMBER, .offset = 0};
		const struct field text = {
		    key, TEXT, .size = sizeof(one->text)};

		if (r->bad)
			return;
		out->setting_count++;
		utf8_copy(one->key, sizeof(one->key), key);
		if (json_is_string(value))
			read_plain(&text, value, one->text);
		else if (is_known(value))
			read_value(r, &(struct place){place, key, 0}, &number,
			    value, (char *)&one->number);
	}
}

static void
read_point(struct reader *r, const struct place *place, const json_t *value,
    void *structure)
{
	static const struct field blocks[] = {
	    {"blocks", COUNT, .offset = offsetof(struct reader, blocks)}, END};
	struct scenario_result *result = structure;
	struct point *out = &result->points[result->point_count++];
	const json_t *at = json_object_get(value, "at");

	r->blocks = 0;
	read_fields(r, place, value, blocks, r);
	if (r->blocks > RANK_MAX)
		r->blocks = 0;
	if (is_known(at))
		read_settings(r, &(struct place){place, "at", 0}, at, out);
	read_elements(
	    r, place, value, "results", SERVERS_MAX, read_one_result, out);
	read_elements(
	    r, place, value, "ratios", SERVERS_MAX, read_one_ratio, out);
	read_elements(r, place, value, "controls", 1, read_one_control, out);
}

static void
read_scenario(struct reader *r, const struct place *place, const json_t *value,
    void *structure)
{
	struct comparison *c = structure;
	struct scenario_result *out = &c->scenarios[c->scenario_count];

	if (scenario_result_init(out) < 0) {
		refuse(r, place, "small enough for this machine's memory");
		return;
	}
	c->scenario_count++;
	read_fields(r, place, value, SCENARIO, out);
	read_elements(r, place, value, "points", POINTS_MAX, read_point, out);
}

/* Results go by the names. */
static void
read_server(struct reader *r, const struct place *place, const json_t *value,
    void *structure)
{
	struct comparison *c = structure;
	struct compared_server *out = &c->servers[c->server_count];

	read_fields(r, place, value, SERVER, out);
	for (size_t i = 0; i < c->server_count; i++) {
		if (strcmp(c->servers[i].name, out->name) == 0)
			refuse(r, &(struct place){place, "name", 0},
			    "different from the others in its first 63 bytes");
	}
	c->server_count++;
}

static void
read_machine(struct reader *r, const json_t *top)
{
	const struct place place = {NULL, "machine", 0};
	static const struct field steal[] = {
	    {"steal_s", NUMBER,
		.offset = offsetof(struct comparison, after.steal_s)},
	    END};
	const json_t *value = json_object_get(top, "machine");

	if (!is_known(value))
		return;
	read_fields(r, &place, value, MACHINE, &r->out->before);
	r->out->after = r->out->before;
	read_fields(r, &place, value, LOADS, r->out);
	r->out->before.steal_s = 0; /* the file has the difference */
	read_fields(r, &place, value, steal, r->out);
}

static void
read_top(struct reader *r, const json_t *top)
{
	const char *schema = json_string_value(json_object_get(top, "schema"));
	struct comparison *c = r->out;

	if (!schema || strcmp(schema, SCHEMA) != 0) {
		refuse(r, &(struct place){NULL, "schema", 0}, "\"" SCHEMA "\"");
		return;
	}
	read_fields(r, NULL, top, COMPARISON, c);
	read_machine(r, top);
	read_elements(r, NULL, top, "servers", SERVERS_MAX, read_server, c);
	if (!c->server_count)
		refuse(r, &(struct place){NULL, "servers", 0},
		    "an array of servers");
	read_elements(
	    r, NULL, top, "scenarios", SCENARIOS_MAX, read_scenario, c);
}

/* ---- the file ---- */

struct input {
	int fd, error;
	long taken;
};

static size_t
take_bytes(void *buffer, size_t size, void *data)
{
	struct input *input = data;
	ssize_t n = read(input->fd, buffer, size);

	while (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		if (errno == EAGAIN)
			descriptor_wait(input->fd, POLLIN);
		n = read(input->fd, buffer, size);
	}
	input->taken += n;
	if (n < 0 || input->taken > FILE_MAX)
		input->error = n < 0 ? errno : EFBIG;
	return input->error ? (size_t)-1 : (size_t)n;
}

/* The tree of PATH; NULL: WHY says what is wrong. */
static json_t *
read_file(const char *path, char *why, size_t size)
{
	bool standard = strcmp(path, "-") == 0;
	struct input input = {
	    .fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)};
	json_error_t error = {0};
	json_t *top = NULL;

	if (input.fd < 0)
		input.error = errno;
	else
		top = json_load_callback(
		    take_bytes, &input, JSON_REJECT_DUPLICATES, &error);
	if (input.error == EFBIG)
		snprintf(
		    why, size, "%s: larger than %ld MiB", path, FILE_MAX >> 20);
	else if (input.error)
		snprintf(why, size, "%s: %s", path, strerror(input.error));
	else if (!top)
		snprintf(why, size, "%s:%d:%d: cannot be read as JSON: %s",
		    path, error.line, error.column, error.text);
	if (input.fd >= 0 && !standard)
		close(input.fd);
	if (input.error) { /* after the last bracket, to jansson an end */
		json_decref(top);
		return NULL;
	}
	return top;
}

int
comparison_json_read(
    struct comparison *out, const char *path, char *why, size_t size)
{
	json_t *top = read_file(path, why, size);
	char inner[400];
	struct reader r = {.out = out, .why = inner, .size = sizeof(inner)};

	if (!top)
		return -1;
	comparison_init(out);
	read_top(&r, top);
	json_decref(top);
	if (!r.bad)
		return 0;
	comparison_release(out);
	snprintf(why, size, "%s: %s", path, inner);
	return -1;
}
