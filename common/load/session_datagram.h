/* SPDX-License-Identifier: MIT */
/*
 * session_datagram: a session's events where the target takes datagrams.
 */
#ifndef COMMON_LOAD_SESSION_DATAGRAM_H
#define COMMON_LOAD_SESSION_DATAGRAM_H

#include "common/load/session.h"

/* The handler to set as `datagram_event` of the shared state. */
enum session_result
session_datagram_event(
    struct session_shared *shared, struct session *session, uint32_t events);

/* No answer came in time: closes it, unless a late one can be told. */
void
session_give_up(struct session_shared *shared, struct session *session);

#endif
