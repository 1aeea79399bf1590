/* SPDX-License-Identifier: MIT */
/* trace_guard: SIGBUS. */
#include "common/base/trace_guard.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

static void *guarded;
static size_t guarded_size;
static struct sigaction before;
static atomic_bool lost; /* by any thread, in the handler */

/* mmap() is a system call and no more: it may be called in a handler. Two
 * threads may come here at once; then the second one replaces memory. */
static bool
replace_file(void)
{
	return mmap(guarded, guarded_size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
		   0) != MAP_FAILED;
}

/* When it returns, the instruction that faulted is carried out again: it
 * succeeds, or faults without this handler. */
static void
on_bus_error(int number, siginfo_t *info, void *context)
{
	bool fault = info->si_code > 0; /* and not sent by a process */
	size_t at = (uintptr_t)info->si_addr - (uintptr_t)guarded;
	int error = errno;

	(void)context;
	if (fault && at < guarded_size && replace_file()) {
		lost = true;
	} else {
		sigaction(number, &before, NULL);
		if (!fault)
			raise(number);
	}
	errno = error;
}

void
trace_guard_begin(void *memory, size_t size)
{
	struct sigaction act = {
	    .sa_sigaction = on_bus_error,
	    .sa_flags = SA_SIGINFO | SA_RESTART,
	};

	guarded = memory;
	guarded_size = size;
	lost = false;
	sigaction(SIGBUS, &act, &before);
}

void
trace_guard_end(void)
{
	sigaction(SIGBUS, &before, NULL);
}

bool
trace_guard_is_lost(void)
{
	return lost;
}
