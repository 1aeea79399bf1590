/* SPDX-License-Identifier: MIT */
/* interval_series: one interval, one object, one line. */
#include "common/report/interval_series.h"

#include <math.h>

#include "common/report/load_report.h"

/* From less no rate is told: what ends a load can be a fraction of a reply's
 * time. As short as --interval may be. */
#define SHORTEST_S 0.01

void
interval_series_print(FILE *out, double rate, const struct load_result *part,
    uint64_t from_ns, uint64_t to_ns)
{
	struct json j = {.out = out};
	double seconds = (double)(to_ns - from_ns) / 1e9;

	json_object(&j, NULL);
	json_string(&j, "schema", "perconn.interval/1");
	json_double(&j, "t_s", (double)from_ns / 1e9);
	json_double(&j, "duration_s", seconds);
	if (rate > 0)
		json_uint(&j, "rate", (uint64_t)rate);
	else
		json_null(&j, "rate");
	json_uint(&j, "begun", part->begun);
	/* Fewer than 0, if more were taken back than came. */
	json_int(&j, "ok", (int64_t)part->ok);
	json_uint(&j, "wrong", part->wrong);
	json_uint(&j, "timed_out", part->timed_out);
	json_uint(&j, "failed", part->failed);
	load_report_still(&j, part);
	json_double(&j, "throughput",
	    seconds < SHORTEST_S
		? NAN
		: fmax((double)(int64_t)part->ok, 0) / seconds);
	load_report_json_latency(&j, "latency_us", &part->latency);
	load_report_json_latency(&j, "service_us", &part->service);
	json_end(&j);
}
