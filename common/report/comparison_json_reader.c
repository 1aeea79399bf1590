/* SPDX-License-Identifier: MIT */
/* comparison_json_reader: reads each field by its type, or says which is wrong.
 */
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
#include "common/report/comparison_fields.h"
#include "common/sysinfo/usage.h"

/* Larger than any that is written: 20 scenarios of 16 points are 20 MB. */
#define FILE_MAX (64L << 20)

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
	case FIELD_NUMBER:
		*(double *)at = json_number_value(value);
		return json_is_number(value) ? NULL : "a number or null";
	case FIELD_COUNT:
		*(uint64_t *)at = (uint64_t)json_integer_value(value);
		return json_is_integer(value) && json_integer_value(value) >= 0
			   ? NULL
			   : "a whole number";
	case FIELD_FLAG:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value) ? NULL : "true or false";
	case FIELD_TEXT:
		utf8_copy(at, field->size, word ? word : "");
		return word ? NULL : "a string or null";
	case FIELD_BETTER:
		*(bool *)at = word && strcmp(word, "higher") == 0;
		return word && (*(bool *)at || strcmp(word, "lower") == 0)
			   ? NULL
			   : "\"higher\" or \"lower\"";
	case FIELD_VERDICT:
		while (verdict <= INVALID && word &&
		       strcmp(word, VERDICT_WORDS[verdict]) != 0)
			verdict++;
		*(enum verdict *)at = verdict;
		return word && verdict <= INVALID ? NULL
						  : "one of the verdicts";
	case FIELD_BASIS:
		*(enum basis *)at =
		    word && strcmp(word, BASIS_WORDS[BASIS_SERVER_CPU]) == 0
			? BASIS_SERVER_CPU
			: BASIS_METRIC;
		return word && strcmp(word, BASIS_WORDS[*(enum basis *)at]) == 0
			   ? NULL
			   : "\"metric\" or \"server_cpu\"";
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
	case FIELD_OBJECT:
	case FIELD_GROUP:
		read_fields(r, place, value, field->members, at);
		return;
	case FIELD_NUMBERS:
	case FIELD_AS_MANY:
		n = read_numbers(
		    r, place, value, at, field->size / sizeof(double));
		if (field->type == FIELD_NUMBERS)
			*count = n;
		else if (field->required && n != *count)
			refuse(r, place, "as long as the array beside it");
		return;
	case FIELD_ERRORS:
		read_errors(r, place, value, at);
		return;
	case FIELD_MEMORY:
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
	read_fields(r, place, value, COMPARISON_RESULT, out);
	out->usable = !isnan(out->value.value);
}

static void
read_ratio(struct reader *r, const struct place *place, const json_t *value,
    struct server_result *out)
{
	read_fields(r, place, value, COMPARISON_RATIO, out);
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
		refuse(r, place, "an object of at most three settings");
	json_object_foreach ((json_t *)object, key, value) {
		struct setting *one = &out->settings[out->setting_count];
		const struct field number = {key, FIELD_NUMBER, .offset = 0};
		const struct field text = {
		    key, FIELD_TEXT, .size = sizeof(one->text)};

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
	    {"blocks", FIELD_COUNT, .offset = offsetof(struct reader, blocks)},
	    FIELD_END};
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
	read_fields(r, place, value, COMPARISON_SCENARIO, out);
	read_elements(r, place, value, "points", POINTS_MAX, read_point, out);
}

/* Results go by the names. */
static void
read_server(struct reader *r, const struct place *place, const json_t *value,
    void *structure)
{
	struct comparison *c = structure;
	struct compared_server *out = &c->servers[c->server_count];

	read_fields(r, place, value, COMPARISON_SERVER, out);
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
	    {"steal_s", FIELD_NUMBER,
		.offset = offsetof(struct comparison, after.steal_s)},
	    FIELD_END};
	const json_t *value = json_object_get(top, "machine");

	if (!is_known(value))
		return;
	read_fields(r, &place, value, COMPARISON_MACHINE, &r->out->before);
	r->out->after = r->out->before;
	read_fields(r, &place, value, COMPARISON_LOADS, r->out);
	r->out->before.steal_s = 0; /* the file has the difference */
	read_fields(r, &place, value, steal, r->out);
}

static void
read_top(struct reader *r, const json_t *top)
{
	const char *schema = json_string_value(json_object_get(top, "schema"));
	struct comparison *c = r->out;

	if (!schema || strcmp(schema, COMPARISON_SCHEMA) != 0) {
		refuse(r, &(struct place){NULL, "schema", 0},
		    "\"" COMPARISON_SCHEMA "\"");
		return;
	}
	read_fields(r, NULL, top, COMPARISON_TOP, c);
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
