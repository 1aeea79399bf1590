/* SPDX-License-Identifier: MIT */
/* engines: the threads, what they are told to do, and one merge at the end. */
#include "common/load/engines.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/trace.h"
#include "common/load/interval_merge.h"

enum job {
	JOB_CONNECT,
	JOB_RUN,
	JOB_FINISH,
	JOB_END, /* the thread */
};

/* An engine and what belongs to its thread during a call. Aligned, so that no
 * two threads write to one cache line (or to its neighbour, which the CPU
 * fetches with it). */
struct worker {
	_Alignas(128) struct engine engine;
	struct engines_crew *crew;
	pthread_t thread; /* of all but the first */
	int cpu;	  /* -1: any */
	struct load_result result, part;
	uint64_t requests; /* of its next run */
	uint32_t missing;  /* connections after JOB_CONNECT */
	uint64_t right;	   /* replies of the latest run */
	/* So far in this run, for the progress that the first engine tells. */
	_Atomic uint64_t begun, ok, bad;
};

struct engines_crew {
	struct engines *engines;
	struct worker *workers; /* engines->count of them */
	uint32_t open, started; /* engines; threads */
	bool intervals;		/* MERGE is open, in this run */
	struct interval_merge merge;
	/* What a job is done with; the caller sets it before. */
	enum job job;
	uint64_t duration_ns, start_ns;
	struct load_result *result; /* of the only engine; NULL: several */
	/* How threads are told: JOBS is the number of jobs so far, and WORKING
	 * the number of threads that have not done the latest one. */
	pthread_mutex_t lock;
	pthread_cond_t told, done;
	uint64_t jobs;
	uint32_t working;
};

/* ---- callbacks of an engine ---- */

static void
note_interval(void *context, const struct load_result *part, uint64_t from_ns,
    uint64_t to_ns)
{
	struct worker *worker = context;

	interval_merge_add(&worker->crew->merge, part, from_ns, to_ns);
}

static void
tell_counts(struct worker *worker, const struct load_result *so_far)
{
	atomic_store_explicit(
	    &worker->begun, so_far->begun, memory_order_relaxed);
	atomic_store_explicit(&worker->ok, so_far->ok, memory_order_relaxed);
	atomic_store_explicit(&worker->bad,
	    so_far->wrong + so_far->timed_out + so_far->failed,
	    memory_order_relaxed);
}

/* Each engine tells its counts; the first one sums them up. */
static void
note_progress(
    void *context, const struct load_result *so_far, uint64_t elapsed_ns)
{
	struct worker *worker = context;
	const struct engines *engines = worker->crew->engines;
	struct load_result sum = {0}; /* without histograms */

	tell_counts(worker, so_far);
	if (worker != worker->crew->workers)
		return;
	for (uint32_t i = 0; i < engines->count; i++) {
		struct worker *one = &worker->crew->workers[i];

		sum.begun +=
		    atomic_load_explicit(&one->begun, memory_order_relaxed);
		sum.ok += atomic_load_explicit(&one->ok, memory_order_relaxed);
		sum.failed +=
		    atomic_load_explicit(&one->bad, memory_order_relaxed);
	}
	engines->progress(engines->progress_context, &sum, elapsed_ns);
}

/* ---- a job, in the thread of its engine ---- */

static void
do_connect(struct worker *worker, struct load_result *result)
{
	worker->engine.connects = &result->connect;
	worker->missing = engine_connect(&worker->engine);
	stall_end(&worker->engine.stall, result);
}

static void
do_run(struct worker *worker, struct load_result *result)
{
	engine_run(&worker->engine, worker->crew->duration_ns, worker->requests,
	    result);
	worker->right = result->ok;
}

/* RESULT begins anew, but a reply of the run that proves wrong only now was
 * counted as right before. */
static void
do_finish(struct worker *worker, struct load_result *result)
{
	uint64_t right = worker->crew->result ? 0 : worker->right;

	result->ok += right;
	engine_finish(&worker->engine, result);
	result->ok -= right;
}

static void
do_job(struct worker *worker)
{
	struct engines_crew *crew = worker->crew;
	struct load_result *result =
	    crew->result ? crew->result : &worker->result;

	switch (crew->job) {
	case JOB_CONNECT:
		do_connect(worker, result);
		break;
	case JOB_RUN:
		do_run(worker, result);
		break;
	case JOB_FINISH:
		do_finish(worker, result);
		break;
	case JOB_END:
		break;
	}
}

/* Waits for job NUMBER. */
static enum job
await_job(struct engines_crew *crew, uint64_t number)
{
	pthread_mutex_lock(&crew->lock);
	while (crew->jobs < number)
		pthread_cond_wait(&crew->told, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
	return crew->job;
}

static void *
work(void *context)
{
	struct worker *worker = context;
	struct engines_crew *crew = worker->crew;
	uint64_t number = 1;

	trace_worker(0); /* so that events have the number of this thread */
	while (await_job(crew, number++) != JOB_END) {
		do_job(worker);
		pthread_mutex_lock(&crew->lock);
		if (--crew->working == 0)
			pthread_cond_signal(&crew->done);
		pthread_mutex_unlock(&crew->lock);
	}
	return NULL;
}

static void
tell(struct engines_crew *crew, enum job job)
{
	pthread_mutex_lock(&crew->lock);
	crew->job = job;
	crew->jobs++;
	crew->working = crew->started;
	pthread_cond_broadcast(&crew->told);
	pthread_mutex_unlock(&crew->lock);
}

/* ---- a job of all engines, in the caller's thread ---- */

/* Does the job with the only engine, straight into RESULT; or with all, and
 * leaves a result in each worker. */
static void
do_all(struct engines *engines, enum job job, struct load_result *result)
{
	struct engines_crew *crew = engines->crew;

	crew->result = engines->count == 1 ? result : NULL;
	if (engines->count == 1) {
		crew->job = job;
		do_job(&crew->workers[0]);
		return;
	}
	for (uint32_t i = 0; i < engines->count; i++)
		load_result_clear(&crew->workers[i].result);
	tell(crew, job);
	do_job(&crew->workers[0]);
	pthread_mutex_lock(&crew->lock);
	while (crew->working)
		pthread_cond_wait(&crew->done, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
}

/* Adds the results of all workers, of one time, to RESULT. */
static void
merge_results(
    struct engines *engines, uint64_t span_ns, struct load_result *result)
{
	struct engines_crew *crew = engines->crew;
	struct load_result *first = &crew->workers[0].result;

	if (engines->count == 1)
		return;
	for (uint32_t i = 1; i < engines->count; i++)
		load_result_join(first, &crew->workers[i].result);
	first->span_ns = span_ns;
	load_result_add(result, first);
}

/* ---- open and close ---- */

uint32_t
engines_of(const struct load_plan *plan)
{
	uint32_t cpus = plan->cpus ? plan->cpus->count : 0;

	if (cpus > plan->connections)
		cpus = plan->connections;
	return cpus ? cpus : 1;
}

/* What engine I of all has. */
static struct engine_share
share_of(const struct engines *engines, uint32_t i)
{
	uint64_t all = engines->plan.connections;

	return (struct engine_share){
	    .index = i,
	    .count = engines->count,
	    .first = (uint32_t)(all * i / engines->count),
	    .all = (uint32_t)all,
	    .payload =
		i ? &engines->crew->workers[0].engine.shared.run.payload : NULL,
	};
}

/* Whether no other engine is on the CPU of engine I. */
static bool
has_own_cpu(const struct load_plan *plan, uint32_t i)
{
	const struct cpu_list *cpus = plan->cpus;
	uint32_t times = 0;

	for (uint32_t k = 0; cpus && k < cpus->count; k++)
		times += cpus->cpus[k] == cpus->cpus[i];
	return times <= 1;
}

static int
open_worker(struct engines *engines, uint32_t i, char *why, size_t size)
{
	struct engines_crew *crew = engines->crew;
	struct worker *worker = &crew->workers[i];
	struct engine_share share = share_of(engines, i);
	struct load_plan plan = engines->plan;

	plan.connections = share_of(engines, i + 1).first - share.first;
	worker->crew = crew;
	worker->cpu = plan.cpus && plan.cpus->count ? plan.cpus->cpus[i] : -1;
	plan.spin = plan.spin && has_own_cpu(&plan, i);
	if (engine_open_share(&worker->engine, &plan, &share, why, size) < 0)
		return -1;
	crew->open++;
	if (load_result_init(&worker->result) < 0 ||
	    load_result_init(&worker->part) < 0) {
		snprintf(why, size, "%s", strerror(errno));
		return -1;
	}
	return 0;
}

/* Moves the calling thread to the CPU of WORKER. Where that is not allowed, as
 * in some sandboxes, it stays; a CPU that has gone is an error. */
static int
pin_here(const struct worker *worker, char *why, size_t size)
{
	cpu_set_t set;

	if (worker->cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET((size_t)worker->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0 || errno != EINVAL)
		return 0;
	snprintf(why, size,
	    "CPU %d is offline, or no longer of this process's cpuset",
	    worker->cpu);
	return -1;
}

/* A thread has the CPU of its parent at first. */
static int
start_thread(
    struct engines_crew *crew, struct worker *worker, char *why, size_t size)
{
	int error;

	if (pin_here(worker, why, size) < 0)
		return -1;
	error = pthread_create(&worker->thread, NULL, work, worker);
	if (!error) {
		crew->started++;
		return 0;
	}
	snprintf(why, size,
	    "thread %u of %u of the client cannot be started: %s (ulimit -u, "
	    "ulimit -v or pids.max is the limit; fewer --client-cpus need "
	    "fewer threads)",
	    crew->started + 2, crew->engines->count, strerror(error));
	return -1;
}

/* The threads of all workers but the first, without signals. */
static int
start_threads(struct engines *engines, char *why, size_t size)
{
	struct engines_crew *crew = engines->crew;
	sigset_t all, before;
	int done = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (uint32_t i = 1; i < engines->count && done == 0; i++)
		done = start_thread(crew, &crew->workers[i], why, size);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return done < 0 ? -1 : pin_here(&crew->workers[0], why, size);
}

static struct engines_crew *
new_crew(struct engines *engines)
{
	struct engines_crew *crew = calloc(1, sizeof(*crew));
	size_t size = engines->count * sizeof(crew->workers[0]);

	if (!crew)
		return NULL;
	crew->workers = aligned_alloc(_Alignof(struct worker), size);
	if (!crew->workers) {
		free(crew);
		return NULL;
	}
	memset(crew->workers, 0, size);
	crew->engines = engines;
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->told, NULL);
	pthread_cond_init(&crew->done, NULL);
	return crew;
}

int
engines_open(struct engines *engines, const struct load_plan *plan, char *why,
    size_t size)
{
	*engines = (struct engines){.plan = *plan, .count = engines_of(plan)};
	engines->crew = new_crew(engines);
	if (!engines->crew) {
		snprintf(why, size, "%s", strerror(errno));
		return -1;
	}
	for (uint32_t i = 0; i < engines->count; i++) {
		if (open_worker(engines, i, why, size) < 0) {
			engines_close(engines);
			return -1;
		}
	}
	engines->plan.size = engines->crew->workers[0].engine.plan.size;
	if (start_threads(engines, why, size) < 0) {
		engines_close(engines);
		return -1;
	}
	return 0;
}

static void
end_threads(struct engines_crew *crew)
{
	tell(crew, JOB_END);
	for (uint32_t i = 1; i <= crew->started; i++)
		pthread_join(crew->workers[i].thread, NULL);
}

void
engines_close(struct engines *engines)
{
	struct engines_crew *crew = engines->crew;

	end_threads(crew);
	/* The first engine has the payload of all. */
	for (uint32_t i = engines->count; i-- > 0;) {
		if (i < crew->open)
			engine_close(&crew->workers[i].engine);
		load_result_release(&crew->workers[i].result);
		load_result_release(&crew->workers[i].part);
	}
	pthread_mutex_destroy(&crew->lock);
	pthread_cond_destroy(&crew->told);
	pthread_cond_destroy(&crew->done);
	free(crew->workers);
	free(crew);
	engines->crew = NULL;
}

/* ---- the calls ---- */

uint32_t
engines_connect(struct engines *engines, struct load_result *result)
{
	uint32_t missing = 0;

	for (uint32_t i = 0; i < engines->count; i++)
		engines->crew->workers[i].engine.stop = engines->stop;
	do_all(engines, JOB_CONNECT, result);
	merge_results(engines, 0, result);
	for (uint32_t i = 0; i < engines->count; i++)
		missing += engines->crew->workers[i].missing;
	return missing;
}

const char *
engines_why(const struct engines *engines)
{
	const char *why = "";

	for (uint32_t i = 0; i < engines->count && !why[0]; i++)
		why = engines->crew->workers[i].engine.shared.why;
	return why;
}

/* Of several engines; of one, its callbacks are the caller's. */
static void
set_callbacks(struct worker *worker)
{
	struct engines *engines = worker->crew->engines;
	struct engine *engine = &worker->engine;
	bool alone = engines->count == 1;

	engine->interval = alone ? engines->interval : note_interval;
	engine->interval_context = alone ? engines->interval_context : worker;
	if (engines->progress) {
		engine->progress = alone ? engines->progress : note_progress;
		engine->progress_context =
		    alone ? engines->progress_context : worker;
	}
}

/* The share of engine I of REQUESTS; each has all of no limit. */
static uint64_t
requests_of(const struct engines *engines, uint32_t i, uint64_t requests)
{
	if (requests > UINT64_MAX / 2)
		return requests;
	return (requests + engines->count - 1 - i) / engines->count;
}

static void
prepare(struct worker *worker, uint32_t i, uint64_t requests)
{
	struct engines *engines = worker->crew->engines;
	struct engine *engine = &worker->engine;

	engine->stop = engines->stop;
	engine->needs_server = engines->needs_server;
	engine->interval_ns = engines->interval_ns;
	engine->part = engines->interval_ns ? &worker->part : NULL;
	engine->start_ns = worker->crew->start_ns;
	worker->requests = requests_of(engines, i, requests);
	set_callbacks(worker);
	tell_counts(worker, &(struct load_result){0});
}

/* From the first send of any engine to the end of the last one. */
static uint64_t
span_of(const struct engines *engines)
{
	uint64_t first = NEVER, end = 0;

	for (uint32_t i = 0; i < engines->count; i++) {
		const struct engine *e = &engines->crew->workers[i].engine;

		if (!e->first_ns)
			continue;
		first = earlier(first, e->first_ns);
		end = e->ended_ns > end ? e->ended_ns : end;
	}
	return end > first ? end - first : 0;
}

static uint64_t
sending_of(const struct engines *engines)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < engines->count; i++) {
		const struct engine *e = &engines->crew->workers[i].engine;

		sum += (e->stopped_ns - e->began_ns) * e->plan.connections;
	}
	return sum / engines->plan.connections;
}

void
engines_run(struct engines *engines, uint64_t duration_ns, uint64_t requests,
    struct load_result *result)
{
	struct engines_crew *crew = engines->crew;

	crew->duration_ns = duration_ns;
	crew->start_ns = engines->count == 1 ? 0 : now_ns();
	crew->intervals = engines->count > 1 && engines->interval_ns;
	if (crew->intervals)
		interval_merge_open(&crew->merge, engines->count,
		    engines->interval, engines->interval_context);
	for (uint32_t i = 0; i < engines->count; i++)
		prepare(&crew->workers[i], i, requests);
	do_all(engines, JOB_RUN, result);
	merge_results(engines, span_of(engines), result);
	engines->sending_ns = sending_of(engines);
}

/* Compares what the engines took for right. */
static void
find_conflicts(struct engines *engines, struct load_result *result)
{
	const struct protocol *protocol = engines->plan.protocol;
	struct worker *workers = engines->crew->workers;
	struct protocol_run *run = &workers[0].engine.shared.run;

	for (uint32_t i = 1; protocol->merge && i < engines->count; i++) {
		uint64_t count =
		    protocol->merge(run, &workers[i].engine.shared.run);

		result->ok -= count;
		result->wrong += count;
		result->lost_updates += count;
		if (count && !result->first_wrong[0]) {
			result->first_wrong_ns = now_ns();
			memcpy(result->first_wrong, run->why, sizeof(run->why));
		}
	}
}

void
engines_finish(struct engines *engines, struct load_result *result)
{
	struct engines_crew *crew = engines->crew;

	do_all(engines, JOB_FINISH, result);
	merge_results(engines, 0, result);
	find_conflicts(engines, result);
	if (crew->intervals) {
		interval_merge_flush(&crew->merge);
		interval_merge_close(&crew->merge);
		crew->intervals = false;
	}
}

static int
ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of N connections, whose REPLIES are sorted. */
static struct fairness
fairness_of(const uint64_t *replies, uint32_t n)
{
	struct fairness fairness = {
	    .min = replies[0], .median = replies[n / 2], .max = replies[n - 1]};
	double sum = 0, squares = 0;

	for (uint32_t i = 0; i < n; i++) {
		fairness.none += replies[i] == 0;
		sum += (double)replies[i];
		squares += (double)replies[i] * (double)replies[i];
	}
	fairness.jain = squares > 0 ? sum * sum / (n * squares) : 0;
	return fairness;
}

int
engines_fairness(const struct engines *engines, struct fairness *fairness)
{
	uint32_t n = engines->plan.connections;
	uint64_t *replies = calloc(n, sizeof(replies[0]));

	if (!replies)
		return -1;
	for (uint32_t i = 0; i < engines->count; i++) {
		const struct engine *e = &engines->crew->workers[i].engine;

		engine_replies(e, replies + e->share.first);
	}
	qsort(replies, n, sizeof(replies[0]), ascending);
	*fairness = fairness_of(replies, n);
	free(replies);
	return 0;
}
