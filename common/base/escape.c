/* SPDX-License-Identifier: MIT */
/* escape: one character in, one or four out. */
#include "common/base/escape.h"

#include <stdio.h>

char *
escape(const char *text, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		size_t needed = c >= 0x20 && c < 0x7f ? 1 : 4;

		if (len + needed >= size)
			break;
		len += (size_t)snprintf(
		    buf + len, size - len, needed == 1 ? "%c" : "\\x%02x", c);
	}
	return buf;
}
