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

/* Ours, and what it was before. */
static struct {
	int number;
	void (*disposition)(int);
	struct sigaction before;
} changed[] = {
    {.number = SIGPIPE, .disposition = SIG_IGN},
    {.number = SIGXFSZ, .disposition = SIG_IGN},
    {.number = SIGTTOU, .disposition = SIG_IGN},
    {.number = SIGCHLD, .disposition = SIG_DFL},
};

#define CHANGED (sizeof(changed) / sizeof(changed[0]))

void
process_begin(void)
{
	int fd;

	for (size_t i = 0; i < CHANGED; i++) {
		struct sigaction act = {.sa_handler = changed[i].disposition};

		sigaction(changed[i].number, &act, &changed[i].before);
	}
	do
		fd = process_open_null();
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	/* They are no secret from what is executed; the one too many was. */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		fcntl(fd, F_SETFD, 0);
	log_take_stderr();
}

void
process_restore_signals(void)
{
	for (size_t i = 0; i < CHANGED; i++)
		sigaction(changed[i].number, &changed[i].before, NULL);
}

int
process_open_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* A new root need not have it. It has itself: as a mere place, which
	 * can be neither read nor written (EBADF), but takes a number. */
	return fd >= 0 ? fd : open("/", O_PATH | O_CLOEXEC);
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
