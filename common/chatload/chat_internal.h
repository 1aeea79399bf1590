/* SPDX-License-Identifier: MIT */
/*
 * chat_internal: what the parts of a chat load share; the rest of the client
 * sees chat_load.h. A part calls those below it:
 *
 *	chat_load.c        joins, runs, leaves: when something happens
 *	chat_connection.c  sockets, what is sent, how a connection ends
 *	chat_receive.c     bytes received to lines, and what they mean
 *	chat_delivery.c    which member has which message
 */
#ifndef COMMON_CHATLOAD_CHAT_INTERNAL_H
#define COMMON_CHATLOAD_CHAT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/chatload/chat_message.h"
#include "common/base/list.h"
#include "common/chatload/chat_load_plan.h"
#include "common/load/stall.h"
#include "common/chatload/in_flight.h"

/* For one recv(). */
#define CHAT_LOAD_BUFFER ((size_t)64 * 1024)

/* One connection. */
struct chat_connection {
	struct list_node link; /* among those that knock */
	bool retries_connect; /* on a backlog that is full, until it has room */
	int fd;		      /* -1: none */
	uint32_t id;
	enum role {
		SENDER,	  /* member 0 */
		RECEIVER, /* the other members */
		GUEST,	  /* churn: sends one message */
		LEAVER,	  /* churn: member 0 has shown who is there, and goes */
	} role;
	struct tls_stream *stream; /* NULL: in clear */
	bool watched, out_armed;   /* in the epoll set; for EPOLLOUT as well */
	/* Until the socket is writable: what is left to send, and over TLS
	 * what is to be received; until something comes: the handshake, which
	 * is the sending's. */
	bool out_waits, in_waits, shakes_hands;
	bool leaving;	 /* half-closed; the end of file is right */
	bool entered;	 /* its empty line is sent */
	const char *out; /* what is left to send, but for messages of */
	size_t out_len;	 /* the sender, which the ring has */
	uint64_t number; /* of a guest's message */
	uint64_t heard;	 /* the latest probe */
	/* Where a receiver is in the stream of the one sender: in message
	 * NEXT, of which it has OFFSET bytes. */
	uint64_t next;
	size_t offset;
	/* The beginning of a line that is not as expected; NULL until one is
	 * not. */
	char *partial;
	size_t partial_len;
	bool cut; /* the line before had no newline: what comes may be its end
		   */
};

struct chat_load {
	const struct chat_load_plan *plan;
	const struct load_plan *load;
	struct load_result *result;
	enum { JOINING, RUNNING, FINISHING } phase;
	int epoll;
	struct epoll_event *events;
	char *buffer; /* for what is received, compared, and forgotten */
	struct chat_connection *connections;
	uint32_t members, opened;
	uint32_t receivers; /* still there */
	struct chat_connection
	    *guests;		    /* churn: one for each slot of the window */
	struct in_flight in_flight; /* messages under way ... */
	struct chat_messages lines;
	char *ring;	/* ... their lines, in the same slots ... */
	uint64_t *has;	/* ... churn: and a row of bits, who has them */
	size_t has_row; /* words */
	char *scratch;	/* one line */
	uint64_t wired; /* bytes that the sender has sent; message 1 begins
			   at 1 x size */
	/* joining */
	uint32_t entered, heard, caught;   /* members that sent their line, got
					      a probe, got the latest */
	uint64_t probes, probe_due, moved; /* moved: one more was there */
	char probe[CHAT_MESSAGE_MIN];
	const struct chat_connection *lost; /* the first that was, ... */
	int lost_error;			    /* ... and why */
	char lost_words[LOAD_RESULT_WORDS]; /* in words */
	/* running */
	uint64_t now; /* of this wake-up, or of what was received since */
	uint64_t start_ns, end_ns, left, scheduled;
	uint64_t rest_until, progress_due;
	bool spinning;
	uint64_t spun_ns;
	struct stall stall;
	struct list_node retrying; /* peers */
};

/* ---- chat_connection.c ---- */

/* A peer without a connection; its buffer stays. */
void
chat_connection_reset(
    struct chat_connection *conn, uint32_t id, enum role role);

/*
 * Sends TEXT (LEN bytes that stay valid until it is sent), connecting if need
 * be. A failure is a chat_connection_lose().
 */
void
chat_connection_say(struct chat_load *chat, struct chat_connection *conn,
    const char *text, size_t len);

/* Connects those that found the backlog full, until one does so again. */
void
chat_retry_connects(struct chat_load *chat);

/* Half-closes: its end of file is right from now on. */
void
chat_connection_leave(struct chat_connection *conn);

/* Closes at once; harmless if it is closed. */
void
chat_connection_close(struct chat_connection *conn);

/* The connection has ended; ERROR 0: by an end of file. */
void
chat_connection_lose(
    struct chat_load *chat, struct chat_connection *conn, int error);

/* The socket is ready for EVENTS (of epoll). */
void
chat_connection_event(
    struct chat_load *chat, struct chat_connection *conn, uint32_t events);

/* Sends what of the ring member 0 has not sent yet. */
void
chat_send(struct chat_load *chat);

/* ---- chat_receive.c ---- */

/* PEER, which is no LEAVER, has received the LEN bytes at DATA. Returns 0, or
 * -1 with errno: no memory for the beginning of a line. */
int
chat_receive(struct chat_load *chat, struct chat_connection *conn,
    const char *data, size_t len);

/* ---- chat_delivery.c ---- */

/* Fills WORDS, a text of the result, with what happened first: a later event
 * leaves them as they are. */
__attribute__((format(printf, 2, 3))) void
chat_describe(char words[LOAD_RESULT_WORDS], const char *format, ...);

/* Where the line of message NUMBER, which is in flight, stands. */
char *
chat_line_of(const struct chat_load *chat, uint64_t number);

/* Whether CONN, a receiver, lacks message NUMBER, which is in flight. */
bool
chat_lacks(const struct chat_load *chat, const struct chat_connection *conn,
    uint64_t number);

/* CONN has got message NUMBER, or will never get it. */
void
chat_note_had(
    struct chat_load *chat, struct chat_connection *conn, uint64_t number);

/* The first message that CONN still has to get; the next to be sent if it has
 * all. */
uint64_t
chat_first_lacked(
    const struct chat_load *chat, const struct chat_connection *conn);

#endif
