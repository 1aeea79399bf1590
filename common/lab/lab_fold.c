/* SPDX-License-Identifier: MIT */
/* lab_fold: characters, the pieces between which a line may end, and lines. */
#include "common/lab/lab_fold.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/base/utf8.h"

/* ---- widths ---- */

/* The character at TEXT, and its length. Not UTF-8: the byte. */
static uint32_t
decode(const char *text, size_t *len)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t code;

	*len = utf8_length(text);
	if (!*len) {
		*len = 1;
		return (unsigned char)*text;
	}
	code = (unsigned char)*text & masks[*len];
	for (size_t i = 1; i < *len; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	return code;
}

/* Unicode's East Asian Width, W and F, without what no page has. */
static bool
is_wide(uint32_t code)
{
	return (code >= 0x1100 && code <= 0x115f) ||
	       (code >= 0x2e80 && code <= 0xa4cf) ||
	       (code >= 0xac00 && code <= 0xd7a3) ||
	       (code >= 0xf900 && code <= 0xfaff) ||
	       (code >= 0xfe30 && code <= 0xfe4f) ||
	       (code >= 0xff00 && code <= 0xff60) ||
	       (code >= 0xffe0 && code <= 0xffe6) || code >= 0x20000;
}

size_t
lab_columns(const char *text)
{
	size_t columns = 0, len;

	for (; *text; text += len)
		columns += 1 + is_wide(decode(text, &len));
	return columns;
}

/* ---- pieces ---- */

/* Of Chinese, what no line begins with: , 。 and the like, closing marks. */
static bool
closes(uint32_t code)
{
	static const uint32_t marks[] = {0x3001, 0x3002, 0xff0c, 0xff1a, 0xff1b,
	    0xff1f, 0xff01, 0xff09, 0x300b, 0x300d, 0x300f, 0x3011, 0x201d,
	    0x2019};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (marks[i] == code)
			return true;
	}
	return false;
}

/* What no line ends with: opening brackets and quotes. */
static bool
opens(uint32_t code)
{
	return code == 0xff08 || code == 0x201c || code == 0x2018 ||
	       code == 0x300a || code == 0x300c || code == 0x3010;
}

/* Whether the lines of a page that end and begin so are joined without a
 * blank: between Chinese characters, and beside their marks. */
static bool
joins(uint32_t before, uint32_t after)
{
	return closes(before) || opens(before) || closes(after) ||
	       opens(after) || (is_wide(before) && is_wide(after));
}

/* The bytes of the piece at TEXT that stays on one line: a word, or a wide
 * character, with the marks that open and close it. */
static size_t
piece_length(const char *text)
{
	size_t len, all = 0;
	uint32_t code = decode(text, &len);

	while (opens(code) && text[all + len]) {
		all += len;
		code = decode(text + all, &len);
	}
	if (is_wide(code)) {
		all += len;
	} else {
		while (text[all] && !strchr(" \n", text[all])) {
			code = decode(text + all, &len);
			if (is_wide(code))
				break;
			all += len;
		}
	}
	while (text[all] && closes(decode(text + all, &len)))
		all += len;
	return all;
}

static size_t
piece_columns(const char *text, size_t len)
{
	size_t columns = 0, step;

	for (size_t at = 0; at < len; at += step)
		columns += 1 + is_wide(decode(text + at, &step));
	return columns;
}

/* ---- lines ---- */

struct fold {
	FILE *out;
	size_t indent, width, column;
	size_t hang;   /* further blanks of a list's later lines */
	bool empty;    /* nothing stands in this line yet */
	uint32_t last; /* character */
};

static void
begin_line(struct fold *fold, size_t more)
{
	if (!fold->empty)
		fputc('\n', fold->out);
	fprintf(fold->out, "%*s", (int)(fold->indent + more), "");
	fold->column = fold->indent + more;
	fold->empty = true;
}

/* A list's item: its mark's columns; 0: it is none. */
static size_t
item_mark(const char *line)
{
	size_t digits = strspn(line, "0123456789");

	if (strncmp(line, "- ", 2) == 0)
		return 2;
	return digits && digits < 3 && strncmp(line + digits, ". ", 2) == 0
		   ? digits + 2
		   : 0;
}

static uint32_t
last_character(const char *text, size_t len)
{
	size_t step;

	while (len && ((unsigned char)text[--len] & 0xc0) == 0x80)
		continue;
	return decode(text + len, &step);
}

static void
put_pieces(struct fold *fold, const char *at, size_t len)
{
	const char *end = at + len;
	size_t step;
	bool blank =
	    len && !fold->empty && !joins(fold->last, decode(at, &step));

	while (at < end) {
		size_t piece, columns;

		if (*at == ' ') {
			blank = !fold->empty;
			at++;
			continue;
		}
		piece = piece_length(at);
		if (at + piece > end)
			piece = (size_t)(end - at);
		columns = piece_columns(at, piece);
		if (!fold->empty &&
		    fold->column + blank + columns > fold->width) {
			begin_line(fold, fold->hang);
			blank = false;
		}
		fprintf(fold->out, "%s%.*s", blank ? " " : "", (int)piece, at);
		fold->column += blank + columns;
		fold->empty = blank = false;
		fold->last = last_character(at, piece);
		at += piece;
	}
}

static void
put_line(struct fold *fold, const char *line, size_t len, bool paragraph)
{
	size_t mark = item_mark(line), lead = strspn(line, " ");

	if (mark || paragraph) {
		begin_line(fold, 0);
		fold->hang = mark;
	}
	put_pieces(fold, line + lead, len > lead ? len - lead : 0);
}

void
lab_fold(
    FILE *out, const char *text, size_t column, size_t indent, size_t width)
{
	struct fold fold = {out, indent, width, column, 0, true, 0};
	bool block = false, paragraph = !column;

	for (; *text; text += *text == '\n') {
		size_t len = strcspn(text, "\n");

		if (strncmp(text, "```", 3) == 0) {
			block = !block;
			paragraph = true;
		} else if (block) {
			begin_line(&fold, 2);
			fprintf(out, "%.*s", (int)len, text);
			fold.empty = false;
		} else if (!len) {
			if (!paragraph)
				fputc('\n', out);
			paragraph = true;
		} else {
			put_line(&fold, text, len, paragraph);
			paragraph = false;
		}
		text += len;
	}
	if (!fold.empty)
		fputc('\n', out);
}
