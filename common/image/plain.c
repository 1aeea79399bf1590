/* SPDX-License-Identifier: MIT */
/* image: this is the plain one. */
#include "common/server/image.h"

const enum image IMAGE = IMAGE_PLAIN;
