/* SPDX-License-Identifier: MIT */
/*
 * hot: marks what runs for every request, or connection.
 *
 * The linker puts such functions side by side. Where processes take turns on a
 * CPU, each begins with an empty TLB, and every page of code that a request
 * touches is looked up anew: about 10 ns each (docs/design.md, "What the
 * systems cost"). And a forked child faults in each 64 KiB of code that it
 * touches: so what runs for each connection is marked, too.
 */
#ifndef COMMON_BASE_HOT_H
#define COMMON_BASE_HOT_H

#define HOT __attribute__((hot))

#endif
