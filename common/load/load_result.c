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

void
load_result_add(struct load_result *result, const struct load_result *from)
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
	result->stall_ns += from->stall_ns;
	result->stalls += from->stalls;
	result->throttled_ns += from->throttled_ns;
	result->throttled += from->throttled;
	for (int i = 0; i < LOAD_RESULT_ERRNOS; i++)
		result->errors[i] += from->errors[i];
	result->span_ns += from->span_ns;
	result->cpu_ns += from->cpu_ns;
	result->wait_ns += from->wait_ns;
	result->wall_ns += from->wall_ns;
	result->think_ns += from->think_ns;
	histogram_add(&result->latency, &from->latency);
	histogram_add(&result->service, &from->service);
	histogram_add(&result->send_lag, &from->send_lag);
	histogram_add(&result->complete, &from->complete);
	histogram_add(&result->connect, &from->connect);
	if (!result->first_wrong[0])
		memcpy(result->first_wrong, from->first_wrong,
		    sizeof(result->first_wrong));
	if (!result->first_failed[0])
		memcpy(result->first_failed, from->first_failed,
		    sizeof(result->first_failed));
	if (!result->first_timed_out[0])
		memcpy(result->first_timed_out, from->first_timed_out,
		    sizeof(result->first_timed_out));
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

double
load_result_busy(const struct load_result *result)
{
	double busy = result->wall_ns
			  ? (double)result->cpu_ns / (double)result->wall_ns
			  : 0;

	return busy < 1 ? busy : 1;
}

bool
load_result_is_client_bound(const struct load_result *result, bool own_cpu)
{
	double wall = (double)result->wall_ns, waited = (double)result->wait_ns;

	if (!result->ok)
		return false;
	return load_result_busy(result) > FULL ||
	       (own_cpu && waited > WAITED * wall &&
		   (double)result->cpu_ns > FULL * (wall - waited));
}
