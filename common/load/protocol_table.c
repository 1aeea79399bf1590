/* SPDX-License-Identifier: MIT */
/* protocol_table: one line for each protocol. */
#include "common/load/protocol_table.h"

#include <string.h>

/* chat_load.c runs it, without exchanges. */
static const struct protocol protocol_chat = {
    .name = "chat",
    .summary = "a line from one member reaches all others",
    .chat = true,
    .sized = true,
};

const struct protocol *const PROTOCOL_TABLE[] = {
    &protocol_echo,
    &protocol_hello,
    &protocol_http,
    &protocol_ws,
    &protocol_counter,
    &protocol_chat,
    NULL,
};

const struct protocol *
protocol_find(const char *name)
{
	for (const struct protocol *const *p = PROTOCOL_TABLE; *p; p++) {
		if (strcmp((*p)->name, name) == 0)
			return *p;
	}
	return NULL;
}
