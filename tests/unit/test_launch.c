/* SPDX-License-Identifier: MIT */
/*
 * launch: the servers are this program, which leaves its shell in several ways.
 * After each test no process of a server may be left.
 */
#include "tests/unit/toy.h"

#include <fcntl.h>

#include "common/base/clock.h"
#include "common/base/procfs.h"
#include "common/launch/launch.h"
#include "common/net/dial.h"
#include "common/sysinfo/listen_backlog.h"
#include "common/sysinfo/proc_tree.h"

static char self[400];
static struct cpu_placement placement;

static int
start_command(
    struct launched *server, const char *command, char *why, size_t size)
{
	struct launch_plan plan = {.command = command, .placement = &placement};

	cpu_placement_choose(&placement, CPU_PLACEMENT_FREE);
	return launch_start(server, &plan, why, size);
}

/* Starts a server that leaves its session; PREFIX comes before the program. */
static void
start(struct launched *server, const char *prefix)
{
	char command[1000], why[600];

	snprintf(command, sizeof(command),
	    "(setsid %s '%s' serve {address} &); exec sleep 1000", prefix,
	    self);
	if (start_command(server, command, why, sizeof(why)) < 0)
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

/* The number of processes below SERVER's supervisor. */
static size_t
processes(const struct launched *server)
{
	size_t count = 0;

	proc_tree_walk(server->supervisor.pid, count_process, &count);
	return count - 1;
}

/* No process answers at the server's address, and the client has no child. */
static void
is_gone(const struct launched *server)
{
	size_t children = 0;

	assert_int_equal(server->pid, 0);
	assert_false(answers(server));
	proc_tree_own_children(count_process, &children);
	assert_int_equal(children, 0);
}

static const char *const PREFIXES[] = {"", "env -i", "setsid"};

TEST(a_process_that_left_the_group_is_stopped)
{
	for (size_t i = 0; i < COUNT_OF(PREFIXES); i++) {
		struct launched server;

		start(&server, PREFIXES[i]);
		assert_true(answers(&server));
		launch_stop(&server);
		assert_false(server.ignored_stop);
		assert_false(server.unkillable);
		is_gone(&server);
	}
}

TEST(a_process_that_left_the_group_ends_when_the_server_dies)
{
	char why[600];

	for (size_t i = 0; i < COUNT_OF(PREFIXES); i++) {
		struct launched server;

		start(&server, PREFIXES[i]);
		kill(server.pid, SIGKILL);
		while (!launch_ended(&server, why, sizeof(why)))
			nap_ms(1);
		assert_non_null(strstr(why, "signal 9"));
		is_gone(&server);
	}
}

TEST(orphans_that_are_spared_run_on_until_the_end)
{
	struct supervisor_report report;
	struct launched server;

	start(&server, "");
	supervisor_spare_orphans(&server.supervisor);
	kill(server.pid, SIGKILL);
	assert_true(supervisor_receive(&server.supervisor, -1, &report));
	assert_true(report.others_left);
	assert_true(answers(&server));
	supervisor_end(&server.supervisor, &report);
	server.pid = 0;
	is_gone(&server);
}

TEST(stopping_one_server_leaves_another_running)
{
	for (size_t i = 0; i < COUNT_OF(PREFIXES); i++) {
		struct launched one, other;

		start(&one, PREFIXES[i]);
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

/* The client is no subreaper: another daemon does not become its child. */
TEST(a_daemon_of_another_program_is_neither_adopted_nor_killed)
{
	struct launched server;
	pid_t other;
	int ends[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	start(&server, "");
	other = fork();
	if (other == 0) { /* makes a daemon while the server runs */
		if (fork() == 0) {
			setsid();
			close(ends[0]);
			recv(ends[1], &byte, 1, 0);
		}
		_exit(0);
	}
	waitpid(other, NULL, 0);
	launch_stop(&server);
	is_gone(&server);
	close(ends[1]);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	/* The daemon still has the other end. */
	assert_int_equal(read(ends[0], &byte, 1), -1);
	close(ends[0]);
}

TEST(a_server_has_its_own_processes_alone)
{
	struct launched server;

	start(&server, "");
	assert_true(launch_has_process(&server, server.pid));
	assert_false(launch_has_process(&server, getpid()));
	assert_false(launch_has_process(&server, getppid()));
	assert_false(launch_has_process(&server, 1));
	launch_stop(&server);
	assert_false(launch_has_process(&server, getpid()));
}

static const struct {
	const char *command, *words;
} TROUBLE[] = {
    {"/no/such/program {port}", "ended with status 127 (no such command"},
    {"/dev/null {port}", "ended with status 126 (it cannot be executed"},
    {": {port}",
	"ended with status 0 (a server must run until it is told to stop)"},
    {"exit 3; : {port}", "ended with status 3"},
    {"kill -9 $$; : {port}", "died of signal 9"},
    {"sleep 1000 & : {port}", "ended with status 0 while its processes ran on: "
			      "the command must stay in "
			      "the foreground"},
    {"echo sorry; exit 3; : {port}", "its last words: sorry"},
    {"sh -c 'kill -9 $$'; exit $?; : {port}",
	"ended with status 137 (a shell reports signal 9, Killed, so)"},
    {"printf 'a\\n\\n'; exit 3; : {port}", "its last words: a"},
    {"seq 200000; echo the end; exit 4; : {port}", "its last words: the end"},
    {"head -c 3000000 /dev/zero; exit 4; : {port}", "its last words: ????"},
    {"printf 'no cheese\\r\\n  \\r\\n\\t\\n'; exit 3; : {port}",
	"its last words: no cheese"},
    {"printf '\\033[31mred\\033[0m\\n\\033[0m\\n'; exit 3; : {port}",
	"its last words: \033[31mred"},
};

TEST(a_command_that_fails_is_reported_with_advice)
{
	char why[600];

	for (size_t i = 0; i < COUNT_OF(TROUBLE); i++) {
		struct launched server;

		assert_int_equal(start_command(&server, TROUBLE[i].command, why,
				     sizeof(why)),
		    -1);
		if (!strstr(why, TROUBLE[i].words))
			fail_msg("%s: %s", TROUBLE[i].command, why);
		is_gone(&server);
	}
}

TEST(orphans_of_a_server_do_not_stay_zombies)
{
	struct launched server;
	char command[1000], why[600];

	snprintf(command, sizeof(command),
	    "for i in $(seq 100); do (setsid true &); done; "
	    "exec '%s' serve {address}",
	    self);
	if (start_command(&server, command, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	while (processes(&server) != 1)
		nap_ms(1);
	launch_stop(&server);
	is_gone(&server);
}

/* %s is this program. */
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
		if (start_command(&server, command, why, sizeof(why)) < 0)
			fail_msg("%s: %s", command, why);
		launch_stop(&server);
		assert_false(server.ignored_stop);
		is_gone(&server);
	}
}

TEST(the_address_of_a_server_that_listens_elsewhere_is_reported)
{
	char command[1000], why[600];
	struct launched server;
	struct launch_plan plan = {
	    .command = command,
	    .placement = &placement,
	    .start_timeout_ns = 300 * NS_PER_MS,
	};

	snprintf(command, sizeof(command),
	    "echo ready; '%s' serve 127.0.0.2:0; : {address}", self);
	cpu_placement_choose(&placement, CPU_PLACEMENT_FREE);
	assert_int_equal(launch_start(&server, &plan, why, sizeof(why)), -1);
	if (!strstr(why, "within 0.3 s (--start-timeout") ||
	    !strstr(why, "it listens on 127.0.0.2:") ||
	    !strstr(why, ", not on 127.0.0.1:") ||
	    !strstr(why, "its last words: ready"))
		fail_msg("%s", why);
	is_gone(&server);
}

TEST(a_server_without_a_port_is_reported)
{
	char why[600];
	struct launched server;
	struct launch_plan plan = {
	    .command = "exec sleep 1000; : {port}",
	    .placement = &placement,
	    .start_timeout_ns = 100 * NS_PER_MS,
	};

	cpu_placement_choose(&placement, CPU_PLACEMENT_FREE);
	assert_int_equal(launch_start(&server, &plan, why, sizeof(why)), -1);
	if (!strstr(why, "it was not seen to listen on TCP: does it need "
			 "longer, or listen on UDP or a unix socket"))
		fail_msg("%s", why);
	is_gone(&server);
}

TEST(a_stopped_server_is_reported)
{
	char why[600];
	struct launched server;
	struct launch_plan plan = {
	    .command = "kill -STOP $$; : {port}",
	    .placement = &placement,
	    .start_timeout_ns = 100 * NS_PER_MS,
	};

	cpu_placement_choose(&placement, CPU_PLACEMENT_FREE);
	assert_int_equal(launch_start(&server, &plan, why, sizeof(why)), -1);
	if (!strstr(why, "is stopped: does it ask"))
		fail_msg("%s", why);
	is_gone(&server);
}

TEST(a_stopped_server_ends_by_sigterm)
{
	struct launched server;

	start(&server, "");
	kill(-server.pid, SIGSTOP);
	launch_stop(&server);
	assert_false(server.ignored_stop);
	is_gone(&server);
}

static const char *const DEAF[] = {
    "trap '' TERM; exec '%s' serve {address}",
    "trap '' TERM; '%s' serve {address} & trap 'kill -HUP $!; exit' HUP; wait",
};

/* And by it if the supervisor is killed. */
TEST(a_server_ends_by_the_signal_that_it_takes)
{
	char command[1000], why[600];
	struct launched server;
	struct launch_plan plan = {
	    .command = command,
	    .placement = &placement,
	    .stop_signal = SIGHUP,
	};

	cpu_placement_choose(&placement, CPU_PLACEMENT_FREE);
	for (size_t i = 0; i < 2 * COUNT_OF(DEAF); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(command, sizeof(command), DEAF[i / 2], self);
#pragma GCC diagnostic pop
		if (launch_start(&server, &plan, why, sizeof(why)) < 0)
			fail_msg("%s: %s", command, why);
		if (i % 2) {
			kill(server.supervisor.pid, SIGKILL);
			while (!launch_ended(&server, why, sizeof(why)))
				nap_ms(1);
			while (answers(&server))
				nap_ms(1);
		}
		launch_stop(&server);
		assert_false(server.ignored_stop);
		is_gone(&server);
	}
}

/* If the supervisor did not read, a full pipe would block the server. */
TEST(a_server_with_much_output_is_not_blocked)
{
	struct launched server;
	char command[1000], why[600];

	snprintf(command, sizeof(command),
	    "head -c 100000000 /dev/zero; exec '%s' serve {address}", self);
	if (start_command(&server, command, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	launch_stop(&server);
	is_gone(&server);
}

TEST(a_server_ends_though_its_supervisor_is_killed)
{
	struct launched server;
	char command[1000], why[600], name[32], expected[64];

	snprintf(command, sizeof(command), "exec '%s' serve {address}", self);
	if (start_command(&server, command, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	procfs_read(
	    name, sizeof(name), "/proc/%d/comm", (int)server.supervisor.pid);
	name[strcspn(name, "\n")] = '\0';
	kill(server.supervisor.pid, SIGKILL);
	while (!launch_ended(&server, why, sizeof(why)))
		nap_ms(1);
	snprintf(expected, sizeof(expected), "(%s) was killed", name);
	if (!strstr(why, expected))
		fail_msg("%s, not %s", why, expected);
	while (answers(&server))
		nap_ms(1);
	is_gone(&server);
}

/* ---- several servers at one address ---- */

static int
start_three(struct launched *server, const char *how, char *why, size_t size)
{
	struct launch_plan plan = {.placement = &placement, .servers = 3};
	char command[500];

	cpu_placement_choose(&placement, CPU_PLACEMENT_FREE);
	snprintf(command, sizeof(command), "exec '%s' serve {address} %s", self,
	    how);
	plan.command = command;
	return launch_start(server, &plan, why, size);
}

TEST(several_servers_listen_at_one_address_and_end_together)
{
	struct launched server;
	struct listen_backlog backlog;
	char why[600];

	if (start_three(&server, "shared", why, sizeof(why)) < 0)
		fail_msg("%s", why);
	assert_true(listen_backlog_read(&server.address, &backlog));
	assert_int_equal(backlog.sockets, 3);
	assert_int_equal(processes(&server), 4);
	assert_false(launch_ended(&server, why, sizeof(why)));
	launch_stop(&server);
	assert_false(server.ignored_stop);
	is_gone(&server);
}

static void
note_last(pid_t pid, void *last)
{
	*(pid_t *)last = pid;
}

TEST(the_end_of_one_of_several_servers_is_that_of_all)
{
	struct launched server;
	pid_t last = 0;
	char why[600];

	if (start_three(&server, "shared", why, sizeof(why)) < 0)
		fail_msg("%s", why);
	proc_tree_walk(server.pid, note_last, &last);
	assert_true(last != server.pid);
	kill(last, SIGKILL);
	while (!launch_ended(&server, why, sizeof(why)))
		nap_ms(1);
	assert_non_null(strstr(why, "signal 9"));
	is_gone(&server);
}

TEST(several_servers_that_cannot_share_say_why)
{
	struct launched server;
	char why[600];

	assert_int_equal(start_three(&server, "alone", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "ended with status 1"));
	is_gone(&server);
}

static int
listen_as(struct address *address, bool shared)
{
	int fd;

	if (!shared)
		return toy_listen(address);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){1}, sizeof(int)) <
		0 ||
	    bind(fd, &address->any, address->len) < 0 || listen(fd, 5) < 0)
		_exit(2);
	return fd;
}

static _Noreturn void
serve(const char *where, bool shared)
{
	struct address address;
	int fd = -1;

	alarm(60); /* if a test leaves it running */
	if (address_parse(where, &address) == 0)
		fd = listen_as(&address, shared);
	while (fd >= 0 && accept(fd, NULL, NULL) >= 0)
		continue;
	_exit(1);
}

/* "serve ADDRESS" runs as a server. */
int
main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "serve") == 0)
		serve(argv[2], argc > 3 && strcmp(argv[3], "shared") == 0);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 1;
	return unit_run(__FILE__, NULL, NULL);
}
