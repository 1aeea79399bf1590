/* SPDX-License-Identifier: MIT */
/*
 * listen_overflows: connections that found an accept queue full.
 *
 * Whoever tries again does so after 1, 3, 7 s, which looks like a server that
 * is slow to connect to. The kernel counts them for all sockets together.
 */
#ifndef COMMON_SYSINFO_LISTEN_OVERFLOWS_H
#define COMMON_SYSINFO_LISTEN_OVERFLOWS_H

#include <stdint.h>

/* Since this network namespace began (TcpExt ListenOverflows); -1: unknown. */
int64_t
listen_overflows(void);

#endif
