/* SPDX-License-Identifier: MIT */
/*
 * utf8: whether bytes are UTF-8 (RFC 3629): no overlong forms, no surrogates,
 * nothing above U+10FFFF. No state; safe anywhere.
 */
#ifndef COMMON_BASE_UTF8_H
#define COMMON_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool
utf8_valid(const char *text, size_t len);

#endif
