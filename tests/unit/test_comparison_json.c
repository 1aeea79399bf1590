/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/report/comparison_json_writer.h"
#include "common/report/comparison_json_reader.h"
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

/* 0 or -1 with WHY. */
static int
read_text(struct comparison *out, char *text)
{
	struct json_document doc;
	int bad;

	if (json_parse(&doc, text, strlen(text)) < 0) {
		snprintf(why, sizeof(why), "%u: %s", doc.line, doc.why);
		return -1;
	}
	bad = comparison_of_json(out, &doc, why, sizeof(why));
	json_release(&doc);
	return bad;
}

static void
refuses(const char *json, const char *words)
{
	char *text = strdup(json);

	assert_int_equal(read_text(&again, text), -1);
	if (!strstr(why, words))
		print_error("\"%s\" is not in \"%s\"\n", words, why);
	assert_non_null(strstr(why, words));
	free(text);
}

/* NAN is like NAN here, whatever its bits. */
static void
same_numbers(const double *a, const double *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (isnan(a[i]))
			assert_true(isnan(b[i]));
		else
			assert_true(a[i] == b[i]);
	}
}

static void
same_finding(const struct server_result *a, const struct server_result *b)
{
	assert_int_equal(a->blocks, b->blocks);
	same_numbers(a->values, b->values, a->blocks);
	same_numbers(a->ratios, b->ratios, a->blocks);
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
	same_numbers(&a->client_us, &b->client_us, 3);
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

static void
what_is_written_is_read_again(void **state)
{
	char *text;

	(void)state;
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

static void
and_written_again_it_is_the_same_text(void **state)
{
	char *first, *kept, *second;

	(void)state;
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

static void
the_contracts_keys_alone_are_enough(void **state)
{
	char text[] =
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

	(void)state;
	assert_int_equal(read_text(&again, text), 0);
	assert_int_equal(again.before.cpus, 2);
	assert_true(isnan(again.before.load_average));
	found = again.scenarios[0].points[0].results;
	assert_false(found[0].usable);
	assert_true(isnan(found[0].value.value));
	assert_true(found[1].usable && found[1].value.low == 80);
	assert_int_equal(found[1].verdict, SLOWER);
	assert_true(isnan(found[1].latency.p50));
	assert_true(isnan(found[1].usage.user_us));
	assert_true(found[1].usage.cpu_us == 7.5);
	assert_false(found[2].usable);
	comparison_release(&again);
}

#define WITH_SERVERS(rest)                     \
	"{\"schema\":\"perconn.compare/1\",\n" \
	"\"servers\":[{\"name\":\"a\"}]," rest "}"
#define WITH_SCENARIO(rest)                                                   \
	WITH_SERVERS("\n\"scenarios\":[{\"name\":\"x\",\"better\":\"lower\"," \
		     "\n" rest "}]")

static void
what_does_not_fit_is_refused_with_its_line(void **state)
{
	(void)state;
	refuses("[]", "1: \"schema\" is not \"perconn.compare/1\"");
	refuses("{\"schema\":\"perconn.load/1\"}", "\"schema\" is not");
	refuses("{\"schema\":\"perconn.compare/1\"}", "\"servers\" is not");
	refuses(WITH_SERVERS("\n\n\"seed\":-1"), "4: \"seed\" is not a whole");
	refuses(WITH_SERVERS("\"seed\":1.5"), "\"seed\" is not a whole");
	refuses(WITH_SERVERS("\"seed\":18446744073709551616"), "\"seed\"");
	refuses(WITH_SERVERS("\"quick\":1"), "\"quick\" is not true or false");
	refuses(WITH_SERVERS("\"delta\":\"3\""), "\"delta\" is not a number");
	refuses(WITH_SERVERS("\"scenarios\":{}"), "not an array");
	refuses(WITH_SERVERS("\"scenarios\":[{}]"), "\"better\"");
	refuses(WITH_SERVERS("\"scenarios\":[1]"), "\"better\"");
	refuses(WITH_SCENARIO("\"points\":[{\"at\":[1]}]"),
	    "4: \"at\" is not an object");
	refuses(
	    WITH_SCENARIO("\"points\":[{\"results\":[{\"server\":\"b\"}]}]"),
	    "\"server\" is not one of the servers");
	refuses(WITH_SCENARIO("\"points\":[{\"results\":[{\"server\":\"a\","
			      "\"verdict\":\"best\"}]}]"),
	    "\"verdict\" is not one of");
	refuses(WITH_SCENARIO("\"points\":[{\"results\":[{\"server\":\"a\","
			      "\"errors_by_name\":[1]}]}]"),
	    "\"errors_by_name\" is not an object");
	refuses(WITH_SCENARIO("\"points\":[{\"results\":[{\"server\":\"a\","
			      "\"latency_curve\":{\"percent\":[1,2],\"us\":"
			      "[1]}}]}]"),
	    "two arrays of one length");
	refuses(WITH_SCENARIO("\"points\":[{\"at\":{\"\\u001b[31m\":[]}}]"),
	    "\"\\x1b[31m\" is not a number");
}

static void
more_than_there_is_room_for_is_refused(void **state)
{
	char text[20000], *at = text;

	(void)state;
	at += sprintf(at, "{\"schema\":\"perconn.compare/1\",\"servers\":[");
	for (int i = 0; i <= SERVERS_MAX; i++)
		at += sprintf(at, "%s{\"name\":\"%d\"}", i ? "," : "", i);
	sprintf(at, "]}");
	refuses(text, "\"servers\" is not so long an array");
	at = text + sprintf(text, "{\"schema\":\"perconn.compare/1\","
				  "\"servers\":[{\"name\":\"a\"}],"
				  "\"scenarios\":[");
	for (int i = 0; i <= SCENARIOS_MAX; i++)
		at += sprintf(at, "%s{\"better\":\"lower\"}", i ? "," : "");
	sprintf(at, "]}");
	refuses(text, "\"scenarios\" is not so long an array");
	at = text + sprintf(text, "{\"schema\":\"perconn.compare/1\","
				  "\"servers\":[{\"name\":\"a\"}],"
				  "\"scenarios\":[{\"better\":\"lower\","
				  "\"points\":[");
	for (int i = 0; i <= POINTS_MAX; i++)
		at += sprintf(at, "%s{}", i ? "," : "");
	sprintf(at, "]}]}");
	refuses(text, "\"points\" is not so long an array");
	at = text + sprintf(text, "{\"schema\":\"perconn.compare/1\","
				  "\"servers\":[{\"name\":\"a\"}],"
				  "\"scenarios\":[{\"better\":\"lower\","
				  "\"points\":[{\"results\":[{\"server\":"
				  "\"a\",\"values_by_block\":[");
	for (int i = 0; i <= RANK_MAX; i++)
		at += sprintf(at, "%s1", i ? "," : "");
	sprintf(at, "]}]}]}]}");
	refuses(text, "\"values_by_block\" is not so long an array");
}

static void
a_file_that_is_not_there_is_named(void **state)
{
	(void)state;
	assert_int_equal(
	    comparison_json_read(&again, "/nowhere/x.json", why, sizeof(why)),
	    -1);
	assert_string_equal(why, "/nowhere/x.json: No such file or directory");
	assert_int_equal(
	    comparison_json_read(&again, "/", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "/: Is a directory"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read_again),
	    cmocka_unit_test(and_written_again_it_is_the_same_text),
	    cmocka_unit_test(the_contracts_keys_alone_are_enough),
	    cmocka_unit_test(what_does_not_fit_is_refused_with_its_line),
	    cmocka_unit_test(more_than_there_is_room_for_is_refused),
	    cmocka_unit_test(a_file_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
