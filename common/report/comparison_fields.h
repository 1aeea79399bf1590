/* SPDX-License-Identifier: MIT */
/*
 * comparison_fields: the fields of a comparison in JSON: key, type and place of
 * each, once for its writer and its reader.
 *
 * A table ends with a NULL key.
 */
#ifndef COMMON_REPORT_COMPARISON_FIELDS_H
#define COMMON_REPORT_COMPARISON_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#define COMPARISON_SCHEMA "perconn.compare/1"

enum field_type {
	FIELD_NUMBER,  /* double; NAN is null */
	FIELD_COUNT,   /* size_t or uint64_t */
	FIELD_FLAG,    /* bool */
	FIELD_TEXT,    /* char[SIZE]; empty is null */
	FIELD_BETTER,  /* bool: whether higher is better */
	FIELD_VERDICT, /* enum verdict */
	FIELD_BASIS,   /* enum basis */
	FIELD_OBJECT,  /* of MEMBERS */
	FIELD_GROUP,   /* the same; null if it has no first member */
	FIELD_NUMBERS, /* double[]; `count` says how many */
	FIELD_AS_MANY, /* the same; the count is of the array beside it */
	FIELD_ERRORS,  /* struct server_result: counts by name */
	FIELD_MEMORY,  /* the same: a sum, which is not read */
};

struct field {
	const char *key;
	enum field_type type;
	size_t offset, size;
	size_t count; /* the offset of it */
	const struct field *members;
	bool required; /* FIELD_AS_MANY: and as long as the one beside it */
};

#define FIELD_END \
	{         \
	}

extern const struct field COMPARISON_SERVER[];
extern const struct field COMPARISON_SCENARIO[];
extern const struct field COMPARISON_RESULT[];
extern const struct field COMPARISON_RATIO[];
extern const struct field COMPARISON_MACHINE[];
extern const struct field COMPARISON_LOADS[];
extern const struct field COMPARISON_TOP[];

#endif
