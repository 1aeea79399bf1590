/* SPDX-License-Identifier: MIT */
/*
 * fail_alloc: for LD_PRELOAD; the NTH allocation of each worker fails.
 *
 * A worker is whatever thread or process is not the one that started. NTH is
 * read at its first allocation from a file that all map, $FAIL_ALLOC, so that a
 * test can change it from one connection to the next; 0: none fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *
__libc_malloc(size_t size);
extern void *
__libc_calloc(size_t count, size_t size);
extern void *
__libc_realloc(void *old, size_t size);
extern void
__libc_free(void *memory);

static struct plan {
	_Atomic uint64_t nth;
	_Atomic uint64_t failed; /* so many were made to */
	_Atomic int64_t live;	 /* allocations that are not given back */
} * plan;
static long first;
static _Thread_local long counted; /* the thread that COUNT is of */
static _Thread_local uint64_t count, nth;

__attribute__((constructor)) static void
begin(void)
{
	int fd = open(getenv("FAIL_ALLOC"), O_RDWR | O_CLOEXEC);

	plan = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	first = syscall(SYS_gettid);
}

static bool
fails(void)
{
	long self = first ? syscall(SYS_gettid) : 0;

	if (self == first)
		return false;
	if (counted != self) {
		counted = self;
		count = 0;
		nth = plan->nth;
	}
	if (++count != nth)
		return false;
	plan->failed++;
	errno = ENOMEM;
	return true;
}

static void *
note(void *memory)
{
	if (plan && memory)
		plan->live++;
	return memory;
}

void *
malloc(size_t size)
{
	return fails() ? NULL : note(__libc_malloc(size));
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : note(__libc_calloc(n, size));
}

void *
realloc(void *old, size_t size)
{
	void *memory;

	if (fails())
		return NULL;
	memory = __libc_realloc(old, size);
	return old ? memory : note(memory);
}

void
free(void *memory)
{
	if (plan && memory)
		plan->live--;
	__libc_free(memory);
}
