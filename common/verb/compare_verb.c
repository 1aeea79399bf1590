/* SPDX-License-Identifier: MIT */
/* compare: servers side by side, in scenarios. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/load/compare.h"
#include "common/load/launch.h"
#include "common/load/placement.h"
#include "common/report/compare_report.h"
#include "common/verb/verb.h"

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

int
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
