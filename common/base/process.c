/* SPDX-License-Identifier: MIT */
/* process: standard descriptors, signals, and output that got out. */
#include "common/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/descriptor.h"
#include "common/base/log.h"

/* The signals that we change, with their dispositions before. */
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

/* Longer program names are not used in messages. */
#define NAME_MOST 40

#define CHANGED (sizeof(changed) / sizeof(changed[0]))

/* A file or socket opened later could get a free standard number, and then
 * receive what is printed. Output to a closed standard output must fail, so
 * its number gets a descriptor that cannot be written. */
static void
fill_standard_descriptors(void)
{
	struct stat st;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &st) == 0)
			continue;
		if (fd == STDOUT_FILENO)
			open("/", O_PATH);
		else if (descriptor_open_null() == fd)
			fcntl(fd, F_SETFD, 0); /* also after exec */
	}
}

void
process_begin(void)
{
	FILE *out;

	for (size_t i = 0; i < CHANGED; i++) {
		struct sigaction act = {.sa_handler = changed[i].disposition};

		sigaction(changed[i].number, &act, &changed[i].before);
	}
	fill_standard_descriptors();
	/* Another process may make a shared terminal or pipe non-blocking at
	 * any time; stdio's own streams would then lose output. */
	if ((out = descriptor_stream(STDOUT_FILENO)))
		stdout = out;
	if ((out = descriptor_stream(STDERR_FILENO))) {
		setvbuf(out, NULL, _IOLBF, BUFSIZ);
		stderr = out;
	}
	log_take_stderr();
}

const char *
process_name(char **argv, const char *otherwise)
{
	const char *name = argv[0] ? argv[0] : "", *slash = strrchr(name, '/');
	size_t len = 0;

	if (slash)
		name = slash + 1;
	while (name[len] > ' ' && name[len] < 0x7f)
		len++;
	return len > 0 && len <= NAME_MOST && !name[len] ? name : otherwise;
}

void
process_restore_signals(void)
{
	for (size_t i = 0; i < CHANGED; i++)
		sigaction(changed[i].number, &changed[i].before, NULL);
}

const char *
process_write_error(FILE *out)
{
	if (fflush(out) != 0)
		return strerror(errno);
	if (!ferror(out))
		return NULL;
	/* errno of the earlier failure is gone. Another write most likely
	 * fails for the same reason. */
	putc('\n', out);
	if (fflush(out) != 0)
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
