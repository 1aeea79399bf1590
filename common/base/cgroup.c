/* SPDX-License-Identifier: MIT */
/* cgroup: find the mounts, and the group of a process. */
#include "common/base/cgroup.h"

#include <stdio.h>
#include <string.h>

#include "common/base/procfs.h"

/* Whether WORD stands in LIST, between commas or ends. */
static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len) {
		if ((at == list || at[-1] == ',') &&
		    (at[len] == '\0' || at[len] == ','))
			return true;
	}
	return false;
}

/* Without /proc: the usual mount, and its root. */
static void
guess_mount(const char *controller, char *point, char *root)
{
	snprintf(point, CGROUP_PATH_MAX, "/sys/fs/cgroup%s%s",
	    controller ? "/" : "", controller ? controller : "");
	strcpy(root, "/");
}

/*
 * Finds the mount POINT of the tree, and the group ROOT that is its root there,
 * each of CGROUP_PATH_MAX bytes. proc_pid_mountinfo(5).
 */
static bool
find_mount(const char *controller, char *point, char *root)
{
	char line[2048], type[32], options[512];
	FILE *in = fopen("/proc/self/mountinfo", "re");
	bool found = false;

	if (!in) {
		guess_mount(controller, point, root);
		return true;
	}
	while (!found && fgets(line, sizeof(line), in)) {
		const char *rest = strstr(line, " - ");

		found =
		    rest &&
		    sscanf(line, "%*s %*s %*s %511s %511s", root, point) == 2 &&
		    sscanf(rest, " - %31s %*s %511s", type, options) == 2 &&
		    (controller ? strcmp(type, "cgroup") == 0 &&
				      has_word(options, controller)
				: strcmp(type, "cgroup2") == 0);
	}
	fclose(in);
	return found;
}

/* Finds PID's group in the tree: "4:memory:/a/b", or "0::/a/b" in version 2. */
static bool
find_own(const char *controller, pid_t pid, char *path)
{
	char line[2048], name[32] = "/proc/self/cgroup";
	bool found = false;
	FILE *in;

	if (pid)
		snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	in = fopen(name, "re");
	while (in && !found && fgets(line, sizeof(line), in)) {
		char *names = strchr(line, ':');
		char *group = names ? strchr(names + 1, ':') : NULL;

		if (!group)
			continue;
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		found = controller ? has_word(names + 1, controller)
				   : names[1] == '\0';
		if (found && snprintf(path, CGROUP_PATH_MAX, "%s", group) >=
				 CGROUP_PATH_MAX)
			found = false;
	}
	if (in)
		fclose(in);
	return found;
}

bool
cgroup_find(struct cgroup *group, const char *controller, pid_t pid)
{
	char point[CGROUP_PATH_MAX], root[CGROUP_PATH_MAX],
	    own[CGROUP_PATH_MAX];
	const char *below = own;
	size_t len;

	if (!find_mount(controller, point, root))
		return false;
	if (!find_own(controller, pid, own))
		strcpy(own, "/");
	/* A container may see only a part of the tree, by the names of the
	 * host; groups outside of that part begin with "/..". */
	len = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (strncmp(own, root, len) == 0)
		below += len;
	if (strcmp(below, "/") == 0 || strncmp(below, "/..", 3) == 0)
		below = "";
	group->mount_len = strlen(point);
	return snprintf(group->path, CGROUP_PATH_MAX, "%s%s", point, below) <
	       CGROUP_PATH_MAX;
}

bool
cgroup_up(struct cgroup *group)
{
	char *last = strrchr(group->path + group->mount_len, '/');

	if (!last)
		return false;
	*last = '\0';
	return true;
}

uint64_t
cgroup_number(const struct cgroup *group, const char *name)
{
	return procfs_value(UINT64_MAX, "%s/%s", group->path, name);
}

uint64_t
cgroup_least(const char *controller, pid_t pid,
    uint64_t (*read)(const struct cgroup *group))
{
	const char *const trees[] = {controller, NULL};
	uint64_t least = UINT64_MAX;
	struct cgroup group;

	for (int i = 0; i < 2; i++) {
		bool ok = cgroup_find(&group, trees[i], pid);

		for (; ok; ok = cgroup_up(&group)) {
			uint64_t number = read(&group);

			least = number < least ? number : least;
		}
	}
	return least;
}

uint64_t
cgroup_tasks_left(const struct cgroup *group)
{
	uint64_t max = cgroup_number(group, "pids.max");
	uint64_t now = cgroup_number(group, "pids.current");

	if (max == UINT64_MAX || now == UINT64_MAX)
		return max;
	return max > now ? max - now : 0;
}
