/* SPDX-License-Identifier: MIT */
/*
 * floor: the smallest echo server of a model, for comparison with ours. It has
 * no limits, timeouts or log; a failing call or a signal ends it. Build flags
 * and buffer size are those of our servers.
 *
 *	floor_thread IPv4:PORT
 */
#ifndef TESTS_BENCH_FLOOR_H
#define TESTS_BENCH_FLOOR_H

#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/net/address.h"

/* Echoes, then closes FD. */
static inline void
floor_serve(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		if (send(fd, buf, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	}
	close(fd);
}

/* Detached, with a stack of 64 KiB, or the minimum. */
static inline void
floor_thread_attr(pthread_attr_t *attr)
{
	pthread_attr_init(attr);
	if (pthread_attr_setstacksize(attr, (size_t)64 * 1024) != 0 &&
	    pthread_attr_setstacksize(
		attr, (size_t)sysconf(_SC_THREAD_STACK_MIN)) != 0)
		errx(1, "no stack for a thread");
	pthread_attr_setdetachstate(attr, PTHREAD_CREATE_DETACHED);
}

/* Accepts for ever. A thread calls SERVE with the descriptor. */
static inline void
floor_threads(int listener, void *(*serve)(void *))
{
	pthread_attr_t attr;

	floor_thread_attr(&attr);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0 || pthread_create(&thread, &attr, serve,
				  (void *)(intptr_t)fd) != 0)
			err(1, "accept or thread");
	}
}

/* Accepts for ever. A forked child calls SERVE; the kernel reaps it. */
static inline void
floor_forks(int listener, void *(*serve)(void *))
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pid_t pid = fd < 0 ? -1 : fork();

		if (pid < 0)
			err(1, "accept or fork");
		if (pid == 0) {
			serve((void *)(intptr_t)fd);
			_exit(0);
		}
		close(fd);
	}
}

static inline int
floor_listen(int argc, char **argv)
{
	struct address address;
	int fd, on = 1;

	if (argc != 2 || address_parse(argv[1], &address) < 0)
		errx(2, "usage: %s IPv4:PORT", argv[0]);
	fd = socket(address.any.sa_family, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, &address.any, address.len) < 0 ||
	    listen(fd, 4096) < 0)
		err(1, "%s", argv[1]);
	return fd;
}

#endif
