/* SPDX-License-Identifier: MIT */
/*
 * pretend: a machine with less than this one has: files of /proc and /sys that
 * say what a test wants, for a child process alone.
 */
#ifndef TESTS_UNIT_PRETEND_H
#define TESTS_UNIT_PRETEND_H

#include "tests/unit/unit.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* Status of a child that may not pretend. */
#define PRETEND_NOT 77

static inline void
pretend_write(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	child_assert(out);
	child_assert(fputs(text, out) >= 0);
	child_assert(fclose(out) == 0);
}

/* In a child: what it mounts from here on nobody else sees. Who is not root
 * becomes it, among its own. */
static inline void
pretend_begin(void)
{
	unsigned uid = geteuid(), gid = getegid();
	char map[40];

	if (unshare(CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)) < 0)
		_exit(PRETEND_NOT);
	if (uid != 0) {
		snprintf(map, sizeof(map), "0 %u 1\n", uid);
		pretend_write("/proc/self/uid_map", map);
		pretend_write("/proc/self/setgroups", "deny\n");
		snprintf(map, sizeof(map), "0 %u 1\n", gid);
		pretend_write("/proc/self/gid_map", map);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		_exit(PRETEND_NOT);
}

/* The file at PATH says TEXT, whatever was pretended of it before: nothing can
 * be mounted on a file that is unlinked. */
static inline void
pretend_file(const char *path, const char *text)
{
	char other[] = "/tmp/perconn-pretend-XXXXXX";
	int fd = mkstemp(other), bad;

	child_assert(fd >= 0);
	close(fd);
	pretend_write(other, text);
	umount2(path, MNT_DETACH);
	bad = mount(other, path, NULL, MS_BIND, NULL);
	unlink(other);
	if (bad)
		_exit(PRETEND_NOT);
}

/* This process is in the group that OWN says (/proc/self/cgroup), of a tree
 * that MOUNT says (/proc/self/mountinfo); of a and a/b in it nothing is said.
 */
static inline void
pretend_tree(const char *own, const char *mount_line)
{
	if (mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL) < 0)
		_exit(PRETEND_NOT);
	child_assert(mkdir("/sys/fs/cgroup/a", 0755) == 0);
	child_assert(mkdir("/sys/fs/cgroup/a/b", 0755) == 0);
	pretend_file("/proc/self/cgroup", own);
	pretend_file("/proc/self/mountinfo", mount_line);
}

/* The group /a/b, of version 2. */
static inline void
pretend_groups(void)
{
	pretend_tree(
	    "0::/a/b\n", "1 2 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
}

#define TEST_PRETENDING(name) TEST_BY(run_pretending, name)

/* Runs ACT, which pretends, in a child that must end well. */
static inline void
run_pretending(void (*act)(void *), void *arg)
{
	static struct caught caught;

	catch_child(&caught, act, arg);
	if (caught.exit == PRETEND_NOT)
		skip();
	if (caught.exit != 0)
		print_error("%s", caught.err);
	assert_int_equal(caught.exit, 0);
}

#endif
