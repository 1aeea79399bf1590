/* SPDX-License-Identifier: MIT */
/* cmd_list: what compare and load can do, and how long that takes. */
#include <stdio.h>

#include "common/base/process.h"
#include "common/base/units.h"
#include "common/cli/cli.h"
#include "common/compare/compare.h"
#include "common/compare/metric.h"
#include "common/compare/scenario_table.h"
#include "common/load/protocol_table.h"

/* Of our two servers: a full run, and a quick one. */
enum { FULL, QUICK, PACES };

struct times {
	double seconds[PACES];
};

static struct times
times_of(const struct scenario *scenario)
{
	struct times times;

	for (int quick = FULL; quick < PACES; quick++) {
		struct compare_plan plan = {.server_count = 2};

		compare_plan_pace(&plan, quick);
		cpu_placement_choose(&plan.placement, CPU_PLACEMENT_SPLIT);
		times.seconds[quick] = compare_seconds(&plan, scenario);
	}
	return times;
}

static void
add_times(struct times *sum, struct times more)
{
	for (int quick = FULL; quick < PACES; quick++)
		sum->seconds[quick] += more.seconds[quick];
}

static void
print_sum(const char *what, struct times sum)
{
	char full[16], quick[16];

	printf("%s takes about %s, --quick %s.\n", what,
	    format_wait(full, sizeof(full), sum.seconds[FULL]),
	    format_wait(quick, sizeof(quick), sum.seconds[QUICK]));
}

static void
list_scenarios(void)
{
	struct times all = {0}, standard = {0};

	printf("Scenarios of `client compare`, and about how long each takes "
	       "for two servers:\n\n  name          full quick  question\n");
	for (const struct scenario *s = SCENARIOS; s->name; s++) {
		struct times times = times_of(s);
		char full[16], quick[16];

		add_times(&all, times);
		if (s->standard)
			add_times(&standard, times);
		printf("  %-11s %c%6s%6s  %s\n", s->name,
		    s->standard ? '*' : ' ',
		    format_wait(full, sizeof(full), times.seconds[FULL]),
		    format_wait(quick, sizeof(quick), times.seconds[QUICK]),
		    s->question);
	}
	printf("\n");
	print_sum("* By default: `client compare`", standard);
	print_sum("  `client compare all`", all);
	printf("  `client compare " SCENARIO_CUSTOM
	       "` measures a load of your own (-c, -r, -s, -p, ...).\n");
	printf("  `client compare designs` sets four other designs beside the "
	       "pair: see\n  perconn-client(1).\n");
}

static void
list_protocols(void)
{
	printf("\nProtocols of `client load --protocol NAME`; a load takes 5 s,"
	       " or --duration:\n\n");
	for (const struct protocol *const *p = PROTOCOL_TABLE; *p; p++)
		printf("  %-7s  %s\n", (*p)->name, (*p)->summary);
}

int
cmd_list(int argc, char **argv)
{
	static const struct option_spec none[] = {{0}};
	static const struct option_set set = {"list",
	    "Lists the scenarios of compare and the protocols of load, and how "
	    "long they take.",
	    none, NULL};
	int i;

	i = options_parse(&set, NULL, argc, argv);
	if (i < argc)
		usage_error("list: takes no arguments: remove %.200s", argv[i]);
	list_scenarios();
	list_protocols();
	process_flush();
	return 0;
}
