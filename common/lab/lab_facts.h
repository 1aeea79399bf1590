/* SPDX-License-Identifier: MIT */
/*
 * lab_facts: what an experiment found: numbers with names.
 *
 * A name is English and lower case; that of one model's fact begins with the
 * model: "thread.lost". The parameters of the experiment are facts as well
 * ("workers"). No allocation.
 */
#ifndef COMMON_LAB_LAB_FACTS_H
#define COMMON_LAB_LAB_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#define LAB_FACTS 240
#define LAB_KEY 48

struct lab_facts {
	size_t count;
	struct {
		char key[LAB_KEY];
		double value;
	} at[LAB_FACTS];
};

/* Sets KEY, which may be there already. A key that is too long, or one more
 * than fit, ends the program: an error of the lab. */
void
lab_facts_set(struct lab_facts *facts, const char *key, double value);

/* The fact that the format names; NAN if there is none, which compares false
 * with every number. */
double
lab_value(const struct lab_facts *facts, const char *key, ...)
    __attribute__((format(printf, 2, 3)));

bool
lab_has(const struct lab_facts *facts, const char *key, ...)
    __attribute__((format(printf, 2, 3)));

/* The models that the facts are of, in this order: facts "MODEL.something".
 * Ends with NULL. */
void
lab_models(const struct lab_facts *facts, const char *models[3]);

#endif
