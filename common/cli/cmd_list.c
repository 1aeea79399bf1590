/* SPDX-License-Identifier: MIT */
/* cmd_list: what compare and load can do. */
#include <stdio.h>

#include "common/base/process.h"
#include "common/load/protocol_table.h"
#include "common/cli/cli.h"
#include "common/compare/scenario_table.h"

int
cmd_list(int argc, char **argv)
{
	static const struct option_spec none[] = {{0}};
	static const struct option_set set = {"list",
	    "Lists the scenarios of compare and the protocols of load.", none,
	    NULL};
	int i;

	i = options_parse(&set, NULL, argc, argv);
	if (i < argc)
		usage_error(
		    "list: takes no arguments, and %.200s is one", argv[i]);
	for (const struct scenario *s = SCENARIOS; s->name; s++)
		printf("scenario %-8s %s%s\n", s->name, s->question,
		    s->standard ? " (by default)" : "");
	for (const struct protocol *const *p = PROTOCOLS; *p; p++)
		printf("protocol %-8s %s\n", (*p)->name, (*p)->summary);
	process_flush();
	return 0;
}
