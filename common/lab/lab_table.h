/* SPDX-License-Identifier: MIT */
/*
 * lab_table: all labs. A new lab gets a file lab_NAME.c, which defines struct
 * lab lab_NAME, a line in lab_list.h, and a folder docs/labs/NAME.
 */
#ifndef COMMON_LAB_LAB_TABLE_H
#define COMMON_LAB_LAB_TABLE_H

#include "common/lab/lab.h"

/* NULL-terminated, in the order of the course. */
extern const struct lab *const LAB_TABLE[];

/* Returns NULL if no lab has NAME. */
const struct lab *
lab_find(const char *name);

#endif
