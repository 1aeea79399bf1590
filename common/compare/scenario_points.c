/* SPDX-License-Identifier: MIT */
/* scenario_points: of a scenario's points, those that this machine can do. */
#include "common/compare/scenario_points.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/memory.h"
#include "common/base/pages.h"
#include "common/base/procfs.h"
#include "common/compare/core_points.h"
#include "common/sysinfo/limits_check.h"

/* Descriptors that the client needs for itself, and one launch after another.
 */
#define OWN_DESCRIPTORS 64
/* Of the processes that are left, those that stay for everybody else. */
#define SPARE_TASKS 2000
/* What a connection takes with its worker, a process at the most. */
#define CONNECTION_BYTES (128 * 1024)

/* What one instance of a server may have. */
struct allowance {
	uint64_t connections, ballast;
	const char *limit; /* what limits the connections */
};

/* The memory that one process may have. Half of a limit is left to its
 * workers. */
static uint64_t
memory_allowed(void)
{
	struct rlimit space, data;

	getrlimit(RLIMIT_AS, &space);
	getrlimit(RLIMIT_DATA, &data);
	return (space.rlim_cur < data.rlim_cur ? space : data).rlim_cur / 2;
}

static struct allowance
ask_allowance(size_t instances)
{
	struct rlimit files, tasks;
	uint64_t pids = procfs_value(32768, "/proc/sys/kernel/pid_max");
	uint64_t threads =
	    procfs_value(UINT64_MAX, "/proc/sys/kernel/threads-max");
	uint64_t groups = limits_check_group_tasks(0);
	uint64_t memory = memory_available() / 2;
	struct allowance allowance = {.limit = "descriptors than there are"};

	getrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_NPROC, &tasks);
	allowance.connections = files.rlim_max > OWN_DESCRIPTORS
				    ? files.rlim_max - OWN_DESCRIPTORS
				    : 0;
	pids = threads < pids ? threads : pids;
	pids = groups < pids ? groups : pids;
	pids = tasks.rlim_cur < pids ? tasks.rlim_cur : pids;
	pids = pids > 2 * SPARE_TASKS ? pids - SPARE_TASKS : pids / 2;
	if (pids < allowance.connections) {
		allowance.connections = pids;
		allowance.limit = "processes than there are";
	}
	if (memory / CONNECTION_BYTES < allowance.connections) {
		allowance.connections = memory / CONNECTION_BYTES;
		allowance.limit = "memory than there is";
	}
	allowance.connections /= instances;
	if (allowance.connections == 0) /* fails with its reason */
		allowance.connections = 1;
	allowance.ballast = memory_allowed();
	if (memory / instances < allowance.ballast)
		allowance.ballast = memory / instances;
	return allowance;
}

/* N in two digits at most, rounded down. */
static uint64_t
round_down(uint64_t n)
{
	uint64_t unit = 1;

	while (n / unit >= 100)
		unit *= 10;
	return n / unit * unit;
}

/* The largest power of two that does not exceed N, a MiB at least. */
static uint64_t
power_of_two(uint64_t n)
{
	uint64_t size = 1ULL << 20;

	while (size <= n / 2)
		size *= 2;
	return size;
}

/* Once for all points that are alike in it. */
static void
say_clipped(const char *what, uint64_t wanted,
    const struct allowance *allowance, uint64_t got, char *note, size_t size)
{
	size_t len = strlen(note);
	char words[200];

	snprintf(words, sizeof(words), "%llu %s for each server %s: %llu",
	    (unsigned long long)wanted, what, allowance->limit,
	    (unsigned long long)got);
	if (!strstr(note, words))
		snprintf(
		    note + len, size - len, "%s%s", len ? "; " : "", words);
}

/* Makes V fit into ALLOWANCE. */
static void
clip(struct variation *v, struct allowance *allowance, char *note, size_t size)
{
	uint64_t spare = v->connections < allowance->connections
			     ? allowance->connections - v->connections
			     : 0;
	uint64_t held = v->held;
	char why[60];

	if (v->each * v->connections > allowance->ballast) {
		struct allowance memory = {.limit = "does not fit into memory"};
		uint64_t wanted = v->each;
		char what[60];

		v->each = power_of_two(allowance->ballast / v->connections);
		snprintf(what, sizeof(what), "KiB of memory for %u workers",
		    v->connections);
		say_clipped(
		    what, wanted >> 10, &memory, v->each >> 10, note, size);
	}
	if (v->ballast > allowance->ballast) {
		struct allowance memory = {.limit = "do not fit into memory"};
		uint64_t wanted = v->ballast;

		v->ballast = power_of_two(allowance->ballast);
		if (!v->text)
			say_clipped("MiB", wanted >> 20, &memory,
			    v->ballast >> 20, note, size);
	}
	snprintf(why, sizeof(why), "need more %s", allowance->limit);
	if (v->connections > allowance->connections) {
		struct allowance limit = {.limit = why};

		say_clipped("connections", v->connections, &limit,
		    round_down(allowance->connections), note, size);
		v->connections = (uint32_t)round_down(allowance->connections);
	}
	if (held > spare) {
		struct allowance limit = {.limit = why};

		v->held = (uint32_t)round_down(spare);
		say_clipped(
		    "idle connections", held, &limit, v->held, note, size);
	}
}

static void
set_number(struct load_point *point, const char *key, double number)
{
	struct setting *setting = &point->settings[point->setting_count++];

	*setting = (struct setting){.number = number};
	snprintf(setting->key, sizeof(setting->key), "%s", key);
}

static void
set_text(struct load_point *point, const char *key, const char *text)
{
	struct setting *setting = &point->settings[point->setting_count++];

	*setting = (struct setting){.number = 0};
	snprintf(setting->key, sizeof(setting->key), "%s", key);
	snprintf(setting->text, sizeof(setting->text), "%s", text);
}

static void
fill_settings(struct load_point *point, const struct variation *v)
{
	if (v->cpus) {
		set_text(point, v->key, v->text);
		set_number(point, "cpus", v->cpus);
		if (v->servers > 1)
			set_number(point, "servers", v->servers);
	} else if (v->service) {
		set_number(point, v->key, (double)(v->each >> 10));
		if (v->text)
			set_text(point, v->second, v->text);
	} else if (v->ballast) {
		set_number(point, v->key, (double)(v->ballast >> 20));
		set_text(point, "remedy", v->text ? v->text : "none");
	} else if (v->text) {
		set_text(point, v->key, v->text);
	} else if (v->rate > 0) {
		set_number(point, v->key, v->rate);
	} else if (v->share > 0) {
		set_number(point, v->key, v->share);
	} else if (strcmp(v->key, "held") == 0) {
		set_number(point, v->key, v->held);
	} else {
		set_number(point, v->key, v->connections);
	}
}

/* A byte that is taken from the kernel and written costs some 0.5 ns. A fork
 * copies the page tables, 35 ms for each GiB, unless there is a remedy; of the
 * servers, about half are assumed to fork. */
static void
guess_times(struct load_point *point, const struct variation *v)
{
	double bytes_s = 0.5e-9, fork_s = 35e-3 / (1 << 30) / 2;
	bool remedy = v->text && strncmp(v->text, "none", 4) != 0;

	point->start_s = (double)v->ballast * bytes_s;
	if (v->ballast && !remedy)
		point->request_s = (double)v->ballast * fork_s;
	else if (v->each && point->churn)
		point->request_s = (double)v->each * bytes_s;
}

static void
fill_point(struct load_point *point, const struct scenario *scenario,
    const struct variation *v)
{
	*point = (struct load_point){
	    .churn = scenario->churn || v->churn,
	    .certificate = v->certificate,
	    .connections = v->connections,
	    .held = v->held,
	    .cpus = v->cpus,
	    .servers = v->servers,
	    .share = v->share,
	    .rate = v->rate,
	};
	if (strcmp(scenario->name, SCENARIO_CUSTOM) == 0)
		point->load = scenario->load;
	fill_settings(point, v);
	guess_times(point, v);
	if (v->service)
		snprintf(point->options, sizeof(point->options),
		    "--service %s:%lluKiB%s%s", v->service,
		    (unsigned long long)(v->each >> 10), v->text ? ":" : "",
		    v->text ? v->text : "");
	else if (v->ballast)
		snprintf(point->options, sizeof(point->options),
		    "--ballast %lluMiB%s%s",
		    (unsigned long long)(v->ballast >> 20), v->text ? ":" : "",
		    v->text ? v->text : "");
	else
		snprintf(point->options, sizeof(point->options), "%s",
		    v->options		? v->options
		    : scenario->options ? scenario->options
					: "");
}

static bool
same_settings(const struct load_point *a, const struct load_point *b)
{
	char one[LOAD_POINT_TEXT], other[LOAD_POINT_TEXT];

	load_point_format(a, one, sizeof(one));
	load_point_format(b, other, sizeof(other));
	return strcmp(one, other) == 0;
}

/* Whether point COUNT differs from all before it. */
static bool
is_new(const struct load_point *points, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (same_settings(&points[i], &points[count]))
			return false;
	}
	return true;
}

static void
say_no_huge_pages(char *note, size_t size)
{
	static const char words[] = "no points in huge pages: ";
	size_t len = strlen(note);

	if (!strstr(note, words))
		snprintf(note + len, size - len,
		    "%s%sthis system gives none (" PAGES_NOT_HUGE ")",
		    len ? "; " : "", words);
}

size_t
scenario_expand(const struct scenario *scenario,
    const struct cpu_placement *placement, size_t instances,
    struct load_point *points, char *note, size_t size)
{
	struct variation cores[POINTS_MAX + 1];
	static const struct variation as_it_is[] = {
	    {.key = "connections"}, {0}};
	const struct variation *v =
	    scenario->variations ? scenario->variations : as_it_is;
	struct allowance allowance = ask_allowance(instances);
	size_t count = 0;

	note[0] = '\0';
	if (scenario->cores) {
		core_points(cores, placement);
		core_points_note(placement, note, size);
		v = cores;
	}
	for (; v->key && count < POINTS_MAX; v++) {
		struct variation fitting = *v;

		if (v->huge && !pages_huge_here()) {
			say_no_huge_pages(note, size);
			continue;
		}
		if (!fitting.connections)
			fitting.connections = scenario->connections;
		clip(&fitting, &allowance, note, size);
		fill_point(&points[count], scenario, &fitting);
		/* Some that were too large may be one now. */
		if (is_new(points, count))
			count++;
	}
	return count;
}

char *
load_point_format(const struct load_point *point, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < point->setting_count && len < size; i++) {
		const struct setting *s = &point->settings[i];

		len += (size_t)snprintf(
		    buf + len, size - len, "%s%s=", i ? ";" : "", s->key);
		if (len < size && s->text[0])
			len += (size_t)snprintf(
			    buf + len, size - len, "%s", s->text);
		else if (len < size)
			len += (size_t)snprintf(
			    buf + len, size - len, "%.6g", s->number);
	}
	if (point->load && len < size)
		snprintf(buf + len, size - len, ";load=%s", point->load);
	return buf;
}
