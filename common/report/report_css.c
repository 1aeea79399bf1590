/* SPDX-License-Identifier: MIT */
/* report_css: the file as it is, with a NUL after it, by the assembler. */
#include "common/report/report_css.h"

__asm__(".pushsection .rodata\n"
	".global REPORT_CSS\n"
	".type REPORT_CSS, @object\n"
	"REPORT_CSS:\n"
	".incbin \"common/report/report.css\"\n"
	".byte 0\n"
	".size REPORT_CSS, . - REPORT_CSS\n"
	".popsection\n");
