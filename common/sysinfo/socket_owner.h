/* SPDX-License-Identifier: MIT */
/*
 * socket_owner: which process of this machine has a socket, as far as we may
 * look.
 */
#ifndef COMMON_SYSINFO_SOCKET_OWNER_H
#define COMMON_SYSINFO_SOCKET_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/net/address.h"

/*
 * The process that listens at ADDRESS on this machine (for DATAGRAMS: that has
 * bound a UDP socket there), by its socket's inode, or 0 if it cannot be told.
 */
pid_t
socket_owner_listener(const struct address *address, bool datagrams);

/* The process that listens for TCP connections at ADDRESS, which is of this
 * machine: one of those under TREE if any of them does; 0 as above. */
pid_t
socket_owner_listener_below(const struct address *address, pid_t tree);

/*
 * Where the processes under TREE listen for TCP connections, in BUF, with
 * commas between them, as many as it holds. Whether they do.
 */
bool
socket_owner_listeners(pid_t tree, char *buf, size_t size);

/*
 * The process that has the other end of FD, a TCP connection within this
 * machine: the worker that serves it. One of the processes under TREE if they
 * have it, else any. 0 if it cannot be told.
 */
pid_t
socket_owner_peer(int fd, pid_t tree);

#endif
