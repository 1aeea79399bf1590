/* SPDX-License-Identifier: MIT */
/*
 * cgroup: the control group of a process, and those above it.
 *
 *	for (ok = cgroup_find(&group, "pids", 0); ok; ok = cgroup_up(&group))
 *		... cgroup_number(&group, "pids.max") ...
 *
 * The limit of each of them applies. Version 1 has a tree for each controller,
 * version 2 one tree for all; both may be mounted at once, and a container may
 * see a part of either. Reads files; safe in any thread.
 */
#ifndef COMMON_BASE_CGROUP_H
#define COMMON_BASE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_PATH_MAX 512

struct cgroup {
	char path[CGROUP_PATH_MAX]; /* the group's folder */
	size_t mount_len; /* length of the root of the tree, in PATH */
};

/*
 * Finds PID's group (0: our own) in the tree of CONTROLLER, or of version 2
 * (NULL). False: there is no such tree, or it is unknown.
 */
bool
cgroup_find(struct cgroup *group, const char *controller, pid_t pid);

/* Moves to the group above. False: this is the highest visible one. */
bool
cgroup_up(struct cgroup *group);

/* The number in the group's file NAME. UINT64_MAX: none ("max", or no such
 * file). */
uint64_t
cgroup_number(const struct cgroup *group, const char *name);

/*
 * The least value of READ for PID's groups and all above them, in the tree of
 * CONTROLLER and of version 2. UINT64_MAX: none.
 */
uint64_t
cgroup_least(const char *controller, pid_t pid,
    uint64_t (*read)(const struct cgroup *group));

/* A READ for "pids": how many more tasks the group may have. */
uint64_t
cgroup_tasks_left(const struct cgroup *group);

#endif
