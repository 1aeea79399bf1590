/* SPDX-License-Identifier: MIT */
/* limits_check: what a plan needs, against limits from /proc and cgroups. */
#include "common/sysinfo/limits_check.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/cgroup.h"
#include "common/base/procfs.h"

/* The client's own: log, epoll, files that it reads. */
#define OWN_DESCRIPTORS 16

/* ---- numbers of the system ---- */

static uint64_t
open_descriptors(const char *process)
{
	char path[40];
	struct dirent *entry;
	uint64_t count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", process);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

/* The number of ports from LOW to HIGH that the kernel never chooses itself.
 * The file has "8080,30000-30100". */
static uint64_t
reserved_ports(uint64_t low, uint64_t high)
{
	FILE *in = fopen("/proc/sys/net/ipv4/ip_local_reserved_ports", "re");
	uint64_t first, last, count = 0;

	while (in && fscanf(in, "%" SCNu64, &first) == 1) {
		if (fscanf(in, "-%" SCNu64, &last) != 1)
			last = first;
		first = first > low ? first : low;
		last = last < high ? last : high;
		count += first <= last ? last - first + 1 : 0;
		if (fgetc(in) != ',')
			break;
	}
	if (in)
		fclose(in);
	return count;
}

/* The number of ports that the kernel may choose at connect(2). */
static uint64_t
free_ports(void)
{
	char text[64];
	uint64_t low, high;

	procfs_read(
	    text, sizeof(text), "/proc/sys/net/ipv4/ip_local_port_range");
	if (sscanf(text, "%" SCNu64 " %" SCNu64, &low, &high) != 2 ||
	    high < low)
		return UINT64_MAX;
	return high - low + 1 - reserved_ports(low, high);
}

/* ---- limits of the client ---- */

static int
check_descriptors(const struct limits_check_plan *plan, char *why, size_t size)
{
	struct rlimit limit;
	uint64_t need =
	    plan->connections + open_descriptors("self") + OWN_DESCRIPTORS;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (need > limit.rlim_max) {
		snprintf(why, size,
		    "%" PRIu64 " connections need %" PRIu64
		    " descriptors of the client, and the limit is %llu: raise "
		    "it (RLIMIT_NOFILE, ulimit -Hn)",
		    plan->connections, need,
		    (unsigned long long)limit.rlim_max);
		return -1;
	}
	if (need > limit.rlim_cur) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return 0;
}

static int
check_ports(const struct limits_check_plan *plan, char *why, size_t size)
{
	uint64_t ports = free_ports();
	uint64_t sources = plan->sources ? plan->sources : 1;

	uint64_t each =
	    plan->connections / sources + (plan->connections % sources != 0);

	if (!plan->ports || each <= ports)
		return 0;
	snprintf(why, size,
	    "%" PRIu64 " connections need as many ports; %" PRIu64
	    " source address%s with %" PRIu64
	    " each (net.ipv4.ip_local_port_range): add addresses with --source",
	    plan->connections, sources, sources == 1 ? "" : "es", ports);
	return -1;
}

/* ---- limits of the server ---- */

/* The lowest limit so far. */
struct server_limit {
	uint64_t have;
	char name[120];
};

static void
lower(struct server_limit *limit, uint64_t have, const char *name)
{
	if (have >= limit->have)
		return;
	limit->have = have;
	snprintf(limit->name, sizeof(limit->name), "%s", name);
}

/* The soft limit in the line of /proc/PID/limits that begins with NAME. */
static uint64_t
soft_limit(const char *limits, const char *name)
{
	const char *line = strstr(limits, name);
	uint64_t number;

	return line && sscanf(line + strlen(name), " %" SCNu64, &number) == 1
		   ? number
		   : UINT64_MAX;
}

static uint64_t
tasks_max(const struct cgroup *group)
{
	return cgroup_number(group, "pids.max");
}

uint64_t
limits_check_group_tasks(pid_t pid)
{
	return cgroup_least("pids", pid, tasks_max);
}

static void
find_server_limit(struct server_limit *limit, pid_t pid)
{
	char limits[4096], status[4096], name[16];
	uint64_t uid = 0;

	snprintf(name, sizeof(name), "%d", (int)pid);
	if (procfs_read(limits, sizeof(limits), "/proc/%s/limits", name) < 0)
		return;
	lower(limit, soft_limit(limits, "Max open files"),
	    "descriptors, if one process holds them all (RLIMIT_NOFILE)");
	procfs_read(status, sizeof(status), "/proc/%s/status", name);
	/* The kernel exempts root. */
	if (procfs_number(status, "Uid:", &uid) && uid != 0)
		lower(limit, soft_limit(limits, "Max processes"),
		    "tasks of its user, if each needs one (RLIMIT_NPROC)");
	lower(limit, procfs_value(UINT64_MAX, "/proc/sys/kernel/pid_max"),
	    "process numbers, if each needs a task (kernel.pid_max)");
	lower(limit, procfs_value(UINT64_MAX, "/proc/sys/kernel/threads-max"),
	    "threads, if each needs one (kernel.threads-max)");
	lower(limit, procfs_value(UINT64_MAX, "/proc/sys/vm/max_map_count") / 2,
	    "stacks with a guard, if each needs a thread (vm.max_map_count)");
	lower(limit, limits_check_group_tasks(pid),
	    "tasks of its cgroup (pids.max)");
}

static int
check_server(const struct limits_check_plan *plan, char *why, size_t size)
{
	struct server_limit limit = {UINT64_MAX, ""};

	if (plan->server > 0)
		find_server_limit(&limit, plan->server);
	if (plan->connections < limit.have)
		return 0;
	snprintf(why, size,
	    "%" PRIu64 " connections may be more than the server can have: it "
	    "has %" PRIu64 " %s",
	    plan->connections, limit.have, limit.name);
	return 1;
}

static int
check_burst(const struct limits_check_plan *plan, char *why, size_t size)
{
	uint64_t queue =
	    procfs_value(UINT64_MAX, "/proc/sys/net/core/somaxconn");

	if (!plan->burst || plan->connections <= queue)
		return 0;
	snprintf(why, size,
	    "%" PRIu64 " connections at once may not fit into the accept queue "
	    "of %" PRIu64 " (net.core.somaxconn): those beyond it wait 1 s",
	    plan->connections, queue);
	return 1;
}

/* Why a port in TIME-WAIT is not used again after 1 s, only after 60 s; NULL:
 * it is (tcp_tw_reuse in the kernel's ip-sysctl). */
static const char *
why_port_reuse_is_off(bool loopback)
{
	uint64_t reuse =
	    procfs_value(UINT64_MAX, "/proc/sys/net/ipv4/tcp_tw_reuse");

	if (reuse == 0)
		return "net.ipv4.tcp_tw_reuse is 0";
	if (reuse == 2 && !loopback)
		return "net.ipv4.tcp_tw_reuse is 2, for the loopback alone";
	if (procfs_value(UINT64_MAX, "/proc/sys/net/ipv4/tcp_timestamps") == 0)
		return "net.ipv4.tcp_timestamps is 0";
	return NULL;
}

static int
check_reuse(const struct limits_check_plan *plan, char *why, size_t size)
{
	uint64_t all = free_ports() * (plan->sources ? plan->sources : 1);
	const char *reason = plan->churn && plan->ports
				 ? why_port_reuse_is_off(plan->loopback)
				 : NULL;

	if (!reason || (plan->churned > 0 && plan->churned <= (double)all))
		return 0;
	snprintf(why, size,
	    "a new connection for each request: a port rests for 60 s after "
	    "use (%s), so after %" PRIu64 " connections there is none left, or "
	    "at more than %" PRIu64 "/s; more --source addresses, fewer "
	    "requests (-n, -d), kept connections or a wider "
	    "net.ipv4.ip_local_port_range help",
	    reason, all, all / 60);
	return 1;
}

int
limits_check(const struct limits_check_plan *plan, char *why, size_t size)
{
	int (*const checks[])(
	    const struct limits_check_plan *, char *, size_t) = {check_ports,
	    check_descriptors, check_server, check_burst, check_reuse};
	int bad = 0;

	for (size_t i = 0; !bad && i < sizeof(checks) / sizeof(checks[0]); i++)
		bad = checks[i](plan, why, size);
	return bad;
}
