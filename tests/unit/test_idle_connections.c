/* SPDX-License-Identifier: MIT */
/* idle_connections, worker_crash and socket_owner, with small servers of both
 * models. */
#include "tests/unit/toy.h"

#include "common/compare/idle_connections.h"
#include "common/compare/worker_crash.h"
#include "common/sysinfo/socket_owner.h"

#define LOCAL "127.0.0.1:0"
#define SECOND_NS 1000000000ULL

static char why[400];

/* A process is gone for its clients when its sockets are closed. */
static void
wait_until_lost(const struct idle_connections *idle, uint32_t count)
{
	while (idle_connections_lost(idle) < count)
		nap_ms(1);
}

static void
open_and_ask(enum toy_kind kind, const char *where)
{
	int before = open_descriptors();
	struct toy toy;
	struct idle_connections idle;

	toy_start(&toy, kind, where);
	assert_int_equal(idle_connections_open(
			     &idle, &toy.address, 300, NULL, why, sizeof(why)),
	    0);
	assert_int_equal(idle.count, 300);
	assert_int_equal(idle_connections_lost(&idle), 0);
	assert_int_equal(idle_connections_ask(&idle, 5 * SECOND_NS, NULL), 300);
	assert_int_equal(idle_connections_ask(&idle, 5 * SECOND_NS, NULL), 300);
	assert_int_equal(idle_connections_lost(&idle), 0);
	toy_stop(&toy);
	wait_until_lost(&idle, 300);
	assert_int_equal(idle_connections_ask(&idle, 5 * SECOND_NS, NULL), 0);
	idle_connections_close(&idle);
	idle_connections_close(&idle);
	assert_int_equal(open_descriptors(), before);
}

TEST(idle_connections_keeps_what_it_opens)
{
	open_and_ask(TOY_THREADS, LOCAL);
	open_and_ask(TOY_FORKS, LOCAL);
}

TEST(idle_connections_speaks_ipv6)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct sockaddr_in6 here = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int bad = fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here));

	close(fd);
	if (bad)
		skip();
	open_and_ask(TOY_THREADS, "[::1]:0");
}

TEST(idle_connections_speaks_unix_whose_queue_is_short)
{
	char where[64];

	snprintf(where, sizeof(where), "unix:/tmp/test_hold.%d", (int)getpid());
	unlink(where + 5);
	open_and_ask(TOY_FORKS, where);
	unlink(where + 5);
}

static uint32_t
source_of(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&from, &len), 0);
	return ntohl(from.sin_addr.s_addr);
}

TEST(idle_connections_comes_from_many_addresses_but_not_the_first)
{
	struct rlimit limit;
	struct toy toy;
	struct idle_connections idle;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < 2100)
		skip();
	toy_start(&toy, TOY_ONCE, LOCAL);
	assert_int_equal(idle_connections_open(
			     &idle, &toy.address, 2001, NULL, why, sizeof(why)),
	    0);
	assert_int_equal(source_of(idle.fds[0]), INADDR_LOOPBACK + 1);
	assert_int_equal(source_of(idle.fds[1999]), INADDR_LOOPBACK + 1);
	assert_int_equal(source_of(idle.fds[2000]), INADDR_LOOPBACK + 2);
	idle_connections_close(&idle);
	toy_stop(&toy);
}

TEST(idle_connections_says_when_the_server_takes_no_more)
{
	int before = open_descriptors();
	struct toy toy;
	struct idle_connections idle;

	toy_start(&toy, TOY_TEN, LOCAL);
	assert_int_equal(idle_connections_open(
			     &idle, &toy.address, 50, NULL, why, sizeof(why)),
	    -1);
	assert_non_null(strstr(why, " of 50 connections answered"));
	assert_non_null(strstr(why, "closed the next one without"));
	assert_null(idle.fds);
	toy_stop(&toy);
	assert_int_equal(idle_connections_open(
			     &idle, &toy.address, 50, NULL, why, sizeof(why)),
	    -1);
	assert_non_null(strstr(why, "refused"));
	assert_int_equal(open_descriptors(), before);
}

TEST(idle_connections_names_the_limit_that_the_server_may_have_reached)
{
	const struct rlimit few = {30, 30};
	struct toy toy;
	struct idle_connections idle;

	toy_start(&toy, TOY_TEN, LOCAL);
	assert_int_equal(idle_connections_open(
			     &idle, &toy.address, 1, NULL, why, sizeof(why)),
	    0);
	idle_connections_close(&idle); /* it has raised its limit by now */
	assert_int_equal(prlimit(toy.pid, RLIMIT_NOFILE, &few, NULL), 0);
	assert_int_equal(idle_connections_open(
			     &idle, &toy.address, 50, NULL, why, sizeof(why)),
	    -1);
	assert_non_null(strstr(why, "it has 30 descriptors"));
	toy_stop(&toy);
}

TEST(idle_connections_is_stopped)
{
	int stop = 1, before = open_descriptors();
	struct toy toy;
	struct idle_connections idle;

	toy_start(&toy, TOY_THREADS, LOCAL);
	assert_int_equal(idle_connections_open(&idle, &toy.address, 5000, &stop,
			     why, sizeof(why)),
	    -1);
	assert_non_null(strstr(why, "stopped"));
	assert_int_equal(open_descriptors(), before);
	toy_stop(&toy);
}

static void
idle_connections_with_few_descriptors(void *arg)
{
	const struct address *address = arg;
	struct rlimit few = {100, 100};
	struct idle_connections idle;

	child_assert(setrlimit(RLIMIT_NOFILE, &few) == 0);
	child_assert(idle_connections_open(
			 &idle, address, 200, NULL, why, sizeof(why)) == -1);
	child_assert(strstr(why, "RLIMIT_NOFILE"));
}

TEST(idle_connections_names_the_limit_of_descriptors)
{
	struct toy toy;

	toy_start(&toy, TOY_ONCE, LOCAL);
	run_child(idle_connections_with_few_descriptors, &toy.address);
	toy_stop(&toy);
}

/* ---- owner ---- */

static pid_t
server_of_one(const struct toy *toy)
{
	struct idle_connections idle;
	pid_t pid;

	assert_int_equal(idle_connections_open(
			     &idle, &toy->address, 1, NULL, why, sizeof(why)),
	    0);
	pid = socket_owner_peer(idle.fds[0], toy->pid);
	idle_connections_close(&idle);
	return pid;
}

TEST(owner_finds_who_listens_and_who_serves)
{
	struct toy threads, forks;
	pid_t worker;

	toy_start(&threads, TOY_THREADS, LOCAL);
	toy_start(&forks, TOY_FORKS, LOCAL);
	assert_int_equal(
	    socket_owner_listener(&threads.address, false), threads.pid);
	assert_int_equal(server_of_one(&threads), threads.pid);
	worker = server_of_one(&forks);
	assert_true(worker > 0);
	assert_int_not_equal(worker, forks.pid);
	assert_int_equal(getpgid(worker), forks.pid);
	/* Of a tree that has no part in it: whoever it is. */
	assert_int_equal(
	    server_of_one(&(struct toy){forks.pid, threads.address}),
	    threads.pid);
	toy_stop(&threads);
	toy_stop(&forks);
}

/* ---- crash ---- */

static struct worker_crash
crash_a(enum toy_kind kind)
{
	struct worker_crash crash = {0};
	struct toy toy;
	struct launched server;

	toy_start(&toy, kind, LOCAL);
	server = (struct launched){.pid = toy.pid,
	    .address = toy.address,
	    .supervisor = {.pid = getpid()}};
	assert_int_equal(
	    worker_crash_one(&server, 50, NULL, &crash, why, sizeof(why)), 0);
	toy_stop(&toy);
	return crash;
}

TEST(crash_of_a_child_is_noticed_by_one_client)
{
	struct worker_crash crash = crash_a(TOY_FORKS);

	assert_int_equal(crash.connections, 50);
	assert_int_equal(crash.lost, 1);
	assert_true(crash.accepts);
}

TEST(crash_of_a_thread_is_noticed_by_all)
{
	struct worker_crash crash = crash_a(TOY_THREADS);

	assert_int_equal(crash.connections, 50);
	assert_int_equal(crash.lost, 50);
	assert_false(crash.accepts);
}

TEST(crash_says_when_it_cannot_even_hold)
{
	struct worker_crash crash;
	struct toy toy;
	struct launched server;

	toy_start(&toy, TOY_TEN, LOCAL);
	server = (struct launched){.pid = toy.pid,
	    .address = toy.address,
	    .supervisor = {.pid = getpid()}};
	assert_int_equal(
	    worker_crash_one(&server, 50, NULL, &crash, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "without an answer"));
	assert_int_equal(kill(toy.pid, 0), 0);
	toy_stop(&toy);
}

RUN_TESTS(NULL, NULL)
