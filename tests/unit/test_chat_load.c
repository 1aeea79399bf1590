/* SPDX-License-Identifier: MIT */
/*
 * The rooms here are threads that lie in a way that a test chooses, in clear
 * and over TLS. What the lies look like from the command line is
 * tests/e2e/test_client_chat.py.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "common/base/clock.h"
#include "common/chatload/chat_load.h"
#include "common/launch/test_certificate.h"
#include "common/net/conn.h"
#include "common/net/tls.h"

enum { SEATS = 256, IN = 4 << 20 };
#define LONG (100 * NS_PER_S)

/* Of all halls and runs from here on; NULL: in clear. */
static struct test_certificate credentials;
static struct tls *hall_tls;

/* Runs in clear alone, or over TLS alone; NAME_anyhow() is its body. */
#define CLEAR_TEST(name) TEST_IF(!hall_tls, name)
#define TLS_TEST(name) TEST_IF(hall_tls, name)
#define TEST_IF(condition, name)              \
	static void name##_anyhow(void **);   \
	TEST(name)                            \
	{                                     \
		if (condition)                \
			name##_anyhow(state); \
	}                                     \
	static void name##_anyhow(void **state __attribute__((unused)))

struct hall;

/* What becomes of message NUMBER (0: a probe). */
typedef void
hall_post(struct hall *hall, size_t from, const char *line, size_t len,
    uint64_t number);

/* A chat server, and how it lies. */
struct hall {
	struct address address;
	int listener, stop[2];
	pthread_t thread;
	struct tls *tls;
	struct seat {
		int fd;
		struct conn *conn; /* over TLS */
		bool entered, ended;
		char *in;
		size_t len;
	} seats[SEATS];
	size_t count;	  /* in order of arrival, so members come first */
	hall_post *post;  /* NULL: send_all() */
	uint64_t at;	  /* for post() */
	size_t piece;	  /* send no more at once */
	bool stays;	  /* does not close when its member half-closes */
	bool mute;	  /* sends nothing to anybody */
	bool abrupt;	  /* over TLS: drops a member without close_notify */
	atomic_bool deaf; /* reads no more */
	char *held;	  /* for post(): kept back for seat 1 */
	size_t held_len;
	atomic_uint accepted;
};

/* As send(2). */
static ssize_t
give(struct seat *s, const char *text, size_t len)
{
	if (s->conn)
		return conn_write(s->conn, text, len) < 0 ? -1 : (ssize_t)len;
	return send(s->fd, text, len, MSG_NOSIGNAL);
}

/* As recv(2); over TLS it does not block. */
static ssize_t
take(struct seat *s, char *at, size_t size)
{
	if (s->conn)
		return conn_try_read(s->conn, at, size);
	return recv(s->fd, at, size, 0);
}

static void
send_to(struct hall *hall, size_t seat, const char *text, size_t len)
{
	struct seat *s = &hall->seats[seat];

	while (s->fd >= 0 && len) {
		size_t some =
		    hall->piece && hall->piece < len ? hall->piece : len;
		ssize_t n = give(s, text, some);

		if (n < 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* To all in the room but FROM and EXCEPT. */
static void
send_but(
    struct hall *hall, size_t from, size_t except, const char *line, size_t len)
{
	for (size_t i = 0; i < hall->count; i++) {
		if (i != from && i != except && hall->seats[i].entered)
			send_to(hall, i, line, len);
	}
}

static void
send_all(struct hall *hall, size_t from, const char *line, size_t len)
{
	send_but(hall, from, from, line, len);
}

/* The end of its TLS, without waiting for its client's. */
static void
end_tls(struct hall *hall, struct conn *conn)
{
	conn->ended = true;
	if (hall->abrupt)
		conn->outcome = OUTCOME_FAILED;
	conn_finish(conn);
	free(conn);
}

static void
get_up(struct hall *hall, size_t seat)
{
	if (hall->seats[seat].conn)
		end_tls(hall, hall->seats[seat].conn);
	close(hall->seats[seat].fd);
	free(hall->seats[seat].in);
	hall->seats[seat] = (struct seat){.fd = -1};
}

static void
say_line(struct hall *hall, size_t from, const char *line, size_t len)
{
	char digits[12] = "";
	uint64_t number;

	hall->seats[from].entered = true;
	if (hall->mute || len == 1)
		return;
	if (len > 22 && line[9] == 'm')
		memcpy(digits, line + 10, sizeof(digits) - 1);
	number = strtoull(digits, NULL, 10);
	if (hall->post && number)
		hall->post(hall, from, line, len, number);
	else
		send_all(hall, from, line, len);
}

static void
say_lines(struct hall *hall, size_t from)
{
	struct seat *s = &hall->seats[from];
	char *end;

	while (s->fd >= 0 && (end = memchr(s->in, '\n', s->len))) {
		size_t len = (size_t)(end - s->in) + 1;

		say_line(hall, from, s->in, len);
		if (s->fd < 0)
			return;
		s->len -= len;
		memmove(s->in, s->in + len, s->len);
	}
}

static void
listen_to(struct hall *hall, size_t from)
{
	struct seat *s = &hall->seats[from];

	do {
		ssize_t n = take(s, s->in + s->len, IN - s->len);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			if (!hall->stays || n < 0)
				get_up(hall, from);
			s->entered = false;
			s->ended = true;
			return;
		}
		s->len += (size_t)n;
		say_lines(hall, from);
	} while (s->conn && !atomic_load(&hall->deaf));
}

/* A handshake that fails is seen by the next read. */
static void
begin_tls(struct hall *hall, struct seat *s)
{
	static struct tls_log_limits limits;

	s->conn = calloc(1, sizeof(*s->conn));
	conn_init(s->conn, s->fd, LONG, LONG);
	tls_accept(s->conn, hall->tls, 1, &limits);
}

static void
take_seat(struct hall *hall)
{
	struct seat *s;
	int on = 1;
	size_t i = 0;

	while (i < hall->count && hall->seats[i].fd >= 0)
		i++;
	s = &hall->seats[i];
	hall->count += i == hall->count;
	s->fd = accept(hall->listener, NULL, NULL);
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	s->in = malloc(IN);
	s->len = 0;
	s->entered = s->ended = false;
	s->conn = NULL;
	if (hall->tls)
		begin_tls(hall, s);
	atomic_fetch_add(&hall->accepted, 1);
	/* What came with the end of the handshake has no event of its own. */
	if (s->conn)
		listen_to(hall, i);
}

static void *
serve(void *arg)
{
	struct hall *hall = arg;
	struct pollfd polls[SEATS + 2];

	for (;;) {
		size_t seats = hall->count;

		polls[0] = (struct pollfd){hall->stop[0], POLLIN, 0};
		polls[1] = (struct pollfd){hall->listener, POLLIN, 0};
		for (size_t i = 0; i < seats; i++)
			polls[i + 2] = (struct pollfd){
			    hall->seats[i].ended ? -1 : hall->seats[i].fd,
			    atomic_load(&hall->deaf) ? 0 : POLLIN, 0};
		poll(polls, seats + 2, -1);
		if (polls[0].revents)
			return NULL;
		for (size_t i = 0; i < seats; i++) {
			if (polls[i + 2].revents && hall->seats[i].fd >= 0)
				listen_to(hall, i);
		}
		if (polls[1].revents)
			take_seat(hall);
	}
}

static struct hall *
hall_open(void)
{
	struct hall *hall = calloc(1, sizeof(*hall));
	struct sockaddr_in *in;

	assert_non_null(hall);
	hall->tls = hall_tls;
	in = &hall->address.in4;
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	hall->address.len = sizeof(*in);
	hall->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(hall->listener >= 0);
	assert_int_equal(
	    bind(hall->listener, &hall->address.any, sizeof(*in)), 0);
	assert_int_equal(
	    getsockname(hall->listener, &hall->address.any, &hall->address.len),
	    0);
	assert_int_equal(listen(hall->listener, 1024), 0);
	assert_int_equal(pipe(hall->stop), 0);
	return hall;
}

static void
hall_start(struct hall *hall)
{
	assert_int_equal(pthread_create(&hall->thread, NULL, serve, hall), 0);
}

static void
hall_close(struct hall *hall)
{
	close(hall->stop[1]);
	pthread_join(hall->thread, NULL);
	for (size_t i = 0; i < hall->count; i++) {
		if (hall->seats[i].fd >= 0)
			get_up(hall, i);
	}
	close(hall->stop[0]);
	close(hall->listener);
	free(hall->held);
	free(hall);
}

/* ---- a load on it ---- */

struct run {
	struct load_plan load;
	struct chat_load_plan plan;
	struct load_result result;
	char why[200];
};

static void
run_init(struct run *run, struct hall *hall)
{
	*run = (struct run){
	    .load = {.target.address = hall->address,
		.tls = credentials.client,
		.connections = 5,
		.size = 64,
		.timeout_ns = 10 * NS_PER_S},
	    .plan = {.duration_ns = NEVER, .requests = 100},
	};
	assert_int_equal(load_result_init(&run->result), 0);
}

static int
run_room(struct run *run)
{
	run->plan.load = &run->load;
	return chat_load_run(
	    &run->plan, &run->result, run->why, sizeof(run->why));
}

static void
assert_counts(const struct run *run, uint64_t ok, uint64_t wrong,
    uint64_t timed_out, uint64_t failed)
{
	const struct load_result *r = &run->result;

	if (r->ok != ok || r->wrong != wrong || r->timed_out != timed_out ||
	    r->failed != failed)
		print_error("%s\n", r->example);
	assert_int_equal(r->ok, ok);
	assert_int_equal(r->wrong, wrong);
	assert_int_equal(r->timed_out, timed_out);
	assert_int_equal(r->failed, failed);
	assert_int_equal(r->begun, ok + wrong + timed_out + failed);
}

static void
all_right(struct run *run)
{
	const struct load_result *r = &run->result;
	uint64_t n = run->plan.requests;

	if (run_room(run) < 0)
		fail_msg("%s", run->why);
	assert_counts(run, n, 0, 0, 0);
	assert_string_equal(r->example, "");
	assert_int_equal(r->latency.total, n * (run->load.connections - 1));
	assert_int_equal(r->complete.total, n);
	assert_true(r->complete.max == r->latency.max);
	assert_true(r->wall_ns > 0 && r->cpu_ns > 0 && r->span_ns > 0);
	if (run->load.rate > 0) {
		assert_int_equal(r->service.total, r->latency.total);
		assert_int_equal(r->pacing.total, n);
	} else {
		assert_int_equal(r->service.total, 0);
	}
	load_result_release(&run->result);
}

TEST(messages_reach_all_members_in_each_mode)
{
	for (int mode = 0; mode < 4; mode++) {
		struct hall *hall = hall_open();
		struct run run;

		hall_start(hall);
		run_init(&run, hall);
		run.load.churn = mode & 1;
		run.load.rate = mode & 2 ? 5000 : 0;
		all_right(&run);
		assert_int_equal(hall->accepted, 5 + (mode & 1 ? 100 : 0));
		hall_close(hall);
	}
}

CLEAR_TEST(two_members_and_the_least_size_are_enough)
{
	struct hall *hall = hall_open();
	struct run run;

	hall_start(hall);
	run_init(&run, hall);
	run.load.connections = CHAT_LOAD_MEMBERS_MIN;
	run.load.size = CHAT_MESSAGE_MIN;
	all_right(&run);
	hall_close(hall);
}

TEST(lines_in_pieces_of_any_length_are_lines)
{
	static const size_t pieces[] = {1, 3, 63, 65};

	for (size_t i = 0; i < 2 * COUNT_OF(pieces); i++) {
		struct hall *hall = hall_open();
		struct run run;

		hall->piece = pieces[i / 2];
		hall_start(hall);
		run_init(&run, hall);
		run.load.churn = i % 2;
		run.load.rate = 3000;
		all_right(&run);
		hall_close(hall);
	}
}

/* More than the ring has slots for, so that it comes round. */
TEST(the_ring_comes_round)
{
	static const struct {
		uint64_t size, requests;
		double rate;
	} loads[] = {
	    {CHAT_MESSAGE_MIN, 40000, 400000},
	    {200000, 200, 0},
	    {200000, 200, 100000},
	};

	for (size_t i = 0; i < COUNT_OF(loads); i++) {
		struct hall *hall = hall_open();
		struct run run;

		hall_start(hall);
		run_init(&run, hall);
		run.load.connections = 3;
		run.load.size = loads[i].size;
		run.load.rate = loads[i].rate;
		run.plan.requests = loads[i].requests;
		all_right(&run);
		hall_close(hall);
	}
}

TEST(as_many_members_as_that_all_join)
{
	struct hall *hall = hall_open();
	struct run run;

	hall_start(hall);
	run_init(&run, hall);
	run.load.connections = SEATS;
	all_right(&run);
	hall_close(hall);
}

/* ---- a member that is behind ---- */

/*
 * Seat 1 gets nothing until message AT; then all at once. With 20, and a ring
 * of 16, four have timed out before, or 20 could not have begun.
 */
static void
hold_back(struct hall *hall, size_t from, const char *line, size_t len,
    uint64_t number)
{
	send_but(hall, from, 1, line, len);
	hall->held = realloc(hall->held, hall->held_len + len);
	memcpy(hall->held + hall->held_len, line, len);
	hall->held_len += len;
	if (number >= hall->at) {
		send_to(hall, 1, hall->held, hall->held_len);
		hall->held_len = 0;
	}
}

/* As fast as it goes, with the least number of slots in the ring: 16. */
static void
run_behind(
    struct run *run, struct hall *hall, hall_post *post, uint32_t members)
{
	hall->post = post;
	hall->at = 20;
	hall_start(hall);
	run_init(run, hall);
	run->load.size = CHAT_MESSAGE_MAX;
	run->load.connections = members;
	run->load.rate = 10000;
	run->load.timeout_ns = 300 * NS_PER_MS;
	run->plan.requests = 21;
	assert_int_equal(run_room(run), 0);
}

/* Late is timed out, and still compared: also when it is so late that the
 * ring has others in its place. */
TEST(what_comes_late_is_timed_out_and_not_wrong)
{
	struct hall *hall = hall_open();
	struct run run;

	run_behind(&run, hall, hold_back, 3);
	assert_counts(&run, run.result.ok, 0, 21 - run.result.ok, 0);
	assert_true(run.result.timed_out >= 4);
	assert_string_equal(run.result.example, "");
	load_result_release(&run.result);
	hall_close(hall);
}

/* The same, and one never comes. */
static void
hold_back_all_but_one(struct hall *hall, size_t from, const char *line,
    size_t len, uint64_t number)
{
	if (number != 3)
		hold_back(hall, from, line, len, number);
}

CLEAR_TEST(a_gap_in_what_the_ring_has_lost_is_not_a_doubled_line)
{
	struct hall *hall = hall_open();
	struct run run;

	run_behind(&run, hall, hold_back_all_but_one, 2);
	assert_counts(&run, run.result.ok, 0, 21 - run.result.ok, 0);
	assert_true(run.result.timed_out >= 4);
	assert_string_equal(run.result.example, "");
	load_result_release(&run.result);
	hall_close(hall);
}

/* The same with a byte changed in one that the ring has lost. */
static void
hold_back_and_change(struct hall *hall, size_t from, const char *line,
    size_t len, uint64_t number)
{
	char *copy = malloc(len);

	memcpy(copy, line, len);
	if (number == 2)
		copy[5000] ^= 1;
	hold_back(hall, from, copy, len, number);
	free(copy);
}

/* The ring has lost it, so it stands for the latest, unless that is over. */
TEST(what_is_wrong_after_its_timeout_counts_once_at_most)
{
	struct hall *hall = hall_open();
	struct run run;

	run_behind(&run, hall, hold_back_and_change, 2);
	assert_counts(&run, run.result.ok, run.result.wrong,
	    21 - run.result.ok - run.result.wrong, 0);
	assert_true(run.result.wrong <= 1 && run.result.timed_out >= 4);
	load_result_release(&run.result);
	hall_close(hall);
}

/* ---- connections that end ---- */

static void
drop_one(struct hall *hall, size_t from, const char *line, size_t len,
    uint64_t number)
{
	if (number == hall->at)
		get_up(hall, 1);
	send_all(hall, from, line, len);
}

static void
drop_all(struct hall *hall, size_t from, const char *line, size_t len,
    uint64_t number)
{
	for (size_t i = 1; number == hall->at && i < hall->count; i++) {
		if (hall->seats[i].fd >= 0)
			get_up(hall, i);
	}
	send_all(hall, from, line, len);
}

static void
drop_sender(struct hall *hall, size_t from, const char *line, size_t len,
    uint64_t number)
{
	if (number == hall->at)
		get_up(hall, from);
	else
		send_all(hall, from, line, len);
}

TEST(a_dropped_member_costs_one_message)
{
	for (int mode = 0; mode < 4; mode++) {
		struct hall *hall = hall_open();
		struct run run;

		hall->post = drop_one;
		hall->at = 50;
		hall_start(hall);
		run_init(&run, hall);
		run.load.churn = mode & 1;
		run.load.rate = mode & 2 ? 5000 : 0;
		assert_int_equal(run_room(&run), 0);
		assert_counts(&run, 99, 0, 0, 1);
		assert_int_equal(run.result.errors[0], 1);
		assert_string_equal(
		    run.result.failure, "member 1 was dropped: end of file");
		load_result_release(&run.result);
		hall_close(hall);
	}
}

CLEAR_TEST(nobody_left_ends_the_run)
{
	struct hall *hall = hall_open();
	struct run run;

	hall->post = drop_all;
	hall->at = 50;
	hall_start(hall);
	run_init(&run, hall);
	assert_int_equal(run_room(&run), 0);
	/* Each of four members costs one: 50, and three before. */
	assert_counts(&run, 46, 0, 0, 4);
	load_result_release(&run.result);
	hall_close(hall);
}

TEST(without_its_sender_the_run_ends)
{
	struct hall *hall = hall_open();
	struct run run;

	hall->post = drop_sender;
	hall->at = 50;
	hall_start(hall);
	run_init(&run, hall);
	assert_int_equal(run_room(&run), 0);
	assert_counts(&run, 49, 0, 0, 1);
	assert_string_equal(run.result.failure,
	    "member 0, the sender, was dropped: end of file");
	load_result_release(&run.result);
	hall_close(hall);
}

CLEAR_TEST(a_guest_that_is_not_let_go_times_out)
{
	struct hall *hall = hall_open();
	struct run run;

	hall->stays = true;
	hall_start(hall);
	run_init(&run, hall);
	run.load.churn = true;
	run.load.timeout_ns = 400 * NS_PER_MS;
	run.plan.requests = 3;
	assert_int_equal(run_room(&run), 0);
	assert_counts(&run, 0, 0, 3, 0);
	load_result_release(&run.result);
	hall_close(hall);
}

static void
stop_reading(struct hall *hall, size_t from, const char *line, size_t len,
    uint64_t number)
{
	(void)from;
	(void)line;
	(void)len;
	(void)number;
	atomic_store(&hall->deaf, true);
}

/* Its lines stay in the ring until they are sent: that fills. */
TEST(a_server_that_reads_no_more_ends_the_run)
{
	struct hall *hall = hall_open();
	struct run run;

	hall->post = stop_reading;
	hall_start(hall);
	run_init(&run, hall);
	run.load.connections = 2;
	run.load.size = CHAT_MESSAGE_MAX;
	run.load.rate = 10000;
	run.load.timeout_ns = 300 * NS_PER_MS;
	run.plan.requests = 1000;
	assert_int_equal(run_room(&run), 0);
	assert_int_equal(run.result.ok, 0);
	assert_int_equal(run.result.failed, 1);
	assert_int_equal(run.result.errors[ETIMEDOUT], 1);
	assert_true(run.result.timed_out >= 10 && run.result.timed_out < 100);
	load_result_release(&run.result);
	hall_close(hall);
}

/* ---- it cannot begin ---- */

static void
assert_refused(struct run *run, int error, const char *words)
{
	errno = 0;
	assert_int_equal(run_room(run), -1);
	assert_int_equal(errno, error);
	if (!strstr(run->why, words))
		fail_msg("%s", run->why);
	assert_int_equal(run->result.begun, 0);
	load_result_release(&run->result);
}

CLEAR_TEST(a_room_of_one_is_refused)
{
	struct hall *hall = hall_open();
	struct run run;

	hall_start(hall);
	run_init(&run, hall);
	run.load.connections = 1;
	assert_refused(&run, EINVAL, "2 members");
	assert_int_equal(hall->accepted, 0);
	hall_close(hall);
}

CLEAR_TEST(a_size_that_is_no_line_is_refused)
{
	static const uint64_t sizes[] = {
	    1, CHAT_MESSAGE_MIN - 1, CHAT_MESSAGE_MAX + 1};
	struct hall *hall = hall_open();

	hall_start(hall);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct run run;

		run_init(&run, hall);
		run.load.size = sizes[i];
		assert_refused(&run, EINVAL, "24 to 1048576 bytes");
	}
	assert_int_equal(hall->accepted, 0);
	hall_close(hall);
}

CLEAR_TEST(a_server_that_is_no_room_is_found_out)
{
	struct hall *hall = hall_open();
	struct run run;

	hall->mute = true;
	hall_start(hall);
	run_init(&run, hall);
	run.load.timeout_ns = 400 * NS_PER_MS;
	assert_refused(&run, ETIMEDOUT, "4 of 4 members heard nothing in time");
	hall_close(hall);
}

TEST(nobody_there_is_an_error)
{
	struct hall *hall = hall_open();
	struct run run;

	run_init(&run, hall);
	close(hall->listener);
	assert_refused(
	    &run, ECONNREFUSED, "member 0 could not join: Connection refused");
	hall->listener = -1;
	hall_start(hall);
	hall_close(hall);
}

/* ---- over TLS alone ---- */

static int
cli_open_tls(void **state)
{
	char cert[64], key[64], why[200];

	(void)state;
	if (test_certificate_open(&credentials, why, sizeof(why)) < 0) {
		print_error("%s\n", why);
		return -1;
	}
	snprintf(cert, sizeof(cert), "/proc/self/fd/%d", credentials.cert);
	snprintf(key, sizeof(key), "/proc/self/fd/%d", credentials.key);
	hall_tls = tls_open(cert, key, NULL);
	return hall_tls ? 0 : -1;
}

static int
close_tls(void **state)
{
	(void)state;
	test_certificate_close(&credentials);
	return 0;
}

/* What TLS holds of a line when enough was read for once is not forgotten:
 * nothing follows that could wake its reader. */
TLS_TEST(lines_of_many_records_are_whole)
{
	for (int mode = 0; mode < 4; mode++) {
		struct hall *hall = hall_open();
		struct run run;

		hall->piece = mode & 2 ? 5000 : 0;
		hall_start(hall);
		run_init(&run, hall);
		run.load.connections = 3;
		run.load.churn = mode & 1;
		run.load.size = CHAT_MESSAGE_MAX;
		run.plan.requests = 10;
		all_right(&run);
		hall_close(hall);
	}
}

TLS_TEST(an_end_without_notice_is_told_from_one_with)
{
	struct hall *hall = hall_open();
	struct run run;

	hall->post = drop_one;
	hall->at = 50;
	hall->abrupt = true;
	hall_start(hall);
	run_init(&run, hall);
	assert_int_equal(run_room(&run), 0);
	assert_counts(&run, 99, 0, 0, 1);
	assert_int_equal(run.result.errors[ECONNRESET], 1);
	assert_string_equal(run.result.failure,
	    "member 1 was dropped: the peer closed without close_notify");
	load_result_release(&run.result);
	hall_close(hall);
}

/* It has other credentials than the load trusts. */
TLS_TEST(a_room_that_is_not_trusted_is_not_joined)
{
	struct test_certificate mine = credentials, other;
	struct hall *hall = hall_open();
	struct run run;
	char why[200];

	assert_int_equal(test_certificate_open(&other, why, sizeof(why)), 0);
	hall_start(hall);
	credentials = other;
	run_init(&run, hall);
	credentials = mine;
	assert_refused(&run, EPROTO, "member ");
	if (!strstr(run.why, " could not join: ") ||
	    strstr(run.why, strerror(EPROTO)))
		fail_msg("%s", run.why);
	hall_close(hall);
	test_certificate_close(&other);
}

TLS_TEST(who_answers_no_handshake_is_waited_for_no_longer_than_that)
{
	struct hall *hall = hall_open();
	struct run run;

	hall->tls = NULL;
	hall->mute = true;
	hall_start(hall);
	run_init(&run, hall);
	run.load.timeout_ns = 200 * NS_PER_MS;
	assert_refused(
	    &run, ETIMEDOUT, "5 of 5 members could not connect in time");
	hall_close(hall);
}

/* ---- from outside ---- */

struct watched {
	volatile int stop;
	unsigned calls;
	uint64_t last;
};

static void
watch_it(void *context, const struct load_result *so_far, uint64_t elapsed_ns)
{
	struct watched *watched = context;

	assert_true(elapsed_ns > watched->last);
	assert_true(so_far->begun > 0);
	watched->last = elapsed_ns;
	if (++watched->calls == 2)
		watched->stop = SIGINT;
}

TEST(progress_is_told_and_stop_is_obeyed)
{
	struct hall *hall = hall_open();
	struct watched watched = {0};
	struct run run;

	hall_start(hall);
	run_init(&run, hall);
	run.plan.requests = UINT64_MAX;
	run.plan.stop = &watched.stop;
	run.plan.progress = watch_it;
	run.plan.progress_context = &watched;
	assert_int_equal(run_room(&run), 0);
	assert_int_equal(watched.calls, 2);
	assert_true(run.result.ok > 0);
	assert_counts(&run, run.result.ok, 0, 0, 0);
	load_result_release(&run.result);
	hall_close(hall);
}

CLEAR_TEST(stopped_before_it_begins_it_begins_nothing)
{
	struct hall *hall = hall_open();
	volatile int stop = 1;
	struct run run;

	hall->mute = true;
	hall_start(hall);
	run_init(&run, hall);
	run.plan.stop = &stop;
	assert_int_equal(run_room(&run), 0);
	assert_counts(&run, 0, 0, 0, 0);
	load_result_release(&run.result);
	hall_close(hall);
}

CLEAR_TEST(a_duration_ends_it)
{
	struct hall *hall = hall_open();
	struct run run;

	hall_start(hall);
	run_init(&run, hall);
	run.plan.requests = UINT64_MAX;
	run.plan.duration_ns = 200 * NS_PER_MS;
	run.load.rate = 1000;
	assert_int_equal(run_room(&run), 0);
	assert_int_equal(run.result.begun + run.result.unsent, 200);
	assert_counts(&run, run.result.ok, 0, 0, 0);
	assert_true(run.result.wall_ns >= 199 * NS_PER_MS);
	load_result_release(&run.result);
	hall_close(hall);
}

CLEAR_TEST(results_of_two_runs_add_up)
{
	struct hall *hall = hall_open();
	struct run run;

	hall_start(hall);
	run_init(&run, hall);
	assert_int_equal(run_room(&run), 0);
	assert_int_equal(run_room(&run), 0);
	assert_counts(&run, 200, 0, 0, 0);
	assert_int_equal(run.result.complete.total, 200);
	load_result_release(&run.result);
	hall_close(hall);
}

TEST(no_descriptor_stays_open)
{
	int before = open_descriptors();

	messages_reach_all_members_in_each_mode(state);
	a_dropped_member_costs_one_message(state);
	without_its_sender_the_run_ends(state);
	a_guest_that_is_not_let_go_times_out_anyhow(state);
	a_server_that_is_no_room_is_found_out_anyhow(state);
	stopped_before_it_begins_it_begins_nothing_anyhow(state);
	assert_int_equal(open_descriptors(), before);
}

int
main(void)
{
	int bad = unit_run("in clear", NULL, NULL);

	if (TLS_CLIENT_HERE)
		bad += unit_run("over TLS", cli_open_tls, close_tls);
	return bad;
}
