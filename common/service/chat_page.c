/* SPDX-License-Identifier: MIT */
/* chat_page: chat.html with a NUL at its end, included by the assembler. */
#include "common/service/chat_page.h"

__asm__(".pushsection .rodata\n"
	".global CHAT_PAGE\n"
	".type CHAT_PAGE, @object\n"
	"CHAT_PAGE:\n"
	".incbin \"common/service/chat.html\"\n"
	".byte 0\n"
	".size CHAT_PAGE, . - CHAT_PAGE\n"
	".popsection\n");
