/* SPDX-License-Identifier: MIT */
/*
 * address_hint: explains what is wrong with an address, and what to write
 * instead. common/base/hint.h does so for other values.
 */
#ifndef COMMON_NET_ADDRESS_HINT_H
#define COMMON_NET_ADDRESS_HINT_H

#include <stddef.h>

/* The use of TEXT: a server listens there (literals only), or a client connects
 * to it. */
enum address_user { ADDRESS_FOR_SERVER, ADDRESS_FOR_CLIENT };

/* Writes into WHY of SIZE bytes (HINT_MAX are enough) why TEXT is no address,
 * or an empty text. */
void
address_hint(enum address_user user, const char *text, char *why, size_t size);

#endif
