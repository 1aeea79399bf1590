/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>

#include "common/server/worker.h"

static int client; /* the other end of the worker's connection */
static int wake[2];
static struct worker_settings settings;
static struct worker worker;
static enum outcome outcome; /* that the service below makes */

static void
serve_a_word(struct conn *conn, const struct service_context *context)
{
	char buf[8];

	(void)context;
	if (conn_read(conn, buf, sizeof(buf)) > 0)
		conn_write(conn, "word", 4);
	if (outcome != OUTCOME_SERVED)
		conn->outcome = outcome;
}

static const struct service SERVICE = {.serve = serve_a_word};

static int
make_worker(void **state)
{
	int ends[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || pipe(wake) < 0)
		return -1;
	client = ends[1];
	outcome = OUTCOME_SERVED;
	settings = (struct worker_settings){
	    .service = &SERVICE,
	    .idle_timeout_ns = 10000000000,
	    .request_timeout_ns = 10000000000,
	    .announce_fd = wake[1],
	};
	worker = (struct worker){
	    .settings = &settings,
	    .number = 0x700000009,
	    .ticket = 77,
	    .index = 5,
	    .fd = ends[0],
	};
	return 0;
}

static int
close_all(void **state)
{
	(void)state;
	worker_close(&worker);
	close(client);
	close(wake[0]);
	return close(wake[1]);
}

#define WORKER_TEST(name) TEST_WITH(name, make_worker, close_all)

WORKER_TEST(the_service_serves_and_the_connection_stays)
{
	int fd = worker.fd;
	char buf[8];

	assert_int_equal(write(client, "x", 1), 1);
	shutdown(client, SHUT_WR);
	assert_int_equal(worker_serve(&worker), OUTCOME_SERVED);
	assert_int_equal(worker.fd, fd);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	assert_int_equal(read(client, buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "word", 4);
	assert_int_equal(read(client, buf, sizeof(buf)), 0);
}

WORKER_TEST(the_outcome_is_that_of_the_connection)
{
	outcome = OUTCOME_TIMED_OUT;
	shutdown(client, SHUT_WR);
	assert_int_equal(worker_serve(&worker), OUTCOME_TIMED_OUT);
}

WORKER_TEST(close_ends_the_connection_once)
{
	int fd = worker.fd, other;
	char byte;

	worker_close(&worker);
	assert_int_equal(worker.fd, -1);
	assert_int_equal(read(client, &byte, 1), 0);
	/* The number is another's now; a second close must spare it. */
	other = fcntl(wake[0], F_DUPFD, fd);
	assert_int_equal(other, fd);
	worker_close(&worker);
	assert_true(fcntl(other, F_GETFD) >= 0);
	close(other);
}

WORKER_TEST(what_is_taken_is_not_closed)
{
	int fd = worker.fd;

	assert_int_equal(worker_take(&worker), fd);
	assert_int_equal(worker_take(&worker), -1);
	worker_close(&worker);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	close(fd);
}

WORKER_TEST(an_announcement_names_slot_and_ticket)
{
	struct announcement end[2];

	worker_announce(&worker);
	assert_int_equal(read(wake[0], end, sizeof(end)), sizeof(end[0]));
	assert_int_equal(end[0].index, 5);
	assert_int_equal(end[0].ticket, 77);
}

/* ---- memory of its own ---- */

static bool has_memory; /* else begin() fails */
static int memory_live, *memory_seen;

static int
take_memory(const struct service_setup *setup, void **memory)
{
	if (!has_memory) {
		errno = ENOMEM;
		return -1;
	}
	assert_ptr_equal(setup, &settings.setup);
	memory_live++;
	*memory = &memory_live;
	return 0;
}

static void
give_memory(const struct service_setup *setup, void *memory)
{
	assert_ptr_equal(setup, &settings.setup);
	assert_ptr_equal(memory, &memory_live);
	assert_int_equal(worker.fd, -1); /* its client does not wait for it */
	memory_live--;
}

static void
look_at_memory(struct conn *conn, const struct service_context *context)
{
	(void)conn;
	memory_seen = context->memory;
}

static const struct service WITH_MEMORY = {.name = "memory",
    .serve = look_at_memory,
    .full = "full\n",
    .begin = take_memory,
    .end = give_memory};

static void
serve_with_memory(bool ends)
{
	static struct log_limit limit;

	settings.service = &WITH_MEMORY;
	settings.memory_limit = &limit;
	settings.memory_ends = ends;
	memory_live = 0;
	memory_seen = NULL;
	shutdown(client, SHUT_WR);
	worker_serve(&worker);
}

WORKER_TEST(a_worker_s_memory_is_freed_once_the_connection_is_closed)
{
	has_memory = true;
	serve_with_memory(false);
	assert_ptr_equal(memory_seen, &memory_live);
	assert_int_equal(memory_live, 1);
	worker_close(&worker);
	assert_int_equal(memory_live, 0);
	worker_close(&worker);
	assert_int_equal(memory_live, 0);
}

WORKER_TEST(memory_that_ends_with_the_worker_is_not_freed)
{
	has_memory = true;
	serve_with_memory(true);
	worker_close(&worker);
	assert_int_equal(memory_live, 1);
}

WORKER_TEST(a_client_without_memory_is_told_that_the_server_is_full)
{
	char buf[8];

	has_memory = false;
	serve_with_memory(false);
	assert_null(memory_seen);
	assert_int_equal(read(client, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "full\n", 5);
	worker_close(&worker);
	assert_int_equal(memory_live, 0);
}

RUN_TESTS(NULL, NULL)
