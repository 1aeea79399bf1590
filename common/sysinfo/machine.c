/* SPDX-License-Identifier: MIT */
/* machine: uname, /proc and /sys. */
#include "common/sysinfo/machine.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The first line of FILE, or "?". */
static void
first_line(const char *file, char *out, int size)
{
	FILE *in = fopen(file, "re");

	snprintf(out, (size_t)size, "?");
	if (!in)
		return;
	if (fgets(out, size, in))
		out[strcspn(out, "\n")] = '\0';
	fclose(in);
}

static void
read_cpu(struct machine *m)
{
	char line[1024];
	FILE *in = fopen("/proc/cpuinfo", "re");

	snprintf(m->cpu, sizeof(m->cpu), "?");
	while (in && fgets(line, sizeof(line), in)) {
		if (m->cpu[0] == '?')
			sscanf(line, "model name : %127[^\n]", m->cpu);
		if (strncmp(line, "flags", 5) == 0) {
			m->virtual_machine =
			    strstr(line, " hypervisor") != NULL;
			snprintf(m->pcid, sizeof(m->pcid), "%s",
			    strstr(line, " pcid") ? "on" : "off");
			break;
		}
	}
	if (in)
		fclose(in);
}

/* proc_stat(5): the eighth figure of the first line is steal, in ticks. */
static double
read_steal(void)
{
	char line[256];
	unsigned long long ticks;

	first_line("/proc/stat", line, sizeof(line));
	if (sscanf(line, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &ticks) != 1)
		return NAN;
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static double
read_pressure(void)
{
	char line[256];
	double percent;

	first_line("/proc/pressure/cpu", line, sizeof(line));
	return sscanf(line, "some avg10=%*f avg60=%lf", &percent) == 1 ? percent
								       : NAN;
}

void
machine_read(struct machine *m)
{
	struct utsname name;
	char load[64];
	cpu_set_t set;

	memset(m, 0, sizeof(*m));
	if (uname(&name) == 0)
		snprintf(m->kernel, sizeof(m->kernel), "%.40s %.60s %.40s",
		    name.sysname, name.release, name.machine);
	read_cpu(m);
	first_line("/sys/devices/system/clocksource/clocksource0/"
		   "current_clocksource",
	    m->clocksource, sizeof(m->clocksource));
	first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
	    m->governor, sizeof(m->governor));
	if (m->governor[0] == '?')
		m->governor[0] = '\0';
	m->pressure = read_pressure();
	m->steal_s = read_steal();
	first_line("/proc/loadavg", load, sizeof(load));
	m->load_average = strtod(load, NULL);
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		m->cpus = (size_t)CPU_COUNT(&set);
	m->memory_gib = (double)sysconf(_SC_PHYS_PAGES) *
			(double)sysconf(_SC_PAGESIZE) / (double)(1 << 30);
}
