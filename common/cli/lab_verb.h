/* SPDX-License-Identifier: MIT */
/*
 * lab_verb: what `client lab` and its verbs have in common: the lab, the
 * language, the models. One thread.
 */
#ifndef COMMON_CLI_LAB_VERB_H
#define COMMON_CLI_LAB_VERB_H

#include <stdbool.h>

#include "common/lab/lab.h"

#define LAB_VERB_CANNOT 77 /* an exit status; as automake has it: skipped */

enum { MODEL_THREAD, MODEL_FORK, MODEL_BOTH };

/* The lab NAME; wrong usage where there is none. */
const struct lab *
lab_verb_find(const char *name);

/* Whether texts are in Chinese: by the index of --lang, or by the locale if
 * that is negative. */
bool
lab_verb_chinese(int language);

/* Those of the index of --model; both if it is negative. */
void
lab_verb_set_models(struct lab_run *run, int model);

#endif
