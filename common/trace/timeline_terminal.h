/* SPDX-License-Identifier: MIT */
/*
 * timeline_terminal: draws a timeline in characters, a line for each worker:
 *
 *	  server_fork: 3 workers in 1.02 s, 2 at once at most, 1 killed
 *	   conn   pid  0 ms     200      400      600      800      1000
 *	  accept loop  ▌             ▌           ▌
 *	      1  4251  ·────▄▄▄▄▄▄▄▄▄▄                            412 ms
 *
 * and below it what each character means, with how often and how long.
 */
#ifndef COMMON_TRACE_TIMELINE_TERMINAL_H
#define COMMON_TRACE_TIMELINE_TERMINAL_H

#include <stdio.h>

#include "common/report/terminal_style.h"
#include "common/trace/timeline_view.h"

/* No line is wider than the style says. Colours and block characters are used
 * as the style says. */
void
timeline_terminal(const struct timeline_view *view,
    const struct terminal_style *style, FILE *out);

#endif
