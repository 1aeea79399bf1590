/* SPDX-License-Identifier: MIT */
/*
 * reply_diagnosis: describes a wrong reply for the user.
 */
#ifndef COMMON_LOAD_REPLY_DIAGNOSIS_H
#define COMMON_LOAD_REPLY_DIAGNOSIS_H

#include "common/load/session.h"

/*
 * Writes to BUF (SIZE bytes) what was wrong when SESSION, one of the COUNT
 * sessions ALL, returned SESSION_WRONG or SESSION_UNSOLICITED: connection and
 * request, and the changed byte, or that the reply came twice or belongs to
 * another connection. Valid until the next receive of any session. Returns BUF.
 */
char *
reply_diagnosis(const struct session_shared *shared,
    const struct session *session, const struct session *all, uint32_t count,
    char *buf, size_t size);

#endif
