/* SPDX-License-Identifier: MIT */
/* config: the table of options, and which of them fit together. */
#include "common/server/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/hint.h"
#include "common/base/option.h"
#include "common/base/units.h"
#include "common/net/address_hint.h"
#include "common/server/image.h"
#include "common/service/services.h"

static int
parse_listen(void *config, const char *text)
{
	struct config *c = config;

	return listeners_add(&c->listeners, text);
}

static int
parse_service(void *config, const char *text)
{
	struct config *c = config;

	c->service_text = text;
	c->service = services_find(text, &c->service_argument);
	return c->service ? 0 : -1;
}

static void
hint_listen(const void *config, const char *text, char *why, size_t size)
{
	const struct config *c = config;

	if (c->listeners.count + 2 > LISTENERS_MAX)
		snprintf(why, size, "there are too many addresses");
	else
		address_hint(ADDRESS_FOR_SERVER, text, why, size);
}

static void
hint_service(const void *config, const char *text, char *why, size_t size)
{
	(void)config;
	services_hint(text, why, size);
}

static void
hint_ballast(const void *config, const char *text, char *why, size_t size)
{
	size_t len = strcspn(text, ":");
	const char *rate = text[len] ? strchr(text + len + 1, ':') : NULL;

	(void)config;
	if (hint_part(QUANTITY_SIZE, text, 0, len, BALLAST_LEAST, BALLAST_MOST,
		why, size))
		return;
	if (rate)
		snprintf(why, size,
		    "it has no such REMEDY, or its rate is no number of pages "
		    "from 1/s to %d/s",
		    BALLAST_RATE_MOST);
	else
		snprintf(why, size, "there is no such REMEDY");
}

static int
parse_ballast(void *config, const char *text)
{
	struct config *c = config;

	return ballast_parse(text, &c->ballast);
}

static int
list_services(void *config, const char *text)
{
	(void)config;
	(void)text;
	for (const struct service *const *s = SERVICES; *s; s++) {
		const char *argument = (*s)->argument;
		int width = printf("%s%s%s", (*s)->name,
		    argument && argument[0] != '[' ? ":" : "",
		    argument ? argument : "");

		printf("%*s%s\n", 26 - width, "", (*s)->summary);
	}
	return 0;
}

#define AT(field) offsetof(struct config, field)
#define TIMEOUT_MIN NS_PER_MS
#define TIMEOUT_MAX (86400 * NS_PER_S)

static const struct option_spec OPTIONS[] = {
    {'l', "listen", "ADDRESS",
	"listen here; may be repeated\n"
	"(default 127.0.0.1:7007)",
	OPTION_CALL,
	.allowed = "IPv4:PORT, [IPv6]:PORT, localhost:PORT, :PORT, any of them "
		   "after udp:, or unix:PATH, at most 16 sockets",
	.parse = parse_listen, .hint = hint_listen},
    {'s', "service", "NAME[:ARG]", "what to serve (default echo)", OPTION_CALL,
	.allowed = "a name from --list-services, with its argument",
	.parse = parse_service, .hint = hint_service},
    {0, "list-services", NULL, "print the services and exit", OPTION_DO,
	.parse = list_services},
    {'m', "max-connections", "N", "limit of live workers (default: computed)",
	OPTION_COUNT, .offset = AT(max_connections), .min = 1,
	.max = WORKERS_MAX},
    {0, "when-full", "WHAT", "at a limit: wait or refuse (default wait)",
	OPTION_CHOICE, .offset = AT(when_full), .allowed = "wait|refuse"},
    {0, "max-per-source", "N",
	"limit of live workers for one client address\n"
	"(IPv4 /32, IPv6 /64; default none)",
	OPTION_COUNT, .offset = AT(max_per_source), .min = 1,
	.max = WORKERS_MAX},
    {0, "idle-timeout", "D",
	"close a connection after this long without a\nbyte in either "
	"direction (default 60s)",
	OPTION_DURATION, .offset = AT(idle_timeout_ns), .min = TIMEOUT_MIN,
	.max = TIMEOUT_MAX},
    {0, "request-timeout", "D",
	"limit for one request, from its first byte to\nthe end of the answer "
	"(default 30s)",
	OPTION_DURATION, .offset = AT(request_timeout_ns), .min = TIMEOUT_MIN,
	.max = TIMEOUT_MAX},
    {0, "drain-timeout", "D", "how long a stop waits for workers (default 10s)",
	OPTION_DURATION, .offset = AT(drain_timeout_ns), .min = TIMEOUT_MIN,
	.max = TIMEOUT_MAX},
    {0, "backlog", "N", "clients that may wait for accept (default 4096)",
	OPTION_COUNT, .offset = AT(backlog), .min = 1, .max = 1 << 20},
    {0, "reuse-port", NULL,
	"let other servers of this user listen here, too:\n"
	"each client gets one of them",
	OPTION_FLAG, .offset = AT(reuse_port)},
    {0, "tls-cert", "FILE", "use TLS on streams, with this certificate chain",
	OPTION_TEXT, .offset = AT(tls_cert)},
    {0, "tls-key", "FILE", "the private key of the certificate", OPTION_TEXT,
	.offset = AT(tls_key)},
    {0, "tls-client-ca", "FILE",
	"require client certificates signed by this CA", OPTION_TEXT,
	.offset = AT(tls_client_ca)},
    {0, "race-window", "D",
	"counter:unlocked waits this long between load\n"
	"and store, to show the race (default none)",
	OPTION_DURATION, .offset = AT(race_window_ns), .max = 10 * NS_PER_S},
    {0, "ballast", "SIZE[:REMEDY[:N/s]]",
	"hold this much memory, like a large program\n"
	"(REMEDY: none, dontfork, shared or huge), and\n"
	"go on writing to N pages a second",
	OPTION_CALL, .allowed = BALLAST_ALLOWED, .parse = parse_ballast,
	.hint = hint_ballast},
    {0, "image", "WHICH",
	"plain, dynamic or full: how this program is\n"
	"linked (default: plain, or full where needed)",
	OPTION_CHOICE, .offset = AT(image), .allowed = "plain|dynamic|full"},
    {0, "ready-fd", "FD", "write the listening addresses to descriptor FD",
	OPTION_COUNT, .offset = AT(ready_fd), .max = 1 << 20},
    {0, "ledger", "FILE", "write the final ledger as JSON (- is stdout)",
	OPTION_TEXT, .offset = AT(ledger)},
    {0, "trace", "FILE",
	"record every worker's life in FILE, for client\ntrace (default off)",
	OPTION_TEXT, .offset = AT(trace)},
    {'v', "verbose", NULL, "log each connection", OPTION_FLAG,
	.offset = AT(verbose)},
    {'q', "quiet", NULL, "log only errors and listening addresses", OPTION_FLAG,
	.offset = AT(quiet)},
    {0},
};

/* How many listeners are for datagrams; *ONE is the last of them. */
static size_t
datagram_listeners(const struct config *config, const struct listener **one)
{
	size_t count = 0;

	for (size_t i = 0; i < config->listeners.count; i++) {
		if (config->listeners.at[i].datagrams) {
			*one = &config->listeners.at[i];
			count++;
		}
	}
	return count;
}

/* An option without effect is an error. */
static void
check_service(const struct config *config)
{
	const struct listener *one;
	char text[ADDRESS_TEXT_MAX];

	if (datagram_listeners(config, &one) && !config->service->datagrams)
		usage_error("--listen %s: service %.200s needs a stream: use "
			    "an address without udp:",
		    listener_format(one, text), config->service_text);
	if (config->race_window_ns &&
	    strcmp(config->service_text, "counter:unlocked") != 0)
		usage_error("--race-window %s: requires --service "
			    "counter:unlocked, not %.200s",
		    format_duration(
			text, sizeof(text), (double)config->race_window_ns),
		    config->service_text);
}

static void
check_tls(const struct config *config)
{
	const struct listener *one;

	if (!config->tls_cert != !config->tls_key)
		usage_error("--tls-%s %.200s: requires --tls-%s as well",
		    config->tls_cert ? "cert" : "key",
		    config->tls_cert ? config->tls_cert : config->tls_key,
		    config->tls_cert ? "key" : "cert");
	if (config->tls_cert && config->image >= 0 &&
	    config->image != IMAGE_FULL)
		usage_error("--image %s: --tls-cert requires --image full",
		    IMAGE_NAMES[config->image]);
	if (config->tls_client_ca && !config->tls_cert)
		usage_error("--tls-client-ca %.200s: requires --tls-cert "
			    "and --tls-key",
		    config->tls_client_ca);
	if (config->tls_cert &&
	    datagram_listeners(config, &one) == config->listeners.count)
		usage_error("--tls-cert %.200s: requires a stream listener; "
			    "all listeners are udp:",
		    config->tls_cert);
}

/* What the system would take without a word, or could not do. */
static void
check_reuse_port(const struct config *config)
{
	const struct listeners *all = &config->listeners;
	size_t twice = listeners_find_twice(all);
	char text[ADDRESS_TEXT_MAX];

	if (!config->reuse_port)
		return;
	for (size_t i = 0; i < all->count; i++) {
		if (all->at[i].address.any.sa_family == AF_UNIX)
			usage_error("--reuse-port: --listen %.120s: a unix "
				    "socket has no port to share; start this "
				    "server without the one or the other",
			    listener_format(&all->at[i], text));
	}
	if (twice < all->count)
		usage_error("--reuse-port: --listen %s: is there twice; it is "
			    "for several servers at one address, so start "
			    "another server with it",
		    listener_format(&all->at[twice], text));
}

/* Most users who write a bare word mean an address to listen on. */
static _Noreturn void
refuse_argument(const char *word)
{
	struct listeners none = {0};
	uint64_t port;

	if (listeners_add(&none, word) == 0)
		usage_error("%.200s: unexpected argument; write --listen "
			    "%.200s",
		    word, word);
	if (parse_count(word, &port) == 0)
		usage_error(
		    "%.200s: unexpected argument; write --listen :%.200s", word,
		    word);
	if ((unsigned char)word[0] ==
	    0xe2) /* the first byte of typographic dashes */
		usage_error("%.200s: unexpected argument; write an option "
			    "with hyphens, not dashes",
		    word);
	usage_error("%.200s: unexpected argument", word);
}

void
config_read(struct config *config, int argc, char **argv, const char *worker)
{
	char about[160];
	struct option_set set = {"[options]", about, OPTIONS,
	    "SIGTERM or SIGINT: stop accepting, let workers finish;\n"
	    "a second one ends at once. SIGUSR1: log the ledger."};
	int rest;

	snprintf(about, sizeof(about),
	    "Serves each connection in a %s of its "
	    "own.",
	    worker);
	*config = (struct config){
	    .idle_timeout_ns = 60 * NS_PER_S,
	    .request_timeout_ns = 30 * NS_PER_S,
	    .drain_timeout_ns = 10 * NS_PER_S,
	    .backlog = 4096,
	    .ready_fd = UINT64_MAX,
	    .image = -1,
	};
	rest = options_parse(&set, config, argc, argv);
	if (rest < argc)
		refuse_argument(argv[rest]);
	/* A descriptor with close-on-exec was not inherited: it is the
	 * log's. */
	if (config->ready_fd != UINT64_MAX &&
	    fcntl((int)config->ready_fd, F_GETFD) != 0)
		usage_error("--ready-fd %d: must be an open descriptor",
		    (int)config->ready_fd);
	if (config->ready_fd == STDOUT_FILENO && config->ledger &&
	    strcmp(config->ledger, "-") == 0)
		usage_error("--ready-fd 1: --ledger - writes there; use "
			    "another descriptor");
	if (config->trace && strcmp(config->trace, "-") == 0)
		usage_error("--trace -: must be a file, because it is mapped");
	if (!config->service)
		parse_service(config, "echo");
	if (config->listeners.count == 0)
		parse_listen(config, "127.0.0.1:7007");
	check_service(config);
	check_tls(config);
	check_reuse_port(config);
	config->listeners.reuse_port = config->reuse_port;
}
