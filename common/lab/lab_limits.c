/* SPDX-License-Identifier: MIT */
/* lab_limits: setrlimit(2), and how many tasks the user has. */
#include "common/lab/lab_limits.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t
entries(const char *path)
{
	DIR *folder = opendir(path);
	size_t count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count > 2 ? count - 2 : 0;
}

/* All of the user's, because the kernel counts all. */
static size_t
tasks_of_user(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	while (proc && (entry = readdir(proc))) {
		char path[300];
		struct stat own;

		snprintf(
		    path, sizeof(path), "/proc/%.250s/task", entry->d_name);
		if (strspn(entry->d_name, "0123456789") > 0 &&
		    stat(path, &own) == 0 && own.st_uid == geteuid())
			count += entries(path);
	}
	if (proc)
		closedir(proc);
	return count;
}

/* At most; a limit that is lower already stays. */
static void
at_most(__rlimit_resource_t what, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit(what, &limit) < 0)
		return;
	if (limit.rlim_max > most)
		limit.rlim_max = most;
	if (limit.rlim_cur > most)
		limit.rlim_cur = most;
	setrlimit(what, &limit);
}

void
lab_limits_set(const struct lab_limits *limits)
{
	at_most(RLIMIT_CPU, limits->cpu_s);
	at_most(RLIMIT_FSIZE, limits->bytes);
	at_most(RLIMIT_NPROC, tasks_of_user() + LAB_LIMITS_TASKS);
}
