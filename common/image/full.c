/* SPDX-License-Identifier: MIT */
/* full: the full image: with OpenSSL and wslay, for TLS and WebSocket. */
#include "common/server/image.h"

const enum image IMAGE = IMAGE_FULL;
