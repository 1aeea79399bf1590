/* SPDX-License-Identifier: MIT */
/* stop_signal: glibc's names, the real-time signals, and which of them end a
 * process. */
#include "common/launch/stop_signal.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/hint.h"
#include "common/base/units.h"

/* What a process does at them, as long as it does not choose otherwise. */
static const struct {
	int number;
	const char *what;
} OTHERS[] = {
    {SIGSTOP, "stops a process, and does not end it"},
    {SIGTSTP, "stops a process, and does not end it"},
    {SIGTTIN, "stops a process, and does not end it"},
    {SIGTTOU, "stops a process, and does not end it"},
    {SIGCONT, "lets a process run on, and does not end it"},
    {SIGCHLD, "is sent when a child ends, and does not end a process"},
};

/* NULL: it ends a process, or may. */
static const char *
does_not_end(int number)
{
	for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
		if (OTHERS[i].number == number)
			return OTHERS[i].what;
	}
	return NULL;
}

/* "+3" or "-3" after RTMIN or RTMAX, which is FROM; nothing is 0. */
static int
parse_real_time(const char *text, int from)
{
	uint64_t steps = 0;
	int number;

	if (text[0] && (!strchr("+-", text[0]) ||
			   parse_count(text + 1, &steps) < 0 || steps > NSIG))
		return -1;
	number = from + (text[0] == '-' ? -(int)steps : (int)steps);
	return number >= SIGRTMIN && number <= SIGRTMAX ? number : -1;
}

static const char *
without_sig(const char *text)
{
	return strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
}

/* As stop_signal_parse(), of any signal. */
static int
parse(const char *text)
{
	const char *word = without_sig(text);
	uint64_t number;

	/* Those between have no name: the C library uses them itself. */
	if (parse_count(text, &number) == 0)
		return number >= 1 && number <= (uint64_t)SIGRTMAX &&
			       (number >= (uint64_t)SIGRTMIN ||
				   sigabbrev_np((int)number))
			   ? (int)number
			   : -1;
	if (strncasecmp(word, "RTMIN", 5) == 0)
		return parse_real_time(word + 5, SIGRTMIN);
	if (strncasecmp(word, "RTMAX", 5) == 0)
		return parse_real_time(word + 5, SIGRTMAX);
	for (int i = 1; i < SIGRTMIN; i++) {
		const char *name = sigabbrev_np(i);

		if (name && strcasecmp(name, word) == 0)
			return i;
	}
	return -1;
}

int
stop_signal_parse(const char *text)
{
	int number = parse(text);

	return does_not_end(number) ? -1 : number;
}

/* For hint_nearest(): signals I + 1, as long as they have names. */
static const char *
name_of(const void *context, size_t i)
{
	(void)context;
	return sigabbrev_np((int)i + 1);
}

void
stop_signal_hint(const char *text, char *why, size_t size)
{
	const char *word = without_sig(text), *what = does_not_end(parse(text));
	uint64_t number;

	if (what)
		snprintf(why, size, "it %s", what);
	else if (parse_count(text, &number) == 0)
		snprintf(why, size, "signals are 1 to %d", SIGRTMAX);
	else
		hint_name(
		    hint_nearest(word, strlen(word), name_of, NULL), why, size);
}

char *
stop_signal_format(int number, char name[STOP_SIGNAL_NAME])
{
	const char *known = sigabbrev_np(number);

	if (known)
		snprintf(name, STOP_SIGNAL_NAME, "SIG%s", known);
	else
		snprintf(
		    name, STOP_SIGNAL_NAME, "SIGRTMIN+%d", number - SIGRTMIN);
	return name;
}
