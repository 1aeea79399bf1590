/* SPDX-License-Identifier: MIT */
/*
 * server_names: the names of servers for tables: cut to a column's width, but
 * never so that two look the same.
 */
#ifndef COMMON_REPORT_SERVER_NAMES_H
#define COMMON_REPORT_SERVER_NAMES_H

#include <stddef.h>

#include "common/verdict/comparison.h"

/* Columns. A longer name is cut at its end or at its beginning, with a ~ there,
 * unless another name would look the same. */
#define SERVER_NAME_COLUMNS 24

struct server_names {
	const char *at[2 * SERVERS_MAX];
	size_t count;
};

/* Adds the servers of C. */
void
server_names_add(struct server_names *names, const struct comparison *c);

/* Fills BUF, SIZE bytes, with NAME, which is one of NAMES, cut and escaped.
 * Returns BUF. */
char *
server_names_show(
    const struct server_names *names, const char *name, char *buf, size_t size);

#endif
