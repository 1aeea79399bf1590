/* SPDX-License-Identifier: MIT */
/* hello: reads once, sends a greeting, closes. */
#include <string.h>

#include "common/service/service.h"

static void
hello_serve(struct conn *conn, const struct service_context *context)
{
	static const char greeting[] = "Hello, client!\n";
	char buf[4096];

	conn_request_begin(conn);
	conn->leave = context->setup->closing_silent;
	if (conn_read(conn, buf, sizeof(buf)) >= 0)
		conn_write(conn, greeting, strlen(greeting));
}

const struct service service_hello = {
    .name = "hello",
    .summary = "reads once, sends \"Hello, client!\", closes",
    .serve = hello_serve,
    .tls_names = "", /* it sends the same to every client */
    .full = "Server full, please try again later.\n",
    .datagrams = true,
};
