/* SPDX-License-Identifier: MIT */
/*
 * page_faults: for LD_PRELOAD: a kernel that counts TLB misses, on a machine
 * that cannot. It counts page faults instead, which no hardware is needed for.
 */
#include <dlfcn.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

long
syscall(long number, ...)
{
	long (*next)(long, ...);
	long word[6];
	struct perf_event_attr attr;
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		word[i] = va_arg(args, long);
	va_end(args);
	*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	if (number == SYS_perf_event_open) {
		attr = *(struct perf_event_attr *)word[0];
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_PAGE_FAULTS;
		attr.exclude_kernel = 0;
		word[0] = (long)&attr;
	}
	return next(
	    number, word[0], word[1], word[2], word[3], word[4], word[5]);
}
