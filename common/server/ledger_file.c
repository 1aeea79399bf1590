/* SPDX-License-Identifier: MIT */
/* ledger_file: open(2) and write(2) that do not wait. */
#include "common/server/ledger_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/descriptor.h"

#define LINE_MAX_BYTES 512
/* How long a slow reader is awaited. */
#define WRITE_NS NS_PER_S

#define NO_WAIT (O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static bool
is_fifo(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Without O_TRUNC: the old line stays until the new one is written. */
static int
open_to_write(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | NO_WAIT, 0666);
}

int
ledger_file_open(struct ledger_file *file, const char *path)
{
	*file = (struct ledger_file){path, -1};
	if (strcmp(path, "-") == 0)
		return 0;
	file->fd = open_to_write(path);
	/* A FIFO without a reader cannot be opened for writing: be its reader
	 * as well until one comes. */
	if (file->fd < 0 && errno == ENXIO) {
		file->fd = open(path, O_RDWR | NO_WAIT);
		if (file->fd < 0)
			errno = ENXIO; /* a socket */
	}
	if (file->fd < 0)
		return -1;
	if (!is_fifo(file->fd)) {
		close(file->fd);
		file->fd = -1;
	}
	return 0;
}

/* Returns the descriptor to write to; -1 with errno. */
static int
open_at_end(const struct ledger_file *file)
{
	int fd;

	if (strcmp(file->path, "-") != 0) {
		fd = open_to_write(file->path);
		/* Closed before the write, and no longer a reader: so a write
		 * without another reader fails. */
		if (file->fd >= 0)
			close(file->fd);
		return fd;
	}
	fd = descriptor_open_again(STDOUT_FILENO);
	return fd < 0 ? STDOUT_FILENO : fd;
}

/* Writes all of LINE. Returns 0, or -1 with errno. */
static int
put(int fd, const char *line, size_t len)
{
	uint64_t now = now_ns(), due = now + WRITE_NS;
	struct pollfd wait = {fd, POLLOUT, 0};

	while (len > 0) {
		ssize_t n;

		if (poll(&wait, 1, clock_timeout_ms(due, now)) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		n = write(fd, line, len);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (n > 0) {
			line += n;
			len -= (size_t)n;
		}
		now = now_ns();
	}
	return 0;
}

/* Removes the rest of an older, longer line. */
static int
cut(int fd, size_t len)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return ftruncate(fd, (off_t)len);
}

int
ledger_file_write(struct ledger_file *file, const struct ledger_view *view)
{
	char line[LINE_MAX_BYTES];
	FILE *text = fmemopen(line, sizeof(line), "w");
	size_t len;
	int fd, error = 0;

	if (!text)
		return -1;
	ledger_write(view, text);
	len = (size_t)ftell(text);
	fclose(text);
	fd = open_at_end(file);
	if (fd < 0)
		return -1;
	if (put(fd, line, len) < 0 ||
	    (strcmp(file->path, "-") != 0 && cut(fd, len) < 0))
		error = errno;
	if (fd != STDOUT_FILENO && close(fd) < 0 && !error)
		error = errno;
	errno = error;
	return error ? -1 : 0;
}
