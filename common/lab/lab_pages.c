/* SPDX-License-Identifier: MIT */
/* lab_pages: the Makefile joins the pages, the assembler includes them. */
#include "common/lab/lab_pages.h"

#ifndef PAGES_FILE
#define PAGES_FILE "/dev/null" /* for tools that do not build */
#endif

__asm__(".pushsection .rodata\n"
	".global LAB_PAGES\n"
	".type LAB_PAGES, @object\n"
	"LAB_PAGES:\n"
	".incbin \"" PAGES_FILE "\"\n"
	".byte 0\n"
	".size LAB_PAGES, . - LAB_PAGES\n"
	".popsection\n");
