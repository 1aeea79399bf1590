/* SPDX-License-Identifier: MIT */
/* terminal: one question to the kernel. */
#include "common/base/terminal.h"

#include <sys/ioctl.h>

size_t
terminal_columns(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col
		   ? size.ws_col
		   : TERMINAL_COLUMNS;
}
