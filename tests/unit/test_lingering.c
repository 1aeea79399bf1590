/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "common/base/clock.h"
#include "common/net/conn.h"
#include "common/server/limits.h"
#include "common/server/lingering.h"

#define TEXT "server is full\n"
#define NOW (100 * NS_PER_S) /* time is an argument: no test waits */

static const struct refusal AT_ONCE = {.text = TEXT, .len = sizeof(TEXT) - 1};

/* Words for a line that begins with "?", and for what begins otherwise. */
#define TO_OTHERS "no\n"

static const char *
choose(enum refusal_reason reason, const char *first, size_t len, bool all)
{
	(void)reason;
	if (len == 0 || (!all && !memchr(first, '\n', len)))
		return NULL;
	return first[0] == '?' ? TEXT : TO_OTHERS;
}

static const struct refusal CHOSEN = {.choose = choose};

static int listener;
static struct address address;

static int
open_listener(void **state)
{
	socklen_t len = sizeof(address.in4);

	(void)state;
	address_parse("127.0.0.1:0", &address);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, &address.any, address.len) < 0 ||
	    listen(listener, 64) < 0)
		return -1;
	return getsockname(listener, &address.any, &len);
}

static int
close_listener(void **state)
{
	(void)state;
	return close(listener);
}

static int
dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, &address.any, address.len) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void
connect_pair(int *client, int *server)
{
	*client = dial();
	*server = accept(listener, NULL, NULL);
	assert_true(*client >= 0 && *server >= 0);
}

static void
reads_answer_and_end(int fd)
{
	char buf[64] = "";
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, buf + len, sizeof(buf) - 1 - len, 0)) > 0)
		len += (size_t)n;
	assert_string_equal(buf, TEXT);
	assert_int_equal(n < 0 ? errno : 0, 0); /* and no ECONNRESET */
}

static struct lingering refused;
static int client, peer; /* the last two ends */

static int
open_list(void **state)
{
	(void)state;
	lingering_init(&refused);
	return 0;
}

static int
close_list(void **state)
{
	(void)state;
	lingering_close(&refused);
	return 0;
}

#define LIST_TEST(name) TEST_WITH(name, open_list, close_list)

/* CLIENT connects, and is refused at WHEN_NS. */
static void
refuse(const struct refusal *words, uint64_t when_ns)
{
	connect_pair(&client, &peer);
	lingering_add(&refused, peer, words, when_ns);
}

LIST_TEST(the_answer_arrives_though_input_is_unread)
{
	static const char input[10000];
	int before = open_descriptors();

	connect_pair(&client, &peer);
	assert_int_equal(write(client, input, sizeof(input)), sizeof(input));
	lingering_add(&refused, peer, &AT_ONCE, NOW);
	assert_int_equal(refused.count, 1);
	/* More comes after the answer, as of a client that writes first. */
	assert_int_equal(write(client, input, sizeof(input)), sizeof(input));
	assert_int_equal(lingering_step(&refused, NOW), NOW + CONN_LINGER_NS);
	assert_int_equal(write(client, input, sizeof(input)), sizeof(input));
	reads_answer_and_end(client);
	close(client);
	assert_true(lingering_step(&refused, NOW + 1) == NEVER);
	assert_int_equal(refused.count, 0);
	lingering_close(&refused);
	lingering_init(&refused);
	assert_int_equal(open_descriptors(), before);
}

/* SECONDS later CLIENT has sent a byte more. */
static bool
is_heard(uint64_t seconds)
{
	assert_int_equal(write(client, "x", 1), 1);
	lingering_step(&refused, NOW + seconds * NS_PER_S - 1);
	return refused.count > 0;
}

LIST_TEST(a_peer_that_goes_on_sending_may_finish)
{
	uint64_t seconds = 1;

	refuse(&AT_ONCE, NOW);
	while (seconds < 30 && is_heard(seconds))
		seconds++;
	assert_int_equal(seconds, CONN_HEAR_OUT_NS / NS_PER_S);
	assert_int_equal(write(client, "x", 1), 1);
	assert_true(lingering_step(&refused, NOW + CONN_HEAR_OUT_NS) == NEVER);
	reads_answer_and_end(client);
	close(client);
}

LIST_TEST(in_a_drain_a_second_is_enough)
{
	refuse(&AT_ONCE, NOW);
	refused.draining = true;
	assert_true(is_heard(1));
	assert_false(is_heard(2));
	close(client);
}

LIST_TEST(a_silent_peer_is_dropped_after_a_second)
{
	refuse(&AT_ONCE, NOW);
	assert_int_equal(lingering_step(&refused, NOW + CONN_LINGER_NS - 1),
	    NOW + CONN_LINGER_NS);
	assert_int_equal(refused.count, 1);
	assert_true(lingering_step(&refused, NOW + CONN_LINGER_NS) == NEVER);
	assert_int_equal(refused.count, 0);
	reads_answer_and_end(client);
	close(client);
}

LIST_TEST(the_earliest_deadline_is_the_next)
{
	int clients[3];

	for (uint64_t i = 0; i < 3; i++) {
		refuse(&AT_ONCE, NOW + i * NS_PER_MS);
		clients[i] = client;
	}
	assert_int_equal(lingering_step(&refused, NOW), NOW + CONN_LINGER_NS);
	close(clients[0]);
	assert_int_equal(
	    lingering_step(&refused, NOW), NOW + NS_PER_MS + CONN_LINGER_NS);
	close(clients[2]);
	assert_int_equal(
	    lingering_step(&refused, NOW), NOW + NS_PER_MS + CONN_LINGER_NS);
	assert_int_equal(refused.count, 1);
	lingering_close(&refused);
	assert_int_equal(refused.count, 0);
	lingering_init(&refused);
	close(clients[1]);
}

LIST_TEST(an_endless_talker_is_dropped)
{
	static const char input[65536];
	size_t sent = 0;

	signal(SIGPIPE, SIG_IGN);
	refuse(&AT_ONCE, NOW);
	while (refused.count && sent < 4 * CONN_LINGER_BYTES) {
		ssize_t n = send(
		    client, input, sizeof(input), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		lingering_step(&refused, NOW);
	}
	assert_int_equal(refused.count, 0);
	assert_true(sent > CONN_LINGER_BYTES);
	close(client);
}

LIST_TEST(a_peer_that_is_gone_costs_nothing)
{
	struct linger none = {1, 0};

	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < 3; i++) {
		connect_pair(&client, &peer);
		if (i)
			setsockopt(
			    client, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
		close(client);
		lingering_add(&refused, peer, &AT_ONCE, NOW);
	}
	assert_true(lingering_step(&refused, NOW) == NEVER);
	assert_int_equal(refused.count, 0);
}

LIST_TEST(one_too_many_pushes_the_oldest_out)
{
	int clients[LINGERING_MAX + 3], before = open_descriptors();

	for (size_t i = 0; i < COUNT_OF(clients); i++) {
		refuse(&AT_ONCE, NOW + i);
		clients[i] = client;
		assert_int_equal(
		    refused.count, i < LINGERING_MAX ? i + 1 : LINGERING_MAX);
	}
	assert_int_equal(refused.at[0].due_ns, NOW + 3 + CONN_LINGER_NS);
	for (size_t i = 1; i < refused.count; i++)
		assert_true(
		    refused.at[i].due_ns == refused.at[i - 1].due_ns + 1);
	/* No one lost the answer, not even those that were pushed out. */
	for (size_t i = 0; i < COUNT_OF(clients); i++) {
		reads_answer_and_end(clients[i]);
		close(clients[i]);
	}
	lingering_close(&refused);
	lingering_init(&refused);
	assert_int_equal(open_descriptors(), before);
}

LIST_TEST(poll_waits_for_all_of_them)
{
	struct pollfd polls[LINGERING_MAX];
	int clients[3];

	assert_int_equal(lingering_poll(&refused, polls), 0);
	for (size_t i = 0; i < 3; i++) {
		refuse(&AT_ONCE, NOW);
		clients[i] = client;
	}
	assert_int_equal(lingering_poll(&refused, polls), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(polls[i].fd, refused.at[i].fd);
	assert_int_equal(poll(polls, 3, 0), 0);
	close(clients[1]);
	assert_int_equal(poll(polls, 3, -1), 1);
	assert_true(polls[1].revents & POLLIN);
	close(clients[0]);
	close(clients[2]);
}

/* ---- words that the client's first bytes choose ---- */

static void
says(int fd, const char *words)
{
	assert_int_equal(write(fd, words, strlen(words)), strlen(words));
}

static void
reads(int fd, const char *words)
{
	char buf[64] = "";

	assert_int_equal(recv(fd, buf, sizeof(buf) - 1, MSG_WAITALL),
	    strlen(words)); /* to the end of file */
	assert_string_equal(buf, words);
}

static void
reads_nothing_yet(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

LIST_TEST(nothing_is_said_before_the_first_byte)
{
	refuse(&CHOSEN, NOW);
	assert_int_equal(lingering_step(&refused, NOW), NOW + CONN_LINGER_NS);
	assert_int_equal(lingering_step(&refused, NOW + CONN_LINGER_NS - 1),
	    NOW + CONN_LINGER_NS);
	reads_nothing_yet(client);
	assert_true(lingering_step(&refused, NOW + CONN_LINGER_NS) == NEVER);
	assert_int_equal(refused.count, 0);
	reads(client, "");
	close(client);
}

LIST_TEST(the_first_line_chooses_the_words)
{
	static const char *const lines[][2] = {
	    {"?\n", TEXT}, {"?\nand more\n", TEXT}, {"x\n", TO_OTHERS}};

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		connect_pair(&client, &peer);
		says(client, lines[i][0]);
		lingering_add(&refused, peer, &CHOSEN, NOW);
		/* From now on a second is for reading the answer. */
		assert_int_equal(lingering_step(&refused, NOW + NS_PER_MS),
		    NOW + NS_PER_MS + CONN_LINGER_NS);
		reads(client, lines[i][1]);
		close(client);
		assert_true(lingering_step(&refused, NOW + NS_PER_MS) == NEVER);
	}
}

/* And the half does not keep the loop awake while the rest is on its way. */
LIST_TEST(half_a_line_waits_for_the_rest)
{
	struct pollfd polls[LINGERING_MAX];

	refuse(&CHOSEN, NOW);
	says(client, "? ha");
	lingering_step(&refused, NOW);
	assert_int_equal(lingering_poll(&refused, polls), 1);
	assert_int_equal(poll(polls, 1, 0), 0);
	reads_nothing_yet(client);
	says(client, "lf\n");
	assert_int_equal(poll(polls, 1, -1), 1);
	lingering_step(&refused, NOW);
	reads(client, TEXT);
	close(client);
}

static void
send_half_and_end(void)
{
	says(client, "? half");
	shutdown(client, SHUT_WR);
}

static void
send_half(void)
{
	says(client, "? half");
}

static void
send_too_much(void)
{
	char words[LINGERING_FIRST_MAX + 100];

	memset(words, '?', sizeof(words));
	assert_int_equal(write(client, words, sizeof(words)), sizeof(words));
}

LIST_TEST(at_the_end_half_a_line_is_all)
{
	static const struct {
		void (*send)(void);
		uint64_t waits;
	} cases[] = {{send_half_and_end, 0}, {send_too_much, 0},
	    {send_half, CONN_LINGER_NS}};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		refuse(&CHOSEN, NOW);
		cases[i].send();
		for (int step = 0; step < 2; step++)
			lingering_step(&refused, NOW + cases[i].waits);
		reads(client, TEXT);
		close(client);
	}
}

LIST_TEST(a_client_that_ends_without_a_byte_costs_nothing)
{
	struct linger none = {1, 0};

	for (int i = 0; i < 2; i++) {
		connect_pair(&client, &peer);
		if (i)
			setsockopt(
			    client, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
		close(client);
		lingering_add(&refused, peer, &CHOSEN, NOW);
	}
	assert_true(lingering_step(&refused, NOW) == NEVER);
	assert_int_equal(refused.count, 0);
}

LIST_TEST(an_answered_client_is_pushed_out_first)
{
	int clients[LINGERING_MAX + 2];

	for (size_t i = 0; i < COUNT_OF(clients); i++) {
		connect_pair(&clients[i], &peer);
		if (i == 7 || i == 0)
			says(clients[i], i == 7 ? "?\n" : "half");
		lingering_add(&refused, peer, &CHOSEN, NOW + i);
		lingering_step(&refused, NOW + i);
	}
	/* Then who waits for longest, and it gets what there is to say. */
	assert_int_equal(refused.count, LINGERING_MAX);
	reads(clients[7], TEXT);
	reads(clients[0], TO_OTHERS);
	for (size_t i = 1; i < COUNT_OF(clients); i++) {
		if (i != 7)
			reads_nothing_yet(clients[i]);
	}
	for (size_t i = 0; i < COUNT_OF(clients); i++)
		close(clients[i]);
}

/* ---- out of descriptors ---- */

enum { CLIENTS = 6, RESERVE = 2 };

/* The clients of an earlier child may still be in the queue. */
static void
empty_queue(void)
{
	struct pollfd wait = {.fd = listener, .events = POLLIN};

	while (poll(&wait, 1, 0) > 0)
		close(accept(listener, NULL, NULL));
}

/* A client's words through the connection that was accepted for it. */
static void
child_refuses(uint64_t now)
{
	struct address from;
	int fd = lingering_accept(&refused, listener, &from);

	child_assert(fd >= 0);
	child_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	child_assert(from.any.sa_family == AF_INET);
	child_assert(address_port(&from) != 0);
	lingering_add(&refused, fd, &AT_ONCE, now);
}

static void
accept_without_descriptors(void *arg)
{
	struct rlimit limit = {64, 64};
	int clients[CLIENTS];
	char buf[64];

	empty_queue();
	child_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	limits_compute(&(struct worker_cost){.descriptors = 1}, RESERVE);
	lingering_init(&refused);
	for (size_t i = 0; i < CLIENTS; i++)
		child_assert((clients[i] = dial()) >= 0);
	while (dup(STDERR_FILENO) >= 0)
		continue;
	child_assert(errno == EMFILE);
	child_assert(accept(listener, NULL, NULL) < 0 && errno == EMFILE);

	/* With what was kept back, and then in the place of the spare one. */
	for (size_t i = 0; i < RESERVE + 1; i++)
		child_refuses(NOW + i);
	child_assert(refused.count == RESERVE + 1);
	if (!arg)
		return;
	/* Then one of the refused has to go, and only one. */
	for (size_t i = RESERVE + 1; i < CLIENTS; i++) {
		child_refuses(NOW + i);
		child_assert(refused.count == RESERVE + 1);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		child_assert(
		    recv(clients[i], buf, sizeof(buf), 0) == sizeof(TEXT) - 1);
		child_assert(recv(clients[i], buf, sizeof(buf), 0) == 0);
	}
}

TEST(accept_spends_the_reserve_and_then_the_spare)
{
	run_child(accept_without_descriptors, NULL);
}

TEST(accept_takes_the_place_of_the_oldest_refused)
{
	run_child(accept_without_descriptors, &address);
}

/* Nobody is waiting: the spare one must be there for the next time. */
TEST_IN_CHILD(a_failed_accept_keeps_the_spare)
{
	struct rlimit limit = {64, 64};
	struct address from;

	empty_queue();
	child_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	limits_compute(&(struct worker_cost){.descriptors = 1}, 0);
	fcntl(listener, F_SETFL, O_NONBLOCK);
	lingering_init(&refused);
	while (dup(STDERR_FILENO) >= 0)
		continue;
	for (int i = 0; i < 3; i++) {
		child_assert(lingering_accept(&refused, listener, &from) == -1);
		child_assert(errno == EAGAIN);
		child_assert(refused.spare >= 0);
	}
}

RUN_TESTS(open_listener, close_listener)
