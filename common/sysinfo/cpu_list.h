/* SPDX-License-Identifier: MIT */
/*
 * cpu_list: numbers of CPUs as text: "0-3,8,10-14:2", as taskset(1) takes it
 * and as the kernel writes it in /sys ("0-3,8").
 *
 *	cpu_list_parse(&list, "0-3,8");            5 CPUs
 *	cpu_list_format(&list, text, sizeof(text));
 *
 * A list keeps its order, and a CPU that was written twice is in it twice. It
 * owns no memory. Safe in any thread.
 */
#ifndef COMMON_SYSINFO_CPU_LIST_H
#define COMMON_SYSINFO_CPU_LIST_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most CPUs, and the numbers of the CPUs are below it: those of cpu_set_t.
 */
#define CPU_LIST_MAX CPU_SETSIZE

struct cpu_list {
	uint32_t count;
	uint16_t cpus[CPU_LIST_MAX];
};

/* Replaces LIST. Returns 0, or -1 if TEXT is not a list, has a number that is
 * too high, or has more than CPU_LIST_MAX CPUs. A list has one CPU at least. */
int
cpu_list_parse(struct cpu_list *list, const char *text);

/* Appends CPU, if there is room. */
void
cpu_list_append(struct cpu_list *list, unsigned cpu);

/* The CPUs of LIST as a set. */
void
cpu_list_to_set(const struct cpu_list *list, cpu_set_t *set);

/* The CPUs of SET in ascending order. */
void
cpu_list_from_set(struct cpu_list *list, const cpu_set_t *set);

/* Writes LIST to BUF; what does not fit is replaced by "...". Returns BUF. */
char *
cpu_list_format(const struct cpu_list *list, char *buf, size_t size);

/*
 * What the user asks for: so many CPUs, or these. A number alone is a count; a
 * list of one CPU is written as a range, 3-3.
 */
struct cpu_wish {
	const char *text; /* as it was written; NULL: nothing was asked for */
	uint32_t number;  /* 0: those of the list */
	struct cpu_list list;
};
#define CPU_WISH_WORDS                                                       \
	"a number of CPUs (4), or a list as of taskset (0-3,8 or 0-14:2; a " \
	"single CPU is 3-3)"

/* Returns 0, or -1 if TEXT, which has to stay, is neither. */
int
cpu_wish_parse(struct cpu_wish *wish, const char *text);

#endif
