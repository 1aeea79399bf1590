/* SPDX-License-Identifier: MIT */
/*
 * compare_output: where a comparison goes: to the terminal, as JSON, as a
 * directory with a page.
 *
 *	compare_output_open(&output);	 before the measuring
 *	... plan.csv = output.rows.file ...
 *	compare_output_write(&output, &comparison);
 *
 * What cannot be opened dies with a line that names it.
 */
#ifndef COMMON_CLI_COMPARE_OUTPUT_H
#define COMMON_CLI_COMPARE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "common/base/output.h"
#include "common/report/terminal_report.h"
#include "common/verdict/comparison.h"

#define SAVED_MAX 2

/* Of --from. */
struct compare_saved {
	const char *files[SAVED_MAX];
	size_t count;
};

struct compare_output {
	const char *json, *directory;	   /* of the options; NULL: none */
	const char *csv;		   /* slices go there, not to DIR */
	const struct compare_saved *saved; /* shown instead; NULL: measured */
	FILE *words;			   /* for a person */
	struct terminal_style style;
	struct output rows; /* of slices, to CSV or DIR/slices.csv; or none */
	struct output json_file, page, page_json;
};

/* Dies of wrong usage if two of them are one file. Opens all, so that a path
 * that cannot be written costs no measuring; makes the directory if it is not
 * there; warns of what is in it of another comparison. */
void
compare_output_open(struct compare_output *output);

/* Prints, writes and closes all. Returns 0, or -1 after a line on each that
 * could not be written. */
int
compare_output_write(
    struct compare_output *output, const struct comparison *comparison);

/* The same of two side by side, but JSON: that is of one. */
int
compare_output_pair(struct compare_output *output, const struct comparison *a,
    const char *a_name, const struct comparison *b, const char *b_name);

/* ---- compare --from ---- */

/* Shows what the files have. Returns the exit status. */
int
compare_saved(const struct compare_saved *saved, struct compare_output *output);

#endif
