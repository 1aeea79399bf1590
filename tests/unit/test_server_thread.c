/* SPDX-License-Identifier: MIT */
/* The program itself, without its start, held to what model.h asks. */
#include <stdbool.h>

int
program_main(int argc, char **argv);

#define main program_main
#include "server_thread.c"
#undef main

static const bool DIES_ALONE = false;

#include "tests/unit/model_contract.h"

static void
begin_and_look_at_the_descriptor(void *arg)
{
	int client, fd;

	(void)arg;
	set_the_stage();
	client = begin(0);
	fd = slots[0].fd;
	child_assert(ask(client, 'm') == '.');
	child_assert(fcntl(fd, F_GETFD) >= 0);
	shutdown(client, SHUT_WR);
	child_assert(reap(0) == OUTCOME_SERVED);
	child_assert(fcntl(fd, F_GETFD) < 0);
}

/* There is but one for all threads. */
static void
the_worker_closes_the_descriptor(void **state)
{
	(void)state;
	run_child(begin_and_look_at_the_descriptor, NULL);
}

static void
stop_and_look_at_the_descriptor(void *arg)
{
	int client, fd;

	(void)arg;
	set_the_stage();
	client = begin(0);
	fd = slots[0].fd;
	child_assert(ask(client, 'm') == '.');
	MODEL.stop(&slots[0]);
	child_assert(reap(0) == OUTCOME_FAILED);
	child_assert(fcntl(fd, F_GETFD) < 0);
}

/* While the thread lives, the number must not become another's. */
static void
that_of_a_stopped_worker_is_closed_once_it_is_reaped(void **state)
{
	(void)state;
	run_child(stop_and_look_at_the_descriptor, NULL);
}

static void
begin_on_a_stack_of_ours(void *arg)
{
	size_t size;

	(void)arg;
	set_the_stage();
	child_assert(MODEL.stack == WORKER_STACK);
	slots[0].stack = make_stack();
	size = settings.stack_size;
	memset(slots[0].stack, 0x5a, size);
	child_assert(ask(begin(0), 'm') == '.');
	/* A thread's own data is at the top of its stack. */
	for (size_t i = size - 4096; i < size; i++) {
		if (((char *)slots[0].stack)[i] != 0x5a)
			return;
	}
	child_assert(false && "the stack is as it was");
}

static void
the_worker_runs_on_the_stack_of_its_slot(void **state)
{
	(void)state;
	run_child(begin_on_a_stack_of_ours, NULL);
}

/* EINVAL, which glibc says of one that is below PTHREAD_STACK_MIN: a thread
 * with a stack of another size, and another place, would go unnoticed. */
static void
begin_on_a_stack_that_is_too_small(void *arg)
{
	int ends[2];

	(void)arg;
	set_the_stage();
	child_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	slots[0].settings = &settings;
	slots[0].stack = make_stack();
	slots[0].fd = ends[1];
	settings.stack_size = 4096;
	child_assert(MODEL.spawn(&slots[0]) == -1);
	child_assert(errno == EINVAL);
	child_assert(slots[0].fd == ends[1]);
}

static void
a_stack_that_no_thread_can_have_begins_none(void **state)
{
	(void)state;
	run_child(begin_on_a_stack_that_is_too_small, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CONTRACT_TESTS,
	    cmocka_unit_test(the_worker_closes_the_descriptor),
	    cmocka_unit_test(
		that_of_a_stopped_worker_is_closed_once_it_is_reaped),
	    cmocka_unit_test(the_worker_runs_on_the_stack_of_its_slot),
	    cmocka_unit_test(a_stack_that_no_thread_can_have_begins_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
