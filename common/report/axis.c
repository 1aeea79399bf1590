/* SPDX-License-Identifier: MIT */
/* axis: 1, 2 and 5 times a power of ten. */
#include "common/report/axis.h"

#include <math.h>
#include <string.h>

#include "common/report/facts.h"

#define TICS 4 /* about so many on a linear axis */

void
range_begin(struct range *range)
{
	range->low = range->high = NAN;
}

void
range_add(struct range *range, double value)
{
	if (!isfinite(value))
		return;
	range->low = fmin(range->low, value);
	range->high = fmax(range->high, value);
}

bool
range_is_wide(const struct range *range)
{
	return range->low > 0 && range->high / range->low >= 20;
}

/* The round number that is not below VALUE. */
static double
round_up(double value)
{
	double power = pow(10, floor(log10(value)));
	static const double steps[] = {1, 2, 2.5, 5, 10};
	size_t i = 0;

	while (i < 4 && steps[i] * power < value * 0.9999)
		i++;
	return steps[i] * power;
}

void
axis_linear(FILE *script, const char *axis, const struct range *range)
{
	double high = range->high > 0 ? range->high : 1, step;
	char text[FACT_SIZE];

	step = round_up(high / TICS);
	fprintf(script, "set %srange [0:%.9g]\nset %stics (", axis, high * 1.06,
	    axis);
	for (int i = 0; i * step <= high * 1.06; i++)
		fprintf(script, "%s'%s' %.9g", i ? ", " : "",
		    fact_number(text, sizeof(text), i * step), i * step);
	fputs(")\n", script);
}

void
axis_log(FILE *script, const char *axis, const struct range *range,
    char *(*format)(char *, size_t, double))
{
	static const double steps[] = {1, 2, 5};
	double low = range->low > 0 ? range->low / 1.25 : 0.1;
	double high = range->high > low ? range->high * 1.25 : low * 10;
	bool only_powers = high / low > 300;
	const char *comma = "";
	char text[FACT_SIZE];

	fprintf(script,
	    "set logscale %s\nset %srange [%.9g:%.9g]\nset %stics (", axis,
	    axis, low, high, axis);
	for (double power = pow(10, floor(log10(low))); power <= high;
	     power *= 10) {
		for (size_t i = 0; i < (only_powers ? 1 : 3); i++) {
			double at = steps[i] * power;

			if (at < low || at > high)
				continue;
			fprintf(script, "%s'%s' %.9g", comma,
			    format(text, sizeof(text), at), at);
			comma = ", ";
		}
	}
	fputs(")\n", script);
}
