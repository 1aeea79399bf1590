/* SPDX-License-Identifier: MIT */
/*
 * address_list: the source addresses of a load's connections.
 *
 * One source address has about 28,000 ports for one target. More connections,
 * or many short ones, need several addresses:
 *
 *	"127.0.0.2"                  one
 *	"10.0.0.5,10.0.0.9"          two, used in turn
 *	"127.0.0.1-127.0.0.50"       a range; IPv4 or IPv6
 *
 * Not thread-safe.
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
	struct address *addresses; /* with port 0; the list's own */
	uint32_t count;
};

/*
 * Adds the addresses of TEXT to SOURCES, zeroed or already in use. Returns 0;
 * or -1, without errno, if TEXT has another form, the families differ, there
 * are too many, or there is no memory. The caller releases SOURCES in any case.
 */
int
address_list_parse(struct address_list *sources, const char *text);

/* Harmless if SOURCES is zeroed or released. */
void
address_list_release(struct address_list *sources);

/*
 * Binds a socket to each address in turn. Returns 0; or -1 with the errno of
 * socket(2) or bind(2), and in WHICH the first address that failed.
 */
int
address_list_check(
    const struct address_list *sources, const struct address **which);

/* Writes "10.0.0.1" to BUF (ADDRESS_TEXT_MAX bytes). Returns BUF. */
char *
address_list_format(const struct address *source, char *buf);

#endif
