/* SPDX-License-Identifier: MIT */
/* proc_tree: /proc/PID/task/TID/children, and the CPU clocks of processes. */
#include "common/sysinfo/proc_tree.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/procfs.h"

/* A child belongs to the thread that forked it, so each thread has a list. */
static void
walk_children_of(
    pid_t pid, const char *tid, void (*visit)(pid_t, void *), void *context)
{
	char path[64];
	int child;
	FILE *in;

	snprintf(
	    path, sizeof(path), "/proc/%d/task/%.20s/children", (int)pid, tid);
	in = fopen(path, "re");
	if (!in)
		return;
	while (fscanf(in, "%d", &child) == 1)
		proc_tree_walk(child, visit, context);
	fclose(in);
}

void
proc_tree_walk(
    pid_t pid, void (*visit)(pid_t pid, void *context), void *context)
{
	char path[32];
	struct dirent *task;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return;
	visit(pid, context);
	while ((task = readdir(dir))) {
		if (task->d_name[0] != '.')
			walk_children_of(pid, task->d_name, visit, context);
	}
	closedir(dir);
}

static pid_t
parent_of(pid_t pid)
{
	char text[1024];
	const char *name_end;
	int parent;

	procfs_read(text, sizeof(text), "/proc/%d/stat", (int)pid);
	name_end = strrchr(text, ')');
	return name_end && sscanf(name_end + 1, " %*c %d", &parent) == 1
		   ? parent
		   : 0;
}

/* For a kernel without lists of children (CONFIG_PROC_CHILDREN). */
static void
search_own_children(void (*visit)(pid_t pid, void *context), void *context)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid > 0 && parent_of(pid) == getpid())
			visit(pid, context);
	}
	if (dir)
		closedir(dir);
}

/* The process has one thread, so all children are in its list; the kernel gives
 * adopted ones to the first thread. A number without a blank after it is cut
 * off. */
void
proc_tree_own_children(void (*visit)(pid_t pid, void *context), void *context)
{
	FILE *in = fopen("/proc/thread-self/children", "re");
	int child;
	char blank;

	if (!in) {
		search_own_children(visit, context);
		return;
	}
	while (fscanf(in, "%d%c", &child, &blank) == 2)
		visit(child, context);
	fclose(in);
}

bool
proc_tree_is_below(pid_t pid, pid_t ancestor)
{
	while (pid > 1 && pid != ancestor)
		pid = parent_of(pid);
	return pid == ancestor;
}

static bool
read_stat(pid_t pid, struct procfs_stat *stat)
{
	char text[1024];

	procfs_read(text, sizeof(text), "/proc/%d/stat", (int)pid);
	return procfs_stat_parse(text, stat);
}

bool
proc_tree_has_ended(pid_t pid)
{
	struct procfs_stat stat;

	return !read_stat(pid, &stat) || stat.state == 'Z' || stat.state == 'X';
}

bool
proc_tree_is_stopped(pid_t pid)
{
	struct procfs_stat stat;

	return read_stat(pid, &stat) && stat.state == 'T';
}

uint64_t
proc_tree_start(pid_t pid)
{
	struct procfs_stat stat;

	return read_stat(pid, &stat) ? stat.start : 0;
}

void
proc_tree_tasks(pid_t pid, void (*visit)(pid_t pid, pid_t tid, void *context),
    void *context)
{
	char path[32];
	struct dirent *task;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (task = readdir(dir))) {
		if (task->d_name[0] != '.')
			visit(pid, (pid_t)atoi(task->d_name), context);
	}
	if (dir)
		closedir(dir);
}

pid_t
proc_tree_below_shell(pid_t pid)
{
	char path[32], text[64];
	struct stat shell, program;
	int child, other;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (stat("/bin/sh", &shell) < 0 || stat(path, &program) < 0 ||
	    shell.st_dev != program.st_dev || shell.st_ino != program.st_ino)
		return pid;
	procfs_read(text, sizeof(text), "/proc/%d/task/%d/children", (int)pid,
	    (int)pid);
	return sscanf(text, "%d %d", &child, &other) == 1 ? child : pid;
}

uint64_t
proc_tree_reaped_ns(pid_t pid)
{
	struct procfs_stat stat;

	if (!read_stat(pid, &stat))
		return 0;
	return (stat.reaped_user + stat.reaped_system) * procfs_tick_ns();
}

static void
add_cpu(pid_t pid, void *context)
{
	uint64_t *sum = context;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		*sum += clock_ns(clock);
	*sum += proc_tree_reaped_ns(pid);
}

uint64_t
proc_tree_cpu_ns(pid_t pid)
{
	uint64_t sum = 0;

	proc_tree_walk(pid, add_cpu, &sum);
	return sum;
}

uint64_t
proc_tree_first_thread_ns(pid_t pid)
{
	return procfs_value(
	    0, "/proc/%d/task/%d/schedstat", (int)pid, (int)pid);
}

bool
proc_tree_ignores_children(const char *status)
{
	const char *line = strstr(status, "\nSigIgn:");
	unsigned long long mask;

	return line && sscanf(line, " SigIgn: %llx", &mask) == 1 &&
	       mask >> (SIGCHLD - 1) & 1;
}

static void
find_ignored(pid_t pid, void *context)
{
	bool *ignored = context;
	char text[PROCFS_STATUS_MAX];

	procfs_read(text, sizeof(text), "/proc/%d/status", (int)pid);
	if (proc_tree_ignores_children(text))
		*ignored = true;
}

bool
proc_tree_loses_children(pid_t pid)
{
	bool ignored = false;

	proc_tree_walk(pid, find_ignored, &ignored);
	return ignored;
}

/* Whether the ELF file has a PT_INTERP header: it is linked dynamically. */
static bool
has_interpreter(int fd, const ElfW(Ehdr) * head)
{
	for (unsigned i = 0; i < head->e_phnum; i++) {
		ElfW(Phdr) part;
		off_t at = (off_t)(head->e_phoff + i * sizeof(part));

		if (pread(fd, &part, sizeof(part), at) == sizeof(part) &&
		    part.p_type == PT_INTERP)
			return true;
	}
	return false;
}

static bool
has_mapped(pid_t pid, const char *library)
{
	char path[32], line[512];
	bool found = false;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	in = fopen(path, "re");
	while (in && !found && fgets(line, sizeof(line), in))
		found = strstr(line, library) != NULL;
	if (in)
		fclose(in);
	return found;
}

const char *
proc_tree_image(pid_t pid)
{
	char path[32];
	ElfW(Ehdr) head;
	const char *image = NULL;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (pread(fd, &head, sizeof(head), 0) == sizeof(head) &&
	    memcmp(head.e_ident, ELFMAG, SELFMAG) == 0 &&
	    head.e_phentsize == sizeof(ElfW(Phdr))) {
		if (!has_interpreter(fd, &head))
			image = head.e_type == ET_DYN ? "static PIE" : "static";
		else
			image = has_mapped(pid, "/libssl.so")
				    ? "dynamic, with libssl"
				    : "dynamic";
	}
	close(fd);
	return image;
}

uint64_t
proc_tree_waited_ns(void)
{
	unsigned long long ran, waited = 0;
	FILE *in = fopen("/proc/thread-self/schedstat", "re");

	if (in) {
		if (fscanf(in, "%llu %llu", &ran, &waited) != 2)
			waited = 0;
		fclose(in);
	}
	return waited;
}
