/* SPDX-License-Identifier: MIT */
/* socket_owner: the inode from /proc/net, then its holder in /proc/PID/fd. */
#include "common/sysinfo/socket_owner.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/sysinfo/proc_tree.h"

/* ---- inodes ---- */

/* Whether HEX, an address as in /proc/net/tcp or tcp6 (32-bit words in host
 * order), is ADDRESS, or the IPv4-mapped form of it. */
static bool
is_same(const char *hex, const struct address *address)
{
	char want[33];
	uint32_t words[4];

	if (address->any.sa_family == AF_INET) {
		snprintf(
		    want, sizeof(want), "%08X", address->in4.sin_addr.s_addr);
		return strcmp(hex + strlen(hex) - 8, want) == 0;
	}
	memcpy(words, &address->in6.sin6_addr, sizeof(words));
	snprintf(want, sizeof(want), "%08X%08X%08X%08X", words[0], words[1],
	    words[2], words[3]);
	return strcmp(hex, want) == 0;
}

/* Sockets of one address that are looked at: more servers that share it than
 * anybody starts. */
#define LISTENERS_MOST 64

/* proc_net(5): states of TCP sockets, and of unconnected UDP sockets. */
enum { TCP_ESTABLISHED = 0x01, TCP_LISTENS = 0x0a, UDP_IS_OPEN = 0x07 };

/* A socket at LOCAL's port and at its address or at "any". If REMOTE is not
 * NULL, one that is at LOCAL and connected to REMOTE. */
struct socket_query {
	const struct address *local, *remote;
	unsigned state;
};

static bool
matches(const struct socket_query *query, const char *local, const char *remote,
    unsigned local_port, unsigned remote_port)
{
	if (local_port != address_port(query->local))
		return false;
	if (query->remote)
		return remote_port == address_port(query->remote) &&
		       is_same(local, query->local) &&
		       is_same(remote, query->remote);
	return strspn(local, "0") == strlen(local) ||
	       is_same(local, query->local);
}

/* Fills INODES, MAX of them at most, and returns their number. The inode is the
 * tenth field of a line. */
static size_t
inet_inodes(const char *file, const struct socket_query *query,
    unsigned long *inodes, size_t max)
{
	char line[512], local[33], remote[33];
	unsigned local_port, remote_port, state;
	unsigned long inode;
	size_t count = 0;
	FILE *in = fopen(file, "re");

	while (in && count < max && fgets(line, sizeof(line), in)) {
		if (sscanf(line,
			" %*d: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*x:%*x "
			"%*x:%*x %*x %*u %*u %lu",
			local, &local_port, remote, &remote_port, &state,
			&inode) == 6 &&
		    state == query->state &&
		    matches(query, local, remote, local_port, remote_port))
			inodes[count++] = inode;
	}
	if (in)
		fclose(in);
	return count;
}

static unsigned long
inet_inode(const char *file, const struct socket_query *query)
{
	unsigned long inode;

	return inet_inodes(file, query, &inode, 1) ? inode : 0;
}

/* An IPv6 socket may accept IPv4 clients. */
static unsigned long
either_inode(
    const char *file, const char *file6, const struct socket_query *query)
{
	unsigned long inode = 0;

	if (query->local->any.sa_family == AF_INET)
		inode = inet_inode(file, query);
	return inode ? inode : inet_inode(file6, query);
}

static unsigned long
unix_inode(const char *path)
{
	char line[512], name[256];
	unsigned long inode, found = 0;
	unsigned flags;
	FILE *in = fopen("/proc/net/unix", "re");

	while (in && !found && fgets(line, sizeof(line), in)) {
		/* flags 10000: __SO_ACCEPTCON, it listens */
		if (sscanf(line, "%*x: %*x %*x %x %*x %*x %lu %255s", &flags,
			&inode, name) == 3 &&
		    flags & 0x10000 && strcmp(name, path) == 0)
			found = inode;
	}
	if (in)
		fclose(in);
	return found;
}

static bool
holds_inode(const char *pid, unsigned long inode)
{
	char path[300], want[40], link[40];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(want, sizeof(want), "socket:[%lu]", inode);
	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid,
		    entry->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		if (n > 0) {
			link[n] = '\0';
			found = strcmp(link, want) == 0;
		}
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Only an address of this machine can be bound. */
static bool
is_local(const struct address *address)
{
	struct address any_port = *address;
	int fd;
	bool local;

	if (address->any.sa_family == AF_UNIX)
		return true;
	fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	address_set_port(&any_port, 0);
	local = fd >= 0 && bind(fd, &any_port.any, any_port.len) == 0;
	if (fd >= 0)
		close(fd);
	return local;
}

/* Of all processes, the first that has the socket. */
static pid_t
find_any_holder(unsigned long inode)
{
	struct dirent *entry;
	pid_t pid = 0;
	DIR *dir = opendir("/proc");

	while (dir && !pid && (entry = readdir(dir))) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    holds_inode(entry->d_name, inode))
			pid = (pid_t)atoi(entry->d_name);
	}
	if (dir)
		closedir(dir);
	return pid;
}

/* ---- processes ---- */

pid_t
socket_owner_listener(const struct address *address, bool datagrams)
{
	struct socket_query query = {
	    address, NULL, datagrams ? UDP_IS_OPEN : TCP_LISTENS};
	unsigned long inode;

	if (!is_local(address))
		return 0;
	if (address->any.sa_family == AF_UNIX)
		inode = unix_inode(address->un.sun_path);
	else if (datagrams)
		inode = either_inode("/proc/net/udp", "/proc/net/udp6", &query);
	else
		inode = either_inode("/proc/net/tcp", "/proc/net/tcp6", &query);
	return inode ? find_any_holder(inode) : 0;
}

struct search {
	unsigned long inode;
	pid_t pid;
	int holders;
};

static void
search_process(pid_t pid, void *context)
{
	struct search *search = context;
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)pid);
	/* The first holder may be a parent that has not closed its copy yet;
	 * then the second is the worker. A third would be a later child that
	 * inherited it. */
	if (search->holders < 2 && holds_inode(name, search->inode)) {
		search->holders++;
		search->pid = pid;
	}
}

/* A process below TREE that has the socket, or else any process. */
static pid_t
find_holder(unsigned long inode, pid_t tree)
{
	struct search search = {.inode = inode};

	if (!inode)
		return 0;
	proc_tree_walk(tree, search_process, &search);
	return search.pid ? search.pid : find_any_holder(inode);
}

pid_t
socket_owner_listener_below(const struct address *address, pid_t tree)
{
	struct socket_query query = {address, NULL, TCP_LISTENS};

	return find_holder(
	    either_inode("/proc/net/tcp", "/proc/net/tcp6", &query), tree);
}

static void
find_first(pid_t pid, void *context)
{
	struct search *search = context;

	if (!search->pid)
		search_process(pid, search);
}

size_t
socket_owner_listeners_below(
    const struct address *address, pid_t tree, pid_t *pids, size_t max)
{
	struct socket_query query = {address, NULL, TCP_LISTENS};
	unsigned long inodes[LISTENERS_MOST];
	size_t count, found = 0;

	count = inet_inodes("/proc/net/tcp", &query, inodes, LISTENERS_MOST);
	count += inet_inodes(
	    "/proc/net/tcp6", &query, inodes + count, LISTENERS_MOST - count);
	for (size_t i = 0; i < count && found < max; i++) {
		struct search search = {.inode = inodes[i]};

		proc_tree_walk(tree, find_first, &search);
		if (search.pid)
			pids[found++] = search.pid;
	}
	return found;
}

unsigned long
socket_owner_peer_inode(int fd)
{
	struct address ours = {.len = sizeof(ours.un)}, theirs = ours;
	struct socket_query query = {&theirs, &ours, TCP_ESTABLISHED};

	if (getsockname(fd, &ours.any, &ours.len) < 0 ||
	    getpeername(fd, &theirs.any, &theirs.len) < 0 ||
	    ours.any.sa_family == AF_UNIX)
		return 0;
	return either_inode("/proc/net/tcp", "/proc/net/tcp6", &query);
}

pid_t
socket_owner_peer(int fd, pid_t tree)
{
	return find_holder(socket_owner_peer_inode(fd), tree);
}

/* ---- addresses ---- */

/* HEX as in is_same(). */
static void
parse_hex(const char *hex, unsigned port, struct address *address)
{
	uint32_t words[4] = {0};

	if (strlen(hex) == 8) {
		address_parse("0.0.0.0:0", address);
		sscanf(hex, "%8x", &address->in4.sin_addr.s_addr);
	} else {
		address_parse("[::]:0", address);
		sscanf(hex, "%8x%8x%8x%8x", &words[0], &words[1], &words[2],
		    &words[3]);
		memcpy(&address->in6.sin6_addr, words, sizeof(words));
	}
	address_set_port(address, (uint16_t)port);
}

static void
add_listeners(const char *file, pid_t tree, char *buf, size_t size)
{
	char line[512], local[33], text[ADDRESS_TEXT_MAX];
	struct search search;
	struct address address;
	unsigned port, state;
	FILE *in = fopen(file, "re");

	while (in && fgets(line, sizeof(line), in)) {
		size_t len = strlen(buf);

		search = (struct search){0};
		if (sscanf(line,
			" %*d: %32[0-9A-F]:%x %*s %x %*s %*s %*s %*u %*u %lu",
			local, &port, &state, &search.inode) != 4 ||
		    state != TCP_LISTENS)
			continue;
		proc_tree_walk(tree, search_process, &search);
		parse_hex(local, port, &address);
		address_format(&address, text);
		if (search.pid && len + strlen(text) + 3 < size)
			snprintf(buf + len, size - len, "%s%s", len ? ", " : "",
			    text);
	}
	if (in)
		fclose(in);
}

bool
socket_owner_listeners(pid_t tree, char *buf, size_t size)
{
	buf[0] = '\0';
	add_listeners("/proc/net/tcp", tree, buf, size);
	add_listeners("/proc/net/tcp6", tree, buf, size);
	return buf[0] != '\0';
}
