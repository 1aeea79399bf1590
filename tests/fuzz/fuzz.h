/* SPDX-License-Identifier: MIT */
/*
 * fuzz: what a fuzz target is: one function, which libFuzzer calls with bytes
 * of its making (`make fuzz`), and replay.c with those that are kept (`make
 * check-unit`). It returns 0, and aborts if what must hold does not.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                             \
	do {                                                                   \
		if (!(what)) {                                                 \
			fprintf(                                               \
			    stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort();                                               \
		}                                                              \
	} while (0)

#endif
