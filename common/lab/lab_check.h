/* SPDX-License-Identifier: MIT */
/*
 * lab_check: an exercise: a copy of the sources with a bug, and its judge.
 *
 * lab_start() makes the copy; the student repairs it; lab_check() builds its
 * sources with our Makefile and the amplifier (docs/labs/amplifier.c), in a
 * copy of our own, and asks the lab's check() whether its invariants hold. The
 * student's servers run as the user, but below a supervisor and within
 * lab_limits.h, and each wait has a deadline.
 */
#ifndef COMMON_LAB_LAB_CHECK_H
#define COMMON_LAB_LAB_CHECK_H

#include <stdbool.h>

#include "common/lab/lab.h"

enum lab_check {
	LAB_CHECK_PASSED,
	LAB_CHECK_NOT_YET, /* it says what is missing */
	LAB_CHECK_CANNOT,  /* RUN->cannot says why */
};

/* What the student's sources are: sources of their own, the bug as it was given
 * out, or ours, from which the bug was taken as it had been put in. */
enum lab_sources { LAB_OWN, LAB_BUG, LAB_SHIPPED };

struct lab_copy {
	enum lab_sources sources;
	char sum[32]; /* of what differs from ours; "": not known */
};

/* Makes DIR (NULL: my-NAME, in this folder), which must not be there or be
 * empty, and prints what to do next. */
enum lab_check
lab_start(struct lab_run *run, const char *dir);

/* Builds and judges the copy in DIR (or my-NAME), as above. Of what the
 * compiler says, the first lines are printed; all of them if ALL. */
enum lab_check
lab_check(
    struct lab_run *run, const char *dir, bool all, struct lab_copy *copy);

#endif
