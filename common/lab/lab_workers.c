/* SPDX-License-Identifier: MIT */
/* lab_workers: the tasks of a server, and who holds a connection, from /proc.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/procfs.h"
#include "common/lab/lab_server.h"
#include "common/sysinfo/proc_tree.h"
#include "common/sysinfo/socket_owner.h"

struct walk {
	const struct lab_server *server;
	struct lab_worker *found;
	size_t count, max;
	unsigned long inode;
};

static void
add(struct walk *walk, struct lab_worker worker)
{
	if (walk->count < walk->max)
		walk->found[walk->count] = worker;
	walk->count++;
}

/* ---- tasks ---- */

static bool
is_own(const struct lab_server *server, pid_t tid)
{
	for (size_t i = 0; i < server->own_count; i++) {
		if (server->own[i] == tid)
			return true;
	}
	return false;
}

static void
visit_task(pid_t pid, pid_t tid, void *context)
{
	struct walk *walk = context;
	struct procfs_stat stat;
	char text[1024];

	if (is_own(walk->server, tid))
		return;
	procfs_read(
	    text, sizeof(text), "/proc/%d/task/%d/stat", (int)pid, (int)tid);
	if (procfs_stat_parse(text, &stat))
		add(walk, (struct lab_worker){pid, tid, -1, stat.state});
}

static void
visit_process(pid_t pid, void *context)
{
	proc_tree_tasks(pid, visit_task, context);
}

size_t
lab_server_workers(
    const struct lab_server *server, struct lab_worker *workers, size_t max)
{
	struct walk walk = {server, workers, 0, max, 0};

	if (server->pid)
		proc_tree_walk(server->pid, visit_process, &walk);
	return walk.count;
}

bool
lab_server_await_workers(
    struct lab_run *run, struct lab_server *server, size_t count)
{
	uint64_t deadline = now_ns() + LAB_TIMEOUT_MS * NS_PER_MS;
	size_t there;

	while ((there = lab_server_workers(server, NULL, 0)) != count) {
		if (lab_is_over(run) || !lab_wait_ms(run, 2))
			return false;
		if (now_ns() > deadline) {
			lab_cannot(run,
			    "server_%s has %zu workers instead of %zu, after "
			    "10 s",
			    "10 秒后 server_%s 有 %zu 个 worker，而不是 %zu 个",
			    server->model, there, count);
			return false;
		}
	}
	return true;
}

/* ---- descriptors ---- */

static void
visit_holder(pid_t pid, void *context)
{
	struct walk *walk = context;
	char path[300], want[40], link[40];
	struct dirent *entry;
	DIR *dir;

	snprintf(want, sizeof(want), "socket:[%lu]", walk->inode);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		ssize_t n = readlinkat(
		    dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		link[n > 0 ? n : 0] = '\0';
		if (strcmp(link, want) == 0)
			add(walk, (struct lab_worker){
				      pid, pid, atoi(entry->d_name), '?'});
	}
	if (dir)
		closedir(dir);
}

size_t
lab_server_holders(const struct lab_server *server, int fd,
    struct lab_worker *holders, size_t max)
{
	struct walk walk = {
	    server, holders, 0, max, socket_owner_peer_inode(fd)};

	if (server->pid && walk.inode)
		proc_tree_walk(server->pid, visit_holder, &walk);
	return walk.count;
}

size_t
lab_open_descriptors(pid_t process)
{
	struct dirent *entry;
	size_t count = 0;
	char path[40];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)process);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}
