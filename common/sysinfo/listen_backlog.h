/* SPDX-License-Identifier: MIT */
/*
 * listen_backlog: the backlog of a listening socket, and how often it was full.
 *
 * A TCP client that finds the backlog full tries again after 1, 3, 7 s. That
 * looks like a slow or dead server, but is a parameter of listen(2). The kernel
 * reports both numbers for each socket of this network namespace to any user
 * (sock_diag(7)). Thread-safe.
 */
#ifndef COMMON_SYSINFO_LISTEN_BACKLOG_H
#define COMMON_SYSINFO_LISTEN_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/address.h"

struct listen_backlog {
	uint32_t sockets; /* that listen there; 0: unknown */
	uint32_t size;	  /* the smallest backlog of them */
	/* Of these sockets, since they listen: the segments that they dropped.
	 * A socket with TCP_DEFER_ACCEPT (Apache's have it) drops one of each
	 * connection although its backlog is not full. */
	uint64_t overflows;
	/* Of all sockets, since the network namespace is there: how often a
	 * backlog was full; -1: unknown. */
	int64_t everywhere;
};

/* Reads the sockets that accept connections to ADDRESS, an address of this
 * machine. False, with BACKLOG zeroed, if none is known. */
bool
listen_backlog_read(
    const struct address *address, struct listen_backlog *backlog);

/* How often a backlog was full between BEFORE and AFTER; 0 if unknown. */
uint64_t
listen_backlog_overflows(
    const struct listen_backlog *before, const struct listen_backlog *after);

/* Writes "its backlog of 5 was full 4,107 times" to BUF. Returns BUF. */
char *
listen_backlog_words(uint64_t backlog, uint64_t full, char *buf, size_t size);

#endif
