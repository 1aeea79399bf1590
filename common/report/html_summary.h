/* SPDX-License-Identifier: MIT */
/*
 * html_summary: the top of the page: the whole answer in one picture, in a few
 * sentences, and what its words mean.
 */
#ifndef COMMON_REPORT_HTML_SUMMARY_H
#define COMMON_REPORT_HTML_SUMMARY_H

#include <stdio.h>

#include "common/verdict/comparison.h"

/* A <section>, for a reader who never heard of intervals. */
void
html_summary(FILE *page, const struct comparison *comparison);

#endif
