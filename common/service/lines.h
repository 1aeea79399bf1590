/* SPDX-License-Identifier: MIT */
/*
 * lines: bytes as they come, to lines. No I/O; memory grows with the longest
 * line, LINES_MAX at most, and starts at a page.
 *
 *	space = lines_space(&lines, &size);
 *	lines_add(&lines, read(fd, space, size));
 *	while (lines_next(&lines, &text, &len) > 0)
 *		...                     // with its "\n" or "\r\n"
 */
#ifndef COMMON_SERVICE_LINES_H
#define COMMON_SERVICE_LINES_H

#include <stddef.h>

/* The longest line, its end included. */
#define LINES_MAX (64 * 1024 + 2)

struct lines {
	char *buf;
	size_t size, start, len; /* unread: LEN bytes from START */
	size_t looked;		 /* so many of them hold no line end */
};

/* Holds nothing, and no memory, until lines_space(). */
void
lines_init(struct lines *lines);

void
lines_release(struct lines *lines);

/* Where to put bytes, *SIZE of them at most and at least one. NULL with errno:
 * ENOMEM, or EMSGSIZE: LINES_MAX bytes are there and no line. */
char *
lines_space(struct lines *lines, size_t *size);

/* N bytes were put there. */
void
lines_add(struct lines *lines, size_t n);

/*
 * The next whole line, valid until lines_space(). Returns the length of its end
 * (1 or 2), or 0: none is there.
 */
size_t
lines_next(struct lines *lines, const char **text, size_t *len);

/* The LEN bytes that lines_next() gave last are unread again. */
void
lines_put_back(struct lines *lines, size_t len);

/* All that is unread: at end of file, a line without its end. */
const char *
lines_rest(const struct lines *lines, size_t *len);

#endif
