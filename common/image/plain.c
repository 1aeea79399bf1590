/* SPDX-License-Identifier: MIT */
/* plain: the plain image: static, with libc only. */
#include "common/server/image.h"

const enum image IMAGE = IMAGE_PLAIN;
