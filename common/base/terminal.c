/* SPDX-License-Identifier: MIT */
/* terminal: widths, and words that keep to them. */
#include "common/base/terminal.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/base/escape.h"
#include "common/base/units.h"

/* Longer words are none that a line could hold. */
#define WORD_MAX 1024

static size_t
within_limits(size_t columns)
{
	if (columns < TERMINAL_COLUMNS_MIN)
		return TERMINAL_COLUMNS_MIN;
	return columns < TERMINAL_COLUMNS_MAX ? columns : TERMINAL_COLUMNS_MAX;
}

size_t
terminal_columns(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t number;

	if (columns && parse_count(columns, &number) == 0 && number > 0)
		return within_limits(number);
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return within_limits(size.ws_col);
	return TERMINAL_COLUMNS;
}

/* The columns of the LEN bytes at WORD. */
static size_t
word_columns(const char *word, size_t len)
{
	char copy[WORD_MAX];

	if (len >= sizeof(copy))
		return len;
	memcpy(copy, word, len);
	copy[len] = '\0';
	return escape_columns(copy);
}

void
terminal_fold(
    FILE *out, const char *text, size_t column, size_t indent, size_t width)
{
	bool first = true; /* of its line: no blank before it */

	while (*text) {
		size_t blanks = strspn(text, " ");
		size_t len = strcspn(text + blanks, " \n");
		size_t columns = word_columns(text + blanks, len);

		if (!first && column + blanks + columns > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			blanks = 0, text += strspn(text, " ");
		}
		fprintf(out, "%.*s", (int)(blanks + len), text);
		column += blanks + columns;
		first = false;
		text += blanks + len;
		if (*text == '\n') {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent, first = true, text++;
		}
	}
	fputc('\n', out);
}
