/* SPDX-License-Identifier: MIT */
/*
 * protocol_table: all protocols that a load can speak.
 */
#ifndef COMMON_LOAD_PROTOCOL_TABLE_H
#define COMMON_LOAD_PROTOCOL_TABLE_H

#include "common/load/protocol.h"

/* NULL-terminated, in the order in which they are listed. */
extern const struct protocol *const PROTOCOLS[];

const struct protocol *
protocol_find(const char *name);

#endif
