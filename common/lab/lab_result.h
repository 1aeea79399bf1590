/* SPDX-License-Identifier: MIT */
/*
 * lab_result: what a lab found, as JSON: schema perconn.lab/1.
 *
 *	{"schema":"perconn.lab/1","lab":"race","seed":null,"model":"both",
 *	 "language":"en","parameters":{"workers":8},"predicted":"B",
 *	 "answer":"C","shown":true,"reason":"...","facts":{"thread.kept":200},
 *	 "machine":{...},"version":"..."}
 *
 * `shown` is null where the lab could not be shown; `reason` says why then.
 *Keys are English in each language.
 */
#ifndef COMMON_LAB_LAB_RESULT_H
#define COMMON_LAB_LAB_RESULT_H

#include <stdio.h>

#include "common/lab/lab.h"

#define LAB_SCHEMA "perconn.lab/1"

enum lab_outcome { LAB_SHOWN, LAB_NOT_AS_EXPECTED, LAB_CANNOT };

struct lab_result {
	const struct lab *lab;
	uint64_t seed;	  /* 0: none */
	char model[8];	  /* "thread", "fork" or "both" */
	char language[4]; /* "en" or "zh" */
	char predicted;	  /* 'A' to 'D'; 0: nothing */
	char answer;	  /* that the facts show; 0: none */
	enum lab_outcome outcome;
	char reason[LAB_WORDS];
	struct lab_facts facts; /* the parameters too */
	char version[64];
};

/* Judges the facts: sets ANSWER, OUTCOME and REASON. For a result that was read
 * it is as if the lab had just run. Not for LAB_CANNOT. */
void
lab_result_judge(struct lab_result *result);

/* One line. Errors are the stream's. */
void
lab_result_write(const struct lab_result *result, FILE *out);

/*
 * PATH may be "-" for standard input. Returns 0; or -1 with the reason in WHY,
 * which may hold bytes of the file. Reads a file of another version of perconn
 * as far as it has the contract's keys.
 */
int
lab_result_read(
    struct lab_result *result, const char *path, char *why, size_t size);

#endif
