/* SPDX-License-Identifier: MIT */
/*
 * html_tables: the parts of the page that are tables and lists of words.
 */
#ifndef COMMON_REPORT_HTML_TABLES_H
#define COMMON_REPORT_HTML_TABLES_H

#include <stdio.h>

#include "common/verdict/comparison.h"

/* "slower", with its colour and its mark; as sentence_verdict_word(). */
void
html_table_badge(FILE *page, const struct scenario_result *result,
    enum verdict verdict, enum basis basis);

/* Value, interval, ratio, verdict, latency of each server at each point. */
void
html_table_results(FILE *page, const struct comparison *comparison,
    const struct scenario_result *result);

/* CPU, switches, faults; memory by kind, processes, threads, mappings. What is
 * unknown of all is left out. */
void
html_table_usage(FILE *page, const struct comparison *comparison,
    const struct scenario_result *result);

#endif
