/* SPDX-License-Identifier: MIT */
/*
 * image: which of a server's two programs this is.
 *
 * A forked child copies what its parent has mapped, so who needs neither TLS
 * nor WebSocket runs the plain image: static, libc alone. The full one is made
 * from the same objects, dynamic, with OpenSSL and wslay; the plain one becomes
 * it when it has to (docs/design.md, "Linking").
 *
 * Called from main(), before there is anything but standard descriptors.
 */
#ifndef COMMON_SERVER_IMAGE_H
#define COMMON_SERVER_IMAGE_H

#include <stdbool.h>

/* Chosen at link time: common/full/image.c or common/plain/image.c. */
extern const bool IMAGE_FULL;

/*
 * Runs the full image in the place of this process, with the same arguments:
 * PROGRAM-full beside this program, or ../libexec/perconn/PROGRAM-full.
 * Returns only if there is none, or it cannot be run (after a warning).
 */
void
image_become_full(char **argv);

/* "static PIE", "dynamic". */
const char *
image_linking(void);

#endif
