/* SPDX-License-Identifier: MIT */
/* image: find and run another image; how this one is linked. */
#include "common/server/image.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

const char *const IMAGE_NAMES[] = {
    [IMAGE_PLAIN] = "plain",
    [IMAGE_DYNAMIC] = "dynamic",
    [IMAGE_FULL] = "full",
};

const char IMAGE_FULL_LACKS[] = FULL_LACKS; /* Makefile */

/* Tells the next image about this one. An environment variable also passes
 * through a script that was installed in a program's place. */
#define MARK "PERCONN_IMAGE"

static bool was_another;

void
image_begin(void)
{
	was_another = getenv(MARK) != NULL;
	unsetenv(MARK);
}

static const char *
suffix(enum image image)
{
	static const char *const suffixes[] = {
	    [IMAGE_PLAIN] = "",
	    [IMAGE_DYNAMIC] = "-dynamic",
	    [IMAGE_FULL] = "-full",
	};

	return suffixes[image];
}

/* The folder of this program, and its name without the image's suffix. */
static int
split_own_path(char path[static PATH_MAX], char **name)
{
	const char *end = suffix(IMAGE);
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	size_t len, end_len = strlen(end);

	if (n <= 0)
		return -1;
	path[n] = '\0';
	*name = strrchr(path, '/');
	if (!*name)
		return -1;
	*(*name)++ = '\0';
	len = strlen(*name);
	if (len > end_len && strcmp(*name + len - end_len, end) == 0)
		(*name)[len - end_len] = '\0';
	return 0;
}

/* Returns only on failure: whether WHY has the reason, and not just that there
 * is no such file. */
static bool
try_image(const char *path, char **argv, char *why, size_t size)
{
	execv(path, argv);
	if (errno == ENOENT)
		return false;
	snprintf(why, size, "%s: %s", path, strerror(errno));
	return true;
}

int
image_become(enum image wanted, char **argv, char *why, size_t size)
{
	static const char *const places[] = {
	    "", "/../libexec/perconn", "/../../bin"};
	char folder[PATH_MAX], path[2 * PATH_MAX], *name;

	if (wanted == IMAGE)
		return 0;
	if (split_own_path(folder, &name) < 0) {
		snprintf(why, size, "/proc/self/exe: %s", strerror(errno));
		return -1;
	}
	if (was_another) {
		snprintf(why, size, "%s/%s%s is the %s image", folder, name,
		    suffix(IMAGE), IMAGE_NAMES[IMAGE]);
		return -1;
	}
	setenv(MARK, IMAGE_NAMES[wanted], 1);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s%s/%s%s", folder, places[i],
		    name, suffix(wanted));
		if (try_image(path, argv, why, size))
			break;
		snprintf(why, size, "there is no %s image%s",
		    IMAGE_NAMES[wanted],
		    wanted == IMAGE_FULL ? " (to build it, install OpenSSL 3)"
					 : "");
	}
	unsetenv(MARK);
	return -1;
}

const char *
image_linking(void)
{
	/* The kernel tells where it loaded the dynamic linker, 0 for none. */
	return getauxval(AT_BASE) ? "dynamic" : "static PIE";
}
