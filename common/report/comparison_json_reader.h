/* SPDX-License-Identifier: MIT */
/*
 * comparison_json_reader: a comparison that was saved as JSON
 * (comparison_json_write.h).
 *
 * What the file does not have is unknown, so older files and those of others
 * with the contract's keys alone are read as well; keys that are not known are
 * passed over.
 */
#ifndef COMMON_REPORT_COMPARISON_JSON_READER_H
#define COMMON_REPORT_COMPARISON_JSON_READER_H

#include <stddef.h>

#include "common/verdict/comparison.h"
#include "common/format/json_parser.h"

/* PATH may be a pipe; "-" is standard input. Returns 0; or -1 with
 * "PATH:LINE: ..." in WHY, and nothing to release. */
int
comparison_json_read(
    struct comparison *comparison, const char *path, char *why, size_t size);

/* Of a text that is parsed already; WHY begins with "LINE: ". */
int
comparison_of_json(struct comparison *comparison,
    const struct json_document *document, char *why, size_t size);

#endif
