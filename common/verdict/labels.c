/* SPDX-License-Identifier: MIT */
/* labels: the table of settings, and what follows from a unit. */
#include "common/verdict/labels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

bool
label_is_lower_bound(
    const struct scenario_result *result, const struct server_result *found)
{
	return found->client_bound && result->higher_is_better;
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
    {"state_kib", "state, KiB", "", " KiB"},
    {"pieces", "pieces", "in pieces of ", ""},
    {"set_kib", "working set, KiB", "", " KiB"},
    {"kind", "kind", "", ""},
    {"load", "load", "", ""},
    {"cpus", "CPUs", "", " CPUs"},
    {"servers", "servers", "", " servers on one port"},
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

struct estimate
label_ratio(const struct server_result *found)
{
	if (found->verdict == INVALID)
		return (struct estimate){NAN, NAN, NAN};
	return found->ratio;
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

/* "none" of a remedy: nothing is there to be named. */
static bool
is_absent(const struct setting *setting)
{
	return strcmp(setting->key, "remedy") == 0 &&
	       strcmp(setting->text, "none") == 0;
}

char *
label_point(char *buf, size_t size, const struct point *point)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < point->setting_count && len < size; i++) {
		const struct setting *one = &point->settings[i];
		size_t k = setting_index(one->key);
		const char *comma = len ? ", " : "";
		char value[FIGURE_SIZE];

		label_setting(value, sizeof(value), one);
		if (is_absent(one))
			continue;
		if (k < SETTINGS_COUNT)
			len += (size_t)snprintf(buf + len, size - len,
			    "%s%s%s%.*s", comma, SETTINGS[k].before, value,
			    plural(SETTINGS[k].after, one->number),
			    SETTINGS[k].after);
		else
			len += (size_t)snprintf(buf + len, size - len,
			    "%s%s %s", comma, one->key, value);
	}
	return buf;
}
