/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <sys/syscall.h>

#include "common/base/clock.h"
#include "common/lab/lab_waits.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic pid_t waiter_tid;

static pid_t
own_tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

static void *
wait_for_the_mutex(void *unused)
{
	waiter_tid = own_tid();
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	return unused;
}

static struct lab_worker
start_waiter(pthread_t *thread)
{
	waiter_tid = 0;
	assert_int_equal(
	    pthread_create(thread, NULL, wait_for_the_mutex, NULL), 0);
	while (!waiter_tid)
		nap_ms(1);
	return (struct lab_worker){.pid = getpid(), .tid = waiter_tid};
}

TEST(a_worker_that_waits_names_the_mutex_and_its_holder)
{
	struct lab_worker self = {.pid = getpid(), .tid = own_tid()}, waiter;
	uint64_t deadline = now_ns() + 10 * NS_PER_S;
	struct lab_wait wait = {0};
	pthread_t thread;

	pthread_mutex_lock(&mutex);
	waiter = start_waiter(&thread);
	while (!lab_waits_for(&waiter, &wait) && now_ns() < deadline)
		nap_ms(1);
	assert_int_equal(wait.mutex, (uintptr_t)&mutex);
	assert_int_equal(wait.holder, own_tid());
	assert_false(lab_waits_for(&self, &wait));
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, NULL);
}

TEST(a_worker_that_is_gone_waits_for_nothing)
{
	struct lab_worker gone = {.pid = getpid(), .tid = 0};
	struct lab_wait wait;

	assert_false(lab_waits_for(&gone, &wait));
	assert_false(lab_waits_for_time(&gone));
	assert_int_equal(lab_waits_for_bytes(&gone), -1);
}

static int ends[2];

static void *
wait_for_a_byte(void *unused)
{
	char byte;

	waiter_tid = own_tid();
	recv(ends[0], &byte, 1, 0);
	return unused;
}

TEST(a_worker_that_reads_names_its_descriptor)
{
	struct lab_worker reader = {.pid = getpid()};
	uint64_t deadline = now_ns() + 10 * NS_PER_S;
	pthread_t thread;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	waiter_tid = 0;
	assert_int_equal(
	    pthread_create(&thread, NULL, wait_for_a_byte, NULL), 0);
	while (!waiter_tid)
		nap_ms(1);
	reader.tid = waiter_tid;
	while (lab_waits_for_bytes(&reader) != ends[0] && now_ns() < deadline)
		nap_ms(1);
	assert_int_equal(lab_waits_for_bytes(&reader), ends[0]);
	close(ends[1]);
	pthread_join(thread, NULL);
	close(ends[0]);
}

RUN_TESTS(NULL, NULL)
