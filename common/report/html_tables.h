/* SPDX-License-Identifier: MIT */
/*
 * report_tables: the parts of the page that are tables and lists of words.
 */
#ifndef COMMON_REPORT_HTML_TABLES_H
#define COMMON_REPORT_HTML_TABLES_H

#include <stdio.h>

#include "common/verdict/comparison.h"

/* "slower", with its colour and its mark; OUTCOME as for fact_verdict_word().
 */
void
put_badge(FILE *page, const struct outcome *outcome, enum verdict verdict);

/* A <td>: a server's name and colour. */
void
put_server(FILE *page, const struct comparison *comparison, size_t server);

/* Value, interval, ratio, verdict, latency of each server at each point. */
void
put_results(FILE *page, const struct comparison *comparison,
    const struct outcome *outcome);

/* CPU, switches, faults; memory by kind, processes, threads, mappings. What is
 * unknown of all is left out. */
void
put_costs(FILE *page, const struct comparison *comparison,
    const struct outcome *outcome);

#endif
