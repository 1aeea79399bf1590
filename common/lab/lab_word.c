/* SPDX-License-Identifier: MIT */
/* lab_word: single quotes. */
#include "common/lab/lab_word.h"

#include <stdio.h>
#include <string.h>

#define QUOTE "'\\''" /* a single quote between single quotes */

const char *
lab_word(char *buf, size_t size, const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				    "opqrstuvwxyz0123456789_-+./,:=@%";
	size_t len = 1;

	if (*word && !word[strspn(word, plain)]) {
		snprintf(buf, size, "%s", word);
		return buf;
	}
	buf[0] = '\'';
	for (; *word && len + sizeof(QUOTE) < size; word++)
		len += (size_t)sprintf(
		    buf + len, *word == '\'' ? QUOTE : "%c", *word);
	strcpy(buf + len, "'");
	return buf;
}
