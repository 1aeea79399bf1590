/* SPDX-License-Identifier: MIT */
/* process: standard descriptors, signals, and output that got out. */
#include "common/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"

void
process_begin(void)
{
	int fd;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void
process_flush(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		die(1, "standard output: %s", strerror(errno));
}
