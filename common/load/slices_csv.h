/* SPDX-License-Identifier: MIT */
/*
 * slices_csv: all slices of a comparison, a row for each (RFC 4180, but for
 * the line ends).
 *
 * What a slice was for is known when its block ends, so rows are written then,
 * and flushed: who reads the file meanwhile finds whole blocks.
 */
#ifndef COMMON_LOAD_SLICES_CSV_H
#define COMMON_LOAD_SLICES_CSV_H

#include <stdint.h>
#include <stdio.h>

struct slice_row {
	const char *scenario;
	const char *point;  /* "connections=64" */
	size_t block, quad; /* from 1 */
	size_t step;	    /* in the quad, from 1 */
	const char *server; /* its name, or "control" */
	const char *state;  /* kept, warm-up, dropped:foreign, ... */
	double begin_s;	    /* since the comparison began */
	double seconds;
	uint64_t begun, ok;
	double rate, p50_us, p99_us; /* of replies; NAN: none */
	double client_cpu_us;	     /* in all */
	double foreign, stretch;     /* see judge.h */
};

void
slices_csv_head(FILE *out);

void
slices_csv_row(FILE *out, const struct slice_row *row);

#endif
