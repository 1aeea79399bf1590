/* SPDX-License-Identifier: MIT */
/*
 * lab_count: clients of the counter service, and the numbers that they are
 * told.
 *
 *	struct lab_count count;
 *
 *	if (lab_count_connect(run, server, &count, 8)) {
 *		lab_count_send(&count, 0, "x\n", 1000);
 *		lab_count_read(run, &count, 1000, LAB_TIMEOUT_MS);
 *		... count.answers, count.distinct, count.client[0].last ...
 *	}
 *	lab_count_close(&count);
 *
 * A counter that loses nothing tells each number once: `distinct` equals
 * `answers`.
 */
#ifndef COMMON_LAB_LAB_COUNT_H
#define COMMON_LAB_LAB_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/lab/lab_server.h"

#define LAB_COUNT_CLIENTS 32
#define LAB_COUNT_NUMBERS 65536 /* the highest number that is looked at */

struct lab_count {
	unsigned clients;
	int fd[LAB_COUNT_CLIENTS];
	struct lab_worker worker[LAB_COUNT_CLIENTS]; /* that serves it */
	uint64_t last[LAB_COUNT_CLIENTS];     /* the latest number; 0: none */
	unsigned answered[LAB_COUNT_CLIENTS]; /* how many lines */
	unsigned answers, distinct; /* of all clients, since they connected */
	uint64_t seen[LAB_COUNT_NUMBERS / 64]; /* a bit for each number */
};

/* Connects so many clients to a server without workers, and waits until each
 * has its worker. False: the run is over. Close them in any case. */
bool
lab_count_connect(struct lab_run *run, struct lab_server *server,
    struct lab_count *count, unsigned clients);

/* Client number CLIENT sends LINE, which ends with a line feed, TIMES times.
 * Several thousand bytes at most: it does not wait for answers meanwhile. */
bool
lab_count_send(
    struct lab_count *count, unsigned client, const char *line, unsigned times);

/* Reads answers: up to LINES of each client, until none comes for SILENCE_MS. A
 * client that is at its end, or is sent no number, is left out from then on. */
void
lab_count_read(struct lab_run *run, struct lab_count *count, unsigned lines,
    int silence_ms);

void
lab_count_close(struct lab_count *count);

/* What a new client is told for one line. 0: it is told nothing within
 * TIMEOUT_MS, or no number. */
uint64_t
lab_count_one_more(
    struct lab_run *run, const struct lab_server *server, int timeout_ms);

#endif
