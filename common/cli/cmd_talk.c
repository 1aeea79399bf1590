/* SPDX-License-Identifier: MIT */
/* cmd_talk: a conversation by hand. */
#include <stddef.h>

#include "common/cli/talk.h"
#include "common/net/tls_client.h"
#include "common/cli/cli.h"

struct talk_config {
	uint64_t timeout_ns;
	struct cli_tls tls;
};

static const struct option_spec TALK_OPTIONS[] = {
    {0, "timeout", "D", "to connect, and for the answer (default 5s)",
	OPTION_DURATION, .offset = offsetof(struct talk_config, timeout_ns),
	.min = CLI_TIMEOUT_MIN, .max = CLI_TIMEOUT_MAX},
    CLI_TLS_OPTIONS(talk_config, tls),
    {0},
};

int
cmd_talk(int argc, char **argv)
{
	static const struct option_set set = {"talk TARGET [MESSAGE] [options]",
	    "Sends MESSAGE (or standard input) and prints what comes back.\n"
	    "TARGET is " TARGET_FORMS ".",
	    TALK_OPTIONS, NULL};
	struct talk_config config = {.timeout_ns = 5 * NS_PER_S};
	int i = options_parse(&set, &config, argc, argv);
	struct tls_client *tls;
	struct target target;
	int bad;

	if (argc - i < 1)
		usage_error("talk: takes a TARGET, such as localhost:7007, and "
			    "at most one MESSAGE");
	if (argc - i > 2)
		usage_error("talk: takes a TARGET and at most one MESSAGE, and "
			    "%.200s is one more: put the MESSAGE in quotes",
		    argv[i + 2]);
	target = cli_resolve(argv[i]);
	tls = cli_open_tls(&target, &config.tls);
	bad = talk(&target, tls, argc - i == 2 ? argv[i + 1] : NULL,
	    config.timeout_ns);
	tls_client_close(tls);
	return bad < 0 ? 1 : 0;
}
