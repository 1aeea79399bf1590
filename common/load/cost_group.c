/* SPDX-License-Identifier: MIT */
/*
 * cost_group: a cgroup of a server's own, in whatever hierarchies there are.
 *
 * Version 2 has a CPU clock in every group, but memory only where the parent
 * hands that controller on, which a group with processes in it may not: so we
 * go up from our own group to the nearest that does. Version 1 has a tree for
 * each controller, and both versions may be mounted side by side.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/load/cost.h"
#include "common/load/cost_parts.h"
#include "common/load/proc_text.h"
#include "common/load/procs.h"

/* ---- where we are ---- */

/* Whether WORD stands in LIST, between commas, blanks or ends. */
static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len) {
		char next = at[len];

		if ((at == list || strchr(", ", at[-1])) &&
		    (next == '\0' || strchr(", \n", next)))
			return true;
	}
	return false;
}

/*
 * Where the hierarchy of CONTROLLER (NULL: version 2) is mounted, in POINT, and
 * which of its groups that mount shows as its root, in ROOT: texts of
 * COST_GROUP_PATH_MAX bytes. proc_pid_mountinfo(5).
 */
static bool
find_mount(const char *controller, char *point, char *root)
{
	char line[2048], type[32], options[512];
	FILE *in = fopen("/proc/self/mountinfo", "re");
	bool found = false;

	while (in && !found && fgets(line, sizeof(line), in)) {
		const char *rest = strstr(line, " - ");

		found =
		    rest &&
		    sscanf(line, "%*s %*s %*s %511s %511s", root, point) == 2 &&
		    sscanf(rest, " - %31s %*s %511s", type, options) == 2 &&
		    (controller ? strcmp(type, "cgroup") == 0 &&
				      has_word(options, controller)
				: strcmp(type, "cgroup2") == 0);
	}
	if (in)
		fclose(in);
	return found;
}

/* Our own group in it: "4:memory:/a/b", or "0::/a/b" in version 2. */
static bool
find_own(const char *controller, char *path)
{
	char line[2048];
	FILE *in = fopen("/proc/self/cgroup", "re");
	bool found = false;

	while (in && !found && fgets(line, sizeof(line), in)) {
		char *names = strchr(line, ':');
		char *group = names ? strchr(names + 1, ':') : NULL;

		if (!group)
			continue;
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		found = controller ? has_word(names + 1, controller)
				   : names[1] == '\0';
		if (found && snprintf(path, COST_GROUP_PATH_MAX, "%s", group) >=
				 COST_GROUP_PATH_MAX)
			found = false;
	}
	if (in)
		fclose(in);
	return found;
}

/* The folder of our own group, in PATH; and how much of it is the mount. */
static bool
own_folder(const char *controller, char *path, size_t *mount_len)
{
	char point[COST_GROUP_PATH_MAX], root[COST_GROUP_PATH_MAX],
	    own[COST_GROUP_PATH_MAX];
	const char *below = own;
	size_t len;

	if (!find_mount(controller, point, root) || !find_own(controller, own))
		return false;
	/* A container may see only a part of the tree, or names of outside. */
	len = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (strncmp(own, root, len) == 0)
		below += len;
	if (strcmp(below, "/") == 0)
		below = "";
	*mount_len = strlen(point);
	return snprintf(path, COST_GROUP_PATH_MAX, "%s%s", point, below) <
	       COST_GROUP_PATH_MAX;
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

/* A group in PARENT with the processes under PID. PATH is empty if not. */
static bool
make_in(const char *parent, pid_t pid, char *path)
{
	char procs[COST_GROUP_PATH_MAX + 32];
	struct moving moving = {-1, 0};

	cost_folder_remove_stale(parent);
	if (cost_folder_make(parent, path)) {
		snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
		moving.fd = open(procs, O_WRONLY | O_CLOEXEC);
		if (moving.fd >= 0) {
			procs_walk(pid, move, &moving);
			close(moving.fd);
		}
		if (moving.moved)
			return true;
		cost_folder_remove(path);
	}
	path[0] = '\0';
	return false;
}

/* Cuts FOLDER to its nearest ancestor, or itself, that hands memory on. */
static bool
find_delegating(char *folder, size_t mount_len)
{
	char text[512];

	while (strlen(folder) >= mount_len && folder[0]) {
		proc_read(
		    text, sizeof(text), "%s/cgroup.subtree_control", folder);
		if (has_word(text, "memory"))
			return true;
		*strrchr(folder, '/') = '\0';
	}
	return false;
}

void
cost_group_make(struct cost_group *group, pid_t pid)
{
	char folder[COST_GROUP_PATH_MAX], above[COST_GROUP_PATH_MAX];
	size_t mount_len;

	*group = (struct cost_group){0};
	if (own_folder(NULL, folder, &mount_len)) {
		strcpy(above, folder);
		group->memory_unified = find_delegating(above, mount_len) &&
					make_in(above, pid, group->memory);
		if (group->memory_unified)
			strcpy(group->cpu, group->memory);
		else
			make_in(folder, pid, group->cpu);
		group->cpu_unified = group->cpu[0] != '\0';
	}
	if (!group->memory[0] && own_folder("memory", folder, &mount_len))
		make_in(folder, pid, group->memory);
	if (!group->cpu[0] && own_folder("cpuacct", folder, &mount_len))
		make_in(folder, pid, group->cpu);
}

void
cost_group_remove(struct cost_group *group)
{
	if (strcmp(group->cpu, group->memory) == 0)
		group->cpu[0] = '\0';
	cost_folder_remove(group->cpu);
	cost_folder_remove(group->memory);
}
