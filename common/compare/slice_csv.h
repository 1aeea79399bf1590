/* SPDX-License-Identifier: MIT */
/*
 * slice_csv: all slices of a comparison, a row for each (RFC 4180, but for
 * the line ends); where a block has none, because a server is measured once in
 * it, that one figure has the row.
 *
 * What a slice was for is known when its block ends, so rows are written then,
 * and flushed. Who reads the file meanwhile may find the last row cut.
 */
#ifndef COMMON_COMPARE_SLICE_CSV_H
#define COMMON_COMPARE_SLICE_CSV_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct slice_row {
	const char *scenario;
	const char *point;  /* "connections=64" */
	size_t block;	    /* from 1 */
	size_t round;	    /* from 1; 0: no slice */
	size_t step;	    /* in the round, or the block; from 1 */
	const char *server; /* its name, or "control" */
	const char *state;  /* kept, warm-up, dropped:foreign, ... */
	double begin_s;	    /* since the comparison began */
	double seconds;
	/* Of a slice; NAN is what is not known. */
	uint64_t begun, ok;
	double rate, p50_us, p99_us; /* of replies */
	double client_cpu_us;	     /* in all */
	double contention, stretch;  /* see verdict.h */
	/* Of a row that is no slice, in the scenario's unit; NAN: it failed. */
	double figure;
};

void
slice_csv_head(FILE *out);

void
slice_csv_row(FILE *out, const struct slice_row *row);

#endif
