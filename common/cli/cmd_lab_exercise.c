/* SPDX-License-Identifier: MIT */
/* cmd_lab_exercise: client lab start, client lab check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/process.h"
#include "common/cli/cli.h"
#include "common/cli/lab_verb.h"
#include "common/lab/lab_check.h"
#include "common/lab/lab_class.h"
#include "common/lab/lab_server.h"
#include "common/lab/lab_table.h"

struct exercise_options {
	const char *source, *csv, *json;
	int language, model;
};

#define AT(field) offsetof(struct exercise_options, field)

#define SHARED_OPTIONS                                                        \
	{0, "source", "DIR",                                                  \
	    "the sources of perconn (default: the folder of this client)",    \
	    OPTION_TEXT, .offset = AT(source)},                               \
	{                                                                     \
		0, "lang", "LANGUAGE",                                        \
		    "en (English) or zh (Chinese); default: by LC_ALL, "      \
		    "LC_MESSAGES or LANG",                                    \
		    OPTION_CHOICE, .offset = AT(language), .allowed = "en|zh" \
	}

static const struct option_spec START_OPTIONS[] = {SHARED_OPTIONS, {0}};

static const struct option_spec CHECK_OPTIONS[] = {
    {0, "model", "MODEL", "check one server: thread or fork (default both)",
	OPTION_CHOICE, .offset = AT(model), .allowed = "thread|fork|both"},
    {0, "csv", "FILE",
	"write a line of CSV for each DIR to FILE (-: standard output)",
	OPTION_TEXT, .offset = AT(csv)},
    {0, "json", "FILE",
	"write a line of JSON for each DIR to FILE (-: standard output)",
	OPTION_TEXT, .offset = AT(json)},
    SHARED_OPTIONS, {0}};

#undef AT

static const struct option_set START = {"lab start NAME [DIR] [options]",
    "Copies the sources of both servers to DIR (default my-NAME in this "
    "folder), which must not exist or be empty, and puts the bug of the lab "
    "into them.",
    START_OPTIONS, NULL};

static const struct option_set CHECK = {"lab check NAME [DIR...] [options]",
    "Builds the servers in DIR (default my-NAME) so that faults become "
    "certain, and checks whether they do what the lab demands. Several DIRs "
    "get a line each, and each has a log. The programs run as you: for the "
    "work of others, use an account without rights.",
    CHECK_OPTIONS,
    "Exit status: 0 passed (all of them), 1 not yet, 77 it cannot be checked "
    "on this machine."};

static const struct lab *
find_exercise(const char *verb, const char *name)
{
	const struct lab *lab = lab_verb_find(name);

	if (!lab->check)
		usage_error("lab %s: the lab %s has nothing to repair; "
			    "`client lab %s` shows it",
		    verb, name, name);
	return lab;
}

static void
set_up(struct lab_run *run, const char *verb, const char *name,
    const struct exercise_options *options)
{
	*run = (struct lab_run){.lab = find_exercise(verb, name),
	    .zh = lab_verb_chinese(options->language),
	    .source = options->source,
	    .out = stdout,
	    .stop = &cli_interrupted};
	lab_verb_set_models(run, options->model);
	lab_set_parameters(run->lab, 0, &run->facts);
}

/* ---- many copies ---- */

/* The table, or where the lines go to standard output, none. */
static enum lab_check
check_all(
    struct lab_run *run, char **dirs, const struct exercise_options *options)
{
	struct output csv = cli_open_output(options->csv);
	struct output json = cli_open_output(options->json);
	bool lines =
	    output_is_stdout(options->csv) || output_is_stdout(options->json);
	struct lab_class_outputs outputs = {
	    lines ? NULL : stdout, csv.file, json.file, run->zh};
	int passed, count = 0;

	while (dirs[count])
		count++;
	lab_class_head(&outputs);
	passed = lab_class_check(
	    run, dirs, (size_t)count, lab_class_print, &outputs);
	if (cli_close_output(&csv, passed >= 0) < 0 ||
	    cli_close_output(&json, passed >= 0) < 0)
		return LAB_CHECK_NOT_YET;
	if (passed >= 0 && !lines)
		lab_say(run, "%d of %d passed; logs: build/labs/%s/check",
		    "通过 %d 个，共 %d 个；日志：build/labs/%s/check", passed,
		    count, run->lab->name);
	return passed == count ? LAB_CHECK_PASSED
	       : passed < 0    ? LAB_CHECK_CANNOT
			       : LAB_CHECK_NOT_YET;
}

static void
check_usage(
    const char *verb, int count, char **dirs, const struct exercise_options *o)
{
	if (strcmp(verb, "start") == 0 && count > 1)
		usage_error("lab start: takes one NAME and one DIR; remove "
			    "%.200s",
		    dirs[1]);
	for (int i = 0; i < count; i++) {
		if (!dirs[i][0])
			usage_error("lab %s: the DIR is empty", verb);
	}
	if (output_is_stdout(o->csv) && output_is_stdout(o->json))
		usage_error("--csv -: --json writes to standard output "
			    "already: name a file");
	cli_refuse_one_file("csv", o->csv, "json", o->json);
}

/* One copy, in detail. */
static enum lab_check
check_one(struct lab_run *run, const char *dir)
{
	struct lab_copy copy;

	return lab_check(run, dir, false, &copy);
}

int
cmd_lab_exercise(int argc, char **argv)
{
	static struct lab_run run;
	struct exercise_options options = {.language = -1, .model = -1};
	const char *verb = argv[0];
	bool start = strcmp(verb, "start") == 0;
	int i = options_parse(start ? &START : &CHECK, &options, argc, argv);
	char **dirs = argv + i + 1, own[64], *only[] = {own, NULL};
	enum lab_check result;

	if (i == argc)
		usage_error(
		    "lab %s: the NAME is missing; `client lab` lists them",
		    verb);
	check_usage(verb, argc - i - 1, dirs, &options);
	set_up(&run, verb, argv[i], &options);
	cli_take_interrupts();
	if ((options.csv || options.json) && !dirs[0]) {
		snprintf(own, sizeof(own), "my-%s", run.lab->name);
		dirs = only;
	}
	if (start)
		result = lab_start(&run, dirs[0]);
	else if (dirs[0] && (dirs[1] || options.csv || options.json))
		result = check_all(&run, dirs, &options);
	else
		result = check_one(&run, dirs[0]);
	lab_servers_release(&run);
	if (result == LAB_CHECK_CANNOT)
		log_always("%s", run.cannot);
	process_flush();
	if (cli_interrupted)
		return 128 + abs(cli_interrupted);
	return result == LAB_CHECK_PASSED   ? 0
	       : result == LAB_CHECK_CANNOT ? LAB_VERB_CANNOT
					    : 1;
}
