/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "common/base/trace.h"
#include "common/service/shared.h"

enum { SIZE = 4096, ROUNDS = 20000 };

static struct shared *
make(int pshared, int robust)
{
	struct shared *shared = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(shared, MAP_FAILED);
	assert_int_equal(shared_init(shared, pshared, robust), 0);
	return shared;
}

static struct shared *
of_processes(void)
{
	return make(PTHREAD_PROCESS_SHARED, PTHREAD_MUTEX_ROBUST);
}

static uint64_t *
counter(struct shared *shared)
{
	return (uint64_t *)shared->memory;
}

static void
count(struct shared *shared)
{
	for (int i = 0; i < ROUNDS; i++) {
		shared_lock(shared);
		++*counter(shared);
		shared_unlock(shared);
	}
}

TEST(processes_count_one_by_one)
{
	struct shared *shared = of_processes();
	pid_t children[4];
	int status;

	for (size_t i = 0; i < COUNT_OF(children); i++) {
		children[i] = fork();
		if (children[i] == 0) {
			count(shared);
			_exit(0);
		}
	}
	for (size_t i = 0; i < COUNT_OF(children); i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(*counter(shared), COUNT_OF(children) * ROUNDS);
	munmap(shared, SIZE);
}

static void *
count_in_thread(void *shared)
{
	count(shared);
	return NULL;
}

TEST(threads_count_one_by_one)
{
	struct shared *shared =
	    make(PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED);
	pthread_t threads[4];

	for (size_t i = 0; i < COUNT_OF(threads); i++)
		pthread_create(&threads[i], NULL, count_in_thread, shared);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(*counter(shared), COUNT_OF(threads) * ROUNDS);
	munmap(shared, SIZE);
}

/* Dies by SIGKILL with the lock held, after it told so by PIPE. */
static pid_t
child_with_the_lock(struct shared *shared, int pipe)
{
	pid_t pid = fork();

	if (pid == 0) {
		shared_lock(shared);
		*counter(shared) = 42;
		if (write(pipe, "", 1) == 1)
			pause();
		_exit(1);
	}
	return pid;
}

static void
reap_killed(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

TEST(the_next_holder_learns_that_the_last_one_died_inside)
{
	struct shared *shared = of_processes();
	int ends[2];
	char byte;

	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 3; i++) {
		pid_t pid = child_with_the_lock(shared, ends[1]);

		assert_int_equal(read(ends[0], &byte, 1), 1);
		kill(pid, SIGKILL);
		reap_killed(pid);
		assert_true(shared_lock(shared));
		assert_int_equal(*counter(shared), 42);
		shared_unlock(shared);
		/* And it is as good as before. */
		assert_false(shared_lock(shared));
		shared_unlock(shared);
	}
	close(ends[0]);
	close(ends[1]);
	munmap(shared, SIZE);
}

/* One that is stopped with the lock held does not hold up others for long. */
TEST(a_waiter_goes_on_without_a_stopped_holder)
{
	struct shared *shared = of_processes();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		shared_lock(shared);
		raise(SIGSTOP);
		shared_unlock(shared);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	assert_false(shared_lock_within(shared, 1000 * 1000));
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(shared_lock_within(shared, 1000 * 1000));
	shared_unlock(shared);
	munmap(shared, SIZE);
}

static void
lock_of_a_dead_one(void *arg)
{
	struct shared *shared = arg;

	child_assert(shared_lock(shared));
	child_assert(*counter(shared) == 42);
	shared_unlock(shared);
}

/* Blocked in the lock already when its holder is killed. */
TEST(a_waiter_gets_the_lock_of_a_killed_holder)
{
	struct shared *shared = of_processes();
	int ends[2], status;
	pid_t holder, waiter;
	char byte;

	assert_int_equal(pipe(ends), 0);
	holder = child_with_the_lock(shared, ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	waiter = fork();
	if (waiter == 0) {
		lock_of_a_dead_one(shared);
		_exit(0);
	}
	nap_ms(20); /* so that it does wait; if not, the test is still right */
	kill(holder, SIGKILL);
	reap_killed(holder);
	assert_int_equal(waitpid(waiter, &status, 0), waiter);
	assert_int_equal(status, 0);
	close(ends[0]);
	close(ends[1]);
	munmap(shared, SIZE);
}

/* ---- the trace ---- */

/* A trace whose file has no name by now. */
static const struct trace_event *
begin_trace(void)
{
	char path[] = "/tmp/perconn-shared-XXXXXX", why[100];

	close(mkstemp(path));
	assert_int_equal(trace_open(path, 64, "test", "", why, sizeof(why)), 0);
	unlink(path);
	trace_worker(7);
	return (
	    const void *)((const char *)trace_ring + trace_ring->header_size);
}

static void
assert_traced(
    const struct trace_event *event, enum trace_kind kind, uint64_t value)
{
	assert_int_equal(event->kind, kind);
	assert_int_equal(event->value, value);
	assert_int_equal(event->connection, 7);
}

TEST(the_trace_has_wait_lock_and_release)
{
	const struct trace_event *events = begin_trace();
	struct shared *shared = of_processes();

	shared_lock(shared);
	shared_unlock(shared);
	assert_true(shared_lock_within(shared, 1000 * 1000));
	shared_unlock(shared);
	assert_int_equal(trace_ring->next, 6);
	for (size_t i = 0; i < 6; i += 3) {
		assert_traced(&events[i], TRACE_LOCK_WAIT, 0);
		assert_traced(&events[i + 1], TRACE_LOCK_HELD, 0);
		assert_traced(&events[i + 2], TRACE_LOCK_RELEASED, 0);
	}
	trace_close();
	munmap(shared, SIZE);
}

static void *
keep_the_lock(void *arg)
{
	return shared_lock(arg) ? arg : NULL;
}

/* That thread ends with the lock held. */
TEST(the_trace_has_who_gave_up_and_who_inherited)
{
	const struct trace_event *events = begin_trace();
	struct shared *stalled =
	    make(PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED);
	struct shared *robust = of_processes();
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, keep_the_lock, stalled);
	pthread_create(&threads[1], NULL, keep_the_lock, robust);
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(trace_ring->next, 4); /* of the two threads */
	assert_false(shared_lock_within(stalled, 1000 * 1000));
	assert_true(shared_lock(robust));
	assert_traced(&events[4], TRACE_LOCK_WAIT, 0);
	assert_traced(&events[5], TRACE_LOCK_GAVE_UP, 0);
	assert_traced(&events[6], TRACE_LOCK_WAIT, 0);
	assert_traced(&events[7], TRACE_LOCK_HELD, 1);
	shared_unlock(robust);
	trace_close();
	munmap(stalled, SIZE);
	munmap(robust, SIZE);
}

RUN_TESTS(NULL, NULL)
