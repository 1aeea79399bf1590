/* SPDX-License-Identifier: MIT */
/*
 * program: where this program stands, and whether another is installed.
 */
#ifndef COMMON_BASE_PROGRAM_H
#define COMMON_BASE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a folder of PATH has an executable file NAME. */
bool
program_is_installed(const char *name);

/* The folder of this program, without a slash at its end, in DIR of SIZE bytes.
 * Returns 0, or -1 with errno. */
int
program_folder(char *dir, size_t size);

#endif
