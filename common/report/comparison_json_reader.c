/* SPDX-License-Identifier: MIT */
/* comparison_json_reader: level by level, as comparison_json_write.c writes it.
 */
#include "common/report/comparison_json_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/descriptor.h"
#include "common/base/utf8.h"
#include "common/report/comparison_fields.h"
#include "common/format/json_fields.h"

/* Larger than any that is written: 20 scenarios of 16 points are 16 MB. */
#define FILE_MAX (64L << 20)

static void
estimate(struct reader *r, const struct json_value *parent, const char *key,
    struct estimate *out)
{
	out->value = take_number(r, json_member(parent, key), key);
	out->low = take_number(r, json_member(parent, "low"), "low");
	out->high = take_number(r, json_member(parent, "high"), "high");
}

static size_t
numbers(struct reader *r, const struct json_value *parent, const char *key,
    double *out, size_t max)
{
	size_t n = 0;

	for (const struct json_value *v = take_elements(r, parent, key);
	     v && !r->bad; v = v->next) {
		if (n == max) {
			refuse_value(r, v, key, "so long an array");
			return n;
		}
		out[n++] = take_number(r, v, key);
	}
	return n;
}

static void
latency(struct reader *r, const struct json_value *parent, const char *key,
    struct latency *out)
{
	const struct json_value *v =
	    take_object(r, json_member(parent, key), key);

	if (v)
		take_fields(r, v, LATENCY_FIELDS, out);
}

static void
curve(struct reader *r, const struct json_value *parent, const char *key,
    struct latency_curve *out)
{
	const struct json_value *v =
	    take_object(r, json_member(parent, key), key);
	size_t n = numbers(r, v, "percent", out->percent, CURVE_MAX);

	out->count = numbers(r, v, "us", out->us, CURVE_MAX);
	if (out->count != n)
		refuse_value(r, v, key, "two arrays of one length");
}

static void
usage(struct reader *r, const struct json_value *parent, struct usage *out)
{
	const struct json_value *v = take_object(
				    r, json_member(parent, "cost"), "cost"),
				*kinds;

	if (v)
		take_fields(r, v, USAGE_FIELDS, out);
	else /* what the contract has of it */
		out->cpu_us =
		    take_number(r, json_member(parent, "cpu_us_per_request"),
			"cpu_us_per_request");
	kinds = json_member(v, "memory_kib_per_connection_by_kind");
	for (int i = 0; i < MEMORY_KINDS; i++)
		out->memory_kib[i] =
		    take_number(r, json_member(kinds, MEMORY_KIND_KEYS[i]),
			MEMORY_KIND_KEYS[i]);
}

static void
errors_by_name(struct reader *r, const struct json_value *parent,
    struct server_result *out)
{
	const struct json_value *v = take_object(
	    r, json_member(parent, "errors_by_name"), "errors_by_name");
	size_t n = 0;

	for (v = v ? v->first : NULL; v && n < ERRORS_MAX; v = v->next, n++) {
		utf8_copy(out->errors_by_name[n].name,
		    sizeof(out->errors_by_name[n].name), v->key);
		out->errors_by_name[n].count =
		    take_count(r, v, "errors_by_name");
	}
}

static void
verdict(struct reader *r, const struct json_value *parent,
    struct server_result *out)
{
	char word[16];
	const struct json_value *v = json_member(parent, "verdict");
	int i = FASTER;

	if (!is_known(v))
		return;
	take_text(r, v, "verdict", word, sizeof(word));
	while (i <= INVALID && strcmp(word, VERDICT_WORDS[i]) != 0)
		i++;
	if (i > INVALID)
		refuse_value(r, v, "verdict", "one of the verdicts");
	else
		out->verdict = (enum verdict)i;
}

/* BLOCKS: how many, if it does not have the values of each. */
static void
result(struct reader *r, const struct json_value *v, uint64_t blocks,
    struct server_result *out)
{
	estimate(r, v, "value", &out->value);
	out->usable = !isnan(out->value.value);
	latency(r, v, "latency_us", &out->latency);
	latency(r, v, "service_us", &out->service);
	take_fields(r, v, RESULT_FIELDS, out);
	errors_by_name(r, v, out);
	usage(r, v, &out->usage);
	out->blocks = numbers(r, v, "values_by_block", out->values, RANK_MAX);
	if (!json_member(v, "values_by_block") && blocks <= RANK_MAX)
		out->blocks = blocks;
	curve(r, v, "latency_curve", &out->curve);
	curve(r, v, "service_curve", &out->service_curve);
	verdict(r, v, out);
	take_text(r, json_member(v, "reason"), "reason", out->reason,
	    sizeof(out->reason));
}

static void
ratio(struct reader *r, const struct json_value *v, struct server_result *out)
{
	estimate(r, v, "estimate", &out->ratio);
	out->has_ratio = !isnan(out->ratio.value);
	estimate(r, take_object(r, json_member(v, "difference"), "difference"),
	    "value", &out->difference);
	take_fields(r, v, RATIO_FIELDS, out);
	numbers(r, v, "log_ratios_by_block", out->ratios, RANK_MAX);
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

	take_text(r, name, key, word, sizeof(word));
	while (i < r->out->server_count &&
	       strcmp(word, r->out->servers[i].name) != 0)
		i++;
	if (i == r->out->server_count) {
		refuse_value(r, name ? name : v, key, "one of the servers");
		i = 0;
	}
	return i;
}

static void
settings(struct reader *r, const struct json_value *parent, struct point *out)
{
	const struct json_value *v =
	    take_object(r, json_member(parent, "at"), "at");

	for (v = v ? v->first : NULL; v; v = v->next) {
		struct setting *one = &out->settings[out->setting_count];

		if (out->setting_count == SETTINGS_MAX) {
			refuse_value(r, v, "at", "so many settings");
			return;
		}
		out->setting_count++;
		utf8_copy(one->key, sizeof(one->key), v->key);
		if (v->type == JSON_STRING)
			take_text(r, v, v->key, one->text, sizeof(one->text));
		else
			one->number = take_number(r, v, v->key);
	}
}

static void
point(struct reader *r, const struct json_value *v, struct point *out)
{
	size_t servers = r->out->server_count;
	uint64_t blocks = take_count(r, json_member(v, "blocks"), "blocks");
	const struct json_value *one;

	settings(r, v, out);
	for (one = take_elements(r, v, "results"); one && !r->bad;
	     one = one->next)
		result(
		    r, one, blocks, &out->results[server_of(r, one, "server")]);
	for (one = take_elements(r, v, "ratios"); one && !r->bad;
	     one = one->next)
		ratio(r, one, &out->results[server_of(r, one, "of")]);
	one = take_elements(r, v, "controls");
	if (one) {
		const struct json_value *inner =
		    take_object(r, json_member(one, "result"), "result");

		if (inner)
			result(r, inner, blocks, &out->results[servers]);
		ratio(r, one, &out->results[servers]);
	}
}

static void
scenario_result(struct reader *r, const struct json_value *v)
{
	struct scenario_result *out =
	    &r->out->scenarios[r->out->scenario_count];
	const struct json_value *better = json_member(v, "better"), *one;
	char word[8];

	if (r->out->scenario_count == SCENARIOS_MAX) {
		refuse_value(r, v, "scenarios", "so long an array");
		return;
	}
	if (scenario_result_init(out) < 0) {
		refuse_value(r, v, "scenarios", "within memory");
		return;
	}
	r->out->scenario_count++;
	take_fields(r, v, SCENARIO_FIELDS, out);
	take_text(r, better, "better", word, sizeof(word));
	out->higher_is_better = strcmp(word, "higher") == 0;
	if (!out->higher_is_better && strcmp(word, "lower") != 0)
		refuse_value(
		    r, better ? better : v, "better", "higher or lower");
	for (one = take_elements(r, v, "points"); one && !r->bad;
	     one = one->next) {
		if (out->point_count == POINTS_MAX)
			refuse_value(r, one, "points", "so long an array");
		else
			point(r, one, &out->points[out->point_count++]);
	}
}

static void
machine(struct reader *r, const struct json_value *top)
{
	const struct json_value *v =
	    take_object(r, json_member(top, "machine"), "machine");
	struct comparison *out = r->out;
	uint64_t cpus = take_count(r, json_member(v, "cpus"), "cpus");

	take_fields(r, v, MACHINE_FIELDS, &out->before);
	out->before.cpus = cpus < 1000000 ? (int)cpus : 0;
	out->after = out->before;
	out->before.load_average =
	    take_number(r, json_member(v, "load_before"), "load_before");
	out->after.load_average =
	    take_number(r, json_member(v, "load_after"), "load_after");
	out->before.pressure = take_number(
	    r, json_member(v, "pressure_before"), "pressure_before");
	out->after.pressure =
	    take_number(r, json_member(v, "pressure_after"), "pressure_after");
	out->before.steal_s = 0; /* the file has the difference */
	out->after.steal_s =
	    take_number(r, json_member(v, "steal_s"), "steal_s");
}

/* Results go by them. */
static void
refuse_twins(struct reader *r, const struct json_value *v)
{
	size_t last = r->out->server_count - 1;

	for (size_t i = 0; i < last; i++) {
		if (strcmp(r->out->servers[i].name,
			r->out->servers[last].name) == 0)
			refuse_value(r, v, "name",
			    "unlike the others' (in its first 63 bytes)");
	}
}

static void
servers(struct reader *r, const struct json_value *top)
{
	const struct json_value *v;

	for (v = take_elements(r, top, "servers"); v && !r->bad; v = v->next) {
		if (r->out->server_count == SERVERS_MAX)
			refuse_value(r, v, "servers", "so long an array");
		else
			take_fields(r, v, SERVER_FIELDS,
			    &r->out->servers[r->out->server_count++]);
		refuse_twins(r, v);
	}
	if (!r->out->server_count)
		refuse_value(r, top, "servers", "an array of servers");
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
		refuse_value(&r, schema, "schema", "\"" COMPARE_SCHEMA "\"");
		return -1;
	}
	take_fields(&r, doc->top, COMPARISON_FIELDS, out);
	machine(&r, doc->top);
	servers(&r, doc->top);
	for (const struct json_value *v =
		 take_elements(&r, doc->top, "scenarios");
	     v && !r.bad; v = v->next)
		scenario_result(&r, v);
	if (!r.bad)
		return 0;
	comparison_release(out);
	return -1;
}

/* ---- the file ---- */

/* Of a pipe nobody knows the size before its end. Returns 0, or -1 with
 * errno. */
static int
grow(char **bytes, size_t *size)
{
	char *larger;

	if (*size > FILE_MAX) {
		errno = EFBIG;
		return -1;
	}
	*size = *size ? 2 * *size : 1 << 16;
	larger = realloc(*bytes, *size);
	if (!larger)
		return -1;
	*bytes = larger;
	return 0;
}

/* All that comes from FD, with a NUL after it, or NULL with errno. */
static char *
read_all(int fd, size_t *length)
{
	char *bytes = NULL;
	size_t size = 0;
	ssize_t n = 1;

	*length = 0;
	while (n) {
		if (*length + 1 >= size && grow(&bytes, &size) < 0)
			break;
		n = read(fd, bytes + *length, size - *length - 1);
		if (n < 0 && errno == EAGAIN)
			descriptor_wait(fd, POLLIN);
		else if (n < 0 && errno != EINTR)
			break;
		*length += n > 0 ? (size_t)n : 0;
	}
	if (n == 0 && *length <= FILE_MAX) {
		bytes[*length] = '\0';
		return bytes;
	}
	if (n == 0)
		errno = EFBIG;
	free(bytes);
	return NULL;
}

/* As read_all(), of PATH, or standard input; WHY says what is wrong. */
static char *
read_file(const char *path, size_t *length, char *why, size_t size)
{
	bool input = strcmp(path, "-") == 0;
	int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = fd < 0 ? NULL : read_all(fd, length);

	if (!bytes && fd >= 0 && errno == EFBIG)
		snprintf(
		    why, size, "%s: larger than %ld MiB", path, FILE_MAX >> 20);
	else if (!bytes)
		snprintf(why, size, "%s: %s", path, strerror(errno));
	if (fd >= 0 && !input)
		close(fd);
	return bytes;
}

int
comparison_json_read(
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
