/* SPDX-License-Identifier: MIT */
/*
 * trace_event_json: a timeline in the Trace Event format, as JSON that
 * ui.perfetto.dev and chrome://tracing open.
 *
 * Threads are one process with a track for each; forked children are a process
 * each. The slices of a track nest and never overlap in part, also where a pid
 * or tid was used twice. Times are microseconds since the first event.
 */
#ifndef COMMON_TRACE_TRACE_EVENT_JSON_H
#define COMMON_TRACE_TRACE_EVENT_JSON_H

#include <stdio.h>

#include "common/trace/timeline.h"

/* Errors are the stream's. Where memory is missing, the program ends with a
 * line. */
void
trace_event_json(const struct timeline *timeline, FILE *out);

#endif
