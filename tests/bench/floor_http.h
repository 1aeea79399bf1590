/* SPDX-License-Identifier: MIT */
/*
 * floor_http: answers each recv(2) with the response of our `GET /`, with a
 * fixed date, and parses nothing. For clients that send one request at a time.
 */
#ifndef TESTS_BENCH_FLOOR_HTTP_H
#define TESTS_BENCH_FLOOR_HTTP_H

#include <string.h>

#include "tests/bench/floor.h"

static void *
floor_serve_http(void *arg)
{
	static const char response[] =
	    "HTTP/1.1 200 OK\r\n"
	    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "Content-Type: text/plain\r\n"
	    "Content-Length: 14\r\n\r\nHello, World!\n";
	int fd = (int)(intptr_t)arg;
	char buf[2048];

	while (recv(fd, buf, sizeof(buf), 0) > 0) {
		if (send(fd, response, strlen(response), MSG_NOSIGNAL) < 0)
			break;
	}
	close(fd);
	return NULL;
}

#endif
