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
#include "common/lab/lab_server.h"
#include "common/lab/lab_table.h"

struct exercise_options {
	const char *source;
	int language, model;
};

#define AT(field) offsetof(struct exercise_options, field)

static const struct option_spec EXERCISE_OPTIONS[] = {
    {0, "source", "DIR",
	"the sources of perconn (default: the folder of this client)",
	OPTION_TEXT, .offset = AT(source)},
    {0, "model", "MODEL", "check one server: thread or fork (default both)",
	OPTION_CHOICE, .offset = AT(model), .allowed = "thread|fork|both"},
    {0, "lang", "LANGUAGE",
	"en (English) or zh (Chinese); default: by LC_ALL, LC_MESSAGES or LANG",
	OPTION_CHOICE, .offset = AT(language), .allowed = "en|zh"},
    {0},
};

#undef AT

static const struct option_set START = {"lab start NAME [DIR] [options]",
    "Copies the sources of both servers to DIR (default build/labs/NAME/mine, "
    "which `make clean` removes) and puts the bug of the lab into them.",
    EXERCISE_OPTIONS, NULL};

static const struct option_set CHECK = {"lab check NAME [DIR] [options]",
    "Builds the servers in DIR so that faults become certain, and checks "
    "whether they do what the lab demands.",
    EXERCISE_OPTIONS,
    "Exit status: 0 passed, 1 not yet, 77 it cannot be checked on this "
    "machine."};

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

int
cmd_lab_exercise(int argc, char **argv)
{
	static struct lab_run run;
	struct exercise_options options = {.language = -1, .model = -1};
	const char *verb = argv[0];
	bool start = strcmp(verb, "start") == 0;
	int i = options_parse(start ? &START : &CHECK, &options, argc, argv);
	enum lab_check result;
	const char *dir;

	if (i == argc)
		usage_error(
		    "lab %s: the NAME is missing; `client lab` lists them",
		    verb);
	if (argc - i > 2)
		usage_error("lab %s: takes one NAME and one DIR; remove %.200s",
		    verb, argv[i + 2]);
	dir = argc - i == 2 ? argv[i + 1] : NULL;
	if (dir && !dir[0])
		usage_error("lab %s: the DIR is empty", verb);
	run = (struct lab_run){.lab = find_exercise(verb, argv[i]),
	    .zh = lab_verb_chinese(options.language),
	    .source = options.source,
	    .out = stdout,
	    .stop = &cli_interrupted};
	lab_verb_set_models(&run, options.model);
	lab_set_parameters(run.lab, 0, &run.facts);
	cli_take_interrupts();
	result = start ? lab_start(&run, dir) : lab_check(&run, dir);
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
