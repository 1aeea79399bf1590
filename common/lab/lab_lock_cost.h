/* SPDX-License-Identifier: MIT */
/*
 * lab_lock_cost: what it costs to add one to a number that others may add to
 * as well.
 *
 * Alone: the least of many short runs, so that other work on the machine does
 * not count. By two workers at once, threads or processes: one long run, of
 * which only the sum and a rough order mean anything.
 */
#ifndef COMMON_LAB_LAB_LOCK_COST_H
#define COMMON_LAB_LAB_LOCK_COST_H

#include <stdbool.h>
#include <stdint.h>

enum lock_kind {
	LOCK_NONE,    /* load, add, store */
	LOCK_ATOMIC,  /* one instruction that no other CPU can divide */
	LOCK_PRIVATE, /* a mutex of threads */
	LOCK_SHARED,  /* a mutex of processes */
	LOCK_ROBUST,  /* the same, and it survives its holder: the server's */
	LOCK_SYSCALL, /* no lock: a system call that does nothing, to compare */
	LOCK_KINDS,
};

/* In JSON. */
extern const char *const LOCK_NAMES[LOCK_KINDS];

struct lock_cost {
	double ns;     /* for each addition */
	uint64_t lost; /* additions */
};

/* Nanoseconds for each addition, with no other worker. False with errno. */
bool
lock_cost_alone(enum lock_kind kind, struct lock_cost *cost);

/* Two workers add at the same time: two children, or two threads. */
bool
lock_cost_contended(enum lock_kind kind, bool children, struct lock_cost *cost);

#endif
