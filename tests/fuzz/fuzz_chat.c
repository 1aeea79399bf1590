/* SPDX-License-Identifier: MIT */
/*
 * fuzz_chat: a client's bytes, cut into lines. Two bytes say how they are cut
 * into reads and how often the rest is repeated; whatever they say, the lines
 * one after the other are what came.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/base/utf8.h"
#include "common/service/lines.h"

enum { STREAM_MAX = 1 << 18 };

struct stream {
	const uint8_t *bytes; /* repeated */
	size_t len, total;
	size_t fed, got;
	uint32_t random;
};

static uint32_t
random_below(struct stream *s, uint32_t limit)
{
	s->random = s->random * 1664525 + 1013904223;
	return (s->random >> 8) % limit;
}

static char
byte_at(const struct stream *s, size_t at)
{
	return (char)s->bytes[at % s->len];
}

/* What was taken is what comes next in the stream. */
static void
must_be_next(const struct stream *s, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		MUST(text[i] == byte_at(s, s->got + i));
}

static void
must_be_a_line(const char *text, size_t len, size_t end_len)
{
	MUST(end_len == 1 || end_len == 2);
	MUST(len >= end_len && len <= LINES_MAX);
	MUST(memchr(text, '\n', len) == text + len - 1);
	MUST((len > 1 && text[len - 2] == '\r') == (end_len == 2));
	MUST(utf8_valid(text, len) == utf8_valid(text, len - end_len));
}

/* Returns 0 when there is none. */
static int
take_line(struct stream *s, struct lines *lines)
{
	const char *text;
	size_t len, end_len = lines_next(lines, &text, &len);

	if (end_len == 0)
		return 0;
	must_be_a_line(text, len, end_len);
	must_be_next(s, text, len);
	if (random_below(s, 8) == 0)
		lines_put_back(lines, len);
	else
		s->got += len;
	return 1;
}

/* Returns 0 when no more fits, or has come. */
static int
feed(struct stream *s, struct lines *lines)
{
	size_t size, n = 1 + random_below(s, s->random & 1 ? 16 : 8192);
	char *space = lines_space(lines, &size);

	if (!space) {
		MUST(s->fed - s->got == LINES_MAX);
		return 0;
	}
	MUST(size > 0 && s->fed - s->got + size <= LINES_MAX);
	n = n < size ? n : size;
	n = n < s->total - s->fed ? n : s->total - s->fed;
	for (size_t i = 0; i < n; i++)
		space[i] = byte_at(s, s->fed + i);
	lines_add(lines, n);
	s->fed += n;
	return n > 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream s = {0};
	struct lines lines;
	const char *rest;
	size_t len;

	if (size < 3)
		return 0;
	s.bytes = data + 2;
	s.len = size - 2;
	s.random = data[0];
	s.total = s.len * (data[1] + 1U);
	if (s.total > STREAM_MAX)
		s.total = STREAM_MAX;
	lines_init(&lines);
	do {
		while (random_below(&s, 16) && take_line(&s, &lines))
			continue;
	} while (feed(&s, &lines));
	while (take_line(&s, &lines))
		continue;
	rest = lines_rest(&lines, &len);
	MUST(len == s.fed - s.got && !memchr(rest, '\n', len));
	must_be_next(&s, rest, len);
	lines_release(&lines);
	return 0;
}
