/* SPDX-License-Identifier: MIT */
/*
 * Timeouts here are a few milliseconds where one is to pass and ten seconds
 * where it must not: a test that waits for the wrong one is seen.
 */
#include "tests/unit/unit.h"
#include "tests/unit/wake_timer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "common/base/clock.h"
#include "common/net/address.h"
#include "common/net/conn.h"
#include "common/net/listen.h"

#define SOON (5 * NS_PER_MS)
#define LONG (10 * NS_PER_S)

static struct conn conn;
static int peer; /* the client's end; -1: closed */

/* A pair of unix sockets, or of TCP ones over loopback. */
static void
connect_pair(int ends[2], int family)
{
	struct address address;
	socklen_t len = sizeof(address.in4);
	int listener;

	if (family == AF_UNIX) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		return;
	}
	address_parse("127.0.0.1:0", &address);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, &address.any, address.len), 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, &address.any, &len);
	ends[1] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(ends[1], &address.any, len), 0);
	ends[0] = accept(listener, NULL, NULL);
	assert_true(ends[0] >= 0);
	close(listener);
}

static void
begin(int family, uint64_t idle_ns, uint64_t request_ns)
{
	int ends[2];

	connect_pair(ends, family);
	wake_every(idle_ns / 8);
	conn_init(&conn, ends[0], idle_ns, request_ns);
	peer = ends[1];
}

static void
close_peer(void)
{
	close(peer);
	peer = -1;
}

static void
end(void)
{
	close(conn.fd);
	if (peer >= 0)
		close(peer);
}

static void
timed_out(ssize_t result)
{
	int error = errno;

	assert_int_equal(result, -1);
	assert_int_equal(error, ETIMEDOUT);
	assert_int_equal(conn.outcome, OUTCOME_TIMED_OUT);
	assert_true(conn.ended);
	assert_int_equal(conn_finish(&conn), OUTCOME_TIMED_OUT);
}

/* Of a request: from here on it is under way. */
static void
take_first_byte(void)
{
	char buf[8];

	conn_request_begin(&conn);
	assert_int_equal(write(peer, "G", 1), 1);
	assert_int_equal(conn_read(&conn, buf, sizeof(buf)), 1);
}

/* ---- without deadlines ---- */

TEST(bytes_come_and_go)
{
	char buf[8];

	begin(AF_UNIX, LONG, LONG);
	assert_int_equal(write(peer, "abc", 3), 3);
	assert_int_equal(conn_read(&conn, buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "abc", 3);
	assert_int_equal(conn_write(&conn, "defg", 4), 0);
	assert_int_equal(read(peer, buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "defg", 4);
	assert_int_equal(conn_write(&conn, "", 0), 0);
	assert_false(conn.ended);
	assert_int_equal(conn.outcome, OUTCOME_SERVED);
	end();
}

TEST(end_of_file_is_no_failure)
{
	char buf[8];

	begin(AF_UNIX, LONG, LONG);
	shutdown(peer, SHUT_WR);
	assert_int_equal(conn_read(&conn, buf, sizeof(buf)), 0);
	assert_true(conn.ended);
	assert_int_equal(conn_write(&conn, "bye", 3), 0);
	assert_int_equal(conn_finish(&conn), OUTCOME_SERVED);
	end();
}

TEST(a_reset_is_a_failure)
{
	struct linger none = {1, 0};
	char buf[8];

	begin(AF_INET, LONG, LONG);
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close_peer();
	assert_int_equal(conn_read(&conn, buf, sizeof(buf)), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(conn.outcome, OUTCOME_FAILED);
	assert_int_equal(conn_finish(&conn), OUTCOME_FAILED);
	end();
}

TEST(a_write_without_a_reader_fails_without_a_signal)
{
	signal(SIGPIPE, SIG_DFL);
	begin(AF_UNIX, LONG, LONG);
	close_peer();
	assert_int_equal(conn_write(&conn, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(conn.outcome, OUTCOME_FAILED);
	end();
}

struct reading {
	int fd;
	size_t bytes;
	bool in_order;
};

static unsigned char
byte_at(size_t i)
{
	return (unsigned char)(i * 31 + (i >> 8));
}

static void *
read_slowly(void *arg)
{
	struct reading *r = arg;
	unsigned char buf[8192];
	ssize_t n;

	r->in_order = true;
	while ((n = read(r->fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			r->in_order &= buf[i] == byte_at(r->bytes + (size_t)i);
		r->bytes += (size_t)n;
	}
	return NULL;
}

static void
write_everything(bool in_request)
{
	static unsigned char data[1 << 20];
	struct reading r = {0};
	pthread_t thread;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = byte_at(i);
	begin(AF_UNIX, LONG, LONG);
	if (in_request)
		take_first_byte();
	r.fd = peer;
	pthread_create(&thread, NULL, read_slowly, &r);
	assert_int_equal(conn_write(&conn, data, sizeof(data)), 0);
	shutdown(conn.fd, SHUT_WR);
	pthread_join(thread, NULL);
	assert_int_equal(r.bytes, sizeof(data));
	assert_true(r.in_order);
	end();
}

TEST(a_write_larger_than_the_socket_arrives_whole)
{
	write_everything(false);
	write_everything(true);
}

/* ---- idle ---- */

TEST(a_silent_peer_times_out)
{
	char buf[8];

	begin(AF_UNIX, SOON, LONG);
	timed_out(conn_read(&conn, buf, sizeof(buf)));
	end();
}

TEST(a_peer_that_does_not_read_times_out)
{
	static const char data[4 << 20];

	begin(AF_UNIX, SOON, LONG);
	timed_out(conn_write(&conn, data, sizeof(data)));
	end();
}

TEST(idle_holds_before_and_within_a_request)
{
	char buf[8];

	begin(AF_UNIX, SOON, LONG);
	conn_request_begin(&conn);
	timed_out(conn_read(&conn, buf, sizeof(buf)));
	end();

	begin(AF_UNIX, SOON, LONG);
	take_first_byte();
	timed_out(conn_read(&conn, buf, sizeof(buf)));
	end();
}

TEST(idle_holds_for_writes_within_a_request)
{
	static const char data[4 << 20];

	begin(AF_UNIX, SOON, LONG);
	take_first_byte();
	timed_out(conn_write(&conn, data, sizeof(data)));
	end();
}

/* ---- requests ---- */

struct dripping {
	int fd;
	atomic_bool stop;
};

/* A byte each millisecond, 300 at the most; then the end of file. */
static void *
drip(void *arg)
{
	struct dripping *d = arg;

	for (int i = 0; i < 300 && !atomic_load(&d->stop); i++) {
		send(d->fd, "x", 1, MSG_NOSIGNAL);
		nap_ms(1);
	}
	shutdown(d->fd, SHUT_WR);
	return NULL;
}

TEST(a_byte_at_a_time_does_not_extend_a_request)
{
	struct dripping d = {0};
	uint64_t request = 15 * NS_PER_MS, first = 0;
	pthread_t thread;
	ssize_t n;
	char byte;
	int error;

	begin(AF_UNIX, LONG, request);
	conn_request_begin(&conn);
	d.fd = peer;
	pthread_create(&thread, NULL, drip, &d);
	while ((n = conn_read(&conn, &byte, 1)) > 0) {
		if (!first)
			first = conn.request_due_ns - request;
	}
	error = errno;
	atomic_store(&d.stop, true);
	pthread_join(thread, NULL);
	assert_true(now_ns() - first >= request);
	errno = error;
	timed_out(n);
	end();
}

TEST(outside_a_request_its_deadline_does_not_hold)
{
	struct dripping d = {0};
	pthread_t thread;
	size_t bytes = 0;
	ssize_t n;
	char byte;

	begin(AF_UNIX, LONG, SOON);
	d.fd = peer;
	pthread_create(&thread, NULL, drip, &d);
	/* For twice as long as a request may last. */
	while ((n = conn_read(&conn, &byte, 1)) > 0) {
		if (++bytes == 10)
			atomic_store(&d.stop, true);
	}
	pthread_join(thread, NULL);
	assert_int_equal(n, 0);
	assert_true(bytes >= 10);
	end();
}

TEST(a_peer_that_does_not_read_ends_a_request)
{
	static const char data[4 << 20];

	begin(AF_UNIX, LONG, SOON);
	take_first_byte();
	timed_out(conn_write(&conn, data, sizeof(data)));
	end();
}

static void *
send_late(void *arg)
{
	nap_ms(8);
	send(*(int *)arg, "late", 4, MSG_NOSIGNAL);
	return NULL;
}

TEST(a_request_begins_with_its_first_byte)
{
	pthread_t thread;
	char buf[8];
	uint64_t before;

	begin(AF_UNIX, LONG, SOON);
	conn_request_begin(&conn);
	assert_true(conn.request_due_ns == NEVER);
	pthread_create(&thread, NULL, send_late, &peer);
	before = now_ns();
	assert_int_equal(conn_read(&conn, buf, sizeof(buf)), 4);
	pthread_join(thread, NULL);
	assert_true(conn.request_due_ns > before + SOON);
	end();
}

TEST(a_request_that_is_answered_has_no_deadline)
{
	pthread_t thread;
	char buf[8];

	begin(AF_UNIX, LONG, SOON);
	for (int i = 0; i < 2; i++) {
		take_first_byte();
		conn_request_end(&conn);
		pthread_create(&thread, NULL, send_late, &peer);
		assert_int_equal(conn_read(&conn, buf, sizeof(buf)), 4);
		pthread_join(thread, NULL);
	}
	end();
}

/* ---- without waiting ---- */

TEST(a_try_takes_what_is_there_and_no_more)
{
	char buf[8];

	begin(AF_UNIX, LONG, LONG);
	assert_int_equal(conn_try_read(&conn, buf, sizeof(buf)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(conn.outcome, OUTCOME_SERVED); /* not a failure */
	assert_false(conn.ended);
	assert_int_equal(write(peer, "abc", 3), 3);
	assert_int_equal(conn_try_read(&conn, buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "abc", 3);
	assert_false(conn_holds_input(&conn)); /* poll(2) knows of all here */
	shutdown(peer, SHUT_WR);
	assert_int_equal(conn_try_read(&conn, buf, sizeof(buf)), 0);
	assert_true(conn.ended);
	assert_int_equal(conn_finish(&conn), OUTCOME_SERVED);
	end();
}

TEST(a_try_to_write_may_be_short)
{
	static const char data[4 << 20];
	ssize_t n, sum = 0;

	begin(AF_UNIX, LONG, LONG);
	while ((n = conn_try_write(&conn, data, sizeof(data))) > 0)
		sum += n;
	assert_int_equal(n, -1);
	assert_int_equal(errno, EAGAIN);
	assert_in_range(sum, 1, (ssize_t)sizeof(data) - 1);
	assert_int_equal(conn.outcome, OUTCOME_SERVED);
	assert_false(conn.ended);
	end();
}

TEST(a_try_fails_as_the_waiting_calls_do)
{
	struct linger none = {1, 0};
	char buf[8];

	begin(AF_INET, LONG, LONG);
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close_peer();
	assert_int_equal(conn_try_read(&conn, buf, sizeof(buf)), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(conn_finish(&conn), OUTCOME_FAILED);
	end();

	begin(AF_UNIX, LONG, LONG);
	close_peer();
	assert_int_equal(conn_try_write(&conn, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(conn_finish(&conn), OUTCOME_FAILED);
	end();
}

TEST(a_wait_ends_when_the_client_speaks)
{
	pthread_t thread;

	begin(AF_UNIX, LONG, LONG);
	pthread_create(&thread, NULL, send_late, &peer);
	while (!conn_wait(&conn, POLLIN, now_ns() + LONG, NULL))
		continue; /* a nudge */
	pthread_join(thread, NULL);
	assert_int_equal(conn_wait(&conn, POLLIN, NEVER, NULL), 1);
	assert_int_equal(conn_wait(&conn, POLLIN | POLLOUT, NEVER, NULL), 1);
	close_peer();
	assert_int_equal(conn_wait(&conn, POLLIN, NEVER, NULL), 1);
	end();
}

TEST(a_wait_ends_when_it_is_time)
{
	uint64_t due;

	begin(AF_UNIX, LONG, LONG);
	wake_every(0);
	due = now_ns() + SOON;
	assert_int_equal(conn_wait(&conn, POLLIN, due, NULL), 0);
	assert_true(now_ns() >= due);
	/* In the past: a look, no wait. */
	assert_int_equal(conn_wait(&conn, POLLIN, due, NULL), 0);
	assert_int_equal(conn_wait(&conn, POLLOUT, due, NULL), 1);
	assert_int_equal(conn.outcome, OUTCOME_SERVED);
	end();
}

TEST(a_wait_ends_at_a_signal_that_only_it_lets_through)
{
	struct sigaction act = {.sa_handler = on_wake};
	sigset_t blocked, before, during;

	sigaction(SIGUSR1, &act, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	during = before;
	sigdelset(&during, SIGUSR1);
	begin(AF_UNIX, LONG, LONG);
	wake_every(0);
	raise(SIGUSR1); /* pending: it must not be lost */
	assert_int_equal(conn_wait(&conn, POLLIN, NEVER, &during), 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	end();
}

TEST(a_wait_knows_the_idle_deadline)
{
	int n;

	begin(AF_UNIX, SOON, LONG);
	while ((n = conn_wait(&conn, POLLIN, NEVER, NULL)) == 0)
		continue;
	timed_out(n);
	end();
}

TEST(a_wait_knows_the_requests_deadline)
{
	uint64_t began;
	int n;

	begin(AF_UNIX, LONG, LONG);
	wake_every(0);
	began = now_ns();
	conn_request_within(&conn, SOON);
	while ((n = conn_wait(&conn, POLLIN, NEVER, NULL)) == 0)
		continue;
	timed_out(n);
	assert_true(now_ns() - began >= SOON);
	end();
}

TEST(a_request_from_now_holds_before_its_first_byte)
{
	char buf[8];

	begin(AF_UNIX, LONG, LONG);
	conn_request_within(&conn, SOON);
	timed_out(conn_read(&conn, buf, sizeof(buf)));
	end();
}

TEST(a_byte_does_not_extend_a_request_from_now)
{
	uint64_t due;
	char buf[8];

	begin(AF_UNIX, LONG, LONG);
	conn_request_within(&conn, SOON);
	due = conn.request_due_ns;
	assert_int_equal(write(peer, "G", 1), 1);
	assert_int_equal(conn_try_read(&conn, buf, sizeof(buf)), 1);
	assert_true(conn.request_due_ns == due);
	conn_request_end(&conn);
	assert_true(conn.request_due_ns == NEVER);
	end();
}

TEST(it_tells_for_how_long_nothing_has_moved)
{
	char buf[8];

	begin(AF_UNIX, LONG, LONG);
	wake_every(NS_PER_MS);
	assert_int_equal(conn_quiet_ns(&conn), 0);
	while (conn_quiet_ns(&conn) < SOON)
		assert_true(conn_wait(&conn, POLLIN, NEVER, NULL) >= 0);
	assert_int_equal(write(peer, "G", 1), 1);
	assert_int_equal(conn_try_read(&conn, buf, sizeof(buf)), 1);
	assert_int_equal(conn_quiet_ns(&conn), 0);
	wake_every(0);
	end();
}

/* ---- the end ---- */

struct answer {
	int fd;
	char text[16];
	size_t len;
	int error; /* of the read that did not return bytes; 0: end of file */
};

/* Begins to read when the server has long done what it does. */
static void *
read_answer(void *arg)
{
	static const char more[5000];
	struct answer *a = arg;
	ssize_t n;

	nap_ms(10);
	send(a->fd, more, sizeof(more), MSG_NOSIGNAL);
	nap_ms(5);
	while ((n = recv(
		    a->fd, a->text + a->len, sizeof(a->text) - a->len, 0)) > 0)
		a->len += (size_t)n;
	a->error = n < 0 ? errno : 0;
	close(a->fd);
	return NULL;
}

static void
the_answer_arrives_though_input_is_unread(int family)
{
	static const char input[10000];
	struct answer a = {0};
	pthread_t thread;

	begin(family, LONG, LONG);
	assert_int_equal(write(peer, input, sizeof(input)), sizeof(input));
	assert_int_equal(conn_write(&conn, "answer", 6), 0);
	a.fd = peer;
	peer = -1;
	pthread_create(&thread, NULL, read_answer, &a);
	assert_int_equal(conn_finish(&conn), OUTCOME_SERVED);
	end();
	pthread_join(thread, NULL);
	assert_int_equal(a.error, 0);
	assert_int_equal(a.len, 6);
	assert_memory_equal(a.text, "answer", 6);
}

TEST(finish_lets_the_peer_read_the_answer)
{
	the_answer_arrives_though_input_is_unread(AF_INET);
	the_answer_arrives_though_input_is_unread(AF_UNIX);
}

TEST(finish_leaves_the_descriptor_open)
{
	char byte;

	begin(AF_UNIX, LONG, LONG);
	shutdown(peer, SHUT_WR);
	assert_int_equal(conn_finish(&conn), OUTCOME_SERVED);
	assert_int_equal(read(peer, &byte, 1), 0);
	assert_int_equal(close(conn.fd), 0);
	close_peer();
}

/* With the end of file seen there is nothing to drain, and no end to send: a
 * close(2) does it. */
TEST(finish_after_the_end_does_nothing)
{
	char byte;

	begin(AF_UNIX, LONG, LONG);
	shutdown(peer, SHUT_WR);
	assert_int_equal(conn_read(&conn, &byte, 1), 0);
	assert_int_equal(conn_finish(&conn), OUTCOME_SERVED);
	assert_int_equal(conn_write(&conn, "x", 1), 0);
	end();
}

TEST(finish_is_over_when_the_peer_is_gone)
{
	begin(AF_UNIX, LONG, LONG);
	close_peer();
	assert_int_equal(conn_finish(&conn), OUTCOME_SERVED);
	end();
}

TEST(a_drain_step_takes_what_is_there)
{
	size_t drained = 0;
	char byte;

	begin(AF_UNIX, LONG, LONG);
	assert_false(conn_drain_step(conn.fd, &drained));
	assert_int_equal(drained, 0);
	assert_int_equal(write(peer, "abcde", 5), 5);
	assert_false(conn_drain_step(conn.fd, &drained));
	assert_int_equal(drained, 5);
	assert_int_equal(recv(conn.fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(write(peer, "fg", 2), 2);
	close_peer();
	assert_true(conn_drain_step(conn.fd, &drained));
	assert_int_equal(drained, 7);
	end();
}

TEST(a_drain_ends_after_so_many_bytes)
{
	static const char block[4096];
	size_t drained = 0, sent = 0;

	begin(AF_UNIX, LONG, LONG);
	do {
		assert_true(sent <= CONN_LINGER_BYTES);
		assert_int_equal(
		    write(peer, block, sizeof(block)), sizeof(block));
		sent += sizeof(block);
	} while (!conn_drain_step(conn.fd, &drained));
	assert_true(sent > CONN_LINGER_BYTES);
	assert_true(drained > CONN_LINGER_BYTES);
	end();
}

RUN_TESTS(NULL, NULL)
