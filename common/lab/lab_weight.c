/* SPDX-License-Identifier: MIT */
/*
 * lab_weight: what idle connections take, by four ways to count.
 *
 * VSZ is address space, RSS counts a page in each process that has it mapped,
 * PSS divides it among them. What they really take is PSS plus what the kernel
 * has for them: page tables and kernel stacks (and sockets and tables, which
 * /proc does not tell for one program).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/procfs.h"
#include "common/compare/idle_connections.h"
#include "common/lab/lab_server.h"
#include "common/sysinfo/proc_tree.h"
#include "common/sysinfo/usage.h"

/* Margins: how many times larger than the next. */
#define RSS_TO_REAL 2
#define REAL_TO_PSS 2
#define FORK_TO_THREAD 1.3

/* In check(): pages of its own that an idle client may take. The shipped
 * servers need 3, the bug 9 or more. */
#define CHECK_CLIENTS 100
#define CHECK_KIB 32
#define PAGE_BYTES 4096

/* ---- counting ---- */

struct weights {
	double vsz_kib, rss_kib;   /* sums over the processes */
	struct usage_memory kinds; /* and all else */
};

static void
add_sizes(pid_t pid, void *context)
{
	struct weights *weights = context;
	char text[PROCFS_STATUS_MAX];
	uint64_t kib;

	if (procfs_read(text, sizeof(text), "/proc/%d/status", (int)pid) < 0)
		return;
	if (procfs_number(text, "VmSize:", &kib))
		weights->vsz_kib += (double)kib;
	if (procfs_number(text, "VmRSS:", &kib))
		weights->rss_kib += (double)kib;
}

static void
weigh(const struct lab_server *server, struct weights *weights)
{
	*weights = (struct weights){0};
	proc_tree_walk(server->pid, add_sizes, weights);
	usage_memory_read(&weights->kinds, server->pid, NULL);
}

static double
real_kib(const struct weights *weights)
{
	return weights->kinds.pss_kib + weights->kinds.kib[MEMORY_PAGE_TABLES] +
	       weights->kinds.kib[MEMORY_KERNEL_STACKS];
}

/* Weighs the server with COUNT idle clients; BEFORE without. */
static bool
weigh_clients(struct lab_run *run, const struct lab_server *server,
    uint32_t count, struct weights *before, struct weights *after)
{
	struct idle_connections idle = {0};
	char why[200];

	lab_command(run, "%s load %s -c %u -r %u -d 3s", lab_client_word(),
	    server->where, count, count);
	weigh(server, before);
	if (idle_connections_open(&idle, &server->address, count, run->stop,
		why, sizeof(why)) < 0) {
		lab_cannot(run, "cannot open %u connections: %s",
		    "无法打开 %u 个连接：%s", count, why);
		return false;
	}
	weigh(server, after);
	idle_connections_close(&idle);
	if (isfinite(real_kib(before)) && isfinite(real_kib(after)))
		return true;
	lab_cannot(run,
	    "/proc/PID/smaps_rollup cannot be read: it needs Linux 4.14, and "
	    "the right to look at one's own processes",
	    "无法读取 /proc/PID/smaps_rollup：需要 Linux 4.14，"
	    "以及查看自己进程的权限");
	return false;
}

/* ---- the experiment ---- */

static void
note_total(struct lab_run *run, const char *model, const struct weights *after)
{
	double tables = after->kinds.kib[MEMORY_PAGE_TABLES];
	double stacks = after->kinds.kib[MEMORY_KERNEL_STACKS];

	lab_fact(run, after->kinds.processes, "%s.processes", model);
	lab_fact(run, after->vsz_kib, "%s.vsz_kib", model);
	lab_fact(run, after->rss_kib, "%s.rss_kib", model);
	lab_fact(run, after->kinds.pss_kib, "%s.pss_kib", model);
	lab_fact(run, tables, "%s.page_tables_kib", model);
	lab_fact(run, stacks, "%s.kernel_stacks_kib", model);
	lab_fact(run, real_kib(after), "%s.real_kib", model);
	lab_say(run,
	    "server_%s: sum of VSZ %.0f MiB, of RSS %.1f MiB, of PSS %.1f MiB; "
	    "page tables %.1f MiB, kernel stacks %.1f MiB",
	    "server_%s：VSZ 之和 %.0f MiB，RSS 之和 %.1f MiB，PSS 之和 %.1f "
	    "MiB；页表 %.1f MiB，内核栈 %.1f MiB",
	    model, after->vsz_kib / 1024, after->rss_kib / 1024,
	    after->kinds.pss_kib / 1024, tables / 1024, stacks / 1024);
}

static void
note_each(struct lab_run *run, const char *model, const struct weights *before,
    const struct weights *after)
{
	double count = (double)lab_number(run, "clients");
	double each = (real_kib(after) - real_kib(before)) / count;

	lab_fact(run, each, "%s.each_kib", model);
	lab_say(run, "a client takes %.1f KiB (PSS, page tables, kernel stack)",
	    "每个客户端占用 %.1f KiB（PSS、页表、内核栈）", each);
}

static void
run_weight(struct lab_run *run)
{
	uint32_t count = (uint32_t)lab_number(run, "clients");

	for (const char **model = run->models; *model; model++) {
		struct lab_server *server =
		    lab_server_start(run, *model, "%s", "");
		struct weights before, after;

		if (!server ||
		    !weigh_clients(run, server, count, &before, &after))
			return;
		note_total(run, *model, &after);
		note_each(run, *model, &before, &after);
		lab_server_stop(run, server);
	}
}

/* ---- what it shows ---- */

/* RSS counts too much, PSS too little. */
static bool
fork_as_expected(const struct lab_facts *facts)
{
	double rss = lab_value(facts, "fork.rss_kib");
	double pss = lab_value(facts, "fork.pss_kib");
	double real = lab_value(facts, "fork.real_kib");

	return rss > RSS_TO_REAL * real && real > REAL_TO_PSS * pss;
}

/* A mapping is no memory, and one process has nothing to count twice. */
static bool
thread_as_expected(const struct lab_facts *facts)
{
	return lab_value(facts, "thread.processes") == 1 &&
	       lab_value(facts, "thread.vsz_kib") >
		   lab_value(facts, "thread.rss_kib");
}

static bool
fork_is_heavier(const struct lab_facts *facts)
{
	return lab_value(facts, "fork.each_kib") >
	       FORK_TO_THREAD * lab_value(facts, "thread.each_kib");
}

static char
answer_of(const struct lab_facts *facts)
{
	double real = lab_value(facts, "fork.real_kib");

	if (lab_value(facts, "fork.rss_kib") <= RSS_TO_REAL * real)
		return 'A';
	if (real <= REAL_TO_PSS * lab_value(facts, "fork.pss_kib"))
		return 'C';
	return 'B';
}

static void
explain(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	double thread = lab_value(facts, "thread.each_kib");

	if (!lab_has(facts, "fork.each_kib"))
		lab_because(judgement, "a thread takes %.0f KiB",
		    "一个线程占用 %.0f KiB", thread);
	else
		lab_because(judgement,
		    "the sum of RSS is %.1f times what the children take, and "
		    "the sum of PSS is %.2f times; a child takes %.0f KiB, a "
		    "thread %.0f KiB",
		    "RSS 之和是实际占用的 %.1f 倍，PSS 之和是 %.2f "
		    "倍；一个子进程占用 %.0f KiB，一个线程 %.0f KiB",
		    lab_value(facts, "fork.rss_kib") /
			lab_value(facts, "fork.real_kib"),
		    lab_value(facts, "fork.pss_kib") /
			lab_value(facts, "fork.real_kib"),
		    lab_value(facts, "fork.each_kib"),
		    isfinite(thread) ? thread : 0);
}

static void
judge_weight(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	bool threads = lab_has(facts, "thread.each_kib");
	bool forks = lab_has(facts, "fork.each_kib");

	judgement->shown = (threads || forks) &&
			   (!threads || thread_as_expected(facts)) &&
			   (!forks || fork_as_expected(facts)) &&
			   (!threads || !forks || fork_is_heavier(facts));
	judgement->answer = forks ? answer_of(facts) : 'B';
	explain(facts, judgement);
}

static void
draw_total(const struct lab_facts *facts, struct lab_picture *picture,
    const char *model)
{
	static const char *const kinds[][2] = {
	    {"vsz_kib", "VSZ"},
	    {"rss_kib", "RSS"},
	    {"pss_kib", "PSS"},
	    {"real_kib", NULL},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		double mib =
		    lab_value(facts, "%s.%s", model, kinds[i][0]) / 1024;

		lab_bar(picture, model, mib,
		    lab_words(picture, "%s, %s", "%s，%s"), model,
		    kinds[i][1] ? kinds[i][1]
				: lab_words(picture, "really", "实际"));
		lab_bar_says(picture, mib < 100 ? "%.1f MiB" : "%.0f MiB", mib);
	}
}

static void
draw_weight(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];

	lab_models(facts, models);
	lab_bars(picture, true,
	    lab_words(picture, "memory of all processes of a server",
		"一个服务器所有进程的内存"));
	for (const char **model = models; *model; model++)
		draw_total(facts, picture, *model);
	lab_bars(picture, false,
	    lab_words(picture, "a client takes", "每个客户端占用"));
	for (const char **model = models; *model; model++) {
		double kib = lab_value(facts, "%s.each_kib", *model);

		lab_bar(picture, *model, kib, "%s", *model);
		lab_bar_says(picture, "%.1f KiB", kib);
	}
}

/* ---- the repair ---- */

static void
require_light(struct lab_run *run, const struct lab_server *server)
{
	struct weights before, after;
	struct usage usage = {0};

	if (!weigh_clients(run, server, CHECK_CLIENTS, &before, &after))
		return;
	usage_add_memory(&before.kinds, &after.kinds, CHECK_CLIENTS, &usage);
	lab_require(run, usage.memory_kib[MEMORY_ANONYMOUS] <= CHECK_KIB,
	    "an idle client takes %.1f KiB of pages, at most %d",
	    "一个空闲客户端占用 %.1f KiB 页面，不应超过 %d",
	    usage.memory_kib[MEMORY_ANONYMOUS], CHECK_KIB);
}

/* A buffer that all workers share is light, and mixes clients up. */
static void
require_right(struct lab_run *run, const struct lab_server *server)
{
	struct lab_load load = {
	    .connections = 16, .duration_ms = 500, .size = 16384};
	struct load_result result;

	if (load_result_init(&result) < 0)
		return;
	if (lab_load(run, server, &load, &result))
		lab_require(run, result.ok && result.ok == result.begun,
		    "%llu of %llu answers of 16 KiB are right",
		    "%llu / %llu 个 16 KiB 的回答正确",
		    (unsigned long long)result.ok,
		    (unsigned long long)result.begun);
	load_result_release(&result);
}

static void
check_weight(struct lab_run *run, const char *model, const char *program)
{
	struct lab_plan plan = {.model = model, .program = program};
	struct lab_server *server;

	if (sysconf(_SC_PAGESIZE) != PAGE_BYTES) {
		lab_cannot(run,
		    "this check counts pages of 4 KiB; this machine has others",
		    "本检查按 4 KiB 的页计算；本机的页大小不同");
		return;
	}
	server = lab_server_start_plan(run, &plan);
	if (!server)
		return;
	require_light(run, server);
	require_right(run, server);
	lab_server_stop(run, server);
}

static uint64_t
one_more(const uint64_t *values)
{
	return values[0] + 1;
}

const struct lab lab_weight = {
    .name = "weight",
    .minutes = 20,
    .parameters = {{"clients", 500, {250, 300, 350, 400, 450, 500}, NULL},
	{"processes", 501, {0}, one_more}},
    .run = run_weight,
    .judge = judge_weight,
    .draw = draw_weight,
    .check = check_weight,
};
