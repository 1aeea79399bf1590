/* SPDX-License-Identifier: MIT */
/*
 * protocol_table: the protocols of a load. A new protocol gets a file and a
 * line in PROTOCOL_TABLE.
 */
#ifndef COMMON_LOAD_PROTOCOL_TABLE_H
#define COMMON_LOAD_PROTOCOL_TABLE_H

#include "common/load/protocol.h"

/* NULL-terminated, in the order of `client list`. */
extern const struct protocol *const PROTOCOL_TABLE[];

/* Returns NULL if no protocol has NAME. */
const struct protocol *
protocol_find(const char *name);

#endif
