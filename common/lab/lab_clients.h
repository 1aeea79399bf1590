/* SPDX-License-Identifier: MIT */
/*
 * lab_clients: many clients of one server that are connected at the same time.
 *
 *	struct lab_clients clients;
 *
 *	if (lab_clients_open(run, server, 64, &clients)) {
 *		... something happens to the server ...
 *		lost = clients.count - lab_clients_ask(&clients);
 *	}
 *	lab_clients_close(&clients);
 */
#ifndef COMMON_LAB_LAB_CLIENTS_H
#define COMMON_LAB_LAB_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/lab/lab_server.h"

#define LAB_CLIENTS 128

struct lab_clients {
	size_t count;
	int fds[LAB_CLIENTS]; /* -1: closed */
};

/*
 * Connects COUNT clients, at most LAB_CLIENTS. Each sends one line and has its
 * echo, so the server has a worker for each. False: the run is over. The caller
 * closes CLIENTS in both cases.
 */
bool
lab_clients_open(struct lab_run *run, const struct lab_server *server,
    size_t count, struct lab_clients *clients);

/* Each client that is not closed sends one line. Returns how many get it back.
 * The others got an end of file, an error, or nothing: together they have
 * TIMEOUT_MS. */
size_t
lab_clients_ask(const struct lab_clients *clients, int timeout_ms);

void
lab_clients_close(struct lab_clients *clients);

/* Whether FD, which sends LINE, gets the same line back within TIMEOUT_MS. */
bool
lab_is_echoed(int fd, const char *line, int timeout_ms);

/* Whether a new client is connected and has its line back. Unlike
 * lab_connect(), this does not end the run if not. */
bool
lab_serves_new(const struct lab_server *server);

#endif
