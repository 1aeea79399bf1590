/* SPDX-License-Identifier: MIT */
/*
 * lab_grade: the results of a class as CSV (RFC 4180, with line feeds).
 *
 * Each result is judged again from its facts, by the lab's own rule. A line
 * says whether the student predicted, and what; what the facts show; and
 * whether the file agrees with itself: its letter, its verdict, and the numbers
 * of its seed. A wrong prediction costs nothing: `done` is 1 for each lab that
 * was predicted, run and shown. A file that is the same as an earlier one, byte
 * by byte or in all that was measured, is said to be that. The matrix counts,
 * for each lab and the answer that was right, the predictions.
 *
 * A cell that a spreadsheet would take for a formula begins with an apostrophe.
 */
#ifndef COMMON_LAB_LAB_GRADE_H
#define COMMON_LAB_LAB_GRADE_H

#include <stdio.h>

#include "common/lab/lab_result.h"

struct lab_grade {
	size_t files, bad; /* bad: cannot be read, or does not agree */
	/* By lab, right answer and prediction: 0 none, 1 to 4 the letters. */
	unsigned (*matrix)[5][5];
	struct lab_grade_seen *seen; /* one for each file that could be read */
	size_t seen_count;
	size_t counted; /* in the matrix */
};

/* Begins, with the heading on OUT. Returns 0, or -1 without memory. */
int
lab_grade_begin(struct lab_grade *grade, FILE *out);

/* Grades the result in the file PATH; a line on OUT in any case. Returns NULL,
 * or what is wrong with it, which is valid until the next call. */
const char *
lab_grade_file(struct lab_grade *grade, const char *path, FILE *out);

/* Prints the matrix of the labs that were graded. */
void
lab_grade_matrix(const struct lab_grade *grade, FILE *out);

void
lab_grade_end(struct lab_grade *grade);

#endif
