/* SPDX-License-Identifier: MIT */
/* program: the folders of PATH, in order. */
#include "common/base/program.h"

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
