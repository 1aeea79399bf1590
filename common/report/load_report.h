/* SPDX-License-Identifier: MIT */
/*
 * load_report: the result of one load, as words.
 *
 * rate_sweep_report.h reports a sweep; load_json.h writes JSON.
 */
#ifndef COMMON_REPORT_LOAD_REPORT_H
#define COMMON_REPORT_LOAD_REPORT_H

#include <stdio.h>

#include "common/load/engines.h"
#include "common/net/address_list.h"
#include "common/sysinfo/cpu_placement.h"
#include "common/sysinfo/listen_backlog.h"

struct load_report {
	const char *target; /* as the user wrote it */
	const struct load_plan *plan;
	const struct cpu_placement *placement;
	const struct load_result *result;
	bool insecure;	   /* the server's certificate was not checked */
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

/* The first line: what is sent to which target, in which kind of loop. */
void
load_report_head(const struct load_report *report, const char *loop, FILE *out);

/* Where client and server run, and how the server is linked: two lines. */
void
load_report_place(const struct load_report *report, FILE *out);

/* What went wrong, if anything did, on either side. */
void
load_report_faults(const struct load_result *result, FILE *out);

/* "ECONNRESET"; of 0 "EOF". */
const char *
load_report_error_name(int error);

/* Whether the server can do more than the client could ask of it. */
bool
load_report_is_client_bound(const struct load_report *report);

#define LOAD_REPORT_PERCENTILES 4

extern const struct load_report_percentile {
	const char *name;
	double percent;
} load_report_percentiles[LOAD_REPORT_PERCENTILES];

/* CPU microseconds of the client for each request. */
double
load_report_client_us(const struct load_result *result);

#endif
