/* SPDX-License-Identifier: MIT */
/*
 * lab_variable: a static variable of a running server, seen from outside: its
 * address, its value, and whether its page of memory is the process's own.
 *
 * The address comes from the symbols of the program and from where the kernel
 * has put it (proc_pid_maps(5)), the value from /proc/PID/mem, the page from
 * /proc/PID/pagemap. All need the permission to trace the process, which its
 * ancestors usually have.
 */
#ifndef COMMON_LAB_LAB_VARIABLE_H
#define COMMON_LAB_LAB_VARIABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The address in process PID of the static variable NAME of PROGRAM, which it
 * runs. 0: not found. */
uint64_t
lab_variable_find(pid_t pid, const char *program, const char *name);

/* Reads a number of 64 bits. */
bool
lab_variable_read(pid_t pid, uint64_t address, uint64_t *value);

enum lab_page_owner {
	LAB_PAGE_UNKNOWN,
	LAB_PAGE_SHARED, /* with another process, or not there yet */
	LAB_PAGE_OWN,
};

/* Who has the page of memory at ADDRESS. */
enum lab_page_owner
lab_variable_page(pid_t pid, uint64_t address);

#endif
