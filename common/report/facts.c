/* SPDX-License-Identifier: MIT */
/* facts: sums and sentences. */
#include "common/report/facts.h"

#include <math.h>

double
cost_cpu_us(const struct cost *cost)
{
	return cost->user_us + cost->system_us;
}

double
cost_memory_kib(const struct cost *cost)
{
	double sum = NAN;

	for (int kind = 0; kind < MEMORY_KINDS; kind++) {
		if (!isnan(cost->memory_kib[kind]))
			sum = isnan(sum) ? cost->memory_kib[kind]
					 : sum + cost->memory_kib[kind];
	}
	return sum;
}
