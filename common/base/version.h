/* SPDX-License-Identifier: MIT */
/*
 * version: what --version prints and a saved result has. The Makefile hands in
 * `git describe`; an archive that git made knows its commit from the file
 * VERSION; what has neither is "unknown".
 */
#ifndef COMMON_BASE_VERSION_H
#define COMMON_BASE_VERSION_H

extern const char PERCONN_VERSION[];

#endif
