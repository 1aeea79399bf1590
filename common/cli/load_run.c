/* SPDX-License-Identifier: MIT */
/* load_run: an engine or a room, from its plan to its result. */
#include "common/cli/load_run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/units.h"
#include "common/chatload/chat_load.h"
#include "common/cli/cli.h"
#include "common/sysinfo/listen_overflows.h"

static void
show_progress(
    void *context, const struct load_result *so_far, uint64_t elapsed_ns)
{
	char number[32];

	(void)context;
	log_status("\r\033[K%5.1f s  %s requests, %llu bad",
	    (double)elapsed_ns / 1e9,
	    format_number(number, sizeof(number), (double)so_far->ok),
	    (unsigned long long)(so_far->wrong + so_far->timed_out +
				 so_far->failed));
}

/* Where it goes, and at which rate. */
struct series {
	struct interval_writer *writer;
	double rate;
};

static void
note_interval(void *context, const struct load_result *part, uint64_t from_ns,
    uint64_t to_ns)
{
	const struct series *series = context;

	interval_writer_put(series->writer, series->rate, part, from_ns, to_ns);
}

/* The server is not left where it was put. */
static _Noreturn void
die_placed(const struct cpu_placement *placement, int status, const char *why)
{
	const char *advice = cli_refused_advice(errno);

	cpu_placement_undo(placement);
	die(status, "cannot load: %s%s", why, advice);
}

/* The second interrupt: without results, but the server goes back. */
static void
leave_if_told(const struct cpu_placement *placement)
{
	if (cli_interrupted >= 0)
		return;
	cpu_placement_undo(placement);
	output_discard_all();
	_exit(128 - cli_interrupted);
}

static void
run_room(struct load_run *run, const struct load_span *span,
    const struct cpu_placement *placement, bool live)
{
	struct chat_load_plan chat = {
	    .load = &run->plan,
	    .duration_ns = span->duration_ns,
	    .requests = span->requests,
	    .stop = &cli_interrupted,
	    .progress = live ? show_progress : NULL,
	};
	char why[200];
	int result = chat_load_run(&chat, &run->result, why, sizeof(why));

	leave_if_told(placement);
	if (result < 0)
		die_placed(placement, errno == EINVAL ? 2 : 1, why);
	run->seconds = (double)run->result.wall_ns / 1e9;
}

static void
run_engines(struct load_run *run, const struct load_span *span,
    const struct cpu_placement *placement, bool live)
{
	struct series series = {span->series, run->plan.rate};
	struct engines engines;
	char why[200];
	uint64_t start;

	if (engines_open(&engines, &run->plan, why, sizeof(why)) < 0)
		die_placed(placement, 1, why);
	run->plan.size = engines.plan.size;
	engines.stop = &cli_interrupted;
	engines.progress = live ? show_progress : NULL;
	engines.interval_ns = span->series ? span->interval_ns : 0;
	engines.interval = note_interval;
	engines.interval_context = &series;
	engines.needs_server = true;
	engines_connect(&engines, &run->result);
	start = now_ns();
	engines_run(&engines, span->duration_ns, span->requests, &run->result);
	run->seconds = (double)(now_ns() - start) / 1e9;
	leave_if_told(placement);
	engines_finish(&engines, &run->result);
	run->has_fairness =
	    !run->plan.churn && engines_fairness(&engines, &run->fairness) == 0;
	engines_close(&engines);
	leave_if_told(placement);
}

void
load_run(struct load_run *run, const struct load_span *span,
    const struct cpu_placement *placement)
{
	int64_t before = listen_overflows();
	const struct address *server = &run->plan.target.address;
	struct listen_backlog own = {0};
	bool live = isatty(STDERR_FILENO);

	if (run->local)
		listen_backlog_read(server, &own);
	if (load_result_init(&run->result) < 0)
		die_placed(placement, 1, strerror(errno));
	if (run->plan.protocol->chat)
		run_room(run, span, placement, live);
	else
		run_engines(run, span, placement, live);
	if (live)
		log_status("\r\033[K");
	run->overflows = before < 0 ? -1 : listen_overflows() - before;
	if (run->local && listen_backlog_read(server, &run->backlog))
		run->backlog.overflows =
		    listen_backlog_overflows(&own, &run->backlog);
}

void
load_run_release(struct load_run *run)
{
	load_result_release(&run->result);
}
