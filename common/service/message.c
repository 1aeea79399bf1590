/* SPDX-License-Identifier: MIT */
/* message: reads, works, echoes. */
#include "common/service/message.h"

#include <errno.h>
#include <poll.h>

enum {
	PIECE = 4096, /* on the stack of every idle connection, so one page */
	MESSAGE_MAX = 65536,
};

/* Whether more bytes came together with the N just read; SUM is the total. */
static int
has_more(struct conn *conn, ssize_t n, size_t sum)
{
	return n == PIECE && sum < MESSAGE_MAX
		   ? conn_wait(conn, POLLIN, 0, NULL)
		   : 0;
}

/* Echoes the N bytes of BUF and the rest of the message. Returns whether there
 * may be another message. */
static bool
answer(struct conn *conn, char *buf, ssize_t n)
{
	size_t sum = 0;
	int more;

	do {
		sum += (size_t)n;
		/* Before the answer: afterwards the next message may be here
		 * already. */
		more = has_more(conn, n, sum);
		if (more < 0 || conn_write(conn, buf, (size_t)n) < 0)
			return false;
		if (!more)
			return true;
		n = conn_try_read(conn, buf, PIECE);
	} while (n > 0);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

void
message_echo(struct conn *conn, const struct service_context *context,
    void (*work)(const struct service_context *context))
{
	char buf[PIECE];
	ssize_t n;

	do {
		n = conn_read(conn, buf, sizeof(buf));
		if (n <= 0)
			return;
		work(context);
	} while (answer(conn, buf, n));
}
