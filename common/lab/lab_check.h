/* SPDX-License-Identifier: MIT */
/*
 * lab_check: an exercise: a copy of the sources with a bug, and its judge.
 *
 * lab_start() makes the copy; the student repairs it; lab_check() builds it
 * with the amplifier (docs/labs/amplifier.c) and asks the lab's check() whether
 * its invariants hold. The student's servers are not trusted: each runs below a
 * supervisor, within the amplifier's limits, and each wait has a deadline.
 */
#ifndef COMMON_LAB_LAB_CHECK_H
#define COMMON_LAB_LAB_CHECK_H

#include "common/lab/lab.h"

enum lab_check {
	LAB_CHECK_PASSED,
	LAB_CHECK_NOT_YET, /* it says what is missing */
	LAB_CHECK_CANNOT,  /* RUN->cannot says why */
};

/* Makes DIR (NULL: mine, below build/labs/NAME), which must not be there or be
 * empty, and prints what to do next. */
enum lab_check
lab_start(struct lab_run *run, const char *dir);

/* Builds and judges the copy in DIR, as above. */
enum lab_check
lab_check(struct lab_run *run, const char *dir);

#endif
