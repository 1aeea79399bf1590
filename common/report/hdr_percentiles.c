/* SPDX-License-Identifier: MIT */
/* hdr_percentiles: steps that halve, as often as the distance to 100 % does. */
#include "common/report/hdr_percentiles.h"

#include <inttypes.h>
#include <math.h>

#define TICKS_PER_HALF 5
#define US(ns) ((double)(ns) / 1e3)

/* The percentage at which the next line after LEVEL is due. */
static double
level_after(double level)
{
	double halves = floor(log2(100 / (100 - level))) + 1;

	return level + 100 / (TICKS_PER_HALF * exp2(halves));
}

static void
print_lines(const struct histogram *hist, FILE *out)
{
	struct histogram_walk walk = {0};
	double level = 0;

	while (histogram_next(hist, &walk)) {
		double reached = 100 * (double)walk.seen / (double)hist->total;

		while (reached >= level) {
			fprintf(out, "%12.3f %2.12f %10" PRIu64 " %14.2f\n",
			    US(walk.value), level / 100, walk.seen,
			    1 / (1 - level / 100));
			level = level_after(level);
			if (walk.seen == hist->total)
				break;
		}
	}
	fprintf(out, "%12.3f %2.12f %10" PRIu64 "\n", US(hist->max), 1.0,
	    hist->total);
}

void
hdr_percentiles_print(const struct histogram *hist, FILE *out)
{
	fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile",
	    "TotalCount", "1/(1-Percentile)");
	if (hist->total)
		print_lines(hist, out);
	fprintf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
	    histogram_mean(hist) / 1e3, histogram_deviation(hist) / 1e3);
	fprintf(out, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n",
	    US(hist->max), hist->total);
	fprintf(out, "#[Buckets = %12d, SubBuckets     = %12d]\n",
	    HIST_BUCKETS / HIST_HALF - 1, 2 * HIST_HALF);
}
