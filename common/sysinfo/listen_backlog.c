/* SPDX-License-Identifier: MIT */
/* listen_backlog: the listening sockets of a port, by sock_diag(7). */
#include "common/sysinfo/listen_backlog.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/units.h"
#include "common/sysinfo/listen_overflows.h"

/* Requests all TCP sockets of FAMILY that listen at PORT. */
static bool
send_request(int fd, int family, uint16_t port)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 body;
	} request = {
	    .head = {.nlmsg_len = sizeof(request),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .body = {.sdiag_family = (uint8_t)family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1),
		.idiag_states = 1 << TCP_LISTEN,
		.id.idiag_sport = htons(port)},
	};

	return write(fd, &request, sizeof(request)) == sizeof(request);
}

/* The attributes of a socket that are used here. */
struct socket_extra {
	uint32_t memory[SK_MEMINFO_VARS];
	uint8_t ipv6_only;
};

static void
take_attribute(struct socket_extra *extra, const struct rtattr *attribute,
    const char *value, size_t len)
{
	if (attribute->rta_type == INET_DIAG_SKMEMINFO &&
	    len >= sizeof(extra->memory))
		memcpy(extra->memory, value, sizeof(extra->memory));
	if (attribute->rta_type == INET_DIAG_SKV6ONLY && len > 0)
		extra->ipv6_only = (uint8_t)*value;
}

/* Without RTA_NEXT(), which compares signed with unsigned values. */
static void
read_extra(const struct nlmsghdr *head, struct socket_extra *extra)
{
	const char *end = (const char *)head + head->nlmsg_len;
	const char *at = (const char *)NLMSG_DATA(head) +
			 NLMSG_ALIGN(sizeof(struct inet_diag_msg));
	struct rtattr attribute;

	*extra = (struct socket_extra){0};
	while (end - at >= (ptrdiff_t)sizeof(attribute)) {
		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.rta_len < sizeof(attribute) ||
		    attribute.rta_len > end - at)
			break;
		take_attribute(extra, &attribute, at + RTA_LENGTH(0),
		    attribute.rta_len - RTA_LENGTH(0));
		at += RTA_ALIGN(attribute.rta_len);
	}
}

/* Whether SOCKET accepts connections to ADDRESS. */
static bool
listens_at(const struct inet_diag_msg *socket, const struct socket_extra *extra,
    const struct address *address)
{
	static const uint32_t any[4];
	const uint32_t *local = socket->id.idiag_src;
	bool is_ipv4 = address->any.sa_family == AF_INET;

	if (socket->idiag_family == AF_INET)
		return is_ipv4 && (local[0] == 0 ||
				      local[0] == address->in4.sin_addr.s_addr);
	if (memcmp(local, any, sizeof(any)) == 0)
		return !is_ipv4 || !extra->ipv6_only;
	return is_ipv4
		   ? IN6_IS_ADDR_V4MAPPED(
			 (const struct in6_addr *)(const void *)local) &&
			 local[3] == address->in4.sin_addr.s_addr
		   : memcmp(local, &address->in6.sin6_addr, sizeof(any)) == 0;
}

/* Adds the socket of message HEAD. Returns whether more messages follow. */
static bool
add_socket(const struct nlmsghdr *head, const struct address *address,
    struct listen_backlog *backlog)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(head);
	struct socket_extra extra;

	if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	read_extra(head, &extra);
	if (!listens_at(socket, &extra, address))
		return true;
	/* The "send queue" of a listening socket is its backlog. */
	if (!backlog->sockets++ || socket->idiag_wqueue < backlog->size)
		backlog->size = socket->idiag_wqueue;
	backlog->overflows += extra.memory[SK_MEMINFO_DROPS];
	return true;
}

static void
read_family(int fd, int family, const struct address *address,
    struct listen_backlog *backlog)
{
	union {
		struct nlmsghdr head;
		char bytes[16384];
	} answer;
	bool more = send_request(fd, family, address_port(address));

	while (more) {
		ssize_t n = read(fd, &answer, sizeof(answer));
		struct nlmsghdr *at = &answer.head;

		more = n > 0;
		for (; more && NLMSG_OK(at, (uint32_t)n);
		     at = NLMSG_NEXT(at, n))
			more = add_socket(at, address, backlog);
	}
}

bool
listen_backlog_read(
    const struct address *address, struct listen_backlog *backlog)
{
	int fd;

	*backlog = (struct listen_backlog){.everywhere = listen_overflows()};
	if (address->any.sa_family == AF_UNIX)
		return false;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return false;
	if (address->any.sa_family == AF_INET)
		read_family(fd, AF_INET, address, backlog);
	read_family(fd, AF_INET6, address, backlog);
	close(fd);
	return backlog->sockets > 0;
}

uint64_t
listen_backlog_overflows(
    const struct listen_backlog *before, const struct listen_backlog *after)
{
	int64_t everywhere = after->everywhere - before->everywhere;
	uint64_t own = after->overflows - before->overflows;

	if (!before->sockets || after->overflows < before->overflows)
		return 0;
	if (before->everywhere >= 0 && everywhere >= 0 &&
	    own > (uint64_t)everywhere)
		return (uint64_t)everywhere;
	return own;
}

char *
listen_backlog_words(uint64_t backlog, uint64_t full, char *buf, size_t size)
{
	char times[32];

	snprintf(buf, size, "its backlog of %llu was full %s time%s",
	    (unsigned long long)backlog,
	    format_number(times, sizeof(times), (double)full),
	    full == 1 ? "" : "s");
	return buf;
}
