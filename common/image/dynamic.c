/* SPDX-License-Identifier: MIT */
/* dynamic: the dynamic image: the plain one, linked dynamically. */
#include "common/server/image.h"

const enum image IMAGE = IMAGE_DYNAMIC;
