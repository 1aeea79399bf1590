/* SPDX-License-Identifier: MIT */
/* launch: a free port, a shell below a supervisor, and texts on its end. */
#include "common/launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/text.h"
#include "common/launch/inherited.h"
#include "common/launch/several_servers.h"
#include "common/net/dial.h"
#include "common/sysinfo/proc_tree.h"
#include "common/sysinfo/socket_owner.h"

/* The timeout for the report of a server that has just ended. */
#define REPORT_MS 1000

bool
launch_command_ok(const char *command)
{
	return strstr(command, "{address}") || strstr(command, "{host}") ||
	       strstr(command, "{port}");
}

/* Copies COMMAND to OUT (LAUNCH_COMMAND_MAX bytes) with the placeholders filled
 * in. Returns 0, or -1 with errno. */
static int
fill_placeholders(const char *command, const struct address *address, char *out)
{
	char text[ADDRESS_TEXT_MAX], port[8];
	const struct {
		const char *mark, *value;
	} marks[] = {
	    {"{address}", text}, {"{host}", "127.0.0.1"}, {"{port}", port}};
	size_t len = 0;

	address_format(address, text);
	snprintf(port, sizeof(port), "%u", address_port(address));
	while (*command) {
		const char *value = NULL;

		for (int i = 0; i < 3 && !value; i++) {
			size_t mark = strlen(marks[i].mark);

			if (strncmp(command, marks[i].mark, mark) == 0) {
				value = marks[i].value;
				command += mark;
			}
		}
		if (len + ADDRESS_TEXT_MAX >= LAUNCH_COMMAND_MAX) {
			errno = E2BIG;
			return -1;
		}
		if (value)
			len = (size_t)(stpcpy(out + len, value) - out);
		else
			out[len++] = *command++;
	}
	out[len] = '\0';
	return 0;
}

int
launch_fill_options(
    char *buf, size_t size, const char *command, const char *options)
{
	static const char mark[] = "{options}";
	size_t len = 0;

	for (;;) {
		const char *at = strstr(command, mark);
		size_t text = at ? (size_t)(at - command) : strlen(command);
		size_t more = at ? strlen(options) : 0;

		if (len + text + more >= size)
			return -1;
		memcpy(buf + len, command, text);
		memcpy(buf + len + text, options, more);
		len += text + more;
		if (!at)
			break;
		command = at + sizeof(mark) - 1;
	}
	buf[len] = '\0';
	return 0;
}

/* A port that is free now. Another process may take it before the server does;
 * then the start fails. */
static int
free_address(struct address *address)
{
	socklen_t len = sizeof(address->in4);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), bad;

	address_parse("127.0.0.1:0", address);
	bad = fd < 0 || bind(fd, &address->any, address->len) < 0 ||
	      getsockname(fd, &address->any, &len) < 0;
	if (fd >= 0)
		close(fd);
	return bad ? -1 : 0;
}

/* ---- the server's first process ---- */

struct exec_plan {
	const struct launch_plan *plan;
	const char *command; /* placeholders filled in */
};

static void
exec_server(void *context, int log)
{
	const struct exec_plan *exec_plan = context;
	size_t padding = exec_plan->plan->padding;
	char pad[4097];

	process_restore_signals();
	inherited_restore();
	cpu_placement_pin_self(exec_plan->plan->placement);
	memset(pad, 'x', sizeof(pad));
	pad[padding < sizeof(pad) ? padding : sizeof(pad) - 1] = '\0';
	setenv("PERCONN_PADDING", pad, 1);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	close(STDIN_FILENO);
	open("/dev/null", O_RDONLY);
	if (exec_plan->plan->servers > 1)
		several_servers(
		    exec_plan->plan->servers, exec_plan->plan->stop_signal);
	execl("/bin/sh", "sh", "-c", "--", exec_plan->command, (char *)NULL);
	dprintf(STDERR_FILENO, "/bin/sh: %s\n", strerror(errno));
}

/* ---- texts on a server's end ---- */

static void
append_last_line(const struct supervisor_report *report, char *why, size_t size)
{
	if (report->last_line[0])
		text_append(
		    why, size, "; its last words: %s", report->last_line);
}

/* What the user can do about a shell's exit status. */
static const char *
exit_advice(const struct supervisor_report *report)
{
	switch (WEXITSTATUS(report->status)) {
	case 127:
		return " (no such command, or one that lacks a library: check "
		       "its path, and whether it is built)";
	case 126:
		return " (it cannot be executed: check that it is a program "
		       "for this machine, with execute permission)";
	case 0:
		return report->others_left
			   ? " while its processes ran on: the command must "
			     "stay in the foreground (an option like -f, -D, "
			     "--foreground, --no-daemon)"
			   : " (a server must run until it is told to stop)";
	default:
		return "";
	}
}

/* A shell reports the death of its child by a signal as 128 + signal. */
static void
describe_status(
    int status, const struct supervisor_report *report, char *why, size_t size)
{
	snprintf(
	    why, size, "ended with status %d%s", status, exit_advice(report));
	if (status > 128 && status < 128 + NSIG)
		text_append(why, size, " (a shell reports signal %d, %s, so)",
		    status - 128, strsignal(status - 128));
}

static void
describe_end(const struct supervisor_report *report, char *why, size_t size)
{
	if (report->lost)
		snprintf(why, size,
		    "was lost: the client's process that watches it "
		    "(" SUPERVISOR_NAME ") was killed");
	else if (WIFSIGNALED(report->status))
		snprintf(why, size, "died of signal %d (%s)",
		    WTERMSIG(report->status),
		    strsignal(WTERMSIG(report->status)));
	else
		describe_status(WEXITSTATUS(report->status), report, why, size);
	append_last_line(report, why, size);
}

static void
find_stopped(pid_t pid, void *found)
{
	if (proc_tree_is_stopped(pid))
		*(pid_t *)found = pid;
}

/* The server runs, but does not listen at its address. */
static void
describe_timeout(const struct launched *server, const struct launch_plan *plan,
    char *why, size_t size)
{
	char elsewhere[200], here[ADDRESS_TEXT_MAX];
	pid_t stopped = 0;

	snprintf(why, size,
	    "did not accept a connection within %.3g s (--start-timeout)",
	    (double)plan->start_timeout_ns / 1e9);
	if (plan->servers > 1)
		text_append(why, size,
		    ", or not each of %u servers at one address did",
		    plan->servers);
	else if (socket_owner_listeners(
		     server->supervisor.pid, elsewhere, sizeof(elsewhere)))
		text_append(why, size,
		    "; it listens on %s, not on %s: its command must use "
		    "{address}, {host} or {port}, which are of IPv4",
		    elsewhere, address_format(&server->address, here));
	else
		text_append(why, size,
		    "; it was not seen to listen on TCP: does it need longer, "
		    "or listen on UDP or a unix socket only?");
	proc_tree_walk(server->supervisor.pid, find_stopped, &stopped);
	if (stopped)
		text_append(why, size,
		    "; its process %d is stopped: does it ask a question on "
		    "the terminal?",
		    (int)stopped);
}

/* ---- start and stop ---- */

static void
note_ended(struct launched *server, const struct supervisor_report *report)
{
	server->used = report->used;
	server->ignored_stop = report->ignored_stop;
	server->unkillable = report->unkillable;
	server->pid = 0;
}

/* Whether the server ends by itself within TIMEOUT_MS. */
static bool
wait_for_end(struct launched *server, int timeout_ms, char *why, size_t size)
{
	struct supervisor_report report;

	if (!server->pid ||
	    !supervisor_receive(&server->supervisor, timeout_ms, &report))
		return false;
	describe_end(&report, why, size);
	server->exited_zero = !report.lost && WIFEXITED(report.status) &&
			      WEXITSTATUS(report.status) == 0;
	supervisor_end(&server->supervisor, &report);
	note_ended(server, &report);
	return true;
}

bool
launch_ended(struct launched *server, char *why, size_t size)
{
	/* The supervisor may not have run since the server ended. */
	bool ends = server->pid && proc_tree_has_ended(server->pid);

	return wait_for_end(server, ends ? REPORT_MS : 0, why, size);
}

/* One connection says nothing of the other servers at that address. */
static bool
all_listen(const struct launched *server, const struct launch_plan *plan)
{
	pid_t pids[LAUNCH_SERVERS_MAX];

	return dial_answers(&server->address, plan->start_timeout_ns) &&
	       (plan->servers < 2 ||
		   socket_owner_listeners_below(&server->address,
		       server->supervisor.pid, pids,
		       LAUNCH_SERVERS_MAX) >= plan->servers);
}

/* Returns 0 when the server accepts; or -1, and no process of it is left. */
static int
await_listening(struct launched *server, const struct launch_plan *plan,
    char *why, size_t size)
{
	uint64_t deadline = now_ns() + plan->start_timeout_ns;
	struct supervisor_report report;

	while (!all_listen(server, plan)) {
		if (wait_for_end(server, 2, why, size))
			return -1;
		if (plan->stop && *plan->stop)
			snprintf(why, size, "was not waited for");
		else if (now_ns() > deadline)
			describe_timeout(server, plan, why, size);
		else
			continue;
		supervisor_end(&server->supervisor, &report);
		append_last_line(&report, why, size);
		note_ended(server, &report);
		return -1;
	}
	return 0;
}

int
launch_start(struct launched *server, const struct launch_plan *asked,
    char *why, size_t size)
{
	struct launch_plan plan = *asked;
	char line[LAUNCH_COMMAND_MAX];
	struct exec_plan exec_plan = {&plan, line};

	if (!plan.stop_signal)
		plan.stop_signal = SIGTERM;
	if (!plan.start_timeout_ns)
		plan.start_timeout_ns = LAUNCH_START_TIMEOUT_NS;
	*server = (struct launched){0};
	if (free_address(&server->address) < 0 ||
	    fill_placeholders(plan.command, &server->address, line) < 0 ||
	    (server->pid = supervisor_start(&server->supervisor,
		 plan.stop_signal, exec_server, &exec_plan)) < 0) {
		snprintf(why, size, "cannot be started: %s", strerror(errno));
		server->pid = 0;
		return -1;
	}
	return await_listening(server, &plan, why, size);
}

bool
launch_has_process(const struct launched *server, pid_t pid)
{
	return server->pid && proc_tree_is_below(pid, server->supervisor.pid);
}

void
launch_stop(struct launched *server)
{
	struct supervisor_report report;

	if (!server->pid)
		return;
	supervisor_end(&server->supervisor, &report);
	note_ended(server, &report);
}
