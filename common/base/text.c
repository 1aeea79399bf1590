/* SPDX-License-Identifier: MIT */
/* text: vsnprintf(3) at the end. */
#include "common/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
text_append(char *buf, size_t size, const char *format, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, format);
	vsnprintf(buf + len, size - len, format, args);
	va_end(args);
}
