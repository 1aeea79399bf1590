/* SPDX-License-Identifier: MIT */
/* placement: affinity masks, and who listens at an address. */
#include "common/load/placement.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/load/procs.h"

const char *
placement_name(enum placement_kind kind)
{
	static const char *const names[] = {"split", "shared", "free"};

	return names[kind];
}

void
placement_choose(struct placement *p, enum placement_kind kind)
{
	cpu_set_t allowed;
	int first = -1, second = -1;

	CPU_ZERO(&allowed);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE && second < 0; cpu++) {
		if (!CPU_ISSET((size_t)cpu, &allowed))
			continue;
		if (first < 0)
			first = cpu;
		else
			second = cpu;
	}
	*p = (struct placement){kind, -1, -1, allowed, allowed, 0, allowed};
	if (kind == PLACEMENT_FREE)
		return;
	if (second < 0)
		p->kind = PLACEMENT_SHARED;
	p->client_cpu = p->server_cpu = first;
	if (p->kind == PLACEMENT_SPLIT)
		p->server_cpu = second;
	CPU_ZERO(&p->client);
	CPU_SET((size_t)p->client_cpu, &p->client);
	CPU_ZERO(&p->server);
	CPU_SET((size_t)p->server_cpu, &p->server);
}

void
placement_of_client(const struct placement *p)
{
	sched_setaffinity(0, sizeof(p->client), &p->client);
}

struct pinning {
	const cpu_set_t *set;
	int error;
};

static void
pin(pid_t pid, void *context)
{
	struct pinning *pinning = context;
	char path[32];
	struct dirent *task;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (task = readdir(dir))) {
		pid_t tid = (pid_t)atoi(task->d_name);

		if (tid > 0 && sched_setaffinity(tid, sizeof(*pinning->set),
				   pinning->set) < 0)
			pinning->error = errno;
	}
	if (dir)
		closedir(dir);
}

void
placement_become_server(const struct placement *p)
{
	sched_setaffinity(0, sizeof(p->server), &p->server);
}

int
placement_of_server(struct placement *p, pid_t pid)
{
	struct pinning pinning = {&p->server, 0};

	if (sched_getaffinity(pid, sizeof(p->before), &p->before) < 0)
		return -1;
	p->placed = pid;
	procs_walk(pid, pin, &pinning);
	errno = pinning.error;
	return pinning.error ? -1 : 0;
}

void
placement_undo(const struct placement *p)
{
	struct pinning pinning = {&p->before, 0};

	if (p->placed)
		procs_walk(p->placed, pin, &pinning);
}

char *
placement_format(const struct placement *p, char *buf, size_t size)
{
	if (p->kind == PLACEMENT_FREE)
		snprintf(buf, size, "free (wherever the kernel puts them)");
	else if (p->kind == PLACEMENT_SHARED)
		snprintf(buf, size, "shared (client and server on CPU %d)",
		    p->client_cpu);
	else
		snprintf(buf, size,
		    "split (client on CPU %d, server on CPU %d)", p->client_cpu,
		    p->server_cpu);
	return buf;
}

/* ---- who listens ---- */

/*
 * Whether HEX, a local address of /proc/net/tcp or tcp6 (words in host order),
 * takes connections to ADDRESS: it is the same, its mapped form, or "any".
 */
static bool
takes(const char *hex, const struct address *address)
{
	char want[33];
	uint32_t words[4];

	if (strspn(hex, "0") == strlen(hex))
		return true;
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

/* proc_net(5): states of a TCP socket that listens, and of a UDP one that is
 * not connected. */
enum { TCP_LISTENS = 0x0a, UDP_IS_OPEN = 0x07 };

/* The tenth field of FILE is the inode. */
static unsigned long
inet_inode(
    const char *file, const struct address *address, unsigned state_wanted)
{
	char line[512], hex[33];
	unsigned port, state;
	unsigned long inode, found = 0;
	FILE *in = fopen(file, "re");

	while (in && !found && fgets(line, sizeof(line), in)) {
		if (sscanf(line,
			" %*d: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x "
			"%*x:%*x %*x %*u %*u %lu",
			hex, &port, &state, &inode) == 4 &&
		    state == state_wanted && port == address_port(address) &&
		    takes(hex, address))
			found = inode;
	}
	if (in)
		fclose(in);
	return found;
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

/* Only an address of this machine can be bound here. */
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

/* An IPv6 socket may take IPv4 clients. */
static unsigned long
either_inode(const char *file, const char *file6, const struct address *address,
    unsigned state)
{
	unsigned long inode = 0;

	if (address->any.sa_family == AF_INET)
		inode = inet_inode(file, address, state);
	return inode ? inode : inet_inode(file6, address, state);
}

pid_t
listener_pid(const struct address *address, bool datagrams)
{
	unsigned long inode = 0;
	struct dirent *entry;
	pid_t pid = 0;
	DIR *dir;

	if (!is_local(address))
		return 0;
	if (address->any.sa_family == AF_UNIX)
		inode = unix_inode(address->un.sun_path);
	else if (datagrams)
		inode = either_inode(
		    "/proc/net/udp", "/proc/net/udp6", address, UDP_IS_OPEN);
	else
		inode = either_inode(
		    "/proc/net/tcp", "/proc/net/tcp6", address, TCP_LISTENS);
	dir = inode ? opendir("/proc") : NULL;
	while (dir && !pid && (entry = readdir(dir))) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    holds_inode(entry->d_name, inode))
			pid = (pid_t)atoi(entry->d_name);
	}
	if (dir)
		closedir(dir);
	return pid;
}
