/* SPDX-License-Identifier: MIT */
/*
 * datagram: one UDP datagram as a connection. Reading returns the datagram and
 * then end of file; what is written is gathered and sent as one datagram at the
 * end, also if it is empty.
 *
 * The source address may be forged. So an answer is never larger than its
 * question, or than DATAGRAM_ANSWER_MIN: nothing is gained by reflecting a
 * flood (RFC 5358). A write that would exceed the limit is left out whole.
 *
 * An answer leaves with one hop less than its question had left. So two servers
 * that a forged source makes answer each other (CVE-2024-2169) stop after 254
 * answers. Clients, which mostly begin with 64 hops, may be 31 routers away.
 *
 * The accept loop receives and frees a datagram; in between, one worker owns
 * it.
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
/* Memory of the largest datagram and its answer. */
#define DATAGRAM_KIB 128
/* The wanted receive buffer of a socket. */
#define DATAGRAM_BUFFER (8 * 1024 * 1024)

struct datagram {
	struct address peer;
	/* The address it was sent to, where the answer comes from. */
	struct address local;
	bool to_many; /* ... unless that was a broadcast or a multicast */
	int hops;     /* hops it had left; 0: not known */
	size_t len, read, answered, room;
	char bytes[]; /* LEN bytes of question, then ROOM for the answer */
};

/*
 * Receives the next datagram of FD, a non-blocking UDP socket of listen.h.
 * Returns memory for free(3); or NULL with errno (EAGAIN: there is none;
 * ENOMEM: it is lost).
 */
struct datagram *
datagram_receive(int fd);

/*
 * Whether an answer could start a loop or an attack: the source port is 0, echo
 * or chargen (RFC 862, 864); it was sent to a broadcast or multicast address
 * (RFC 1122 4.1.3.6); or it has no hop left for an answer. The caller also
 * refuses ports of the server itself.
 */
bool
datagram_forbidden(const struct datagram *datagram);

/* Makes CONN, initialised with a UDP socket, carry this datagram. */
void
datagram_carry(struct conn *conn, struct datagram *datagram);

#endif
