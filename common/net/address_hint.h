/* SPDX-License-Identifier: MIT */
/*
 * address_hint: what is wrong with an address, and what to write instead, as
 * common/base/hint.h has it for other values.
 */
#ifndef COMMON_NET_ADDRESS_HINT_H
#define COMMON_NET_ADDRESS_HINT_H

#include <stddef.h>

/* What TEXT was to be: where a server listens (literals only), or what a client
 * talks to. */
enum address_user { ADDRESS_FOR_SERVER, ADDRESS_FOR_CLIENT };

/* TEXT is none: why, in SIZE bytes (HINT_MAX are enough); or nothing. */
void
address_hint(enum address_user user, const char *text, char *why, size_t size);

#endif
