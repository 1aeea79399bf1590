/* SPDX-License-Identifier: MIT */
/* axis: 1, 2 and 5 times a power of ten. */
#include "common/charts/axis.h"

#include <math.h>
#include <string.h>

#include "common/verdict/sentences.h"

/* About so many on a linear axis: numbers are wider than they are high. */
#define TICS_X 3
#define TICS_Y 4
#define TICS_MAX 16

/* Values beyond these cannot be measured, but a file may have them; halving or
 * doubling them would leave the range of double. */
#define SIZE_LEAST 1e-300
#define SIZE_MOST 1e300

void
axis_range_begin(struct axis_range *range)
{
	range->low = range->high = NAN;
}

void
axis_range_add(struct axis_range *range, double value)
{
	double size = fabs(value);

	if (!isfinite(value) || size > SIZE_MOST ||
	    (size > 0 && size < SIZE_LEAST))
		return;
	range->low = fmin(range->low, value);
	range->high = fmax(range->high, value);
}

bool
axis_range_is_wide(const struct axis_range *range)
{
	return range->low > 0 && range->high / range->low >= 20;
}

/* The next round number, at least VALUE. */
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

/* "10.0 ms" as "10 ms": on an axis no digit but those that differ. */
static char *
trim(char *text)
{
	char *point = strchr(text, '.'), *end, *rest;

	if (!point)
		return text;
	rest = end = point + 1 + strspn(point + 1, "0123456789");
	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	memmove(end, rest, strlen(rest) + 1);
	return text;
}

void
axis_linear(FILE *script, const char *axis, const struct axis_range *range)
{
	double high = range->high > 0 ? range->high : 1, step;
	char text[FIGURE_SIZE];

	step = round_up(high / (*axis == 'x' ? TICS_X : TICS_Y));
	fprintf(script, "set %srange [0:%.9g]\nset %stics (", axis, high * 1.06,
	    axis);
	for (int i = 0; i < TICS_MAX && i * step <= high * 1.06; i++)
		fprintf(script, "%s'%s' %.9g", i ? ", " : "",
		    trim(figure_number(text, sizeof(text), i * step)),
		    i * step);
	fputs(")\n", script);
}

/* The more it spans, the fewer of each power of ten; and fewer on the x axis,
 * where numbers stand side by side. */
static size_t
steps_of(bool across, double span, const double **steps)
{
	static const double some[] = {1, 2, 5};
	static const double many[] = {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9};

	*steps = span > (across ? 2.5 : 6) ? some : many;
	if (*steps == many)
		return sizeof(many) / sizeof(*many);
	return span > (across ? 15 : 300) ? 1 : sizeof(some) / sizeof(*some);
}

void
axis_log(FILE *script, const char *axis, const struct axis_range *range,
    char *(*format)(char *, size_t, double))
{
	double low = range->low > 0 ? range->low / 1.2 : 0.1;
	double high = range->high > low ? range->high * 1.2 : low * 10;
	const double *steps;
	size_t count = steps_of(*axis == 'x', high / low, &steps);
	const char *comma = "";
	char text[FIGURE_SIZE];

	fprintf(script,
	    "set logscale %s\nset %srange [%.9g:%.9g]\nset %stics (", axis,
	    axis, low, high, axis);
	for (int n = (int)floor(log10(low)); n <= (int)floor(log10(high));
	     n++) {
		for (size_t i = 0; i < count; i++) {
			double at = steps[i] * pow(10, n);

			if (at < low || at > high)
				continue;
			fprintf(script, "%s'%s' %.9g", comma,
			    trim(format(text, sizeof(text), at)), at);
			comma = ", ";
		}
	}
	fputs(")\n", script);
}
