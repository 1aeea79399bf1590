/* SPDX-License-Identifier: MIT */
/* utf8: RFC 3629 section 4, as a range for the next byte. */
#include "common/base/utf8.h"

#include <stdint.h>
#include <string.h>

/* Begins a character of several bytes. */
static bool
begin(struct utf8 *u, unsigned char byte)
{
	if (byte < 0xc2 || byte > 0xf4)
		return false;
	u->left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	/* The range of the second byte excludes overlong forms, surrogates, and
	 * code points above U+10FFFF. */
	u->low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
	u->high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
	return true;
}

static bool
go_on(struct utf8 *u, unsigned char byte)
{
	if (byte < u->low || byte > u->high)
		return false;
	u->left--;
	u->low = 0x80;
	u->high = 0xbf;
	return true;
}

/* How many of LEN bytes are ASCII, in steps of eight. */
static size_t
ascii_run(const char *at, size_t len)
{
	uint64_t eight;
	size_t i;

	for (i = 0; i + sizeof(eight) <= len; i += sizeof(eight)) {
		memcpy(&eight, at + i, sizeof(eight));
		if (eight & 0x8080808080808080)
			break;
	}
	return i;
}

bool
utf8_take(struct utf8 *u, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char byte;

		if (u->left == 0)
			i += ascii_run(bytes + i, len - i);
		if (i == len)
			break;
		byte = (unsigned char)bytes[i];
		if (u->left > 0) {
			if (!go_on(u, byte))
				return false;
		} else if (byte >= 0x80 && !begin(u, byte)) {
			return false;
		}
	}
	return true;
}

bool
utf8_valid(const char *text, size_t len)
{
	struct utf8 u = {0};

	return utf8_take(&u, text, len) && u.left == 0;
}

size_t
utf8_count(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += utf8_begins(*text);
	return n;
}

size_t
utf8_length(const char *text)
{
	struct utf8 u = {0};
	size_t len = 0;

	do {
		if (!utf8_take(&u, text + len++, 1)) /* a NUL within, too */
			return 0;
	} while (u.left > 0);
	return len;
}

void
utf8_copy(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size) {
		len = size - 1;
		while (len > 0 && !utf8_begins(text[len]))
			len--;
	}
	memcpy(out, text, len);
	out[len] = '\0';
}
