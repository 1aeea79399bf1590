/* SPDX-License-Identifier: MIT */
/* image: where the other one is, and how this one was linked. */
#include "common/server/image.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "common/base/log.h"

static void
try_image(const char *path, char **argv)
{
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
