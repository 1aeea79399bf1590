/* SPDX-License-Identifier: MIT */
/* load_options: the table of options, and what does not go together. */
#include "common/cli/load_options.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/base/hint.h"
#include "common/base/log.h"
#include "common/base/units.h"
#include "common/chatload/chat_load.h"
#include "common/chatload/chat_message.h"
#include "common/load/protocol_table.h"
#include "common/sysinfo/cpu_placement.h"

#define INTERVAL_MIN (10 * NS_PER_MS)
#define INTERVAL_MAX (3600 * NS_PER_S)
#define INTERVAL_WORDS                                                  \
	"a duration from 10ms to 1h, and after a colon a file (1s, or " \
	"1s:series.json)"

static void
hint_source(const void *config, const char *text, char *why, size_t size)
{
	const char *colon = strchr(text, ':');

	(void)config;
	if (strpbrk(text, "[]"))
		snprintf(why, size, "write it without brackets");
	else if (colon && colon == strrchr(text, ':'))
		snprintf(why, size, "write it without a port");
	else if (text[strspn(text, "0123456789.,-:abcdefABCDEF/")])
		snprintf(why, size, "host names are not accepted");
	else if (strchr(text, '/'))
		snprintf(why, size, "write a range as FIRST-LAST");
}

static int
parse_source(void *config, const char *text)
{
	struct load_options *c = config;

	return address_list_parse(&c->sources, text);
}

/* D or D:FILE. */
static int
parse_interval(void *config, const char *text)
{
	struct load_options *c = config;
	size_t len = strcspn(text, ":");
	char word[32];

	if (len >= sizeof(word) || strcmp(text + len, ":") == 0)
		return -1;
	c->interval = text;
	memcpy(word, text, len);
	word[len] = '\0';
	c->series = text[len] ? text + len + 1 : "-";
	return parse_duration(word, &c->interval_ns) < 0 ||
		       c->interval_ns < INTERVAL_MIN ||
		       c->interval_ns > INTERVAL_MAX
		   ? -1
		   : 0;
}

static void
hint_interval(const void *config, const char *text, char *why, size_t size)
{
	size_t len = strcspn(text, ":");

	(void)config;
	if (!hint_part(QUANTITY_DURATION, text, 0, len, INTERVAL_MIN,
		INTERVAL_MAX, why, size))
		snprintf(why, size, "the FILE after the colon is missing");
}

#define AT(field) offsetof(struct load_options, field)

static const struct option_spec LOAD_OPTIONS[] = {
    QUESTION_OPTIONS(load_options, question),
    {'d', "duration", "D", "time in which requests are sent (default 5s)",
	OPTION_DURATION, .offset = AT(duration_ns), .min = NS_PER_MS,
	.max = 86400 * NS_PER_S},
    {'n', "requests", "N",
	"number of requests to send; with --duration, the load ends with the "
	"first of the two",
	OPTION_COUNT, .offset = AT(requests), .min = 1, .max = UINT64_MAX / 2},
    {0, "placement", "WHERE",
	"split: client and server each on a CPU of its own; shared: both on "
	"one CPU; free: as the kernel decides (default free)",
	OPTION_CHOICE, .offset = AT(cpus.placement),
	.allowed = CPU_PLACEMENT_WORDS},
    CPU_OPTIONS(load_options, cpus),
    {0, "source", "ADDRESS",
	"connect from these addresses in turn: A,B,... or FIRST-LAST; may be "
	"repeated (default: as the kernel chooses)",
	OPTION_CALL, .allowed = ADDRESS_LIST_WORDS, .parse = parse_source,
	.hint = hint_source},
    {0, "json", "FILE", "write the result as JSON to FILE (-: standard output)",
	OPTION_TEXT, .offset = AT(json)},
    {0, "histogram", "FILE",
	"write the latencies in us to FILE as HdrHistogram's percentile text "
	"(-: standard output)",
	OPTION_TEXT, .offset = AT(histogram)},
    {0, "interval", "D[:FILE]",
	"write a time series: every D (10ms to 1h), a line of JSON that says "
	"what happened in it, to FILE or standard output",
	OPTION_CALL, .allowed = INTERVAL_WORDS, .parse = parse_interval,
	.hint = hint_interval},
    {0, "trace", "FILE",
	"record in FILE when each request was due, sent and answered, for "
	"`client trace` (the newest 64 Ki events)",
	OPTION_TEXT, .offset = AT(trace)},
    CLI_TLS_OPTIONS(load_options, tls),
    {0},
};

#undef AT

/* Where the results go. */
static void
check_outputs(const struct load_options *config)
{
	if (config->histogram && config->question.rates.count > 1)
		usage_error(
		    "--histogram %.200s: works with one --rate, not with %zu",
		    config->histogram, config->question.rates.count);
	if (output_is_stdout(config->histogram) &&
	    (output_is_stdout(config->json) ||
		output_is_stdout(config->series)))
		usage_error("--histogram -: --%s writes to standard output "
			    "already: name a file",
		    output_is_stdout(config->json) ? "json" : "interval");
	cli_refuse_one_file(
	    "histogram", config->histogram, "json", config->json);
	cli_refuse_one_file("interval", config->series, "json", config->json);
	cli_refuse_one_file(
	    "interval", config->series, "histogram", config->histogram);
	if (config->series && config->question.protocol->chat)
		usage_error("--interval %.200s: does not work with --protocol "
			    "%s",
		    config->interval, config->question.protocol->name);
}

static void
check_trace(const struct load_options *config)
{
	if (!config->trace)
		return;
	if (strcmp(config->trace, "-") == 0)
		usage_error("--trace -: must be a file, because it is mapped");
	if (config->question.rates.count > 1)
		usage_error(
		    "--trace %.200s: works with one --rate, not with %zu",
		    config->trace, config->question.rates.count);
	if (config->question.protocol->chat)
		usage_error("--trace %.200s: does not work with --protocol %s",
		    config->trace, config->question.protocol->name);
	cli_refuse_one_file("trace", config->trace, "json", config->json);
	cli_refuse_one_file(
	    "trace", config->trace, "histogram", config->histogram);
	cli_refuse_one_file("trace", config->trace, "interval", config->series);
}

static void
check_threads(const struct load_options *config)
{
	const struct protocol *p = config->question.protocol;

	if (p->chat && config->cpus.client &&
	    config->placement.client_cpus.count > 1)
		usage_error("--client-cpus %.200s: --protocol %s uses one "
			    "thread: name one CPU",
		    config->cpus.client, p->name);
}

/* Whether connections to the target can come from there. */
static void
check_sources(const struct load_options *config, const struct target *target)
{
	const struct address_list *sources = &config->sources;
	const struct address *bad = sources->addresses;
	char text[ADDRESS_TEXT_MAX];

	if (!sources->count)
		return;
	if (config->question.protocol->chat)
		usage_error("--source %s: does not work with --protocol %s",
		    address_list_format(bad, text),
		    config->question.protocol->name);
	if (target->address.any.sa_family == AF_UNIX)
		usage_error("--source %s: does not work with a unix: TARGET",
		    address_list_format(bad, text));
	if (target->address.any.sa_family != bad->any.sa_family)
		usage_error("--source %s: the TARGET is IPv%d; name addresses "
			    "of that family",
		    address_list_format(bad, text),
		    target->address.any.sa_family == AF_INET ? 4 : 6);
	if (address_list_check(sources, &bad) < 0)
		die(1, "--source %s: %s%s", address_list_format(bad, text),
		    strerror(errno),
		    errno == EADDRNOTAVAIL
			? "; name addresses of this machine (`ip address` "
			  "lists them)"
			: "");
}

/* What the target does not take, or a room. */
static void
check_load(const struct load_plan *plan)
{
	const struct protocol *p = plan->protocol;

	if (plan->target.kind == TARGET_UDP && !p->datagrams)
		usage_error("--protocol %s: does not work over udp:", p->name);
	if (plan->target.kind == TARGET_UDP &&
	    plan->size > SESSION_DATAGRAM_MAX)
		usage_error("--size %llu: a datagram holds %d bytes at most",
		    (unsigned long long)plan->size, SESSION_DATAGRAM_MAX);
	if (p->chat && plan->connections < CHAT_LOAD_MEMBERS_MIN)
		usage_error("--connections %u: --protocol %s needs %d or more",
		    plan->connections, p->name, CHAT_LOAD_MEMBERS_MIN);
	if (p->chat &&
	    (plan->size < CHAT_MESSAGE_MIN || plan->size > CHAT_MESSAGE_MAX))
		usage_error("--size %llu: --protocol %s takes %zu to %zu",
		    (unsigned long long)plan->size, p->name, CHAT_MESSAGE_MIN,
		    CHAT_MESSAGE_MAX);
}

#define URL_FORM "a URL such as http://HOST/PATH"

/* Without the password that it may have. */
static void __attribute__((noreturn))
refuse_url(const char *text, const char *why)
{
	const char *host = strstr(text, "//") + 2;
	const char *at = memrchr(host, '@', strcspn(host, "/?#"));

	usage_error("%.*s%s%.200s: %s", at ? (int)(host - text) : 0, text,
	    at ? "..." : "", at ? at : text, why);
}

/* What the URL TEXT says of the question. */
static void
take_url(const char *text, struct load_options *config)
{
	struct question *question = &config->question;
	struct web_url *url = &config->url;
	const struct protocol *p;
	char why[300];

	if (web_url_parse(text, url, why, sizeof(why)) < 0)
		refuse_url(text, why);
	p = url->websocket ? &protocol_ws : &protocol_http;
	if (question->protocol && question->protocol != p)
		usage_error("--protocol %s: the TARGET %.200s is for %s",
		    question->protocol->name, text, p->name);
	if (question->path && url->has_path)
		usage_error("--path %.200s: the TARGET %.200s has a path "
			    "already; leave one of them out",
		    question->path, text);
	question->protocol = p;
	if (!question->path)
		question->path = url->path;
}

static struct target
resolve(const char *text, const struct web_url *url)
{
	struct target target;
	char why[HINT_MAX + 128];
	int bad = target_resolve(
	    url->path ? url->address : text, &target, why, sizeof(why));

	if (bad && errno == EINVAL && !url->path)
		usage_error("%s: %s, or " URL_FORM, text[0] ? text : "''", why);
	if (bad)
		die(errno == EINVAL ? 2 : 1, "%s: %s", text, why);
	if (url->path)
		snprintf(target.authority, sizeof(target.authority), "%s",
		    url->authority);
	return target;
}

const char *
load_options_read(
    int argc, char **argv, struct load_options *config, struct load_plan *plan)
{
	static const struct option_set set = {"load TARGET [options]",
	    "Sends requests to one server on many connections and checks every "
	    "byte of the replies.\n"
	    "TARGET is " TARGET_FORMS ", or " URL_FORM ".",
	    LOAD_OPTIONS, NULL};
	struct question *question = &config->question;
	uint64_t port;
	int i;

	*config = (struct load_options){
	    .cpus = CPU_OPTIONS_NONE,
	};
	i = options_parse(&set, config, argc, argv);
	if (argc - i < 1)
		usage_error(
		    "load: the TARGET is missing, such as localhost:7007");
	if (argc - i > 1)
		usage_error("load: takes one TARGET; %.200s is %s", argv[i + 1],
		    parse_count(argv[i + 1], &port) == 0
			? "a port: write HOST:PORT, with a colon"
			: "a second one");
	if (web_url_is(argv[i]))
		take_url(argv[i], config);
	question_complete(question);
	*plan = (struct load_plan){
	    .target = resolve(argv[i], &config->url),
	    .protocol = question->protocol,
	    .connections = (uint32_t)question->connections,
	    .path = question->path,
	    .http = &question->http.plan,
	    .churn = question->churn,
	    .sources = config->sources.addresses,
	    .source_count = config->sources.count,
	    .size = question->size,
	    .timeout_ns = question->timeout_ns,
	};
	plan->churn = load_plan_churns(plan);
	check_load(plan);
	check_outputs(config);
	check_trace(config);
	check_sources(config, &plan->target);
	cpu_options_place(
	    &config->placement, &config->cpus, CPU_PLACEMENT_FREE);
	check_threads(config);
	if (!config->duration_ns)
		config->duration_ns = config->requests ? NEVER : 5 * NS_PER_S;
	if (!config->requests)
		config->requests = UINT64_MAX;
	return argv[i];
}

void
load_options_release(struct load_options *config)
{
	address_list_release(&config->sources);
	question_release(&config->question);
	web_url_release(&config->url);
}

FILE *
load_options_words(const struct load_options *config)
{
	return output_is_stdout(config->json) ||
		       output_is_stdout(config->series) ||
		       output_is_stdout(config->histogram)
		   ? stderr
		   : stdout;
}
