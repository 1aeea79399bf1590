/* SPDX-License-Identifier: MIT */
/*
 * service: what a server does with a connection. A new one is a file and a
 * line in services.c.
 *
 * A service is a function that serves one conn with blocking calls and
 * returns, and the words that say "full, come back" in its protocol. It knows
 * nothing of threads or processes and keeps no state of its own outside its
 * stack: many run at once, and under fork a static variable would be a copy.
 * What its workers share goes through struct shared.
 */
#ifndef COMMON_SERVICE_SERVICE_H
#define COMMON_SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/address.h"
#include "common/net/conn.h"
#include "common/net/ledger.h"
#include "common/service/shared.h"

/* What is the same for all connections of a server. Workers only read it. */
struct service_setup {
	uint64_t argument;	 /* what NAME:ARG said, as configure() put it */
	uint64_t race_window_ns; /* --race-window */
	uint32_t workers;	 /* how many there may be at once */
	bool any_address;  /* a listener takes whatever address of this machine:
			      which names those have, nobody knows */
	const char *model; /* "thread" */
	const struct ledger_shown *ledger;
	const struct service_limit_counts *limits;
	/* The server is about to stop: end where the protocol lets you. */
	const _Atomic bool *draining;
	/* And a client that has not asked anything yet has had its time to. */
	const _Atomic bool *closing_silent;
	struct shared *shared; /* of shared_size() bytes; NULL: none asked */
};

/* What a service may know beside the stream itself. */
struct service_context {
	const struct service_setup *setup;
	uint64_t number; /* of this connection, from 1 */
	uint32_t worker; /* below setup->workers; no other live one has it */
	const struct address *peer;
};

/* Why a client gets no worker. */
enum refusal_reason {
	REFUSAL_FULL,	 /* nobody would, now */
	REFUSAL_CROWDED, /* its source has its share (--max-per-source) */
};

/* The words for the second, in lines. */
#define SERVICE_CROWDED "Too many connections from your address.\n"

/*
 * The words that refuse a client whose first LEN bytes are FIRST. NULL: they do
 * not tell; and, where they are ALL that is waited for, say nothing.
 */
typedef const char *
choose_refusal(
    enum refusal_reason reason, const char *first, size_t len, bool all);

/* What /metrics tells of limits, beside the ledger; the accept loop writes it,
 * in memory that all workers see. */
struct service_limit_counts {
	_Atomic uint64_t reached; /* times: the last worker was taken */
	_Atomic uint64_t crowded; /* refused, because of their source */
};

/* See worker_died(): one of two may be stopped. */
#define SERVICE_WAKE_MAX 2

struct service {
	const char *name;
	const char *argument; /* "D" for NAME:D, in brackets if it may be left
				 out; NULL: none is taken */
	const char *summary;  /* one line for --list-services */
	void (*serve)(struct conn *conn, const struct service_context *context);
	/* What is sent to a client that gets no worker: FULL, before its first
	 * byte, or, if that is NULL, what FULL_FOR makes of its first bytes. */
	const char *full;
	choose_refusal *full_for;
	/* Its names over TLS, for tls_speak(). NULL: it has none. */
	const char *tls_names;
	bool datagrams; /* may be served over UDP */
	bool websocket; /* speaks it, where this image can (image.h) */
	/* TEXT (NULL: none) to setup->argument; -1 if it is not allowed. NULL:
	 * takes none. */
	int (*configure)(const char *text, uint64_t *argument);
	/* As hint_part(): what is in TEXT from AT on, behind the colon, is not
	 * allowed. NULL: with CONFIGURE, there is nothing to say. */
	void (*hint)(const char *text, size_t at, char *why, size_t size);
	/* Bytes that its workers share; zeroed at the start. NULL: none. */
	size_t (*shared_size)(const struct service_setup *setup);
	/* A worker died of a signal while it served. WAKE gets the numbers of
	 * others who must know at once; how many is returned, at most
	 * SERVICE_WAKE_MAX, and each gets wake_signal. Called by the accept
	 * loop: it must wait for nobody, and believe nothing that a worker
	 * can have written, for that one may have written anything. NULL:
	 * nothing to do. */
	size_t (*worker_died)(const struct service_setup *setup,
	    uint32_t worker, uint32_t wake[static SERVICE_WAKE_MAX]);
	int wake_signal;
};

#endif
