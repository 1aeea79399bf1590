/* SPDX-License-Identifier: MIT */
/*
 * load_report: the result of one load, as words and as JSON.
 *
 * Of a sweep, see rate_sweep_report.h.
 */
#ifndef COMMON_REPORT_LOAD_REPORT_H
#define COMMON_REPORT_LOAD_REPORT_H

#include <stdio.h>

#include "common/sysinfo/listen_backlog.h"
#include "common/load/engine.h"
#include "common/sysinfo/cpu_placement.h"
#include "common/net/address_list.h"
#include "common/format/json_writer.h"

struct load_report {
	const char *target; /* as the user wrote it */
	const struct load_plan *plan;
	const struct cpu_placement *placement;
	const struct load_result *result;
	const char *image; /* how the server is linked; NULL: unknown */
	double seconds;	   /* that the load lasted */
	const struct fairness *fairness; /* NULL: no kept connections */
	const struct address_list
	    *sources; /* that the user asked for, or empty */
	/* Connections that found an accept queue of this machine full while
	 * the load lasted, of whatever program; -1: unknown. */
	int64_t overflows;
	const struct listen_backlog
	    *backlog; /* the server's own, if it is known */
};

/* A few lines for a person. */
void
load_report_print(const struct load_report *report, FILE *out);

/* Schema perconn.load/1, as a value in JSON: of its own, if JSON is new, or in
 * an array. */
void
load_report_json(const struct load_report *report, struct json *json);

/* Its first lines, without the end of the first: what is sent, to whom. */
void
load_report_head(const struct load_report *report, FILE *out);

/* Where client and server run, and how the server is linked: two lines. */
void
load_report_place(const struct load_report *report, FILE *out);

/* The members that say for how long the client did not run. */
void
load_report_still(struct json *json, const struct load_result *result);

/* What went wrong, if anything did, on either side. */
void
load_report_faults(const struct load_result *result, FILE *out);

/* {"min":..,"mean":..,"p50":..,...} in microseconds; null if HIST is empty. */
void
load_report_json_latency(
    struct json *json, const char *key, const struct histogram *hist);

/* {"ECONNRESET":3,"EOF":1}; {} if there were none. */
void
load_report_json_errors(
    struct json *json, const char *key, const struct load_result *result);

/* The same as words, "3 ECONNRESET, 1 EOF", in BUF. Returns BUF. */
char *
load_report_errors(const struct load_result *result, char *buf, size_t size);

/* CPU microseconds of the client for each request. */
double
load_report_client_us(const struct load_result *result);

#endif
