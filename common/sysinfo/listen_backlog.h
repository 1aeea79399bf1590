/* SPDX-License-Identifier: MIT */
/*
 * listen_backlog: how many connections a listening socket lets wait to be
 * accepted, and how often it had no room for one more.
 *
 * Over TCP, who finds it full tries again after 1, 3, 7 s: that looks like a
 * server that is slow, or dead, and is a number that it gave to listen(2). The
 * kernel tells both of each socket of this network namespace (sock_diag(7)),
 * whoever asks.
 */
#ifndef COMMON_SYSINFO_LISTEN_BACKLOG_H
#define COMMON_SYSINFO_LISTEN_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/address.h"

struct listen_backlog {
	uint32_t sockets; /* that listen there; 0: nothing is known */
	uint32_t size;	  /* of the smallest of them */
	uint64_t full;	  /* times, since they listen, of all */
};

/* What listens at ADDRESS, which is one of this machine, or at its port at any
 * address. False, and all 0, if nothing is known to. */
bool
listen_backlog_read(
    const struct address *address, struct listen_backlog *backlog);

/* How often it was full between BEFORE and AFTER; 0 if either is not known. */
uint64_t
listen_backlog_is_full(
    const struct listen_backlog *before, const struct listen_backlog *after);

/* "its backlog of 5 was full 4,107 times" in BUF. Returns BUF. */
char *
listen_backlog_words(uint64_t backlog, uint64_t full, char *buf, size_t size);

#endif
