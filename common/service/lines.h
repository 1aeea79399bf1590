/* SPDX-License-Identifier: MIT */
/*
 * lines: splits incoming bytes into lines. No I/O. Its memory starts with one
 * page, and grows with the longest line, to LINES_MAX at most.
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
	size_t looked;		 /* this many of them contain no line end */
};

/* Allocates nothing until lines_space(). */
void
lines_init(struct lines *lines);

void
lines_release(struct lines *lines);

/* Returns where to put bytes, *SIZE of them, at least one. NULL with errno:
 * ENOMEM; or EMSGSIZE: there are LINES_MAX bytes and no line end. */
char *
lines_space(struct lines *lines, size_t *size);

/* N bytes were put into that space. */
void
lines_add(struct lines *lines, size_t n);

/*
 * Returns the length of the line end (1 or 2) of the next whole line, which is
 * valid until lines_space(); 0: there is no whole line.
 */
size_t
lines_next(struct lines *lines, const char **text, size_t *len);

/* Makes the LEN bytes that lines_next() returned last unread again. */
void
lines_put_back(struct lines *lines, size_t len);

/* All unread bytes: at end of file, a line without its end. */
const char *
lines_rest(const struct lines *lines, size_t *len);

#endif
