/* SPDX-License-Identifier: MIT */
/*
 * overflows: connections that the kernel did not take in.
 */
#ifndef COMMON_LOAD_OVERFLOWS_H
#define COMMON_LOAD_OVERFLOWS_H

#include <stdint.h>

/*
 * How often a listener's queue was full, since this network began (TcpExt
 * ListenOverflows); 0 if it cannot be told. The client then tries again after
 * a second, which looks like a slow server.
 */
uint64_t
listen_overflows(void);

#endif
