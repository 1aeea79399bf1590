/* SPDX-License-Identifier: MIT */
/*
 * client: talks to a server by hand, loads it, and compares servers.
 *
 * One verb, one function: it parses its options, runs, and reports. The work
 * is in common/load/ (engine.h: a load; compare.h: a comparison), the words in
 * common/report/. One thread; the exit status is that of the contract: 0 done,
 * 1 something failed or was wrong, 2 wrong usage, 130 interrupted.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/option.h"
#include "common/base/process.h"
#include "common/base/units.h"
#include "common/load/compare.h"
#include "common/load/engine.h"
#include "common/load/launch.h"
#include "common/load/placement.h"
#include "common/load/procs.h"
#include "common/load/room.h"
#include "common/load/talk.h"
#include "common/load/target.h"
#include "common/report/compare_report.h"
#include "common/report/load_report.h"

#define TIMEOUT_MIN NS_PER_MS
#define TIMEOUT_MAX (3600 * NS_PER_S)

/* Standard ones, epoll, a file or two. */
#define OWN_DESCRIPTORS 16

/* ---- what all verbs need ---- */

static const struct option_spec NO_OPTIONS[] = {{0}};

/* The signal that asked us to end, or 0. */
static volatile int interrupted;

/* The first ends the run, with its results so far; the second one, all. */
static void
on_interrupt(int signal)
{
	if (interrupted) {
		launch_kill_all();
		_exit(128 + signal);
	}
	interrupted = signal;
}

static void
take_interrupts(void)
{
	struct sigaction act = {.sa_handler = on_interrupt};

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
}

/* So that CONNECTIONS can be open at once; dies if they cannot. */
static void
raise_descriptors(uint64_t connections)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (connections + OWN_DESCRIPTORS > limit.rlim_max)
		die(1,
		    "%llu connections need as many descriptors; the limit "
		    "is %llu (ulimit -Hn)",
		    (unsigned long long)connections,
		    (unsigned long long)limit.rlim_max);
}

static struct target
resolve(const char *text)
{
	struct target target;
	char why[128];

	if (target_resolve(text, &target, why, sizeof(why)) < 0)
		die(errno == EINVAL ? 2 : 1, "%s: %s", text, why);
	return target;
}

/* What talk and load have in common. */
struct tls_config {
	const char *ca, *cert, *key;
};

#define TLS_OPTIONS(config, field)                                           \
	{0, "tls-ca", "FILE",                                                \
	    "PEM; who may have signed the server's "                         \
	    "certificate\n(default: whom the system trusts)",                \
	    OPTION_TEXT, .offset = offsetof(struct config, field.ca)},       \
	    {0, "tls-cert", "FILE", "PEM; to show the server who we are",    \
		OPTION_TEXT, .offset = offsetof(struct config, field.cert)}, \
	{                                                                    \
		0, "tls-key", "FILE", "PEM; the key to it", OPTION_TEXT,     \
		    .offset = offsetof(struct config, field.key)             \
	}

/* NULL if TARGET is not a TLS one; dies of what cannot be. */
static struct tls_client *
open_tls(const struct target *target, const struct tls_config *config)
{
	struct tls_client *tls;
	char why[300];

	if (target->kind != TARGET_TLS) {
		if (config->ca || config->cert || config->key)
			usage_error("--tls-%s: the target is not tls:HOST:PORT",
			    config->ca	   ? "ca"
			    : config->cert ? "cert"
					   : "key");
		return NULL;
	}
	if (!config->cert != !config->key)
		usage_error("--tls-cert and --tls-key go together");
	tls = tls_client_open(target->host, config->ca, config->cert,
	    config->key, why, sizeof(why));
	if (!tls)
		die(1, "TLS: %s", why);
	return tls;
}

/*
 * PATH, standard output for "-", or NULL for none. Before the measuring: a path
 * that cannot be written shall not cost it. Dies of that.
 */
static FILE *
open_output(const char *path)
{
	FILE *out = !path		     ? NULL
		    : strcmp(path, "-") == 0 ? stdout
					     : fopen(path, "we");

	if (path && !out)
		die(1, "%s: %s", path, strerror(errno));
	return out;
}

/* And standard output in any case: the words may be there. */
static void
close_output(FILE *out, const char *path)
{
	process_flush();
	if (out && out != stdout && (ferror(out) || fclose(out) != 0))
		die(1, "%s: %s", path, strerror(errno));
}

/* Where words go: not where the data goes. */
static FILE *
words_for(const char *json)
{
	return json && strcmp(json, "-") == 0 ? stderr : stdout;
}

/* ---- talk ---- */

struct talk_config {
	uint64_t timeout_ns;
	struct tls_config tls;
};

static const struct option_spec TALK_OPTIONS[] = {
    {0, "timeout", "D", "to connect, and for the answer (default 5s)",
	OPTION_DURATION, .offset = offsetof(struct talk_config, timeout_ns),
	.min = TIMEOUT_MIN, .max = TIMEOUT_MAX},
    TLS_OPTIONS(talk_config, tls),
    {0},
};

static int
talk_verb(int argc, char **argv)
{
	static const struct option_set set = {
	    "client talk TARGET [MESSAGE] [options]",
	    "Sends MESSAGE (or standard input) and prints what comes back.\n"
	    "TARGET is " TARGET_FORMS ".",
	    TALK_OPTIONS, NULL};
	struct talk_config config = {.timeout_ns = 5 * NS_PER_S};
	int i = options_parse(&set, &config, argc, argv);
	struct tls_client *tls;
	struct target target;
	int bad;

	if (argc - i < 1 || argc - i > 2)
		usage_error("talk: takes a TARGET and at most one MESSAGE");
	target = resolve(argv[i]);
	tls = open_tls(&target, &config.tls);
	bad = talk(&target, tls, argc - i == 2 ? argv[i + 1] : NULL,
	    config.timeout_ns);
	tls_client_close(tls);
	return bad < 0 ? 1 : 0;
}

/* ---- load ---- */

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

static int
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

/* ---- compare ---- */

struct compare_config {
	struct compare_plan plan;
	uint64_t blocks; /* 0: as the mode says */
	uint64_t seed;
	int quick, placement;
	const char *json;
};

/* Splits NAME=COMMAND in place of its own copy, which lives until exit. */
static int
parse_server(void *config, const char *text)
{
	struct compare_plan *plan = &((struct compare_config *)config)->plan;
	char *copy = strdup(text), *equals = copy ? strchr(copy, '=') : NULL;

	if (!equals || equals == copy || !launch_command_ok(equals + 1) ||
	    plan->server_count == SERVERS_MAX) {
		free(copy);
		return -1;
	}
	*equals = '\0';
	for (size_t i = 0; i < plan->server_count; i++) {
		if (strcmp(plan->servers[i].name, copy) == 0) {
			free(copy);
			return -1;
		}
	}
	plan->servers[plan->server_count++] =
	    (struct contender){copy, equals + 1};
	return 0;
}

#define AT(field) offsetof(struct compare_config, field)

static const struct option_spec COMPARE_OPTIONS[] = {
    {0, "server", "NAME=COMMAND",
	"compare these instead, the first is the\n"
	"baseline; {address}, {host} or {port} "
	"is\n"
	"where it shall listen",
	OPTION_CALL,
	.allowed =
	    "NAME=COMMAND with {address}, {host} or {port} in it, at most 8, "
	    "no NAME twice",
	.parse = parse_server},
    {0, "quick", NULL, "a first look, under 20 s", OPTION_FLAG,
	.offset = AT(quick)},
    {0, "blocks", "N", "of fresh servers (default 20, quick 8)", OPTION_COUNT,
	.offset = AT(blocks), .min = BLOCKS_MIN, .max = STATS_MAX},
    {0, "placement", "WHERE", "split (default), shared or free: see load",
	OPTION_CHOICE, .offset = AT(placement), .allowed = PLACEMENT_WORDS},
    {0, "seed", "N", "of what is random (default: the clock)", OPTION_COUNT,
	.offset = AT(seed), .min = 1, .max = UINT64_MAX - 1},
    {0, "json", "FILE", "write the result as JSON (- is stdout)", OPTION_TEXT,
	.offset = AT(json)},
    {0},
};

#undef AT

/* The command of our own server, in the build tree or as installed. */
static const char *
own_server(const char *model)
{
	static const char *const forms[] = {"server_", "perconn-server-"};
	char dir[2048], path[2200], command[2300], *slash;
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);

	if (n <= 0)
		die(1, "cannot tell where this program is: %s",
		    strerror(errno));
	dir[n] = '\0';
	if ((slash = strrchr(dir, '/')))
		*slash = '\0';
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s%s", dir, forms[i], model);
		if (access(path, X_OK) == 0) {
			snprintf(command, sizeof(command),
			    "'%s' --quiet --listen {address}", path);
			return strdup(command);
		}
	}
	die(1, "no server_%s in %s", model, dir);
}

static void
show_compare(const char *scenario, size_t done, size_t total)
{
	static uint64_t start;
	double left;

	if (!start)
		start = now_ns();
	left = (double)(now_ns() - start) / 1e9 / (double)done *
	       (double)(total - done);
	fprintf(stderr, "\r\033[K%s: %zu of %zu rounds, about %.0f s left",
	    scenario, done, total, left);
	fflush(stderr);
}

static void
choose_scenarios(struct compare_plan *plan, int count, char **names)
{
	if (count == 0 || (count == 1 && strcmp(names[0], "all") == 0)) {
		for (const struct scenario *s = SCENARIOS; s->name; s++)
			plan->scenarios[plan->scenario_count++] = s;
		return;
	}
	for (int i = 0; i < count; i++) {
		const struct scenario *s = scenario_find(names[i]);

		if (!s || i == SCENARIOS_MAX)
			usage_error("compare: %s: allowed are the scenarios "
				    "from `client list`",
			    names[i]);
		plan->scenarios[plan->scenario_count++] = s;
	}
}

static int
compare_verb(int argc, char **argv)
{
	static const struct option_set set = {
	    "client compare [options] [SCENARIO...|all]",
	    "Compares servers, by default server_thread and server_fork.",
	    COMPARE_OPTIONS,
	    "How to read the result: README.md, and perconn-client(1).\n"};
	static struct compare_config config = {.placement = PLACEMENT_SPLIT};
	static struct compare_result result;
	struct compare_plan *plan = &config.plan;
	struct compare_report report = {.plan = plan, .result = &result};
	int i = options_parse(&set, &config, argc, argv);
	FILE *words = words_for(config.json), *json;

	choose_scenarios(plan, argc - i, argv + i);
	json = open_output(config.json);
	if (plan->server_count == 0) {
		plan->servers[0] =
		    (struct contender){"thread", own_server("thread")};
		plan->servers[1] =
		    (struct contender){"fork", own_server("fork")};
		plan->server_count = 2;
	}
	plan->blocks = config.blocks ? config.blocks : config.quick ? 8 : 20;
	plan->quads = config.quick ? 2 : 5;
	plan->slice_ns = 50 * NS_PER_MS;
	plan->delta = 0.03;
	plan->seed = config.seed ? config.seed : clock_ns(CLOCK_REALTIME);
	plan->stop = &interrupted;
	if (isatty(STDERR_FILENO))
		plan->progress = show_compare;
	raise_descriptors(0);
	machine_ask(&report.before);
	placement_choose(
	    &plan->placement, (enum placement_kind)config.placement);
	take_interrupts();
	if (compare_run(plan, &result) < 0)
		die(1, "cannot compare: %s", strerror(errno));
	machine_ask(&report.after);
	if (plan->progress)
		fprintf(stderr, "\r\033[K");
	compare_report_print(
	    &report, words, isatty(fileno(words)) && !getenv("NO_COLOR"));
	if (json)
		compare_report_json(&report, json);
	close_output(json, config.json);
	compare_release(plan, &result);
	if (interrupted)
		return 128 + interrupted;
	return compare_report_clean(&report) ? 0 : 1;
}

/* ---- list, and main ---- */

static int
list_verb(int argc, char **argv)
{
	static const struct option_set set = {"client list",
	    "Lists the scenarios of compare and the protocols of load.",
	    NO_OPTIONS, NULL};

	if (options_parse(&set, NULL, argc, argv) < argc)
		usage_error("list: takes no arguments");
	for (const struct scenario *s = SCENARIOS; s->name; s++)
		printf("scenario %-8s %s\n", s->name, s->question);
	for (const struct protocol *const *p = PROTOCOLS; *p; p++)
		printf("protocol %-8s %s\n", (*p)->name, (*p)->summary);
	process_flush();
	return 0;
}

static const struct {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
} VERBS[] = {
    {"talk", "TARGET [MESSAGE]: send it, print what comes back", talk_verb},
    {"load", "TARGET: load one server and check every byte", load_verb},
    {"compare", "[SCENARIO...]: threads or processes?", compare_verb},
    {"list", ": the scenarios and protocols", list_verb},
};

#define VERB_COUNT (sizeof(VERBS) / sizeof(VERBS[0]))

static int
print_verbs(void)
{
	printf("usage: client VERB [options]\n\n");
	for (size_t i = 0; i < VERB_COUNT; i++)
		printf("  %-8s %s\n", VERBS[i].name, VERBS[i].summary);
	printf("\nclient VERB --help tells more.\n");
	process_flush();
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct option_set set = {
	    "client VERB [options]", "", NO_OPTIONS, NULL};

	log_open("client", LOG_INFO, false);
	process_begin();
	if (argc < 2)
		usage_error("which verb? talk, load, compare or list "
			    "(client --help)");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_verbs();
	if (argv[1][0] == '-')
		options_parse(&set, NULL, argc, argv);
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (strcmp(argv[1], VERBS[i].name) == 0)
			return VERBS[i].run(argc - 1, argv + 1);
	}
	usage_error(
	    "%s: no such verb; allowed are talk, load, compare, list", argv[1]);
}
