/* SPDX-License-Identifier: MIT */
/* cmd_compare: servers side by side, in scenarios. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/hint.h"
#include "common/base/log.h"
#include "common/base/terminal.h"
#include "common/base/units.h"
#include "common/base/utf8.h"
#include "common/cli/cli.h"
#include "common/cli/compare_output.h"
#include "common/cli/cpu_options.h"
#include "common/cli/custom_scenario.h"
#include "common/cli/question.h"
#include "common/cli/server_command.h"
#include "common/compare/compare.h"
#include "common/compare/scenario_table.h"
#include "common/launch/launch.h"
#include "common/launch/stop_signal.h"
#include "common/net/web_url.h"
#include "common/sysinfo/cpu_placement.h"
#include "common/verdict/paired_estimate.h"

/* Bytes of a server's name: more makes tables too wide. */
#define NAME_MOST 20
/* Stands for the default scenarios, of the pair and the references. */
#define DESIGNS "designs"

struct compare_config {
	struct compare_plan plan;
	struct question question; /* of the scenario custom */
	uint64_t blocks;	  /* 0: as the scenario says */
	uint64_t seed;
	uint64_t delta; /* thousandths of 1 %; 0: the default */
	int quick, keep_disturbed;
	struct cpu_options cpus;
	struct compare_output output;
	struct compare_saved saved;
};

static bool
name_ok(const struct compare_plan *plan, const char *name)
{
	size_t length = strlen(name);

	if (!length || length > NAME_MOST)
		return false;
	/* In JSON such names would be alike. */
	if (!utf8_valid(name, length))
		return false;
	if (strcmp(name, "control") == 0) /* so the slices name another */
		return false;
	for (size_t i = 0; i < plan->server_count; i++) {
		if (strcmp(plan->servers[i].name, name) == 0)
			return false;
	}
	return true;
}

/* Splits NAME=COMMAND, or @NAME, in place of its own copy, which lives until
 * exit. */
static int
parse_server(void *config, const char *text)
{
	struct compare_plan *plan = &((struct compare_config *)config)->plan;
	char *copy = strdup(text), *equals = copy ? strchr(copy, '=') : NULL;
	const char *name = copy, *command = NULL;

	if (equals) {
		*equals = '\0';
		command = equals + 1;
	} else if (copy && copy[0] == '@') {
		name = copy + 1;
		command = copy;
	}
	if (command && command[0] == '@')
		command = server_command_reference(command + 1);
	if (!command || !name_ok(plan, name) || !launch_command_ok(command) ||
	    strlen(command) >= COMMAND_MAX ||
	    plan->server_count == SERVERS_MAX) {
		free(copy);
		return -1;
	}
	plan->servers[plan->server_count++] = (struct contender){name, command};
	return 0;
}

/* Which of its rules TEXT breaks. */
static void
hint_server(const void *config, const char *text, char *why, size_t size)
{
	const struct compare_plan *plan =
	    &((const struct compare_config *)config)->plan;
	const char *equals = strchr(text, '=');
	int len = equals ? (int)(equals - text) : 0;
	const char *at = equals ? equals + 1 : text;
	char name[NAME_MOST + 1];

	snprintf(name, sizeof(name), "%.*s", len, text);
	if (plan->server_count == SERVERS_MAX)
		snprintf(why, size, "8 servers are the most");
	else if (at[0] == '@' && !server_command_reference(at + 1))
		server_command_hint(at + 1, why, size);
	else if (text[0] == '@' && !equals)
		snprintf(why, size, "the NAME %s is taken", text + 1);
	else if (!equals)
		snprintf(why, size, "the = is missing: write NAME=COMMAND");
	else if (!len)
		snprintf(why, size, "the NAME before the = is missing");
	else if (len > NAME_MOST)
		snprintf(why, size, "the NAME has %d bytes, more than 20", len);
	else if (!utf8_valid(name, strlen(name)))
		snprintf(why, size, "the NAME is not UTF-8");
	else if (!name_ok(plan, name))
		snprintf(why, size, "the NAME %s is taken", name);
	else if (!launch_command_ok(equals + 1))
		snprintf(why, size, "the COMMAND does not say where to listen");
	else
		snprintf(why, size, "the COMMAND is too long");
}

static int
parse_stop_signal(void *stop_signal, const char *text)
{
	int number = stop_signal_parse(text);

	*(int *)stop_signal = number;
	return number < 0 ? -1 : 0;
}

static void
hint_stop_signal(const void *at, const char *text, char *why, size_t size)
{
	(void)at;
	stop_signal_hint(text, why, size);
}

static bool
is_input(const char *path)
{
	return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0;
}

static int
parse_from(void *config, const char *text)
{
	struct compare_saved *saved = &((struct compare_config *)config)->saved;

	if (saved->count == SAVED_MAX || !text[0])
		return -1;
	if (saved->count && is_input(text) && is_input(saved->files[0]))
		return -1;
	saved->files[saved->count++] = text;
	return 0;
}

#define AT(field) offsetof(struct compare_config, field)

static const struct option_spec COMPARE_OPTIONS[] = {
    {0, "server", "NAME=COMMAND|@NAME",
	"compare this server; repeat the option for each, the first is the "
	"baseline. In COMMAND, {address}, or {host} and {port}, is where it "
	"must listen; {options} is what a scenario needs of our own servers "
	"(default: server_thread and server_fork). @NAME is a small echo "
	"server of another design: @iterative, @prefork, @prethread or @epoll",
	OPTION_CALL,
	.allowed =
	    "NAME=COMMAND or @NAME, up to 8 times; COMMAND has {address}, "
	    "{host} or {port} in it; each NAME is different, UTF-8, at most "
	    "20 bytes, and not 'control'",
	.parse = parse_server, .hint = hint_server},
    {0, "start-timeout", "D",
	"time that a server may take until it accepts connections (default "
	"10s)",
	OPTION_DURATION, .offset = AT(plan.start_timeout_ns),
	.min = CLI_TIMEOUT_MIN, .max = CLI_TIMEOUT_MAX},
    {0, "stop-signal", "SIGNAL",
	"the signal that asks a server to end, such as QUIT, INT or 3; one "
	"that still runs after 5s is killed (default TERM)",
	OPTION_CALL, .offset = AT(plan.stop_signal),
	.allowed = STOP_SIGNAL_WORDS, .parse = parse_stop_signal,
	.hint = hint_stop_signal},
    QUESTION_OPTIONS(compare_config, question),
    {0, "tls", NULL,
	"speak TLS to the servers, with a certificate that is made for it and "
	"comes with {options}",
	OPTION_FLAG, .offset = AT(question.tls)},
    {0, "insecure", NULL,
	"speak TLS to the servers, and do not check their certificates",
	OPTION_FLAG, .offset = AT(question.insecure)},
    {0, "quick", NULL,
	"a first look with fewer and shorter blocks; `client list` shows how "
	"long it takes",
	OPTION_FLAG, .offset = AT(quick)},
    {0, "blocks", "N",
	"number of blocks at each point, each with fresh servers (default: as "
	"the scenario needs, 6 to 18)",
	OPTION_COUNT, .offset = AT(blocks), .min = PAIRED_BLOCKS_MIN,
	.max = RANK_MAX},
    {0, "delta", "PERCENT", "smallest difference that matters (default 3%)",
	OPTION_PERCENT, .offset = AT(delta), .min = 100, .max = 50000},
    {0, "placement", "WHERE",
	"split, shared or free: see load --help (default split)", OPTION_CHOICE,
	.offset = AT(cpus.placement), .allowed = CPU_PLACEMENT_WORDS},
    CPU_OPTIONS(compare_config, cpus),
    {0, "seed", "N", "seed of all random order (default: from the clock)",
	OPTION_COUNT, .offset = AT(seed), .min = 1, .max = INT64_MAX},
    {0, "json", "FILE", "write the result as JSON to FILE (-: standard output)",
	OPTION_TEXT, .offset = AT(output.json)},
    {0, "report", "DIR",
	"write a page with pictures to DIR/index.html, and compare.json and "
	"slices.csv beside it",
	OPTION_TEXT, .offset = AT(output.directory)},
    {0, "from", "FILE",
	"measure nothing: show a result that --json or --report saved; given "
	"twice, two of them side by side (-: standard input)",
	OPTION_CALL,
	.allowed = "a file that --json wrote; two files at most, - once",
	.parse = parse_from},
    {0, "keep-disturbed", NULL,
	"let slices count although other work had the CPUs: for a machine that "
	"is never quiet",
	OPTION_FLAG, .offset = AT(keep_disturbed)},
    {0, "csv", "FILE",
	"write each slice as a row of FILE while it runs (-: standard "
	"output)",
	OPTION_TEXT, .offset = AT(output.csv)},
    {0},
};

#undef AT

/* One line: what is wider than the terminal would stay there for ever. */
static void
show_progress(const struct compare_progress *now)
{
	char text[200], left[16];
	int width = (int)terminal_columns(STDERR_FILENO) - 1;

	snprintf(text, sizeof(text),
	    "%s (scenario %zu of %zu): block %zu of %zu; about %s left in all",
	    now->scenario, now->number, now->count, now->block, now->blocks,
	    format_wait(left, sizeof(left), now->left_s));
	log_status("\r\033[K%.*s", width, text);
}

static void
show_note(const char *scenario, const char *words)
{
	if (isatty(STDERR_FILENO))
		log_status("\r\033[K");
	log_warn("%s: %s", scenario, words);
}

static void
add_scenario(struct compare_plan *plan, const struct scenario *s)
{
	for (size_t i = 0; i < plan->scenario_count; i++) {
		if (plan->scenarios[i] == s)
			return;
	}
	plan->scenarios[plan->scenario_count++] = s;
}

/* Those that are not in the table come first. */
static const char *
scenario_name(const void *context, size_t i)
{
	static const char *const others[] = {DESIGNS, SCENARIO_CUSTOM};
	static const size_t count = sizeof(others) / sizeof(others[0]);

	(void)context;
	return i < count ? others[i] : SCENARIOS[i - count].name;
}

static _Noreturn void
refuse_scenario(const char *name)
{
	const char *near =
	    hint_nearest(name, strlen(name), scenario_name, NULL);

	if (strcmp(name, "all") == 0)
		usage_error("compare: all: means every scenario; name no other "
			    "beside it");
	if (web_url_is(name))
		usage_error("compare: %.200s: compare starts the servers "
			    "itself: write -p http --path PATH for a page, and "
			    "{port} in each --server",
		    name);
	usage_error(
	    "compare: %.200s: no such scenario%s%s%s; `client list` shows "
	    "them, and all means every one",
	    name, near ? "; did you mean " : "", near ? near : "",
	    near ? "?" : "");
}

static bool
is_among(const char *name, int count, char **names)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* Refuses what is no scenario. */
static void
check_scenarios(int count, char **names)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(names[i], DESIGNS) != 0 &&
		    strcmp(names[i], SCENARIO_CUSTOM) != 0 &&
		    !scenario_find(names[i]))
			refuse_scenario(names[i]);
	}
}

/* Whether the scenario custom is to run: because it is named, or because
 * options make a question and no scenario is. */
static bool
wants_custom(const struct question *question, int count, char **names)
{
	const char *option = question_given(question);

	if (is_among(SCENARIO_CUSTOM, count, names))
		return true;
	if (option && count)
		usage_error("%s: %.100s has a load of its own; leave the "
			    "scenario out, or name " SCENARIO_CUSTOM
			    " beside it",
		    option, names[0]);
	return option;
}

/* `designs` stands for the default scenarios with more servers. */
static void
choose_scenarios(struct compare_plan *plan, struct question *question,
    int count, char **names)
{
	bool all = count == 1 && strcmp(names[0], "all") == 0;
	bool standard = is_among(DESIGNS, count, names), custom;

	if (!all)
		check_scenarios(count, names);
	custom = wants_custom(question, count, names);
	standard |= count == 0 && !custom;
	for (const struct scenario *s = SCENARIOS; s->name; s++) {
		if (all || (standard && s->standard))
			add_scenario(plan, s);
	}
	for (int i = 0; i < count && !all; i++) {
		const struct scenario *s = scenario_find(names[i]);

		if (s)
			add_scenario(plan, s);
	}
	if (custom)
		add_scenario(plan, custom_scenario(question));
}

static void
add_server(struct compare_plan *plan, const char *name, const char *command)
{
	plan->servers[plan->server_count++] = (struct contender){name, command};
}

static void
add_references(struct compare_plan *plan)
{
	for (const char *const *name = SERVER_REFERENCES; *name; name++) {
		const char *command = server_command_reference(*name);
		char why[200];

		if (!command) {
			server_command_hint(*name, why, sizeof(why));
			die(1, "compare: " DESIGNS ": %s", why);
		}
		if (plan->server_count == SERVERS_MAX || !name_ok(plan, *name))
			usage_error("compare: " DESIGNS ": compares four more "
				    "servers, which have names of their own: "
				    "give at most four --server");
		add_server(plan, *name, command);
	}
}

static void
choose_servers(struct compare_plan *plan, bool designs)
{
	if (!plan->server_count) {
		add_server(plan, "thread", server_command_own("thread"));
		add_server(plan, "fork", server_command_own("fork"));
	}
	if (designs)
		add_references(plan);
}

/* Whether WORD, LEN bytes of it, is --header, or a beginning of it that
 * getopt_long(3) takes for it. */
static bool
is_header_option(const char *word, size_t len)
{
	return len > strlen("--he") && strncmp(word, "--header", len) == 0;
}

/* WORD, after the word BEFORE. Of a header the name alone, as "X-Token: ...",
 * because the value may be a secret. */
static void
put_typed(FILE *out, const char *word, const char *before)
{
	const char *equals = strchr(word, '='), *value = NULL;
	char *shown;

	if (is_header_option(before, strlen(before)))
		value = word;
	else if (equals && is_header_option(word, (size_t)(equals - word)))
		value = equals + 1;
	if (!value || value[0] == '@') {
		server_command_word(out, word);
		return;
	}
	if (asprintf(&shown, "%.*s: ...",
		(int)(value + strcspn(value, ":") - word), word) < 0)
		die(1, "%s", strerror(errno));
	server_command_word(out, shown);
	free(shown);
}

/* What was typed, in TEXT of SIZE bytes, for a shell to take again; with "..."
 * where it is too long for that, or a secret is left out. */
static void
join_words(int argc, char **argv, char *text, size_t size)
{
	static const char more[] = "...";
	char *all = NULL;
	size_t length;
	FILE *out = open_memstream(&all, &length);

	if (!out)
		die(1, "%s", strerror(errno));
	fputs("client", out);
	for (int i = 0; i < argc; i++) {
		putc(' ', out);
		put_typed(out, argv[i], i ? argv[i - 1] : "");
	}
	if (fclose(out) != 0)
		die(1, "%s", strerror(errno));
	utf8_copy(text, size, all);
	if (length >= size) {
		utf8_copy(text, size - strlen(more), all);
		strcat(text, more);
	}
	free(all);
}

static void
fill_plan(struct compare_config *config)
{
	struct compare_plan *plan = &config->plan;

	compare_plan_pace(plan, config->quick);
	plan->blocks = config->blocks;
	plan->keep_disturbed = config->keep_disturbed;
	plan->delta = (double)(config->delta ? config->delta : 3000) / 1e5;
	plan->seed = config->seed ? config->seed : clock_ns(CLOCK_REALTIME);
	plan->csv = config->output.rows.file;
	plan->stop = &cli_interrupted;
	plan->note = show_note;
	if (isatty(STDERR_FILENO))
		plan->progress = show_progress;
}

/* What measures does not go with --from, nor JSON of two. */
static void
check_saved(const struct compare_config *config, char **names)
{
	const struct {
		bool given;
		const char *what;
	} others[] = {
	    {config->plan.server_count, "--server"},
	    {config->plan.start_timeout_ns, "--start-timeout"},
	    {config->plan.stop_signal, "--stop-signal"},
	    {question_given(&config->question),
		question_given(&config->question)},
	    {config->quick, "--quick"},
	    {config->blocks, "--blocks"},
	    {config->delta, "--delta"},
	    {config->cpus.placement >= 0, "--placement"},
	    {config->cpus.client, "--client-cpus"},
	    {config->cpus.server, "--server-cpus"},
	    {config->seed, "--seed"},
	    {config->output.csv, "--csv"},
	    {config->keep_disturbed, "--keep-disturbed"},
	    {names[0], names[0]},
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i].given)
			usage_error(
			    "--from %.200s: measures nothing, so %.100s "
			    "has no meaning beside it; --json, "
			    "--report and one more --from have",
			    config->saved.files[0], others[i].what);
	}
	if (config->saved.count == 2 && config->output.json)
		usage_error(
		    "--json %.200s: works with one --from, not with two",
		    config->output.json);
}

int
cmd_compare(int argc, char **argv)
{
	static const struct option_set set = {
	    "compare [options] [SCENARIO...|all]",
	    "Starts servers, loads them in turn, and says which is faster, by "
	    "how "
	    "much, and how sure that is. `client list` names the scenarios; "
	    "without a SCENARIO the default ones run, with all every one. "
	    "Options of a load (-c, -r, -s, -p, ...) make a scenario of your "
	    "own, custom.",
	    COMPARE_OPTIONS,
	    "How to read the result: docs/measuring.md and perconn-client(1)."};
	static struct compare_config config = {.cpus = {.placement = -1}};
	static struct comparison result;
	static char typed[sizeof(result.command)];
	struct compare_plan *plan = &config.plan;
	bool clean;
	int i;

	join_words(argc, argv, typed, sizeof(typed));
	i = options_parse(&set, &config, argc, argv);
	if (config.saved.count) {
		check_saved(&config, argv + i);
		return compare_saved(&config.saved, &config.output);
	}
	choose_scenarios(plan, &config.question, argc - i, argv + i);
	if (output_is_stdout(config.output.json) &&
	    output_is_stdout(config.output.csv))
		usage_error(
		    "--csv -: --json writes to standard output already: name "
		    "a file");
	cpu_options_place(&plan->placement, &config.cpus, CPU_PLACEMENT_SPLIT);
	choose_servers(plan, is_among(DESIGNS, argc - i, argv + i));
	compare_output_open(&config.output);
	plan->command = typed;
	fill_plan(&config);
	cli_raise_descriptors();
	if (compare_run(plan, &result) < 0)
		die(1, "cannot compare: %s", strerror(errno));
	if (plan->progress)
		log_status("\r\033[K");
	clean = compare_output_write(&config.output, &result) == 0 &&
		comparison_clean(&result);
	comparison_release(&result);
	if (cli_interrupted)
		return 128 + cli_interrupted;
	return clean ? 0 : 1;
}
