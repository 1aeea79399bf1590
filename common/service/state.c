/* SPDX-License-Identifier: MIT */
/*
 * state: echo, with memory for each connection, as a database or an interpreter
 * has it.
 *
 * A worker takes SIZE bytes from malloc(3) at its begin, PIECE by PIECE, and
 * writes all of them. At its end a thread must free each piece; a process
 * exits, and the kernel takes all pages back at once. A new process faults in
 * every page. A thread finds those pages again that free(3) has kept in the
 * heap: glibc's returns the free end of a heap to the kernel once it is longer
 * than 128 KiB, or than twice the largest piece that had a mapping of its own
 * and was freed. So 1 MiB stays if it was one piece, and goes back if it was
 * 256 small ones.
 *
 * PIECE is 64 KiB unless it is given: block allocators (obstacks, memory
 * contexts, arenas) take blocks of about that size, and it is below the 128 KiB
 * from which on malloc(3) makes a mapping for each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hint.h"
#include "common/base/units.h"
#include "common/service/service.h"

#define PIECE_LEAST ((uint64_t)4 << 10)
#define PIECE_USUAL ((uint64_t)64 << 10)
#define PIECE_MOST ((uint64_t)1 << 20)
#define SIZE_MOST ((uint64_t)1 << 40)

/* ---- the argument: SIZE and PIECE in one number ---- */

#define PIECE_BITS 21 /* PIECE_MOST fits */

static uint64_t
size_of(uint64_t argument)
{
	return argument >> PIECE_BITS;
}

static size_t
piece_of(uint64_t argument)
{
	return argument & ((1 << PIECE_BITS) - 1);
}

static int
state_configure(const char *text, uint64_t *argument)
{
	uint64_t size, piece = PIECE_USUAL;
	size_t len = text ? strcspn(text, ":") : 0;
	char part[UNITS_PART_MAX];

	if (!text || !units_part(part, text, len) ||
	    parse_size(part, &size) < 0 || size > SIZE_MOST)
		return -1;
	if (text[len] && parse_size(text + len + 1, &piece) < 0)
		return -1;
	if (piece < PIECE_LEAST || piece > PIECE_MOST)
		return -1;
	*argument = size << PIECE_BITS | piece;
	return 0;
}

static void
state_hint(const char *text, size_t at, char *why, size_t size)
{
	size_t len = strcspn(text + at, ":");
	const char *piece = text + at + len + 1;

	if (!hint_part(QUANTITY_SIZE, text, at, len, 0, SIZE_MOST, why, size) &&
	    text[at + len])
		hint_part(QUANTITY_SIZE, text, at + len + 1, strlen(piece),
		    PIECE_LEAST, PIECE_MOST, why, size);
}

/* ---- the memory of a worker ---- */

/* Each piece begins with a pointer to the one before it. */
struct piece {
	struct piece *before;
};

static struct service_memory
state_memory(uint64_t argument)
{
	return (struct service_memory){.each = size_of(argument)};
}

static void
state_end(const struct service_setup *setup, void *memory)
{
	struct piece *piece = memory;

	(void)setup;
	while (piece) {
		struct piece *before = piece->before;

		free(piece);
		piece = before;
	}
}

/* All of it is written, as a program does that has a use for it. The last piece
 * may be smaller. */
static int
state_begin(const struct service_setup *setup, void **memory)
{
	uint64_t left = size_of(setup->argument);
	struct piece *last = NULL;

	while (left > 0) {
		size_t size = piece_of(setup->argument);
		struct piece *piece;

		if (size > left)
			size = (size_t)left;
		piece = malloc(size < sizeof(*piece) ? sizeof(*piece) : size);
		if (!piece) {
			state_end(setup, last);
			errno = ENOMEM;
			return -1;
		}
		memset(piece, 1, size);
		piece->before = last;
		last = piece;
		left -= size;
	}
	*memory = last;
	return 0;
}

extern const struct service service_echo;

static void
state_serve(struct conn *conn, const struct service_context *context)
{
	service_echo.serve(conn, context);
}

const struct service service_state = {
    .name = "state",
    .argument = "SIZE[:PIECE]",
    .summary = "echo, with SIZE bytes of memory for each worker",
    .serve = state_serve,
    .full = "Server full, please try again later.\n",
    .configure = state_configure,
    .missing = "the size is missing: write state:1MiB",
    .hint = state_hint,
    .memory = state_memory,
    .begin = state_begin,
    .end = state_end,
};
