/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <sys/mman.h>

#include "common/report/comparison_json.h"
#include "tests/unit/made_comparison.h"

static struct comparison made, again;
static char why[300];

static char *
text_of(const struct comparison *comparison)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	comparison_json_write(comparison, out);
	fclose(out);
	return text;
}

/* 0 or -1 with WHY, without the file's name. */
static int
read_bytes(struct comparison *out, const char *text, size_t size)
{
	char path[40], whole[sizeof(why)];
	int fd = memfd_create("saved", 0), bad;

	assert_int_equal(write(fd, text, size), size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	bad = comparison_json_read(out, path, whole, sizeof(whole));
	close(fd);
	if (bad)
		strcpy(why, whole + strlen(path));
	return bad;
}

static int
read_text(struct comparison *out, const char *text)
{
	return read_bytes(out, text, strlen(text));
}

static void
refuses(const char *json, const char *words)
{
	why[0] = '\0';
	assert_int_equal(read_text(&again, json), -1);
	assert_string_equal(why, words);
}

/* To JSON_VALUE_DIGITS; NAN is like NAN here, whatever its bits. */
static void
same_numbers(const double *a, const double *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (isnan(a[i]))
			assert_true(isnan(b[i]));
		else
			assert_true(fabs(a[i] - b[i]) <= 1e-14 * fabs(a[i]));
	}
}

static void
same_finding(const struct server_result *a, const struct server_result *b)
{
	assert_int_equal(a->blocks, b->blocks);
	same_numbers(a->values, b->values, a->blocks);
	same_numbers(a->ratios, b->ratios, a->blocks);
	same_numbers(a->cpu_us, b->cpu_us, a->blocks);
	if (a->has_ratio) /* the baseline has none */
		assert_int_equal(a->basis, b->basis);
	assert_int_equal(a->usable, b->usable);
	assert_int_equal(a->has_ratio, b->has_ratio);
	same_numbers(&a->value.value, &b->value.value, 3);
	same_numbers(&a->ratio.value, &b->ratio.value, 3);
	same_numbers(&a->difference.value, &b->difference.value, 3);
	same_numbers(&a->p_value, &b->p_value, 1);
	assert_int_equal(a->verdict, b->verdict);
	assert_string_equal(a->reason, b->reason);
	same_numbers(&a->min_detectable, &b->min_detectable, 2);
	assert_int_equal(a->client_bound, b->client_bound);
	same_numbers(&a->service_value, &b->service_value, 1);
	assert_int_equal(a->requests, b->requests);
	assert_int_equal(a->errors, b->errors);
	assert_int_equal(a->retries, b->retries);
	for (size_t i = 0; i < ERRORS_MAX; i++) {
		assert_string_equal(
		    a->errors_by_name[i].name, b->errors_by_name[i].name);
		assert_int_equal(
		    a->errors_by_name[i].count, b->errors_by_name[i].count);
	}
	same_numbers(&a->latency.min, &b->latency.min, 7);
	same_numbers(&a->service.min, &b->service.min, 7);
	assert_int_equal(a->curve.count, b->curve.count);
	same_numbers(a->curve.percent, b->curve.percent, a->curve.count);
	same_numbers(a->curve.us, b->curve.us, a->curve.count);
	assert_int_equal(a->service_curve.count, b->service_curve.count);
	same_numbers(
	    a->service_curve.us, b->service_curve.us, a->service_curve.count);
	same_numbers(&a->client_us, &b->client_us, 8);
	same_numbers((const double *)&a->usage, (const double *)&b->usage,
	    sizeof(a->usage) / sizeof(double));
	assert_int_equal(a->slices, b->slices);
	assert_int_equal(a->warm_up, b->warm_up);
	assert_int_equal(a->dropped, b->dropped);
	same_numbers(&a->with_dropped, &b->with_dropped, 1);
	assert_int_equal(a->settled, b->settled);
}

static void
same_outcome(const struct scenario_result *a, const struct scenario_result *b,
    size_t servers)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->question, b->question);
	assert_string_equal(a->load, b->load);
	assert_string_equal(a->metric, b->metric);
	assert_string_equal(a->unit, b->unit);
	assert_string_equal(a->note, b->note);
	assert_int_equal(a->higher_is_better, b->higher_is_better);
	assert_int_equal(a->point_count, b->point_count);
	for (size_t i = 0; i < a->point_count; i++) {
		const struct point *p = &a->points[i], *q = &b->points[i];

		assert_int_equal(p->setting_count, q->setting_count);
		for (size_t k = 0; k < p->setting_count; k++) {
			assert_string_equal(
			    p->settings[k].key, q->settings[k].key);
			assert_string_equal(
			    p->settings[k].text, q->settings[k].text);
			same_numbers(
			    &p->settings[k].number, &q->settings[k].number, 1);
		}
		for (size_t k = 0; k <= servers; k++)
			same_finding(&p->results[k], &q->results[k]);
	}
}

/* By their members: what lies between them is nobody's. */
static void
same_machine(const struct machine *a, const struct machine *b)
{
	assert_string_equal(a->kernel, b->kernel);
	assert_string_equal(a->cpu, b->cpu);
	assert_string_equal(a->clocksource, b->clocksource);
	assert_string_equal(a->governor, b->governor);
	assert_int_equal(a->cpus, b->cpus);
	assert_int_equal(a->virtual_machine, b->virtual_machine);
	same_numbers(&a->memory_gib, &b->memory_gib, 1);
	same_numbers(&a->load_average, &b->load_average, 1);
	same_numbers(&a->pressure, &b->pressure, 1);
	same_numbers(&a->steal_s, &b->steal_s, 1);
}

TEST(what_is_written_is_read_again)
{
	char *text;

	for (size_t servers = 2; servers <= 3; servers++) {
		made_comparison(&made, servers);
		text = text_of(&made);
		assert_int_equal(read_text(&again, text), 0);
		free(text);
		assert_string_equal(made.version, again.version);
		assert_string_equal(made.when, again.when);
		assert_string_equal(made.command, again.command);
		assert_string_equal(made.placement, again.placement);
		assert_string_equal(made.placed, again.placed);
		assert_string_equal(made.client_cpus, again.client_cpus);
		assert_string_equal(made.server_cpus, again.server_cpus);
		same_numbers(&made.cpu_quota, &again.cpu_quota, 1);
		assert_int_equal(made.blocks, again.blocks);
		assert_int_equal(made.rounds, again.rounds);
		same_numbers(&made.slice_s, &again.slice_s, 3);
		assert_true(made.seed == again.seed);
		assert_int_equal(made.quick, again.quick);
		assert_int_equal(made.interrupted, again.interrupted);
		assert_memory_equal(
		    &made.servers, &again.servers, sizeof(made.servers));
		same_machine(&made.before, &again.before);
		same_machine(&made.after, &again.after);
		assert_int_equal(made.scenario_count, again.scenario_count);
		for (size_t i = 0; i < made.scenario_count; i++)
			same_outcome(
			    &made.scenarios[i], &again.scenarios[i], servers);
		comparison_release(&made);
		comparison_release(&again);
	}
}

TEST(and_written_again_it_is_the_same_text)
{
	char *first, *kept, *second;

	made_comparison(&made, 3);
	made.quick = made.interrupted = true;
	first = text_of(&made);
	kept = strdup(first);
	assert_int_equal(read_text(&again, first), 0);
	second = text_of(&again);
	assert_string_equal(kept, second);
	free(first);
	free(kept);
	free(second);
	comparison_release(&made);
	comparison_release(&again);
}

TEST(the_contracts_keys_alone_are_enough)
{
	static const char text[] =
	    "{\"schema\":\"perconn.compare/1\",\"machine\":{\"cpus\":2},"
	    "\"placement\":\"split\",\"blocks\":8,\"servers\":["
	    "{\"name\":\"a\",\"command\":\"x\"},{\"name\":\"b\",\"command\":"
	    "\"y\"}],\"scenarios\":[{\"name\":\"churn\",\"unit\":"
	    "\"requests/s\",\"better\":\"higher\",\"points\":[{\"at\":{"
	    "\"connections\":64},\"results\":[{\"server\":\"b\",\"value\":90,"
	    "\"low\":80,\"high\":99,\"latency_us\":null,\"errors\":0,"
	    "\"cpu_us_per_request\":7.5}],"
	    "\"ratios\":[{\"of\":\"b\",\"to\":\"a\",\"estimate\":0.9,"
	    "\"low\":0.8,\"high\":0.99,\"verdict\":\"slower\",\"reason\":"
	    "\"so\",\"to come\":[{}]}],\"controls\":[]}]}]}";
	struct server_result *found;

	assert_int_equal(read_text(&again, text), 0);
	assert_int_equal(again.before.cpus, 2);
	assert_true(isnan(again.before.load_average));
	found = again.scenarios[0].points[0].results;
	assert_false(found[0].usable);
	assert_true(isnan(found[0].value.value));
	assert_true(found[1].usable && found[1].value.low == 80);
	assert_int_equal(found[1].verdict, SLOWER);
	assert_int_equal(found[1].basis, BASIS_METRIC); /* as it always was */
	assert_true(isnan(found[1].latency.p50));
	assert_true(isnan(found[1].usage.user_us));
	assert_true(found[1].usage.cpu_us == 7.5);
	assert_false(found[2].usable);
	comparison_release(&again);
}

#define WITH_SERVERS(rest)               \
	"{\"schema\":\"perconn.compare/" \
	"1\",\"servers\":[{\"name\":\"a\"}]," rest "}"
#define WITH_SCENARIO(rest) \
	WITH_SERVERS("\"scenarios\":[{\"better\":\"lower\"," rest "}]")
#define WITH_POINT(rest) WITH_SCENARIO("\"points\":[{" rest "}]")
#define WITH_RESULT(rest) \
	WITH_POINT("\"results\":[{\"server\":\"a\"," rest "}]")
#define POINT ".scenarios[0].points[0]"

TEST(what_does_not_fit_is_refused_with_its_place)
{
	static const struct {
		const char *json, *why;
	} cases[] = {
	    {"[]", ".schema is not \"perconn.compare/1\""},
	    {"{\"schema\":\"perconn.load/1\"}",
		".schema is not \"perconn.compare/1\""},
	    {"{\"schema\":\"perconn.compare/1\"}",
		".servers is not an array of servers"},
	    {WITH_SERVERS("\"seed\":-1"), ".seed is not a whole number"},
	    {WITH_SERVERS("\"seed\":1.5"), ".seed is not a whole number"},
	    {WITH_SERVERS("\"quick\":1"), ".quick is not true or false"},
	    {WITH_SERVERS("\"delta\":\"3\""), ".delta is not a number or null"},
	    {WITH_SERVERS("\"machine\":{\"cpus\":\"2\"}"),
		".machine.cpus is not a whole number"},
	    {WITH_SERVERS("\"machine\":[]"), ".machine is not an object"},
	    {WITH_SERVERS("\"when\":{}"), ".when is not a string or null"},
	    {WITH_SERVERS("\"scenarios\":{}"), ".scenarios is not an array"},
	    {WITH_SERVERS("\"scenarios\":[{}]"),
		".scenarios[0].better is not \"higher\" or \"lower\""},
	    {WITH_SERVERS("\"scenarios\":[1]"),
		".scenarios[0] is not an object"},
	    {WITH_SCENARIO("\"points\":[{},{\"blocks\":-2}]"),
		".scenarios[0].points[1].blocks is not a whole number"},
	    {WITH_POINT("\"at\":[1]"),
		POINT ".at is not an object of at most three settings"},
	    {WITH_POINT("\"at\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4}"),
		POINT ".at is not an object of at most three settings"},
	    {WITH_POINT("\"at\":{\"clients\":[]}"),
		POINT ".at.clients is not a number or null"},
	    {WITH_POINT("\"results\":[{\"server\":\"b\"}]"), POINT
		".results[0].server is not the name of one of the servers"},
	    {WITH_POINT("\"ratios\":[2]"),
		POINT ".ratios[0].of is not the name of one of the servers"},
	    {WITH_RESULT("\"verdict\":\"best\""),
		POINT ".results[0].verdict is not one of the verdicts"},
	    {WITH_POINT("\"ratios\":[{\"of\":\"a\",\"basis\":\"cpu\"}]"),
		POINT ".ratios[0].basis is not \"metric\" or \"server_cpu\""},
	    {WITH_RESULT("\"errors_by_name\":[1]"),
		POINT ".results[0].errors_by_name is not an object"},
	    {WITH_RESULT("\"errors_by_name\":{\"EOF\":-1}"),
		POINT ".results[0].errors_by_name.EOF is not a whole number"},
	    {WITH_RESULT("\"latency_us\":7"),
		POINT ".results[0].latency_us is not an object"},
	    {WITH_RESULT("\"latency_curve\":{\"percent\":[1,2],\"us\":[1]}"),
		POINT ".results[0].latency_curve.us is not as long as the "
		      "array beside it"},
	    {WITH_RESULT("\"latency_curve\":{\"percent\":[1,2]}"),
		POINT ".results[0].latency_curve.us is not an array"},
	    {WITH_RESULT("\"values_by_block\":[1,\"2\"]"),
		POINT ".results[0].values_by_block[1] is not a number or null"},
	    {"{\"schema\":\"perconn.compare/1\",\"servers\":[{\"name\":"
	     "\"a\"},{\"name\":\"a\"}]}",
		".servers[1].name is not different from the others in its "
		"first 63 "
		"bytes"},
	};
	char expected[sizeof(why)];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		snprintf(expected, sizeof(expected), ": %s", cases[i].why);
		refuses(cases[i].json, expected);
	}
}

/* As jansson says it. */
TEST(what_is_no_json_is_refused_with_its_line_and_column)
{
	static const struct {
		const char *json, *why;
	} cases[] = {
	    {"", "1:0: cannot be read as JSON: '[' or '{' expected near end "
		 "of file"},
	    {"x", "1:1: cannot be read as JSON: '[' or '{' expected near 'x'"},
	    {"{\n\"a\":1,\n}", "3:1: cannot be read as JSON: string or '}' "
			       "expected near '}'"},
	    {"{\"a\":1} 2", "1:9: cannot be read as JSON: end of file "
			    "expected near '2'"},
	    {"{\"a\":1,\n\"a\":2}", "2:3: cannot be read as JSON: duplicate "
				    "object key near '\"a\"'"},
	    {"[1e999]", "1:6: cannot be read as JSON: real number overflow "
			"near '1e999'"},
	    {"[9223372036854775808]", "1:20: cannot be read as JSON: too big "
				      "integer near '9223372036854775808'"},
	    {"[NaN]", "1:4: cannot be read as JSON: invalid token near 'NaN'"},
	};
	char expected[sizeof(why)];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		snprintf(expected, sizeof(expected), ":%s", cases[i].why);
		refuses(cases[i].json, expected);
	}
}

TEST(a_file_that_is_cut_off_anywhere_is_refused)
{
	char *text;
	size_t size;

	made_comparison(&made, 2);
	text = text_of(&made);
	size = strlen(text);
	comparison_release(&made);
	for (size_t i = 1; i < size - 1; i += 1009) {
		assert_int_equal(read_bytes(&again, text, i), -1);
		assert_non_null(strstr(why, "cannot be read as JSON: "));
	}
	free(text);
}

/* Neither the reader's stack nor its places are without an end. */
TEST(deep_levels_are_refused)
{
	char *text = malloc(200000);

	memset(text, '[', 200000);
	assert_int_equal(read_bytes(&again, text, 200000), -1);
	assert_non_null(strstr(why, "maximum parsing depth"));
	free(text);
}

/* EACH, with its number for a #, COUNT times. */
static char *
repeated(const char *before, const char *each, int count, const char *after)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(before, out);
	for (int i = 0; i < count; i++) {
		fputs(i ? "," : "", out);
		for (const char *c = each; *c; c++)
			*c == '#' ? fprintf(out, "%d", i) : putc(*c, out);
	}
	fputs(after, out);
	fclose(out);
	return text;
}

#define SERVERS "{\"schema\":\"perconn.compare/1\",\"servers\":["
#define SCENARIOS SERVERS "{\"name\":\"a\"}],\"scenarios\":["
#define POINTS SCENARIOS "{\"better\":\"lower\",\"points\":["
#define VALUES                                    \
	POINTS "{\"results\":[{\"server\":\"a\"," \
	       "\"values_by_block\":["

TEST(more_than_there_is_room_for_is_refused)
{
	static const struct {
		const char *before, *each;
		int max;
		const char *after, *place;
	} cases[] = {
	    {SERVERS, "{\"name\":\"#\"}", SERVERS_MAX, "]}", ".servers"},
	    {SCENARIOS, "{\"better\":\"lower\",\"to come\":#}", SCENARIOS_MAX,
		"]}", ".scenarios"},
	    {POINTS, "{\"to come\":#}", POINTS_MAX, "]}]}",
		".scenarios[0].points"},
	    {VALUES, "#", RANK_MAX, "]}]}]}]}",
		POINT ".results[0].values_by_block"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char expected[200], *text;

		text = repeated(cases[i].before, cases[i].each, cases[i].max,
		    cases[i].after);
		assert_int_equal(read_text(&again, text), 0);
		comparison_release(&again);
		free(text);
		text = repeated(cases[i].before, cases[i].each,
		    cases[i].max + 1, cases[i].after);
		snprintf(expected, sizeof(expected),
		    ": %s is not an array of at most %d", cases[i].place,
		    cases[i].max);
		refuses(text, expected);
		free(text);
	}
}

/* Each place is told, and what stands there cannot fill the reason. */
TEST(a_long_key_does_not_hide_the_reason)
{
	char *text = repeated(POINTS "{\"at\":{\"", "k#", 3000, "\":[]}}]}]}");

	assert_int_equal(read_text(&again, text), -1);
	assert_non_null(strstr(why, " is not a number or null"));
	free(text);
}

TEST(a_file_that_is_not_there_is_named)
{
	assert_int_equal(
	    comparison_json_read(&again, "/nowhere/x.json", why, sizeof(why)),
	    -1);
	assert_string_equal(why, "/nowhere/x.json: No such file or directory");
	assert_int_equal(
	    comparison_json_read(&again, "/", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "/: Is a directory"));
}

RUN_TESTS(NULL, NULL)
