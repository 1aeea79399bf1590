/* SPDX-License-Identifier: MIT */
/* block: servers that start, are connected to, and end. */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/compare/block_run.h"
#include "common/sysinfo/socket_owner.h"
#include "common/sysinfo/proc_tree.h"
#include "common/compare/slice_csv.h"

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
trial_random(struct trial *trial)
{
	uint64_t x = *trial->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*trial->random = x;
	return x * 0x2545f4914f6cdd1dULL;
}

void
trial_shuffle(struct trial *trial, size_t *order, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t j = trial_random(trial) % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
}

bool
trial_stopped(const struct trial *trial)
{
	return trial->plan->stop && *trial->plan->stop;
}

const char *
trial_name(const struct trial *trial, size_t i)
{
	return i < trial->plan->server_count ? trial->plan->servers[i].name
					     : "control";
}

bool
trial_lacks(const struct trial *trial, size_t i)
{
	return trial->tallies[i].trouble[0] != '\0';
}

void
trial_note_bad_replies(struct tally *tally, const struct load_result *slice)
{
	snprintf(tally->trouble, sizeof(tally->trouble),
	    "%llu wrong, %llu timed out, %llu failed of %llu%s%s",
	    (unsigned long long)slice->wrong,
	    (unsigned long long)slice->timed_out,
	    (unsigned long long)slice->failed, (unsigned long long)slice->begun,
	    slice->example[0] ? ": " : "", slice->example);
}

void
trial_note(struct trial *trial, size_t i, double value, double log_ratio)
{
	struct finding *found = &trial->findings[i];

	found->values[trial->block] = value;
	found->ratios[trial->block] = log_ratio;
}

static void
write_figure(struct trial *trial, size_t i, size_t step, uint64_t began_ns,
    double figure)
{
	char point[100];
	struct slice_row row = {
	    .scenario = trial->scenario->name,
	    .point = load_point_format(trial->point, point, sizeof(point)),
	    .block = trial->block + 1,
	    .step = step + 1,
	    .server = trial_name(trial, i),
	    .state = trial_stopped(trial) ? "interrupted"
		     : isnan(figure)	  ? "failed"
					  : "kept",
	    .begin_s = (double)(began_ns - trial->start_ns) / 1e9,
	    .seconds = (double)(now_ns() - began_ns) / 1e9,
	    .figure = figure,
	};

	slices_csv_row(trial->plan->csv, &row);
}

void
trial_once(struct trial *trial, double (*figure)(struct trial *trial, size_t i))
{
	double values[SERVERS_MAX + 1];
	size_t order[SERVERS_MAX + 1];

	trial_shuffle(trial, order, trial->count);
	for (size_t k = 0; k < trial->count; k++) {
		size_t i = order[k];
		uint64_t began_ns = now_ns();

		values[i] = NAN;
		if (trial_lacks(trial, i) || trial_stopped(trial))
			continue;
		values[i] = figure(trial, i);
		if (trial->plan->csv)
			write_figure(trial, i, k, began_ns, values[i]);
	}
	if (trial->plan->csv)
		fflush(trial->plan->csv);
	for (size_t i = 0; i < trial->count && !trial_stopped(trial); i++)
		trial_note(trial, i, values[i],
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
note_stranger(struct trial *trial, size_t i, pid_t pid)
{
	struct instance *one = &trial->at[i];
	char words[300];

	if (one->stranger_noted || launch_has(&one->server, pid))
		return;
	one->stranger_noted = true;
	snprintf(words, sizeof(words),
	    "process %d listens in place of %.40s, whose command has not "
	    "started that: CPU time and memory are not of what answers (a "
	    "container?), or its port was taken by somebody else",
	    (int)pid, one->contender->name);
	trial->note(trial, words);
}

/* In the first block at each point: its options may choose another one. The
 * process that listens need not be the shell that was started. */
static void
look_at_image(struct trial *trial, size_t i)
{
	const char *found;
	char *images;
	pid_t pid;

	if (i == trial->plan->server_count)
		return;
	images = trial->result->servers[i].image;
	if (images[0] && trial->block > 0)
		return;
	pid = listener_of(
	    &trial->at[i].server.address, trial->at[i].server.keeper.pid);
	if (pid)
		note_stranger(trial, i, pid);
	if (pid && (found = procs_image(pid)))
		add_image(
		    images, sizeof(trial->result->servers[i].image), found);
}

/* What connections cost that are not kept: some that are opened for it. */
static void
sample_memory(struct trial *trial, size_t i)
{
	struct instance *one = &trial->at[i];
	struct hold hold = {0};
	char why[200];

	if (trial->tls || strcmp(trial->scenario->protocol, "echo") != 0)
		return;
	if (hold_open(&hold, &one->server.address, SAMPLE_CONNECTIONS,
		trial->plan->stop, why, sizeof(why)) == 0)
		instance_note_memory(trial, i, SAMPLE_CONNECTIONS);
	trial_note_still(trial, hold.still_ns);
	hold_close(&hold);
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
	procs_tasks(pid, count_thread, context);
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

		procs_walk(pid, count_threads, &tasks);
		if (tasks != before)
			since = now_ns();
		before = tasks;
		poll(NULL, 0, 1);
	}
}

/* The baseline and the control run the same command: what one could not do in
 * the first block is not waited for again. */
static bool
failed_before(struct trial *trial, size_t i)
{
	size_t control = trial->plan->server_count;
	size_t twin = i == 0 ? control : i == control ? 0 : i;
	struct tally *tally = &trial->tallies[i];

	if (trial->block > 0 || twin >= trial->count ||
	    !trial->tallies[twin].failed_to_start || trial_lacks(trial, i))
		return false;
	memcpy(tally->trouble, trial->tallies[twin].trouble,
	    sizeof(tally->trouble));
	tally->failed_to_start = true;
	return true;
}

bool
instance_start(struct trial *trial, size_t i)
{
	struct tally *tally = &trial->tallies[i];
	struct instance *one = &trial->at[i];
	char command[LAUNCH_COMMAND_MAX];
	struct launch_plan plan = {
	    .command = command,
	    .placement = &trial->plan->placement,
	    .patience_ns = trial->plan->start_timeout_ns,
	    .stop = trial->plan->stop,
	};

	if (failed_before(trial, i))
		return false;
	if (launch_fill_options(command, sizeof(command),
		one->contender->command, trial->point->options) < 0) {
		snprintf(tally->trouble, sizeof(tally->trouble),
		    "its command is too long");
		return false;
	}
	plan.padding = trial_random(trial) % PADDING_MAX;
	if (launch_start(&one->server, &plan, tally->trouble,
		sizeof(tally->trouble)) < 0) {
		tally->failed_to_start = true;
		if (trial_stopped(trial)) /* our impatience is no trouble */
			tally->trouble[0] = '\0';
		return false;
	}
	cost_group_make(&one->group, one->server.pid);
	look_at_image(trial, i);
	one->has_memory = asks_for_memory(trial->point);
	if (one->has_memory) {
		await_rest(one->server.pid);
		memory_ask(&one->before, one->server.pid, &one->group);
	}
	return true;
}

static bool
hold_idle_ones(struct trial *trial, size_t i)
{
	struct tally *tally = &trial->tallies[i];
	struct instance *one = &trial->at[i];
	char why[200];
	int bad;

	if (!trial->point->held)
		return true;
	bad = hold_open(&one->hold, &one->server.address, trial->point->held,
	    trial->plan->stop, why, sizeof(why));
	trial_note_still(trial, one->hold.still_ns);
	if (!bad)
		return true;
	if (!trial_stopped(trial)) {
		snprintf(tally->trouble, sizeof(tally->trouble),
		    "the idle connections: %s", why);
		instance_blame_backlog(trial, i);
	}
	return false;
}

static struct load_plan
plan_of(const struct trial *trial, const struct address *address)
{
	struct load_plan plan = {
	    .protocol = protocol_find(trial->scenario->protocol),
	    .connections = trial->point->connections,
	    .churn = trial->point->churn,
	    .size = trial->scenario->size,
	    .rate = trial->point->rate,
	    .timeout_ns = TIMEOUT_NS,
	    .tls = trial->tls,
	    .spin = trial->plan->placement.kind == PLACEMENT_SPLIT,
	};

	plan.target.kind = trial->tls ? TARGET_TLS : TARGET_STREAM;
	plan.target.address = *address;
	snprintf(plan.target.host, sizeof(plan.target.host), "127.0.0.1");
	address_format(address, plan.target.authority);
	return plan;
}

bool
instance_connect(struct trial *trial, size_t i)
{
	struct tally *tally = &trial->tallies[i];
	struct instance *one = &trial->at[i];
	struct load_plan plan = plan_of(trial, &one->server.address);
	uint32_t missing;
	char why[200];

	if (plan.churn && !trial->point->held)
		sample_memory(trial, i);
	if (!hold_idle_ones(trial, i))
		return false;
	if (trial->point->held)
		instance_note_memory(trial, i, trial->point->held);
	if (engine_open(&one->engine, &plan, why, sizeof(why)) < 0) {
		snprintf(tally->trouble, sizeof(tally->trouble),
		    "the client cannot load it: %s", why);
		return false;
	}
	one->open = true;
	one->engine.stop = trial->plan->stop;
	missing = engine_connect(&one->engine);
	trial_note_still(trial, one->engine.still.ns);
	if (missing && !trial_stopped(trial) && !instance_died(trial, i)) {
		snprintf(tally->trouble, sizeof(tally->trouble),
		    "%u of %u connections could not be made", missing,
		    plan.connections);
		instance_blame_backlog(trial, i);
	}
	return !missing;
}

void
instance_note_memory(struct trial *trial, size_t i, uint64_t connections)
{
	struct tally *tally = &trial->tallies[i];
	struct instance *one = &trial->at[i];
	struct memory after;

	if (!one->has_memory || tally->memory_count == STATS_MAX)
		return;
	memory_ask(&after, one->server.pid, &one->group);
	cost_memory(&one->before, &after, connections,
	    &tally->memory[tally->memory_count++]);
	one->has_memory = false;
}

/* Once in a scenario, and once for the baseline and the control. */
static void
note_stubborn(struct trial *trial, size_t i)
{
	struct instance *named = &trial->at[i % trial->plan->server_count];
	char words[200];

	if (named->stop_noted || !trial->at[i].server.stubborn)
		return;
	named->stop_noted = true;
	snprintf(words, sizeof(words),
	    "%.40s did not end within %d s of SIGTERM and was killed: let it "
	    "end by that, or each block takes as much longer",
	    named->contender->name, (int)(KEEPER_STOP_NS / NS_PER_S));
	trial->note(trial, words);
}

/* Such as a process of another user: each start would leave one more. */
static void
give_up_on_survivor(struct trial *trial, size_t i)
{
	struct tally *tally = &trial->tallies[i];

	if (!trial->at[i].server.survivor)
		return;
	snprintf(tally->trouble, sizeof(tally->trouble),
	    "something of it could not be ended, and is still there");
	tally->failed_to_start = true; /* nor is it to be again */
}

void
instance_stop(struct trial *trial, size_t i)
{
	struct instance *one = &trial->at[i];

	if (one->open)
		engine_close(&one->engine);
	one->open = false;
	watch_close(&one->watch);
	hold_close(&one->hold);
	launch_stop(&one->server);
	note_stubborn(trial, i);
	give_up_on_survivor(trial, i);
	cost_add_life(&trial->tallies[i].life, &one->server.used);
	one->server = (struct launched){0}; /* it may not be started again */
	cost_group_remove(&one->group);
}

bool
instance_died(struct trial *trial, size_t i)
{
	struct tally *tally = &trial->tallies[i];
	struct launched *server = &trial->at[i].server;

	if (!launch_died(server, tally->trouble, sizeof(tally->trouble)))
		return false;
	/* Such as a daemon, or a server of one connection: it always will. */
	if (server->gave_up && trial->block == 0)
		tally->failed_to_start = true;
	return true;
}

void
trial_note_still(struct trial *trial, uint64_t ns)
{
	trial->result->still_s += (double)ns / 1e9;
}

void
instance_blame_backlog(struct trial *trial, size_t i)
{
	char *trouble = trial->tallies[i].trouble, words[100];
	size_t len = strlen(trouble);
	struct backlog backlog;

	if (backlog_ask(&trial->at[i].server.address, &backlog) && backlog.full)
		snprintf(trouble + len, TROUBLE_MAX - len, "; %s",
		    backlog_words(
			backlog.size, backlog.full, words, sizeof(words)));
}
