/* SPDX-License-Identifier: MIT */
/*
 * cgroup: the control group of a process, and those above it.
 *
 *	for (ok = cgroup_find(&group, "pids", 0); ok; ok = cgroup_up(&group))
 *		... cgroup_number(&group, "pids.max") ...
 *
 * A limit of any of them binds, so all are to be asked. Version 1 has a tree
 * for each controller, version 2 one for all; both may be mounted side by side,
 * and a container may see a part of either. Reads files of /proc and of the
 * trees; safe in any thread.
 */
#ifndef COMMON_BASE_CGROUP_H
#define COMMON_BASE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_PATH_MAX 512

struct cgroup {
	char path[CGROUP_PATH_MAX]; /* of its folder */
	size_t mount_len;	    /* so much of it is the tree's root */
};

/*
 * PID's group (0: our own) in the tree of CONTROLLER, or of version 2 where
 * that is NULL. False: there is no such tree, or it is not known.
 */
bool
cgroup_find(struct cgroup *group, const char *controller, pid_t pid);

/* To the group above. False: it is the highest that we see. */
bool
cgroup_up(struct cgroup *group);

/* The number in its file NAME. UINT64_MAX: none ("max", no such file). */
uint64_t
cgroup_number(const struct cgroup *group, const char *name);

/*
 * The least that READ finds in PID's groups and all above them: of CONTROLLER,
 * and of version 2. UINT64_MAX: nothing.
 */
uint64_t
cgroup_least(const char *controller, pid_t pid,
    uint64_t (*read)(const struct cgroup *group));

/* How many more tasks the group may have: a READ for "pids". */
uint64_t
cgroup_tasks_left(const struct cgroup *group);

#endif
