/* SPDX-License-Identifier: MIT */
/* supervisor_process: subreaper, reader of a log, and the end of all below it.
 */
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

/* Room for what is said until it is read. */
#define LOG_BYTES (1 << 20)
/* So long nobody looks at the log after some of it was read: a line for each
 * request must not wake us up as often. A loud one is read sooner. */
#define REST_MS 10
#define REST_LOUD_MS 1

struct post {
	int control, children, log; /* -1: closed */
	pid_t first;
	int status;	   /* of the first, if it has ended */
	bool ended, alone; /* the first; all */
	char order;	   /* 0: none yet */
	int rest_ms;	   /* of the log */
	bool closed;	   /* what is said from now on is not kept */
	size_t tail_len;
	char tail[sizeof(((struct supervisor_news *)0)->words)];
};

/* ---- the log ---- */

static void
keep_tail(struct post *post, const char *piece, size_t len)
{
	size_t most = sizeof(post->tail), kept = post->tail_len;

	if (len >= most) {
		memcpy(post->tail, piece + len - most, most);
		post->tail_len = most;
		return;
	}
	if (kept + len > most)
		kept = most - len;
	memmove(post->tail, post->tail + post->tail_len - kept, kept);
	memcpy(post->tail + kept, piece, len);
	post->tail_len = kept + len;
}

/* Reads what is there, but not for ever. */
static void
hear(struct post *post)
{
	static char piece[65536];
	size_t sum = 0;
	ssize_t n = -1;

	while (post->log >= 0 && sum < 2 * LOG_BYTES &&
	       (n = read(post->log, piece, sizeof(piece))) > 0) {
		if (!post->closed)
			keep_tail(post, piece, (size_t)n);
		sum += (size_t)n;
	}
	if (n == 0) {
		close(post->log);
		post->log = -1;
	}
	post->rest_ms = !sum || post->log < 0  ? 0
			: sum >= LOG_BYTES / 4 ? REST_LOUD_MS
					       : REST_MS;
}

/* The bytes of LINE up to the last one that can be seen: no blanks, and no
 * colours of a terminal (ECMA-48 5.4, a control sequence). */
static size_t
visible(const char *line, size_t len)
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

/* The last line in which something can be seen, in WORDS; a NUL would end it
 * before its end. */
static void
put_words(const struct post *post, char *words)
{
	const char *tail = post->tail, *line, *newline;
	size_t rest = post->tail_len, len;

	do {
		newline = memrchr(tail, '\n', rest);
		line = newline ? newline + 1 : tail;
		len = visible(line, rest - (size_t)(line - tail));
		rest = newline ? (size_t)(newline - tail) : 0;
	} while (!len && rest);
	if (len == sizeof(post->tail)) /* for the NUL */
		len--, line++;
	for (size_t i = 0; i < len; i++)
		words[i] = line[i] ? line[i] : '?';
	words[len] = '\0';
}

/* ---- what happens ---- */

static void
reap(struct post *post)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(post->children, &info, sizeof(info)) > 0)
		continue;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != post->first)
			continue;
		post->ended = true;
		post->status = status;
	}
	post->alone = pid < 0 && errno == ECHILD;
}

static void
take_order(struct post *post)
{
	char order;
	ssize_t n = recv(post->control, &order, 1, MSG_DONTWAIT);

	if (n > 0) {
		post->order = order;
	} else if (n == 0) {
		close(post->control);
		post->control = -1;
		if (!post->order)
			post->order = SUPERVISOR_STOP;
	}
}

/* Waits for anything to happen, TIMEOUT_MS at most (-1: for ever). */
static void
attend(struct post *post, int timeout_ms)
{
	struct pollfd polls[] = {
	    {post->control, POLLIN, 0},
	    {post->children, POLLIN, 0},
	    {post->rest_ms ? -1 : post->log, POLLIN, 0},
	};

	if (post->rest_ms && (timeout_ms < 0 || post->rest_ms < timeout_ms))
		timeout_ms = post->rest_ms;
	if (poll(polls, 3, timeout_ms) < 0)
		return;
	if (polls[0].revents)
		take_order(post);
	if (polls[1].revents)
		reap(post);
	if (post->rest_ms || polls[2].revents)
		hear(post);
}

/* ---- the end ---- */

/* Whether the first or another child is in the first one's group. */
static bool
has_group(const struct post *post)
{
	siginfo_t info;

	return !post->ended || waitid(P_PGID, (id_t)post->first, &info,
				   WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* False if some of the group did not care. */
static bool
end_gently(struct post *post)
{
	uint64_t deadline = now_ns() + SUPERVISOR_STOP_NS;

	/* It has not been waited for, so its number is nobody else's. */
	if (kill(-post->first, SIGTERM) < 0)
		kill(post->first, SIGTERM);
	kill(-post->first, SIGCONT); /* or what is stopped cannot take it */
	while (has_group(post)) {
		if (post->order == SUPERVISOR_KILL)
			return true;
		if (now_ns() > deadline)
			return false;
		attend(post, 100);
	}
	return true;
}

static void
kill_child(pid_t pid, void *unused)
{
	(void)unused;
	kill(pid, SIGKILL);
}

/* Children become ours when their parents end, so again until none is left. */
static void
kill_all(struct post *post)
{
	uint64_t deadline = now_ns() + SUPERVISOR_STOP_NS;

	reap(post);
	/* At once, so that none makes others meanwhile. A number of a group
	 * that a child of ours is in is nobody else's. */
	if (has_group(post))
		kill(-post->first, SIGKILL);
	while (!post->alone && now_ns() < deadline) {
		proc_tree_own_children(kill_child, NULL);
		attend(post, 2);
		reap(post);
	}
}

/* ---- from start to end ---- */

static void
tell(struct post *post, const struct supervisor_news *news)
{
	send(post->control, news, sizeof(*news), MSG_NOSIGNAL);
}

static _Noreturn void
keep(struct post *post)
{
	struct supervisor_news news = {.server = post->first};

	while (!post->ended && !post->order)
		attend(post, -1);
	hear(post);
	post->closed = true;
	put_words(post, news.words);
	if (post->ended) {
		news.status = post->status;
		news.left = !post->alone;
		tell(post, &news);
	} else if (post->order == SUPERVISOR_STOP) {
		news.stubborn = !end_gently(post);
	}
	kill_all(post);
	news.done = true;
	news.survivor = !post->alone;
	getrusage(RUSAGE_CHILDREN, &news.used);
	tell(post, &news);
	_exit(0);
}

/* The client's connections would stay open with us, and its output. */
static void
close_others(const struct post *post)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fd != dirfd(dir) &&
		    fd != post->control && fd != post->children &&
		    fd != post->log)
			close(fd);
	}
	if (dir)
		closedir(dir);
}

static _Noreturn void
become_first(
    const sigset_t *mask, int log, supervisor_become *become, void *context)
{
	setpgid(0, 0);
	/* If the supervisor is killed, nobody is left to stop us. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigprocmask(SIG_SETMASK, mask, NULL);
	become(context, log);
	_exit(127);
}

/* Returns 0, or -1 with errno. */
static int
open_post(struct post *post, int log[2])
{
	sigset_t children;

	/* No signal to the client's group is for us, nor one to all who have
	 * its name: `pkill -9 client` would leave the servers to nobody. */
	setpgid(0, 0);
	prctl(PR_SET_NAME, "perconn-superv");
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	signal(SIGCHLD, SIG_DFL);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || pipe2(log, O_CLOEXEC) < 0)
		return -1;
	fcntl(log[1], F_SETPIPE_SZ, LOG_BYTES);
	post->log = log[0];
	post->children = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
	return post->children < 0 ? -1 : fcntl(log[0], F_SETFL, O_NONBLOCK);
}

_Noreturn void
supervisor_process(
    int control, const sigset_t *mask, supervisor_become *become, void *context)
{
	struct post post = {.control = control};
	int log[2];

	if (open_post(&post, log) < 0 || (post.first = fork()) < 0) {
		tell(&post, &(struct supervisor_news){
				.server = -1, .status = errno, .done = true});
		_exit(1);
	}
	if (post.first == 0)
		become_first(mask, log[1], become, context);
	setpgid(post.first, post.first); /* whoever of us is first */
	tell(&post, &(struct supervisor_news){.server = post.first});
	close_others(&post);
	inherited_restore_cpus(); /* a loud log shall not cost the client's CPU
				   */
	keep(&post);
}
