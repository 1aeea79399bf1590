/* SPDX-License-Identifier: MIT */
/* cpu_options: from the words to CPUs. */
#include "common/cli/cpu_options.h"

#include "common/base/log.h"

static struct cpu_wish
wish_of(const char *option, const char *text)
{
	struct cpu_wish wish = {0};

	if (text && cpu_wish_parse(&wish, text) < 0)
		usage_error("%s %.200s: must be " CPU_WISH_WORDS, option, text);
	return wish;
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
