/* SPDX-License-Identifier: MIT */
/* chat_member: joins the room, talks and listens there, leaves. */
#ifndef COMMON_SERVICE_CHAT_MEMBER_H
#define COMMON_SERVICE_CHAT_MEMBER_H

#include "common/service/chat_state.h"

/* The member receives what is published from now on. TAG is for the list of
 * members. */
void
chat_join(struct chat *c, uint32_t tag);

/* Returns when the client has left or was dropped. */
void
chat_converse(struct chat *c);

/* Also frees what C has allocated. */
void
chat_leave(struct chat *c);

#endif
