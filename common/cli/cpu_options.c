/* SPDX-License-Identifier: MIT */
/* cpu_options: from the words to CPUs. */
#include "common/cli/cpu_options.h"

#include <stdbool.h>

#include "common/base/log.h"

static struct cpu_wish
wish_of(const char *option, const char *text)
{
	struct cpu_wish wish = {0};

	if (text && cpu_wish_parse(&wish, text) < 0)
		usage_error("%s %.200s: must be " CPU_WISH_WORDS, option, text);
	return wish;
}

/* What the choice cannot change, before anything is measured. */
static void
warn_of_little(const struct cpu_placement *placement, bool split)
{
	if (split && placement->kind != CPU_PLACEMENT_SPLIT)
		log_warn("this process may use one CPU only: client and server "
			 "share it");
	if (placement->quota < 1)
		log_warn("the CPU quota of this control group is %.2g CPUs, "
			 "less than one: figures show the quota, not the "
			 "server; raise it (cpu.max)",
		    placement->quota);
}

void
cpu_options_place(struct cpu_placement *placement,
    const struct cpu_options *options, enum cpu_placement_kind usual)
{
	struct cpu_wish client = wish_of("--client-cpus", options->client),
			server = wish_of("--server-cpus", options->server);
	enum cpu_placement_kind kind =
	    options->placement < 0
		? usual
		: (enum cpu_placement_kind)options->placement;
	char why[400];

	if (!client.text && !server.text) {
		cpu_placement_choose(placement, kind);
		warn_of_little(placement, kind == CPU_PLACEMENT_SPLIT);
		return;
	}
	if (options->placement >= 0 && kind != CPU_PLACEMENT_SPLIT)
		usage_error("--placement %s: --%s-cpus works with split only",
		    cpu_placement_name(kind),
		    client.text ? "client" : "server");
	if (cpu_placement_split(placement, &client, &server, why, sizeof(why)) <
	    0)
		usage_error("%s", why);
}
