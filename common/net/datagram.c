/* SPDX-License-Identifier: MIT */
/* datagram: recvmsg(2), a conn over memory, and sendmsg(2) back. */
#include "common/net/datagram.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "common/base/clock.h"

enum { PORT_ECHO = 7, PORT_CHARGEN = 19 };

/* A dual-stack socket reports it in both forms. */
union control {
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
		   CMSG_SPACE(sizeof(struct in_pktinfo)) +
		   2 * CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* ipi_spec_dst is our own address, also for a broadcast. It is better than the
 * mapped address that may have come before. */
static void
read_local4(struct datagram *d, const struct cmsghdr *c)
{
	struct in_pktinfo info;

	memcpy(&info, CMSG_DATA(c), sizeof(info));
	memset(&d->local, 0, sizeof(d->local));
	d->local.in4.sin_family = AF_INET;
	d->local.in4.sin_addr = info.ipi_spec_dst;
	d->to_many = info.ipi_spec_dst.s_addr != info.ipi_addr.s_addr;
}

static void
read_local6(struct datagram *d, const struct cmsghdr *c)
{
	struct in6_pktinfo info;

	memcpy(&info, CMSG_DATA(c), sizeof(info));
	d->local.in6.sin6_family = AF_INET6;
	d->local.in6.sin6_addr = info.ipi6_addr;
	/* Only a link-local address belongs to an interface. For others the
	 * routing table decides. */
	if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
		d->local.in6.sin6_scope_id = info.ipi6_ifindex;
	d->to_many = IN6_IS_ADDR_MULTICAST(&info.ipi6_addr);
}

/* The address that the datagram was sent to, with port 0, and its hops. */
static void
read_control(struct msghdr *header, struct datagram *d)
{
	struct cmsghdr *c;

	memset(&d->local, 0, sizeof(d->local));
	d->to_many = false;
	d->hops = 0;
	for (c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		bool ip4 = c->cmsg_level == IPPROTO_IP;
		int type = c->cmsg_type;

		if (ip4 && type == IP_PKTINFO)
			read_local4(d, c);
		else if (ip4 ? type == IP_TTL : type == IPV6_HOPLIMIT)
			memcpy(&d->hops, CMSG_DATA(c), sizeof(d->hops));
		else if (!ip4 && type == IPV6_PKTINFO)
			read_local6(d, c);
	}
}

/* Appended to the control messages that HEADER has. */
static void
put_control(
    struct msghdr *header, int level, int type, const void *info, size_t size)
{
	struct cmsghdr *c =
	    (void *)((char *)header->msg_control + header->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), info, size);
	header->msg_controllen += CMSG_SPACE(size);
}

/* Makes HEADER's datagram leave from D's local address, whatever the route is,
 * and with one hop less than D had left. */
static void
write_control(struct msghdr *header, const struct datagram *d)
{
	const struct address *local = &d->local;
	struct in_pktinfo info4 = {.ipi_spec_dst = local->in4.sin_addr};
	struct in6_pktinfo info6 = {
	    .ipi6_addr = local->in6.sin6_addr,
	    .ipi6_ifindex = local->in6.sin6_scope_id,
	};
	bool ip4 = local->any.sa_family == AF_INET;
	int hops = d->hops - 1;

	if (ip4)
		put_control(
		    header, IPPROTO_IP, IP_PKTINFO, &info4, sizeof(info4));
	else if (local->any.sa_family == AF_INET6)
		put_control(
		    header, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
	else
		return; /* of neither family: unknown */
	if (hops > 0)
		put_control(header, ip4 ? IPPROTO_IP : IPPROTO_IPV6,
		    ip4 ? IP_TTL : IPV6_HOPLIMIT, &hops, sizeof(hops));
}

struct datagram *
datagram_receive(int fd)
{
	/* Static: too large for a stack, and only one thread receives. */
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
	read_control(&header, d);
	d->len = (size_t)n;
	d->read = d->answered = 0;
	d->room = room;
	memcpy(d->bytes, bytes, d->len);
	return d;
}

bool
datagram_forbidden(const struct datagram *d)
{
	unsigned port = address_port(&d->peer);

	return d->to_many || d->hops == 1 || port == 0 || port == PORT_ECHO ||
	       port == PORT_CHARGEN;
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

/* The socket's buffer may be full of other workers' answers. A worker that has
 * announced its end gets no wake signal, so check the time here. */
static int
send_or_wait(struct conn *conn, const struct msghdr *header)
{
	uint64_t until = now_ns() + conn->idle_timeout_ns;

	while (sendmsg(conn->fd, header, MSG_NOSIGNAL) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return conn_fail(conn, errno);
		if (now_ns() >= until)
			return conn_fail(conn, ETIMEDOUT);
		if (conn_wait(conn, POLLOUT, until, NULL) < 0)
			return -1;
	}
	return 0;
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
	};

	/* Nothing to drain: other input in the socket is for other workers. */
	conn->ended = true;
	if (conn->outcome != OUTCOME_SERVED)
		return -1;
	write_control(&header, d);
	return send_or_wait(conn, &header);
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
