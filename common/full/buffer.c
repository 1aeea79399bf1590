/* SPDX-License-Identifier: MIT */
/* buffer: one block of malloc(3), freed if it is large. */
#include "common/full/buffer.h"

#include <malloc.h>
#include <stdlib.h>

#define KEPT_BYTES (64 * 1024) /* a larger block is freed after use */

/*
 * After a large block was freed, malloc takes blocks of that size from the
 * heap, and each thread's heap keeps them. A fixed threshold makes it return
 * them. Here, because mallopt(3) must not run beside other threads.
 */
__attribute__((constructor)) static void
let_large_blocks_go(void)
{
	mallopt(M_MMAP_THRESHOLD, 2 * KEPT_BYTES);
}

void
buffer_reset(struct buffer *b, size_t front)
{
	if (b->room > KEPT_BYTES) {
		free(b->bytes);
		b->bytes = NULL;
		b->room = 0;
	}
	b->begin = b->end = front;
}

int
buffer_reserve(struct buffer *b, size_t more)
{
	size_t room = 2 * b->room;
	char *bytes;

	if (more == 0 || b->end + more <= b->room)
		return 0;
	if (b->begin > b->room / 2 && buffer_len(b) + more <= b->room) {
		memmove(b->bytes, b->bytes + b->begin, buffer_len(b));
		b->end -= b->begin;
		b->begin = 0;
		return 0;
	}
	if (room < b->end + more)
		room = b->end + more;
	if (room < 512)
		room = 512;
	bytes = realloc(b->bytes, room);
	if (!bytes)
		return -1;
	b->bytes = bytes;
	b->room = room;
	return 0;
}

int
buffer_make_front(struct buffer *b, size_t front)
{
	if (b->begin >= front)
		return 0;
	if (buffer_reserve(b, front - b->begin) < 0)
		return -1;
	memmove(b->bytes + front, b->bytes + b->begin, buffer_len(b));
	b->end += front - b->begin;
	b->begin = front;
	return 0;
}
