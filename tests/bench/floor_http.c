/* SPDX-License-Identifier: MIT */
/*
 * floor_http: a thread for each connection answers whatever it receives with
 * one fixed HTTP response: something for wrk to measure itself against.
 */
#include "tests/bench/floor.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

static void *
serve(void *arg)
{
	static const char response[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nHello, World!\n";
	int fd = (int)(intptr_t)arg;
	char buf[4096];

	while (recv(fd, buf, sizeof(buf), 0) > 0) {
		if (send(fd, response, strlen(response), MSG_NOSIGNAL) < 0)
			break;
	}
	close(fd);
	return NULL;
}

int
main(int argc, char **argv)
{
	int listener = floor_listen(argc, argv);
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, (size_t)64 * 1024);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0 || pthread_create(&thread, &attr, serve,
				  (void *)(intptr_t)fd) != 0)
			err(1, "accept or thread");
	}
}
