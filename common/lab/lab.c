/* SPDX-License-Identifier: MIT */
/* lab: lines, facts and numbers of a run. */
#include "common/lab/lab.h"

#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/random.h"

/* How soon a wait notices Ctrl-C. */
#define STOP_MS 50

void
lab_print(struct lab_run *run, const char *format, ...)
{
	va_list args;

	fputs("  ", run->out);
	va_start(args, format);
	vfprintf(run->out, format, args);
	va_end(args);
	fputc('\n', run->out);
	fflush(run->out);
}

void
lab_command(struct lab_run *run, const char *format, ...)
{
	va_list args;

	fputs("$ ", run->out);
	va_start(args, format);
	vfprintf(run->out, format, args);
	va_end(args);
	fputc('\n', run->out);
	fflush(run->out);
}

void
lab_fact(struct lab_run *run, double value, const char *key, ...)
{
	char name[2 * LAB_KEY];
	va_list args;

	va_start(args, key);
	vsnprintf(name, sizeof(name), key, args);
	va_end(args);
	lab_facts_set(&run->facts, name, value);
}

uint64_t
lab_number(const struct lab_run *run, const char *name)
{
	double value = lab_value(&run->facts, "%s", name);

	if (isnan(value))
		die(1, "lab %s has no parameter %s", run->lab->name, name);
	return (uint64_t)value;
}

void
lab_cannot_because(struct lab_run *run, const char *format, ...)
{
	va_list args;

	if (run->cannot[0] || *run->stop)
		return;
	va_start(args, format);
	vsnprintf(run->cannot, sizeof(run->cannot), format, args);
	va_end(args);
}

bool
lab_require_that(struct lab_run *run, bool ok, const char *format, ...)
{
	char text[LAB_WORDS];
	va_list args;

	run->required++;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!ok && run->unmet < LAB_NOT_MET)
		memcpy(run->not_met[run->unmet], text, sizeof(text));
	run->unmet += !ok;
	fprintf(run->out, "  %s  %s\n", ok ? "ok" : "NO", text);
	fflush(run->out);
	return ok;
}

bool
lab_wait_ms(struct lab_run *run, unsigned ms)
{
	uint64_t now = now_ns(), end = now + ms * NS_PER_MS;

	for (; now < end && !*run->stop; now = now_ns()) {
		int left = clock_timeout_ms(end, now);

		poll(NULL, 0, left < STOP_MS ? left : STOP_MS);
	}
	return !*run->stop;
}

bool
lab_is_over(const struct lab_run *run)
{
	return *run->stop || run->cannot[0];
}

static uint64_t
choose(const struct lab_parameter *parameter, uint64_t *random)
{
	size_t count = 0;

	while (count < LAB_CHOICES && parameter->choices[count])
		count++;
	if (!count)
		return parameter->value;
	return parameter->choices[random_next(random) % count];
}

void
lab_set_parameters(
    const struct lab *lab, uint64_t seed, struct lab_facts *facts)
{
	/* Not 0 for any seed, and far apart for neighbours. */
	uint64_t random = (seed + 1) * RANDOM_FIXED_STATE | 1;
	uint64_t values[LAB_PARAMETERS] = {0};

	random_next(&random);
	for (size_t i = 0; i < LAB_PARAMETERS; i++) {
		const struct lab_parameter *parameter = &lab->parameters[i];

		if (!parameter->name)
			break;
		values[i] = parameter->derive ? parameter->derive(values)
			    : seed	      ? choose(parameter, &random)
					      : parameter->value;
		lab_facts_set(facts, parameter->name, (double)values[i]);
	}
}
