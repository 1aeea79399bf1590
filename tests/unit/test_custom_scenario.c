/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/cli/custom_scenario.h"
#include "common/compare/compare.h"
#include "common/compare/metric.h"
#include "common/compare/scenario_points.h"
#include "common/load/protocol_table.h"
#include "common/service/services.h"

static struct load_point points[POINTS_MAX];
static size_t count;
static struct cpu_placement placement;

static const struct scenario *
ask(struct question question)
{
	const struct scenario *s = custom_scenario(&question);
	char note[400];

	count = scenario_expand(s, &placement, 3, points, note, sizeof(note));
	return s;
}

TEST(without_options_it_is_what_load_does)
{
	const struct scenario *s = ask((struct question){0});

	assert_string_equal(s->name, "custom");
	assert_string_equal(s->load, "16 kept connections, echo, 64 bytes");
	assert_string_equal(s->protocol, "echo");
	assert_int_equal(s->size, 64);
	assert_int_equal(s->timeout_ns, 5 * NS_PER_S);
	assert_ptr_equal(s->measure, &METRIC_THROUGHPUT);
	assert_int_equal(count, 1);
	assert_int_equal(points[0].connections, 16);
	assert_string_equal(points[0].options, "");
	assert_false(points[0].churn);
}

TEST(each_rate_is_a_point)
{
	const struct scenario *s = ask((struct question){.connections = 1,
	    .churn = 1,
	    .rates = {.count = 2, .rates = {1000, 50000}}});
	struct compare_plan plan = {.server_count = 2};
	char text[LOAD_POINT_TEXT];

	assert_ptr_equal(s->measure, &METRIC_LATENCY);
	assert_string_equal(s->load,
	    "a connection for each request, 1 at once, "
	    "echo, 64 bytes, on a schedule");
	assert_int_equal(count, 2);
	assert_true(points[0].rate == 1000 && points[1].rate == 50000);
	assert_true(points[0].share == 0 && points[0].churn);
	assert_string_equal(load_point_format(&points[1], text, sizeof(text)),
	    "rate=50000;load=a connection for each request, 1 at once, echo, "
	    "64 bytes, on a schedule");
	/* Two slices of 0.55 s have 1,000 replies at 1,000/s. */
	compare_plan_pace(&plan, false);
	assert_true(s->measure->seconds(&plan, &points[0]) >
		    4 * s->measure->seconds(&plan, &points[1]));
}

/* Of our servers: that of each protocol, or none, which is echo. */
TEST(the_service_speaks_the_protocol)
{
	for (const struct protocol *const *p = PROTOCOL_TABLE; *p; p++) {
		const char *service = (*p)->service;
		uint64_t argument;
		char options[60];

		if ((*p)->chat)
			continue;
		ask((struct question){.protocol = *p});
		snprintf(options, sizeof(options), "%s%s",
		    service ? "--service " : "", service ? service : "");
		assert_string_equal(points[0].options, options);
		if (service)
			assert_non_null(services_find(service, &argument));
		else
			assert_string_equal((*p)->name, "echo");
		assert_int_equal(points[0].churn, (*p)->closes);
	}
}

TEST(the_words_name_what_is_asked)
{
	assert_string_equal(ask((struct question){.connections = 2000,
				    .protocol = protocol_find("http"),
				    .path = "/a.html"})
				->load,
	    "2,000 kept connections, http, GET /a.html");
	assert_string_equal(ask((struct question){.connections = 3,
				    .churn = 1,
				    .protocol = protocol_find("http")})
				->load,
	    "a connection for each request, 3 at once, http, GET /");
	assert_string_equal(ask((struct question){.connections = 1,
				    .protocol = protocol_find("ws"),
				    .size = 1})
				->load,
	    "1 kept connection, ws, 1 byte");
	assert_string_equal(
	    ask((struct question){.protocol = protocol_find("counter")})->load,
	    "16 kept connections, counter");
}

RUN_TESTS(NULL, NULL)
