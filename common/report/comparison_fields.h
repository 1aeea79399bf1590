/* SPDX-License-Identifier: MIT */
/*
 * comparison_fields: how the plain fields of a comparison are called in JSON,
 * once for who writes and who reads them.
 *
 * Each table ends with a NULL key.
 */
#ifndef COMMON_REPORT_COMPARISON_FIELDS_H
#define COMMON_REPORT_COMPARISON_FIELDS_H

#include <stddef.h>

#define COMPARE_SCHEMA "perconn.compare/1"

enum field_type {
	FIELD_NUMBER, /* double; NAN is null */
	FIELD_TEXT,   /* char[SIZE]; empty is null */
	FIELD_COUNT,  /* size_t or uint64_t */
	FIELD_FLAG,   /* bool */
};

struct field {
	const char *key;
	enum field_type type;
	size_t offset, size;
};

extern const struct field COMPARISON_FIELDS[]; /* struct comparison */
extern const struct field MACHINE_FIELDS[];    /* struct machine */
extern const struct field SERVER_FIELDS[];     /* its element of servers[] */
extern const struct field SCENARIO_FIELDS[];   /* struct scenario_result */
extern const struct field RESULT_FIELDS[]; /* struct server_result: "results" */
extern const struct field RATIO_FIELDS[];  /* struct server_result: "ratios" */
extern const struct field LATENCY_FIELDS[]; /* struct latency */
extern const struct field USAGE_FIELDS[];   /* struct usage */

#endif
