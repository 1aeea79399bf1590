/* SPDX-License-Identifier: MIT */
/*
 * lab_bigparent: the larger the parent, the longer a fork.
 *
 * A client connects, sends a line, and waits for the first byte of the answer:
 * in that time the server makes a worker. The fastest of many clients counts,
 * because whatever else runs on the machine can only make one slower. A long
 * fork is always interrupted on a busy machine; so what it costs is also
 * measured as CPU time of the accept loop.
 */
#include <stdio.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/procfs.h"
#include "common/lab/lab_server.h"

/* So many clients; fewer where they would take too long. */
#define CLIENTS 200
#define CLIENTS_LEAST 8
#define CLIENTS_NS (NS_PER_S / 2)

/* With sixteen times the memory, how many times as much. The margin of fork: a
 * larger table also misses the caches. */
#define FORK_LEAST 4
#define FORK_MOST 100
#define THREAD_MOST 3 /* less than this */
#define MIB (1ULL << 20)

/* Memory that the experiment leaves to the machine. */
#define SPARE (512 * MIB)

static const struct size {
	const char *key;
	const char *parameter; /* NULL: no ballast */
	unsigned times;	       /* it */
} SIZES[] = {
    {"none", NULL, 0},
    {"small", "mib", 1},
    {"middle", "mib", 4},
    {"large", "larger", 1},
};

#define SIZE_COUNT (sizeof(SIZES) / sizeof(SIZES[0]))

static unsigned
mib_of(const struct lab_facts *facts, const struct size *size)
{
	return size->times ? (unsigned)lab_value(facts, "%s", size->parameter) *
				 size->times
			   : 0;
}

/* Microseconds from connect to the first byte; 0: the run is over. */
static double
first_byte_us(struct lab_run *run, struct lab_server *server)
{
	uint64_t start = now_ns();
	int fd = lab_connect(run, server);
	char line[16];
	bool ok = fd >= 0 && lab_ask(run, fd, "hello\n", line, sizeof(line));
	uint64_t end = now_ns();

	if (fd >= 0)
		close(fd);
	/* A worker that is about to end would take time from the next. */
	ok = ok && lab_server_await_workers(run, server, 0);
	return ok ? (double)(end - start) / NS_PER_US : 0;
}

/* CPU time of the thread that accepts, as the scheduler counts it; 0: this
 * kernel does not say. */
static uint64_t
accept_loop_ns(const struct lab_server *server)
{
	return procfs_value(0, "/proc/%d/schedstat", (int)server->pid);
}

struct cost {
	double fastest_us, cpu_us; /* the fastest client; each client */
};

static struct cost
ask_clients(struct lab_run *run, struct lab_server *server)
{
	uint64_t start = now_ns(), cpu = accept_loop_ns(server);
	struct cost cost = {0};
	unsigned asked = 0;

	lab_command(run, "%s load %s --churn -c 1 -n %d", lab_client_word(),
	    server->where, CLIENTS);

	while (asked < CLIENTS && !lab_is_over(run)) {
		double us = first_byte_us(run, server);

		if (asked == 0 || us < cost.fastest_us)
			cost.fastest_us = us;
		if (++asked >= CLIENTS_LEAST && now_ns() - start > CLIENTS_NS)
			break;
	}
	cpu = accept_loop_ns(server) - cpu;
	cost.cpu_us = asked ? (double)cpu / NS_PER_US / asked : 0;
	return cost;
}

static void
measure(struct lab_run *run, const char *model, const struct size *size)
{
	unsigned mib = mib_of(&run->facts, size);
	struct lab_server *server =
	    mib ? lab_server_start(run, model, "--ballast %uMiB", mib)
		: lab_server_start(run, model, "%s", "");
	struct cost cost;

	if (!server)
		return;
	cost = ask_clients(run, server);
	lab_server_stop(run, server);
	if (lab_is_over(run))
		return;
	lab_fact(run, cost.fastest_us, "%s.%s_us", model, size->key);
	lab_fact(run, cost.cpu_us, "%s.%s_cpu_us", model, size->key);
	lab_say(run, "server_%s with %u MiB: the first byte after %.0f us",
	    "server_%s，%u MiB 内存：%.0f 微秒后收到第一个字节", model, mib,
	    cost.fastest_us);
}

/* More memory than there is would start the OOM killer. */
static bool
has_memory(struct lab_run *run)
{
	uint64_t need = lab_number(run, "larger") * MIB * 8 / 7 + SPARE;
	uint64_t have = memory_available();

	if (have >= need)
		return true;
	lab_cannot(run,
	    "this lab needs %llu MiB of free memory, and %llu MiB are "
	    "available: close other programs",
	    "本实验需要 %llu MiB 空闲内存，现在可用 %llu MiB：请关闭其他程序",
	    (unsigned long long)(need / MIB), (unsigned long long)(have / MIB));
	return false;
}

static void
run_bigparent(struct lab_run *run)
{
	if (!has_memory(run))
		return;
	for (const char **model = run->models; *model; model++) {
		for (size_t i = 0; i < SIZE_COUNT && !lab_is_over(run); i++)
			measure(run, *model, &SIZES[i]);
	}
}

/* How many times as long with the larger memory; NAN: not measured. */
static double
growth(const struct lab_facts *facts, const char *model)
{
	return lab_value(facts, "%s.large_us", model) /
	       lab_value(facts, "%s.small_us", model);
}

/* The same of the CPU time; where that is not known, as above. */
static double
cpu_growth(const struct lab_facts *facts, const char *model)
{
	double small = lab_value(facts, "%s.small_cpu_us", model);

	return small > 0 ? lab_value(facts, "%s.large_cpu_us", model) / small
			 : growth(facts, model);
}

/* What the answers call "as long" and "16 times as long". */
static bool
is_flat(double times)
{
	return times < THREAD_MOST;
}

static bool
grows(const struct lab_facts *facts)
{
	return growth(facts, "fork") >= FORK_LEAST &&
	       cpu_growth(facts, "fork") >= FORK_LEAST;
}

static bool
is_linear(const struct lab_facts *facts)
{
	return grows(facts) && cpu_growth(facts, "fork") <= FORK_MOST;
}

static void
explain(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	double thread = growth(facts, "thread"), fork = growth(facts, "fork");
	double cpu = cpu_growth(facts, "fork");

	if (!lab_has(facts, "fork.large_us"))
		lab_because(judgement,
		    "with 16 times the memory the first byte takes %.1f "
		    "times as long in threads",
		    "内存变为 16 倍，线程的第一个字节的时间变为 %.1f 倍",
		    thread);
	else if (!lab_has(facts, "thread.large_us"))
		lab_because(judgement,
		    "with 16 times the memory the first byte takes %.1f "
		    "times as long in forked children (CPU time: %.1f times)",
		    "内存变为 16 倍，子进程的第一个字节的时间变为 %.1f "
		    "倍（CPU 时间：%.1f 倍）",
		    fork, cpu);
	else
		lab_because(judgement,
		    "with 16 times the memory the first byte takes %.1f "
		    "times as long in threads, and %.1f times in forked "
		    "children (CPU time: %.1f times)",
		    "内存变为 16 倍，等待第一个字节的时间：线程变为 %.1f "
		    "倍，子进程变为 %.1f 倍（CPU 时间：%.1f 倍）",
		    thread, fork, cpu);
}

static void
judge_bigparent(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	bool threads = lab_has(facts, "thread.large_us");
	bool forks = lab_has(facts, "fork.large_us");
	bool flat = !threads || is_flat(cpu_growth(facts, "thread"));
	bool linear = !forks || is_linear(facts);

	judgement->shown = (threads || forks) && flat && linear;
	if (judgement->shown)
		judgement->answer = 'B';
	else if (forks && !linear)
		judgement->answer = grows(facts) ? 'D' : 'A';
	else
		judgement->answer = threads ? 'C' : '\0';
	explain(facts, judgement);
}

static void
draw_times(const struct lab_facts *facts, struct lab_picture *picture,
    const char *model, const char *suffix)
{
	for (size_t i = 0; i < SIZE_COUNT; i++) {
		double us =
		    lab_value(facts, "%s.%s_%s", model, SIZES[i].key, suffix);

		lab_bar(picture, model, us, "%s, %u MiB", model,
		    mib_of(facts, &SIZES[i]));
		lab_bar_says(
		    picture, lab_words(picture, "%.0f us", "%.0f 微秒"), us);
	}
}

static void
draw_bigparent(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];

	lab_models(facts, models);
	lab_bars(picture, true,
	    lab_words(
		picture, "time until the first byte", "等待第一个字节的时间"));
	for (const char **model = models; *model; model++)
		draw_times(facts, picture, *model, "us");
	lab_bars(picture, true,
	    lab_words(picture, "CPU time of the accept loop for a client",
		"accept 循环为每个客户端花费的 CPU 时间"));
	for (const char **model = models; *model; model++)
		draw_times(facts, picture, *model, "cpu_us");
}

static uint64_t
sixteen_times(const uint64_t *values)
{
	return 16 * values[0];
}

const struct lab lab_bigparent = {
    .name = "bigparent",
    .minutes = 15,
    .parameters = {{"mib", 64, {40, 44, 48, 52, 56, 60, 64}, NULL},
	{"larger", 1024, {0}, sixteen_times}},
    .run = run_bigparent,
    .judge = judge_bigparent,
    .draw = draw_bigparent,
};
