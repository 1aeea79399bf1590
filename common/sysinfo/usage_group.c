/* SPDX-License-Identifier: MIT */
/*
 * usage_group: a cgroup for one server, in the hierarchies that are mounted.
 *
 * Version 2 counts CPU time in every group, but memory only where the parent
 * delegates that controller, which a group with processes in it may not
 * (cgroups(7)). So the client takes the nearest group above its own that does.
 * Version 1 has a tree for each controller. Both versions may be mounted.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cgroup.h"
#include "common/base/procfs.h"
#include "common/sysinfo/proc_tree.h"
#include "common/sysinfo/usage.h"
#include "common/sysinfo/usage_group_folder.h"

/* Whether LIST, with blanks between its words, has WORD. */
static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len) {
		char next = at[len];

		if ((at == list || at[-1] == ' ') &&
		    (next == '\0' || strchr(" \n", next)))
			return true;
	}
	return false;
}

/* ---- making and removing ---- */

struct moving {
	int fd;
	int moved;
};

static void
move(pid_t pid, void *context)
{
	struct moving *moving = context;
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", (int)pid);

	moving->moved += write(moving->fd, text, (size_t)len) == len;
}

/* Makes a group in PARENT with PID and its descendants. PATH is "" if it
 * failed. */
static bool
make_in(const char *parent, pid_t pid, char *path)
{
	char procs[USAGE_GROUP_PATH_MAX + 32];
	struct moving moving = {-1, 0};

	usage_group_folder_remove_stale(parent);
	if (usage_group_folder_make(parent, path)) {
		snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
		moving.fd = open(procs, O_WRONLY | O_CLOEXEC);
		if (moving.fd >= 0) {
			proc_tree_walk(pid, move, &moving);
			close(moving.fd);
		}
		if (moving.moved)
			return true;
		usage_group_folder_remove(path);
	}
	path[0] = '\0';
	return false;
}

/* Moves GROUP up to the nearest group, itself included, that delegates the
 * memory controller. */
static bool
find_delegating(struct cgroup *group)
{
	char text[512];

	do {
		procfs_read(text, sizeof(text), "%s/cgroup.subtree_control",
		    group->path);
		if (has_word(text, "memory"))
			return true;
	} while (cgroup_up(group));
	return false;
}

void
usage_group_make(struct usage_group *group, pid_t pid)
{
	struct cgroup own, above;

	*group = (struct usage_group){0};
	if (cgroup_find(&own, NULL, 0)) {
		above = own;
		group->memory_unified = find_delegating(&above) &&
					make_in(above.path, pid, group->memory);
		if (group->memory_unified)
			strcpy(group->cpu, group->memory);
		else
			make_in(own.path, pid, group->cpu);
		group->cpu_unified = group->cpu[0] != '\0';
	}
	if (!group->memory[0] && cgroup_find(&own, "memory", 0))
		make_in(own.path, pid, group->memory);
	if (!group->cpu[0] && cgroup_find(&own, "cpuacct", 0))
		make_in(own.path, pid, group->cpu);
}

void
usage_group_remove(struct usage_group *group)
{
	if (strcmp(group->cpu, group->memory) == 0)
		group->cpu[0] = '\0';
	usage_group_folder_remove(group->cpu);
	usage_group_folder_remove(group->memory);
}
