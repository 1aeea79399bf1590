/* SPDX-License-Identifier: MIT */
/*
 * version: the version in --version and in saved results. The Makefile passes
 * `git describe`; an archive made by git has its commit in the file VERSION;
 * otherwise it is "unknown".
 */
#ifndef COMMON_BASE_VERSION_H
#define COMMON_BASE_VERSION_H

extern const char PERCONN_VERSION[];

#endif
