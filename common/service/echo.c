/* SPDX-License-Identifier: MIT */
/* echo: returns every byte until end of file (RFC 862). */
#include "common/base/hot.h"
#include "common/service/service.h"

enum {
	/* On the stack of every idle connection, so one page. */
	ECHO_SMALL = 4096,
	/* For a stream that fills the small buffer: fewer system calls. */
	ECHO_LARGE = 32 * 1024,
};

/* Not inlined: its buffer would be part of the frame of every connection, and
 * the stack-clash probes would touch all of it. */
static __attribute__((noinline)) void
echo_large(struct conn *conn)
{
	char buf[ECHO_LARGE];
	ssize_t n;

	while ((n = conn_read(conn, buf, sizeof(buf))) > 0) {
		if (conn_write(conn, buf, (size_t)n) < 0)
			return;
	}
}

HOT static void
echo_serve(struct conn *conn, const struct service_context *context)
{
	char buf[ECHO_SMALL];
	ssize_t n;

	(void)context;
	while ((n = conn_read(conn, buf, sizeof(buf))) > 0) {
		if (conn_write(conn, buf, (size_t)n) < 0)
			return;
		if (n == sizeof(buf)) {
			echo_large(conn);
			return;
		}
	}
}

const struct service service_echo = {
    .name = "echo",
    .summary = "returns every byte until end of file (RFC 862)",
    .serve = echo_serve,
    .full = "Server full, please try again later.\n",
    .datagrams = true,
};
