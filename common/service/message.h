/* SPDX-License-Identifier: MIT */
/*
 * message: an echo with work before each message.
 *
 * A stream has no messages, so a message is what has come together, up to
 * 64 KiB; a datagram is one message.
 */
#ifndef COMMON_SERVICE_MESSAGE_H
#define COMMON_SERVICE_MESSAGE_H

#include "common/service/service.h"

/* Serves CONN: calls WORK for each message, then returns the message. */
void
message_echo(struct conn *conn, const struct service_context *context,
    void (*work)(const struct service_context *context));

#endif
