/* SPDX-License-Identifier: MIT */
/* hint: quantities and names; addresses are in address_hint.c. */
#include "common/base/hint.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/units.h"

#define WORD_MAX 64 /* a longer word is similar to no name */

/* ---- names ---- */

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

/* How many letters must be inserted, removed, changed or swapped with the next
 * one (Damerau distance), ignoring case. */
static unsigned
distance(const char *word, size_t len, const char *name)
{
	unsigned rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1],
					*row = rows[2], *spare;
	size_t width = strlen(name);

	for (size_t j = 0; j <= width; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= len; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= width; j++) {
			int a = tolower((unsigned char)word[i - 1]);
			int b = tolower((unsigned char)name[j - 1]);

			row[j] = least(last[j] + 1, row[j - 1] + 1,
			    last[j - 1] + (a != b));
			if (i > 1 && j > 1 &&
			    a == tolower((unsigned char)name[j - 2]) &&
			    b == tolower((unsigned char)word[i - 2]))
				row[j] =
				    least(row[j], row[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[width];
}

const char *
hint_nearest(const char *word, size_t len,
    const char *(*name_of)(const void *context, size_t i), const void *context)
{
	const char *best = NULL, *name;
	/* A third of a long word may differ, one letter of a short one. */
	unsigned most = len < 5 ? 2 : (unsigned)(len + 2) / 3 + 1;

	if (len < 2 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; (name = name_of(context, i)); i++) {
		size_t width = strlen(name);
		unsigned d;

		if (width > WORD_MAX)
			continue;
		d = distance(word, len, name);
		/* The beginning of a name is more similar than its length
		 * tells. */
		if (len >= 3 && width > len &&
		    strncasecmp(word, name, len) == 0)
			d = 1;
		if (d < most) {
			most = d;
			best = name;
		}
	}
	return best;
}

void
hint_name(const char *name, char *why, size_t size)
{
	if (name)
		snprintf(why, size, "did you mean %s?", name);
}

/* ---- quantities ---- */

static int
parse(enum quantity kind, const char *text, uint64_t *out)
{
	static int (*const parsers[])(const char *text, uint64_t *out) = {
	    [QUANTITY_COUNT] = parse_count,
	    [QUANTITY_SIZE] = parse_size,
	    [QUANTITY_DURATION] = parse_duration,
	    [QUANTITY_PERCENT] = parse_percent,
	};

	return parsers[kind](text, out);
}

/* Units in other notations. */
static const struct alias {
	enum quantity kind;
	const char *theirs, *ours;
} ALIASES[] = {
    {QUANTITY_DURATION, "sec", "s"},
    {QUANTITY_DURATION, "secs", "s"},
    {QUANTITY_DURATION, "second", "s"},
    {QUANTITY_DURATION, "seconds", "s"},
    {QUANTITY_DURATION, "S", "s"},
    {QUANTITY_DURATION, "min", "m"},
    {QUANTITY_DURATION, "mins", "m"},
    {QUANTITY_DURATION, "minute", "m"},
    {QUANTITY_DURATION, "minutes", "m"},
    {QUANTITY_DURATION, "M", "m"},
    {QUANTITY_DURATION, "msec", "ms"},
    {QUANTITY_DURATION, "msecs", "ms"},
    {QUANTITY_DURATION, "millis", "ms"},
    {QUANTITY_DURATION, "milliseconds", "ms"},
    {QUANTITY_DURATION, "MS", "ms"},
    {QUANTITY_DURATION, "usec", "us"},
    {QUANTITY_DURATION, "micros", "us"},
    {QUANTITY_DURATION, "microseconds", "us"},
    {QUANTITY_DURATION, "\u00b5s", "us"},
    {QUANTITY_DURATION, "\u03bcs", "us"},
    {QUANTITY_DURATION, "nsec", "ns"},
    {QUANTITY_DURATION, "hr", "h"},
    {QUANTITY_DURATION, "hrs", "h"},
    {QUANTITY_DURATION, "hour", "h"},
    {QUANTITY_DURATION, "hours", "h"},
    {QUANTITY_DURATION, "H", "h"},
    {QUANTITY_SIZE, "b", ""},
    {QUANTITY_SIZE, "bytes", ""},
    {QUANTITY_SIZE, "kb", "k"},
    {QUANTITY_SIZE, "mb", "M"},
    {QUANTITY_SIZE, "gb", "G"},
    {QUANTITY_SIZE, "K", "k"},
    {QUANTITY_SIZE, "m", "M"},
    {QUANTITY_SIZE, "g", "G"},
    {QUANTITY_SIZE, "ki", "KiB"},
    {QUANTITY_SIZE, "mi", "MiB"},
    {QUANTITY_SIZE, "gi", "GiB"},
    {QUANTITY_SIZE, "kib", "KiB"},
    {QUANTITY_SIZE, "mib", "MiB"},
    {QUANTITY_SIZE, "gib", "GiB"},
    {QUANTITY_COUNT, "k", "000"},
    {QUANTITY_COUNT, "m", "000000"},
    {QUANTITY_PERCENT, "percent", "%"},
    {QUANTITY_PERCENT, "pct", "%"},
};

/* Our name of UNIT of KIND: first with the same case, then with any. */
static const char *
our_unit(enum quantity kind, const char *unit)
{
	const size_t count = sizeof(ALIASES) / sizeof(ALIASES[0]);

	for (int loose = 0; loose < 2; loose++) {
		for (size_t i = 0; i < count; i++) {
			const struct alias *a = &ALIASES[i];

			if (a->kind == kind &&
			    (loose ? strcasecmp(a->theirs, unit)
				   : strcmp(a->theirs, unit)) == 0)
				return a->ours;
		}
	}
	return NULL;
}

/* Copies TEXT without the bytes in DROP, and with a point for each byte in
 * POINT. */
static void
rewrite(
    const char *text, const char *drop, const char *point, char out[WORD_MAX])
{
	size_t len = 0;

	for (; *text && len + 1 < WORD_MAX; text++) {
		if (!strchr(drop, *text))
			out[len++] = strchr(point, *text) ? '.' : *text;
	}
	out[len] = '\0';
}

/* Whether INSTEAD is a quantity. If so, WHY says WHAT is wrong, and suggests
 * INSTEAD. */
static bool
try_instead(enum quantity kind, const char *instead, const char *what,
    char *why, size_t size)
{
	uint64_t number;

	if (parse(kind, instead, &number) < 0)
		return false;
	snprintf(why, size, "%s: write %s", what, instead);
	return true;
}

/* "1,000" means one in some countries, a thousand in others. */
static bool
groups_digits(const char *text)
{
	const char *comma = strchr(text, ',');

	return comma && strspn(comma + 1, "0123456789") == 3;
}

/* TEXT is a number in another notation: with signs, spaces, commas. */
static bool
hint_notation(enum quantity kind, const char *text, char *why, size_t size)
{
	char instead[WORD_MAX + 4], plain[WORD_MAX], *end;
	double number;

	if (strlen(text) >= WORD_MAX)
		return false;
	if (*text == '=' &&
	    try_instead(kind, text + 1, "remove the =", why, size))
		return true;
	if (*text == '+' &&
	    try_instead(kind, text + 1, "it has a sign", why, size))
		return true;
	rewrite(text, " \t\n\r\v\f", "", plain);
	if (strcmp(plain, text) != 0 &&
	    try_instead(kind, plain, "it has a space in it", why, size))
		return true;
	rewrite(text, "", ",", plain);
	if (kind != QUANTITY_COUNT && strcmp(plain, text) != 0 &&
	    try_instead(kind, plain, "it has a comma in it", why, size)) {
		if (groups_digits(text))
			snprintf(why, size,
			    "its comma may be a point, or may "
			    "group digits");
		return true;
	}
	rewrite(text, ",_'", "", plain);
	if (strcmp(plain, text) != 0 &&
	    try_instead(kind, plain, "remove the separators", why, size))
		return true;
	snprintf(instead, sizeof(instead), "0%s", text);
	if (*text == '.' &&
	    try_instead(kind, instead, "a digit is missing before the point",
		why, size))
		return true;
	number = strtod(text, &end);
	if (isdigit((unsigned char)*text) && number >= 1e18) {
		snprintf(why, size, "it is too large");
		return true;
	}
	if (isdigit((unsigned char)*text) && end > text && number >= 0 &&
	    number < 1e18 && strpbrk(text, "eExX")) {
		snprintf(instead, sizeof(instead), "%.*f%s",
		    kind == QUANTITY_COUNT || number >= 1 ? 0 : 9, number, end);
		return try_instead(
		    kind, instead, "it is not in decimal notation", why, size);
	}
	return false;
}

/* TEXT begins with a number; UNIT is the rest. */
static void
hint_unit(enum quantity kind, const char *text, const char *unit, char *why,
    size_t size)
{
	int digits = (int)(unit - text);
	const char *ours;

	unit += strspn(unit, " ");
	ours = our_unit(kind, unit);
	if (text[digits - 1] == '.')
		snprintf(why, size,
		    "a digit is missing after the point: write %.*s%s",
		    digits - 1, text, ours ? ours : unit);
	else if (memchr(text, '.', (size_t)digits) &&
		 strcmp(unit, kind == QUANTITY_SIZE ? "" : "ns") == 0)
		snprintf(why, size, "it is not a whole number");
	else if (kind == QUANTITY_DURATION && !*unit)
		snprintf(
		    why, size, "it has no unit: write %ss for seconds", text);
	else if (ours)
		snprintf(why, size, "write %.*s%s", digits, text, ours);
	else if (kind == QUANTITY_COUNT && *unit == '.')
		snprintf(why, size, "it is not a whole number");
	else if (unit[strcspn(unit, "0123456789")])
		snprintf(why, size, "it must be one number with one unit");
	else if (kind == QUANTITY_COUNT)
		snprintf(why, size, "it is a number without a unit: write %.*s",
		    digits, text);
	else
		snprintf(why, size, "%.40s is not a unit", unit);
}

char *
hint_instead(char *why, size_t *len)
{
	char *at = strstr(why, "write ");

	if (!at)
		return NULL;
	at += strlen("write ");
	*len = strcspn(at, " ,");
	return at;
}

static void
explain(enum quantity kind, const char *text, uint64_t min, uint64_t max,
    char *why, size_t size)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t number;

	if (!*text)
		snprintf(why, size, "it is empty");
	else if (parse(kind, text, &number) == 0)
		snprintf(why, size, "it is %s",
		    number < min   ? "too small"
		    : number > max ? "too large"
				   : "not that");
	else if (hint_notation(kind, text, why, size))
		return;
	else if (*text == '-')
		snprintf(why, size, "it is negative");
	else if (!digits)
		snprintf(why, size, "it does not begin with a digit");
	else if (text[digits] == '.')
		hint_unit(kind, text,
		    kind == QUANTITY_COUNT
			? text + digits
			: text + digits + 1 +
			      strspn(text + digits + 1, "0123456789"),
		    why, size);
	else if (digits > 18)
		snprintf(why, size, "it is too large");
	else
		hint_unit(kind, text, text + digits, why, size);
}

void
hint_quantity(enum quantity kind, const char *text, uint64_t min, uint64_t max,
    char *why, size_t size)
{
	char word[WORD_MAX + 4], *instead;
	uint64_t number;
	size_t len;

	explain(kind, text, min, max, why, size);
	if (!(instead = hint_instead(why, &len)))
		return;
	snprintf(word, sizeof(word), "%.*s", (int)len, instead);
	if (parse(kind, word, &number) < 0)
		why[0] = '\0';
	else if (number < min || number > max)
		snprintf(why, size, "it is too %s",
		    number < min ? "small" : "large");
}

bool
hint_part(enum quantity kind, const char *text, size_t at, size_t len,
    uint64_t min, uint64_t max, char *why, size_t size)
{
	char word[WORD_MAX], bare[HINT_MAX] = "", *instead;
	uint64_t number;

	snprintf(word, sizeof(word), "%.*s", (int)(len < size ? len : size),
	    text + at);
	if (parse(kind, word, &number) == 0 && number >= min && number <= max)
		return false;
	hint_quantity(kind, word, min, max, bare, sizeof(bare));
	if (!len && *text)
		snprintf(bare, sizeof(bare), "a part of it is empty");
	if (!(instead = hint_instead(bare, &(size_t){0})))
		snprintf(why, size, "%s", bare);
	else
		snprintf(why, size, "%.*s%.*s%.*s%.40s%s",
		    (int)(instead - bare), bare, at < 40 ? (int)at : 40, text,
		    (int)strcspn(instead, " "), instead, text + at + len,
		    instead + strcspn(instead, " "));
	return true;
}
