/* SPDX-License-Identifier: MIT */
/* One datagram as a connection, over loopback; what clients see of it is in
 * tests/e2e/test_udp.py. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "common/base/clock.h"
#include "common/net/datagram.h"
#include "common/net/listen.h"

#define LONG (10 * NS_PER_S)

static struct listeners all;
static struct datagram *datagram;
static struct conn conn;
static int client;
static char big[DATAGRAM_MAX + 1];

/* A server's socket, and a client's that is connected there: it gets what comes
 * from no other. */
static void
begin(void)
{
	struct timeval patience = {10, 0};
	const struct address *to = &all.at[0].address;

	all = (struct listeners){0};
	datagram = NULL;
	assert_int_equal(listeners_add(&all, "udp:127.0.0.1:0"), 0);
	assert_int_equal(listeners_open(&all, 1), 0);
	client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(
	    client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(client, &to->any, to->len), 0);
}

static void
end(void)
{
	free(datagram);
	close(client);
	listeners_close(&all, false);
}

/* The next one that came, as a connection. */
static void
take(void)
{
	struct pollfd wait = {all.at[0].fd, POLLIN, 0};

	assert_int_equal(poll(&wait, 1, 10000), 1);
	free(datagram);
	datagram = datagram_receive(all.at[0].fd);
	assert_non_null(datagram);
	conn_init(&conn, all.at[0].fd, LONG, LONG);
	datagram_carry(&conn, datagram);
}

static void
question(const char *bytes, size_t len)
{
	assert_int_equal(send(client, bytes, len, 0), len);
	take();
}

static void
answer_is(const char *bytes, size_t len)
{
	static char buf[sizeof(big)];

	assert_int_equal(conn_finish(&conn), OUTCOME_SERVED);
	assert_int_equal(recv(client, buf, sizeof(buf), 0), len);
	assert_memory_equal(buf, bytes, len);
}

TEST(it_reads_as_a_stream_that_ends)
{
	char buf[4];

	begin();
	question("abcdef", 6);
	assert_true(conn_holds_input(&conn));
	assert_int_equal(conn_read(&conn, buf, 4), 4);
	assert_memory_equal(buf, "abcd", 4);
	assert_true(conn_holds_input(&conn));
	assert_int_equal(conn_try_read(&conn, buf, 4), 2);
	assert_memory_equal(buf, "ef", 2);
	assert_false(conn_holds_input(&conn));
	assert_int_equal(conn_read(&conn, buf, 4), 0);
	assert_int_equal(conn_read(&conn, buf, 4), 0);
	assert_true(conn.ended);
	end();
}

TEST(what_is_written_goes_out_as_one)
{
	begin();
	question("?", 1);
	assert_int_equal(conn_write(&conn, "one ", 4), 0);
	assert_int_equal(conn_try_write(&conn, "two", 3), 3);
	/* Not before the end. */
	assert_int_equal(recv(client, big, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	answer_is("one two", 7);
	end();
}

/* Or a client would read half a number, or the third after the first. */
TEST(what_does_not_fit_is_left_out_whole_and_all_after_it)
{
	begin();
	memset(big, 'x', sizeof(big));
	question("?", 1);
	assert_int_equal(conn_write(&conn, big, 60), 0);
	assert_int_equal(conn_write(&conn, "12345", 5), 0);
	assert_int_equal(conn_write(&conn, "y", 1), 0);
	answer_is(big, 60);
	end();
}

TEST(a_failed_one_gets_no_answer)
{
	begin();
	question("?", 1);
	assert_int_equal(conn_write(&conn, "half", 4), 0);
	conn_fail(&conn, ETIMEDOUT);
	assert_int_equal(conn_finish(&conn), OUTCOME_TIMED_OUT);
	assert_int_equal(recv(client, big, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	end();
}

TEST(several_are_read_one_by_one)
{
	char buf[8];

	begin();
	for (int i = 0; i < 3; i++)
		assert_int_equal(send(client, "abc", (size_t)i + 1, 0), i + 1);
	for (int i = 0; i < 3; i++) {
		take();
		assert_int_equal(conn_read(&conn, buf, sizeof(buf)), i + 1);
		assert_int_equal(conn_read(&conn, buf, sizeof(buf)), 0);
	}
	assert_null(datagram_receive(all.at[0].fd));
	assert_int_equal(errno, EAGAIN);
	end();
}

/* As an inherited socket may be: its answers take the route's address. */
TEST(without_the_address_it_is_answered_all_the_same)
{
	int off = 0;

	begin();
	assert_int_equal(
	    setsockopt(all.at[0].fd, IPPROTO_IP, IP_PKTINFO, &off, sizeof(off)),
	    0);
	question("?", 1);
	assert_int_equal(conn_write(&conn, "yes", 3), 0);
	answer_is("yes", 3);
	end();
}

TEST(some_ports_get_no_answer)
{
	static const struct {
		const char *peer;
		bool forbidden;
	} cases[] = {{"127.0.0.1:7", true}, {"127.0.0.1:19", true},
	    {"127.0.0.1:0", true}, {"127.0.0.1:8", false},
	    {"127.0.0.1:53", false}, {"[::1]:7", true}, {"[::1]:19", true},
	    {"[::1]:65535", false}};
	struct datagram one = {.to_many = false};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(address_parse(cases[i].peer, &one.peer), 0);
		assert_int_equal(datagram_forbidden(&one), cases[i].forbidden);
	}
	one.to_many = true;
	assert_true(datagram_forbidden(&one));
}

static void
receive_without_memory(void *arg)
{
	struct rlimit none = {0, 0};
	struct pollfd wait = {all.at[0].fd, POLLIN, 0};

	(void)arg;
	child_assert(poll(&wait, 1, 10000) == 1);
	setrlimit(RLIMIT_DATA, &none);
	setrlimit(RLIMIT_AS, &none);
	/* The heap may have room for some of them. */
	for (int i = 0; i < 100 && datagram_receive(all.at[0].fd); i++)
		continue;
	child_assert(errno == ENOMEM);
}

/* The caller has to know that one is lost: it counts them. */
TEST(without_memory_it_says_so)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip(); /* its malloc ends the program instead */
#endif
	begin();
	for (int i = 0; i < 3; i++)
		assert_int_equal(send(client, big, 60000, 0), 60000);
	run_child(receive_without_memory, NULL);
	end();
}

RUN_TESTS(NULL, NULL)
