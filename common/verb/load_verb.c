/* SPDX-License-Identifier: MIT */
/* load: one load run on one target. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/units.h"
#include "common/load/engine.h"
#include "common/load/placement.h"
#include "common/load/owner.h"
#include "common/load/procs.h"
#include "common/load/room.h"
#include "common/net/tls_client.h"
#include "common/report/load_report.h"
#include "common/verb/verb.h"

struct load_config {
	const struct protocol *protocol;
	uint64_t connections, requests, duration_ns, rate, size, timeout_ns;
	int churn, placement;
	const char *json, *path;
	struct tls_config tls;
};

static int
parse_protocol(void *config, const char *text)
{
	struct load_config *c = config;

	c->protocol = protocol_find(text);
	return c->protocol ? 0 : -1;
}

#define AT(field) offsetof(struct load_config, field)

static const struct option_spec LOAD_OPTIONS[] = {
    {'c', "connections", "N", "at once (default 16)", OPTION_COUNT,
	.offset = AT(connections), .min = 1, .max = 1000000},
    {'d', "duration", "D", "how long (default 5s)", OPTION_DURATION,
	.offset = AT(duration_ns), .min = NS_PER_MS, .max = 86400 * NS_PER_S},
    {'n', "requests", "N", "how many, instead of how long", OPTION_COUNT,
	.offset = AT(requests), .min = 1, .max = UINT64_MAX / 2},
    {'r', "rate", "R",
	"requests/s on a schedule (open loop): latency\n"
	"counts from when a request was due",
	OPTION_COUNT, .offset = AT(rate), .min = 1, .max = 100000000},
    {'s', "size", "BYTES", "of a request (default 64)", OPTION_SIZE,
	.offset = AT(size), .min = 1, .max = 256 << 20},
    {0, "churn", NULL, "a new connection for each request", OPTION_FLAG,
	.offset = AT(churn)},
    {'p', "protocol", "NAME", "see `client list` (default echo)", OPTION_CALL,
	.allowed = "a protocol from `client list`", .parse = parse_protocol},
    {0, "path", "PATH", "of http (default /) and ws (default /echo)",
	OPTION_TEXT, .offset = AT(path)},
    {0, "timeout", "D", "for one request (default 5s)", OPTION_DURATION,
	.offset = AT(timeout_ns), .min = TIMEOUT_MIN, .max = TIMEOUT_MAX},
    {0, "placement", "WHERE",
	"split: client and server on a CPU each;\n"
	"shared: on one; free (default)",
	OPTION_CHOICE, .offset = AT(placement), .allowed = PLACEMENT_WORDS},
    {0, "json", "FILE", "write the result as JSON (- is stdout)", OPTION_TEXT,
	.offset = AT(json)},
    TLS_OPTIONS(load_config, tls),
    {0},
};

static void
show_load(void *context, const struct load_result *so_far, uint64_t elapsed_ns)
{
	char number[32];

	(void)context;
	fprintf(stderr, "\r\033[K%5.1f s  %s requests, %llu bad",
	    (double)elapsed_ns / 1e9,
	    format_number(number, sizeof(number), (double)so_far->ok),
	    (unsigned long long)(so_far->wrong + so_far->timed_out +
				 so_far->failed));
	fflush(stderr);
}

/* Returns how the server is linked, or NULL if it is none of this machine. */
static const char *
place(struct placement *placement, enum placement_kind kind,
    const struct target *target)
{
	pid_t pid = listener_pid(&target->address, target->kind == TARGET_UDP);
	const char *image = pid ? procs_image(pid) : NULL;

	placement_choose(placement, kind);
	if (placement->kind != kind)
		log_warn("one CPU only: client and server share it");
	if (placement->kind == PLACEMENT_FREE)
		return image;
	if (!pid || placement_of_server(placement, pid) < 0)
		log_warn("the server is not one that can be placed from here; "
			 "the client alone is");
	placement_of_client(placement);
	return image;
}

/* What does not go together. */
static void
check_load(const struct load_config *config, const struct load_plan *plan)
{
	const struct protocol *p = plan->protocol;

	if (plan->target.kind == TARGET_UDP && !p->datagrams)
		usage_error(
		    "--protocol %s: not over udp:, it is a stream's", p->name);
	if (plan->target.kind == TARGET_UDP &&
	    plan->size > SESSION_DATAGRAM_MAX)
		usage_error("--size %llu: a datagram holds %d bytes at most",
		    (unsigned long long)plan->size, SESSION_DATAGRAM_MAX);
	if (plan->target.kind == TARGET_TLS && p->room)
		usage_error(
		    "--protocol %s: not over tls:, only in clear", p->name);
	if (config->size && !p->sized)
		usage_error("--size %llu: requests of --protocol %s have "
			    "their own size",
		    (unsigned long long)config->size, p->name);
	if (config->path && !p->path)
		usage_error("--path %.200s: only for --protocol http and ws",
		    config->path);
	if (config->path &&
	    (config->path[0] != '/' || strpbrk(config->path, " \t\r\n")))
		usage_error("--path %.200s: allowed is a path that begins "
			    "with / and has no space",
		    config->path);
}

/* Fills CONFIG and PLAN, and returns the target as the user wrote it. */
static const char *
read_load(
    int argc, char **argv, struct load_config *config, struct load_plan *plan)
{
	static const struct option_set set = {"client load TARGET [options]",
	    "Loads one server and checks every byte that comes back.\n"
	    "TARGET is " TARGET_FORMS ".",
	    LOAD_OPTIONS, NULL};
	int i = options_parse(&set, config, argc, argv);

	if (argc - i != 1)
		usage_error("load: takes one TARGET");
	*plan = (struct load_plan){
	    .target = resolve(argv[i]),
	    .protocol = config->protocol,
	    .connections = (uint32_t)config->connections,
	    .path = config->path ? config->path : config->protocol->path,
	    .churn = config->churn,
	    .rate = (double)config->rate,
	    .size = config->size ? config->size : 64,
	    .timeout_ns = config->timeout_ns,
	};
	plan->churn = load_plan_churns(plan);
	check_load(config, plan);
	if (!config->duration_ns)
		config->duration_ns = config->requests ? NEVER : 5 * NS_PER_S;
	if (!config->requests)
		config->requests = UINT64_MAX;
	return argv[i];
}

/* The server is not left where it was put. */
static _Noreturn void
die_placed(struct placement *placement, int status, const char *why)
{
	placement_undo(placement);
	die(status, "cannot load: %s", why);
}

/* Returns how many seconds it took. */
static double
run_room(const struct load_config *config, const struct load_plan *plan,
    struct placement *placement, struct load_result *result)
{
	bool live = isatty(STDERR_FILENO);
	struct room_plan room = {
	    .load = plan,
	    .duration_ns = config->duration_ns,
	    .requests = config->requests,
	    .stop = &interrupted,
	    .progress = live ? show_load : NULL,
	};
	char why[200];

	if (result_init(result) < 0)
		die_placed(placement, 1, strerror(errno));
	if (room_run(&room, result, why, sizeof(why)) < 0)
		die_placed(placement, errno == EINVAL ? 2 : 1, why);
	if (live)
		fprintf(stderr, "\r\033[K");
	return (double)result->wall_ns / 1e9;
}

/* Returns how many seconds it took. */
static double
run_load(const struct load_config *config, struct load_plan *plan,
    struct placement *placement, struct load_result *result)
{
	bool live = isatty(STDERR_FILENO);
	struct engine engine;
	char why[200];
	double seconds;
	uint64_t start;

	if (result_init(result) < 0)
		die_placed(placement, 1, strerror(errno));
	if (engine_open(&engine, plan, why, sizeof(why)) < 0)
		die_placed(placement, 1, why);
	plan->size = engine.plan.size;
	engine.stop = &interrupted;
	engine.progress = live ? show_load : NULL;
	engine_connect(&engine);
	start = now_ns();
	engine_run(&engine, config->duration_ns, config->requests, result);
	seconds = (double)(now_ns() - start) / 1e9;
	engine_finish(&engine, result);
	engine_close(&engine);
	if (live)
		fprintf(stderr, "\r\033[K");
	return seconds;
}

int
load_verb(int argc, char **argv)
{
	struct load_config config = {
	    .protocol = PROTOCOLS[0],
	    .connections = 16,
	    .timeout_ns = 5 * NS_PER_S,
	    .placement = PLACEMENT_FREE,
	};
	struct load_plan plan;
	struct placement placement;
	struct load_result result;
	struct load_report report = {
	    .target = read_load(argc, argv, &config, &plan),
	    .plan = &plan,
	    .placement = &placement,
	    .result = &result,
	};
	FILE *json = open_output(config.json);
	bool clean;

	raise_descriptors(
	    plan.protocol->room ? room_descriptors(&plan) : plan.connections);
	take_interrupts();
	plan.tls = open_tls(&plan.target, &config.tls);
	report.image = place(
	    &placement, (enum placement_kind)config.placement, &plan.target);
	plan.spin = placement.kind == PLACEMENT_SPLIT;
	report.seconds = plan.protocol->room
			     ? run_room(&config, &plan, &placement, &result)
			     : run_load(&config, &plan, &placement, &result);
	placement_undo(&placement);
	load_report_print(&report, words_for(config.json));
	if (json)
		load_report_json(&report, json);
	close_output(json, config.json);
	clean = result.ok && result.ok == result.begun && !result.wrong &&
		!result.duplicated;
	result_release(&result);
	tls_client_close(plan.tls);
	if (interrupted)
		return 128 + interrupted;
	return clean ? 0 : 1;
}

#undef AT
