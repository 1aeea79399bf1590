/* SPDX-License-Identifier: MIT */
/* lab_traces: what is added to a server's trace, and what is left out. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>

#include "common/base/clock.h"
#include "common/base/trace.h"
#include "common/lab/lab_traces.h"

#define CAPACITY 64

static char folder[] = "/tmp/perconn-traces-XXXXXX";
static char path[sizeof(folder) + 16];
static struct lab_traces traces;
static struct lab_server server;
static struct lab_run run = {.servers = {&server}};

/* The trace of this process, as one of a server of MODEL. */
static int
begin(void **state)
{
	char why[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/trace", folder);
	if (trace_open(path, CAPACITY, "server_toy", "toy", why, sizeof(why)))
		return -1;
	server = (struct lab_server){
	    .model = "thread", .trace = open(path, O_RDONLY | O_CLOEXEC)};
	return server.trace < 0 ? -1 : 0;
}

static int
end(void **state)
{
	(void)state;
	lab_traces_release(&traces);
	trace_close();
	close(server.trace);
	unlink(path);
	return 0;
}

/* The worker of CONNECTION is a thread of this process. */
static uint64_t
start_worker(uint64_t connection)
{
	uint64_t first = trace_spawn(connection, 0, now_ns());

	trace_start(connection, first);
	return first;
}

static const struct timeline *
read_traces(void)
{
	lab_traces_read(&traces, &run);
	assert_true(traces.there[0]);
	return &traces.timelines[0];
}

static const struct lane *
lane_of(const struct timeline *timeline, uint64_t connection)
{
	for (size_t i = 0; i < timeline->lane_count; i++) {
		if (timeline->lanes[i].connection == connection)
			return &timeline->lanes[i];
	}
	fail();
	return NULL;
}

TEST_WITH(a_killed_server_takes_the_threads_that_still_run_along, begin, end)
{
	const struct timeline *timeline;

	start_worker(1);
	trace_event(TRACE_END, 0);
	start_worker(2);
	server.killed.process = getpid();
	server.killed.signal = SIGKILL;
	server.killed.at_ns = now_ns() + NS_PER_S;
	timeline = read_traces();
	assert_int_equal(lane_of(timeline, 1)->end, LANE_ENDED);
	assert_int_equal(lane_of(timeline, 2)->end, LANE_KILLED);
	assert_int_equal(lane_of(timeline, 2)->signal, SIGKILL);
	assert_int_equal(timeline->begin_ns + lane_of(timeline, 2)->died,
	    server.killed.at_ns);
}

TEST_WITH(what_comes_after_the_experiment_is_left_out, begin, end)
{
	const struct timeline *timeline;
	uint64_t end_ns;

	start_worker(1);
	end_ns = now_ns() + NS_PER_MS;
	trace_record(TRACE_REAP, 1, end_ns + NS_PER_MS, 256 * SIGKILL);
	server.timeline_ends_ns = end_ns;
	timeline = read_traces();
	assert_int_equal(lane_of(timeline, 1)->end, LANE_OPEN);
	assert_int_equal(timeline->begin_ns + timeline->span, end_ns);
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

RUN_TESTS(make_folder, remove_folder)
