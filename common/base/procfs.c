/* SPDX-License-Identifier: MIT */
/* procfs: numbers from the text of /proc. */
#include "common/base/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"

#define PATH_SIZE 600

/* The length of TEXT, cut at LEN bytes, without a cut word at its end. */
static size_t
whole_words(const char *text, size_t len)
{
	while (len > 0 && !strchr(" \t\n", text[len - 1]))
		len--;
	return len;
}

/* Without stdio, which allocates: there may be thousands of files to read. */
static int
read_text(char *buf, size_t size, const char *path)
{
	ssize_t n = 0;
	size_t len = 0;
	int fd, error;

	buf[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	error = n < 0 ? errno : ENODATA;
	close(fd);
	if (len == size - 1)
		len = whole_words(buf, len);
	buf[len] = '\0';
	if (len > 0)
		return (int)len;
	errno = error;
	return -1;
}

int
procfs_read(char *buf, size_t size, const char *format, ...)
{
	char path[PATH_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return read_text(buf, size, path);
}

uint64_t
procfs_value(uint64_t otherwise, const char *format, ...)
{
	char path[PATH_SIZE], text[64];
	uint64_t number;
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	read_text(text, sizeof(text), path);
	return sscanf(text, "%" SCNu64, &number) == 1 ? number : otherwise;
}

bool
procfs_stat_parse(const char *text, struct procfs_stat *stat)
{
	/* The name may hold spaces and parentheses: skip to the last one. */
	const char *at = strrchr(text, ')');

	return at && sscanf(at + 1,
			 " %c %*d %*d %*d %*d %*d %*u %" SCNu64 " %" SCNu64
			 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			 " %" SCNu64 " %" SCNu64 " %*d %*d %*d %*d %" SCNu64,
			 &stat->state, &stat->minor_faults,
			 &stat->reaped_minor_faults, &stat->major_faults,
			 &stat->reaped_major_faults, &stat->user, &stat->system,
			 &stat->reaped_user, &stat->reaped_system,
			 &stat->start) == 10;
}

bool
procfs_number(const char *text, const char *key, uint64_t *value)
{
	size_t len = strlen(key);

	for (const char *line = text; line;) {
		if (strncmp(line, key, len) == 0 &&
		    (line[len] == ' ' || line[len] == '\t')) {
			const char *number = line + len;
			char *end;

			number += strspn(number, " \t");
			*value = strtoull(number, &end, 10);
			return *number >= '0' && *number <= '9';
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

uint64_t
procfs_tick_ns(void)
{
	return NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
}
