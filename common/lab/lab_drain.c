/* SPDX-License-Identifier: MIT */
/*
 * lab_drain: requests are running when the server's process gets a signal.
 *
 * SIGTERM is a request: the server drains. SIGKILL to its process stands for a
 * server that ends at once: threads are in that process, children are not.
 * SIGKILL to the process group stands for Ctrl-C and such a server.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/lab/lab_server.h"
#include "common/sysinfo/proc_tree.h"

#define REQUESTS_MAX 32
/* A request takes a second; they have run for so long at the signal. */
#define WAIT_MS 300
/* In check(): a repair that sleeps for a fixed time is too short for the long
 * requests, or as slow with short ones as with long ones. */
#define SHORT_MS 300
#define LONG_MS 1500

enum { LINE_MAX_BYTES = 16 };

/* Requests that are running, and the workers that they run in. */
struct burst {
	size_t count;
	int fds[REQUESTS_MAX];
	struct lab_worker workers[REQUESTS_MAX];
};

static void
close_burst(struct burst *burst)
{
	while (burst->count)
		close(burst->fds[--burst->count]);
}

/* Sends a request on each connection. They have run for MS then. False: the run
 * is over. */
static bool
begin_requests(struct lab_run *run, struct lab_server *server,
    struct burst *burst, unsigned ms)
{
	size_t count = lab_number(run, "requests");

	lab_talk_command(run, server, count, "echo hello");
	while (burst->count < count) {
		int fd = lab_connect(run, server);

		if (fd < 0)
			return false;
		burst->fds[burst->count++] = fd;
		lab_send(fd, "hello\n");
	}
	if (!lab_server_await_workers(run, server, count))
		return false;
	lab_server_workers(server, burst->workers, count);
	return lab_wait_ms(run, ms);
}

/* How many requests are answered. The clients close then. */
static unsigned
count_answers(struct burst *burst)
{
	unsigned answered = 0;
	char line[LINE_MAX_BYTES];

	for (size_t i = 0; i < burst->count; i++)
		answered += lab_receive_line(burst->fds[i], line, sizeof(line),
				LAB_TIMEOUT_MS) > 0;
	close_burst(burst);
	return answered;
}

static bool
await_death(struct lab_run *run, pid_t pid)
{
	uint64_t deadline = now_ns() + LAB_TIMEOUT_MS * NS_PER_MS;

	while (!proc_tree_has_ended(pid)) {
		if (now_ns() > deadline || !lab_wait_ms(run, 1))
			return false;
	}
	return true;
}

/* How many of the workers are processes that are alive. */
static unsigned
count_alive(const struct burst *burst)
{
	unsigned alive = 0;

	for (size_t i = 0; i < burst->count; i++)
		alive += !proc_tree_has_ended(burst->workers[i].pid);
	return alive;
}

/* What a stop did. */
struct stop {
	unsigned answered;
	unsigned orphans; /* alive when the server had ended */
	double seconds;	  /* from the signal to the server's end */
	bool clean;	  /* it exited with status 0 */
	bool counted;	  /* and its ledger says that it served all */
};

static bool
is_clean(const struct lab_server *server)
{
	return server->ended && WIFEXITED(server->status) &&
	       WEXITSTATUS(server->status) == 0;
}

static void
read_end(struct lab_run *run, struct lab_server *server, struct stop *stop)
{
	struct ledger_view ledger;

	lab_server_await_end(server, LAB_TIMEOUT_MS);
	stop->clean = is_clean(server);
	stop->counted = lab_server_ledger(server, &ledger) &&
			ledger.served == lab_number(run, "requests");
}

/* ---- the experiment ---- */

/* Until the orphans have ended, too: so their timeline is whole. */
static bool
await_deaths(
    struct lab_run *run, const struct lab_worker *workers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!await_death(run, workers[i].pid))
			return false;
	}
	return true;
}

/* Kills the server's process, or the GROUP, and looks at what is left. */
static bool
kill_now(struct lab_run *run, struct lab_server *server, struct burst *burst,
    bool group, struct stop *stop)
{
	pid_t pid = server->pid;
	size_t count = burst->count;

	if (group) {
		lab_command(run, "kill -KILL -- -%d", (int)pid);
		kill(-pid, SIGKILL);
	} else {
		lab_server_signal(run, server, pid, SIGKILL);
	}
	if (!await_death(run, pid))
		return false;
	stop->orphans = group ? 0 : count_alive(burst);
	stop->answered = count_answers(burst);
	return await_deaths(run, burst->workers, count);
}

/* Asks the server to stop. */
static bool
terminate(struct lab_run *run, struct lab_server *server, struct burst *burst,
    struct stop *stop)
{
	uint64_t start = now_ns();
	pid_t pid = server->pid;

	lab_server_signal(run, server, pid, SIGTERM);
	stop->answered = count_answers(burst);
	if (!await_death(run, pid))
		return false;
	stop->seconds = (double)(now_ns() - start) / NS_PER_S;
	return true;
}

static const struct way {
	const char *key;
	int signal;
	bool group;
	const char *en, *zh;
} WAYS[] = {
    {"term", SIGTERM, false, "SIGTERM", "SIGTERM"},
    {"kill", SIGKILL, false, "SIGKILL", "SIGKILL"},
    {"group", SIGKILL, true, "SIGKILL to the group", "SIGKILL 发给进程组"},
};

#define WAY_COUNT (sizeof(WAYS) / sizeof(WAYS[0]))
/* Whose timeline is drawn: SIGKILL. */
#define TRACED (&WAYS[1])

static void
note(struct lab_run *run, const char *model, const struct way *way,
    const struct stop *stop)
{
	lab_fact(run, stop->answered, "%s.%s_answered", model, way->key);
	lab_fact(run, stop->orphans, "%s.%s_orphans", model, way->key);
	lab_say(run,
	    "server_%s, %s: %u of %zu requests answered, %u orphans ran on",
	    "server_%s，%s：%u / %zu 个请求得到回答，%u 个孤儿进程继续运行",
	    model, run->zh ? way->zh : way->en, stop->answered,
	    (size_t)lab_number(run, "requests"), stop->orphans);
}

/* Stops it when the requests have run for MS. */
static bool
stop_it(struct lab_run *run, struct lab_server *server, const struct way *way,
    unsigned ms, struct stop *stop)
{
	struct burst burst = {0};
	bool ok = begin_requests(run, server, &burst, ms);

	if (ok && way->signal == SIGTERM)
		ok = terminate(run, server, &burst, stop);
	else if (ok)
		ok = kill_now(run, server, &burst, way->group, stop);
	close_burst(&burst);
	if (ok)
		read_end(run, server, stop);
	return ok;
}

static void
run_way(struct lab_run *run, const char *model, const struct way *way)
{
	const struct lab_plan plan = {
	    .model = model,
	    .options = "--service sleep:1s",
	    .trace = way == TRACED,
	};
	struct lab_server *server = lab_server_start_plan(run, &plan);
	struct stop stop = {0};

	if (!server)
		return;
	supervisor_spare_orphans(&server->supervisor);
	if (stop_it(run, server, way, WAIT_MS, &stop)) {
		note(run, model, way, &stop);
		if (way->signal == SIGTERM)
			lab_fact(
			    run, stop.clean && stop.counted, "%s.clean", model);
	} else if (!lab_is_over(run)) {
		lab_cannot(
		    run, "server_%s did not end", "server_%s 没有结束", model);
	}
	lab_server_stop(run, server);
}

static void
run_drain(struct lab_run *run)
{
	for (const char **model = run->models; *model; model++) {
		for (size_t w = 0; w < WAY_COUNT && !lab_is_over(run); w++)
			run_way(run, *model, &WAYS[w]);
	}
}

/* ---- what it shows ---- */

/* Whether all, none and none are answered; or, of children, all, all and none.
 */
static bool
as_expected(const struct lab_facts *facts, const char *model, double all)
{
	bool forks = strcmp(model, "fork") == 0;
	double left = forks ? all : 0;

	return lab_value(facts, "%s.term_answered", model) == all &&
	       lab_value(facts, "%s.clean", model) == 1 &&
	       lab_value(facts, "%s.kill_answered", model) == left &&
	       lab_value(facts, "%s.kill_orphans", model) == left &&
	       lab_value(facts, "%s.group_answered", model) == 0;
}

static char
answer_of(const struct lab_facts *facts, double all)
{
	if (lab_value(facts, "thread.term_answered") < all ||
	    lab_value(facts, "fork.term_answered") < all)
		return 'C';
	if (lab_value(facts, "thread.kill_answered") == all)
		return 'D';
	return lab_value(facts, "fork.kill_answered") == 0 ? 'A' : 'B';
}

static void
judge_drain(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	double all = lab_value(facts, "requests");
	const char *models[3];

	lab_models(facts, models);
	judgement->shown = models[0];
	for (const char **model = models; *model; model++)
		judgement->shown &= as_expected(facts, *model, all);
	judgement->answer = models[0] ? answer_of(facts, all) : '\0';
	if (judgement->shown)
		lab_because(judgement,
		    "SIGTERM: all %.0f answered, the server waits. SIGKILL: "
		    "threads end with their process, forked children run on "
		    "as orphans and answer",
		    "SIGTERM：%.0f 个请求全部得到回答，服务器会等待。"
		    "SIGKILL：线程随进程一起结束，子进程成为孤儿继续运行并回答",
		    all);
	else
		lab_because(judgement,
		    "not all of %.0f requests were answered after SIGTERM, or "
		    "SIGKILL did not end threads alone",
		    "SIGTERM 之后 %.0f 个请求没有全部得到回答，"
		    "或者 SIGKILL 的结果与预期不同",
		    all);
}

static void
draw_drain(const struct lab_facts *facts, struct lab_picture *picture)
{
	const char *models[3];

	lab_models(facts, models);
	lab_bars(picture, false,
	    lab_words(picture, "requests answered", "得到回答的请求"));
	for (const char **model = models; *model; model++) {
		for (size_t w = 0; w < WAY_COUNT; w++) {
			const struct way *way = &WAYS[w];
			double orphans =
			    lab_value(facts, "%s.%s_orphans", *model, way->key);
			double answered = lab_value(
			    facts, "%s.%s_answered", *model, way->key);

			lab_bar(picture, *model, answered,
			    lab_words(picture, "%s, %s", "%s，%s"), *model,
			    picture->zh ? way->zh : way->en);
			if (orphans > 0)
				lab_bar_says(picture,
				    lab_words(picture, "%.0f, by orphans",
					"%.0f，由孤儿进程回答"),
				    answered);
		}
	}
	for (const char **model = models; *model; model++)
		lab_timeline(picture, *model,
		    strcmp(*model, "thread") == 0
			? lab_words(picture,
			      "all end with the accept loop (SIGKILL)",
			      "全部与 accept 循环一起结束（SIGKILL）")
			: lab_words(picture, "orphans run on (SIGKILL)",
			      "孤儿进程继续运行（SIGKILL）"));
}

/* ---- the repair ---- */

/* Stops the student's server in the middle of requests of MS. Returns whether
 * all are answered. */
static bool
check_stop(struct lab_run *run, const char *model, const char *program,
    unsigned ms, struct stop *stop)
{
	char options[64];
	struct lab_plan plan = {
	    .model = model, .program = program, .options = options};
	struct lab_server *server;
	unsigned count = (unsigned)lab_number(run, "requests");
	bool ok;

	snprintf(options, sizeof(options), "--service sleep:%ums", ms);
	server = lab_server_start_plan(run, &plan);
	if (!server)
		return false;
	supervisor_spare_orphans(&server->supervisor);
	ok = stop_it(run, server, &WAYS[0], 0, stop);
	if (!lab_is_over(run)) {
		lab_require(run, ok && stop->answered == count,
		    "%u of %u requests of %u ms are answered",
		    "%u / %u 个 %u 毫秒的请求得到回答", stop->answered, count,
		    ms);
		lab_require(run, ok && stop->counted,
		    "the ledger says that all are served",
		    "账本说明全部已服务");
		lab_require(run, ok && stop->clean,
		    "the server ends with status 0", "服务器以状态 0 结束");
	}
	lab_server_stop(run, server);
	return ok && stop->answered == count && !lab_is_over(run);
}

static void
check_drain(struct lab_run *run, const char *model, const char *program)
{
	struct stop slow = {0}, fast = {0};

	if (!check_stop(run, model, program, SHORT_MS, &fast) ||
	    !check_stop(run, model, program, LONG_MS, &slow))
		return;
	lab_require(run, fast.seconds < slow.seconds / 2,
	    "it waits for requests, not for a fixed time",
	    "它等待请求结束，而不是等待固定的时间");
}

const struct lab lab_drain = {
    .name = "drain",
    .minutes = 20,
    .parameters = {{"requests", 20, {12, 14, 15, 16, 18, 20, 22, 24}, NULL}},
    .run = run_drain,
    .judge = judge_drain,
    .draw = draw_drain,
    .check = check_drain,
};
