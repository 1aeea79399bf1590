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

const char *
process_write_error(FILE *out)
{
	if (fflush(out) != 0)
		return strerror(errno);
	if (!ferror(out))
		return NULL;
	/* What failed before set errno then, long ago. What is the matter with
	 * the file now is most likely the same; it is not whole in any case. */
	if (write(fileno(out), "\n", 1) < 0)
		return strerror(errno);
	return "some of it could not be written";
}

void
process_flush(void)
{
	const char *why = process_write_error(stdout);

	if (why)
		die(1, "standard output: %s", why);
}
