/* SPDX-License-Identifier: MIT */
/* block_run: servers that start, are connected to, and end. */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/compare/block_run.h"
#include "common/sysinfo/socket_owner.h"
#include "common/sysinfo/proc_tree.h"
#include "common/compare/slice_csv.h"
#include "common/compare/scenario_points.h"
#include "common/load/protocol_table.h"

#define TIMEOUT_NS (5 * NS_PER_S)
/* The client's stack moves with the environment's size, and speed with that. */
#define PADDING_MAX 4096
/* So many connections tell what one costs, where a load keeps none. */
#define SAMPLE_CONNECTIONS 16
/* With fewer, what the server itself does about its memory would show; to ask
 * more processes than that takes seconds. */
#define MEMORY_CONNECTIONS_MIN 8
#define MEMORY_CONNECTIONS_MAX 1000
/* So long nothing comes or goes in a server at rest; and how long to wait. */
#define REST_NS (5 * NS_PER_MS)
#define REST_MOST_NS (200 * NS_PER_MS)

uint64_t
block_run_random(struct block_run *run)
{
	uint64_t x = *run->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*run->random = x;
	return x * 0x2545f4914f6cdd1dULL;
}

void
block_run_shuffle(struct block_run *run, size_t *order, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t j = block_run_random(run) % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
}

bool
block_run_stopped(const struct block_run *run)
{
	return run->plan->stop && *run->plan->stop;
}

const char *
block_run_name(const struct block_run *run, size_t i)
{
	return i < run->plan->server_count ? run->plan->servers[i].name
					   : "control";
}

bool
block_run_lacks(const struct block_run *run, size_t i)
{
	return run->accumulators[i].trouble[0] != '\0';
}

void
block_run_note_bad_replies(
    struct accumulator *accumulator, const struct load_result *slice)
{
	snprintf(accumulator->trouble, sizeof(accumulator->trouble),
	    "%llu wrong, %llu timed out, %llu failed of %llu%s%s",
	    (unsigned long long)slice->wrong,
	    (unsigned long long)slice->timed_out,
	    (unsigned long long)slice->failed, (unsigned long long)slice->begun,
	    slice->example[0] ? ": " : "", slice->example);
}

void
block_run_note(struct block_run *run, size_t i, double value, double log_ratio)
{
	struct server_result *found = &run->results[i];

	found->values[run->block] = value;
	found->ratios[run->block] = log_ratio;
}

static void
write_figure(struct block_run *run, size_t i, size_t step, uint64_t began_ns,
    double figure)
{
	char point[100];
	struct slice_row row = {
	    .scenario = run->scenario->name,
	    .point = load_point_format(run->point, point, sizeof(point)),
	    .block = run->block + 1,
	    .step = step + 1,
	    .server = block_run_name(run, i),
	    .state = block_run_stopped(run) ? "interrupted"
		     : isnan(figure)	    ? "failed"
					    : "kept",
	    .begin_s = (double)(began_ns - run->start_ns) / 1e9,
	    .seconds = (double)(now_ns() - began_ns) / 1e9,
	    .figure = figure,
	};

	slice_csv_row(run->plan->csv, &row);
}

void
block_run_once(
    struct block_run *run, double (*figure)(struct block_run *run, size_t i))
{
	double values[SERVERS_MAX + 1];
	size_t order[SERVERS_MAX + 1];

	block_run_shuffle(run, order, run->count);
	for (size_t k = 0; k < run->count; k++) {
		size_t i = order[k];
		uint64_t began_ns = now_ns();

		values[i] = NAN;
		if (block_run_lacks(run, i) || block_run_stopped(run))
			continue;
		values[i] = figure(run, i);
		if (run->plan->csv)
			write_figure(run, i, k, began_ns, values[i]);
	}
	if (run->plan->csv)
		fflush(run->plan->csv);
	for (size_t i = 0; i < run->count && !block_run_stopped(run); i++)
		block_run_note(run, i, values[i],
		    values[i] > 0 && values[0] > 0 ? log(values[0] / values[i])
						   : NAN);
}

/* ---- one server ---- */

/* IMAGE to IMAGES, which semicolons part, unless it is one of them. */
static void
add_image(char *images, size_t size, const char *image)
{
	size_t len = strlen(image), end = strlen(images);
	const char *at = images;

	while (*at) {
		size_t here = strcspn(at, ";");

		if (here == len && strncmp(at, image, len) == 0)
			return;
		at += here;
		at += strspn(at, "; ");
	}
	if (end + len + sizeof("; ") <= size)
		snprintf(
		    images + end, size - end, "%s%s", end ? "; " : "", image);
}

/* The figures are not, or not all, of what the command has started. */
static void
note_stranger(struct block_run *run, size_t i, pid_t pid)
{
	struct instance *one = &run->at[i];
	char words[300];

	if (one->stranger_noted || launch_has(&one->server, pid))
		return;
	one->stranger_noted = true;
	snprintf(words, sizeof(words),
	    "process %d listens in place of %.40s, whose command has not "
	    "started that: CPU time and memory are not of what answers (a "
	    "container?), or its port was taken by somebody else",
	    (int)pid, one->contender->name);
	run->note(run, words);
}

/* In the first block at each point: its options may choose another one. The
 * process that listens need not be the shell that was started. */
static void
look_at_image(struct block_run *run, size_t i)
{
	const char *found;
	char *images;
	pid_t pid;

	if (i == run->plan->server_count)
		return;
	images = run->result->servers[i].image;
	if (images[0] && run->block > 0)
		return;
	pid = socket_owner_listener_below(
	    &run->at[i].server.address, run->at[i].server.supervisor.pid);
	if (pid)
		note_stranger(run, i, pid);
	if (pid && (found = proc_tree_image(pid)))
		add_image(images, sizeof(run->result->servers[i].image), found);
}

/* What connections cost that are not kept: some that are opened for it. */
static void
sample_memory(struct block_run *run, size_t i)
{
	struct instance *one = &run->at[i];
	struct idle_connections idle = {0};
	char why[200];

	if (run->tls || strcmp(run->scenario->protocol, "echo") != 0)
		return;
	if (idle_connections_open(&idle, &one->server.address,
		SAMPLE_CONNECTIONS, run->plan->stop, why, sizeof(why)) == 0)
		instance_note_memory(run, i, SAMPLE_CONNECTIONS);
	block_run_note_still(run, idle.stall_ns);
	idle_connections_close(&idle);
}

static bool
asks_for_memory(const struct load_point *point)
{
	uint32_t connections = point->connections + point->held;

	return connections >= MEMORY_CONNECTIONS_MIN &&
	       connections <= MEMORY_CONNECTIONS_MAX;
}

static void
count_process(pid_t pid, void *context)
{
	(void)pid;
	++*(size_t *)context;
}

static void
count_thread(pid_t pid, pid_t tid, void *context)
{
	(void)tid;
	count_process(pid, context);
}

static void
count_threads(pid_t pid, void *context)
{
	proc_tree_tasks(pid, count_thread, context);
}

/*
 * Whether it accepts was tried by a connection, and whoever served that may not
 * be gone: waits until no task has come or gone for a while, or else what is
 * there without connections would hold one, of one model longer than of the
 * other.
 */
static void
await_rest(pid_t pid)
{
	uint64_t start = now_ns(), since = start;
	size_t before = 0;

	while (now_ns() - since < REST_NS && now_ns() - start < REST_MOST_NS) {
		size_t tasks = 0;

		proc_tree_walk(pid, count_threads, &tasks);
		if (tasks != before)
			since = now_ns();
		before = tasks;
		poll(NULL, 0, 1);
	}
}

/* The baseline and the control run the same command: what one could not do in
 * the first block is not waited for again. */
static bool
failed_before(struct block_run *run, size_t i)
{
	size_t control = run->plan->server_count;
	size_t twin = i == 0 ? control : i == control ? 0 : i;
	struct accumulator *accumulator = &run->accumulators[i];

	if (run->block > 0 || twin >= run->count ||
	    !run->accumulators[twin].failed_to_start || block_run_lacks(run, i))
		return false;
	memcpy(accumulator->trouble, run->accumulators[twin].trouble,
	    sizeof(accumulator->trouble));
	accumulator->failed_to_start = true;
	return true;
}

bool
instance_start(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct instance *one = &run->at[i];
	char command[LAUNCH_COMMAND_MAX];
	struct launch_plan plan = {
	    .command = command,
	    .placement = &run->plan->placement,
	    .patience_ns = run->plan->start_timeout_ns,
	    .stop = run->plan->stop,
	};

	if (failed_before(run, i))
		return false;
	if (launch_fill_options(command, sizeof(command),
		one->contender->command, run->point->options) < 0) {
		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "its command is too long");
		return false;
	}
	plan.padding = block_run_random(run) % PADDING_MAX;
	if (launch_start(&one->server, &plan, accumulator->trouble,
		sizeof(accumulator->trouble)) < 0) {
		accumulator->failed_to_start = true;
		if (block_run_stopped(run)) /* our impatience is no trouble */
			accumulator->trouble[0] = '\0';
		return false;
	}
	usage_group_make(&one->group, one->server.pid);
	look_at_image(run, i);
	one->has_memory = asks_for_memory(run->point);
	if (one->has_memory) {
		await_rest(one->server.pid);
		usage_memory_read(&one->before, one->server.pid, &one->group);
	}
	return true;
}

static bool
idle_connections_idle_ones(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct instance *one = &run->at[i];
	char why[200];
	int bad;

	if (!run->point->held)
		return true;
	bad = idle_connections_open(&one->idle, &one->server.address,
	    run->point->held, run->plan->stop, why, sizeof(why));
	block_run_note_still(run, one->idle.stall_ns);
	if (!bad)
		return true;
	if (!block_run_stopped(run)) {
		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "the idle connections: %s", why);
		instance_blame_backlog(run, i);
	}
	return false;
}

static struct load_plan
plan_of(const struct block_run *run, const struct address *address)
{
	struct load_plan plan = {
	    .protocol = protocol_find(run->scenario->protocol),
	    .connections = run->point->connections,
	    .churn = run->point->churn,
	    .size = run->scenario->size,
	    .rate = run->point->rate,
	    .timeout_ns = TIMEOUT_NS,
	    .tls = run->tls,
	    .spin = run->plan->placement.kind == CPU_PLACEMENT_SPLIT,
	};

	plan.target.kind = run->tls ? TARGET_TLS : TARGET_STREAM;
	plan.target.address = *address;
	snprintf(plan.target.host, sizeof(plan.target.host), "127.0.0.1");
	address_format(address, plan.target.authority);
	return plan;
}

bool
instance_connect(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct instance *one = &run->at[i];
	struct load_plan plan = plan_of(run, &one->server.address);
	uint32_t missing;
	char why[200];

	if (plan.churn && !run->point->held)
		sample_memory(run, i);
	if (!idle_connections_idle_ones(run, i))
		return false;
	if (run->point->held)
		instance_note_memory(run, i, run->point->held);
	if (engine_open(&one->engine, &plan, why, sizeof(why)) < 0) {
		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "the client cannot load it: %s", why);
		return false;
	}
	one->open = true;
	one->engine.stop = run->plan->stop;
	missing = engine_connect(&one->engine);
	block_run_note_still(run, one->engine.stall.ns);
	if (missing && !block_run_stopped(run) && !instance_died(run, i)) {
		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "%u of %u connections could not be made", missing,
		    plan.connections);
		instance_blame_backlog(run, i);
	}
	return !missing;
}

void
instance_note_memory(struct block_run *run, size_t i, uint64_t connections)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct instance *one = &run->at[i];
	struct usage_memory after;

	if (!one->has_memory || accumulator->memory_count == RANK_MAX)
		return;
	usage_memory_read(&after, one->server.pid, &one->group);
	usage_add_memory(&one->before, &after, connections,
	    &accumulator->memory[accumulator->memory_count++]);
	one->has_memory = false;
}

/* Once in a scenario, and once for the baseline and the control. */
static void
note_stubborn(struct block_run *run, size_t i)
{
	struct instance *named = &run->at[i % run->plan->server_count];
	char words[200];

	if (named->stop_noted || !run->at[i].server.stubborn)
		return;
	named->stop_noted = true;
	snprintf(words, sizeof(words),
	    "%.40s did not end within %d s of SIGTERM and was killed: let it "
	    "end by that, or each block takes as much longer",
	    named->contender->name, (int)(SUPERVISOR_STOP_NS / NS_PER_S));
	run->note(run, words);
}

/* Such as a process of another user: each start would leave one more. */
static void
give_up_on_survivor(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];

	if (!run->at[i].server.survivor)
		return;
	snprintf(accumulator->trouble, sizeof(accumulator->trouble),
	    "something of it could not be ended, and is still there");
	accumulator->failed_to_start = true; /* nor is it to be again */
}

void
instance_stop(struct block_run *run, size_t i)
{
	struct instance *one = &run->at[i];

	if (one->open)
		engine_close(&one->engine);
	one->open = false;
	cpu_contention_close(&one->watch);
	idle_connections_close(&one->idle);
	launch_stop(&one->server);
	note_stubborn(run, i);
	give_up_on_survivor(run, i);
	usage_add_life(&run->accumulators[i].life, &one->server.used);
	one->server = (struct launched){0}; /* it may not be started again */
	usage_group_remove(&one->group);
}

bool
instance_died(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct launched *server = &run->at[i].server;

	if (!launch_died(
		server, accumulator->trouble, sizeof(accumulator->trouble)))
		return false;
	/* Such as a daemon, or a server of one connection: it always will. */
	if (server->gave_up && run->block == 0)
		accumulator->failed_to_start = true;
	return true;
}

void
block_run_note_still(struct block_run *run, uint64_t ns)
{
	run->result->stall_s += (double)ns / 1e9;
}

void
instance_blame_backlog(struct block_run *run, size_t i)
{
	char *trouble = run->accumulators[i].trouble, words[100];
	size_t len = strlen(trouble);
	struct listen_backlog backlog;

	if (listen_backlog_read(&run->at[i].server.address, &backlog) &&
	    backlog.full)
		snprintf(trouble + len, TROUBLE_MAX - len, "; %s",
		    listen_backlog_words(
			backlog.size, backlog.full, words, sizeof(words)));
}
