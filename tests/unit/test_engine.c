/* SPDX-License-Identifier: MIT */
/* engine: counts and times of a run with servers that misbehave. */
#include "tests/unit/toy.h"

#include "common/base/clock.h"
#include "common/load/engine.h"
#include "common/load/protocol_table.h"

static struct engine engine;
static struct load_result result;

/* Starts a server process that calls SERVE with a listener. */
static void
start(struct toy *toy, void (*serve)(int listener))
{
	int fd;

	if (toy_fork(toy, "127.0.0.1:0", &fd))
		serve(fd);
}

/* Opens an engine with kept CONNECTIONS to ADDRESS; RATE 0: closed loop. */
static void
begin_protocol(const char *protocol, const struct address *address,
    uint32_t connections, double rate)
{
	struct load_plan plan = {.protocol = protocol_find(protocol),
	    .connections = connections,
	    .rate = rate,
	    .size = 64,
	    .timeout_ns = 10 * NS_PER_S};
	char why[200];

	plan.target.kind = TARGET_STREAM;
	plan.target.address = *address;
	assert_int_equal(engine_open(&engine, &plan, why, sizeof(why)), 0);
	assert_int_equal(load_result_init(&result), 0);
	assert_int_equal(engine_connect(&engine), 0);
}

static void
begin(const struct address *address, uint32_t connections, double rate)
{
	begin_protocol("echo", address, connections, rate);
}

static void
end(struct toy *toy)
{
	engine_close(&engine);
	load_result_release(&result);
	toy_stop(toy);
}

TEST(a_run_stopped_before_its_first_request_has_times)
{
	const volatile int stop = 1;
	struct toy toy;

	toy_start(&toy, TOY_THREADS, "127.0.0.1:0");
	begin(&toy.address, 2, 0);
	engine.stop = &stop;
	engine_run(&engine, NS_PER_S, UINT64_MAX, &result);
	assert_int_equal(result.begun, 0);
	assert_true(engine.stopped_ns >= engine.schedule_start);
	assert_int_equal(result.span_ns, 0);
	end(&toy);
}

/* Sends a byte to the connection without a request, then answers the request.
 */
static _Noreturn void
babble(int listener)
{
	int one = accept(listener, NULL, NULL);
	int other = accept(listener, NULL, NULL);
	char buf[64];
	fd_set asking;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	FD_ZERO(&asking);
	FD_SET(one, &asking);
	FD_SET(other, &asking);
	child_assert(select((one > other ? one : other) + 1, &asking, NULL,
			 NULL, NULL) > 0);
	if (FD_ISSET(other, &asking)) {
		int asker = other;

		other = one;
		one = asker;
	}
	child_assert(recv(one, buf, sizeof(buf), 0) == sizeof(buf));
	child_assert(send(other, "??", 2, MSG_NOSIGNAL) == 2);
	nap_ms(20);
	child_assert(send(one, buf, sizeof(buf), MSG_NOSIGNAL) == sizeof(buf));
	for (;;)
		pause();
}

/* They count as one more request, but the client sent none. */
TEST(unsolicited_bytes_add_no_think_time)
{
	struct toy toy;

	start(&toy, babble);
	begin(&toy.address, 2, 0);
	engine_run(&engine, NEVER, 1, &result);
	assert_int_equal(result.ok, 1);
	assert_int_equal(result.wrong, 1);
	assert_int_equal(result.begun, 2);
	assert_true(result.think_ns <= 2 * result.wall_ns);
	end(&toy);
}

/* Closes each connection a while after its answer. */
static _Noreturn void
close_later(int listener)
{
	static const char reply[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
				    "Content-Length: 2\r\n\r\nok";
	char buf[1000];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		child_assert(recv(fd, buf, sizeof(buf), 0) > 0);
		child_assert(send(fd, reply, sizeof(reply) - 1, 0) > 0);
		nap_ms(20);
		close(fd);
	}
	_exit(1);
}

/* Each moment is a request's, or the time between two: Little's law. */
TEST(the_time_until_the_server_closes_counts_as_think_time)
{
	struct toy toy;
	double used;

	start(&toy, close_later);
	begin_protocol("http", &toy.address, 1, 0);
	engine_run(&engine, NEVER, 5, &result);
	assert_int_equal(result.ok, 5);
	assert_true(result.think_ns > 0);
	used = (double)result.latency.sum + (double)result.think_ns;
	assert_true(used > 0.98 * (double)result.span_ns);
	assert_true(used < 1.02 * (double)result.span_ns);
	end(&toy);
}

/* Sends more after its last answer, when that was received. */
static _Noreturn void
add_later(int listener)
{
	int fd = accept(listener, NULL, NULL);
	char buf[64];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	child_assert(recv(fd, buf, sizeof(buf), 0) == sizeof(buf));
	child_assert(send(fd, buf, sizeof(buf), MSG_NOSIGNAL) == sizeof(buf));
	child_assert(recv(fd, buf, sizeof(buf), 0) == 0);
	child_assert(send(fd, "??", 2, MSG_NOSIGNAL) == 2);
	for (;;)
		pause();
}

/* In a closed loop with its fast path, and in an open loop. */
TEST(the_last_reply_is_wrong_if_bytes_follow)
{
	for (double rate = 0; rate <= 1000; rate += 1000) {
		struct toy toy;

		start(&toy, add_later);
		begin(&toy.address, 1, rate);
		engine_run(&engine, NEVER, 1, &result);
		assert_int_equal(result.ok, 1);
		engine_finish(&engine, &result);
		assert_int_equal(result.begun, 1);
		assert_int_equal(result.ok, 0);
		assert_int_equal(result.wrong, 1);
		end(&toy);
	}
}

RUN_TESTS(NULL, NULL)
