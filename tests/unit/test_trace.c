/* SPDX-License-Identifier: MIT */
/* trace: the ring and its file. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/trace.h"

#define CAPACITY 8

static char folder[] = "/tmp/perconn-trace-XXXXXX";
static char path[sizeof(folder) + 16];
static char why[256];

/* The file as a reader finds it. */
static struct {
	size_t len;
	union {
		struct trace_header header;
		char bytes[4096 + CAPACITY * sizeof(struct trace_event)];
	};
} file;

static int
begin(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/trace", folder);
	return trace_open(
	    path, CAPACITY, "server_toy", "toy", why, sizeof(why));
}

static int
end(void **state)
{
	(void)state;
	trace_close();
	unlink(path);
	return 0;
}

static void
read_file(void)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, file.bytes, sizeof(file.bytes));

	assert_true(n > 0);
	file.len = (size_t)n;
	assert_int_equal(read(fd, &(char){0}, 1), 0);
	close(fd);
}

static const struct trace_event *
event_at(size_t i)
{
	return (const void *)(file.bytes + file.header.header_size +
			      i * file.header.event_size);
}

TEST_WITH(the_file_says_what_it_is, begin, end)
{
	uint64_t now = now_ns();

	read_file();
	assert_int_equal(file.len, sizeof(file.bytes));
	assert_memory_equal(file.header.magic, "perconnT", 8);
	assert_int_equal(file.header.version, 1);
	assert_int_equal(file.header.header_size, 4096);
	assert_int_equal(file.header.event_size, 64);
	assert_int_equal(file.header.capacity, CAPACITY);
	assert_string_equal(file.header.program, "server_toy");
	assert_string_equal(file.header.model, "toy");
	assert_int_equal(file.header.pid, getpid());
	assert_in_range(file.header.monotonic_ns, now - 60 * NS_PER_S, now);
	assert_true(file.header.realtime_ns > 0);
	assert_int_equal(file.header.next, 0);
	for (size_t i = 0; i < CAPACITY; i++)
		assert_int_equal(event_at(i)->sequence, 0);
}

TEST_WITH(an_event_has_who_when_and_what, begin, end)
{
	uint64_t before = now_ns();

	trace_worker(7);
	trace_record_here(TRACE_FIRST_BYTE, 0, 3);
	trace_record(TRACE_REAP, 6, 5, 4);
	read_file();
	assert_int_equal(file.header.next, 2);
	assert_int_equal(event_at(0)->sequence, 1);
	assert_in_range(event_at(0)->time_ns, before, now_ns());
	assert_int_equal(event_at(0)->connection, 7);
	assert_int_equal(event_at(0)->kind, TRACE_FIRST_BYTE);
	assert_int_equal(event_at(0)->value, 3);
	assert_int_equal(event_at(0)->pid, getpid());
	assert_int_equal(event_at(0)->tid, gettid());
	assert_int_equal(event_at(1)->sequence, 2);
	assert_int_equal(event_at(1)->time_ns, 5);
	assert_int_equal(event_at(1)->connection, 6);
	assert_int_equal(event_at(1)->kind, TRACE_REAP);
	assert_int_equal(event_at(1)->value, 4);
}

TEST_WITH(a_full_ring_overwrites_the_oldest, begin, end)
{
	for (uint64_t i = 0; i < CAPACITY + 3; i++)
		trace_event(TRACE_START, i);
	read_file();
	assert_int_equal(file.header.next, CAPACITY + 3);
	for (uint64_t n = 3; n < CAPACITY + 3; n++) {
		assert_int_equal(event_at(n % CAPACITY)->sequence, n + 1);
		assert_int_equal(event_at(n % CAPACITY)->value, n);
	}
}

/* As a worker that is killed while it writes leaves it: the number is taken,
 * and the event that was there before still has its own. */
TEST_WITH(an_event_without_an_end_is_no_event, begin, end)
{
	for (uint64_t i = 0; i < CAPACITY; i++)
		trace_event(TRACE_START, i);
	atomic_fetch_add(&trace_ring->next, 1);
	trace_event(TRACE_END, 0);
	read_file();
	assert_int_equal(file.header.next, CAPACITY + 2);
	assert_int_not_equal(event_at(0)->sequence, CAPACITY + 1);
	assert_int_equal(event_at(1)->sequence, CAPACITY + 2);
}

static void
assert_event(size_t i, uint64_t sequence, enum trace_kind kind)
{
	assert_int_equal(event_at(i)->sequence, sequence);
	assert_int_equal(event_at(i)->kind, kind);
}

/* As its reader finds the file if the server is killed now. */
TEST_WITH(accept_and_spawn_are_there_before_the_worker_starts, begin, end)
{
	uint64_t before = now_ns(), first = trace_spawn(7, 4711, 5);

	read_file();
	assert_int_equal(first, 0);
	assert_event(0, 1, TRACE_ACCEPT);
	assert_int_equal(event_at(0)->time_ns, 5);
	assert_int_equal(event_at(0)->connection, 7);
	assert_int_equal(event_at(0)->value, 4711);
	assert_event(1, 2, TRACE_SPAWN);
	assert_in_range(event_at(1)->time_ns, before, now_ns());
	assert_int_equal(event_at(1)->value, 0);
	nap_ms(1);
	trace_spawned(first);
	read_file();
	assert_in_range(
	    event_at(1)->value, NS_PER_MS, now_ns() - event_at(1)->time_ns);
}

TEST_WITH(without_a_worker_they_are_no_events, begin, end)
{
	trace_not_spawned(trace_spawn(7, 4711, 5));
	read_file();
	assert_int_equal(file.header.next, 2 + TRACE_RESERVED);
	for (uint32_t i = 0; i < 2 + TRACE_RESERVED; i++)
		assert_event(i, i + 1, TRACE_NONE);
}

TEST_WITH(reserved_events_are_none_until_they_are_used, begin, end)
{
	trace_start(7, trace_spawn(7, 0, 5));
	trace_event(TRACE_FIRST_BYTE, 0);
	read_file();
	assert_int_equal(file.header.next, 2 + TRACE_RESERVED);
	assert_event(2, 3, TRACE_START);
	assert_event(3, 4, TRACE_FIRST_BYTE);
	assert_event(4, 5, TRACE_NONE);
	assert_event(5, 6, TRACE_NONE);
}

TEST_WITH(events_beyond_the_reserved_ones_take_the_next_numbers, begin, end)
{
	trace_start(7, trace_spawn(7, 0, 5));
	for (int i = 0; i < TRACE_RESERVED; i++)
		trace_event(TRACE_LOCK_WAIT, 0);
	read_file();
	assert_int_equal(file.header.next, 2 + TRACE_RESERVED + 1);
	assert_event(5, 6, TRACE_LOCK_WAIT);
	assert_event(6, 7, TRACE_LOCK_WAIT);
}

TEST_WITH(places_that_were_overwritten_are_not_taken, begin, end)
{
	uint64_t first = trace_spawn(7, 0, 5);

	for (uint64_t i = 0; i < CAPACITY; i++)
		trace_record(TRACE_REAP, 6, 0, 0);
	trace_spawned(first);
	trace_not_spawned(first);
	trace_start(7, first);
	read_file();
	assert_int_equal(file.header.next, CAPACITY + 2 + TRACE_RESERVED + 1);
	for (size_t i = 0; i < CAPACITY; i++)
		assert_int_equal(event_at(i)->kind,
		    i == (2 + TRACE_RESERVED) % CAPACITY ? TRACE_START
							 : TRACE_REAP);
	assert_int_equal(event_at(1)->value, 0);
}

/* Its place in the ring is an old one. */
TEST_WITH(a_reservation_is_not_kept_for_long, begin, end)
{
	trace_start(7, trace_spawn(7, 0, 5));
	nap_ms(11);
	trace_event(TRACE_END, 0);
	read_file();
	assert_event(3, 4, TRACE_NONE);
	assert_event(6, 7, TRACE_END);
}

static void *
record_100(void *arg)
{
	trace_worker((uint64_t)(uintptr_t)arg);
	for (uint64_t i = 0; i < 100; i++)
		trace_event(TRACE_LOCK_WAIT, i);
	return NULL;
}

TEST_WITH(threads_lose_no_number, begin, end)
{
	pthread_t threads[4];

	for (uintptr_t i = 0; i < COUNT_OF(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, record_100,
				     (void *)(i + 1)),
		    0);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		pthread_join(threads[i], NULL);
	read_file();
	assert_int_equal(file.header.next, 400);
}

TEST_WITH(a_killed_child_leaves_what_it_recorded, begin, end)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		trace_worker(9);
		trace_event(TRACE_START, 1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	read_file();
	assert_int_equal(file.header.next, 1);
	assert_int_equal(event_at(0)->sequence, 1);
	assert_int_equal(event_at(0)->connection, 9);
	assert_int_equal(event_at(0)->pid, pid);
	assert_int_equal(event_at(0)->tid, pid);
	assert_int_equal(file.header.pid, getpid());
}

/* Whatever a faulty worker writes there, the other workers' events stay in the
 * ring. */
TEST_WITH(a_spoilt_header_does_not_matter_to_the_writer, begin, end)
{
	memset(trace_ring, 0xff, sizeof(*trace_ring));
	trace_event(TRACE_START, 1);
	trace_event(TRACE_END, 2);
	read_file();
	assert_int_equal(file.header.next, 1);
}

TEST(off_records_nothing)
{
	assert_false(trace_on());
	trace_event(TRACE_START, 1);
	trace_close();
}

TEST(no_descriptor_stays_open)
{
	int count = open_descriptors();

	begin(NULL);
	assert_int_equal(open_descriptors(), count);
	end(NULL);
}

TEST(a_file_is_replaced_and_its_old_readers_keep_it)
{
	struct trace_header *old;

	assert_int_equal(begin(NULL), 0);
	old = trace_ring;
	trace_event(TRACE_START, 1);
	assert_int_equal(begin(NULL), 0);
	read_file();
	assert_int_equal(file.header.next, 0);
	assert_int_equal(old->next, 1);
	munmap(old, sizeof(file.bytes));
	end(NULL);
}

TEST(a_link_stays_a_link)
{
	char link[sizeof(path) + 8];
	struct stat st;

	assert_int_equal(begin(NULL), 0);
	trace_close();
	snprintf(link, sizeof(link), "%s.link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(
	    trace_open(link, CAPACITY, "p", "m", why, sizeof(why)), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	read_file();
	assert_string_equal(file.header.program, "p");
	unlink(link);
	end(NULL);
}

static void
assert_refused(const char *bad, const char *reason)
{
	why[0] = '\0';
	assert_int_equal(
	    trace_open(bad, CAPACITY, "p", "m", why, sizeof(why)), -1);
	assert_non_null(strstr(why, reason));
	assert_false(trace_on());
}

TEST(what_cannot_be_mapped_is_refused)
{
	static char long_name[PATH_MAX + 8];

	memset(long_name, 'x', sizeof(long_name) - 1);
	assert_refused(folder, "not a regular file");
	assert_refused("/dev/null", "not a regular file");
	assert_refused("", strerror(ENOENT));
	assert_refused("/nonexistent/trace", strerror(ENOENT));
	assert_refused(long_name, strerror(ENAMETOOLONG));
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

/* Fails if a test has left something in it. */
static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

RUN_TESTS(make_folder, remove_folder)
