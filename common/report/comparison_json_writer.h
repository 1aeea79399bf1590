/* SPDX-License-Identifier: MIT */
/*
 * comparison_json_writer: a comparison as JSON, schema perconn.compare/1, with
 * all that it has: comparison_json_read.h makes the same comparison of it
 * again.
 */
#ifndef COMMON_REPORT_COMPARISON_JSON_WRITER_H
#define COMMON_REPORT_COMPARISON_JSON_WRITER_H

#include <stdio.h>

#include "common/verdict/comparison.h"

/* Errors are the stream's. */
void
comparison_json_write(const struct comparison *comparison, FILE *out);

#endif
