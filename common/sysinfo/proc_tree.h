/* SPDX-License-Identifier: MIT */
/*
 * proc_tree: processes and their descendants, as /proc shows them (proc(5)).
 *
 * It only reads. A process may end at any time: a function then returns its
 * value for "unknown", and a walk leaves the process out. Thread-safe.
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

/* Calls VISIT for each child of the calling process, which has one thread;
 * zombies included. */
void
proc_tree_own_children(void (*visit)(pid_t pid, void *context), void *context);

/* Whether PID is ANCESTOR, or a descendant of it. */
bool
proc_tree_is_below(pid_t pid, pid_t ancestor);

/* Whether PID has ended; a zombie has. */
bool
proc_tree_has_ended(pid_t pid);

/* Whether PID is stopped, as by SIGSTOP or SIGTTIN. */
bool
proc_tree_is_stopped(pid_t pid);

/* The start time of PID in clock ticks since boot; 0: there is no such process.
 * Pid and start time together identify a process. */
uint64_t
proc_tree_start(pid_t pid);

/* Calls VISIT for each living thread of PID. */
void
proc_tree_tasks(pid_t pid, void (*visit)(pid_t pid, pid_t tid, void *context),
    void *context);

/*
 * If PID is a shell with one child, that child; else PID. A shell that runs a
 * server's command may stay as the server's parent.
 */
pid_t
proc_tree_below_shell(pid_t pid);

/* Whether a process ignores SIGCHLD; STATUS is the text of /proc/PID/status. */
bool
proc_tree_ignores_children(const char *status);

/*
 * Whether PID or a living descendant ignores SIGCHLD. Then the kernel reaps its
 * children, and no process gets to know their CPU time.
 */
bool
proc_tree_loses_children(pid_t pid);

/*
 * CPU nanoseconds of PID, its living descendants, and all children that these
 * have waited for. Exact for living processes; the sum for dead ones is in
 * clock ticks (10 ms).
 */
uint64_t
proc_tree_cpu_ns(pid_t pid);

/* CPU nanoseconds of PID's first thread alone; 0: unknown. */
uint64_t
proc_tree_first_thread_ns(pid_t pid);

/* CPU nanoseconds of the children that PID has waited for, and of theirs, in
 * clock ticks (10 ms). */
uint64_t
proc_tree_reaped_ns(pid_t pid);

/*
 * How PID's program is linked: "static PIE", "static", "dynamic" or "dynamic,
 * with libssl"; NULL without the permission to look. Each mapping makes fork()
 * slower. A static string.
 */
const char *
proc_tree_image(pid_t pid);

/* Nanoseconds that the calling thread has waited for a CPU, its run delay; 0 if
 * the kernel does not count them. */
uint64_t
proc_tree_waited_ns(void);

#endif
