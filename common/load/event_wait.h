/* SPDX-License-Identifier: MIT */
/*
 * event_wait: epoll_wait(2) to the nanosecond.
 *
 * epoll_pwait2(2) does it in one call, since Linux 5.11. An older kernel does
 * not know that, and a seccomp filter may refuse it: from then on, ppoll(2)
 * waits for the epoll, which is as exact, and epoll_wait(2) takes what is
 * there. It is called by its number, as glibc has it only since 2.35.
 *
 * Safe in any thread.
 */
#ifndef COMMON_LOAD_EVENT_WAIT_H
#define COMMON_LOAD_EVENT_WAIT_H

#include <stdint.h>
#include <sys/epoll.h>

/* At most MOST events of EPOLL, once there are any or NS have passed. Returns
 * how many, or -1 with errno, as epoll_wait(2) does. */
int
event_wait(int epoll, struct epoll_event *events, int most, uint64_t ns);

#endif
