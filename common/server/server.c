/* SPDX-License-Identifier: MIT */
/* server: start and end of a server; loop.c does the rest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/descriptor.h"
#include "common/base/log.h"
#include "common/base/output.h"
#include "common/base/process.h"
#include "common/base/trace.h"
#include "common/base/trace_guard.h"
#include "common/net/websocket.h"
#include "common/server/config.h"
#include "common/server/image.h"
#include "common/server/ledger_file.h"
#include "common/server/loop.h"
#include "common/server/model.h"
#include "common/server/service_cost.h"

/*
 * Becomes the image that --image names; or the full one, if TLS or WebSocket
 * needs it. Returns in the right image, or where the service can do without
 * WebSocket.
 */
static void
choose_image(const struct config *config, char **argv)
{
	bool websocket = config->service->websocket && !WEBSOCKET_HERE;
	bool tls = config->tls_cert && !TLS_HERE;
	char why[LOG_LINE_MAX];

	snprintf(why, sizeof(why), "built without %s", IMAGE_FULL_LACKS);
	if (config->image >= 0) {
		const char *name = IMAGE_NAMES[config->image];

		if (image_become(
			(enum image)config->image, argv, why, sizeof(why)) < 0)
			die(1, "--image %s: %s", name, why);
		if (IMAGE != IMAGE_FULL)
			snprintf(
			    why, sizeof(why), "only the full image has it");
	} else if (tls || (websocket && !IMAGE_FULL_LACKS[0])) {
		image_become(IMAGE_FULL, argv, why, sizeof(why));
	}
	if (tls)
		die(1, "--tls-cert: no TLS in this program: %s", why);
	if (config->service->websocket && websocket_begin() < 0)
		die(1, "WebSocket needs SHA-1, which OpenSSL does not provide");
	if (websocket)
		log_warn(
		    "%s without WebSocket: %s", config->service->name, why);
	log_info("%s image, linked %s", IMAGE_NAMES[IMAGE], image_linking());
}

static bool
takes_any_address(const struct listeners *all)
{
	bool any = false;

	for (size_t i = 0; i < all->count; i++)
		any |= address_is_any(&all->at[i].address);
	return any;
}

/* Sets up what all connections know about the service. */
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
	    .prepared = setup->prepared,
	    .race_window_ns = config->race_window_ns,
	    .workers = (uint32_t)config->max_connections,
	    .any_address = takes_any_address(&config->listeners),
	    .model = model->name,
	    .ledger = setup->ledger,
	    .limits = setup->limits,
	    .draining = setup->draining,
	    .closing_silent = setup->closing_silent,
	};
	if (!service->shared_size)
		return 0;
	/* Memory from model->share() is aligned only as by malloc(3). */
	size = align + sizeof(*setup->shared) + service->shared_size(setup);
	memory = model->share(size);
	if (!memory)
		return -1;
	setup->shared = (void *)(memory + -(uintptr_t)memory % align);
	return shared_init(
	    setup->shared, model->mutex.pshared, model->mutex.robust);
}

/* What one worker needs. Any worker may serve a datagram, which this process
 * keeps until it is answered. */
static struct worker_cost
worker_cost(const struct config *config, const struct server_model *model)
{
	struct worker_cost cost = model->cost;
	uint64_t page_kib = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	bool datagrams = false;

	if (config->trace && cost.page_tables) /* for the mapped file */
		cost.pages++;
	cost.memory_kib += cost.pages * page_kib;
	if (model->stack) /* the guard page, and rounding up */
		cost.address_kib +=
		    worker_stack_size(model->stack) / 1024 + 2 * page_kib;
	for (size_t i = 0; i < config->listeners.count; i++)
		datagrams |= config->listeners.at[i].datagrams;
	if (datagrams) {
		cost.memory_kib += DATAGRAM_KIB;
		cost.address_kib += DATAGRAM_KIB;
	}
	if (config->tls_cert)
		cost.memory_kib += cost.tls_kib;
	if (cost.page_tables)
		cost.memory_kib += ballast_tables_kib(&config->ballast);
	service_cost_add(&cost, model, config);
	return cost;
}

/*
 * Chooses the limit of workers, and from how many on a new worker raises its
 * OOM score. That takes a fifth of the time of a fork, because the kernel
 * creates a file of /proc; so not while seven eighths of the memory are free.
 */
static void
choose_limit(struct config *config, struct workers *workers)
{
	struct worker_cost cost = worker_cost(config, workers->model);
	struct worker_limit limit = limits_compute(&cost, LINGERING_MAX);

	workers->oom_score_from = limit.in_memory / 8;
	service_cost_check(config, &limit);
	if (config->max_connections == 0) {
		config->max_connections =
		    limit.workers < WORKERS_MAX ? limit.workers : WORKERS_MAX;
		log_info("at most %llu connections at once (%s)",
		    (unsigned long long)config->max_connections, limit.binding);
		return;
	}
	log_info("at most %llu connections at once (as given)",
	    (unsigned long long)config->max_connections);
	if (config->max_connections > limit.workers)
		log_warn("%s: enough for only %llu of them", limit.binding,
		    (unsigned long long)limit.workers);
}

/* A failed write is not our error, but the parent may wait for the line: log
 * it. */
static void
say_ready(const struct config *config, unsigned first_private)
{
	char text[ADDRESS_TEXT_MAX];
	int fd = (int)config->ready_fd;

	for (size_t i = 0; i < config->listeners.count; i++) {
		listener_format(&config->listeners.at[i], text);
		log_always("listening on %s", text);
		if (config->ready_fd != UINT64_MAX &&
		    dprintf(fd, "%s\n", text) < 0)
			log_warn("--ready-fd %d: cannot write \"%s\": %s", fd,
			    text, strerror(errno));
	}
	if (config->ready_fd == UINT64_MAX)
		return;
	/* The reader waits for end of file. A low number, which forked children
	 * do not close, gets /dev/null: otherwise a refused client could get
	 * the number, and every later child would keep that client's connection
	 * open. */
	if ((unsigned)fd >= first_private) {
		close(fd);
	} else {
		int null = descriptor_open_null();

		if (dup2(null, fd) < 0)
			close(fd);
		close(null);
	}
}

static void
open_ledger(struct ledger_file *file, const char *path)
{
	if (path && ledger_file_open(file, path) < 0)
		die(1, "--ledger %s: %s", path, strerror(errno));
}

/* Returns false if the ledger was to be written and could not be. */
static bool
write_ledger(struct ledger_file *file, const struct ledger *ledger)
{
	struct ledger_view view = ledger_count(ledger);

	if (!file->path || ledger_file_write(file, &view) == 0)
		return true;
	log_error("ledger %s: %s", file->path, strerror(errno));
	return false;
}

/* The one that is written last would replace the other. */
static void
check_outputs(const struct config *config)
{
	if (config->trace && config->ledger &&
	    output_is_one_file(config->trace, config->ledger))
		die(2,
		    "--ledger %.200s: --trace writes this file; name another "
		    "one",
		    config->ledger);
}

static void
open_trace(const char *path, const char *program, const char *model)
{
	char why[LOG_LINE_MAX];

	if (!path)
		return;
	if (trace_open(path, TRACE_CAPACITY, program, model, why, sizeof(why)) <
	    0)
		die(1, "--trace %.200s: %s", path, why);
	log_debug("trace %.200s: room for %d events, %d MiB", path,
	    TRACE_CAPACITY, TRACE_FILE_MIB);
}

static void
end_trace(const char *path, int status)
{
	uint64_t gone;

	trace_event_of(0, TRACE_EXIT, (uint64_t)status);
	gone = trace_overwritten();
	if (trace_guard_is_lost())
		log_warn("trace %.200s: " TRACE_LOST, path);
	else if (gone)
		log_info("trace %.200s: full; the oldest %llu events were "
			 "overwritten",
		    path, (unsigned long long)gone);
}

/* The answer to a refused client. Over TLS it is an alert: the service's own
 * words would need a handshake. */
static struct refusal
refusal(const struct config *config, enum refusal_reason reason)
{
	const struct service *service = config->service;
	const char *text =
	    reason == REFUSAL_SOURCE_FULL ? SERVICE_SOURCE_FULL : service->full;

	if (config->tls_cert)
		return (struct refusal){
		    .text = TLS_REFUSAL, .len = TLS_REFUSAL_LEN};
	if (service->full_for)
		return (struct refusal){
		    .choose = service->full_for, .reason = reason};
	return (struct refusal){.text = text, .len = strlen(text)};
}

/* Whether this process has, or may adopt, children that are no workers: from
 * the program that became it by exec, or orphans. */
static bool
has_other_children(void)
{
	siginfo_t ended;
	int adopts = 0;

	prctl(PR_GET_CHILD_SUBREAPER, &adopts);
	return adopts || getpid() == 1 ||
	       waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Checks calls that workers make and whose errors they cannot report. */
static void
check_calls(const struct server_model *model)
{
	const struct itimerval none = {0};

	if (model->own_timer && setitimer(ITIMER_REAL, &none, NULL) < 0)
		die(1, "setitimer: %s: idle timeouts need it", strerror(errno));
}

/* Names the process and its workers for ps(1), top(1) and ss(8), which show 15
 * bytes: too few to tell perconn-server-thread from perconn-server-fork. The
 * kernel's default is the name of the image's file. */
static void
name_process(const char *program, const char *model)
{
	char name[16];

	if (strlen(program) < sizeof(name))
		snprintf(name, sizeof(name), "%s", program);
	else
		snprintf(name, sizeof(name), "perconn-%s", model);
	prctl(PR_SET_NAME, name);
}

static enum log_level
chosen_log_level(const struct config *config)
{
	if (config->quiet)
		return LOG_ERROR;
	return config->verbose ? LOG_DEBUG : LOG_INFO;
}

int
server_main(int argc, char **argv, const struct server_model *model)
{
	/* Static: only read once workers exist, so forks share the pages. */
	static struct config config;
	static struct workers workers;
	static struct loop loop;
	static struct ledger_file ledger;
	const char *program;
	char name[32];
	bool clean, told;

	process_begin();
	image_begin();
	snprintf(name, sizeof(name), "server_%s", model->name);
	program = process_name(argv, name);
	name_process(program, model->name);
	log_open(program, LOG_INFO, false);
	config_read(&config, argc, argv, model->worker);
	log_open(program, chosen_log_level(&config), true);
	workers = (struct workers){
	    .model = model,
	    .max_per_source = config.max_per_source,
	    .settings =
		{
		    .service = config.service,
		    .setup.argument = config.service_argument,
		    .memory_ends = model->memory_ends,
		    .idle_timeout_ns = config.idle_timeout_ns,
		    .request_timeout_ns = config.request_timeout_ns,
		},
	};
	loop = (struct loop){
	    .workers = &workers,
	    .listeners = &config.listeners,
	    .backlog = (int)config.backlog,
	    .full = refusal(&config, REFUSAL_FULL),
	    .source_full = refusal(&config, REFUSAL_SOURCE_FULL),
	    .refuse = config.when_full == WHEN_FULL_REFUSE,
	    .drain_timeout_ns = config.drain_timeout_ns,
	    .wake_every_ns = config.idle_timeout_ns / WORKER_WAKES,
	    .has_other_children = has_other_children(),
	};

	choose_image(&config, argv);
	check_calls(model);
	check_outputs(&config);
	open_trace(config.trace, program, model->name);
	if (config.ballast.size && ballast_load(&config.ballast) < 0)
		return 1;
	loop.ballast = config.ballast.writer;
	if (service_cost_prepare(&config, &workers.settings.setup) < 0)
		return 1;
	choose_limit(&config, &workers);
	if (config.tls_cert &&
	    !(workers.settings.tls = tls_open(
		  config.tls_cert, config.tls_key, config.tls_client_ca)))
		return 1;
	if (workers.settings.tls)
		tls_speak(workers.settings.tls, config.service->tls_names);
	if (workers_init(&workers, (uint32_t)config.max_connections) < 0 ||
	    set_up_service(&config, model, &workers) < 0 ||
	    loop_open(&loop, &workers.settings) < 0)
		die(1, "cannot start: %s", strerror(errno));
	/* Above the first descriptor that a child closes, so no worker keeps it
	 * open. */
	open_ledger(&ledger, config.ledger);
	if (listeners_open(&config.listeners, (int)config.backlog) < 0)
		return 1;
	workers.settings.oom_score_adj = limits_oom_score_adj();
	say_ready(&config, workers.settings.first_private);
	clean = loop_run(&loop);
	told = write_ledger(&ledger, workers.ledger);
	end_trace(config.trace, clean && told ? 0 : 1);
	/* A thread that could not be stopped may still run; exit handlers, such
	 * as the TLS library's, would pull its memory away. */
	if (!clean)
		_exit(1);
	return told ? 0 : 1;
}
