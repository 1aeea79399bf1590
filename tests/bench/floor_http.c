/* SPDX-License-Identifier: MIT */
/*
 * floor_http: a thread for each connection answers whatever it receives with
 * one fixed HTTP response: something for wrk to measure itself against.
 */
#include "tests/bench/floor.h"

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
	floor_threads(floor_listen(argc, argv), serve);
}
