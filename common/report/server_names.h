/* SPDX-License-Identifier: MIT */
/*
 * server_names: those of servers, as tables have them: no wider than a column
 * should be, but never so that two look the same.
 */
#ifndef COMMON_REPORT_SERVER_NAMES_H
#define COMMON_REPORT_SERVER_NAMES_H

#include <stddef.h>

#include "common/verdict/comparison.h"

/* Columns; what is longer is cut, at its end or at its beginning, with a ~
 * there, unless another would look like it. */
#define SERVER_NAME_COLUMNS 24

struct server_names {
	const char *at[2 * SERVERS_MAX];
	size_t count;
};

/* Adds the servers of C. */
void
server_names_add(struct server_names *names, const struct comparison *c);

/* NAME, which is one of them, escaped, in BUF of SIZE bytes. Returns BUF. */
char *
server_names_show(
    const struct server_names *names, const char *name, char *buf, size_t size);

#endif
