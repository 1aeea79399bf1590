/* SPDX-License-Identifier: MIT */
/*
 * room_state: what the parts of a room's load share. Nobody else's business;
 * the rest of the client sees room.h.
 *
 *	room.c       joining, running, leaving: when something happens
 *	room_peer.c  connections: sockets, what is sent, how one ends
 *	room_hear.c  what is received: bytes to lines, and what they mean
 */
#ifndef COMMON_CHATLOAD_CHAT_INTERNAL_H
#define COMMON_CHATLOAD_CHAT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/chatload/chat_message.h"
#include "common/base/list.h"
#include "common/chatload/chat_load.h"
#include "common/load/stall.h"
#include "common/chatload/in_flight.h"

/* For one recv(). */
#define ROOM_BUFFER ((size_t)64 * 1024)

/* One connection. */
struct peer {
	struct link link; /* among those that knock */
	bool knocks;	  /* on a backlog that is full, until it has room */
	int fd;		  /* -1: none */
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

struct room {
	const struct room_plan *plan;
	const struct load_plan *load;
	struct load_result *result;
	enum { JOINING, RUNNING, FINISHING } phase;
	int epoll;
	struct epoll_event *events;
	char *buffer; /* for what is received, compared, and forgotten */
	struct peer *peers;
	uint32_t members, opened;
	uint32_t receivers;   /* still there */
	struct peer *guests;  /* churn: one for each slot of the window */
	struct window window; /* messages under way ... */
	struct chat_lines lines;
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
	char probe[CHAT_LINE_MIN];
	const struct peer *lost;       /* the first that was, ... */
	int lost_error;		       /* ... and why */
	char lost_words[RESULT_WORDS]; /* in words */
	/* running */
	uint64_t now; /* of this wake-up, or of what was received since */
	uint64_t start_ns, end_ns, left, scheduled;
	uint64_t rest_until, progress_due;
	bool spinning;
	uint64_t spun_ns;
	struct still still;
	struct link knocking; /* peers */
};

/* ---- room_peer.c ---- */

/* A peer without a connection; its buffer stays. */
void
peer_reset(struct peer *peer, uint32_t id, enum role role);

/*
 * Sends TEXT (LEN bytes that stay valid until it is sent), connecting if need
 * be. A failure is a peer_lose().
 */
void
peer_say(struct room *room, struct peer *peer, const char *text, size_t len);

/* Connects those that found the backlog full, until one does so again. */
void
room_knock(struct room *room);

/* Half-closes: its end of file is right from now on. */
void
peer_leave(struct peer *peer);

/* Closes at once; harmless if it is closed. */
void
peer_close(struct peer *peer);

/* The connection has ended; ERROR 0: by an end of file. */
void
peer_lose(struct room *room, struct peer *peer, int error);

/* The socket is ready for EVENTS (of epoll). */
void
peer_event(struct room *room, struct peer *peer, uint32_t events);

/* Where the line of message NUMBER, which is in the window, stands. */
char *
room_line(const struct room *room, uint64_t number);

/* Sends what of the ring member 0 has not sent yet. */
void
room_send(struct room *room);

/* ---- room_hear.c ---- */

/* PEER, which is no LEAVER, has received the LEN bytes at DATA. */
void
room_hear(struct room *room, struct peer *peer, const char *data, size_t len);

/* Whether PEER, a receiver, has not got message NUMBER of the window. */
bool
room_lacks(const struct room *room, const struct peer *peer, uint64_t number);

/* Fills WORDS, a text of the result, with what happened first: what comes later
 * is forgotten. */
__attribute__((format(printf, 2, 3))) void
room_describe(char words[RESULT_WORDS], const char *format, ...);

#endif
