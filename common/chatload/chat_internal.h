/* SPDX-License-Identifier: MIT */
/*
 * chat_internal: what the files of a chat load share; the rest of the client
 * uses chat_load.h. A file calls only those below it:
 *
 *	chat_load.c        open, run, leave, close
 *	chat_join.c        all members join before a run
 *	chat_events.c      waits, timeouts, stalls
 *	chat_connection.c  sockets: connect, send, receive, end
 *	chat_receive.c     from bytes to lines, and what a line means
 *	chat_delivery.c    which member has which message
 */
#ifndef COMMON_CHATLOAD_CHAT_INTERNAL_H
#define COMMON_CHATLOAD_CHAT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/list.h"
#include "common/chatload/chat_load_plan.h"
#include "common/chatload/chat_message.h"
#include "common/chatload/in_flight.h"
#include "common/load/stall.h"

/* Bytes of one recv(2). */
#define CHAT_LOAD_BUFFER ((size_t)64 * 1024)
/* The most events that one epoll_wait(2) fetches. */
#define CHAT_EVENTS 512

enum chat_role {
	CHAT_SENDER,   /* member 0 */
	CHAT_RECEIVER, /* the other members */
	CHAT_GUEST,    /* churn: sends one message */
	CHAT_LEAVER,   /* churn: member 0 after the probes */
};

struct chat_connection {
	struct list_node link; /* in `retrying` */
	bool retries_connect;  /* the backlog was full */
	int fd;		       /* -1: none */
	uint32_t id;
	enum chat_role role;
	struct tls_stream *stream; /* NULL: in clear */
	bool watched, out_armed;   /* in the epoll set; for EPOLLOUT, too */
	/* Waits for EPOLLOUT: to send the rest, or, over TLS, to receive. */
	bool out_waits, in_waits;
	bool in_tls_handshake; /* only the writer reads: client_stream.h */
	bool leaving;	       /* half-closed: an end of file is right */
	bool joined;	       /* its empty line is sent */
	const char *out;       /* the rest to send, without the ring */
	size_t out_len;
	uint64_t number;       /* of a guest's message */
	uint64_t latest_probe; /* received; 0: none yet */
	/* The position of a receiver in the stream of member 0: OFFSET bytes of
	 * message NEXT are received. */
	uint64_t next;
	size_t offset;
	/* The beginning of a line that differs from the expected one. */
	char *partial; /* NULL until a line differs */
	size_t partial_len;
	bool cut; /* the line before had no newline, so the next bytes may
		     belong to it */
};

struct chat_load {
	const struct chat_load_plan *plan;
	const struct load_plan *load;
	struct load_result *result;
	enum { JOINING, RUNNING, FINISHING } phase;
	int epoll;
	struct epoll_event *events;
	char *buffer; /* for one receive */
	struct chat_connection *connections;
	uint32_t members, opened;
	uint32_t receivers;		/* still connected */
	struct chat_connection *guests; /* churn: one for each slot */
	struct in_flight in_flight;
	struct chat_messages lines;
	/* For each slot of in_flight: the line, and with churn a row of bits,
	 * one for each member that received it. */
	char *ring;
	uint64_t *has;
	size_t has_row;	     /* words of a row */
	char *scratch;	     /* one line */
	uint64_t bytes_sent; /* by member 0, plus the size of one line: message
				N begins at N x size */
	/* Joining: members that sent their empty line, that received a probe,
	 * and that received the latest probe. */
	uint32_t joined, probed, caught_up;
	uint64_t probes, probe_due;
	uint64_t last_join_ns; /* the latest progress of a member */
	char probe[CHAT_MESSAGE_MIN];
	const struct chat_connection *failed; /* the first; NULL: none */
	int failed_error;
	char failed_text[LOAD_RESULT_WORDS];
	/* Running: */
	uint64_t now; /* the time of this wake-up, or of the latest receive */
	uint64_t start_ns, end_ns, left, scheduled;
	uint64_t backoff_until, progress_due;
	bool spinning;	  /* the latest wait was a busy-wait */
	uint64_t spun_ns; /* busy-waited */
	struct stall stall;
	struct list_node retrying; /* connections: the backlog was full */
};

/* ---- chat_join.c ---- */

/* Connects all members and waits until each is in the room. Returns 0, also
 * after a stop; or -1 with errno and the reason in WHY (SIZE bytes). */
int
chat_join_members(struct chat_load *chat, char *why, size_t size);

/*
 * Churn: the probes of member 0 are done, and guests send the messages. A
 * server that does not close its connection will not close the guests' either;
 * those count.
 */
void
chat_close_sender(struct chat_load *chat);

/* ---- chat_events.c ---- */

/* The end of a timeout that begins at NOW. */
uint64_t
chat_timeout_after(const struct chat_load *chat, uint64_t now);

/* Whether *STOP asks to begin no more. */
bool
chat_is_stopped(const struct chat_load *chat);

/* Handles COUNT of chat->events; less than 1: none. */
void
chat_handle_events(struct chat_load *chat, int count);

/* The longest wait in epoll. */
uint64_t
chat_max_wait_ns(const struct chat_load *chat);

/* Waits from NOW until DUE at most, and handles events. Returns the length of a
 * stall. Afterwards all events before NOW are handled, so a caller compares
 * deadlines with NOW. */
uint64_t
chat_handle_until(struct chat_load *chat, uint64_t due, uint64_t now);

/* Handles all pending events, without waiting. */
void
chat_handle_pending(struct chat_load *chat);

/* ---- chat_connection.c ---- */

/* Initializes CONN without a socket; keeps its buffer `partial`. */
void
chat_connection_reset(
    struct chat_connection *conn, uint32_t id, enum chat_role role);

/*
 * Sends TEXT, LEN bytes that must stay valid until they are sent; connects
 * first if necessary. On failure it calls chat_connection_lose().
 */
void
chat_connection_send(struct chat_load *chat, struct chat_connection *conn,
    const char *text, size_t len);

/* Connects in turn those that found the backlog full, until it is full again.
 */
void
chat_retry_connects(struct chat_load *chat);

/* Half-closes: from now on an end of file is expected. */
void
chat_connection_leave(struct chat_connection *conn);

/* Closes at once. Harmless if CONN is closed. */
void
chat_connection_close(struct chat_connection *conn);

/* CONN has ended with ERROR; 0: end of file. Counts and closes it. */
void
chat_connection_lose(
    struct chat_load *chat, struct chat_connection *conn, int error);

/* Handles EVENTS of epoll(7). */
void
chat_connection_event(
    struct chat_load *chat, struct chat_connection *conn, uint32_t events);

/* Sends the lines of the ring that member 0 has not sent yet. */
void
chat_send(struct chat_load *chat);

/* ---- chat_receive.c ---- */

/* Handles LEN bytes received by CONN, which is no CHAT_LEAVER. Returns 0, or -1
 * with ENOMEM. */
int
chat_receive(struct chat_load *chat, struct chat_connection *conn,
    const char *data, size_t len);

/* ---- chat_delivery.c ---- */

/* Writes a text of the result, unless WORDS already has one: only the first
 * event is described. */
__attribute__((format(printf, 2, 3))) void
chat_describe(char words[LOAD_RESULT_WORDS], const char *format, ...);

/* The place in the ring for the line of message NUMBER, which is in flight. */
char *
chat_line_of(const struct chat_load *chat, uint64_t number);

/* Whether CONN, a receiver, misses message NUMBER, which is in flight. */
bool
chat_misses(const struct chat_load *chat, const struct chat_connection *conn,
    uint64_t number);

/* CONN has received message NUMBER, or never will. */
void
chat_mark_received(
    struct chat_load *chat, struct chat_connection *conn, uint64_t number);

/* The first message that CONN misses; the next one to be sent if it has all. */
uint64_t
chat_first_missing(
    const struct chat_load *chat, const struct chat_connection *conn);

#endif
