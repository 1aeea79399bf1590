/* SPDX-License-Identifier: MIT */
/*
 * session_internal: what session.c offers to session_datagram.c.
 *
 * session.c is the way of a request over a stream, from connect to close, in
 * one file so that the usual way is inlined; session_datagram.c is what differs
 * for datagrams.
 */
#ifndef COMMON_LOAD_SESSION_INTERNAL_H
#define COMMON_LOAD_SESSION_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/load/session.h"

/* Whether EPOLLOUT is wanted, too. A socket that is not watched yet will be.
 * 0, or -1 with errno. */
int
session_watch(struct session_shared *shared, struct session *session, bool out);

/* What is left of x.out. */
enum session_result
session_send_rest(struct session_shared *shared, struct session *session);

/* The receiving has returned -1. Only TLS wants to write before it can read. */
enum session_result
session_nothing_came(
    struct session_shared *shared, struct session *session, bool wants_out);

/* What the protocol says of what came while a request was under way. */
enum session_result
session_follow(struct session_shared *shared, struct session *session,
    enum reply_check judgement);

/* Nobody asked for the LEN bytes at the buffer. */
enum session_result
session_too_much(
    struct session_shared *shared, struct session *session, size_t len);

#endif
