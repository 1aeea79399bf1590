/* SPDX-License-Identifier: MIT */
/*
 * load_report: the result of one load, as words and as JSON.
 */
#ifndef COMMON_REPORT_LOAD_REPORT_H
#define COMMON_REPORT_LOAD_REPORT_H

#include <stdio.h>

#include "common/load/engine.h"
#include "common/load/placement.h"
#include "common/report/json.h"

struct load_report {
	const char *target; /* as the user wrote it */
	const struct load_plan *plan;
	const struct placement *placement;
	const struct load_result *result;
	const char *image; /* how the server is linked; NULL: unknown */
	double seconds;	   /* that the load lasted */
};

/* A few lines for a person. */
void
load_report_print(const struct load_report *report, FILE *out);

/* Schema perconn.load/1. */
void
load_report_json(const struct load_report *report, FILE *out);

/* {"min":..,"mean":..,"p50":..,...} in microseconds; null if HIST is empty. */
void
json_latency(struct json *json, const char *key, const struct hist *hist);

/* {"ECONNRESET":3,"EOF":1}; {} if there were none. */
void
json_errors(
    struct json *json, const char *key, const struct load_result *result);

/* The same as words, "3 ECONNRESET, 1 EOF", in BUF. Returns BUF. */
char *
format_errors(const struct load_result *result, char *buf, size_t size);

/* CPU microseconds of the client for each request. */
double
client_us_per_request(const struct load_result *result);

#endif
