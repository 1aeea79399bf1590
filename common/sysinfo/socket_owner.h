/* SPDX-License-Identifier: MIT */
/*
 * socket_owner: which process of this machine has a socket.
 *
 * It only reads /proc. Processes of other users can be seen by root alone; then
 * a function returns 0 or false, as it does if there is no such socket.
 * A search of all processes takes milliseconds. Thread-safe.
 */
#ifndef COMMON_SYSINFO_SOCKET_OWNER_H
#define COMMON_SYSINFO_SOCKET_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/net/address.h"

/*
 * The process that listens at ADDRESS; with DATAGRAMS, that has bound a UDP
 * socket there. 0 if ADDRESS is not of this machine.
 */
pid_t
socket_owner_listener(const struct address *address, bool datagrams);

/* The process that listens for TCP connections at ADDRESS, of this machine:
 * TREE or a descendant if possible, else any. */
pid_t
socket_owner_listener_below(const struct address *address, pid_t tree);

/*
 * All processes of TREE and its descendants that listen for TCP connections at
 * ADDRESS: of each socket the first one. Fills PIDS, MAX of them at most, and
 * returns their number.
 */
size_t
socket_owner_listeners_below(
    const struct address *address, pid_t tree, pid_t *pids, size_t max);

/*
 * Writes to BUF (SIZE bytes) the addresses at which TREE and its descendants
 * listen for TCP connections, with commas between them. False if there is none.
 */
bool
socket_owner_listeners(pid_t tree, char *buf, size_t size);

/* The inode of the other end of FD, an established TCP connection within this
 * machine; 0: unknown. */
unsigned long
socket_owner_peer_inode(int fd);

/*
 * The process that has the other end of FD, a TCP connection within this
 * machine: the worker that serves it. TREE or a descendant if possible, else
 * any.
 */
pid_t
socket_owner_peer(int fd, pid_t tree);

#endif
