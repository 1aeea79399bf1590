/* SPDX-License-Identifier: MIT */
/*
 * facts: what a comparison says in words and short figures, once for all that
 * render it, so that the terminal and the page agree.
 *
 * Each call that takes BUF fills it, at most SIZE bytes with the NUL, and
 * returns it. Nothing is escaped: names and reasons may hold any bytes. What
 * is not known is "-". No state.
 */
#ifndef COMMON_VERDICT_SENTENCES_H
#define COMMON_VERDICT_SENTENCES_H

#include <stdbool.h>

#include "common/verdict/comparison.h"

#define FACT_SIZE 40	   /* for a figure */
#define SENTENCE_SIZE 1200 /* for a sentence */

/* All kinds that are known together, KiB for a connection; NAN if none is. */
double
cost_memory_kib(const struct cost *cost);

/* Whether its value is a 99th percentile, beside which that of all replies
 * together would be a second one; or is the sum of the memory's kinds. */
bool
fact_is_percentile(const struct outcome *outcome);

bool
fact_is_memory(const struct outcome *outcome);

/* ---- figures ---- */

/* "14,123" */
char *
fact_number(char *buf, size_t size, double value);

/* "0.354" */
char *
fact_ratio(char *buf, size_t size, double ratio);

/* "71.7 us", of microseconds. */
char *
fact_time(char *buf, size_t size, double us);

/* "0.348 .. 0.360" */
char *
fact_ratio_interval(char *buf, size_t size, const struct estimate *e);

char *
fact_interval(char *buf, size_t size, const struct estimate *e);

/* "7.7 = 1.2 + 6.5": all, user, system. */
char *
fact_cpu(char *buf, size_t size, const struct cost *cost);

/* ---- points ---- */

/* "64 connections", "with TLS"; empty if the point has no settings. */
char *
fact_point(char *buf, size_t size, const struct point *point);

/* Its name for a column or an axis: "connections", "parent's size, MiB". */
const char *
fact_setting_name(const char *key);

/* Its number in a column. */
char *
fact_setting(char *buf, size_t size, const struct setting *setting);

/* ---- sentences ---- */

/* The verdict's, but "better" and "worse" where nothing is fast: memory, say.
 * OUTCOME NULL: as the contract has them. */
const char *
fact_verdict_word(const struct outcome *outcome, enum verdict verdict);

/*
 * "fork is slower than thread: 0.354 times the requests/s, between 0.348 and
 * 0.360". Without the reason, but where it is all there is to say.
 */
char *
fact_verdict(char *buf, size_t size, const struct comparison *comparison,
    const struct outcome *outcome, const struct finding *found, size_t server);

/*
 * Of a scenario with several points: "fork is slower than thread at 4 of 6
 * points, equivalent at 2: 0.75 to 1.00 times the requests/s". Returns whether
 * all have one verdict, which is *ONLY then.
 */
bool
fact_verdicts(char *buf, size_t size, const struct comparison *comparison,
    const struct outcome *outcome, size_t server, enum verdict *only);

/* "control, thread twice: 1.001, between 0.98 and 1.02"; empty: none. */
char *
fact_control(char *buf, size_t size, const struct comparison *comparison,
    const struct outcome *outcome);

/* "20 blocks; 600 slices count, ..." of all servers and points. */
char *
fact_blocks(char *buf, size_t size, const struct comparison *comparison,
    const struct outcome *outcome);

/* Whether the reason of SERVER at POINT is that of the baseline, too, so that
 * it need not be said twice. */
bool
fact_repeats(const struct point *point, size_t server);

/* What else there is to know of this finding: errors, a client that was the
 * limit, what was dropped; empty if nothing. */
char *
fact_remarks(char *buf, size_t size, const struct finding *found);

/* "2 CPUs, A Processor (virtual), ..." */
char *
fact_machine(char *buf, size_t size, const struct comparison *comparison);

/* "20 blocks with fresh servers, ..." */
char *
fact_method(char *buf, size_t size, const struct comparison *comparison);

/* "This holds for this machine, ..." */
extern const char FACT_CAVEAT[];

#endif
