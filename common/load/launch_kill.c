/* SPDX-License-Identifier: MIT */
/*
 * launch_kill: the groups that run, and the end of all of them at once.
 *
 * launch_kill_all() runs in a signal handler, whatever it has interrupted: it
 * calls what signal-safety(7) lists and nothing else, and reads words that are
 * written in one go.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/load/launch.h"
#include "common/load/launch_parts.h"
#include "common/load/procs.h"

enum { GROUPS = 64, INHERITED = 64 };

static volatile pid_t groups[GROUPS]; /* 0: a free place */
/* An exec keeps its process's children: those of a shell's "command &". */
static volatile pid_t inherited[INHERITED];
static volatile bool has_looked; /* so that there may be servers */

static void
spare(pid_t pid, void *context)
{
	size_t *count = context;

	if (*count < INHERITED)
		inherited[(*count)++] = pid;
}

void
launch_spare_inherited(void)
{
	size_t count = 0;

	if (!has_looked)
		procs_own_children(spare, &count);
	has_looked = true;
}

bool
launch_is_inherited(pid_t pid)
{
	for (size_t i = 0; i < INHERITED && inherited[i]; i++) {
		if (inherited[i] == pid)
			return true;
	}
	return false;
}

void
launch_replace_group(pid_t old, pid_t new)
{
	for (size_t i = 0; i < GROUPS; i++) {
		if (groups[i] == old) {
			groups[i] = new;
			return;
		}
	}
}

bool
launch_is_of_a_group(pid_t pid)
{
	pid_t group = getpgid(pid);

	for (size_t i = 0; i < GROUPS; i++) {
		if (groups[i] && groups[i] == group)
			return true;
	}
	return false;
}

bool
launch_others_run(pid_t server)
{
	for (size_t i = 0; i < GROUPS; i++) {
		if (groups[i] && groups[i] != server)
			return true;
	}
	return false;
}

/* ---- in a signal handler ---- */

/* Whether there was one to end. */
static bool
end_child(pid_t pid)
{
	if (pid == 0 || launch_is_inherited(pid))
		return false;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, WNOHANG);
	return true;
}

/* Kills our children and waits for those that have ended. Whether there were
 * any. What does not fit has its turn in the next round. */
static bool
end_children(void)
{
	char text[4096];
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));
	bool any = false;
	pid_t pid = 0;

	for (ssize_t i = 0; i < n; i++) { /* a blank behind each */
		if (text[i] >= '0' && text[i] <= '9') {
			pid = 10 * pid + (text[i] - '0');
			continue;
		}
		any |= end_child(pid);
		pid = 0;
	}
	if (fd >= 0)
		close(fd);
	return any;
}

/*
 * Who has left its group becomes our child when who made it ends, and then its
 * children in turn: so until no child is left.
 */
void
launch_kill_all(void)
{
	uint64_t deadline = now_ns() + LAUNCH_STOP_NS;

	if (!has_looked)
		return;
	for (size_t i = 0; i < GROUPS; i++) {
		if (groups[i])
			kill(-groups[i], SIGKILL);
	}
	while (end_children() && now_ns() < deadline)
		poll(NULL, 0, 1);
}
