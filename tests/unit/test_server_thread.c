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

/* There is but one for all threads. */
TEST_IN_CHILD(the_worker_closes_the_descriptor)
{
	int client, fd;

	set_the_stage();
	client = begin(0);
	fd = slots[0].fd;
	child_assert(ask(client, 'm') == '.');
	child_assert(fcntl(fd, F_GETFD) >= 0);
	shutdown(client, SHUT_WR);
	child_assert(reap(0) == OUTCOME_SERVED);
	child_assert(fcntl(fd, F_GETFD) < 0);
}

/* While the thread lives, the number must not become another's. */
TEST_IN_CHILD(that_of_a_stopped_worker_is_closed_once_it_is_reaped)
{
	int client, fd;

	set_the_stage();
	client = begin(0);
	fd = slots[0].fd;
	child_assert(ask(client, 'm') == '.');
	MODEL.stop(&slots[0]);
	child_assert(reap(0) == OUTCOME_FAILED);
	child_assert(fcntl(fd, F_GETFD) < 0);
}

TEST_IN_CHILD(the_worker_runs_on_the_stack_of_its_slot)
{
	size_t size;

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

/* EINVAL, which glibc says of one that is below PTHREAD_STACK_MIN: a thread
 * with a stack of another size, and another place, would go unnoticed. */
TEST_IN_CHILD(a_stack_that_no_thread_can_have_begins_none)
{
	int ends[2];

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

RUN_TESTS(NULL, NULL)
