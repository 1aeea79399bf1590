/* SPDX-License-Identifier: MIT */
/* event_wait: epoll_pwait2(2), or ppoll(2) and epoll_wait(2). */
#include "common/load/event_wait.h"

#include <errno.h>
#include <linux/time_types.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/clock.h"

static int
ppoll_and_wait(int epoll, struct epoll_event *events, int most, uint64_t ns)
{
	struct pollfd ready = {epoll, POLLIN, 0};
	struct timespec timeout = clock_timespec(ns);

	if (ppoll(&ready, 1, &timeout, NULL) < 0)
		return -1;
	return epoll_wait(epoll, events, most, 0);
}

#ifdef SYS_epoll_pwait2

/* For good: kernel and filter do not change. */
static atomic_bool refused;

int
event_wait(int epoll, struct epoll_event *events, int most, uint64_t ns)
{
	/* The kernel's type: its time has 64 bits on all machines. */
	struct __kernel_timespec timeout = {
	    .tv_sec = (__kernel_time64_t)(ns / NS_PER_S),
	    .tv_nsec = (long long)(ns % NS_PER_S),
	};
	int n;

	if (atomic_load_explicit(&refused, memory_order_relaxed))
		return ppoll_and_wait(epoll, events, most, ns);
	n = (int)syscall(
	    SYS_epoll_pwait2, epoll, events, most, &timeout, NULL, (size_t)0);
	if (n >= 0 || errno == EINTR)
		return n;
	/* A filter may return any error; only EINTR says nothing. */
	atomic_store_explicit(&refused, true, memory_order_relaxed);
	return ppoll_and_wait(epoll, events, most, ns);
}

#else

int
event_wait(int epoll, struct epoll_event *events, int most, uint64_t ns)
{
	return ppoll_and_wait(epoll, events, most, ns);
}

#endif
