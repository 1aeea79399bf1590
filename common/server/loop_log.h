/* SPDX-License-Identifier: MIT */
/* loop_log: what the accept loop logs about itself. */
#ifndef COMMON_SERVER_LOOP_LOG_H
#define COMMON_SERVER_LOOP_LOG_H

#include "common/server/loop_state.h"

/* Logs the ledger, the CPU time, and how many messages were suppressed, by LOG
 * (log_info() or log_always()). */
void
loop_log_ledger(const struct loop *loop, void (*log)(const char *format, ...));

/* Logs how many datagrams the kernel dropped. The ledger cannot count them. */
void
loop_log_dropped(const struct loop *loop);

#endif
