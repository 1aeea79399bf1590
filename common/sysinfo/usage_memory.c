/* SPDX-License-Identifier: MIT */
/* usage_memory: the memory of a process tree, by kind. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/procfs.h"
#include "common/sysinfo/proc_tree.h"
#include "common/sysinfo/usage.h"

/* THREAD_SIZE of x86-64 and arm64, where that is a page or more. */
#define KERNEL_STACK_KIB 16

static uint64_t
page_kib(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* The lines of /proc/PID/maps; NAN without permission. */
static double
count_mappings(pid_t pid)
{
	char path[32], part[16384];
	double lines = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : NAN;
	while ((n = read(fd, part, sizeof(part))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			lines += part[i] == '\n';
	}
	close(fd);
	return lines;
}

/*
 * PSS divides a page by the number of processes that have mapped it, so the sum
 * over a tree is the memory that it takes. Shared memory without a file counts
 * as anonymous.
 */
static void
add_pages(struct usage_memory *memory, pid_t pid)
{
	char text[4096];
	uint64_t pss, anonymous, file, shared;

	if (procfs_read(text, sizeof(text), "/proc/%d/smaps_rollup", (int)pid) <
		0 &&
	    (errno == ENOENT || errno == ESRCH))
		return; /* it has just ended */
	if (!procfs_number(text, "Pss:", &pss))
		memory->pss_kib = NAN;
	else
		memory->pss_kib += (double)pss;
	if (!procfs_number(text, "Pss_Anon:", &anonymous) ||
	    !procfs_number(text, "Pss_File:", &file) ||
	    !procfs_number(text, "Pss_Shmem:", &shared)) {
		memory->kib[MEMORY_ANONYMOUS] = NAN; /* before Linux 5.4 */
		memory->kib[MEMORY_FILE] = NAN;
		return;
	}
	memory->kib[MEMORY_ANONYMOUS] += (double)(anonymous + shared);
	memory->kib[MEMORY_FILE] += (double)file;
}

static void
set_unknown(struct usage_memory *memory)
{
	for (size_t kind = 0; kind < MEMORY_KINDS; kind++)
		memory->kib[kind] = NAN;
	memory->pss_kib = memory->mappings = NAN;
}

static void
add_process(pid_t pid, void *context)
{
	struct usage_memory *memory = context;
	char text[PROCFS_STATUS_MAX];
	uint64_t threads, tables;
	uint64_t stack =
	    page_kib() > KERNEL_STACK_KIB ? page_kib() : KERNEL_STACK_KIB;

	if (procfs_read(text, sizeof(text), "/proc/%d/status", (int)pid) < 0)
		return; /* it has just ended */
	if (!procfs_number(text, "Threads:", &threads)) {
		set_unknown(memory); /* the file is longer than TEXT */
		memory->threads = memory->processes = NAN;
		return;
	}
	if (!procfs_number(text, "VmPTE:", &tables))
		return; /* a zombie */
	memory->processes++;
	memory->threads += (double)threads;
	/* VmPTE does not count the top-level page table. */
	memory->kib[MEMORY_PAGE_TABLES] += (double)(tables + page_kib());
	memory->kib[MEMORY_KERNEL_STACKS] += (double)(threads * stack);
	memory->mappings += count_mappings(pid);
	add_pages(memory, pid);
}

/*
 * Version 2 has the figure. Version 1 has the sum of the kernel's memory, from
 * which stacks and page tables are subtracted.
 */
static double
read_slab(const struct usage_memory *memory, const struct usage_group *group)
{
	char text[8192];
	uint64_t bytes;

	if (!group || !group->memory[0])
		return NAN;
	if (group->memory_unified) {
		procfs_read(
		    text, sizeof(text), "%s/memory.stat", group->memory);
		return procfs_number(text, "slab", &bytes)
			   ? (double)bytes / 1024
			   : NAN;
	}
	procfs_read(
	    text, sizeof(text), "%s/memory.kmem.usage_in_bytes", group->memory);
	if (sscanf(text, "%" SCNu64, &bytes) != 1)
		return NAN;
	return (double)bytes / 1024 - memory->kib[MEMORY_PAGE_TABLES] -
	       memory->kib[MEMORY_KERNEL_STACKS];
}

void
usage_memory_read(
    struct usage_memory *memory, pid_t pid, const struct usage_group *group)
{
	*memory = (struct usage_memory){0};
	/* Without the shell: others share its pages, and come and go. */
	proc_tree_walk(proc_tree_below_shell(pid), add_process, memory);
	memory->kib[MEMORY_SLAB] = read_slab(memory, group);
	if (memory->processes == 0)
		set_unknown(memory);
}

/* Other instances of the program share the pages of its file. If they take a
 * share over, no connection has released memory: so at least 0. */
static double
growth(const struct usage_memory *before, const struct usage_memory *after,
    size_t kind)
{
	double kib = after->kib[kind] - before->kib[kind];

	return kind == MEMORY_FILE && kib < 0 ? 0 : kib;
}

void
usage_add_memory(const struct usage_memory *before,
    const struct usage_memory *after, uint64_t connections, struct usage *usage)
{
	for (size_t kind = 0; kind < MEMORY_KINDS; kind++)
		usage->memory_kib[kind] =
		    connections
			? growth(before, after, kind) / (double)connections
			: NAN;
	usage->pss_kib = after->pss_kib;
	usage->connections = (double)connections;
	usage->processes = after->processes;
	usage->threads = after->threads;
	usage->mappings = after->mappings;
}
