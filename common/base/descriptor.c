/* SPDX-License-Identifier: MIT */
/* descriptor: open(2), write(2) and close_range(2) with their exceptions. */
#include "common/base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/hot.h"

/* ---- write to a descriptor that may be non-blocking ---- */

void
descriptor_wait(int fd, short events)
{
	struct pollfd wait = {fd, events, 0};

	poll(&wait, 1, -1);
}

int
descriptor_write(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EAGAIN)
			descriptor_wait(fd, POLLOUT);
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
	return descriptor_write((int)(intptr_t)cookie, data, len) < 0
		   ? 0
		   : (ssize_t)len;
}

static int
close_stream(void *cookie)
{
	return close((int)(intptr_t)cookie);
}

FILE *
descriptor_stream(int fd)
{
	FILE *out = fopencookie((void *)(intptr_t)fd, "w",
	    (cookie_io_functions_t){
		.write = write_stream, .close = close_stream});

	if (out)
		setvbuf(out, NULL, isatty(fd) ? _IOLBF : _IOFBF, BUFSIZ);
	return out;
}

/* ---- open ---- */

/* After su(1), the terminal belongs to another user: opening it by its own name
 * fails. /dev/tty names the same terminal and may be opened by every user. */
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

/* Not for a regular file: a second description has an offset of its own, and
 * would overwrite what others write. A pipe and a terminal have no offset. */
int
descriptor_open_again(int fd)
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

int
descriptor_open_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* After chroot(2) there may be no /dev/null. "/" is always there;
	 * opened with O_PATH it can be neither read nor written (EBADF). */
	return fd >= 0 ? fd : open("/", O_PATH | O_CLOEXEC);
}

/* ---- close ---- */

/* FIRST is above the standard descriptors, so fd - 1 never wraps. */
HOT static void
close_all(unsigned first, unsigned last)
{
	if (first > last || close_range(first, last, 0) == 0)
		return;
	for (unsigned fd = first; fd <= last; fd++)
		close((int)fd);
}

HOT void
descriptor_close_range(unsigned first, unsigned last, int kept)
{
	unsigned fd = (unsigned)kept;

	if (fd < first || fd > last) {
		close_all(first, last);
	} else {
		close_all(first, fd - 1);
		close_all(fd + 1, last);
	}
}
