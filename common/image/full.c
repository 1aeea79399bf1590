/* SPDX-License-Identifier: MIT */
/* image: this is the full one. */
#include "common/server/image.h"

const enum image IMAGE = IMAGE_FULL;
