/* SPDX-License-Identifier: MIT */
/* chat_input: publishes the lines or frames that a member's client sends. */
#ifndef COMMON_SERVICE_CHAT_INPUT_H
#define COMMON_SERVICE_CHAT_INPUT_H

#include "common/service/chat_state.h"

/* Returns 1 when there may be more, 0 when there is not, -1 at the end. */
int
chat_take_input(struct chat *c);

/*
 * Handles end of file. A last line without a line end gets one; otherwise it
 * would run into the next line that the other members receive. Returns 0 or
 * -1.
 */
int
chat_end_input(struct chat *c);

/* lines_space() failed with errno. Tells the client, if its line was too long.
 * Returns -1. */
int
chat_no_space(struct chat *c);

#endif
