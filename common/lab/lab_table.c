/* SPDX-License-Identifier: MIT */
/* lab_table: lab_list.h as a table. */
#include "common/lab/lab_table.h"

#include <string.h>

#define LAB(name) extern const struct lab lab_##name;
#include "common/lab/lab_list.h"
#undef LAB

#define LAB(name) &lab_##name,
const struct lab *const LAB_TABLE[] = {
#include "common/lab/lab_list.h"
    NULL,
};
#undef LAB

const struct lab *
lab_find(const char *name)
{
	const struct lab *const *lab = LAB_TABLE;

	while (*lab && strcmp((*lab)->name, name) != 0)
		lab++;
	return *lab;
}
