/* SPDX-License-Identifier: MIT */
/*
 * target: what a client can talk to, from text to an address.
 */
#ifndef COMMON_LOAD_TARGET_H
#define COMMON_LOAD_TARGET_H

#include <stddef.h>

#include "common/net/address.h"

/*
 * TEXT is HOST:PORT (a name is resolved, the first address is taken that
 * accepts a connection or, if none does, the first of all) or unix:PATH.
 * Returns 0; or -1 with the reason in WHY (SIZE bytes) and errno: EINVAL if
 * TEXT is not of these forms, ENOENT if the name is not known.
 */
int
target_resolve(const char *text, struct address *out, char *why, size_t size);

#endif
