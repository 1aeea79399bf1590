/* SPDX-License-Identifier: MIT */
/*
 * usage_group_folder: mkdir(2), rmdir(2), and a list of the existing folders
 * that a signal handler can read.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/sysinfo/usage.h"
#include "common/sysinfo/usage_group_folder.h"

#define PREFIX "perconn-"
#define REMOVE_TIMEOUT_MS 1000

void
usage_group_folder_remove_stale(const char *parent)
{
	char path[USAGE_GROUP_PATH_MAX + 300];
	struct dirent *entry;
	DIR *dir = opendir(parent);

	while (dir && (entry = readdir(dir))) {
		pid_t owner = 0;

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0)
			owner = (pid_t)atoi(entry->d_name + strlen(PREFIX));
		if (owner <= 0 || kill(owner, 0) == 0 || errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
		rmdir(path);
	}
	if (dir)
		closedir(dir);
}

/* For usage_group_remove_all(). If there are more, the next client removes the
 * rest. */
static struct {
	volatile sig_atomic_t is_there; /* set after PATH is complete */
	char path[USAGE_GROUP_PATH_MAX];
} folders[32];

static void
remember(const char *path)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (!folders[i].is_there) {
			strcpy(folders[i].path, path);
			atomic_signal_fence(memory_order_seq_cst);
			folders[i].is_there = 1;
			return;
		}
	}
}

static void
forget(const char *path)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (folders[i].is_there && strcmp(folders[i].path, path) == 0)
			folders[i].is_there = 0;
	}
}

/* A process leaves its group a moment after it was waited for. */
static void
remove_folder(const char *path)
{
	for (int i = 0; i < REMOVE_TIMEOUT_MS; i++) {
		if (rmdir(path) == 0 || errno != EBUSY)
			break;
		poll(NULL, 0, 1);
	}
}

/* Another process may have the same pid, and a folder of this name: namespaces
 * of pids and of cgroups are independent. */
bool
usage_group_folder_make(const char *parent, char *path)
{
	static unsigned number;

	for (int i = 0; i < 100; i++) {
		if (snprintf(path, USAGE_GROUP_PATH_MAX, "%s/" PREFIX "%d-%u",
			parent, (int)getpid(),
			number++) >= USAGE_GROUP_PATH_MAX)
			return false;
		if (mkdir(path, 0755) == 0) {
			remember(path);
			return true;
		}
		if (errno != EEXIST)
			return false;
	}
	return false;
}

void
usage_group_folder_remove(char *path)
{
	if (!path[0])
		return;
	remove_folder(path);
	forget(path);
	path[0] = '\0';
}

/* Only rmdir() and poll(), for signal-safety(7). */
void
usage_group_remove_all(void)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (folders[i].is_there)
			remove_folder(folders[i].path);
	}
}
