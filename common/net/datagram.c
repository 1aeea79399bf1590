/* SPDX-License-Identifier: MIT */
/* datagram: recvmsg, a conn over memory, sendmsg from where it came to. */
#include "common/net/datagram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { PORT_ECHO = 7, PORT_CHARGEN = 19 };

/* One for IPv4 or IPv6. */
union control {
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct cmsghdr align;
};

/* The address that HEADER's datagram was sent to; port 0. */
static void
read_local(struct msghdr *header, struct address *local)
{
	struct cmsghdr *c;

	memset(local, 0, sizeof(*local));
	for (c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			local->in4.sin_family = AF_INET;
			local->in4.sin_addr = info.ipi_spec_dst;
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
			   c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			local->in6.sin6_family = AF_INET6;
			local->in6.sin6_addr = info.ipi6_addr;
			local->in6.sin6_scope_id = info.ipi6_ifindex;
		}
	}
}

/* Lets HEADER's datagram leave from LOCAL, whatever the route would say. */
static void
write_local(struct msghdr *header, const struct address *local)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(header);

	if (local->any.sa_family == AF_INET) {
		struct in_pktinfo info = {.ipi_spec_dst = local->in4.sin_addr};

		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		header->msg_controllen = CMSG_SPACE(sizeof(info));
	} else if (local->any.sa_family == AF_INET6) {
		struct in6_pktinfo info = {
		    .ipi6_addr = local->in6.sin6_addr,
		    .ipi6_ifindex = local->in6.sin6_scope_id,
		};

		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		header->msg_controllen = CMSG_SPACE(sizeof(info));
	} else {
		header->msg_control = NULL;
		header->msg_controllen = 0;
	}
}

struct datagram *
datagram_receive(int fd)
{
	/* Static: too big for a stack, and one thread receives. */
	static char bytes[DATAGRAM_MAX];
	struct datagram head, *d;
	union control control;
	struct iovec part = {bytes, sizeof(bytes)};
	struct msghdr header = {
	    .msg_name = &head.peer.any,
	    .msg_namelen = sizeof(head.peer) - offsetof(struct address, any),
	    .msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &header, MSG_DONTWAIT);
	size_t room;

	if (n < 0)
		return NULL;
	room = n < DATAGRAM_ANSWER_MIN ? DATAGRAM_ANSWER_MIN : (size_t)n;
	d = malloc(sizeof(*d) + (size_t)n + room);
	if (!d)
		return NULL;
	d->peer = head.peer;
	d->peer.len = header.msg_namelen;
	read_local(&header, &d->local);
	d->len = (size_t)n;
	d->read = d->answered = 0;
	d->room = room;
	memcpy(d->bytes, bytes, d->len);
	return d;
}

bool
datagram_forbidden(const struct datagram *d, unsigned own_port)
{
	unsigned port = address_port(&d->peer);

	return port == 0 || port == PORT_ECHO || port == PORT_CHARGEN ||
	       port == own_port;
}

/* ---- the transport ---- */

static ssize_t
datagram_read(struct conn *conn, void *buf, size_t size, int flags)
{
	struct datagram *d = conn->layer;
	size_t n = d->len - d->read < size ? d->len - d->read : size;

	(void)flags;
	memcpy(buf, d->bytes + d->read, n);
	d->read += n;
	return (ssize_t)n;
}

static ssize_t
datagram_write(struct conn *conn, const void *buf, size_t len, int flags)
{
	struct datagram *d = conn->layer;

	(void)flags;
	if (len <= d->room - d->answered) {
		memcpy(d->bytes + d->len + d->answered, buf, len);
		d->answered += len;
	} else {
		d->room = d->answered; /* and nothing after it */
	}
	return (ssize_t)len;
}

static bool
datagram_holds_input(const struct conn *conn)
{
	const struct datagram *d = conn->layer;

	return d->read < d->len;
}

static int
datagram_answer(struct conn *conn)
{
	struct datagram *d = conn->layer;
	union control control = {{0}};
	struct iovec part = {d->bytes + d->len, d->answered};
	struct msghdr header = {
	    .msg_name = &d->peer.any,
	    .msg_namelen = d->peer.len,
	    .msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control),
	};
	ssize_t n;

	/* Nothing to drain: what is in the socket is for other workers. */
	conn->ended = true;
	if (conn->outcome != OUTCOME_SERVED)
		return -1;
	write_local(&header, &d->local);
	do
		n = sendmsg(conn->fd, &header, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? conn_fail(conn, errno) : 0;
}

static const struct transport TRANSPORT_DATAGRAM = {
    .receive = datagram_read,
    .send = datagram_write,
    .holds_input = datagram_holds_input,
    .end = datagram_answer,
};

void
datagram_carry(struct conn *conn, struct datagram *datagram)
{
	conn->transport = &TRANSPORT_DATAGRAM;
	conn->layer = datagram;
}
