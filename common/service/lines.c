/* SPDX-License-Identifier: MIT */
/* lines: one buffer, read at its front and filled at its end. */
#include "common/service/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MIN 4096

void
lines_init(struct lines *lines)
{
	*lines = (struct lines){0};
}

void
lines_release(struct lines *lines)
{
	free(lines->buf);
	lines_init(lines);
}

static int
grow(struct lines *lines)
{
	size_t size = lines->size ? lines->size * 2 : LINES_MIN;
	char *buf;

	if (lines->size >= LINES_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if (size > LINES_MAX)
		size = LINES_MAX;
	buf = realloc(lines->buf, size);
	if (!buf)
		return -1;
	lines->buf = buf;
	lines->size = size;
	return 0;
}

char *
lines_space(struct lines *lines, size_t *size)
{
	if (lines->start) {
		memmove(lines->buf, lines->buf + lines->start, lines->len);
		lines->start = 0;
	}
	if (lines->len == lines->size && grow(lines) < 0)
		return NULL;
	*size = lines->size - lines->len;
	return lines->buf + lines->len;
}

void
lines_add(struct lines *lines, size_t n)
{
	lines->len += n;
}

size_t
lines_next(struct lines *lines, const char **text, size_t *len)
{
	const char *at, *end;

	if (lines->looked == lines->len)
		return 0;
	at = lines->buf + lines->start;
	end = memchr(at + lines->looked, '\n', lines->len - lines->looked);
	if (!end) {
		lines->looked = lines->len;
		return 0;
	}
	*text = at;
	*len = (size_t)(end + 1 - at);
	lines->start += *len;
	lines->len -= *len;
	lines->looked = 0;
	return *len > 1 && end[-1] == '\r' ? 2 : 1;
}

void
lines_put_back(struct lines *lines, size_t len)
{
	lines->start -= len;
	lines->len += len;
	lines->looked = 0;
}

const char *
lines_rest(const struct lines *lines, size_t *len)
{
	*len = lines->len;
	return lines->buf ? lines->buf + lines->start : "";
}
