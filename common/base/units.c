/* SPDX-License-Identifier: MIT */
/* units: the scale and the suffixes of each kind of quantity. */
#include "common/base/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *suffix;
	uint64_t scale;
};

static const struct unit SIZES[] = {
    {"", 1},
    {"k", 1000},
    {"M", 1000 * 1000},
    {"G", 1000ULL * 1000 * 1000},
    {"KiB", 1ULL << 10},
    {"MiB", 1ULL << 20},
    {"GiB", 1ULL << 30},
    {NULL, 0},
};

static const struct unit DURATIONS[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000 * 1000},
    {"s", 1000ULL * 1000 * 1000},
    {"m", 60 * 1000ULL * 1000 * 1000},
    {"h", 3600 * 1000ULL * 1000 * 1000},
    {NULL, 0},
};

static const struct unit PERCENTS[] = {{"%", 1000}, {"", 1000}, {NULL, 0}};

static const struct unit COUNTS[] = {{"", 1}, {NULL, 0}};

/* strtoull() would accept signs, spaces and octal. */
static int
parse_digits(const char **text, uint64_t *out)
{
	const char *at = *text;

	*out = 0;
	if (!isdigit((unsigned char)*at))
		return -1;
	for (; isdigit((unsigned char)*at); at++) {
		if (__builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, (uint64_t)(*at - '0'), out))
			return -1;
	}
	*text = at;
	return 0;
}

static int
parse_quantity(const char *text, const struct unit *unit, uint64_t *out)
{
	__extension__ typedef unsigned __int128 wide;
	uint64_t whole, scaled, part = 0, place = 1;

	if (parse_digits(&text, &whole) < 0)
		return -1;
	if (*text == '.' && unit != COUNTS) {
		const char *first = ++text;

		for (; isdigit((unsigned char)*text); text++) {
			if (text - first < 9) {
				part = part * 10 + (uint64_t)(*text - '0');
				place *= 10;
			}
		}
		if (text == first)
			return -1;
	}
	while (unit->suffix && strcmp(unit->suffix, text) != 0)
		unit++;
	/* A byte and a nanosecond cannot be divided. */
	if (!unit->suffix || (place > 1 && unit->scale == 1) ||
	    __builtin_mul_overflow(whole, unit->scale, &scaled))
		return -1;
	part = (uint64_t)((wide)part * unit->scale / place);
	if (__builtin_add_overflow(scaled, part, &scaled))
		return -1;
	*out = scaled;
	return 0;
}

int
parse_count(const char *text, uint64_t *out)
{
	return parse_quantity(text, COUNTS, out);
}

const char *
units_part(char part[static UNITS_PART_MAX], const char *text, size_t len)
{
	if (len >= UNITS_PART_MAX)
		return NULL;
	memcpy(part, text, len);
	part[len] = '\0';
	return part;
}

int
parse_size(const char *text, uint64_t *out)
{
	return parse_quantity(text, SIZES, out);
}

int
parse_duration(const char *text, uint64_t *out)
{
	return parse_quantity(text, DURATIONS, out);
}

int
parse_percent(const char *text, uint64_t *out)
{
	return parse_quantity(text, PERCENTS, out);
}

char *
format_duration(char *buf, size_t size, double ns)
{
	static const struct {
		double scale;
		const char *unit;
	} scales[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
	size_t i = 0;

	while (i < 3 && ns < scales[i].scale * 0.9995)
		i++;
	ns /= scales[i].scale;
	snprintf(buf, size, "%.*f %s",
	    ns < 9.995	 ? 2
	    : ns < 99.95 ? 1
			 : 0,
	    ns, scales[i].unit);
	return buf;
}

char *
format_wait(char *buf, size_t size, double seconds)
{
	if (seconds < 99.5)
		snprintf(buf, size, "%.0f s", seconds);
	else
		snprintf(buf, size, "%.0f min", seconds / 60);
	return buf;
}

char *
format_number(char *buf, size_t size, double value)
{
	char plain[320]; /* DBL_MAX has 309 digits */
	size_t len, out = 0;

	if (fabs(value) < 99.95 && value != rint(value)) {
		snprintf(buf, size, "%.*f", fabs(value) < 9.995 ? 2 : 1, value);
		return buf;
	}
	len = (size_t)snprintf(plain, sizeof(plain), "%.0f", value);
	for (size_t i = 0; i < len && out + 2 < size; i++) {
		if (i > (value < 0) && (len - i) % 3 == 0)
			buf[out++] = ',';
		buf[out++] = plain[i];
	}
	buf[out] = '\0';
	return buf;
}
