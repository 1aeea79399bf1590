/* SPDX-License-Identifier: MIT */
/* launch_strays: those who have left their server's group, and end with it. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "common/base/clock.h"
#include "common/load/launch.h"
#include "common/load/launch_parts.h"
#include "common/load/procs.h"

void
launch_add_usage(struct rusage *sum, const struct rusage *more)
{
	timeradd(&sum->ru_utime, &more->ru_utime, &sum->ru_utime);
	timeradd(&sum->ru_stime, &more->ru_stime, &sum->ru_stime);
	sum->ru_minflt += more->ru_minflt;
	sum->ru_majflt += more->ru_majflt;
	sum->ru_nvcsw += more->ru_nvcsw;
	sum->ru_nivcsw += more->ru_nivcsw;
}

/* So many are killed before they are waited for. */
#define STRAYS_AT_ONCE 256

struct strays {
	struct launched *server;
	bool others; /* another server runs */
	size_t count;
	pid_t killed[STRAYS_AT_ONCE];
};

/* Whether PID's environment is that of SERVER: 1, 0, or -1 if it is nobody's.
 */
static int
marked_by(pid_t pid, pid_t server)
{
	char path[32], mark[40], word[8192];
	FILE *in;
	size_t len;
	int found = -1;

	len = (size_t)snprintf(
		  mark, sizeof(mark), LAUNCH_MARK "=%d", (int)server) +
	      1;
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	in = fopen(path, "re");
	while (in && found < 0) {
		size_t n = 0;
		int c;

		while ((c = getc(in)) > 0) {
			if (n < sizeof(word) - 1)
				word[n++] = (char)c;
		}
		word[n] = '\0';
		if (strncmp(word, LAUNCH_MARK "=", sizeof(LAUNCH_MARK)) == 0)
			found = n + 1 == len && memcmp(word, mark, n) == 0;
		if (c == EOF)
			break;
	}
	if (in)
		fclose(in);
	return found;
}

static void
end_stray(pid_t pid, void *context)
{
	struct strays *strays = context;
	int whose = launch_is_of_a_group(pid) || launch_is_inherited(pid)
			? 0
			: marked_by(pid, strays->server->pid);

	if (whose == 0 || (whose < 0 && strays->others) ||
	    strays->count == STRAYS_AT_ONCE)
		return;
	kill(pid, SIGKILL);
	strays->killed[strays->count++] = pid;
}

/* Here, since who is about to end has no environment to be known by. */
static void
await_stray(struct launched *server, pid_t pid, uint64_t deadline)
{
	struct rusage used;
	pid_t ended;

	while ((ended = wait4(pid, NULL, WNOHANG, &used)) == 0 &&
	       now_ns() < deadline)
		poll(NULL, 0, 1);
	if (ended == pid)
		launch_add_usage(&server->used, &used);
}

/*
 * Processes that made a session or a group of their own became our children
 * when who had made them ended. One that has cleared its environment is nobody
 * else's if no other server runs. Whose children they are in turn become ours
 * when they end, so again until there are none.
 */
void
launch_end_strays(struct launched *server)
{
	uint64_t deadline = now_ns() + LAUNCH_STOP_NS;
	struct strays strays = {
	    .server = server, .others = launch_others_run(server->pid)};

	do {
		strays.count = 0;
		procs_own_children(end_stray, &strays);
		for (size_t i = 0; i < strays.count; i++)
			await_stray(server, strays.killed[i], deadline);
	} while (strays.count && now_ns() < deadline);
}
