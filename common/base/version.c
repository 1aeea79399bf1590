/* SPDX-License-Identifier: MIT */
/* version: the only file that is compiled again when it changes. */
#include "common/base/version.h"

#ifndef BUILD_VERSION
#define BUILD_VERSION "unknown"
#endif

const char PERCONN_VERSION[] = BUILD_VERSION;
