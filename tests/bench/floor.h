/* SPDX-License-Identifier: MIT */
/*
 * floor: the least code that can do a model's job, to measure the servers
 * against. No limits, no timeouts, no log, no end but a signal; a failing call
 * ends the program. Same build flags and buffer size as the servers.
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

/* recv, send, close. */
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

/* Accepts for ever; a detached thread with a 64 KiB stack (the least there is,
 * where that is more) runs SERVE with the descriptor as its argument. */
static inline void
floor_threads(int listener, void *(*serve)(void *))
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	if (pthread_attr_setstacksize(&attr, (size_t)64 * 1024) != 0 &&
	    pthread_attr_setstacksize(
		&attr, (size_t)sysconf(_SC_THREAD_STACK_MIN)) != 0)
		errx(1, "no stack for a thread");
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0 || pthread_create(&thread, &attr, serve,
				  (void *)(intptr_t)fd) != 0)
			err(1, "accept or thread");
	}
}

/* Accepts for ever; a forked child runs SERVE, the kernel reaps it. */
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
