/* SPDX-License-Identifier: MIT */
/*
 * datagram: one UDP datagram as a connection.
 *
 * Reading yields the datagram and then end of file; what is written is gathered
 * and sent as one datagram at the end. An answer has at most as many bytes as
 * its question, or DATAGRAM_ANSWER_MIN where that is more, so that a forged
 * source address gains nobody a bigger flood (RFC 5358 names the attack); a
 * write that would exceed it is left out whole.
 *
 * The accept loop receives and frees; between, one worker owns it.
 */
#ifndef COMMON_NET_DATAGRAM_H
#define COMMON_NET_DATAGRAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/net/address.h"
#include "common/net/conn.h"

#define DATAGRAM_MAX 65535 /* UDP's length field; IPv4 takes 65,507 */
#define DATAGRAM_ANSWER_MIN 64

struct datagram {
	struct address peer;
	/* Where it was sent to, and so where the answer comes from. */
	struct address local;
	size_t len, read, answered, room;
	char bytes[]; /* LEN of the question, then ROOM for the answer */
};

/*
 * The next datagram of FD, a non-blocking UDP socket from listen.h. Returns
 * memory for free(3), or NULL with errno (EAGAIN: none is there).
 */
struct datagram *
datagram_receive(int fd);

/*
 * Whether an answer could start a loop or an attack: the source port is that of
 * echo or chargen (RFC 862, 864), it is nobody's, or it is OWN_PORT.
 */
bool
datagram_forbidden(const struct datagram *datagram, unsigned own_port);

/* CONN, initialised with a UDP socket, becomes this datagram's. */
void
datagram_carry(struct conn *conn, struct datagram *datagram);

#endif
