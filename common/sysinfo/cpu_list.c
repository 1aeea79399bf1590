/* SPDX-License-Identifier: MIT */
/* cpu_list: ranges of numbers, read and written. */
#include "common/sysinfo/cpu_list.h"

#include <stdio.h>
#include <string.h>

/* Reads the number at *TEXT and moves behind it. -1: there is none, or it is
 * CPU_LIST_MAX or more. */
static int
take_number(const char **text)
{
	const char *at = *text;
	int number = 0;

	while (*at >= '0' && *at <= '9' && number < CPU_LIST_MAX)
		number = 10 * number + (*at++ - '0');
	if (at == *text || number >= CPU_LIST_MAX)
		return -1;
	*text = at;
	return number;
}

/* Reads "8", "0-3" or "0-14:2" at *TEXT, appends it and moves behind it. */
static int
take_range(struct cpu_list *list, const char **text)
{
	int first = take_number(text), last = first, step = 1;

	if (first >= 0 && **text == '-') {
		++*text;
		last = take_number(text);
		if (last >= 0 && **text == ':') {
			++*text;
			step = take_number(text);
		}
	}
	if (first < 0 || last < first || step < 1)
		return -1;
	for (int cpu = first; cpu <= last; cpu += step) {
		if (list->count == CPU_LIST_MAX)
			return -1;
		cpu_list_append(list, (unsigned)cpu);
	}
	return 0;
}

int
cpu_list_parse(struct cpu_list *list, const char *text)
{
	list->count = 0;
	while (take_range(list, &text) == 0) {
		if (!*text)
			return 0;
		if (*text++ != ',')
			break;
	}
	return -1;
}

void
cpu_list_append(struct cpu_list *list, unsigned cpu)
{
	if (list->count < CPU_LIST_MAX && cpu < CPU_LIST_MAX)
		list->cpus[list->count++] = (uint16_t)cpu;
}

void
cpu_list_to_set(const struct cpu_list *list, cpu_set_t *set)
{
	CPU_ZERO(set);
	for (uint32_t i = 0; i < list->count; i++)
		CPU_SET(list->cpus[i], set);
}

void
cpu_list_from_set(struct cpu_list *list, const cpu_set_t *set)
{
	list->count = 0;
	for (unsigned cpu = 0; cpu < CPU_LIST_MAX; cpu++) {
		if (CPU_ISSET(cpu, set))
			cpu_list_append(list, cpu);
	}
}

/* How many CPUs from I on are consecutive numbers. */
static uint32_t
run_length(const struct cpu_list *list, uint32_t i)
{
	uint32_t n = 1;

	while (i + n < list->count && list->cpus[i + n] == list->cpus[i] + n)
		n++;
	return n;
}

char *
cpu_list_format(const struct cpu_list *list, char *buf, size_t size)
{
	size_t used = 0;
	char range[32];

	buf[0] = '\0';
	for (uint32_t i = 0, n; i < list->count; i += n) {
		int len;

		n = run_length(list, i);
		len = snprintf(range, sizeof(range), n > 1 ? "%s%u-%u" : "%s%u",
		    i ? "," : "", list->cpus[i], list->cpus[i] + n - 1U);
		/* Keeps room for the dots. */
		if (used + (size_t)len + 4 > size) {
			snprintf(buf + used, size - used, "...");
			break;
		}
		memcpy(buf + used, range, (size_t)len + 1);
		used += (size_t)len;
	}
	return buf;
}

int
cpu_wish_parse(struct cpu_wish *wish, const char *text)
{
	const char *at = text;
	int number = take_number(&at);

	*wish = (struct cpu_wish){.text = text};
	if (number > 0 && !*at)
		wish->number = (uint32_t)number;
	else if ((number >= 0 && !*at) || cpu_list_parse(&wish->list, text) < 0)
		return -1;
	return 0;
}
