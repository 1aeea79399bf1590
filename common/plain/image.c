/* SPDX-License-Identifier: MIT */
/* image: this is the plain one. */
#include "common/server/image.h"

const bool IMAGE_FULL = false;
