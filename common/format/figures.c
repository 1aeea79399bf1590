/* SPDX-License-Identifier: MIT */
/* figures: numbers, ratios, times and intervals as short text. */
#include "common/format/figures.h"

#include <math.h>
#include <stdio.h>

#include "common/base/units.h"

char *
figure_number(char *buf, size_t size, double value)
{
	if (isfinite(value))
		return format_number(buf, size, value);
	snprintf(buf, size, "-");
	return buf;
}

char *
figure_ratio(char *buf, size_t size, double ratio)
{
	if (!isfinite(ratio))
		snprintf(buf, size, "-");
	else if (ratio >= 10 || ratio < 0.1)
		snprintf(buf, size, "%.3g", ratio);
	else
		snprintf(buf, size, "%.3f", ratio);
	return buf;
}

char *
figure_time(char *buf, size_t size, double us)
{
	if (isfinite(us))
		return format_duration(buf, size, us * 1e3);
	snprintf(buf, size, "-");
	return buf;
}

static char *
interval(char *buf, size_t size, const struct estimate *e,
    char *(*format)(char *, size_t, double))
{
	char low[FIGURE_SIZE], high[FIGURE_SIZE];

	if (isnan(e->low))
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%s .. %s",
		    format(low, sizeof(low), e->low),
		    format(high, sizeof(high), e->high));
	return buf;
}

char *
figure_ratio_interval(char *buf, size_t size, const struct estimate *e)
{
	return interval(buf, size, e, figure_ratio);
}

char *
figure_interval(char *buf, size_t size, const struct estimate *e)
{
	return interval(buf, size, e, figure_number);
}
