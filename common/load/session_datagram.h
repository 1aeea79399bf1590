/* SPDX-License-Identifier: MIT */
/*
 * session_datagram: a session over UDP. A datagram may answer an earlier
 * request, or come twice; that is counted, not wrong.
 */
#ifndef COMMON_LOAD_SESSION_DATAGRAM_H
#define COMMON_LOAD_SESSION_DATAGRAM_H

#include "common/load/session.h"

/* For `datagram_event` of the shared state. */
enum session_result
session_datagram_event(
    struct session_shared *shared, struct session *session, uint32_t events);

/* After the request's timeout: closes the session, unless a late reply could be
 * recognized. Works for a stream, too. */
void
session_time_out(struct session_shared *shared, struct session *session);

#endif
