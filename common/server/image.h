/* SPDX-License-Identifier: MIT */
/*
 * image: which of a server's programs this is.
 *
 * A forked child copies what its parent has mapped, so who needs neither TLS
 * nor WebSocket runs the plain image: static, libc alone. Two more are made
 * from the same objects: the full one, dynamic, with OpenSSL and wslay, which
 * the plain one becomes when it has to; and the dynamic one, which shows what
 * the linking alone costs (docs/design.md, "Linking").
 *
 * Called from main(), before there is anything but standard descriptors.
 */
#ifndef COMMON_SERVER_IMAGE_H
#define COMMON_SERVER_IMAGE_H

#include <stddef.h>

enum image {
	IMAGE_PLAIN,
	IMAGE_DYNAMIC,
	IMAGE_FULL,
};

/* "plain", "dynamic", "full": what each program's name ends in, the plain
 * one's excepted. */
extern const char *const IMAGE_NAMES[];

/* This one. Chosen at link time: common/image/ has a file for each. */
extern const enum image IMAGE;

/* The library for want of which the full one that was made with this, or would
 * have been, speaks no WebSocket; "" if it does. */
extern const char IMAGE_FULL_LACKS[];

/*
 * First of all: whether this process was another image before. It is not to
 * become a third one, whatever is behind the names.
 */
void
image_begin(void);

/*
 * Runs WANTED in the place of this process, with the same arguments: the
 * program of that name beside this one, or where both are installed. Returns 0
 * if this is it already; -1 if it cannot be had, and WHY (SIZE bytes, a few
 * words) tells the reason.
 */
int
image_become(enum image wanted, char **argv, char *why, size_t size);

/* "static PIE", "dynamic". */
const char *
image_linking(void);

#endif
