/* SPDX-License-Identifier: MIT */
/*
 * datagram: one UDP datagram as a connection.
 *
 * Reading yields the datagram and then end of file; what is written is gathered
 * and sent as one datagram at the end, an empty one if nothing was. An answer
 * has at most as many bytes as its question, or DATAGRAM_ANSWER_MIN where that
 * is more, so that a forged source address gains nobody a bigger flood (RFC
 * 5358 names the attack); a write that would exceed it is left out whole.
 *
 * An answer leaves with one hop less than its question had left. So servers
 * that take each other's answers for questions, as one forged source address
 * makes them do (CVE-2024-2169), stop after 254 of them, and routers do not add
 * to that. It costs a client, whose limit is mostly 64, nothing up to 31 hops
 * away.
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
/* Memory of the largest one and its answer. */
#define DATAGRAM_KIB 128
/* What a socket holds of unread ones, if the system lets it. */
#define DATAGRAM_BUFFER (8 * 1024 * 1024)

struct datagram {
	struct address peer;
	/* Where it was sent to, and so where the answer comes from. */
	struct address local;
	bool to_many; /* ... unless that was a broadcast or a multicast */
	int hops;     /* that it had left; 0: not known */
	size_t len, read, answered, room;
	char bytes[]; /* LEN of the question, then ROOM for the answer */
};

/*
 * The next datagram of FD, a non-blocking UDP socket from listen.h. Returns
 * memory for free(3), or NULL with errno (EAGAIN: none is there; ENOMEM: it is
 * lost).
 */
struct datagram *
datagram_receive(int fd);

/*
 * Whether an answer could start a loop or an attack: the source port is that of
 * echo or chargen (RFC 862, 864) or nobody's, everybody was asked (RFC 1122
 * 4.1.3.6 and the attack called fraggle), or no hop is left for an answer. The
 * server's own ports are no better.
 */
bool
datagram_forbidden(const struct datagram *datagram);

/* CONN, initialised with a UDP socket, becomes this datagram's. */
void
datagram_carry(struct conn *conn, struct datagram *datagram);

#endif
