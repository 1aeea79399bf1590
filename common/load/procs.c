/* SPDX-License-Identifier: MIT */
/* procs: a walk down the process tree, and the CPU time on the way. */
#include "common/load/procs.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"

/* A child belongs to the thread that made it, so each thread has a list. */
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
		procs_walk(child, visit, context);
	fclose(in);
}

void
procs_walk(pid_t pid, void (*visit)(pid_t pid, void *context), void *context)
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

/* cutime and cstime, fields 16 and 17 of proc_pid_stat(5). */
uint64_t
procs_reaped_ns(pid_t pid)
{
	char path[32], line[1024], *at;
	unsigned long user = 0, system = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	in = fopen(path, "re");
	if (!in)
		return 0;
	/* The name may hold spaces and parentheses: skip to the last one. */
	if (fgets(line, sizeof(line), in) && (at = strrchr(line, ')')))
		sscanf(at + 1,
		    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %lu "
		    "%lu",
		    &user, &system);
	fclose(in);
	return (user + system) * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void
add_cpu(pid_t pid, void *context)
{
	uint64_t *sum = context;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		*sum += clock_ns(clock);
	*sum += procs_reaped_ns(pid);
}

uint64_t
procs_cpu_ns(pid_t pid)
{
	uint64_t sum = 0;

	procs_walk(pid, add_cpu, &sum);
	return sum;
}

static void
look_for_ignored(pid_t pid, void *context)
{
	bool *ignored = context;
	char path[32], line[256];
	unsigned long long mask;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "SigIgn: %llx", &mask) == 1 &&
		    mask >> (SIGCHLD - 1) & 1)
			*ignored = true;
	}
	if (in)
		fclose(in);
}

bool
procs_loses_children(pid_t pid)
{
	bool ignored = false;

	procs_walk(pid, look_for_ignored, &ignored);
	return ignored;
}

/* ELF: whether FD's program headers ask for an interpreter, ld.so. */
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
procs_image(pid_t pid)
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
procs_waited_ns(void)
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
