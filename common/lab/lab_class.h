/* SPDX-License-Identifier: MIT */
/*
 * lab_class: checks the copies of many students, one after the other.
 *
 *	lab_class_check(&run, dirs, count, put_row, context);
 *
 * Each copy is checked in a process of its own, below a supervisor and within
 * LAB_CLASS_NS. What is wrong with one copy costs the others nothing. What its
 * check printed, and what the compiler said, is in a log of its own.
 */
#ifndef COMMON_LAB_LAB_CLASS_H
#define COMMON_LAB_LAB_CLASS_H

#include <stddef.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/lab/lab_check.h"

#define LAB_CLASS_NS (300 * NS_PER_S)

enum lab_class_outcome {
	LAB_CLASS_PASSED,
	LAB_CLASS_NOT_YET,
	LAB_CLASS_CANNOT,
	LAB_CLASS_TOO_SLOW, /* stopped after LAB_CLASS_NS */
	LAB_CLASS_DIED,	    /* its check did, which is an error of ours */
};

struct lab_class_row {
	const char *dir, *log;
	const struct lab_run *run; /* demands: how many, and which not met */
	struct lab_copy copy;
	const char
	    *same_as; /* a DIR before it with the same sources, or NULL */
	enum lab_class_outcome outcome;
	double seconds;
};

typedef void
lab_class_take(const struct lab_class_row *row, void *context);

/* Checks DIRS and calls TAKE for each, in their order. Returns how many have
 * passed; or -1 if RUN cannot check here (RUN->cannot says why). It ends early
 * if RUN is to stop. */
int
lab_class_check(struct lab_run *run, char **dirs, size_t count,
    lab_class_take *take, void *context);

/* ---- renderings of a row ---- */

struct lab_class_outputs {
	FILE *table, *csv, *json; /* each may be NULL */
	bool zh;		  /* the words of the table */
};

void
lab_class_head(const struct lab_class_outputs *outputs);

/* OUTPUTS is a struct lab_class_outputs: as lab_class_take. */
void
lab_class_print(const struct lab_class_row *row, void *outputs);

#endif
