/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

static void
add_takes_literals_and_paths(void **state)
{
	(void)state;
	takes("127.0.0.1:7007", "127.0.0.1:7007");
	takes("0.0.0.0:0", "0.0.0.0:0");
	takes("[::1]:7007", "[::1]:7007");
	takes("unix:/run/echo.sock", "unix:/run/echo.sock");
	takes("unix:localhost:80", "unix:localhost:80");
}

static void
add_takes_all_addresses(void **state)
{
	struct listeners all = {0};

	(void)state;
	takes(":7007", "[::]:7007");
	listeners_add(&all, ":7007");
	listeners_add(&all, "[::]:7007");
	assert_true(all.at[0].dual_stack);
	assert_false(all.at[1].dual_stack);
}

static void
add_takes_localhost_as_one_for_each_family(void **state)
{
	struct listeners all = {0};
	char buf[ADDRESS_TEXT_MAX];

	(void)state;
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

static void
add_rejects_everything_else(void **state)
{
	static const char *const bad[] = {"", ":", "7007", "localhost",
	    "localhost:", "localhost:65536", "example.org:80", "*:80", "[]:80",
	    "::1:80", "127.0.0.1", "unix:", "tcp:127.0.0.1:80"};
	struct listeners all = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (listeners_add(&all, bad[i]) != -1)
			fail_msg("\"%s\" is taken", bad[i]);
		assert_int_equal(all.count, 0);
	}
}

static void
add_rejects_what_does_not_fit(void **state)
{
	struct listeners all = {0};

	(void)state;
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

static void
open_learns_the_port_behind_port_0(void **state)
{
	struct listeners all = {0};
	int before = open_descriptors(), fd;

	(void)state;
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

static void
listener_neither_blocks_nor_is_inherited(void **state)
{
	struct listeners all = {0};
	int fd;

	(void)state;
	listeners_add(&all, "127.0.0.1:0");
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	fd = all.at[0].fd;
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(accept(fd, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	listeners_close(&all, true);
}

static void
tcp_connection_inherits_what_it_needs(void **state)
{
	struct listeners all = {0};
	socklen_t len = sizeof(int);
	int client, fd, on = 0;

	(void)state;
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

static void
localhost_has_one_port_in_both_families(void **state)
{
	struct listeners all = {0};

	(void)state;
	if (!has_ipv6())
		skip();
	listeners_add(&all, "localhost:0");
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	assert_int_equal(all.count, 2);
	assert_int_not_equal(address_port(&all.at[0].address), 0);
	assert_int_equal(
	    address_port(&all.at[0].address), address_port(&all.at[1].address));
	for (size_t i = 0; i < 2; i++) {
		int fd = dial(&all.at[i].address);

		assert_true(fd >= 0);
		close(fd);
	}
	listeners_close(&all, true);
}

static void
all_addresses_take_ipv4_as_well(void **state)
{
	struct listeners all = {0};
	struct address v4;
	int fd;

	(void)state;
	listeners_add(&all, ":0");
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	address_parse("127.0.0.1:0", &v4);
	address_set_port(&v4, address_port(&all.at[0].address));
	fd = dial(&v4);
	assert_true(fd >= 0);
	close(fd);
	listeners_close(&all, true);
}

static void
a_taken_port_leaves_nothing_open(void **state)
{
	struct listeners first = {0}, second = {0};
	char text[ADDRESS_TEXT_MAX];
	int before;

	(void)state;
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

static void
add_takes_datagrams_by_a_prefix(void **state)
{
	static const char *const no[] = {"udp:", "udp:unix:/tmp/s",
	    "udp:udp:127.0.0.1:0", "udp:127.0.0.1", "udp:host:1",
	    "UDP:[::1]:1"};
	struct listeners all = {0};
	char buf[ADDRESS_TEXT_MAX];

	(void)state;
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

static void
datagrams_have_a_bound_socket(void **state)
{
	struct listeners all = {0};
	socklen_t len = sizeof(int);
	int type, reuse;

	(void)state;
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
static void
tcp_and_udp_may_have_one_port(void **state)
{
	struct listeners udp, tcp;
	char text[ADDRESS_TEXT_MAX];
	int bad = -1;

	(void)state;
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

static void
localhost_has_one_udp_port_in_both_families(void **state)
{
	struct listeners all = {0};

	(void)state;
	if (!has_ipv6())
		skip();
	listeners_add(&all, "udp:localhost:0");
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	assert_int_equal(all.count, 2);
	assert_int_not_equal(address_port(&all.at[0].address), 0);
	assert_int_equal(
	    address_port(&all.at[0].address), address_port(&all.at[1].address));
	listeners_close(&all, true);
}

static void
what_the_kernel_drops_is_known(void **state)
{
	static const char data[30000];
	struct listeners all = {0};
	const struct address *to = &all.at[0].address;
	int client;

	(void)state;
	listeners_add(&all, "udp:127.0.0.1:0");
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	assert_int_equal(listener_dropped(&all.at[0]), 0);
	client = socket(AF_INET, SOCK_DGRAM, 0);
	for (int i = 0; i < 10000 && !listener_dropped(&all.at[0]); i++)
		assert_int_equal(
		    sendto(client, data, sizeof(data), 0, &to->any, to->len),
		    sizeof(data));
	assert_int_not_equal(listener_dropped(&all.at[0]), 0);
	close(client);
	listeners_close(&all, true);
}

/* ---- unix sockets ---- */

static char directory[] = "/tmp/perconn-unit-XXXXXX";
static char path[64], listen_text[72];

static int
make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/sock", directory);
	snprintf(listen_text, sizeof(listen_text), "unix:%s", path);
	return 0;
}

static int
remove_path(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static int
remove_directory(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void
unix_connection_is_given_its_timeouts(void **state)
{
	struct listeners all = {0};
	int client, fd;

	(void)state;
	listeners_add(&all, listen_text);
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	client = dial(&all.at[0].address);
	fd = accept(all.at[0].fd, NULL, NULL);
	assert_true(fd >= 0);
	close(fd);
	close(client);
	listeners_close(&all, true);
	assert_int_equal(access(path, F_OK), -1);
}

static void
close_without_removal_leaves_the_path(void **state)
{
	struct listeners all = {0};

	(void)state;
	listeners_add(&all, listen_text);
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	listeners_close(&all, false);
	assert_int_equal(access(path, F_OK), 0);
}

static void
a_stale_unix_socket_is_replaced(void **state)
{
	struct listeners all = {0};
	int fd;

	(void)state;
	listeners_add(&all, listen_text);
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	listeners_close(&all, false);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(listeners_open(&all, BACKLOG), 0);
	fd = dial(&all.at[0].address);
	assert_true(fd >= 0);
	close(fd);
	listeners_close(&all, true);
}

static void
a_live_unix_socket_is_spared(void **state)
{
	struct listeners first = {0}, second = {0};
	int fd;

	(void)state;
	listeners_add(&first, listen_text);
	assert_int_equal(listeners_open(&first, BACKLOG), 0);
	listeners_add(&second, listen_text);
	assert_int_equal(listeners_open(&second, BACKLOG), -1);
	fd = dial(&first.at[0].address);
	assert_true(fd >= 0);
	close(fd);
	listeners_close(&first, true);
}

static void
a_live_unix_socket_with_a_full_backlog_is_spared(void **state)
{
	struct listeners first = {0}, second = {0};
	int clients[8];

	(void)state;
	listeners_add(&first, listen_text);
	assert_int_equal(listeners_open(&first, 0), 0);
	for (size_t i = 0; i < COUNT_OF(clients); i++) {
		clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(clients[i], &first.at[0].address.any,
		    first.at[0].address.len);
	}
	listeners_add(&second, listen_text);
	assert_int_equal(listeners_open(&second, 0), -1);
	assert_int_equal(access(path, F_OK), 0);
	for (size_t i = 0; i < COUNT_OF(clients); i++)
		close(clients[i]);
	listeners_close(&first, true);
}

static void
a_file_is_never_replaced(void **state)
{
	struct listeners all = {0};
	struct stat st;
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	(void)state;
	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	listeners_add(&all, listen_text);
	assert_int_equal(listeners_open(&all, BACKLOG), -1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 4);
	unlink(path);
}

static void
a_failed_open_removes_only_its_own_sockets(void **state)
{
	struct listeners all = {0};

	(void)state;
	listeners_add(&all, listen_text);
	listeners_add(&all, "unix:/nonexistent/directory/sock");
	assert_int_equal(listeners_open(&all, BACKLOG), -1);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(errno, ENOENT);
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

static void
half_of_localhost_is_missing_only_without_ipv6(void **state)
{
	static struct caught caught;

	(void)state;
	if (!has_ipv6())
		skip();
	catch_child(&caught, open_localhost_with_one_descriptor,
	    (void *)(uintptr_t) "localhost:0");
	assert_null(strstr(caught.err, "no IPv6"));
	assert_non_null(strstr(caught.err, strerror(EMFILE)));
	assert_int_equal(caught.exit, 0);
}

#define unix_test(name) cmocka_unit_test_setup(name, remove_path)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(add_takes_literals_and_paths),
	    cmocka_unit_test(add_takes_all_addresses),
	    cmocka_unit_test(add_takes_localhost_as_one_for_each_family),
	    cmocka_unit_test(add_rejects_everything_else),
	    cmocka_unit_test(add_rejects_what_does_not_fit),
	    cmocka_unit_test(open_learns_the_port_behind_port_0),
	    cmocka_unit_test(listener_neither_blocks_nor_is_inherited),
	    cmocka_unit_test(tcp_connection_inherits_what_it_needs),
	    cmocka_unit_test(localhost_has_one_port_in_both_families),
	    cmocka_unit_test(all_addresses_take_ipv4_as_well),
	    cmocka_unit_test(a_taken_port_leaves_nothing_open),
	    cmocka_unit_test(add_takes_datagrams_by_a_prefix),
	    cmocka_unit_test(datagrams_have_a_bound_socket),
	    cmocka_unit_test(tcp_and_udp_may_have_one_port),
	    cmocka_unit_test(localhost_has_one_udp_port_in_both_families),
	    cmocka_unit_test(what_the_kernel_drops_is_known),
	    unix_test(unix_connection_is_given_its_timeouts),
	    unix_test(close_without_removal_leaves_the_path),
	    unix_test(a_stale_unix_socket_is_replaced),
	    unix_test(a_live_unix_socket_is_spared),
	    unix_test(a_live_unix_socket_with_a_full_backlog_is_spared),
	    unix_test(a_file_is_never_replaced),
	    unix_test(a_failed_open_removes_only_its_own_sockets),
	    cmocka_unit_test(half_of_localhost_is_missing_only_without_ipv6),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
