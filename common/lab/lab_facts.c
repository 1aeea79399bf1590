/* SPDX-License-Identifier: MIT */
/* lab_facts: a list of names and numbers, in the order of their finding. */
#include "common/lab/lab_facts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"

static size_t
find(const struct lab_facts *facts, const char *key)
{
	size_t i = 0;

	while (i < facts->count && strcmp(facts->at[i].key, key) != 0)
		i++;
	return i;
}

void
lab_facts_set(struct lab_facts *facts, const char *key, double value)
{
	size_t i = find(facts, key);

	if (i == LAB_FACTS || strlen(key) >= LAB_KEY)
		die(1, "the fact %.100s: no room for it (lab_facts.h)", key);
	if (i == facts->count)
		facts->count++;
	snprintf(facts->at[i].key, LAB_KEY, "%s", key);
	facts->at[i].value = value;
}

static double
value_of(const struct lab_facts *facts, const char *key, va_list args)
{
	char name[2 * LAB_KEY];
	size_t i;

	vsnprintf(name, sizeof(name), key, args);
	i = find(facts, name);
	return i < facts->count ? facts->at[i].value : NAN;
}

double
lab_value(const struct lab_facts *facts, const char *key, ...)
{
	va_list args;
	double value;

	va_start(args, key);
	value = value_of(facts, key, args);
	va_end(args);
	return value;
}

bool
lab_has(const struct lab_facts *facts, const char *key, ...)
{
	va_list args;
	double value;

	va_start(args, key);
	value = value_of(facts, key, args);
	va_end(args);
	return !isnan(value);
}

void
lab_models(const struct lab_facts *facts, const char *models[3])
{
	static const char *const all[] = {"thread", "fork"};
	size_t count = 0;

	for (size_t m = 0; m < 2; m++) {
		size_t len = strlen(all[m]), i = 0;

		while (i < facts->count &&
		       (strncmp(facts->at[i].key, all[m], len) != 0 ||
			   facts->at[i].key[len] != '.'))
			i++;
		if (i < facts->count)
			models[count++] = all[m];
	}
	models[count] = NULL;
}
