/* SPDX-License-Identifier: MIT */
/*
 * service: what a server does with a connection. A new service is a file, and a
 * line in services.c.
 *
 * A service is a function that serves one connection with blocking calls and
 * returns, and the answer to a client that is refused, in the service's
 * protocol. It knows nothing of threads and processes and has no static
 * variables: many workers run it at once, and under fork a variable would be a
 * copy. Its workers share memory through struct shared.
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

/* The same for all connections of a server. Workers only read it. */
struct service_setup {
	uint64_t argument;	 /* ARG of NAME:ARG, as configure() stored it */
	uint64_t race_window_ns; /* --race-window */
	uint32_t workers;	 /* the most workers at once */
	bool any_address;  /* a listener accepts connections to all addresses of
			      this machine, so its names are not known */
	const char *model; /* "thread" */
	void *prepared;	   /* made by prepare() */
	const struct ledger_shown *ledger;
	const struct service_limit_counts *limits;
	/* The server is draining: end where the protocol allows it. */
	const _Atomic bool *draining;
	/* In a drain: also close clients that have sent no request yet. */
	const _Atomic bool *closing_silent;
	struct shared *shared; /* with shared_size() bytes; NULL: none */
};

/* What a service knows beside the stream itself. */
struct service_context {
	const struct service_setup *setup;
	uint64_t number; /* of this connection, from 1 */
	uint32_t worker; /* below setup->workers; unique among live workers */
	void *memory;	 /* of this worker, made by begin() */
	const struct address *peer;
};

/* Why a client gets no worker. */
enum refusal_reason {
	REFUSAL_FULL,	     /* all workers are taken */
	REFUSAL_SOURCE_FULL, /* its address is at --max-per-source */
};

/* The answer for REFUSAL_SOURCE_FULL, in line protocols. */
#define SERVICE_SOURCE_FULL "Too many connections from your address.\n"

/*
 * Returns the answer that refuses a client whose first LEN bytes are FIRST.
 * NULL: they do not decide it. ALL: no more bytes are awaited; NULL then means
 * no answer.
 */
typedef const char *
choose_refusal(
    enum refusal_reason reason, const char *first, size_t len, bool all);

/* Counters for /metrics beside the ledger. The accept loop writes them, in
 * memory that all workers see. */
struct service_limit_counts {
	_Atomic uint64_t reached; /* how often the last worker was taken */
	_Atomic uint64_t
	    source_refused; /* clients refused because of --max-per-source */
};

/* What a service allocates, in bytes. */
struct service_memory {
	uint64_t once; /* by prepare() */
	uint64_t each; /* by begin(), for each worker */
};

/* See worker_died(). Two, because one may be stopped. */
#define SERVICE_WAKE_MAX 2

struct service {
	const char *name;
	const char
	    *argument; /* "D" for NAME:D; in brackets if optional; NULL: none */
	const char *summary; /* one line for --list-services */
	void (*serve)(struct conn *conn, const struct service_context *context);
	/* The answer to a refused client: FULL, sent before the client's
	 * first byte; or, if that is NULL, what FULL_FOR returns for its
	 * first bytes. */
	const char *full;
	choose_refusal *full_for;
	/* Its ALPN names, for tls_speak(). NULL: none. */
	const char *tls_names;
	bool datagrams; /* may be served over UDP */
	bool websocket; /* uses WebSocket, if the image has it (image.h) */
	/* Parses TEXT (NULL: none) into setup->argument; -1 if it is not
	 * allowed. NULL: the service takes no argument. */
	int (*configure)(const char *text, uint64_t *argument);
	/* "the size is missing: write state:1MiB", for an argument that must be
	 * there; NULL: it need not. */
	const char *missing;
	/* Like hint_part(), for an argument that is not allowed: it begins at
	 * TEXT + AT, after the colon. NULL: no hint. */
	void (*hint)(const char *text, size_t at, char *why, size_t size);
	/* Bytes that its workers share, zeroed at the start. NULL: none. */
	size_t (*shared_size)(const struct service_setup *setup);
	/* The memory that prepare() and begin() take. NULL: none to speak of.
	 */
	struct service_memory (*memory)(uint64_t argument);
	/* Makes setup->prepared, before there are workers. 0; or -1 after an
	 * error line. NULL: nothing to do. */
	int (*prepare)(struct service_setup *setup);
	/* Begin and end of a worker's own memory (context->memory). begin()
	 * sets *MEMORY: 0, or -1 with errno, and the client is refused. end()
	 * frees it once the connection is closed; it is not called where a
	 * worker's memory ends with it (server_model.memory_ends), or for NULL.
	 * Both NULL: there is none. */
	int (*begin)(const struct service_setup *setup, void **memory);
	void (*end)(const struct service_setup *setup, void *memory);
	/* A signal killed WORKER. Fills WAKE with other workers that must know
	 * at once, at most SERVICE_WAKE_MAX, and returns how many; each gets
	 * wake_signal. The accept loop calls it: it must not wait, and must not
	 * trust memory that workers can write. NULL: nothing to do. */
	size_t (*worker_died)(const struct service_setup *setup,
	    uint32_t worker, uint32_t wake[static SERVICE_WAKE_MAX]);
	int wake_signal;
};

#endif
