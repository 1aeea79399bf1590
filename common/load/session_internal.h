/* SPDX-License-Identifier: MIT */
/*
 * session_internal: the functions of session.c that session_datagram.c uses.
 *
 * session.c sends, receives and handles events, in one file so that the
 * compiler can inline the usual path. session_datagram.c has what is different
 * over UDP.
 */
#ifndef COMMON_LOAD_SESSION_INTERNAL_H
#define COMMON_LOAD_SESSION_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/load/session.h"

/* Sends the rest of x.out. */
enum session_result
session_send_rest(struct session_shared *shared, struct session *session);

/* After a receive returned -1. WANTS_OUT: TLS has to write first. */
enum session_result
session_receive_failed(
    struct session_shared *shared, struct session *session, bool wants_out);

/* Applies the protocol's JUDGEMENT while a request is in flight. */
enum session_result
session_apply(struct session_shared *shared, struct session *session,
    enum reply_check judgement);

/* No request asked for the LEN bytes in the buffer: closes. */
enum session_result
session_unsolicited(
    struct session_shared *shared, struct session *session, size_t len);

#endif
