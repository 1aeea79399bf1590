/* SPDX-License-Identifier: MIT */
/* figures: sums, numbers as words, and what points are called. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/units.h"
#include "common/verdict/sentences.h"

double
usage_memory_kib(const struct usage *usage)
{
	double sum = NAN;

	for (int kind = 0; kind < MEMORY_KINDS; kind++) {
		if (!isnan(usage->memory_kib[kind]))
			sum = isnan(sum) ? usage->memory_kib[kind]
					 : sum + usage->memory_kib[kind];
	}
	return sum;
}

bool
label_is_percentile(const struct scenario_result *result)
{
	return strcmp(result->unit, "us") == 0;
}

bool
label_is_memory(const struct scenario_result *result)
{
	return strcmp(result->unit, "KiB") == 0;
}

/* ---- figures ---- */

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

char *
label_cpu(char *buf, size_t size, const struct usage *usage)
{
	char sum[FIGURE_SIZE], user[FIGURE_SIZE], system[FIGURE_SIZE];

	if (isnan(usage->cpu_us))
		snprintf(buf, size, "-");
	else if (isnan(usage->user_us))
		figure_number(buf, size, usage->cpu_us);
	else
		snprintf(buf, size, "%s = %s + %s",
		    figure_number(sum, sizeof(sum), usage->cpu_us),
		    figure_number(user, sizeof(user), usage->user_us),
		    figure_number(system, sizeof(system), usage->system_us));
	return buf;
}

/* ---- points ---- */

static const struct {
	const char *key, *name, *before, *after;
} SETTINGS[] = {
    {"connections", "connections", "", " connections"},
    {"rate", "requests/s asked for", "", " requests/s"},
    {"parent_mib", "parent's size, MiB", "a parent of ", " MiB"},
    {"held", "idle connections beside it", "beside ", " idle connections"},
    {"share", "of the capacity", "at ", " of the capacity"},
    {"image", "image", "", ""},
    {"remedy", "remedy", "", ""},
};

#define SETTINGS_COUNT (sizeof(SETTINGS) / sizeof(SETTINGS[0]))

static size_t
setting_index(const char *key)
{
	size_t i = 0;

	while (i < SETTINGS_COUNT && strcmp(SETTINGS[i].key, key) != 0)
		i++;
	return i;
}

const char *
label_setting_name(const char *key)
{
	size_t i = setting_index(key);

	return i < SETTINGS_COUNT ? SETTINGS[i].name : key;
}

char *
label_setting(char *buf, size_t size, const struct setting *setting)
{
	if (!setting->text[0])
		return figure_number(buf, size, setting->number);
	snprintf(buf, size, "%s", setting->text);
	return buf;
}

/* How much of WORDS, without the s where it is one. */
static int
plural(const char *words, double number)
{
	size_t len = strlen(words);

	return (
	    int)(number == 1 && len && words[len - 1] == 's' ? len - 1 : len);
}

char *
label_point(char *buf, size_t size, const struct point *point)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < point->setting_count && len < size; i++) {
		const struct setting *one = &point->settings[i];
		size_t k = setting_index(one->key);
		char value[FIGURE_SIZE];

		label_setting(value, sizeof(value), one);
		if (k < SETTINGS_COUNT)
			len += (size_t)snprintf(buf + len, size - len,
			    "%s%s%s%.*s", i ? ", " : "", SETTINGS[k].before,
			    value, plural(SETTINGS[k].after, one->number),
			    SETTINGS[k].after);
		else
			len += (size_t)snprintf(buf + len, size - len,
			    "%s%s %s", i ? ", " : "", one->key, value);
	}
	return buf;
}
