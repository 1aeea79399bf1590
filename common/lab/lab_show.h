/* SPDX-License-Identifier: MIT */
/*
 * lab_show: what a student sees of a lab: the list, the question, the answers
 * beside the prediction, the picture, the reason, and what to try next.
 *
 * All texts come from the lab's page (lab_page.h). Errors are the stream's.
 */
#ifndef COMMON_LAB_LAB_SHOW_H
#define COMMON_LAB_LAB_SHOW_H

#include <stdio.h>

#include "common/lab/lab_page.h"
#include "common/lab/lab_result.h"
#include "common/report/terminal_style.h"

struct lab_view {
	const struct lab *lab;
	struct lab_page page;
	struct lab_facts numbers; /* the parameters of this run */
	struct terminal_style style;
	FILE *out;
	const volatile int *stop; /* non-zero: ask nothing (SIGINT) */
};

/* All labs, a line each. */
void
lab_show_list(const struct terminal_style *style, bool zh, FILE *out);

/* Title, question, answers. */
void
lab_show_question(const struct lab_view *view);

/* How to predict, where nothing was predicted. */
void
lab_show_how_to_predict(const struct lab_view *view);

/* Asks on the terminal. Returns 'A' to 'D', or 0 for an empty line, the end
 * of input, or a signal that ends the client. */
char
lab_ask_prediction(const struct lab_view *view, FILE *in);

/* Waits on the terminal until the student has explained the result: for Enter,
 * the end of input, or a signal that ends the client. */
void
lab_await_enter(const struct lab_view *view, FILE *in);

/* What the servers showed, beside the prediction. */
void
lab_show_result(const struct lab_view *view, const struct lab_result *result);

/* The sections Why and Next. */
void
lab_show_why(const struct lab_view *view);

#endif
