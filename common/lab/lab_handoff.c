/* SPDX-License-Identifier: MIT */
/*
 * lab_handoff: the accept loop hands over the address of one variable.
 *
 * The bug gives each thread a pointer to the same variable, in which the accept
 * loop keeps the latest connection. A thread that starts late reads a later
 * connection than its own. For a burst the server is stopped until all clients
 * are in the backlog, so the loop runs ahead of its threads on any machine.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/lab/lab_server.h"
#include "common/lab/lab_waits.h"
#include "common/lab/workshop.h"

#define CLIENTS_MAX 200
/* A client is never served if all workers wait and no answer has come for so
 * long; or after the deadline. */
#define QUIET_MS 300
#define DEADLINE_MS 10000
/* All workers wait then, so /proc shows it at once, or never. */
#define FIND_MS 1000

static const struct pace {
	const char *key;
	unsigned gap_us; /* between two clients; 0: a burst */
	const char *en, *zh;
} PACES[] = {
    {"100", 10000, "100 a second", "每秒 100 个"},
    {"1000", 1000, "1000 a second", "每秒 1000 个"},
    {"10000", 100, "10000 a second", "每秒 10000 个"},
    {"burst", 0, "a burst", "同时到达"},
};

#define PACE_COUNT (sizeof(PACES) / sizeof(PACES[0]))

/* ---- clients ---- */

struct clients {
	size_t count, served;
	uint64_t last_ns; /* when an answer came, or was first awaited */
	struct pollfd polls[CLIENTS_MAX]; /* -1: answered */
	int fds[CLIENTS_MAX];
};

static void
line_of(size_t client, char *line, size_t size)
{
	snprintf(line, size, "client %zu\n", client);
}

/* One more client; it sends its line at once. */
static bool
add_client(
    struct lab_run *run, const struct lab_server *server, struct clients *all)
{
	size_t i = all->count;
	int fd = lab_connect(run, server);
	char line[40];

	if (fd < 0)
		return false;
	all->fds[i] = fd;
	all->polls[i] = (struct pollfd){fd, POLLIN, 0};
	all->count++;
	line_of(i, line, sizeof(line));
	return lab_send(fd, line);
}

static void
close_clients(struct clients *all)
{
	for (size_t i = 0; i < all->count; i++)
		close(all->fds[i]);
	all->count = 0;
}

/* Prints a command that does what they do. */
static void
say_arrival(struct lab_run *run, const struct lab_server *server, size_t count,
    unsigned gap_us)
{
	char pause[40] = "";

	if (gap_us)
		snprintf(pause, sizeof(pause), " sleep %g;", gap_us / 1e6);
	lab_command(run,
	    "for i in $(seq %zu); do (echo client $i; sleep 1) | %s talk %s &%s"
	    " done",
	    count, lab_client_word(), server->where, pause);
}

/* All COUNT clients come, GAP_US apart. Without a gap they come while the
 * server is stopped. */
static bool
arrive(struct lab_run *run, struct lab_server *server, struct clients *all,
    size_t count, unsigned gap_us)
{
	const struct timespec gap = {0, (long)gap_us * 1000};
	bool ok = true;

	*all = (struct clients){0};
	if (!gap_us)
		ok = lab_server_signal(run, server, server->pid, SIGSTOP);
	say_arrival(run, server, count, gap_us);
	while (ok && all->count < count && !lab_is_over(run)) {
		ok = add_client(run, server, all);
		if (gap_us)
			nanosleep(&gap, NULL);
	}
	if (!gap_us)
		lab_server_signal(run, server, server->pid, SIGCONT);
	return ok && !lab_is_over(run);
}

/* Whether CLIENT got its own line, and has it. */
static void
take_answer(struct clients *all, size_t client)
{
	char line[40], answer[40];

	line_of(client, line, sizeof(line));
	if (lab_receive_line(all->fds[client], answer, sizeof(answer), 1000) >
		0 &&
	    strcmp(line, answer) == 0)
		all->served++;
	all->polls[client].fd = -1;
}

/* Takes answers until all are there, or none has come for QUIET_MS. */
static void
await_answers(struct lab_run *run, struct clients *all, unsigned quiet_ms)
{
	all->last_ns = now_ns();
	while (all->served < all->count && !lab_is_over(run) &&
	       now_ns() - all->last_ns < quiet_ms * NS_PER_MS) {
		if (poll(all->polls, all->count, 50) <= 0)
			continue;
		for (size_t i = 0; i < all->count; i++) {
			if (all->polls[i].revents)
				take_answer(all, i);
		}
		all->last_ns = now_ns();
	}
}

/* ---- run ---- */

/* Whether each client has its worker, and all of them wait. */
static bool
is_idle(const struct lab_server *server, size_t clients)
{
	static struct lab_worker workers[CLIENTS_MAX];
	size_t count = lab_server_workers(server, workers, CLIENTS_MAX);

	for (size_t i = 0; i < count && i < CLIENTS_MAX; i++) {
		if (workers[i].state == 'R' || workers[i].state == 'D')
			return false;
	}
	return count >= clients;
}

/* A worker that a busy machine has not run yet will still answer. */
static void
await_all(
    struct lab_run *run, const struct lab_server *server, struct clients *all)
{
	uint64_t end = now_ns() + DEADLINE_MS * NS_PER_MS;

	do
		await_answers(run, all, QUIET_MS);
	while (all->served < all->count && now_ns() < end &&
	       !lab_is_over(run) && !is_idle(server, all->count));
}

/* The descriptor that each worker reads; false while one reads none. */
static bool
find_descriptors(struct lab_worker *workers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		workers[i].fd = lab_waits_for_bytes(&workers[i]);
		if (workers[i].fd < 0)
			return false;
	}
	return true;
}

/* How many of the workers read what worker number WHICH reads. */
static size_t
readers_beside(
    const struct lab_worker *workers, size_t count, size_t which, bool before)
{
	size_t readers = 0;

	for (size_t i = 0; i < (before ? which : count); i++)
		readers += workers[i].pid == workers[which].pid &&
			   workers[i].fd == workers[which].fd;
	return readers;
}

/* Of the burst: how many clients have no worker, one, or more. */
static void
note_workers(
    struct lab_run *run, const struct lab_server *server, size_t clients)
{
	static struct lab_worker workers[CLIENTS_MAX];
	uint64_t end = now_ns() + FIND_MS * NS_PER_MS;
	size_t one = 0, more = 0, count;

	do
		count = lab_server_workers(server, workers, CLIENTS_MAX);
	while (!find_descriptors(workers, count) && now_ns() < end &&
	       lab_wait_ms(run, 5));
	if (now_ns() >= end || lab_is_over(run))
		return; /* this kernel does not say it */
	for (size_t i = 0; i < count; i++) {
		if (readers_beside(workers, count, i, true))
			continue;
		if (readers_beside(workers, count, i, false) == 1)
			one++;
		else
			more++;
	}
	lab_fact(
	    run, (double)(clients - one - more), "%s.with_none", server->model);
	lab_fact(run, (double)one, "%s.with_one", server->model);
	lab_fact(run, (double)more, "%s.with_more", server->model);
	lab_say(run,
	    "server_%s, a burst: clients without a worker: %zu, with one: %zu, "
	    "with two or more: %zu",
	    "server_%s，同时到达：没有 worker 的客户端 %zu 个，有一个的 %zu "
	    "个，有两个或更多的 %zu 个",
	    server->model, clients - one - more, one, more);
}

static void
measure(struct lab_run *run, const char *model, const char *program,
    const struct pace *pace)
{
	static struct clients all;
	struct lab_server *server =
	    lab_server_start_plan(run, &(struct lab_plan){.model = model,
					   .program = program,
					   .options = "--drain-timeout 100ms",
					   .trace = !pace->gap_us});
	struct lab_worker workers[1];
	size_t count = lab_number(run, "clients");

	if (!server)
		return;
	if (arrive(run, server, &all, count, pace->gap_us)) {
		size_t unserved, working;

		await_all(run, server, &all);
		unserved = all.count - all.served;
		working = lab_server_workers(server, workers, 1);
		lab_fact(
		    run, (double)unserved, "%s.unserved_%s", model, pace->key);
		lab_fact(
		    run, (double)working, "%s.workers_%s", model, pace->key);
		lab_say(run,
		    "server_%s, %s: never served: %zu of %zu clients; "
		    "workers: %zu",
		    "server_%s，%s：%zu / %zu 个客户端永远得不到服务；"
		    "有 %zu 个 worker 在运行",
		    model, run->zh ? pace->zh : pace->en, unserved, all.count,
		    working);
		if (!pace->gap_us)
			note_workers(run, server, all.count);
	}
	lab_timeline_ends(server, all.last_ns);
	close_clients(&all);
	lab_server_stop(run, server);
}

static void
run_handoff(struct lab_run *run)
{
	const char *programs[2];

	if (!lab_bug_build(run, programs))
		return;
	for (size_t m = 0; run->models[m]; m++) {
		for (size_t p = 0; p < PACE_COUNT && !lab_is_over(run); p++)
			measure(run, run->models[m], programs[m], &PACES[p]);
	}
}

/* ---- judge ---- */

static double
unserved(const struct lab_facts *facts, const char *model)
{
	double sum = 0;

	for (size_t p = 0; p < PACE_COUNT; p++)
		sum += lab_value(facts, "%s.unserved_%s", model, PACES[p].key);
	return sum;
}

static void
judge_handoff(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	bool has_thread = lab_has(facts, "thread.unserved_burst");
	bool has_fork = lab_has(facts, "fork.unserved_burst");
	bool thread_loses = lab_value(facts, "thread.unserved_burst") > 0;
	bool fork_loses = unserved(facts, "fork") > 0;

	judgement->answer = thread_loses ? (fork_loses ? 'C' : 'B')
			    : fork_loses ? 'D'
			    : has_thread ? 'A'
					 : 'B';
	judgement->shown = (has_thread || has_fork) && judgement->answer == 'B';
	if (judgement->shown && has_thread)
		lab_because(judgement,
		    "%.0f of %.0f clients of the burst were never served by a "
		    "thread; each forked child had its own copy",
		    "同时到达的客户端中，%.0f / %.0f 个永远没有线程为其服务；"
		    "而每个子进程都有自己的副本",
		    lab_value(facts, "thread.unserved_burst"),
		    lab_value(facts, "clients"));
	else if (judgement->shown)
		lab_because(judgement,
		    "all clients were served: each forked child had its own "
		    "copy",
		    "所有客户端都得到了服务：每个子进程都有自己的副本");
	else
		lab_because(judgement,
		    "threads lost no client of the burst, or forked children "
		    "lost one",
		    "同时到达时线程没有丢失客户端，或者子进程丢失了客户端");
}

static void
draw_workers(const struct lab_facts *facts, const char *const *models,
    struct lab_picture *picture)
{
	static const struct {
		const char *key, *en, *zh;
	} counts[] = {{"none", "no worker", "没有 worker"},
	    {"one", "one worker", "一个 worker"},
	    {"more", "two or more", "两个或更多"}};

	if (!lab_has(facts, "%s.with_none", models[0]))
		return;
	lab_bars(picture, false,
	    lab_words(picture, "clients of the burst, by their workers",
		"同时到达的客户端（按各自的 worker 数）"));
	for (size_t m = 0; models[m]; m++) {
		for (size_t i = 0; i < 3; i++)
			lab_bar(picture, i == 1 ? models[m] : "bad",
			    lab_value(
				facts, "%s.with_%s", models[m], counts[i].key),
			    lab_words(picture, "%s, %s", "%s，%s"), models[m],
			    lab_words(picture, counts[i].en, counts[i].zh));
	}
}

static void
draw_handoff(const struct lab_facts *facts, struct lab_picture *picture)
{
	double clients = lab_value(facts, "clients");
	const char *models[3];

	lab_models(facts, models);
	lab_bars(picture, false,
	    lab_words(picture,
		"clients that are never served, by how fast they come",
		"永远得不到服务的客户端（按到达速度）"));
	for (const char **model = models; *model; model++) {
		for (size_t p = 0; p < PACE_COUNT; p++) {
			const struct pace *pace = &PACES[p];
			double lost = lab_value(
			    facts, "%s.unserved_%s", *model, pace->key);

			lab_bar(picture, *model, 100 * lost / clients,
			    lab_words(picture, "%s, %s", "%s，%s"), *model,
			    lab_words(picture, pace->en, pace->zh));
			lab_bar_says(picture, "%.0f %%", 100 * lost / clients);
		}
	}
	draw_workers(facts, models, picture);
	for (const char **model = models; *model; model++)
		lab_timeline(picture, *model,
		    strcmp(*model, "thread") == 0
			? lab_words(picture,
			      "server_thread: a client without a tid is never "
			      "served",
			      "server_thread：没有 tid 的客户端永远得不到服务")
			: lab_words(picture,
			      "server_fork: each client has its child",
			      "server_fork：每个客户端都有自己的子进程"));
}

/* ---- check ---- */

enum {
	CHECK_CLIENTS = 16,
	/* Each worker waits for START_MS before it begins, so that it reads
	 * what was handed to it as late as a busy machine can make it. */
	START_MS = 300,
	CHECK_QUIET_MS = 3000,
};

/* Whether the server counted its clients as they were, and ended by itself. */
static void
check_ledger(struct lab_run *run, struct lab_server *server)
{
	struct ledger_view ledger = {0};
	bool ended;

	lab_server_stop(run, server);
	ended = lab_server_ledger(server, &ledger);
	lab_require(run, ended && ledger.served == CHECK_CLIENTS,
	    "server_%s: stops, and has served %d connections (it says %d)",
	    "server_%s：能停止，并且服务了 %d 个连接（它报告 %d 个）",
	    server->model, CHECK_CLIENTS, (int)ledger.served);
}

static void
check_handoff(struct lab_run *run, const char *model, const char *program)
{
	static struct clients all;
	char before[60];
	struct lab_worker workers[1];
	struct lab_server *server;
	size_t working;

	snprintf(
	    before, sizeof(before), "export PERCONN_START_MS=%d; ", START_MS);
	server = lab_server_start_plan(
	    run, &(struct lab_plan){.model = model,
		     .program = program,
		     .before = before,
		     .options = "--quiet --drain-timeout 2s"});
	if (!server || !arrive(run, server, &all, CHECK_CLIENTS, 0))
		return;
	await_answers(run, &all, CHECK_QUIET_MS);
	working = lab_server_workers(server, workers, 1);
	lab_require(run, all.served == CHECK_CLIENTS,
	    "server_%s: each of %d clients that come at once gets its own "
	    "line back, while all stay connected (%zu did)",
	    "server_%s：%d 个同时到达的客户端在全部保持连接时，都收到自己的"
	    "那一行（实际 %zu 个）",
	    model, CHECK_CLIENTS, all.served);
	lab_require(run, working == CHECK_CLIENTS,
	    "server_%s: %d workers serve them, one each (%zu run)",
	    "server_%s：由 %d 个 worker 分别服务（实际运行 %zu 个）", model,
	    CHECK_CLIENTS, working);
	close_clients(&all);
	check_ledger(run, server);
}

const struct lab lab_handoff = {
    .name = "handoff",
    .minutes = 25,
    .needs_sources = true,
    .parameters = {{"clients", 100, {60, 70, 80, 90, 100, 110, 120, 130},
	NULL}},
    .run = run_handoff,
    .judge = judge_handoff,
    .draw = draw_handoff,
    .check = check_handoff,
};
