/* SPDX-License-Identifier: MIT */
/* launch: a free port, a shell below a supervisor, and words on its end. */
#include "common/launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/launch/inherited.h"
#include "common/sysinfo/socket_owner.h"
#include "common/sysinfo/proc_tree.h"
#include "common/net/dial.h"

/* Until a supervisor that is told of an end has told us. */
#define NEWS_MS 1000

bool
launch_command_ok(const char *command)
{
	return strstr(command, "{address}") || strstr(command, "{host}") ||
	       strstr(command, "{port}");
}

/* COMMAND with its placeholders filled in; -1 if it is too long. */
static int
fill_in(const char *command, const struct address *address, char *out)
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

/* A port that is free now; the server must take it before somebody else. */
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

struct becoming {
	const struct launch_plan *plan;
	const char *command; /* filled in */
};

static void
become(void *context, int log)
{
	const struct becoming *becoming = context;
	size_t padding = becoming->plan->padding;
	char pad[4097];

	process_restore_signals();
	inherited_restore();
	cpu_placement_become_server(becoming->plan->placement);
	memset(pad, 'x', sizeof(pad));
	pad[padding < sizeof(pad) ? padding : sizeof(pad) - 1] = '\0';
	setenv("PERCONN_PADDING", pad, 1);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	close(STDIN_FILENO);
	open("/dev/null", O_RDONLY);
	execl("/bin/sh", "sh", "-c", "--", becoming->command, (char *)NULL);
	dprintf(STDERR_FILENO, "/bin/sh: %s\n", strerror(errno));
}

/* ---- words ---- */

static void __attribute__((format(printf, 3, 4)))
add(char *text, size_t size, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, size - len, format, args);
	va_end(args);
}

static void
add_last_words(const struct supervisor_news *news, char *why, size_t size)
{
	if (news->words[0])
		add(why, size, "; its last words: %s", news->words);
}

/* What a shell's status says, and what can be done about it. */
static const char *
advice(const struct supervisor_news *news)
{
	switch (WEXITSTATUS(news->status)) {
	case 127:
		return " (no such command: is its path right, is it built?)";
	case 126:
		return " (it cannot be executed: is it a program of this "
		       "machine, and allowed to be one?)";
	case 0:
		return news->left ? " while processes of it ran on: it must "
				    "stay in the foreground (an option like "
				    "-f, -D, --foreground, --no-daemon)"
				  : " (it must run until it gets SIGTERM)";
	default:
		return "";
	}
}

/* A shell cannot die as what it has started did. */
static void
say_status(
    int status, const struct supervisor_news *news, char *why, size_t size)
{
	snprintf(why, size, "ended with status %d%s", status, advice(news));
	if (status > 128 && status < 128 + NSIG)
		add(why, size, " (of signal %d, %s, as a shell says it)",
		    status - 128, strsignal(status - 128));
}

static void
say_end(const struct supervisor_news *news, char *why, size_t size)
{
	if (news->lost)
		snprintf(why, size,
		    "was lost: the process of the client that "
		    "watched it was killed");
	else if (WIFSIGNALED(news->status))
		snprintf(why, size, "died of signal %d (%s)",
		    WTERMSIG(news->status), strsignal(WTERMSIG(news->status)));
	else
		say_status(WEXITSTATUS(news->status), news, why, size);
	add_last_words(news, why, size);
}

static void
find_stopped(pid_t pid, void *found)
{
	if (proc_tree_is_stopped(pid))
		*(pid_t *)found = pid;
}

/* It runs, and does not listen where it should. */
static void
say_deaf(const struct launched *server, const struct launch_plan *plan,
    char *why, size_t size)
{
	char elsewhere[200], here[ADDRESS_TEXT_MAX];
	pid_t stopped = 0;

	snprintf(why, size,
	    "did not accept a connection within %.3g s (--start-timeout)",
	    (double)plan->patience_ns / 1e9);
	if (socket_owner_listeners(
		server->supervisor.pid, elsewhere, sizeof(elsewhere)))
		add(why, size,
		    "; it listens at %s, not at %s, over IPv4, which its "
		    "command says by {address}, {host} or {port}",
		    elsewhere, address_format(&server->address, here));
	proc_tree_walk(server->supervisor.pid, find_stopped, &stopped);
	if (stopped)
		add(why, size,
		    "; process %d of it is stopped, as by a question that it "
		    "asks on the terminal",
		    (int)stopped);
}

/* ---- from start to end ---- */

static void
forget(struct launched *server, const struct supervisor_news *news)
{
	server->used = news->used;
	server->stubborn = news->stubborn;
	server->survivor = news->survivor;
	server->pid = 0;
}

/* Waits for its end by itself, TIMEOUT_MS at most. */
static bool
dies(struct launched *server, int timeout_ms, char *why, size_t size)
{
	struct supervisor_news news;

	if (!server->pid ||
	    !supervisor_tells(&server->supervisor, timeout_ms, &news))
		return false;
	say_end(&news, why, size);
	server->gave_up = !news.lost && WIFEXITED(news.status) &&
			  WEXITSTATUS(news.status) == 0;
	supervisor_end(&server->supervisor, &news);
	forget(server, &news);
	return true;
}

bool
launch_died(struct launched *server, char *why, size_t size)
{
	/* Its supervisor may not have run since it ended. */
	bool ends = server->pid && proc_tree_has_ended(server->pid);

	return dies(server, ends ? NEWS_MS : 0, why, size);
}

/* Returns 0 once it accepts, else -1 and nothing runs. */
static int
await(struct launched *server, const struct launch_plan *plan, char *why,
    size_t size)
{
	uint64_t deadline = now_ns() + plan->patience_ns;
	struct supervisor_news news;

	while (!dial_answers(&server->address, plan->patience_ns)) {
		if (dies(server, 2, why, size))
			return -1;
		if (plan->stop && *plan->stop)
			snprintf(why, size, "was not waited for");
		else if (now_ns() > deadline)
			say_deaf(server, plan, why, size);
		else
			continue;
		supervisor_end(&server->supervisor, &news);
		add_last_words(&news, why, size);
		forget(server, &news);
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
	struct becoming becoming = {&plan, line};

	if (!plan.patience_ns)
		plan.patience_ns = LAUNCH_PATIENCE_NS;
	*server = (struct launched){0};
	if (free_address(&server->address) < 0 ||
	    fill_in(plan.command, &server->address, line) < 0 ||
	    (server->pid = supervisor_start(
		 &server->supervisor, become, &becoming)) < 0) {
		snprintf(why, size, "cannot be started: %s", strerror(errno));
		server->pid = 0;
		return -1;
	}
	return await(server, &plan, why, size);
}

bool
launch_has(const struct launched *server, pid_t pid)
{
	return server->pid && proc_tree_is_below(pid, server->supervisor.pid);
}

void
launch_stop(struct launched *server)
{
	struct supervisor_news news;

	if (!server->pid)
		return;
	supervisor_end(&server->supervisor, &news);
	forget(server, &news);
}
