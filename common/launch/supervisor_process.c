/* SPDX-License-Identifier: MIT */
/* supervisor_process: one poll loop over the orders, SIGCHLD and the output. */
#include "common/launch/supervisor_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/launch/inherited.h"
#include "common/sysinfo/proc_tree.h"

/* The size of the pipe for the server's output. */
#define LOG_BYTES (1 << 20)
/* The pause after a read: if a server writes a line for each request, each line
 * must not wake the supervisor up. A server that writes much is read sooner. */
#define LOG_PAUSE_MS 10
#define LOG_PAUSE_BUSY_MS 1

struct supervision {
	int control, children, log; /* -1: closed */
	pid_t server;
	int stop_signal;
	int status;	  /* of the server, if it has ended */
	bool ended;	  /* the server has */
	bool childless;	  /* all descendants have ended */
	char order;	  /* 0: none yet */
	bool spares;	  /* orphans run on until there is an order */
	int pause_ms;	  /* 0: poll the log */
	bool log_ignored; /* output is read, but not kept */
	size_t tail_len;
	char tail[sizeof(((struct supervisor_report *)0)->last_line)];
};

/* ---- the log ---- */

static void
append_tail(struct supervision *s, const char *piece, size_t len)
{
	size_t most = sizeof(s->tail), kept = s->tail_len;

	if (len >= most) {
		memcpy(s->tail, piece + len - most, most);
		s->tail_len = most;
		return;
	}
	if (kept + len > most)
		kept = most - len;
	memmove(s->tail, s->tail + s->tail_len - kept, kept);
	memcpy(s->tail + kept, piece, len);
	s->tail_len = kept + len;
}

/* Reads what is there, up to a limit: a server may write without end. */
static void
read_log(struct supervision *s)
{
	static char piece[65536];
	size_t sum = 0;
	ssize_t n = -1;

	while (s->log >= 0 && sum < 2 * LOG_BYTES &&
	       (n = read(s->log, piece, sizeof(piece))) > 0) {
		if (!s->log_ignored)
			append_tail(s, piece, (size_t)n);
		sum += (size_t)n;
	}
	if (n == 0) {
		close(s->log);
		s->log = -1;
	}
	s->pause_ms = !sum || s->log < 0     ? 0
		      : sum >= LOG_BYTES / 4 ? LOG_PAUSE_BUSY_MS
					     : LOG_PAUSE_MS;
}

/* The length of LINE up to its last visible byte: without blanks and control
 * sequences (ECMA-48 5.4) at its end. */
static size_t
visible_len(const char *line, size_t len)
{
	size_t end = 0;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\033' && i + 1 < len && line[i + 1] == '[')
			for (i += 2;
			     i < len && (line[i] < '@' || line[i] > '~');)
				i++;
		else if (!line[i] || (unsigned char)line[i] > ' ')
			end = i + 1;
	}
	return end;
}

/* Copies the last line with a visible byte to OUT, with '?' for NUL. */
static void
copy_last_line(const struct supervision *s, char *out)
{
	const char *tail = s->tail, *line, *newline;
	size_t rest = s->tail_len, len;

	do {
		newline = memrchr(tail, '\n', rest);
		line = newline ? newline + 1 : tail;
		len = visible_len(line, rest - (size_t)(line - tail));
		rest = newline ? (size_t)(newline - tail) : 0;
	} while (!len && rest);
	if (len == sizeof(s->tail)) /* for the NUL */
		len--, line++;
	for (size_t i = 0; i < len; i++)
		out[i] = line[i] ? line[i] : '?';
	out[len] = '\0';
}

/* ---- events ---- */

static void
reap(struct supervision *s)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(s->children, &info, sizeof(info)) > 0)
		continue;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != s->server)
			continue;
		s->ended = true;
		s->status = status;
	}
	s->childless = pid < 0 && errno == ECHILD;
}

static void
receive_order(struct supervision *s)
{
	char order;
	ssize_t n = recv(s->control, &order, 1, MSG_DONTWAIT);

	if (n > 0 && order == SUPERVISOR_SPARE) {
		s->spares = true;
	} else if (n > 0) {
		s->order = order;
	} else if (n == 0) {
		close(s->control);
		s->control = -1;
		if (!s->order)
			s->order = SUPERVISOR_STOP;
	}
}

/* Handles the next event, if there is one within TIMEOUT_MS (-1: for ever). */
static void
wait_for_event(struct supervision *s, int timeout_ms)
{
	struct pollfd polls[] = {
	    {s->control, POLLIN, 0},
	    {s->children, POLLIN, 0},
	    {s->pause_ms ? -1 : s->log, POLLIN, 0},
	};

	if (s->pause_ms && (timeout_ms < 0 || s->pause_ms < timeout_ms))
		timeout_ms = s->pause_ms;
	if (poll(polls, 3, timeout_ms) < 0)
		return;
	if (polls[0].revents)
		receive_order(s);
	if (polls[1].revents)
		reap(s);
	if (s->pause_ms || polls[2].revents)
		read_log(s);
}

/* ---- the end ---- */

/* Whether a child is in the server's process group. */
static bool
has_group(const struct supervision *s)
{
	siginfo_t info;

	return !s->ended || waitid(P_PGID, (id_t)s->server, &info,
				WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Ends the server's group by its stop signal. False if a part of it is left. */
static bool
terminate(struct supervision *s)
{
	uint64_t deadline = now_ns() + SUPERVISOR_STOP_NS;

	/* The server has not been waited for, so the pid is still its own. */
	if (kill(-s->server, s->stop_signal) < 0)
		kill(s->server, s->stop_signal);
	kill(-s->server, SIGCONT); /* or what is stopped cannot take it */
	while (has_group(s)) {
		if (s->order == SUPERVISOR_KILL)
			return true;
		if (now_ns() > deadline)
			return false;
		wait_for_event(s, 100);
	}
	return true;
}

static void
kill_child(pid_t pid, void *unused)
{
	(void)unused;
	kill(pid, SIGKILL);
}

/* When a process ends, the supervisor gets its children: repeat until none is
 * left. */
static void
kill_descendants(struct supervision *s)
{
	uint64_t deadline = now_ns() + SUPERVISOR_STOP_NS;

	reap(s);
	/* The whole group at once: a process that is left could fork. The group
	 * has a child of ours in it, so its number is not used again. */
	if (has_group(s))
		kill(-s->server, SIGKILL);
	while (!s->childless && now_ns() < deadline) {
		proc_tree_own_children(kill_child, NULL);
		wait_for_event(s, 2);
		reap(s);
	}
}

/* ---- start to end ---- */

static void
send_report(struct supervision *s, const struct supervisor_report *report)
{
	send(s->control, report, sizeof(*report), MSG_NOSIGNAL);
}

static _Noreturn void
supervise(struct supervision *s)
{
	struct supervisor_report report = {.server = s->server};

	while (!s->ended && !s->order)
		wait_for_event(s, -1);
	read_log(s);
	s->log_ignored = true;
	copy_last_line(s, report.last_line);
	if (s->ended) {
		report.status = s->status;
		report.others_left = !s->childless;
		send_report(s, &report);
		while (s->spares && !s->order && !s->childless)
			wait_for_event(s, -1);
	} else if (s->order == SUPERVISOR_STOP) {
		report.ignored_stop = !terminate(s);
	}
	kill_descendants(s);
	report.done = true;
	report.unkillable = !s->childless;
	getrusage(RUSAGE_CHILDREN, &report.used);
	send_report(s, &report);
	_exit(0);
}

/* Otherwise the client's connections and output would stay open here. */
static void
close_other_descriptors(const struct supervision *s)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fd != dirfd(dir) &&
		    fd != s->control && fd != s->children && fd != s->log)
			close(fd);
	}
	if (dir)
		closedir(dir);
}

static _Noreturn void
run_child(const struct supervision *s, const sigset_t *mask, int log,
    supervisor_child *child, void *context)
{
	setpgid(0, 0);
	/* If the supervisor is killed, no process is left to stop the server.
	 */
	prctl(PR_SET_PDEATHSIG, s->stop_signal);
	sigprocmask(SIG_SETMASK, mask, NULL);
	child(context, log);
	_exit(127);
}

/* Returns 0, or -1 with errno. */
static int
open_supervision(struct supervision *s, int log[2])
{
	sigset_t children;

	/* A signal to the client's group, or to all processes with its name,
	 * must not reach the supervisor: `pkill -9 client` would leave the
	 * servers running. */
	setpgid(0, 0);
	prctl(PR_SET_NAME, SUPERVISOR_NAME);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	signal(SIGCHLD, SIG_DFL);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || pipe2(log, O_CLOEXEC) < 0)
		return -1;
	fcntl(log[1], F_SETPIPE_SZ, LOG_BYTES);
	s->log = log[0];
	s->children = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->children < 0 ? -1 : fcntl(log[0], F_SETFL, O_NONBLOCK);
}

_Noreturn void
supervisor_process(int control, int stop_signal, const sigset_t *mask,
    supervisor_child *child, void *context)
{
	struct supervision s = {.control = control, .stop_signal = stop_signal};
	int log[2];

	if (open_supervision(&s, log) < 0 || (s.server = fork()) < 0) {
		send_report(
		    &s, &(struct supervisor_report){
			    .server = -1, .status = errno, .done = true});
		_exit(1);
	}
	if (s.server == 0)
		run_child(&s, mask, log[1], child, context);
	/* In both processes: either may run first. */
	setpgid(s.server, s.server);
	send_report(&s, &(struct supervisor_report){.server = s.server});
	close_other_descriptors(&s);
	inherited_restore_cpus(); /* reading must not use the client's CPU */
	supervise(&s);
}
