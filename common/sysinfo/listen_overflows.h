/* SPDX-License-Identifier: MIT */
/*
 * listen_overflows: how many connections found an accept queue full.
 *
 * TCP then tries again after 1, 3, 7 s, which looks like a slow server. The
 * kernel has one counter for all sockets; listen_backlog.h is more exact, but
 * needs sock_diag(7).
 */
#ifndef COMMON_SYSINFO_LISTEN_OVERFLOWS_H
#define COMMON_SYSINFO_LISTEN_OVERFLOWS_H

#include <stdint.h>

/* TcpExt ListenOverflows of this network namespace, since its start; -1:
 * unknown. */
int64_t
listen_overflows(void);

#endif
