/* SPDX-License-Identifier: MIT */
/* custom_scenario: from options to words, points and a metric. */
#include "common/cli/custom_scenario.h"

#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/compare/metric.h"
#include "common/format/figures.h"
#include "common/verdict/comparison.h"

/* The scenario, and what it points to. */
static struct {
	struct scenario scenario;
	struct variation points[POINTS_MAX + 1];
	char load[sizeof(((struct scenario_result *)0)->load)];
	char options[40];
} custom;

static void
check(const struct question *question)
{
	const struct protocol *p = question->protocol;
	const struct rate_list *rates = &question->rates;

	if (p->chat)
		usage_error("--protocol %s: compare cannot load a chat room; "
			    "`client load` can, one server at a time",
		    p->name);
	if (rates->count > POINTS_MAX)
		usage_error("--rate: compare takes %d rates at most, not %zu",
		    POINTS_MAX, rates->count);
	for (size_t i = 0; i < rates->count; i++) {
		if (rates->rates[i] < METRIC_LATENCY_RATE_LEAST)
			usage_error("--rate %llu: compare needs %d or more, "
				    "because a 99th percentile takes many "
				    "replies",
			    (unsigned long long)rates->rates[i],
			    METRIC_LATENCY_RATE_LEAST);
	}
}

/* ", GET /index.html" or ", 4,096 bytes"; nothing of counter, whose requests
 * are all alike. */
static void
describe_request(const struct question *question, char *buf, size_t size)
{
	const struct protocol *p = question->protocol;
	char number[FIGURE_SIZE];

	buf[0] = '\0';
	figure_number(number, sizeof(number), (double)question->size);
	if (p->sized)
		snprintf(buf, size, ", %s byte%s", number,
		    question->size == 1 ? "" : "s");
	else if (p->path) {
		strcpy(buf, ", ");
		http_plan_describe(
		    &question->http.plan, question->path, buf + 2, size - 2);
	}
}

static void
describe(const struct question *question, bool churn)
{
	uint64_t n = question->connections;
	char number[FIGURE_SIZE], request[240];
	char *load = custom.load;
	const size_t size = sizeof(custom.load);

	figure_number(number, sizeof(number), (double)n);
	describe_request(question, request, sizeof(request));
	load[0] = '\0';
	if (churn)
		text_append(load, size,
		    "a connection for each request, %s at once", number);
	else
		text_append(load, size, "%s kept connection%s", number,
		    n == 1 ? "" : "s");
	text_append(load, size, ", %s%s%s%s", question->protocol->name,
	    question->insecure ? " over TLS, any certificate"
	    : question->tls    ? " over TLS"
			       : "",
	    request, question->rates.count ? ", on a schedule" : "");
}

/* A point for each rate. */
static void
add_rates(const struct rate_list *rates)
{
	for (size_t i = 0; i < rates->count; i++)
		custom.points[i] = (struct variation){
		    .key = "rate", .rate = (double)rates->rates[i]};
	custom.scenario.variations = custom.points;
	custom.scenario.measure = &METRIC_LATENCY;
	custom.scenario.metric = "99th percentile of the response time";
	custom.scenario.unit = "us";
	custom.scenario.higher_is_better = false;
}

const struct scenario *
custom_scenario(struct question *question)
{
	const struct protocol *p;
	bool churn;

	question_complete(question);
	check(question);
	if (question->insecure)
		log_warn(CLI_INSECURE_WARNING);
	p = question->protocol;
	churn = question->churn || p->closes;
	describe(question, churn);
	if (p->service)
		snprintf(custom.options, sizeof(custom.options), "--service %s",
		    p->service);
	custom.scenario = (struct scenario){
	    .name = SCENARIO_CUSTOM,
	    .question = "Which server is better under this load?",
	    .load = custom.load,
	    .metric = "requests",
	    .unit = "requests/s",
	    .per_request = 1,
	    .higher_is_better = true,
	    .measure = &METRIC_THROUGHPUT,
	    .protocol = p->name,
	    .path = question->path,
	    .http = &question->http.plan,
	    .tls = question->tls || question->insecure,
	    .insecure = question->insecure,
	    .churn = churn,
	    .connections = (uint32_t)question->connections,
	    .size = question->size,
	    .timeout_ns = question->timeout_ns,
	    .options = custom.options,
	};
	if (question->rates.count)
		add_rates(&question->rates);
	return &custom.scenario;
}
