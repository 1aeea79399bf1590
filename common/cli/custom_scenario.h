/* SPDX-License-Identifier: MIT */
/*
 * custom_scenario: the scenario of `client compare` that the user's own options
 * make (question.h): with --rate the response time at each rate, without it the
 * throughput of a closed loop.
 *
 * The scenario lives until exit, and there is one. One thread.
 */
#ifndef COMMON_CLI_CUSTOM_SCENARIO_H
#define COMMON_CLI_CUSTOM_SCENARIO_H

#include "common/cli/question.h"
#include "common/compare/scenario.h"

/* Completes QUESTION, which must stay as it is, and makes a scenario of it.
 * Dies of what cannot be compared. */
const struct scenario *
custom_scenario(struct question *question);

#endif
