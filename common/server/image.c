/* SPDX-License-Identifier: MIT */
/* image: where the other one is, and how this one was linked. */
#include "common/server/image.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"

/* A link to ourselves would start over for ever. */
static bool
is_this(const char *path)
{
	struct stat self, other;

	return stat("/proc/self/exe", &self) == 0 && stat(path, &other) == 0 &&
	       self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

static void
try_image(const char *path, char **argv)
{
	if (is_this(path))
		return;
	execv(path, argv);
	if (errno != ENOENT)
		log_warn("%s: %s", path, strerror(errno));
}

void
image_become_full(char **argv)
{
	char self[PATH_MAX], path[PATH_MAX + 64], *name;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return;
	self[n] = '\0';
	name = strrchr(self, '/');
	if (!name)
		return;
	snprintf(path, sizeof(path), "%s-full", self);
	try_image(path, argv);
	*name++ = '\0';
	snprintf(
	    path, sizeof(path), "%s/../libexec/perconn/%s-full", self, name);
	try_image(path, argv);
}

const char *
image_linking(void)
{
	/* The kernel says where it put the dynamic linker: nowhere. */
	return getauxval(AT_BASE) ? "dynamic" : "static PIE";
}
