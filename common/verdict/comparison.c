/* SPDX-License-Identifier: MIT */
/* comparison: what is not known is NAN; the words of the verdicts and kinds. */
#include "common/verdict/comparison.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const VERDICT_WORDS[] = {
    [FASTER] = "faster",
    [SLOWER] = "slower",
    [EQUIVALENT] = "equivalent",
    [UNDECIDED] = "undecided",
    [INVALID] = "invalid",
};

const char *const BASIS_WORDS[] = {
    [BASIS_METRIC] = "metric",
    [BASIS_SERVER_CPU] = "server_cpu",
};

static const struct estimate UNKNOWN = {NAN, NAN, NAN};

static void
latency_init(struct latency *latency)
{
	*latency = (struct latency){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
}

static void
finding_init(struct server_result *found)
{
	memset(found, 0, sizeof(*found));
	for (size_t i = 0; i < RANK_MAX; i++) {
		found->values[i] = NAN;
		found->ratios[i] = NAN;
		found->cpu_us[i] = NAN;
	}
	found->value = found->ratio = found->difference = UNKNOWN;
	found->p_value = found->service_value = NAN;
	found->verdict = UNDECIDED;
	found->min_detectable = found->required_blocks = NAN;
	latency_init(&found->latency);
	latency_init(&found->service);
	found->client_us = found->client_busy = found->little = NAN;
	found->speedup = UNKNOWN;
	found->loop_us = found->loop_busy = NAN;
	found->with_dropped = NAN;
	usage_init(&found->usage);
}

int
scenario_result_init(struct scenario_result *result)
{
	memset(result, 0, sizeof(*result));
	result->points = calloc(POINTS_MAX, sizeof(*result->points));
	if (!result->points) {
		errno = ENOMEM;
		return -1;
	}
	for (size_t i = 0; i < POINTS_MAX; i++) {
		struct point *point = &result->points[i];

		for (size_t k = 0; k < SETTINGS_MAX; k++)
			point->settings[k].number = NAN;
		for (size_t k = 0; k <= SERVERS_MAX; k++)
			finding_init(&point->results[k]);
	}
	return 0;
}

static void
machine_init(struct machine *machine)
{
	machine->memory_gib = machine->load_average = NAN;
	machine->pressure = machine->steal_s = NAN;
}

void
comparison_init(struct comparison *comparison)
{
	memset(comparison, 0, sizeof(*comparison));
	machine_init(&comparison->before);
	machine_init(&comparison->after);
	comparison->slice_s = comparison->delta = comparison->seconds = NAN;
	comparison->cpu_quota = NAN;
}

void
comparison_release(struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->scenario_count; i++) {
		free(comparison->scenarios[i].points);
		comparison->scenarios[i].points = NULL;
	}
	comparison->scenario_count = 0;
}

static bool
point_clean(const struct point *point, size_t servers)
{
	for (size_t i = 0; i < servers; i++) {
		if (point->results[i].errors ||
		    point->results[i].verdict == INVALID)
			return false;
	}
	return point->results[servers].errors == 0;
}

bool
comparison_clean(const struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->scenario_count; i++) {
		const struct scenario_result *result =
		    &comparison->scenarios[i];

		if (result->point_count == 0)
			return false;
		for (size_t k = 0; k < result->point_count; k++) {
			if (!point_clean(
				&result->points[k], comparison->server_count))
				return false;
		}
	}
	return true;
}
