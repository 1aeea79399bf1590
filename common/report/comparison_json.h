/* SPDX-License-Identifier: MIT */
/*
 * comparison_json: a comparison as JSON, schema perconn.compare/1: written, and
 * read as the same comparison again.
 *
 * The reader takes a missing key for "unknown" and ignores keys that it does
 * not know, so it reads older files, and files of other programs with the
 * contract's keys alone. Whole numbers go up to 2^63 - 1 (jansson's limit);
 * other numbers have 15 significant digits.
 */
#ifndef COMMON_REPORT_COMPARISON_JSON_H
#define COMMON_REPORT_COMPARISON_JSON_H

#include <stddef.h>
#include <stdio.h>

#include "common/verdict/comparison.h"

struct json_t; /* of jansson: the header is for builds without it, too */

/* The machine as its object in JSON, without its load. */
struct json_t *
comparison_json_machine(const struct machine *machine);

/* One line. Errors are the stream's. */
void
comparison_json_write(const struct comparison *comparison, FILE *out);

/*
 * PATH may be a pipe; "-" is standard input. Returns 0; or -1 with the reason
 * in WHY and nothing to release:
 *
 *	PATH: Is a directory
 *	PATH:1:9: cannot be read as JSON: string or '}' expected near '}'
 *	PATH: .scenarios[0].points[2].at is not an object
 *
 * WHY may hold bytes of the file.
 */
int
comparison_json_read(
    struct comparison *comparison, const char *path, char *why, size_t size);

#endif
