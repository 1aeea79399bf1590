/* SPDX-License-Identifier: MIT */
/* launch: a free port, a shell, a process group, and its end. */
#include "common/load/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/load/launch_parts.h"
#include "common/net/dial.h"

#define READY_NS (10 * NS_PER_S)

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

/*
 * A plain command takes the shell's place: else the shell stays above it, and
 * what the kernel sends when the client is killed ends the shell alone.
 */
static const char *
shell_line(const char *command, char *buf, size_t size)
{
	const char *first = command + strspn(command, " \t");

	if (strncmp(first, "exec ", 5) == 0 ||
	    strncmp(first, "exec\t", 5) == 0 ||
	    strpbrk(command, "|&;<>()$`\\*?[]#~=%{}!\n"))
		return command;
	snprintf(buf, size, "exec %s", command);
	return buf;
}

static _Noreturn void
become(const char *command, const struct placement *placement, size_t padding,
    int log)
{
	char pad[4097], line[LAUNCH_COMMAND_MAX + 8], mark[16];
	sigset_t none;

	setpgid(0, 0);
	/* If the client is killed, nobody is left to stop us. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	placement_become_server(placement);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_DFL);
	process_restore_signals();
	memset(pad, 'x', sizeof(pad));
	pad[padding < sizeof(pad) ? padding : sizeof(pad) - 1] = '\0';
	setenv("PERCONN_PADDING", pad, 1);
	snprintf(mark, sizeof(mark), "%d", (int)getpid());
	setenv(LAUNCH_MARK, mark, 1);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	close(STDIN_FILENO);
	open("/dev/null", O_RDONLY);
	execl("/bin/sh", "sh", "-c", shell_line(command, line, sizeof(line)),
	    (char *)NULL);
	_exit(127);
}

/* The last line that the server wrote, behind TEXT. */
static void
add_last_words(const struct launched *server, char *text, size_t size)
{
	char tail[400];
	size_t len = strlen(text);
	off_t end = lseek(server->log, 0, SEEK_END);
	off_t from =
	    end > (off_t)sizeof(tail) - 1 ? end - (off_t)sizeof(tail) + 1 : 0;
	ssize_t n = pread(server->log, tail, sizeof(tail) - 1, from);
	char *line;

	if (n <= 0)
		return;
	tail[n] = '\0';
	while (n > 0 && tail[n - 1] == '\n')
		tail[--n] = '\0';
	line = memrchr(tail, '\n', (size_t)n);
	/* A NUL would end the words before their end. */
	for (char *c = line ? line + 1 : tail; c < tail + n; c++) {
		if (*c == '\0')
			*c = '?';
	}
	snprintf(text + len, size - len, "; its last words: %s",
	    line ? line + 1 : tail);
}

/* Waits for all of its group until DEADLINE. True when they have ended. */
static bool
group_gone(struct launched *server, uint64_t deadline)
{
	for (;;) {
		struct rusage used;
		pid_t pid = wait4(-server->pid, NULL, WNOHANG, &used);

		if (pid < 0 && errno == ECHILD)
			return true;
		if (pid > 0) {
			launch_add_usage(&server->used, &used);
			continue;
		}
		if (now_ns() > deadline)
			return false;
		poll(NULL, 0, 1);
	}
}

static void
forget(struct launched *server)
{
	launch_end_strays(server);
	close(server->log);
	launch_replace_group(server->pid, 0);
	server->pid = 0;
}

bool
launch_died(struct launched *server, char *why, size_t size)
{
	struct rusage used;
	int status;

	if (!server->pid || wait4(server->pid, &status, WNOHANG, &used) <= 0)
		return false;
	launch_add_usage(&server->used, &used);
	if (WIFSIGNALED(status))
		snprintf(why, size, "died of signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		snprintf(
		    why, size, "ended with status %d", WEXITSTATUS(status));
	add_last_words(server, why, size);
	kill(-server->pid, SIGKILL); /* whoever is left of its group */
	group_gone(server, now_ns() + LAUNCH_STOP_NS);
	forget(server);
	return true;
}

int
launch_start(struct launched *server, const char *command,
    const struct placement *placement, size_t padding, const volatile int *stop,
    char *why, size_t size)
{
	char line[LAUNCH_COMMAND_MAX];
	uint64_t deadline = now_ns() + READY_NS;

	*server = (struct launched){.log = -1};
	launch_spare_inherited();
	/* Workers that outlive their server become our children, not lost. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (free_address(&server->address) < 0 ||
	    fill_in(command, &server->address, line) < 0 ||
	    (server->log = memfd_create("log", MFD_CLOEXEC)) < 0 ||
	    (server->pid = fork()) < 0) {
		snprintf(why, size, "cannot be started: %s", strerror(errno));
		if (server->log >= 0)
			close(server->log);
		server->pid = 0;
		return -1;
	}
	if (server->pid == 0)
		become(line, placement, padding, server->log);
	setpgid(server->pid, server->pid); /* whoever of us is first */
	launch_replace_group(0, server->pid);
	while (!dial_answers(&server->address, READY_NS)) {
		if (launch_died(server, why, size))
			return -1;
		if (now_ns() > deadline || (stop && *stop)) {
			snprintf(why, size,
			    stop && *stop ? "was not waited for"
					  : "did not accept a connection "
					    "within 10 s");
			add_last_words(server, why, size);
			launch_stop(server);
			return -1;
		}
		poll(NULL, 0, 2);
	}
	return 0;
}

void
launch_stop(struct launched *server)
{
	if (!server->pid)
		return;
	kill(-server->pid, SIGTERM);
	if (!group_gone(server, now_ns() + LAUNCH_STOP_NS)) {
		kill(-server->pid, SIGKILL);
		group_gone(server, now_ns() + LAUNCH_STOP_NS);
	}
	forget(server);
}
