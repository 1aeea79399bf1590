/* SPDX-License-Identifier: MIT */
/*
 * side_by_side_html: two comparisons side by side as a page of HTML.
 */
#ifndef COMMON_REPORT_SIDE_BY_SIDE_HTML_H
#define COMMON_REPORT_SIDE_BY_SIDE_HTML_H

#include <stdio.h>

#include "common/verdict/comparison.h"

/* Two side by side, by the names that they are called by. No pictures, and no
 * verdict across them. */
void
side_by_side_html(const struct comparison *a, const char *a_name,
    const struct comparison *b, const char *b_name, FILE *page);

#endif
