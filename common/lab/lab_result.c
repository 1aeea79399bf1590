/* SPDX-License-Identifier: MIT */
/* lab_result: to JSON and back. */
#include "common/lab/lab_result.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/version.h"
#include "common/format/json_value.h"
#include "common/lab/lab_table.h"
#include "common/report/comparison_json.h"
#include "common/sysinfo/machine.h"

/* A file may have no facts; then no lab has to think of that. */
static void
judge_facts(const struct lab_result *result, struct lab_judgement *judgement)
{
	const char *models[3];

	lab_models(&result->facts, models);
	if (models[0])
		result->lab->judge(&result->facts, judgement);
	else
		lab_because(judgement, "there are no facts of a server",
		    "没有任何服务器的数据");
}

void
lab_result_judge(struct lab_result *result)
{
	struct lab_judgement judgement = {0};

	judge_facts(result, &judgement);
	result->answer = judgement.answer;
	result->outcome = judgement.shown ? LAB_SHOWN : LAB_NOT_AS_EXPECTED;
	snprintf(result->reason, sizeof(result->reason), "%s",
	    judgement.reason[strcmp(result->language, "zh") == 0]);
}

/* ---- written ---- */

static bool
is_parameter(const struct lab *lab, const char *key)
{
	for (size_t i = 0; i < LAB_PARAMETERS && lab->parameters[i].name; i++) {
		if (strcmp(lab->parameters[i].name, key) == 0)
			return true;
	}
	return false;
}

static json_t *
write_facts(const struct lab_result *result, bool parameters)
{
	json_t *object = json_object();

	for (size_t i = 0; i < result->facts.count; i++) {
		const char *key = result->facts.at[i].key;

		if (is_parameter(result->lab, key) == parameters)
			json_value_set(object, key,
			    json_value_number(result->facts.at[i].value));
	}
	return object;
}

static json_t *
write_letter(char letter)
{
	char text[2] = {letter, '\0'};

	return json_value_text(text);
}

static json_t *
write_machine(void)
{
	struct machine machine;

	machine_read(&machine);
	return comparison_json_machine(&machine);
}

void
lab_result_write(const struct lab_result *result, FILE *out)
{
	json_t *top = json_object();

	json_value_set(top, "schema", json_value_text(LAB_SCHEMA));
	json_value_set(top, "lab", json_value_text(result->lab->name));
	json_value_set(top, "seed",
	    result->seed ? json_value_count(result->seed) : json_null());
	json_value_set(top, "model", json_value_text(result->model));
	json_value_set(top, "language", json_value_text(result->language));
	json_value_set(top, "parameters", write_facts(result, true));
	json_value_set(top, "predicted", write_letter(result->predicted));
	json_value_set(top, "answer", write_letter(result->answer));
	json_value_set(top, "shown",
	    result->outcome == LAB_CANNOT
		? json_null()
		: json_boolean(result->outcome == LAB_SHOWN));
	json_value_set(top, "reason", json_value_text(result->reason));
	json_value_set(top, "facts", write_facts(result, false));
	json_value_set(top, "machine", write_machine());
	json_value_set(top, "version", json_value_text(PERCONN_VERSION));
	json_value_print(top, out, JSON_VALUE_DIGITS);
}

/* ---- read ---- */

static const char *
text_of(const json_t *top, const char *key)
{
	const char *text = json_string_value(json_object_get(top, key));

	return text ? text : "";
}

static char
letter_of(const json_t *top, const char *key)
{
	const char *text = text_of(top, key);

	return text[0] >= 'A' && text[0] <= 'D' && !text[1] ? text[0] : '\0';
}

/* Names and numbers alone; what is too long is none of ours. */
static void
read_facts(struct lab_facts *facts, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)object, key, value) {
		if (json_is_number(value) && strlen(key) < LAB_KEY &&
		    facts->count < LAB_FACTS)
			lab_facts_set(facts, key, json_number_value(value));
	}
}

static int
refuse(char *why, size_t size, const char *path, const char *what)
{
	snprintf(why, size, "%.300s: %.300s", path, what);
	return -1;
}

static int
read_top(struct lab_result *result, const json_t *top, const char *path,
    char *why, size_t size)
{
	const json_t *shown = json_object_get(top, "shown");

	if (strcmp(text_of(top, "schema"), LAB_SCHEMA) != 0)
		return refuse(why, size, path,
		    "is not a result of a lab (client lab NAME --json FILE)");
	result->lab = lab_find(text_of(top, "lab"));
	if (!result->lab)
		return refuse(
		    why, size, path, "is of a lab that this client has not");
	result->seed =
	    (uint64_t)json_integer_value(json_object_get(top, "seed"));
	snprintf(
	    result->model, sizeof(result->model), "%s", text_of(top, "model"));
	snprintf(result->language, sizeof(result->language), "%s",
	    text_of(top, "language"));
	result->predicted = letter_of(top, "predicted");
	result->answer = letter_of(top, "answer");
	result->outcome = json_is_true(shown)	 ? LAB_SHOWN
			  : json_is_false(shown) ? LAB_NOT_AS_EXPECTED
						 : LAB_CANNOT;
	snprintf(result->reason, sizeof(result->reason), "%s",
	    text_of(top, "reason"));
	snprintf(result->version, sizeof(result->version), "%s",
	    text_of(top, "version"));
	read_facts(&result->facts, json_object_get(top, "parameters"));
	read_facts(&result->facts, json_object_get(top, "facts"));
	return 0;
}

/* A FIFO that has no writer is empty, and not waited for: results come from a
 * folder where students put what they like. NULL with errno. */
static FILE *
open_result(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	FILE *in = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		errno = EISDIR;
	else if (fcntl(fd, F_SETFL, 0) == 0)
		in = fdopen(fd, "r");
	if (!in)
		close(fd);
	return in;
}

int
lab_result_read(
    struct lab_result *result, const char *path, char *why, size_t size)
{
	bool input = strcmp(path, "-") == 0;
	FILE *in = input ? stdin : open_result(path);
	json_error_t error;
	json_t *top;
	int bad;

	*result = (struct lab_result){0};
	if (!in)
		return refuse(why, size, path, strerror(errno));
	top = json_loadf(in, JSON_REJECT_DUPLICATES, &error);
	if (!input)
		fclose(in);
	if (!top) {
		snprintf(why, size, "%.300s:%d:%d: cannot be read as JSON: %s",
		    path, error.line, error.column, error.text);
		return -1;
	}
	bad = read_top(result, top, path, why, size);
	json_decref(top);
	return bad;
}
