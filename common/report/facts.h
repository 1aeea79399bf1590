/* SPDX-License-Identifier: MIT */
/*
 * facts: what follows from the plain fields of a comparison and is said in
 * more than one rendering, so that the table, JSON and the page agree.
 */
#ifndef COMMON_REPORT_FACTS_H
#define COMMON_REPORT_FACTS_H

#include "common/load/comparison.h"

/* User and system together, us for a request; NAN if either is not known. */
double
cost_cpu_us(const struct cost *cost);

/* All kinds that are known together, KiB for a connection; NAN if none is. */
double
cost_memory_kib(const struct cost *cost);

#endif
