/* SPDX-License-Identifier: MIT */
/* busy_processes: two walks through /proc, and the difference. */
#include "common/sysinfo/busy_processes.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/procfs.h"

#define NAMES 3
#define SHARE_LEAST 0.05

struct busy_process {
	pid_t pid;
	char name[32];
	uint64_t start, ticks; /* of its CPU time */
};

/* The process PID; false if it has ended. */
static bool
read_process(const char *pid, struct busy_process *out)
{
	char text[1024];
	struct procfs_stat stat;

	if (procfs_read(text, sizeof(text), "/proc/%s/stat", pid) < 0 ||
	    !procfs_stat_parse(text, &stat))
		return false;
	out->pid = (pid_t)strtol(pid, NULL, 10);
	out->start = stat.start;
	out->ticks =
	    stat.user + stat.system + stat.reaped_user + stat.reaped_system;
	/* "PID (NAME) STATE": a name may have parentheses. */
	*strrchr(text, ')') = '\0';
	snprintf(out->name, sizeof(out->name), "%.31s", strchr(text, '(') + 1);
	return true;
}

static void
add(struct busy_processes *list, const struct busy_process *one)
{
	struct busy_process *more =
	    reallocarray(list->at, list->count + 1, sizeof(*one));

	if (!more)
		return;
	list->at = more;
	list->at[list->count++] = *one;
}

/* All processes except this one and init, which has the time of all orphans. */
static struct busy_processes
read_all(void)
{
	struct busy_processes all = {.start_ns = now_ns()};
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	struct busy_process one;

	while (dir && (entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_process(entry->d_name, &one) && one.pid != getpid() &&
		    one.pid != 1)
			add(&all, &one);
	}
	if (dir)
		closedir(dir);
	return all;
}

void
busy_processes_begin(struct busy_processes *watch)
{
	*watch = read_all();
}

static int
by_pid(const void *a, const void *b)
{
	const struct busy_process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int
by_ticks(const void *a, const void *b)
{
	const struct busy_process *x = a, *y = b;

	return (x->ticks < y->ticks) - (x->ticks > y->ticks);
}

/* What NOW has used since WATCH began. */
static uint64_t
ticks_since(const struct busy_processes *watch, const struct busy_process *now)
{
	const struct busy_process *then =
	    bsearch(now, watch->at, watch->count, sizeof(watch->at[0]), by_pid);

	if (!then || then->start != now->start)
		return now->ticks;
	return now->ticks > then->ticks ? now->ticks - then->ticks : 0;
}

char *
busy_processes_end(struct busy_processes *watch, char *buf, size_t size)
{
	struct busy_processes now = read_all();
	double seconds = (double)(now.start_ns - watch->start_ns) / 1e9;
	size_t len = 0;

	buf[0] = '\0';
	if (watch->count)
		qsort(watch->at, watch->count, sizeof(watch->at[0]), by_pid);
	for (size_t i = 0; watch->count && i < now.count; i++)
		now.at[i].ticks = ticks_since(watch, &now.at[i]);
	if (now.count)
		qsort(now.at, now.count, sizeof(now.at[0]), by_ticks);
	for (size_t i = 0; watch->count && i < now.count && i < NAMES; i++) {
		double share = (double)now.at[i].ticks *
			       (double)procfs_tick_ns() / 1e9 / seconds;

		if (share < SHARE_LEAST || len >= size)
			break;
		len += (size_t)snprintf(buf + len, size - len,
		    "%s%s (%.0f %%%s)", i ? ", " : "", now.at[i].name,
		    100 * share, i ? "" : " of a CPU");
	}
	free(now.at);
	free(watch->at);
	*watch = (struct busy_processes){0};
	return buf;
}
