/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "common/net/listen.h"

#define BACKLOG 16

static bool
has_ipv6(void)
{
	struct address address;
	int fd = socket(AF_INET6, SOCK_STREAM, 0), bad;

	if (fd < 0)
		return false;
	address_parse("[::1]:0", &address);
	bad = bind(fd, &address.any, address.len);
	close(fd);
	return !bad;
}

static void
takes(const char *text, const char *printed)
{
	struct listeners all = {0};
	char buf[ADDRESS_TEXT_MAX];

	assert_int_equal(listeners_add(&all, text), 0);
	assert_int_equal(all.count, 1);
	assert_int_equal(all.at[0].fd, -1);
	assert_string_equal(address_format(&all.at[0].address, buf), printed);
}

TEST(add_takes_literals_and_paths)
{
	takes("127.0.0.1:7007", "127.0.0.1:7007");
	takes("0.0.0.0:0", "0.0.0.0:0");
	takes("[::1]:7007", "[::1]:7007");
	takes("unix:/run/echo.sock", "unix:/run/echo.sock");
	takes("unix:localhost:80", "unix:localhost:80");
}

TEST(add_takes_all_addresses)
{
	struct listeners all = {0};

	takes(":7007", "[::]:7007");
	listeners_add(&all, ":7007");
	listeners_add(&all, "[::]:7007");
	assert_true(all.at[0].dual_stack);
	assert_false(all.at[1].dual_stack);
}

TEST(add_takes_localhost_as_one_for_each_family)
{
	struct listeners all = {0};
	char buf[ADDRESS_TEXT_MAX];

	assert_int_equal(listeners_add(&all, "localhost:7007"), 0);
	assert_int_equal(all.count, 2);
	assert_string_equal(
	    address_format(&all.at[0].address, buf), "127.0.0.1:7007");
	assert_string_equal(
	    address_format(&all.at[1].address, buf), "[::1]:7007");
	assert_true(all.at[1].optional);
	assert_false(all.at[0].optional);
	assert_false(all.at[1].port_of_last);
	listeners_add(&all, "localhost:0");
	assert_true(all.at[3].port_of_last);
}

TEST(add_rejects_everything_else)
{
	static const char *const bad[] = {"", ":", "7007", "localhost",
	    "localhost:", "localhost:65536", "example.org:80", "*:80", "[]:80",
	    "::1:80", "127.0.0.1", "unix:", "tcp:127.0.0.1:80"};
	struct listeners all = {0};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (listeners_add(&all, bad[i]) != -1)
			fail_msg("\"%s\" is taken", bad[i]);
		assert_int_equal(all.count, 0);
	}
}

TEST(add_rejects_what_does_not_fit)
{
	struct listeners all = {0};

	for (size_t i = 0; i < LISTENERS_MAX - 1; i++)
		assert_int_equal(listeners_add(&all, "127.0.0.1:0"), 0);
	assert_int_equal(listeners_add(&all, "localhost:0"), -1);
	all.count = LISTENERS_MAX - 1;
	assert_int_equal(listeners_add(&all, ":0"), 0);
	assert_int_equal(listeners_add(&all, ":0"), -1);
	assert_int_equal(listeners_add(&all, "unix:/tmp/x"), -1);
	assert_int_equal(all.count, LISTENERS_MAX);
}

static int
dial(const struct address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	if (connect(fd, &address->any, address->len) == 0)
		return fd;
	close(fd);
	return -1;
}

TEST(open_learns_the_port_behind_port_0)
{
	struct listeners all = {0};
	int before = open_descriptors(), fd;

	listeners_add(&all, "127.0.0.1:0");
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	assert_int_not_equal(address_port(&all.at[0].address), 0);
	fd = dial(&all.at[0].address);
	assert_true(fd >= 0);
	close(fd);
	listeners_close(&all, true);
	assert_int_equal(all.at[0].fd, -1);
	listeners_close(&all, true); /* harmless */
	assert_int_equal(open_descriptors(), before);
}

TEST(listener_neither_blocks_nor_is_inherited)
{
	struct listeners all = {0};
	int fd;

	listeners_add(&all, "127.0.0.1:0");
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	fd = all.at[0].fd;
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(accept(fd, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	listeners_close(&all, true);
}

TEST(tcp_connection_inherits_what_it_needs)
{
	struct listeners all = {0};
	socklen_t len = sizeof(int);
	int client, fd, on = 0;

	listeners_add(&all, "127.0.0.1:0");
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	client = dial(&all.at[0].address);
	fd = accept(all.at[0].fd, NULL, NULL);
	assert_true(fd >= 0);
	getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len);
	assert_true(on);
	close(fd);
	close(client);
	listeners_close(&all, true);
}

TEST(a_taken_port_leaves_nothing_open)
{
	struct listeners first = {0}, second = {0};
	char text[ADDRESS_TEXT_MAX];
	int before;

	listeners_add(&first, "127.0.0.1:0");
	assert_int_equal(listeners_open(&first, BACKLOG), 0);
	before = open_descriptors();
	listeners_add(&second, "127.0.0.1:0");
	listeners_add(&second, address_format(&first.at[0].address, text));
	assert_int_equal(listeners_open(&second, BACKLOG), -1);
	assert_int_equal(open_descriptors(), before);
	listeners_close(&first, true);
}

/* ---- datagrams ---- */

TEST(add_takes_datagrams_by_a_prefix)
{
	static const char *const no[] = {"udp:", "udp:unix:/tmp/s",
	    "udp:udp:127.0.0.1:0", "udp:127.0.0.1", "udp:host:1",
	    "UDP:[::1]:1"};
	struct listeners all = {0};
	char buf[ADDRESS_TEXT_MAX];

	assert_int_equal(listeners_add(&all, "udp:127.0.0.1:7"), 0);
	assert_int_equal(listeners_add(&all, "udp:[::1]:7"), 0);
	assert_int_equal(listeners_add(&all, "udp:localhost:7"), 0);
	assert_int_equal(listeners_add(&all, "udp::7"), 0);
	assert_int_equal(listeners_add(&all, "127.0.0.1:7"), 0);
	assert_int_equal(all.count, 6);
	for (size_t i = 0; i < 5; i++)
		assert_true(all.at[i].datagrams);
	assert_false(all.at[5].datagrams);
	assert_string_equal(
	    listener_format(&all.at[0], buf), "udp:127.0.0.1:7");
	assert_string_equal(listener_format(&all.at[3], buf), "udp:[::1]:7");
	assert_string_equal(listener_format(&all.at[4], buf), "udp:[::]:7");
	assert_true(all.at[4].dual_stack);
	assert_string_equal(listener_format(&all.at[5], buf), "127.0.0.1:7");
	for (size_t i = 0; i < COUNT_OF(no); i++)
		assert_int_equal(listeners_add(&all, no[i]), -1);
	assert_int_equal(all.count, 6);
}

/* With SO_REUSEPORT before bind(2), some of so many would have one port. */
TEST(a_port_that_was_chosen_is_no_other_sockets)
{
	enum { SOCKETS = 600 };
	static struct listeners all[SOCKETS];
	static bool taken[65536];
	struct rlimit files;
	size_t opened;

	getrlimit(RLIMIT_NOFILE, &files);
	for (opened = 0; opened < SOCKETS && opened + 64 < files.rlim_cur;
	     opened++) {
		struct listeners *one = &all[opened];
		uint16_t port;

		one->reuse_port = true;
		assert_int_equal(listeners_add(one, "udp:127.0.0.1:0"), 0);
		assert_int_equal(listeners_open(one, BACKLOG), 0);
		port = address_port(&one->at[0].address);
		assert_false(taken[port]);
		taken[port] = true;
	}
	while (opened > 0)
		listeners_close(&all[--opened], true);
}

TEST(an_address_that_is_there_twice_is_found)
{
	struct listeners all = {0};

	listeners_add(&all, "127.0.0.1:0");
	listeners_add(&all, "127.0.0.1:0");
	listeners_add(&all, "unix:/a");
	listeners_add(&all, "127.0.0.1:7");
	listeners_add(&all, "udp:127.0.0.1:7");
	listeners_add(&all, "127.0.0.2:7");
	listeners_add(&all, ":7");
	listeners_add(&all, "[::1]:7");
	assert_int_equal(listeners_find_twice(&all), all.count);
	listeners_add(&all, "localhost:7");
	assert_int_equal(listeners_find_twice(&all), all.count - 2);
}

TEST(datagrams_have_a_bound_socket)
{
	struct listeners all = {0};
	socklen_t len = sizeof(int);
	int type, reuse;

	listeners_add(&all, "udp:127.0.0.1:0");
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	assert_int_not_equal(address_port(&all.at[0].address), 0);
	getsockopt(all.at[0].fd, SOL_SOCKET, SO_TYPE, &type, &len);
	assert_int_equal(type, SOCK_DGRAM);
	/* It would let two servers share a port, and one of them starve. */
	getsockopt(all.at[0].fd, SOL_SOCKET, SO_REUSEADDR, &reuse, &len);
	assert_int_equal(reuse, 0);
	assert_true(fcntl(all.at[0].fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(all.at[0].fd, F_GETFD) & FD_CLOEXEC);
	listeners_close(&all, true);
}

/* A port that UDP got may be taken in TCP by somebody else: try some. */
TEST(tcp_and_udp_may_have_one_port)
{
	struct listeners udp, tcp;
	char text[ADDRESS_TEXT_MAX];
	int bad = -1;

	for (int i = 0; i < 20 && bad; i++) {
		udp = tcp = (struct listeners){0};
		listeners_add(&udp, "udp:127.0.0.1:0");
		assert_int_equal(listeners_open(&udp, BACKLOG), 0);
		listener_format(&udp.at[0], text);
		listeners_add(&tcp, text + strlen("udp:"));
		bad = listeners_open(&tcp, BACKLOG);
		listeners_close(&tcp, true);
		if (bad)
			listeners_close(&udp, true);
	}
	assert_int_equal(bad, 0);
	tcp.count = 0;
	listeners_add(&tcp, text);
	assert_int_equal(listeners_open(&tcp, BACKLOG), -1);
	listeners_close(&udp, true);
}

/* ---- half of localhost ---- */

/* Room for the IPv4 half alone: this is no machine without IPv6. */
static void
open_localhost_with_one_descriptor(void *arg)
{
	struct listeners all = {0};
	int next = dup(STDERR_FILENO);
	struct rlimit limit = {(rlim_t)next + 1, (rlim_t)next + 1};

	child_assert(next >= 0);
	close(next);
	child_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	listeners_add(&all, arg);
	child_assert(listeners_open(&all, BACKLOG) == -1);
}

TEST(half_of_localhost_is_missing_only_without_ipv6)
{
	static struct caught caught;

	if (!has_ipv6())
		skip();
	catch_child(&caught, open_localhost_with_one_descriptor,
	    (void *)(uintptr_t) "localhost:0");
	assert_null(strstr(caught.err, "no IPv6"));
	assert_non_null(strstr(caught.err, strerror(EMFILE)));
	assert_int_equal(caught.exit, 0);
}

RUN_TESTS(NULL, NULL)
