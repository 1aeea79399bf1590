/* SPDX-License-Identifier: MIT */
/*
 * proc_tree: what /proc says of a server and its children.
 */
#ifndef COMMON_SYSINFO_PROC_TREE_H
#define COMMON_SYSINFO_PROC_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Calls VISIT for PID and each living descendant. */
void
proc_tree_walk(
    pid_t pid, void (*visit)(pid_t pid, void *context), void *context);

/* Calls VISIT for each child of the calling process, which has one thread; dead
 * ones that nobody has waited for included. */
void
proc_tree_own_children(void (*visit)(pid_t pid, void *context), void *context);

/* Whether PID is ANCESTOR, or a descendant of it. */
bool
proc_tree_is_below(pid_t pid, pid_t ancestor);

/* Whether PID has ended, its zombie aside. */
bool
proc_tree_has_ended(pid_t pid);

/* Whether PID is stopped, as by SIGSTOP or SIGTTIN. */
bool
proc_tree_is_stopped(pid_t pid);

/* When PID was started, in ticks of the machine's; 0: there is none. Together
 * with its number this is no other process's. */
uint64_t
proc_tree_start(pid_t pid);

/* Calls VISIT for each living thread of PID. */
void
proc_tree_tasks(pid_t pid, void (*visit)(pid_t pid, pid_t tid, void *context),
    void *context);

/*
 * PID, or if that is a shell that waits for one child, that child: a shell
 * that was given a server's command may stay above it.
 */
pid_t
proc_tree_below_shell(pid_t pid);

/* Whether a process with this text of /proc/PID/status ignores SIGCHLD. */
bool
proc_tree_ignores_children(const char *status);

/*
 * Whether PID or a living descendant ignores SIGCHLD: then the kernel reaps its
 * children, and their CPU time is lost to everybody.
 */
bool
proc_tree_loses_children(pid_t pid);

/*
 * CPU nanoseconds that PID, its living descendants, and every child that one
 * of them has waited for, have used. Living ones to the nanosecond, the dead
 * to a clock tick (10 ms) in all.
 */
uint64_t
proc_tree_cpu_ns(pid_t pid);

/* CPU nanoseconds of the children that PID has waited for, and of theirs, to a
 * clock tick (10 ms). */
uint64_t
proc_tree_reaped_ns(pid_t pid);

/*
 * How PID's program is linked: "static PIE", "static", "dynamic" or "dynamic,
 * with libssl" (what it has mapped costs each of its forked children); NULL if
 * we may not look.
 */
const char *
proc_tree_image(pid_t pid);

/* Nanoseconds that the calling thread was ready to run and did not; 0 where
 * the kernel does not say. */
uint64_t
proc_tree_waited_ns(void);

#endif
