/* SPDX-License-Identifier: MIT */
/* server: the command line, the start and the end; the rest is loop.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/option.h"
#include "common/base/process.h"
#include "common/net/websocket.h"
#include "common/server/image.h"
#include "common/server/loop.h"
#include "common/server/model.h"

enum { WAIT, REFUSE };

/* No table of slots beyond this, whatever the system would allow. */
#define WORKERS_MAX 1000000

struct config {
	struct listeners listeners;
	const struct service *service;
	const char *service_text; /* as it was given */
	uint64_t service_argument;
	uint64_t race_window_ns;
	const char *tls_cert, *tls_key, *tls_client_ca;
	uint64_t max_connections; /* 0: computed */
	uint64_t max_per_source;  /* 0: none */
	uint64_t idle_timeout_ns;
	uint64_t request_timeout_ns;
	uint64_t drain_timeout_ns;
	uint64_t backlog;
	uint64_t ready_fd; /* UINT64_MAX: none */
	const char *ledger;
	int when_full;
	int verbose, quiet;
};

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
	c->service = service_find(text, &c->service_argument);
	return c->service ? 0 : -1;
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

		printf("%*s%s\n", 20 - width, "", (*s)->summary);
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
	.parse = parse_listen},
    {'s', "service", "NAME[:ARG]", "what to serve (default echo)", OPTION_CALL,
	.allowed = "a name from --list-services, with its argument",
	.parse = parse_service},
    {0, "list-services", NULL, "print the services and exit", OPTION_DO,
	.parse = list_services},
    {'m', "max-connections", "N", "workers alive at once (default: computed)",
	OPTION_COUNT, .offset = AT(max_connections), .min = 1,
	.max = WORKERS_MAX},
    {0, "when-full", "WHAT", "wait or refuse (default wait)", OPTION_CHOICE,
	.offset = AT(when_full), .allowed = "wait|refuse"},
    {0, "max-per-source", "N",
	"workers alive at once for one address\n"
	"(IPv4 /32, IPv6 /64; default none)",
	OPTION_COUNT, .offset = AT(max_per_source), .min = 1,
	.max = WORKERS_MAX},
    {0, "idle-timeout", "D", "no byte in either direction (default 60s)",
	OPTION_DURATION, .offset = AT(idle_timeout_ns), .min = TIMEOUT_MIN,
	.max = TIMEOUT_MAX},
    {0, "request-timeout", "D",
	"one request, first byte to answer (default 30s)", OPTION_DURATION,
	.offset = AT(request_timeout_ns), .min = TIMEOUT_MIN,
	.max = TIMEOUT_MAX},
    {0, "drain-timeout", "D", "how long a stop waits (default 10s)",
	OPTION_DURATION, .offset = AT(drain_timeout_ns), .min = TIMEOUT_MIN,
	.max = TIMEOUT_MAX},
    {0, "backlog", "N", "clients that wait to be accepted (default 4096)",
	OPTION_COUNT, .offset = AT(backlog), .min = 1, .max = 1 << 20},
    {0, "tls-cert", "FILE", "speak TLS on streams: the certificate chain",
	OPTION_TEXT, .offset = AT(tls_cert)},
    {0, "tls-key", "FILE", "its private key", OPTION_TEXT,
	.offset = AT(tls_key)},
    {0, "tls-client-ca", "FILE",
	"demand certificates of clients, signed by this", OPTION_TEXT,
	.offset = AT(tls_client_ca)},
    {0, "race-window", "D",
	"counter:unlocked waits so long between load\n"
	"and store, for all to see (default none)",
	OPTION_DURATION, .offset = AT(race_window_ns), .max = 10 * NS_PER_S},
    {0, "ready-fd", "FD", "write the addresses there when listening",
	OPTION_COUNT, .offset = AT(ready_fd), .max = 1 << 20},
    {0, "ledger", "FILE", "write the final ledger as JSON (- is stdout)",
	OPTION_TEXT, .offset = AT(ledger)},
    {'v', "verbose", NULL, "log each connection", OPTION_FLAG,
	.offset = AT(verbose)},
    {'q', "quiet", NULL, "log errors, and where it listens", OPTION_FLAG,
	.offset = AT(quiet)},
    {0},
};

static size_t
count_datagram_listeners(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->listeners.count; i++)
		count += config->listeners.at[i].datagrams;
	return count;
}

/* No option is ignored. */
static void
check_service(const struct config *config)
{
	if (count_datagram_listeners(config) && !config->service->datagrams)
		usage_error("--listen udp: allowed is a service that fits into "
			    "datagrams, not %s",
		    config->service->name);
	if (config->race_window_ns &&
	    strcmp(config->service_text, "counter:unlocked") != 0)
		usage_error("--race-window: allowed is it with --service "
			    "counter:unlocked, not %s",
		    config->service_text);
}

static void
check_tls(const struct config *config)
{
	if (!config->tls_cert != !config->tls_key)
		usage_error("--tls-cert and --tls-key: allowed are both, or "
			    "neither");
	if (config->tls_client_ca && !config->tls_cert)
		usage_error("--tls-client-ca: allowed is it with --tls-cert");
	if (config->tls_cert &&
	    count_datagram_listeners(config) == config->listeners.count)
		usage_error("--tls-cert: allowed is it with a listener of "
			    "streams, not with udp: alone");
}

static void
read_options(struct config *config, int argc, char **argv, const char *program,
    const struct server_model *model)
{
	char synopsis[64], about[160];
	struct option_set set = {synopsis, about, OPTIONS,
	    "SIGTERM or SIGINT: stop accepting, let workers finish;\n"
	    "a second one ends at once. SIGUSR1: log the ledger.\n"};
	int rest;

	snprintf(synopsis, sizeof(synopsis), "%s [options]", program);
	snprintf(about, sizeof(about),
	    "Serves each connection in a %s of its "
	    "own.",
	    model->worker);
	rest = options_parse(&set, config, argc, argv);
	if (rest < argc)
		usage_error("%s: no arguments are taken", argv[rest]);
	if (config->ready_fd != UINT64_MAX &&
	    fcntl((int)config->ready_fd, F_GETFD) < 0)
		usage_error("--ready-fd %d: allowed is an open descriptor",
		    (int)config->ready_fd);
	if (config->ready_fd == STDOUT_FILENO && config->ledger &&
	    strcmp(config->ledger, "-") == 0)
		usage_error("--ready-fd 1: allowed is another descriptor, for "
			    "the ledger goes to standard output");
	if (!config->service)
		parse_service(config, "echo");
	if (config->listeners.count == 0)
		parse_listen(config, "127.0.0.1:7007");
	check_service(config);
	check_tls(config);
}

/*
 * TLS and WebSocket are in the full image. Comes back where this is it, none of
 * them is wanted, or a service can do without.
 */
static void
choose_image(const struct config *config, char **argv)
{
	bool websocket = config->service->websocket && !WEBSOCKET_HERE;
	bool tls = config->tls_cert && !TLS_HERE;
	/* Comes back from exec only where there is no full image. */
	const char *missing = IMAGE_FULL
				  ? "wslay was missing when it was made"
				  : "there is no full image, which is made "
				    "where OpenSSL 3 is";

	if ((websocket || tls) && !IMAGE_FULL)
		image_become_full(argv);
	if (tls)
		die(1, "--tls-cert: no TLS in this build: %s", missing);
	if (websocket)
		log_warn("%s without WebSocket: none in this build: %s",
		    config->service->name, missing);
	log_info("%s image, linked %s", IMAGE_FULL ? "full" : "plain",
	    image_linking());
}

/* What all connections need to know of the service, in SETTINGS. */
static int
set_up_service(const struct config *config, const struct server_model *model,
    struct workers *workers)
{
	const struct service *service = config->service;
	struct service_setup *setup = &workers->settings.setup;
	size_t size, align = _Alignof(struct shared);
	char *memory;

	*setup = (struct service_setup){
	    .argument = config->service_argument,
	    .race_window_ns = config->race_window_ns,
	    .workers = (uint32_t)config->max_connections,
	    .model = model->name,
	    .ledger = workers->ledger,
	    .draining = setup->draining,
	};
	if (!service->shared_size)
		return 0;
	/* A model's memory is aligned as malloc(3)'s is, and no better. */
	size = align + sizeof(*setup->shared) + service->shared_size(setup);
	memory = model->share(size);
	if (!memory)
		return -1;
	setup->shared = (void *)(memory + -(uintptr_t)memory % align);
	return shared_init(
	    setup->shared, model->mutex.pshared, model->mutex.robust);
}

static void
choose_limit(struct config *config, const struct server_model *model)
{
	struct worker_cost cost = model->cost;
	struct limit limit;

	if (config->tls_cert)
		cost.memory_kib += cost.tls_kib;
	limit = limits_compute(&cost, REFUSED_MAX);

	if (config->max_connections == 0) {
		config->max_connections =
		    limit.workers < WORKERS_MAX ? limit.workers : WORKERS_MAX;
		log_info("at most %llu connections at once (%s)",
		    (unsigned long long)config->max_connections, limit.binding);
		return;
	}
	log_info("at most %llu connections at once (as told)",
	    (unsigned long long)config->max_connections);
	if (config->max_connections > limit.workers)
		log_warn("%s suffice for %llu of them", limit.binding,
		    (unsigned long long)limit.workers);
}

/* A full pipe or a reader that left is the starter's affair, not ours. */
static void
say_ready(const struct config *config)
{
	char text[ADDRESS_TEXT_MAX];
	int fd = (int)config->ready_fd;

	for (size_t i = 0; i < config->listeners.count; i++) {
		listener_format(&config->listeners.at[i], text);
		log_always("listening on %s", text);
		if (config->ready_fd != UINT64_MAX)
			dprintf(fd, "%s\n", text);
	}
	if (config->ready_fd == UINT64_MAX)
		return;
	/* Its reader waits for end of file. A standard descriptor stays taken,
	 * or what is opened next would become it. */
	if (fd > STDERR_FILENO) {
		close(fd);
	} else {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, fd);
		close(null);
	}
}

/* Weeks later would be too late to learn that it cannot be written. */
static void
try_ledger(const char *path)
{
	int fd = strcmp(path, "-") == 0
		     ? -1
		     : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd >= 0)
		close(fd);
	else if (strcmp(path, "-") != 0)
		die(1, "--ledger %s: %s", path, strerror(errno));
}

static int
write_ledger(const char *path, const struct ledger *ledger)
{
	struct ledger_view view = ledger_read(ledger);
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	int bad = !out || ledger_write(&view, out) < 0;

	if (out && out != stdout && fclose(out) != 0)
		bad = 1;
	if (bad)
		log_error("ledger %s: %s", path, strerror(errno));
	return bad ? -1 : 0;
}

int
server_main(int argc, char **argv, const struct server_model *model)
{
	/* Static: it is read only once workers exist, so a fork shares it. */
	static struct config config = {
	    .idle_timeout_ns = 60 * NS_PER_S,
	    .request_timeout_ns = 30 * NS_PER_S,
	    .drain_timeout_ns = 10 * NS_PER_S,
	    .backlog = 4096,
	    .ready_fd = UINT64_MAX,
	};
	static struct workers workers;
	static struct loop loop;
	char program[32];
	bool clean;

	process_begin();
	snprintf(program, sizeof(program), "server_%s", model->name);
	log_open(program, LOG_INFO, false);
	read_options(&config, argc, argv, program, model);
	log_open(program,
	    config.quiet     ? LOG_ERROR
	    : config.verbose ? LOG_DEBUG
			     : LOG_INFO,
	    true);
	workers = (struct workers){
	    .model = model,
	    .max_per_source = config.max_per_source,
	    .settings =
		{
		    .service = config.service,
		    .idle_timeout_ns = config.idle_timeout_ns,
		    .request_timeout_ns = config.request_timeout_ns,
		},
	};
	loop = (struct loop){
	    .workers = &workers,
	    .listeners = &config.listeners,
	    .backlog = (int)config.backlog,
	    .full = config.tls_cert ? TLS_REFUSAL : config.service->full,
	    .full_len = config.tls_cert ? TLS_REFUSAL_LEN
					: strlen(config.service->full),
	    .refuse = config.when_full == REFUSE,
	    .drain_timeout_ns = config.drain_timeout_ns,
	    .nudge_every_ns = config.idle_timeout_ns / WORKER_NUDGES,
	};

	choose_image(&config, argv);
	if (config.ledger)
		try_ledger(config.ledger);
	choose_limit(&config, model);
	if (config.tls_cert &&
	    !(workers.settings.tls = tls_open(
		  config.tls_cert, config.tls_key, config.tls_client_ca)))
		return 1;
	if (workers_init(&workers, (uint32_t)config.max_connections) < 0 ||
	    set_up_service(&config, model, &workers) < 0 ||
	    loop_open(&loop, &workers.settings) < 0)
		die(1, "cannot start: %s", strerror(errno));
	if (listeners_open(&config.listeners, (int)config.backlog) < 0)
		return 1;
	say_ready(&config);
	clean = loop_run(&loop);
	if (config.ledger && write_ledger(config.ledger, workers.ledger) < 0)
		return 1;
	return clean ? 0 : 1;
}
