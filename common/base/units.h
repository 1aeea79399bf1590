/* SPDX-License-Identifier: MIT */
/*
 * units: parses and prints quantities.
 *
 * Sizes: k, M, G are powers of 1000, KiB, MiB, GiB of 1024; a bare number is
 * bytes. Durations need a unit: ns, us, ms, s, m, h. Both may have a decimal
 * fraction ("1.5s"). No sign, no space, nothing after the unit.
 *
 * The parsers return 0 and set *OUT; or -1, and *OUT is unchanged. No
 * allocation, no locale, no state: safe anywhere.
 */
#ifndef COMMON_BASE_UNITS_H
#define COMMON_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* More than a number with its unit needs, or a word of ours. */
#define UNITS_PART_MAX 64

/* The LEN bytes of TEXT, such as those before a colon, as a text of their own
 * in PART, which it returns; NULL: they are too many. */
const char *
units_part(char part[static UNITS_PART_MAX], const char *text, size_t len);

/* A whole decimal number without unit. */
int
parse_count(const char *text, uint64_t *out);

/* Bytes. */
int
parse_size(const char *text, uint64_t *out);

/* Nanoseconds. */
int
parse_duration(const char *text, uint64_t *out);

/* A percentage, with or without "%", in thousandths of 1 %. */
int
parse_percent(const char *text, uint64_t *out);

/*
 * Writes NS in three significant digits with a suitable unit ("71.7 us", "1.02
 * s") into BUF of SIZE bytes (16 are enough). Returns BUF.
 */
char *
format_duration(char *buf, size_t size, double ns);

/* Writes SECONDS of waiting for a person ("95 s", "12 min") into BUF of SIZE
 * bytes (16 are enough). Returns BUF. */
char *
format_wait(char *buf, size_t size, double seconds);

/* Writes VALUE with commas ("155,376"); a fraction below 100 in three digits
 * ("8.53"). Returns BUF. */
char *
format_number(char *buf, size_t size, double value);

#endif
