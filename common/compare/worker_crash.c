/* SPDX-License-Identifier: MIT */
/* worker_crash: find the worker, kill it, ask around. */
#include "common/compare/worker_crash.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/compare/idle_connections.h"
#include "common/sysinfo/socket_owner.h"

#define DIES_MS 5000
#define PATIENCE_NS (2 * NS_PER_S)

/* Whether the process of the pidfd PROCESS ends in time; a zombie has ended. */
static bool
ends(int process)
{
	struct pollfd end = {.fd = process, .events = POLLIN};

	return poll(&end, 1, DIES_MS) == 1;
}

/*
 * Sends SIGSEGV to PID, if it is a process of SERVER. PROCESS, a pidfd that was
 * opened before that is checked, stays the same process even if the number is
 * used again. Returns 0; -1 with errno; 1: it is not a process of SERVER.
 */
static int
signal_own(int process, pid_t pid, const struct launched *server)
{
	/* Too small for any core file; and for a pipe, 1 means none, while 0
	 * does not: core(5). */
	const struct rlimit no_core = {1, 1};

	if (!launch_has_process(server, pid))
		return 1;
	prlimit(pid, RLIMIT_CORE, &no_core, NULL);
	return (int)syscall(SYS_pidfd_send_signal, process, SIGSEGV, NULL, 0);
}

int
worker_crash_kill(int fd, const struct launched *server, uint64_t *killed_ns,
    char *why, size_t size)
{
	pid_t pid = socket_owner_peer(fd, server->pid);
	int process, bad;

	if (!pid) {
		snprintf(why, size,
		    "no process was found that serves a connection: may this "
		    "user look at the server's processes?");
		return -1;
	}
	process = (int)syscall(SYS_pidfd_open, pid, 0);
	*killed_ns = now_ns();
	bad = process < 0 ? -1 : signal_own(process, pid, server);
	if (bad > 0)
		snprintf(why, size,
		    "process %d serves the connections, but the command did "
		    "not start it: it is not killed",
		    (int)pid);
	else if (bad < 0)
		snprintf(why, size,
		    "process %d could not be killed: %s (this needs Linux 5.3)",
		    (int)pid, strerror(errno));
	else if (!ends(process)) {
		snprintf(why, size, "process %d survived SIGSEGV", (int)pid);
		bad = -1;
	}
	if (process >= 0)
		close(process);
	return bad ? -1 : 0;
}

static bool
accepts(const struct address *address, const volatile int *stop,
    struct worker_crash *crash)
{
	struct idle_connections one = {0};
	char why[200];
	bool served = idle_connections_open(
			  &one, address, 1, stop, why, sizeof(why)) == 0;

	if (served)
		idle_connections_close(&one);
	crash->stall_ns += one.stall_ns;
	return served;
}

int
worker_crash_one(struct launched *server, uint32_t connections,
    const volatile int *stop, struct worker_crash *crash, char *why,
    size_t size)
{
	struct idle_connections idle = {0};
	uint64_t killed_ns;
	int bad;

	*crash = (struct worker_crash){.connections = connections};
	bad = idle_connections_open(
	    &idle, &server->address, connections, stop, why, size);
	crash->stall_ns = idle.stall_ns;
	if (bad < 0)
		return -1;
	bad = worker_crash_kill(
	    idle.fds[connections / 2], server, &killed_ns, why, size);
	if (!bad) {
		crash->lost = connections -
			      idle_connections_ask(&idle, PATIENCE_NS, stop);
		crash->stall_ns = idle.stall_ns;
		crash->accepts = accepts(&server->address, stop, crash);
	}
	if (!bad && stop && *stop) { /* not known without an answer */
		snprintf(why, size, "stopped");
		bad = -1;
	}
	idle_connections_close(&idle);
	return bad;
}
