/* SPDX-License-Identifier: MIT */
/* lab_traces: from the servers' memory to timelines. */
#include "common/lab/lab_traces.h"

#include <string.h>

static size_t
model_of(const struct lab_server *server)
{
	return strcmp(server->model, "fork") == 0;
}

static void
release_one(struct lab_traces *traces, size_t m)
{
	if (!traces->there[m])
		return;
	timeline_release(&traces->timelines[m]);
	trace_log_release(&traces->logs[m]);
	traces->there[m] = false;
}

/* Where later events are left out, one of no kind makes the axis end there. */
static void
cut(struct trace_log *log, uint64_t end_ns)
{
	size_t count = log->count;

	while (count && log->events[count - 1].time_ns > end_ns)
		count--;
	if (count < log->count)
		log->events[count++] = (struct trace_record){.time_ns = end_ns};
	log->count = count;
}

static void
read_one(struct lab_traces *traces, const struct lab_server *server)
{
	size_t m = model_of(server);
	char why[200];

	release_one(traces, m);
	/* A server that did not start has recorded nothing. */
	if (trace_log_read_fd(
		&traces->logs[m], server->trace, why, sizeof(why)) < 0)
		return;
	if (server->timeline_ends_ns)
		cut(&traces->logs[m], server->timeline_ends_ns);
	timeline_build(&traces->timelines[m], &traces->logs[m], 1);
	timeline_killed(&traces->timelines[m], server->killed.process,
	    server->killed.at_ns, server->killed.signal);
	traces->there[m] = true;
}

void
lab_traces_read(struct lab_traces *traces, const struct lab_run *run)
{
	for (size_t i = 0; i < LAB_SERVERS && run->servers[i]; i++) {
		if (run->servers[i]->trace >= 0)
			read_one(traces, run->servers[i]);
	}
}

void
lab_traces_show(const struct lab_traces *traces, struct lab_picture *picture)
{
	for (size_t m = 0; m < LAB_MODELS; m++) {
		if (traces->there[m])
			picture->timelines[m] = &traces->timelines[m];
	}
}

void
lab_traces_release(struct lab_traces *traces)
{
	for (size_t m = 0; m < LAB_MODELS; m++)
		release_one(traces, m);
}
