/* SPDX-License-Identifier: MIT */
/*
 * address_list: addresses of this machine that a load's connections come from.
 *
 * One address has about 28,000 ports towards one target, so more connections
 * than that, or many short ones, need several:
 *
 *	"127.0.0.2"                  one
 *	"10.0.0.5,10.0.0.9"          these, in turn
 *	"127.0.0.1-127.0.0.50"       a range, either family
 *
 * One thread at a time.
 */
#ifndef COMMON_NET_ADDRESS_LIST_H
#define COMMON_NET_ADDRESS_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "common/net/address.h"

#define ADDRESS_LIST_MAX 1024
#define ADDRESS_LIST_WORDS                                                  \
	"addresses of one family without a port, with commas between "      \
	"(10.0.0.1,10.0.0.2) or as a range (127.0.0.1-127.0.0.9); 1024 at " \
	"most"

struct address_list {
	struct address *addresses; /* port 0 */
	uint32_t count;
};

/* Adds those of TEXT. Returns 0, or -1 if it is not of this form, the families
 * differ, or there are too many. */
int
address_list_parse(struct address_list *sources, const char *text);

/* Harmless if it is released or zeroed. */
void
address_list_release(struct address_list *sources);

/*
 * Whether sockets may be bound to each. Returns 0; or -1 with errno, and the
 * first that cannot be in WHICH.
 */
int
address_list_check(
    const struct address_list *sources, const struct address **which);

/* "10.0.0.1" in BUF of ADDRESS_TEXT_MAX bytes. Returns BUF. */
char *
address_list_format(const struct address *source, char *buf);

#endif
