/* SPDX-License-Identifier: MIT */
/*
 * buffer: a queue of bytes that grows as needed, with room kept free in front
 * for a header that is known only later.
 *
 * Zeroed, it is empty and holds no memory. Its owner frees its bytes.
 */
#ifndef COMMON_FULL_BUFFER_H
#define COMMON_FULL_BUFFER_H

#include <stddef.h>
#include <string.h>

/* The bytes in use, from begin to end. */
struct buffer {
	char *bytes;
	size_t begin, end, room;
};

static inline size_t
buffer_len(const struct buffer *b)
{
	return b->end - b->begin;
}

/* Empties B, with FRONT bytes free in front. A large buffer frees its
 * memory. */
void
buffer_reset(struct buffer *b, size_t front);

/* Makes room for MORE bytes. The size doubles, so single bytes stay cheap. -1
 * with ENOMEM; the content stays. */
int
buffer_reserve(struct buffer *b, size_t more);

/* After buffer_reserve(). */
static inline void
buffer_put(struct buffer *b, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(b->bytes + b->end, bytes, len);
	b->end += len;
}

/* Puts bytes in front, where there is room for them. */
static inline void
buffer_put_front(struct buffer *b, const void *bytes, size_t len)
{
	b->begin -= len;
	memcpy(b->bytes + b->begin, bytes, len);
}

/* Moves the content so that FRONT bytes are free before it. -1 with ENOMEM. */
int
buffer_make_front(struct buffer *b, size_t front);

#endif
