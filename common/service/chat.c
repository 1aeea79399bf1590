/* SPDX-License-Identifier: MIT */
/* chat: a room. */
#include "common/service/service.h"

static void
chat_serve(struct conn *conn, const struct service_context *context)
{
	(void)conn;
	(void)context;
}

const struct service service_chat = {
    .name = "chat",
    .summary = "a room: lines, or WebSocket and the page at /",
    .serve = chat_serve,
    .full = "Server full, please try again later.\n",
    .websocket = true,
};
