/* SPDX-License-Identifier: MIT */
/*
 * workshop: servers with a bug in them, built from the sources.
 *
 * The shipped servers have no bug switches. The bug of a lab is a patch,
 * docs/labs/NAME/bug.patch; the script docs/labs/workshop puts it into a copy
 * of the sources and builds that. It needs a C compiler, make and patch.
 *
 *	const char *programs[2];
 *
 *	if (!lab_bug_build(run, programs))
 *		return;
 *	for (size_t i = 0; run->models[i]; i++)
 *		... programs[i] is the server of run->models[i] ...
 *
 * Two users may build at once: one builds, the other one waits and finds it
 * done. An interrupted build leaves nothing that counts as built.
 */
#ifndef COMMON_LAB_WORKSHOP_H
#define COMMON_LAB_WORKSHOP_H

#include <limits.h>
#include <stdbool.h>

#include "common/lab/lab.h"

struct workshop {
	char source[PATH_MAX]; /* the sources: "" for the working folder, or a
				  path with a slash at its end */
	char folder[PATH_MAX]; /* where this lab's builds go: build/labs/NAME */
};

/*
 * Finds the sources, in RUN->source or beside this client, and the tools. False
 * if something is missing: the run is over, and says what to install.
 */
bool
workshop_open(struct lab_run *run, struct workshop *workshop);

/* Where the copy of a student's DIR is built: PATH is one of its own for each
 * DIR, below W->folder, and its folder is made. False: with errno. */
bool
workshop_copy(
    const struct workshop *workshop, const char *dir, char path[PATH_MAX]);

#define WORKSHOP_WORDS 4

/* The exit status of `check` where only the student's copy cannot be built. All
 * other failures are the machine's: no space, no permission, no library. */
#define WORKSHOP_NOT_BUILT 3

/*
 * Runs the script with WORDS (up to WORKSHOP_WORDS, then NULL), after it has
 * printed it. Returns
 * its exit status, or -1 if it was not to end: interrupted, or too slow.
 * *OUTPUT is what it wrote, for the caller to free.
 */
int
workshop_run(struct lab_run *run, const struct workshop *workshop,
    const char *const *words, char **output);

/*
 * Builds the servers with the lab's bug, unless they are built. Sets PROGRAMS
 * to their paths, in the order of RUN->models; they are valid until the next
 * call. False: the run is over.
 */
bool
lab_bug_build(struct lab_run *run, const char *programs[2]);

#endif
