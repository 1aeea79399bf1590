/* SPDX-License-Identifier: MIT */
/*
 * program: whether a program is installed.
 */
#ifndef COMMON_BASE_PROGRAM_H
#define COMMON_BASE_PROGRAM_H

#include <stdbool.h>

/* Whether a folder of PATH has an executable file NAME. */
bool
program_is_installed(const char *name);

#endif
