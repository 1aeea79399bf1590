/* SPDX-License-Identifier: MIT */
/* load_result: sums, and what is computed from them. */
#include "common/load/load_result.h"

#include <errno.h>
#include <string.h>

/* From this share of a CPU on, the CPU is the limit; and the share of the time
 * waited for a CPU that counts. */
#define FULL 0.85
#define WAITED 0.05

int
load_result_init(struct load_result *result)
{
	memset(result, 0, sizeof(*result));
	if (histogram_init(&result->latency) == 0 &&
	    histogram_init(&result->service) == 0 &&
	    histogram_init(&result->send_lag) == 0 &&
	    histogram_init(&result->complete) == 0 &&
	    histogram_init(&result->connect) == 0)
		return 0;
	load_result_release(result);
	return -1;
}

void
load_result_release(struct load_result *result)
{
	histogram_release(&result->latency);
	histogram_release(&result->service);
	histogram_release(&result->send_lag);
	histogram_release(&result->complete);
	histogram_release(&result->connect);
}

void
load_result_clear(struct load_result *result)
{
	struct load_result kept = *result;

	memset(result, 0, sizeof(*result));
	result->latency = kept.latency;
	result->service = kept.service;
	result->send_lag = kept.send_lag;
	result->complete = kept.complete;
	result->connect = kept.connect;
	histogram_clear(&result->latency);
	histogram_clear(&result->service);
	histogram_clear(&result->send_lag);
	histogram_clear(&result->complete);
	histogram_clear(&result->connect);
}

/* What adds up, whether one after the other or side by side. */
static void
add_counts(struct load_result *result, const struct load_result *from)
{
	result->begun += from->begun;
	result->ok += from->ok;
	result->wrong += from->wrong;
	result->timed_out += from->timed_out;
	result->failed += from->failed;
	result->unsent += from->unsent;
	result->reconnects += from->reconnects;
	result->retries += from->retries;
	result->late += from->late;
	result->duplicated += from->duplicated;
	result->lost_updates += from->lost_updates;
	result->unclosed += from->unclosed;
	for (int i = 0; i < LOAD_RESULT_ERRNOS; i++)
		result->errors[i] += from->errors[i];
	result->cpu_ns += from->cpu_ns;
	result->wait_ns += from->wait_ns;
	result->think_ns += from->think_ns;
	histogram_add(&result->latency, &from->latency);
	histogram_add(&result->service, &from->service);
	histogram_add(&result->send_lag, &from->send_lag);
	histogram_add(&result->complete, &from->complete);
	histogram_add(&result->connect, &from->connect);
}

/* The earlier one of two texts, of which each may be empty. */
static void
keep_first(char to[LOAD_RESULT_WORDS], uint64_t *to_ns,
    const char from[LOAD_RESULT_WORDS], uint64_t from_ns)
{
	if (!from[0] || (to[0] && *to_ns <= from_ns))
		return;
	memcpy(to, from, LOAD_RESULT_WORDS);
	*to_ns = from_ns;
}

static void
add_texts(struct load_result *result, const struct load_result *from)
{
	keep_first(result->first_wrong, &result->first_wrong_ns,
	    from->first_wrong, from->first_wrong_ns);
	keep_first(result->first_failed, &result->first_failed_ns,
	    from->first_failed, from->first_failed_ns);
	if (!result->first_timed_out[0])
		memcpy(result->first_timed_out, from->first_timed_out,
		    LOAD_RESULT_WORDS);
}

void
load_result_add(struct load_result *result, const struct load_result *from)
{
	add_counts(result, from);
	add_texts(result, from);
	result->stall_ns += from->stall_ns;
	result->stalls += from->stalls;
	result->throttled_ns += from->throttled_ns;
	result->throttled += from->throttled;
	result->span_ns += from->span_ns;
	result->wall_ns += from->wall_ns;
	result->others_cpu_ns += from->others_cpu_ns;
	result->others_wait_ns += from->others_wait_ns;
}

/* How near to its limit the thread nearest to it was, WALL_NS long: 1 is there.
 * Where it waited for its CPU, it may use the rest only. */
static double
nearness(const struct load_result *result, uint64_t wall_ns)
{
	double wall = (double)wall_ns;
	double cpu = (double)(result->cpu_ns - result->others_cpu_ns);
	double waited = (double)(result->wait_ns - result->others_wait_ns);

	if (waited > WAITED * wall && waited < wall)
		wall -= waited;
	return wall > 0 ? cpu / wall : 0;
}

static uint64_t
greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void
load_result_join(struct load_result *result, const struct load_result *from)
{
	uint64_t wall = greater(result->wall_ns, from->wall_ns);
	bool nearer = nearness(from, wall) > nearness(result, wall);
	/* The others are all but the nearest: of both results together. */
	uint64_t cpu = nearer ? result->cpu_ns + from->others_cpu_ns
			      : result->others_cpu_ns + from->cpu_ns;
	uint64_t wait = nearer ? result->wait_ns + from->others_wait_ns
			       : result->others_wait_ns + from->wait_ns;

	add_counts(result, from);
	add_texts(result, from);
	result->others_cpu_ns = cpu;
	result->others_wait_ns = wait;
	result->wall_ns = wall;
	result->stall_ns = greater(result->stall_ns, from->stall_ns);
	result->stalls = greater(result->stalls, from->stalls);
	result->throttled = greater(result->throttled, from->throttled);
	result->throttled_ns =
	    greater(result->throttled_ns, from->throttled_ns);
}

double
load_result_rate(const struct load_result *result)
{
	return result->span_ns
		   ? (double)result->ok * 1e9 / (double)result->span_ns
		   : 0;
}

bool
load_result_is_refused(const struct load_result *result)
{
	return result->failed && !result->ok && !result->wrong &&
	       !result->timed_out &&
	       result->failed ==
		   result->errors[ECONNREFUSED] + result->errors[ENOENT];
}

static double
share_of_wall(const struct load_result *result, uint64_t ns)
{
	return result->wall_ns ? (double)ns / (double)result->wall_ns : 0;
}

double
load_result_busy(const struct load_result *result)
{
	double busy =
	    share_of_wall(result, result->cpu_ns - result->others_cpu_ns);

	return busy < 1 ? busy : 1;
}

double
load_result_waited(const struct load_result *result)
{
	return share_of_wall(result, result->wait_ns - result->others_wait_ns);
}

bool
load_result_is_client_bound(const struct load_result *result, bool own_cpu)
{
	double busy =
	    share_of_wall(result, result->cpu_ns - result->others_cpu_ns);
	double waited = load_result_waited(result);

	if (!result->ok)
		return false;
	return busy > FULL ||
	       (own_cpu && waited > WAITED && busy > FULL * (1 - waited));
}
