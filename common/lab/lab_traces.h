/* SPDX-License-Identifier: MIT */
/*
 * lab_traces: what the servers of a lab recorded of their workers, for
 * lab_timeline(), up to the end of the experiment.
 */
#ifndef COMMON_LAB_LAB_TRACES_H
#define COMMON_LAB_LAB_TRACES_H

#include "common/lab/lab_server.h"
#include "common/trace/timeline.h"

/* One for each model: thread, fork. Zeroed: none. Must not move. */
struct lab_traces {
	struct trace_log logs[LAB_MODELS];
	struct timeline timelines[LAB_MODELS];
	bool there[LAB_MODELS];
};

/* Reads the trace of the latest server of each model that was started with one.
 * The servers must have ended. */
void
lab_traces_read(struct lab_traces *traces, const struct lab_run *run);

/* Gives them to PICTURE, before a lab draws. */
void
lab_traces_show(const struct lab_traces *traces, struct lab_picture *picture);

void
lab_traces_release(struct lab_traces *traces);

#endif
