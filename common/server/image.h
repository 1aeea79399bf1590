/* SPDX-License-Identifier: MIT */
/*
 * image: each server is linked as several programs, the images.
 *
 * A forked child copies what its parent has mapped, so a server without TLS and
 * WebSocket runs the plain image: static, with libc only. The full image has
 * OpenSSL and wslay; the plain one becomes it by exec when it must. The dynamic
 * image shows what linking costs (docs/design.md, "Linking"). All are made from
 * the same objects.
 *
 * Called from main(), when only standard descriptors are open.
 */
#ifndef COMMON_SERVER_IMAGE_H
#define COMMON_SERVER_IMAGE_H

#include <stddef.h>

enum image {
	IMAGE_PLAIN,
	IMAGE_DYNAMIC,
	IMAGE_FULL,
};

/* "plain", "dynamic", "full". The names of the last two programs end so. */
extern const char *const IMAGE_NAMES[];

/* This image. Chosen at link time: common/image/ has a file for each. */
extern const enum image IMAGE;

/* The library that was missing at build time, so that the full image has no
 * WebSocket or does not exist; "" if nothing was missing. */
extern const char IMAGE_FULL_LACKS[];

/*
 * Call it first: finds out whether this process was another image before. Then
 * it does not become a third one, whatever the files contain.
 */
void
image_begin(void);

/*
 * Replaces this process by the image WANTED, with the same arguments. Looks for
 * it beside this program, and where both are installed. Returns 0 if this is
 * that image; or -1, with the reason in WHY of SIZE bytes.
 */
int
image_become(enum image wanted, char **argv, char *why, size_t size);

/* "static PIE", "dynamic". */
const char *
image_linking(void);

#endif
