/* SPDX-License-Identifier: MIT */
/*
 * event_wait: epoll_wait(2) with a timeout in nanoseconds.
 *
 * epoll_pwait2(2) does it in one call, since Linux 5.11. If the kernel does not
 * have it, or a seccomp filter refuses it, ppoll(2) waits for the epoll
 * descriptor, which is as exact, and epoll_wait(2) fetches the events. It is
 * called by its number because glibc has it only since 2.35.
 *
 * Thread-safe.
 */
#ifndef COMMON_LOAD_EVENT_WAIT_H
#define COMMON_LOAD_EVENT_WAIT_H

#include <stdint.h>
#include <sys/epoll.h>

/* Waits up to NS for events and fetches up to MOST. Returns their number, or -1
 * with errno, as epoll_wait(2). */
int
event_wait(int epoll, struct epoll_event *events, int most, uint64_t ns);

#endif
