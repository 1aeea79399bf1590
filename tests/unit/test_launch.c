/* SPDX-License-Identifier: MIT */
/*
 * launch: servers that are this program, below a shell that they leave in one
 * way or another; none is there when the launch has ended.
 */
#include "tests/unit/toy.h"

#include "common/base/clock.h"
#include "common/load/launch.h"
#include "common/load/procs.h"
#include "common/net/dial.h"

static char self[400];
static struct placement placement;

/* BELOW: the words before this program. */
static void
start(struct launched *server, const char *below)
{
	char command[1000], why[600];

	snprintf(command, sizeof(command),
	    "(setsid %s '%s' serve {address} &); exec sleep 1000", below, self);
	placement_choose(&placement, PLACEMENT_FREE);
	if (launch_start(
		server, command, &placement, 0, NULL, why, sizeof(why)) < 0)
		fail_msg("%s", why);
}

static bool
answers(const struct launched *server)
{
	return dial_answers(&server->address, 10 * NS_PER_S);
}

static void
count_child(pid_t pid, void *context)
{
	(void)pid;
	++*(size_t *)context;
}

/* Dead ones included: whoever was killed has been waited for. */
static size_t
children(void)
{
	size_t count = 0;

	procs_own_children(count_child, &count);
	return count;
}

/* Its address outlives it in SERVER. */
static void
is_gone(const struct launched *server)
{
	assert_int_equal(server->pid, 0);
	assert_false(answers(server));
	assert_int_equal(children(), 0);
}

static const struct {
	const char *words;
	size_t children; /* of ours, once all have left: with the sleep */
} WAYS[] = {
    {"", 2},	   /* known by its environment */
    {"env -i", 2}, /* whose else could it be? */
    {"setsid", 3}, /* its parent has left, too, and ended */
};

static void
who_leaves_the_group_ends_with_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(WAYS); i++) {
		struct launched server;

		start(&server, WAYS[i].words);
		assert_true(answers(&server));
		launch_stop(&server);
		is_gone(&server);
	}
}

static void
who_leaves_the_group_ends_if_it_dies(void **state)
{
	char why[600];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(WAYS); i++) {
		struct launched server;

		start(&server, WAYS[i].words);
		kill(server.pid, SIGKILL);
		while (!launch_died(&server, why, sizeof(why)))
			nap_ms(1);
		assert_non_null(strstr(why, "signal 9"));
		is_gone(&server);
	}
}

static void
another_server_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(WAYS); i++) {
		struct launched one, other;

		start(&one, WAYS[i].words);
		while (children() < WAYS[i].children)
			nap_ms(1);
		start(&other, "");
		launch_stop(&other);
		assert_false(answers(&other));
		assert_int_equal(children(), WAYS[i].children);
		assert_true(answers(&one));
		launch_stop(&one);
		is_gone(&one);
	}
}

static _Noreturn void
serve(const char *where)
{
	struct address address;
	int fd = -1;

	alarm(60); /* should it be left behind after all */
	if (address_parse(where, &address) == 0)
		fd = toy_listen(&address);
	while (fd >= 0 && accept(fd, NULL, NULL) >= 0)
		continue;
	_exit(1);
}

/* As a server: the word "serve", and its address. */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_leaves_the_group_ends_with_it),
	    cmocka_unit_test(who_leaves_the_group_ends_if_it_dies),
	    cmocka_unit_test(another_server_stays),
	};

	if (argc > 2 && strcmp(argv[1], "serve") == 0)
		serve(argv[2]);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
