/* SPDX-License-Identifier: MIT */
/*
 * version: what --version prints. The Makefile hands in `git describe`; a
 * build from a tarball, which has no history, keeps the release below.
 */
#ifndef COMMON_BASE_VERSION_H
#define COMMON_BASE_VERSION_H

#ifndef PERCONN_VERSION
#define PERCONN_VERSION "0.1"
#endif

#endif
