/* SPDX-License-Identifier: MIT */
/* overflows: /proc/net/netstat, a line of names and a line of numbers. */
#include "common/load/overflows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t
number_under(const char *name, char *names, char *numbers)
{
	char *names_at, *numbers_at;
	char *key = strtok_r(names, " \n", &names_at);
	char *number = strtok_r(numbers, " \n", &numbers_at);

	while (key && number) {
		if (strcmp(key, name) == 0)
			return strtoull(number, NULL, 10);
		key = strtok_r(NULL, " \n", &names_at);
		number = strtok_r(NULL, " \n", &numbers_at);
	}
	return 0;
}

uint64_t
listen_overflows(void)
{
	char names[8192], numbers[8192];
	uint64_t found = 0;
	FILE *in = fopen("/proc/net/netstat", "re");

	while (in && fgets(names, sizeof(names), in) &&
	       fgets(numbers, sizeof(numbers), in)) {
		if (strncmp(names, "TcpExt:", 7) == 0)
			found = number_under("ListenOverflows", names, numbers);
	}
	if (in)
		fclose(in);
	return found;
}
