/* SPDX-License-Identifier: MIT */
/*
 * lab_orphan_mutex: what pthread_mutex_lock(3) returns after the holder has
 * died: a forked child that was killed, or a thread that returned.
 */
#ifndef COMMON_LAB_LAB_ORPHAN_MUTEX_H
#define COMMON_LAB_LAB_ORPHAN_MUTEX_H

#include <stdbool.h>

enum orphan_kind {
	ORPHAN_PLAIN,
	ORPHAN_ROBUST,	   /* and the next holder makes it consistent */
	ORPHAN_UNREPAIRED, /* robust, and the next holder does not */
	ORPHAN_KINDS,
};

struct orphan_errors {
	int next;  /* of the next lock: an error number, 0: locked */
	int after; /* of the lock after that one */
};

/* CHILD: the holder is a forked child; or else a thread. False with errno. */
bool
orphan_mutex(enum orphan_kind kind, bool child, struct orphan_errors *errors);

#endif
