/* SPDX-License-Identifier: MIT */
/*
 * launch: servers that are this program, below a shell that they leave in one
 * way or another; none is there when the launch has ended.
 */
#include "tests/unit/toy.h"

#include <fcntl.h>

#include "common/base/clock.h"
#include "common/launch/launch.h"
#include "common/sysinfo/proc_tree.h"
#include "common/net/dial.h"

static char self[400];
static struct cpu_placement placement;

/* Whatever COMMAND is; -1 with WHY. */
static int
try(struct launched *server, const char *command, char *why, size_t size)
{
	struct launch_plan plan = {.command = command, .placement = &placement};

	cpu_placement_choose(&placement, CPU_PLACEMENT_FREE);
	return launch_start(server, &plan, why, size);
}

/* BELOW: the words before this program. */
static void
start(struct launched *server, const char *below)
{
	char command[1000], why[600];

	snprintf(command, sizeof(command),
	    "(setsid %s '%s' serve {address} &); exec sleep 1000", below, self);
	if (try(server, command, why, sizeof(why)) < 0)
		fail_msg("%s", why);
}

static bool
answers(const struct launched *server)
{
	return dial_answers(&server->address, 10 * NS_PER_S);
}

static void
count_process(pid_t pid, void *context)
{
	(void)pid;
	++*(size_t *)context;
}

/* All that is below SERVER's supervisor. */
static size_t
processes(const struct launched *server)
{
	size_t count = 0;

	proc_tree_walk(server->supervisor.pid, count_process, &count);
	return count - 1;
}

/* Its address outlives it in SERVER, and nobody of ours is left. */
static void
is_gone(const struct launched *server)
{
	size_t children = 0;

	assert_int_equal(server->pid, 0);
	assert_false(answers(server));
	proc_tree_own_children(count_process, &children);
	assert_int_equal(children, 0);
}

static const char *const WAYS[] = {"", "env -i", "setsid"};

TEST(who_leaves_the_group_ends_with_it)
{
	for (size_t i = 0; i < COUNT_OF(WAYS); i++) {
		struct launched server;

		start(&server, WAYS[i]);
		assert_true(answers(&server));
		launch_stop(&server);
		assert_false(server.stubborn);
		assert_false(server.survivor);
		is_gone(&server);
	}
}

TEST(who_leaves_the_group_ends_if_it_dies)
{
	char why[600];

	for (size_t i = 0; i < COUNT_OF(WAYS); i++) {
		struct launched server;

		start(&server, WAYS[i]);
		kill(server.pid, SIGKILL);
		while (!launch_died(&server, why, sizeof(why)))
			nap_ms(1);
		assert_non_null(strstr(why, "signal 9"));
		is_gone(&server);
	}
}

TEST(another_server_stays)
{
	for (size_t i = 0; i < COUNT_OF(WAYS); i++) {
		struct launched one, other;

		start(&one, WAYS[i]);
		while (processes(&one) != 2)
			nap_ms(1);
		start(&other, "");
		launch_stop(&other);
		assert_false(answers(&other));
		assert_int_equal(processes(&one), 2);
		assert_true(answers(&one));
		launch_stop(&one);
		is_gone(&one);
	}
}

/* A stranger's process becomes nobody's child here: only a supervisor adopts. */
TEST(who_was_started_elsewhere_is_neither_adopted_nor_killed)
{
	struct launched server;
	pid_t stranger;
	int ends[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	start(&server, "");
	stranger = fork();
	if (stranger == 0) { /* a daemon is made while a server runs */
		if (fork() == 0) {
			setsid();
			close(ends[0]);
			recv(ends[1], &byte, 1, 0);
		}
		_exit(0);
	}
	waitpid(stranger, NULL, 0);
	launch_stop(&server);
	is_gone(&server);
	close(ends[1]);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	/* The daemon has the other end still. */
	assert_int_equal(read(ends[0], &byte, 1), -1);
	close(ends[0]);
}

TEST(a_server_is_told_from_a_stranger)
{
	struct launched server;

	start(&server, "");
	assert_true(launch_has(&server, server.pid));
	assert_false(launch_has(&server, getpid()));
	assert_false(launch_has(&server, getppid()));
	assert_false(launch_has(&server, 1));
	launch_stop(&server);
	assert_false(launch_has(&server, getpid()));
}

static const struct {
	const char *command, *words;
} TROUBLE[] = {
    {"/no/such/program {port}", "ended with status 127 (no such command"},
    {"/dev/null {port}", "ended with status 126 (it cannot be executed"},
    {": {port}", "ended with status 0 (it must run until it gets SIGTERM)"},
    {"exit 3; : {port}", "ended with status 3"},
    {"kill -9 $$; : {port}", "died of signal 9"},
    {"sleep 1000 & : {port}",
	"ended with status 0 while processes of it ran on: it must stay in "
	"the foreground"},
    {"echo sorry; exit 3; : {port}", "its last words: sorry"},
    {"sh -c 'kill -9 $$'; exit $?; : {port}",
	"ended with status 137 (of signal 9, Killed, as a shell says it)"},
    {"printf 'a\\n\\n'; exit 3; : {port}", "its last words: a"},
    {"seq 200000; echo the end; exit 4; : {port}", "its last words: the end"},
    {"head -c 3000000 /dev/zero; exit 4; : {port}", "its last words: ????"},
    {"printf 'no cheese\\r\\n  \\r\\n\\t\\n'; exit 3; : {port}",
	"its last words: no cheese"},
    {"printf '\\033[31mred\\033[0m\\n\\033[0m\\n'; exit 3; : {port}",
	"its last words: \033[31mred"},
};

TEST(what_cannot_work_is_told_with_advice)
{
	char why[600];

	for (size_t i = 0; i < COUNT_OF(TROUBLE); i++) {
		struct launched server;

		assert_int_equal(
		    try(&server, TROUBLE[i].command, why, sizeof(why)), -1);
		if (!strstr(why, TROUBLE[i].words))
			fail_msg("%s: %s", TROUBLE[i].command, why);
		is_gone(&server);
	}
}

TEST(what_a_server_leaves_behind_does_not_stay_a_zombie)
{
	struct launched server;
	char command[1000], why[600];

	snprintf(command, sizeof(command),
	    "for i in $(seq 100); do (setsid true &); done; "
	    "exec '%s' serve {address}",
	    self);
	if (try(&server, command, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	while (processes(&server) != 1)
		nap_ms(1);
	launch_stop(&server);
	is_gone(&server);
}

/* With this program for each %s. */
static const char *const COMMANDS[] = {
    "'%s' serve {address}",
    "  '%s' serve {host}:{port} # at {address}",
    "exec '%s' serve {address}",
    "command '%s' serve {address}",
    "command exec '%s' serve {address}",
    "CHEESE=blue '%s' serve {address}",
    "CHEESE=blue; export CHEESE; '%s' serve {address}",
    "cd / && '%s' serve {address}",
    "ulimit -c 0; umask 77\n'%s' serve {address}\n",
    "eval \"'%s' serve {address}\"",
    "set -- serve {address}; '%s' \"$@\"",
    "srv() { '%s' serve \"$1\"; }; srv {address}",
    "if true; then '%s' serve {address}; fi",
    "{ '%s' serve {address}; }",
    "('%s' serve {address})",
    "! '%s' serve {address}",
    "'%s' serve {address} 2>&1 | cat",
    "trap 'exit 0' TERM; '%s' serve {address} & wait",
};

TEST(a_command_is_run_as_sh_c_runs_it)
{
	char command[1000], why[600];

	for (size_t i = 0; i < COUNT_OF(COMMANDS); i++) {
		struct launched server;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(command, sizeof(command), COMMANDS[i], self);
#pragma GCC diagnostic pop
		if (try(&server, command, why, sizeof(why)) < 0)
			fail_msg("%s: %s", command, why);
		launch_stop(&server);
		assert_false(server.stubborn);
		is_gone(&server);
	}
}

TEST(a_server_that_listens_elsewhere_is_told_where)
{
	char command[1000], why[600];
	struct launched server;
	struct launch_plan plan = {
	    .command = command,
	    .placement = &placement,
	    .patience_ns = 300 * NS_PER_MS,
	};

	snprintf(command, sizeof(command),
	    "echo ready; '%s' serve 127.0.0.2:0; : {address}", self);
	cpu_placement_choose(&placement, CPU_PLACEMENT_FREE);
	assert_int_equal(launch_start(&server, &plan, why, sizeof(why)), -1);
	if (!strstr(why, "within 0.3 s (--start-timeout") ||
	    !strstr(why, "it listens at 127.0.0.2:") ||
	    !strstr(why, ", not at 127.0.0.1:") ||
	    !strstr(why, "its last words: ready"))
		fail_msg("%s", why);
	is_gone(&server);
}

TEST(a_server_that_is_stopped_is_told_of)
{
	char why[600];
	struct launched server;
	struct launch_plan plan = {
	    .command = "kill -STOP $$; : {port}",
	    .placement = &placement,
	    .patience_ns = 100 * NS_PER_MS,
	};

	cpu_placement_choose(&placement, CPU_PLACEMENT_FREE);
	assert_int_equal(launch_start(&server, &plan, why, sizeof(why)), -1);
	if (!strstr(why, "of it is stopped"))
		fail_msg("%s", why);
	is_gone(&server);
}

TEST(a_server_that_is_stopped_ends_gently)
{
	struct launched server;

	start(&server, "");
	kill(-server.pid, SIGSTOP);
	launch_stop(&server);
	assert_false(server.stubborn);
	is_gone(&server);
}

/* The supervisor has to read, or the server stands still. */
TEST(a_loud_server_is_never_held_up)
{
	struct launched server;
	char command[1000], why[600];

	snprintf(command, sizeof(command),
	    "head -c 100000000 /dev/zero; exec '%s' serve {address}", self);
	if (try(&server, command, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	launch_stop(&server);
	is_gone(&server);
}

TEST(a_server_ends_though_its_keeper_is_killed)
{
	struct launched server;
	char command[1000], why[600];

	snprintf(command, sizeof(command), "exec '%s' serve {address}", self);
	if (try(&server, command, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	kill(server.supervisor.pid, SIGKILL);
	while (!launch_died(&server, why, sizeof(why)))
		nap_ms(1);
	assert_non_null(strstr(why, "was killed"));
	while (answers(&server))
		nap_ms(1);
	is_gone(&server);
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
	if (argc > 2 && strcmp(argv[1], "serve") == 0)
		serve(argv[2]);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 1;
	return unit_run(__FILE__, NULL, NULL);
}
