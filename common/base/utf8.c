/* SPDX-License-Identifier: MIT */
/* utf8: the table of RFC 3629 section 4, as ranges of the second byte. */
#include "common/base/utf8.h"

/* How many bytes follow FIRST; LOW and HIGH bound the first of them. -1: FIRST
 * begins nothing. */
static int
tail_of(unsigned char first, unsigned char *low, unsigned char *high)
{
	*low = 0x80;
	*high = 0xbf;
	if (first < 0x80)
		return 0;
	if (first < 0xc2 || first > 0xf4)
		return -1;
	if (first < 0xe0)
		return 1;
	if (first == 0xe0)
		*low = 0xa0; /* overlong below */
	if (first == 0xed)
		*high = 0x9f; /* surrogates above */
	if (first < 0xf0)
		return 2;
	if (first == 0xf0)
		*low = 0x90;
	if (first == 0xf4)
		*high = 0x8f;
	return 3;
}

bool
utf8_valid(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + len;

	while (at < end) {
		unsigned char low, high;
		int tail = tail_of(*at++, &low, &high);

		if (tail < 0 || end - at < tail)
			return false;
		for (; tail > 0; tail--) {
			if (*at < low || *at > high)
				return false;
			low = 0x80;
			high = 0xbf;
			at++;
		}
	}
	return true;
}
