/* SPDX-License-Identifier: MIT */
/* instance: a server that starts, is connected to, and ends. */
#include "common/compare/instance.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/launch/stop_signal.h"
#include "common/load/protocol_table.h"
#include "common/sysinfo/listen_backlog.h"
#include "common/sysinfo/proc_tree.h"
#include "common/sysinfo/socket_owner.h"

#define TIMEOUT_NS (5 * NS_PER_S)
/* The client's stack moves with the environment's size, and its speed with the
 * stack. */
#define PADDING_MAX 4096
/* Enough to tell what one connection costs, where a load keeps none. */
#define SAMPLE_CONNECTIONS 16
/* With fewer, the server's own memory would show; to read more processes than
 * that takes seconds. */
#define MEMORY_CONNECTIONS_MIN 8
#define MEMORY_CONNECTIONS_MAX 1000
/* A server is at rest if no task comes or goes for so long; and how long to
 * wait for that. */
#define REST_NS (5 * NS_PER_MS)
#define REST_MOST_NS (200 * NS_PER_MS)

/* Adds IMAGE to IMAGES, which semicolons separate, unless it is there. */
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

/* The process that answers was not started by the command: the figures are not,
 * or not all, of that process. */
static void
note_other_listener(struct block_run *run, size_t i, pid_t pid)
{
	struct instance *one = &run->at[i];
	char words[300];

	if (one->listener_noted || launch_has_process(&one->server, pid))
		return;
	one->listener_noted = true;
	snprintf(words, sizeof(words),
	    "process %d listens in place of %.40s, but the command did not "
	    "start it (a container, or another program on that port?): CPU "
	    "time and memory are not those of the server",
	    (int)pid, one->contender->name);
	run->note(run, words);
}

/* In the first block at each point: the point's options may choose another
 * image. The process that listens may be another than the shell that was
 * started. */
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
		note_other_listener(run, i, pid);
	if (pid && (found = proc_tree_image(pid)))
		add_image(images, sizeof(run->result->servers[i].image), found);
}

/* What connections cost where the load keeps none: opens some for it. */
static void
sample_memory(struct block_run *run, size_t i)
{
	struct instance *one = &run->at[i];
	struct idle_connections idle = {0};
	char why[200];

	if (run->tls || strcmp(run->scenario->protocol, "echo") != 0 ||
	    one->memory_unknown)
		return;
	if (idle_connections_open(&idle, &one->server.address,
		SAMPLE_CONNECTIONS, run->plan->stop, why, sizeof(why)) == 0)
		instance_note_memory(run, i, SAMPLE_CONNECTIONS);
	else
		one->memory_unknown = true; /* each try takes its timeout */
	block_run_note_stall(run, idle.stall_ns);
	idle_connections_close(&idle);
}

/* Of several servers, the process that waits for them would be in it. */
static bool
asks_for_memory(const struct load_point *point)
{
	uint32_t connections = point->connections + point->held;

	return point->servers < 2 && connections >= MEMORY_CONNECTIONS_MIN &&
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
 * A connection has tried whether the server accepts, and its worker may still
 * run: waits until no task has come or gone for a while. Otherwise the memory
 * without connections would hold that of one, for one model longer than for the
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

/* The baseline and the control run the same command: where one failed to start
 * in the first block, the other is not tried. */
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

/* How many of it share the port: a command without {options} cannot be told to.
 */
static uint32_t
servers_of(const struct block_run *run, size_t i)
{
	return strstr(run->at[i].contender->command, "{options}")
		   ? run->point->servers
		   : 1;
}

/* Starts it, and nothing else: the time may count. */
static bool
launch(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct instance *one = &run->at[i];
	char command[LAUNCH_COMMAND_MAX];
	struct launch_plan plan = {
	    .command = command,
	    .placement = &run->placement,
	    .servers = servers_of(run, i),
	    .start_timeout_ns = run->plan->start_timeout_ns,
	    .stop_signal = run->plan->stop_signal,
	    .stop = run->plan->stop,
	};

	if (launch_fill_options(command, sizeof(command),
		one->contender->command, run->point->options) < 0) {
		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "its command is too long");
		return false;
	}
	plan.padding = random_next(run->random) % PADDING_MAX;
	if (launch_start(&one->server, &plan, accumulator->trouble,
		sizeof(accumulator->trouble)) < 0) {
		accumulator->failed_to_start = true;
		if (block_run_stopped(
			run)) /* a stop is not trouble of the server */
			accumulator->trouble[0] = '\0';
		return false;
	}
	return true;
}

static void
open_counter(struct block_run *run, size_t i);

bool
instance_start(struct block_run *run, size_t i)
{
	struct instance *one = &run->at[i];

	if (failed_before(run, i) || !launch(run, i))
		return false;
	usage_group_make(&one->group, one->server.pid);
	listen_backlog_read(&one->server.address, &one->backlog);
	look_at_image(run, i);
	if (run->scenario->counts_tlb)
		open_counter(run, i);
	accept_loop_find(&one->loops, &one->server.address, one->server.pid);
	one->noted = NULL;
	one->has_memory = asks_for_memory(run->point);
	if (one->has_memory) {
		await_rest(one->server.pid);
		usage_memory_read(&one->before, one->server.pid, &one->group);
	}
	return true;
}

static bool
open_idle(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct instance *one = &run->at[i];
	char why[200];
	int bad;

	if (!run->point->held)
		return true;
	bad = idle_connections_open(&one->idle, &one->server.address,
	    run->point->held, run->plan->stop, why, sizeof(why));
	block_run_note_stall(run, one->idle.stall_ns);
	if (!bad)
		return true;
	if (!block_run_stopped(run)) {
		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "the idle connections: %s", why);
		instance_note_backlog(run, i);
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
	    .path = run->scenario->path,
	    .http = run->scenario->http,
	    .size = run->scenario->size,
	    .rate = run->point->rate,
	    .timeout_ns = run->scenario->timeout_ns ? run->scenario->timeout_ns
						    : TIMEOUT_NS,
	    .tls = run->tls,
	    .spin = run->plan->placement.kind == CPU_PLACEMENT_SPLIT,
	    .cpus = &run->plan->placement.client_cpus,
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
	if (!open_idle(run, i))
		return false;
	if (run->point->held)
		instance_note_memory(run, i, run->point->held);
	if (engines_open(&one->engines, &plan, why, sizeof(why)) < 0) {
		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "the client cannot load the server: %s", why);
		return false;
	}
	one->open = true;
	one->engines.stop = run->plan->stop;
	load_result_clear(&one->slice);
	missing = engines_connect(&one->engines, &one->slice);
	block_run_note_stall(run, one->slice.stall_ns);
	if (missing && !block_run_stopped(run) && !instance_died(run, i)) {
		const char *reason = engines_why(&one->engines);

		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "%u of %u connections could not be made%s%.150s%s", missing,
		    plan.connections, reason[0] ? ": " : "", reason,
		    strstr(reason, "certificate") ? "; see --insecure" : "");
		instance_note_backlog(run, i);
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
	one->noted = &accumulator->memory[accumulator->memory_count++];
	one->noted->kept_kib = NAN;
	usage_add_memory(&one->before, &after, connections, one->noted);
	one->has_memory = false;
}

/* Without the slab, which sockets in TIME-WAIT change, and without pages of
 * files, which are there once. */
void
instance_note_kept_memory(struct block_run *run, size_t i)
{
	static const enum memory_kind kinds[] = {
	    MEMORY_ANONYMOUS, MEMORY_PAGE_TABLES, MEMORY_KERNEL_STACKS};
	struct instance *one = &run->at[i];
	struct usage_memory after;

	if (!one->noted)
		return;
	await_rest(one->server.pid);
	usage_memory_read(&after, one->server.pid, &one->group);
	one->noted->kept_kib = 0;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		one->noted->kept_kib +=
		    after.kib[kinds[k]] - one->before.kib[kinds[k]];
}

/* ---- the counter ---- */

static void
note_no_counter(struct block_run *run)
{
	char words[200];

	if (run->at[0].counter_noted)
		return;
	run->at[0].counter_noted = true;
	snprintf(words, sizeof(words),
	    "TLB misses cannot be counted here (perf_event_open: %s)",
	    strerror(errno));
	run->note(run, words);
}

/* Of the process that listens, not of a shell around it: what runs already is
 * not inherited. */
static void
open_counter(struct block_run *run, size_t i)
{
	struct instance *one = &run->at[i];
	pid_t pid = socket_owner_listener_below(
	    &one->server.address, one->server.supervisor.pid);

	if (pid &&
	    task_counter_open(&one->tlb, pid, TASK_COUNTER_TLB_MISSES) < 0)
		note_no_counter(run);
}

void
instance_begin_counter(struct instance *one)
{
	if (!task_counter_read(&one->tlb, &one->tlb_before))
		task_counter_close(&one->tlb);
}

void
instance_end_counter(const struct instance *one, struct usage_sums *sums)
{
	uint64_t count;

	if (!task_counter_since(&one->tlb, &one->tlb_before, &count))
		return;
	sums->tlb_misses += count;
	sums->has_tlb_misses = true;
}

/* Once in a scenario, and once for the baseline and the control. */
static void
note_stubborn(struct block_run *run, size_t i)
{
	struct instance *named = &run->at[i % run->plan->server_count];
	char words[240], name[STOP_SIGNAL_NAME];

	if (named->stop_noted || !run->at[i].server.ignored_stop)
		return;
	named->stop_noted = true;
	snprintf(words, sizeof(words),
	    "%.40s did not end within %d s of %s and was killed: name a signal "
	    "that ends it with --stop-signal, or each block takes that much "
	    "longer",
	    named->contender->name, (int)(SUPERVISOR_STOP_NS / NS_PER_S),
	    stop_signal_format(
		run->plan->stop_signal ? run->plan->stop_signal : SIGTERM,
		name));
	run->note(run, words);
}

/* A process of another user, say: each start would leave one more. */
static void
give_up_on_survivor(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];

	if (!run->at[i].server.unkillable)
		return;
	snprintf(accumulator->trouble, sizeof(accumulator->trouble),
	    "a process of the server could not be ended and still runs");
	accumulator->failed_to_start = true; /* it is not to start again */
}

void
instance_stop(struct block_run *run, size_t i)
{
	struct instance *one = &run->at[i];

	if (one->open)
		engines_close(&one->engines);
	one->open = false;
	cpu_contention_close(&one->watch);
	task_counter_close(&one->tlb);
	idle_connections_close(&one->idle);
	launch_stop(&one->server);
	note_stubborn(run, i);
	give_up_on_survivor(run, i);
	usage_add_life(&run->accumulators[i].life, &one->server.used);
	one->server = (struct launched){0}; /* it may not be started again */
	usage_group_remove(&one->group);
}

bool
instance_start_if_ended(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];

	if (!instance_died(run, i))
		return true;
	accumulator->trouble[0] = '\0';
	accumulator->failed_to_start = false;
	usage_add_life(&accumulator->life, &run->at[i].server.used);
	return launch(run, i);
}

bool
instance_died(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct launched *server = &run->at[i].server;

	if (!launch_ended(
		server, accumulator->trouble, sizeof(accumulator->trouble)))
		return false;
	/* A daemon, or a server of one connection: it always will. */
	if (server->exited_zero && run->block == 0)
		accumulator->failed_to_start = true;
	return true;
}

void
instance_note_backlog(struct block_run *run, size_t i)
{
	char *trouble = run->accumulators[i].trouble, words[100];
	size_t len = strlen(trouble);
	const struct instance *one = &run->at[i];
	struct listen_backlog now;
	uint64_t full;

	if (!listen_backlog_read(&one->server.address, &now))
		return;
	full = listen_backlog_overflows(&one->backlog, &now);
	if (full)
		snprintf(trouble + len, TROUBLE_MAX - len, "; %s",
		    listen_backlog_words(now.size, full, words, sizeof(words)));
}
