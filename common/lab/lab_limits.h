/* SPDX-License-Identifier: MIT */
/*
 * lab_limits: what a student's program, and the compiler of it, may use.
 *
 * A loop without end, a file without end and a process that forks without end
 * must cost the other copies nothing. Called in the new process, before it
 * executes the program; the limits hold for all that it starts.
 */
#ifndef COMMON_LAB_LAB_LIMITS_H
#define COMMON_LAB_LAB_LIMITS_H

struct lab_limits {
	unsigned cpu_s; /* CPU time of each process */
	unsigned bytes; /* of each file */
};

/*
 * Sets LIMITS, and that the user has at most LAB_LIMITS_TASKS more processes
 * and threads than now (RLIMIT_NPROC, setrlimit(2), which the kernel does not
 * apply to root).
 */
void
lab_limits_set(const struct lab_limits *limits);

/* More than any lab needs. */
#define LAB_LIMITS_TASKS 1000

#endif
