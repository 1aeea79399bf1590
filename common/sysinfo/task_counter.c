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
task_counter_read(const struct task_counter *counter, struct task_count *count)
{
	return counter->open &&
	       read(counter->fd, count, sizeof(*count)) == sizeof(*count);
}

/* The ratio is that of the time since BEFORE: a ratio of all the time changes,
 * and an estimate by it may fall. */
bool
task_counter_since(const struct task_counter *counter,
    const struct task_count *before, uint64_t *events)
{
	struct task_count now;
	uint64_t enabled, running;

	if (!task_counter_read(counter, &now))
		return false;
	enabled = now.enabled - before->enabled;
	running = now.running - before->running;
	if (enabled && !running)
		return false;
	*events = now.value - before->value;
	if (running < enabled)
		*events = (uint64_t)((double)*events * (double)enabled /
				     (double)running);
	return true;
}

void
task_counter_close(struct task_counter *counter)
{
	if (counter->open)
		close(counter->fd);
	counter->open = false;
}
