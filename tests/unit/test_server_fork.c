/* SPDX-License-Identifier: MIT */
/* The program itself, without its start, held to what model.h asks. */
#include <stdbool.h>

int
program_main(int argc, char **argv);

#define main program_main
#include "server_fork.c"
#undef main

static const bool DIES_ALONE = true;

#include "tests/unit/model_contract.h"

/* The child has its copy, and the client sees the end when that is closed. */
TEST_IN_CHILD(the_parent_closes_its_copy_of_the_descriptor)
{
	int client, fd;

	set_the_stage();
	client = begin(0);
	fd = slots[0].fd;
	child_assert(fcntl(fd, F_GETFD) < 0);
	child_assert(ask(client, 'm') == '.');
}

/* Who is killed announces nothing; a SIGKILL that was not ours is a crash. */
TEST_IN_CHILD(a_killed_worker_is_a_crash_and_the_others_go_on)
{
	struct announcement end;
	int killed, other;

	set_the_stage();
	killed = begin(0);
	other = begin(1);
	child_assert(ask(other, 'm') == '.');
	child_assert(fcntl(announcements, F_SETFL, O_NONBLOCK) == 0);
	order(killed, 'k');
	child_assert(reap(0) == OUTCOME_CRASHED);
	child_assert(answer(killed) == 0);
	child_assert(read(announcements, &end, sizeof(end)) < 0);
	child_assert(ask(other, 'r') == 'M');
}

RUN_TESTS(NULL, NULL)
