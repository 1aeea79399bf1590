/* SPDX-License-Identifier: MIT */
/* program: the folders of PATH, in order; and our own. */
#include "common/base/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
program_is_installed(const char *name)
{
	const char *path = getenv("PATH");
	char file[4096];

	for (size_t len; path && *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		if (len &&
		    snprintf(file, sizeof(file), "%.*s/%s", (int)len, path,
			name) < (int)sizeof(file) &&
		    access(file, X_OK) == 0)
			return true;
	}
	return false;
}

int
program_folder(char *dir, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dir, size);

	if (n < 0)
		return -1;
	if ((size_t)n >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	dir[n] = '\0';
	*strrchr(dir, '/') = '\0';
	return 0;
}
