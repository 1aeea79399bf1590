/* SPDX-License-Identifier: MIT */
/* cmd_talk: a conversation by hand. */
#include <stddef.h>

#include "common/cli/cli.h"
#include "common/cli/talk.h"
#include "common/net/tls_client.h"

struct talk_config {
	uint64_t timeout_ns;
	struct cli_tls tls;
};

static const struct option_spec TALK_OPTIONS[] = {
    {0, "timeout", "D",
	"time to connect, and to wait for the reply (default 5s)",
	OPTION_DURATION, .offset = offsetof(struct talk_config, timeout_ns),
	.min = CLI_TIMEOUT_MIN, .max = CLI_TIMEOUT_MAX},
    CLI_TLS_OPTIONS(talk_config, tls),
    {0},
};

int
cmd_talk(int argc, char **argv)
{
	static const struct option_set set = {"talk TARGET [MESSAGE] [options]",
	    "Sends MESSAGE, or standard input, and prints the reply.\n"
	    "TARGET is " TARGET_FORMS ".",
	    TALK_OPTIONS, NULL};
	struct talk_config config = {.timeout_ns = 5 * NS_PER_S};
	int i = options_parse(&set, &config, argc, argv);
	struct tls_client *tls;
	struct target target;
	int bad;

	if (argc - i < 1)
		usage_error("talk: the TARGET is missing, such as "
			    "localhost:7007");
	if (argc - i > 2)
		usage_error("talk: takes one TARGET and one MESSAGE; %.200s is "
			    "one word more: put the MESSAGE in quotes",
		    argv[i + 2]);
	target = cli_resolve(argv[i]);
	tls = cli_open_tls(&target, &config.tls);
	bad = talk(&target, tls, argc - i == 2 ? argv[i + 1] : NULL,
	    config.timeout_ns);
	tls_client_close(tls);
	return bad < 0 ? 1 : 0;
}
