/* SPDX-License-Identifier: MIT */
/* listen: parse, bind, listen; replace a stale unix socket, not a live one. */
#include "common/net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/net/datagram.h"

/* How often to try for a port that is free in both families. */
#define LOCALHOST_TRIES 20
/* How long to wait for the lock on a unix socket's folder; a server holds it
 * for a millisecond. */
#define LOCK_TRIES 100
#define LOCK_PAUSE_MS 10

static struct listener *
append(struct listeners *all)
{
	if (all->count == LISTENERS_MAX)
		return NULL;
	all->at[all->count] = (struct listener){.fd = -1};
	return &all->at[all->count++];
}

static int
add_localhost(struct listeners *all, uint16_t port)
{
	struct listener *v4 = append(all), *v6 = append(all);

	if (!v4 || !v6)
		return -1;
	address_parse("127.0.0.1:0", &v4->address);
	address_parse("[::1]:0", &v6->address);
	address_set_port(&v4->address, port);
	address_set_port(&v6->address, port);
	v6->port_of_last = port == 0;
	v6->optional = true;
	return 0;
}

static int
add_streams(struct listeners *all, const char *text)
{
	char host[INET6_ADDRSTRLEN];
	struct address address;
	struct listener *one;
	uint16_t port;

	if (strncmp(text, "unix:", 5) != 0 &&
	    address_split(text, host, sizeof(host), &port) == 0) {
		if (text[0] != '[' && strcmp(host, "localhost") == 0)
			return add_localhost(all, port);
		if (host[0] == '\0' && text[0] == ':') {
			if (!(one = append(all)))
				return -1;
			address_parse("[::]:0", &one->address);
			address_set_port(&one->address, port);
			one->dual_stack = true;
			return 0;
		}
	}
	if (address_parse(text, &address) < 0 || !(one = append(all)))
		return -1;
	/* An IPv6-only socket cannot have it. */
	address_unmap(&address);
	one->address = address;
	return 0;
}

int
listeners_add(struct listeners *all, const char *text)
{
	static const char udp[] = "udp:";
	bool datagrams = strncmp(text, udp, strlen(udp)) == 0;
	size_t before = all->count;

	text += datagrams ? strlen(udp) : 0;
	if (datagrams && strncmp(text, "unix:", 5) == 0)
		return -1;
	if (add_streams(all, text) < 0)
		return -1;
	for (size_t i = before; i < all->count; i++)
		all->at[i].datagrams = datagrams;
	return 0;
}

static bool
is_same(const struct listener *a, const struct listener *b)
{
	return a->datagrams == b->datagrams &&
	       a->address.len == b->address.len &&
	       memcmp(&a->address.any, &b->address.any, a->address.len) == 0;
}

size_t
listeners_find_twice(const struct listeners *all)
{
	for (size_t i = 1; i < all->count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (address_port(&all->at[i].address) &&
			    is_same(&all->at[i], &all->at[k]))
				return i;
		}
	}
	return all->count;
}

/*
 * If two servers find the same stale socket, the second could remove the first
 * one's new socket. So they take turns by a lock on the folder, which ends with
 * the process and leaves no file. Returns its descriptor; or -1, without that
 * safety. Another program may hold the lock for ever, so the server starts
 * anyway.
 */
static int
lock_folder(const struct address *address)
{
	char path[sizeof(address->un.sun_path)], *slash;
	int fd;

	memcpy(path, address->un.sun_path, sizeof(path));
	slash = strrchr(path, '/');
	if (slash)
		slash[slash == path] = '\0';
	fd = open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == LOCK_TRIES || (errno != EWOULDBLOCK && errno != EINTR))
			break;
		poll(NULL, 0, LOCK_PAUSE_MS);
	}
	return fd;
}

/* Makes the path free for us. Returns 0, or -1 with errno. */
static int
clear_unix_path(const struct address *address)
{
	struct stat st;
	int fd, error;

	if (lstat(address->un.sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST; /* a file of another kind: never removed */
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* Only "connection refused" proves that no server listens. A full
	 * backlog (EAGAIN) belongs to a live server. */
	error = connect(fd, &address->any, address->len) < 0 ? errno : 0;
	close(fd);
	if (error != ECONNREFUSED) {
		errno = error == EACCES ? EACCES : EADDRINUSE;
		return -1;
	}
	return unlink(address->un.sun_path);
}

/* The file may be another server's by now. */
static void
remove_unix_path(const struct listener *one)
{
	struct stat st;

	if (lstat(one->address.un.sun_path, &st) == 0 &&
	    st.st_dev == one->device && st.st_ino == one->inode)
		unlink(one->address.un.sun_path);
}

static void
note_unix_path(struct listener *one)
{
	struct stat st;

	if (lstat(one->address.un.sun_path, &st) == 0) {
		one->device = st.st_dev;
		one->inode = st.st_ino;
	}
}

static int
set_on(int fd, int level, int option)
{
	return setsockopt(fd, level, option, &(int){1}, sizeof(int));
}

/* Urgent data stays in the stream (RFC 6093 4): otherwise it would be missing
 * from an echo. */
static int
set_urgent_inline(int fd)
{
	return set_on(fd, SOL_SOCKET, SO_OOBINLINE);
}

/* For answers that come from the address that was asked, with one hop less. No
 * SO_REUSEADDR: for UDP it lets two servers share a port. */
static int
set_datagram_options(int fd, int family)
{
	int size = DATAGRAM_BUFFER;

	if (set_on(fd, IPPROTO_IP, IP_PKTINFO) < 0 ||
	    set_on(fd, IPPROTO_IP, IP_RECVTTL) < 0)
		return -1;
	if (family == AF_INET6 &&
	    (set_on(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO) < 0 ||
		set_on(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT) < 0))
		return -1;
	/* A privileged process may exceed net.core.rmem_max. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

/* Sets the options before bind, which must all succeed. Returns 0, or -1 with
 * errno. */
static int
set_options(const struct listener *one)
{
	int family = one->address.any.sa_family;
	int only_v6 = !one->dual_stack;

	if (family == AF_INET6 && setsockopt(one->fd, IPPROTO_IPV6, IPV6_V6ONLY,
				      &only_v6, sizeof(only_v6)) < 0)
		return -1;
	if (one->datagrams)
		return set_datagram_options(one->fd, family);
	if (family != AF_UNIX &&
	    (set_on(one->fd, SOL_SOCKET, SO_REUSEADDR) < 0 ||
		set_on(one->fd, IPPROTO_TCP, TCP_NODELAY) < 0 ||
		set_urgent_inline(one->fd) < 0))
		return -1;
	return 0;
}

/*
 * Binds ONE, for itself or together with others. A port that is chosen here, as
 * it is or for the second family, is bound alone and shared from then on: with
 * SO_REUSEPORT, bind(2) gives port 0 of UDP a port that another server has, and
 * the second family could get one.
 */
static int
bind_socket(const struct listener *one)
{
	const struct address *address = &one->address;
	bool chosen = address_port(address) == 0 || one->port_of_last;

	if (one->reuse_port && !chosen &&
	    set_on(one->fd, SOL_SOCKET, SO_REUSEPORT) < 0)
		return -1;
	if (bind(one->fd, &address->any, address->len) < 0)
		return -1;
	return one->reuse_port && chosen
		   ? set_on(one->fd, SOL_SOCKET, SO_REUSEPORT)
		   : 0;
}

/* Returns 0; or -1 with errno, and nothing is open. */
static int
open_socket(struct listener *one, int backlog)
{
	struct address *address = &one->address;
	int type = one->datagrams ? SOCK_DGRAM : SOCK_STREAM, saved;
	socklen_t len = sizeof(*address) - offsetof(struct address, any);

	one->fd = socket(
	    address->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (one->fd < 0)
		return -1;
	if (set_options(one) == 0 && bind_socket(one) == 0 &&
	    (one->datagrams || listen(one->fd, backlog) == 0) &&
	    /* Finds out the port that port 0 became. */
	    (address->any.sa_family == AF_UNIX ||
		getsockname(one->fd, &address->any, &len) == 0))
		return 0;
	saved = errno;
	close(one->fd);
	one->fd = -1;
	errno = saved;
	return -1;
}

/* Opens a listener of any kind. */
static int
open_one(struct listener *one, int backlog)
{
	int lock, bad, saved;

	if (one->address.any.sa_family != AF_UNIX)
		return open_socket(one, backlog);
	lock = lock_folder(&one->address);
	bad = clear_unix_path(&one->address);
	if (!bad)
		bad = open_socket(one, backlog);
	if (!bad)
		note_unix_path(one);
	saved = errno;
	if (lock >= 0)
		close(lock);
	errno = saved;
	return bad;
}

static int
open_with_fallback(struct listener *one, int backlog)
{
	uint16_t port = address_port(&one->address);

	if (open_one(one, backlog) == 0)
		return 0;
	/* A machine without IPv6 still has all of its IPv4 addresses. */
	if (!one->dual_stack || errno != EAFNOSUPPORT)
		return -1;
	address_parse("0.0.0.0:0", &one->address);
	address_set_port(&one->address, port);
	one->dual_stack = false;
	return open_one(one, backlog);
}

/* The pair of localhost: the port that IPv4 got may be taken in IPv6. */
static int
open_twins(struct listener *v4, struct listener *v6, int backlog)
{
	for (int i = 0; i < LOCALHOST_TRIES; i++) {
		address_set_port(&v4->address, 0);
		if (open_one(v4, backlog) < 0)
			return -1;
		address_set_port(&v6->address, address_port(&v4->address));
		if (open_one(v6, backlog) == 0 || errno == EAFNOSUPPORT ||
		    errno == EADDRNOTAVAIL)
			return 0; /* on a machine without IPv6 it may be missing
				   */
		if (errno != EADDRINUSE)
			return -1;
		close(v4->fd);
		v4->fd = -1;
	}
	errno = EADDRINUSE;
	return -1;
}

/* The end of an error line. */
static const char *
what_to_do(int error, bool reuse_port)
{
	switch (error) {
	case EADDRINUSE:
		if (reuse_port)
			return "; the program that listens there (`ss -lnp` "
			       "names it) does not share the port, or is "
			       "another user's: start it with --reuse-port as "
			       "this user, or choose another address";
		return "; stop the program that listens there (`ss -lnp` names "
		       "it), or choose another address";
	case EADDRNOTAVAIL:
		return "; choose an address of this machine (`ip address` "
		       "lists them)";
	default:
		return "";
	}
}

int
listeners_open(struct listeners *all, int backlog)
{
	char text[ADDRESS_TEXT_MAX];
	size_t i, kept = 0;

	for (i = 0; i < all->count; i++)
		all->at[i].reuse_port = all->reuse_port;
	for (i = 0; i < all->count; i++) {
		struct listener *one = &all->at[i];
		bool twins = i + 1 < all->count && one[1].port_of_last;
		int bad;

		if (one->port_of_last)
			continue; /* opened with the one before it */
		bad = twins ? open_twins(one, one + 1, backlog)
			    : open_with_fallback(one, backlog);
		if (bad && one->optional &&
		    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
			continue;
		if (bad) {
			log_error("cannot listen on %s: %s%s",
			    listener_format(one, text), strerror(errno),
			    what_to_do(errno, one->reuse_port));
			listeners_close(all, true);
			return -1;
		}
	}
	for (i = 0; i < all->count; i++) {
		if (all->at[i].fd >= 0)
			all->at[kept++] = all->at[i];
		else
			log_warn("not listening on %s: this system has no IPv6",
			    listener_format(&all->at[i], text));
	}
	all->count = kept;
	return 0;
}

char *
listener_format(const struct listener *one, char *buf)
{
	char text[ADDRESS_TEXT_MAX];

	snprintf(buf, ADDRESS_TEXT_MAX, "%s%s", one->datagrams ? "udp:" : "",
	    address_format(&one->address, text));
	return buf;
}

int
listener_accept(const struct listener *one, struct address *peer)
{
	int fd;

	peer->len = sizeof(*peer) - offsetof(struct address, any);
	fd = accept4(one->fd, &peer->any, &peer->len, SOCK_CLOEXEC);
	/* TCP sockets inherit this option and all others from the listener. */
	if (fd >= 0 && one->address.any.sa_family == AF_UNIX)
		set_urgent_inline(fd);
	return fd;
}

uint32_t
listener_dropped(const struct listener *one)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(info);

	getsockopt(one->fd, SOL_SOCKET, SO_MEMINFO, info, &len);
	return info[SK_MEMINFO_DROPS];
}

/* A socket filter returns how many bytes of a packet to keep. A TCP packet
 * begins with its header (RFC 9293 3.1). */
static void
drop_what_comes(const struct listener *one)
{
	struct sock_filter no_syn[] = {
	    BPF_STMT(
		BPF_LD | BPF_B | BPF_ABS, offsetof(struct tcphdr, th_flags)),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, TH_SYN, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	struct sock_fprog program = {
	    sizeof(no_syn) / sizeof(no_syn[0]), no_syn};

	if (one->datagrams)
		program = (struct sock_fprog){1, nothing};
	setsockopt(
	    one->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

void
listeners_turn_away(const struct listeners *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct listener *one = &all->at[i];

		if (one->address.any.sa_family == AF_UNIX)
			shutdown(one->fd, SHUT_RD);
		else
			drop_what_comes(one);
	}
}

void
listeners_close(struct listeners *all, bool remove)
{
	for (size_t i = 0; i < all->count; i++) {
		struct listener *one = &all->at[i];

		if (one->fd < 0)
			continue;
		if (remove && one->address.any.sa_family == AF_UNIX)
			remove_unix_path(one);
		/* A newly forked child has it open as well. */
		if (!one->datagrams)
			shutdown(one->fd, SHUT_RD);
		close(one->fd);
		one->fd = -1;
	}
}
