/* SPDX-License-Identifier: MIT */
/*
 * reply_diagnosis: says in words how a reply is wrong: which byte, whose bytes.
 */
#ifndef COMMON_LOAD_REPLY_DIAGNOSIS_H
#define COMMON_LOAD_REPLY_DIAGNOSIS_H

#include "common/load/session.h"

/*
 * What was wrong with the latest SESSION_WRONG or SESSION_TOO_MUCH, of SESSION
 * among COUNT ALL, as words in BUF: which connection, which request, a changed
 * byte, a doubled reply, another connection's. Returns BUF.
 */
char *
reply_diagnosis(const struct session_shared *shared,
    const struct session *session, const struct session *all, uint32_t count,
    char *buf, size_t size);

#endif
