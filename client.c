/* SPDX-License-Identifier: MIT */
/*
 * client: talks to a server by hand, loads it, and compares servers.
 *
 * The first argument is a verb; common/cli has one cmd_*.c for each. A load is
 * in common/load, a comparison in common/compare, their output in
 * common/report. Exit status: 0 done, 1 something failed or was wrong, 2 wrong
 * usage, 130 interrupted.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/hint.h"
#include "common/base/log.h"
#include "common/base/option.h"
#include "common/base/process.h"
#include "common/cli/cli.h"
#include "common/launch/inherited.h"

static const struct {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
} VERBS[] = {
    {"talk", "send one message to a server and print the reply", cmd_talk},
    {"load", "send many requests to a server and check every byte", cmd_load},
    {"compare", "measure which server is faster: threads or processes?",
	cmd_compare},
    {"lab", "learn by experiment: predict, run both servers, see why", cmd_lab},
    {"trace", "draw what --trace recorded: a line for each worker", cmd_trace},
    {"list", "list scenarios and protocols, and how long they take", cmd_list},
};

#define VERB_COUNT (sizeof(VERBS) / sizeof(VERBS[0]))

static int
print_verbs(void)
{
	printf("usage: %s VERB [options]\n\n", log_program());
	for (size_t i = 0; i < VERB_COUNT; i++)
		printf("  %-8s %s\n", VERBS[i].name, VERBS[i].summary);
	printf(
	    "\n%s VERB --help lists the options of a verb.\n", log_program());
	process_flush();
	return 0;
}

static const char *
verb_name(const void *context, size_t i)
{
	(void)context;
	return i < VERB_COUNT ? VERBS[i].name : NULL;
}

int
main(int argc, char **argv)
{
	static const struct option_spec none[] = {{0}};
	static const struct option_set set = {"VERB [options]", "", none, NULL};
	const char *near;

	inherited_remember();
	log_open(process_name(argv, "client"), LOG_INFO, false);
	process_begin();
	if (argc < 2)
		usage_error("the verb is missing: talk, load, compare, lab, "
			    "trace or list (see %s --help)",
		    log_program());
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_verbs();
	if (argv[1][0] == '-')
		options_parse(&set, NULL, argc, argv);
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (strcmp(argv[1], VERBS[i].name) == 0)
			return VERBS[i].run(argc - 1, argv + 1);
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "version") == 0)
		usage_error("%s: no such verb: write --%s", argv[1], argv[1]);
	near = hint_nearest(argv[1], strlen(argv[1]), verb_name, NULL);
	usage_error("%.200s: no such verb%s%s%s; the verbs are talk, load, "
		    "compare, lab, trace, list",
	    argv[1][0] ? argv[1] : "''", near ? "; did you mean " : "",
	    near ? near : "", near ? "?" : "");
}
