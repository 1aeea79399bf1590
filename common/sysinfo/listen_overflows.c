/* SPDX-License-Identifier: MIT */
/* listen_overflows: /proc/net/netstat has lines of names, each followed by a
 * line of values. */
#include "common/sysinfo/listen_overflows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The value in the column of NAME. */
static int64_t
value_of(char *names, char *values, const char *name)
{
	char *next_name, *next_value;
	char *n = strtok_r(names, " \n", &next_name);
	char *v = strtok_r(values, " \n", &next_value);
	int64_t value;

	while (n && v) {
		if (strcmp(n, name) == 0)
			return sscanf(v, "%" SCNd64, &value) == 1 ? value : -1;
		n = strtok_r(NULL, " \n", &next_name);
		v = strtok_r(NULL, " \n", &next_value);
	}
	return -1;
}

int64_t
listen_overflows(void)
{
	FILE *in = fopen("/proc/net/netstat", "re");
	char names[8192], values[8192];
	int64_t found = -1;

	if (!in)
		return -1;
	while (found < 0 && fgets(names, sizeof(names), in) &&
	       fgets(values, sizeof(values), in)) {
		if (strncmp(names, "TcpExt:", 7) == 0)
			found = value_of(names, values, "ListenOverflows");
	}
	fclose(in);
	return found;
}
