/* SPDX-License-Identifier: MIT */
/* process: standard descriptors, signals, and output that got out. */
#include "common/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/hot.h"
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

/* Of a program, in its words. */
#define NAME_MOST 40

#define CHANGED (sizeof(changed) / sizeof(changed[0]))

/* ---- descriptors that may be non-blocking ---- */

void
process_wait(int fd, short events)
{
	struct pollfd wait = {fd, events, 0};

	poll(&wait, 1, -1);
}

int
process_write(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EAGAIN)
			process_wait(fd, POLLOUT);
		else if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static ssize_t
write_stream(void *cookie, const char *data, size_t len)
{
	return process_write((int)(intptr_t)cookie, data, len) < 0
		   ? 0
		   : (ssize_t)len;
}

static int
close_stream(void *cookie)
{
	return close((int)(intptr_t)cookie);
}

FILE *
process_stream(int fd)
{
	FILE *out = fopencookie((void *)(intptr_t)fd, "w",
	    (cookie_io_functions_t){
		.write = write_stream, .close = close_stream});

	if (out)
		setvbuf(out, NULL, isatty(fd) ? _IOLBF : _IOFBF, BUFSIZ);
	return out;
}

/* A terminal that was opened by another user, before su(1) say, cannot be
 * opened again by its own name, but by the name that everybody may use. */
static int
open_terminal(int like, int flags)
{
	unsigned own = 0, theirs = 0;
	int fd = open("/dev/tty", flags);

	if (fd >= 0 &&
	    (ioctl(fd, TIOCGDEV, &own) < 0 ||
		ioctl(like, TIOCGDEV, &theirs) < 0 || own != theirs)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* A file has one place for all who share a description; a pipe and a terminal
 * have none. */
int
process_open_again(int fd)
{
	const int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	bool terminal = isatty(fd);
	struct stat st;
	char path[32];
	int again;

	if (fstat(fd, &st) < 0 || (!S_ISFIFO(st.st_mode) && !terminal))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, flags);
	return again < 0 && terminal ? open_terminal(fd, flags) : again;
}

/* ---- the beginning, and what got out ---- */

/* A number that is free could be taken by a file that is opened, and written to
 * as if it were that. What is printed to one that was closed is an error. */
static void
fill_standard_descriptors(void)
{
	struct stat st;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &st) == 0)
			continue;
		if (fd == STDOUT_FILENO)
			open("/", O_PATH);
		else if (process_open_null() == fd)
			fcntl(fd, F_SETFD, 0); /* for what is executed, too */
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
	/* Whoever has the other end of a terminal or pipe may make it
	 * non-blocking at any time, and stdio would lose what does not fit. */
	if ((out = process_stream(STDOUT_FILENO)))
		stdout = out;
	if ((out = process_stream(STDERR_FILENO))) {
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

/* FIRST is above standard descriptors: LAST never wraps. */
HOT static void
close_all(unsigned first, unsigned last)
{
	if (first > last || close_range(first, last, 0) == 0)
		return;
	for (unsigned fd = first; fd <= last; fd++)
		close((int)fd);
}

HOT void
process_close(unsigned first, unsigned last, int kept)
{
	unsigned fd = (unsigned)kept;

	if (fd < first || fd > last) {
		close_all(first, last);
	} else {
		close_all(first, fd - 1);
		close_all(fd + 1, last);
	}
}
