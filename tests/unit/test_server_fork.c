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

static void
begin_and_look_at_the_descriptor(void *arg)
{
	int client, fd;

	(void)arg;
	set_the_stage();
	client = begin(0);
	fd = slots[0].fd;
	child_assert(fcntl(fd, F_GETFD) < 0);
	child_assert(ask(client, 'm') == '.');
}

/* The child has its copy, and the client sees the end when that is closed. */
static void
the_parent_closes_its_copy_of_the_descriptor(void **state)
{
	(void)state;
	run_child(begin_and_look_at_the_descriptor, NULL);
}

/* Who is killed announces nothing; a SIGKILL that was not ours is a crash. */
static void
let_one_be_killed(void *arg)
{
	struct announcement end;
	int killed, other;

	(void)arg;
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

static void
a_killed_worker_is_a_crash_and_the_others_go_on(void **state)
{
	(void)state;
	run_child(let_one_be_killed, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CONTRACT_TESTS,
	    cmocka_unit_test(the_parent_closes_its_copy_of_the_descriptor),
	    cmocka_unit_test(a_killed_worker_is_a_crash_and_the_others_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
