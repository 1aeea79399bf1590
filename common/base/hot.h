/* SPDX-License-Identifier: MIT */
/*
 * hot: marks functions that run for each request or connection.
 *
 * The linker puts them side by side. When processes take turns on a CPU, each
 * begins with an empty TLB, and every page of code that a request touches costs
 * about 10 ns (docs/design.md, "What the systems cost"). A forked child also
 * faults in each 64 KiB of code that it touches.
 */
#ifndef COMMON_BASE_HOT_H
#define COMMON_BASE_HOT_H

#define HOT __attribute__((hot))

#endif
