/* SPDX-License-Identifier: MIT */
/* accept_loop: /proc/PID/task/PID/schedstat of processes that listen. */
#include "common/sysinfo/accept_loop.h"

#include "common/sysinfo/proc_tree.h"
#include "common/sysinfo/socket_owner.h"

void
accept_loop_find(
    struct accept_loop *loops, const struct address *address, pid_t pid)
{
	loops->count = socket_owner_listeners_below(
	    address, pid, loops->pids, ACCEPT_LOOPS_MAX);
}

void
accept_loop_begin(struct accept_loop *loops)
{
	for (size_t i = 0; i < loops->count; i++)
		loops->before[i] = proc_tree_first_thread_ns(loops->pids[i]);
}

/* One of the kernel without such figures stays at 0, as a process does that has
 * ended. */
bool
accept_loop_end(const struct accept_loop *loops, uint64_t *ns)
{
	bool known = false;

	*ns = 0;
	for (size_t i = 0; i < loops->count; i++) {
		uint64_t now = proc_tree_first_thread_ns(loops->pids[i]);

		if (!now || now < loops->before[i])
			continue;
		known = true;
		if (now - loops->before[i] > *ns)
			*ns = now - loops->before[i];
	}
	return known;
}
