/* SPDX-License-Identifier: MIT */
/*
 * lab_pages: the pages below docs/labs, as they were when the client was built:
 * for each a line of an ASCII 0x1e and its path, and then its text. NUL at the
 * end.
 */
#ifndef COMMON_LAB_LAB_PAGES_H
#define COMMON_LAB_LAB_PAGES_H

extern const char LAB_PAGES[];

#endif
