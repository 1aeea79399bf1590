/* SPDX-License-Identifier: MIT */
/* task_counter: one event, inherited by all that the task starts. */
#include "common/sysinfo/task_counter.h"

#include <sys/syscall.h>
#include <unistd.h>

int
task_counter_open(
    struct task_counter *counter, pid_t pid, uint32_t type, uint64_t event)
{
	struct perf_event_attr attr = {
	    .size = sizeof(attr),
	    .type = type,
	    .config = event,
	    .inherit = 1,
	    .exclude_kernel = 1,
	    .exclude_hv = 1,
	    .read_format =
		PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};

	counter->fd = (int)syscall(
	    SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	counter->open = counter->fd >= 0;
	return counter->open ? 0 : -1;
}

bool
task_counter_read(const struct task_counter *counter, uint64_t *count)
{
	struct {
		uint64_t value, enabled, running;
	} now;

	if (!counter->open ||
	    read(counter->fd, &now, sizeof(now)) != sizeof(now) ||
	    (now.enabled && !now.running))
		return false;
	*count = now.value;
	if (now.running < now.enabled)
		*count = (uint64_t)((double)now.value * (double)now.enabled /
				    (double)now.running);
	return true;
}

void
task_counter_close(struct task_counter *counter)
{
	if (counter->open)
		close(counter->fd);
	counter->open = false;
}
