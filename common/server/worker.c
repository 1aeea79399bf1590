/* SPDX-License-Identifier: MIT */
/* worker: connection, service, close; the same in all models. */
#include "common/server/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/hot.h"
#include "common/base/trace.h"

size_t
worker_stack_size(size_t wanted)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	long least = sysconf(_SC_THREAD_STACK_MIN);

	if (wanted == 0)
		return 0;
	if (least > 0 && wanted < (size_t)least)
		wanted = (size_t)least;
	return (wanted + page - 1) / page * page;
}

HOT static void
announce(const struct worker *worker)
{
	struct announcement end = {worker->index, worker->ticket};

	/* So few bytes are written whole or not at all (PIPE_BUF). The write
	 * waits while the pipe is full: no announcement may be lost. */
	while (write(worker->settings->announce_fd, &end, sizeof(end)) < 0 &&
	       errno == EINTR)
		continue;
}

/* The client gets the answer of a full server. */
static void
refuse(const struct worker *worker, struct conn *conn)
{
	const struct worker_settings *settings = worker->settings;
	const char *full = settings->service->full;

	log_limited(settings->memory_limit,
	    "connection %llu: refused: no memory for service %s: %s",
	    (unsigned long long)worker->number, settings->service->name,
	    strerror(errno));
	if (conn_write(conn, full, strlen(full)) == 0)
		conn_refuse(conn);
}

static void
serve_with_memory(
    struct worker *worker, struct conn *conn, struct service_context *context)
{
	const struct worker_settings *settings = worker->settings;

	worker->memory = NULL;
	if (settings->service->begin(&settings->setup, &worker->memory) < 0) {
		refuse(worker, conn);
		return;
	}
	context->memory = worker->memory;
	settings->service->serve(conn, context);
}

HOT enum outcome
worker_serve(struct worker *worker)
{
	const struct worker_settings *settings = worker->settings;
	struct service_context context = {
	    .setup = &settings->setup,
	    .number = worker->number,
	    .worker = worker->index,
	    .peer = &worker->peer,
	};
	struct conn conn;
	enum outcome outcome;

	if (trace_on())
		trace_start(worker->number, worker->traced_from);
	conn_init(&conn, worker->fd, settings->idle_timeout_ns,
	    settings->request_timeout_ns);
	if (worker->datagram)
		datagram_carry(&conn, worker->datagram);
	if (!worker->datagram && settings->tls &&
	    tls_accept(
		&conn, settings->tls, worker->number, settings->tls_limits) < 0)
		; /* the client is told why */
	else if (settings->service->begin)
		serve_with_memory(worker, &conn, &context);
	else
		settings->service->serve(&conn, &context);
	conn.leave = settings->setup.draining;
	/* The answer to a datagram, which conn_finish() sends, is the end that
	 * its client sees. */
	if (worker->datagram)
		announce(worker);
	outcome = conn_finish(&conn);
	trace_event(TRACE_END, outcome);
	return outcome;
}

HOT void
worker_start_wake_timer(const struct worker *worker)
{
	uint64_t every = worker->settings->idle_timeout_ns / WORKER_WAKES;
	struct timespec t = clock_timespec(every);
	struct timeval gap = {t.tv_sec, t.tv_nsec / 1000};
	struct itimerval timer = {gap, gap};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Writes NUMBER into the file NAME, if the system allows it. */
static void
write_number(const char *name, int number)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", number);
	int fd = open(name, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, text, (size_t)len);
	close(fd);
}

HOT void
worker_raise_oom_score(const struct worker *worker)
{
	if (worker->raises_oom_score)
		write_number("/proc/self/oom_score_adj",
		    worker->settings->oom_score_adj);
}

HOT int
worker_take(struct worker *worker)
{
	return atomic_exchange(&worker->fd, -1);
}

static void
free_memory(struct worker *worker)
{
	const struct worker_settings *settings = worker->settings;

	settings->service->end(&settings->setup, worker->memory);
	worker->memory = NULL;
}

HOT void
worker_close(struct worker *worker)
{
	int fd = worker_take(worker);

	if (fd >= 0)
		close(fd);
	if (worker->memory && !worker->settings->memory_ends)
		free_memory(worker);
}

HOT void
worker_announce(const struct worker *worker)
{
	if (!worker->datagram)
		announce(worker);
}
