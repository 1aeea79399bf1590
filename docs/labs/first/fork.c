/* SPDX-License-Identifier: MIT */
/* An echo server on 127.0.0.1: a process for each connection. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int listener;

static void
echo(int conn)
{
	char buffer[4096];
	ssize_t got, put;

	while ((got = read(conn, buffer, sizeof(buffer))) > 0)
		for (char *at = buffer; got > 0; at += put, got -= put)
			if ((put = write(conn, at, (size_t)got)) < 0)
				return;
}

static _Noreturn void
worker(int conn)
{
	close(listener); /* the child's copy */
	echo(conn);
	close(conn);
	_exit(0); /* exit() would flush the parent's buffers */
}

static void
start(int conn)
{
	pid_t pid = fork();

	if (pid == 0)
		worker(conn);
	if (pid < 0)
		warn("fork");
	close(conn); /* the parent's copy */
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons(argc > 1 ? (uint16_t)atoi(argv[1]) : 7007)};
	socklen_t size = sizeof(address);
	int conn;

	signal(SIGCHLD, SIG_IGN); /* no zombies */
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(listener, (struct sockaddr *)&address, size) ||
	    listen(listener, SOMAXCONN) ||
	    getsockname(listener, (struct sockaddr *)&address, &size))
		err(1, "listen");
	dprintf(1, "listening on 127.0.0.1:%u\n", ntohs(address.sin_port));
	for (;;)
		if ((conn = accept(listener, NULL, NULL)) >= 0)
			start(conn);
		else if (errno != ECONNABORTED)
			sleep(1); /* until a worker ends: EMFILE, ENOMEM */
}
