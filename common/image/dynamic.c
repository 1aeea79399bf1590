/* SPDX-License-Identifier: MIT */
/* image: this is the dynamic one. */
#include "common/server/image.h"

const enum image IMAGE = IMAGE_DYNAMIC;
