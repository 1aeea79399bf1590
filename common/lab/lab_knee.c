/* SPDX-License-Identifier: MIT */
/*
 * lab_knee: more clients at once; and a pause that a closed loop hides.
 *
 * The server has one CPU. Requests that wait can overlap without end; requests
 * that burn CPU time queue for it from the first client on: the knee is at the
 * number of CPUs. In both cases clients = rate x latency (Little's law).
 *
 * Then the server is stopped for a moment. A closed loop sends nothing
 * meanwhile, so a few slow replies stand beside thousands of fast ones. An open
 * loop counts from when each request was due: coordinated omission is the
 * difference.
 */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/lab/lab_server.h"

/* One load: long enough for 20 requests that wait. */
#define LOAD_MS 400
#define POINTS 3
#define ROUNDS_MOST 5

/* The pause, and the load around it. */
#define PAUSED_LOAD_MS 1200
#define PAUSE_AFTER_MS 300
#define PAUSE_MS 400
#define PAUSED_CLIENTS 4
#define OPEN_RATE 200

/* Margins. Little's law holds exactly for the clients that are at work; at the
 * end of a load those that are done wait for the last, so the longer a request
 * takes, the more is missing. */
#define LITTLE_MARGIN 0.1
#define LITTLE_MARGIN_SPIN 0.25
#define OMISSION 10
#define ALIKE 2

static const struct work {
	const char *key, *service;
	const char *en, *zh;
	int rounds;	/* the best of them counts */
	double wait_ms; /* of a request */
} WORKS[] = {
    {"sleep", "sleep:20ms", "20 ms of waiting", "等待 20 毫秒", 1, 20},
    {"spin", "spin:1ms", "1 ms of CPU", "1 毫秒 CPU", 2, 0},
};

#define WORK_COUNT (sizeof(WORKS) / sizeof(WORKS[0]))

/* 1, a quarter of N, N. */
static unsigned
clients_at(const struct lab_facts *facts, size_t point)
{
	unsigned clients = (unsigned)lab_value(facts, "clients");

	return point == 0 ? 1 : point == 1 ? clients / 4 : clients;
}

/* ---- more clients ---- */

/* Gives the server the first of our CPUs; its workers inherit that. */
static void
pin(struct lab_run *run, const struct lab_server *server)
{
	cpu_set_t ours, one;
	size_t cpu = 0;

	if (sched_getaffinity(0, sizeof(ours), &ours) < 0)
		return;
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &ours))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	lab_command(run, "taskset -c -p %zu %d", cpu, (int)server->pid);
	sched_setaffinity(server->pid, sizeof(one), &one);
}

/* Keeps the better one. */
static void
note_point(struct lab_run *run, const char *model, const struct work *work,
    size_t point, const struct load_result *result)
{
	double rate = load_result_rate(result);
	double ms = histogram_mean(&result->latency) / NS_PER_MS;

	lab_say(run,
	    "server_%s, %s, %u at once: %.0f requests/s, %.1f ms each; rate x "
	    "latency = %.2f",
	    "server_%s，%s，%u 个客户端：每秒 %.0f 个请求，每个 %.1f "
	    "毫秒；速率 × 延迟 = %.2f",
	    model, run->zh ? work->zh : work->en,
	    clients_at(&run->facts, point), rate, ms, rate * ms / 1000);
	if (lab_value(&run->facts, "%s.%s_rate_%zu", model, work->key, point) >=
	    rate)
		return;
	lab_fact(run, rate, "%s.%s_rate_%zu", model, work->key, point);
	lab_fact(run, ms, "%s.%s_ms_%zu", model, work->key, point);
}

static bool
load_points(struct lab_run *run, const struct lab_server *server,
    const struct work *work, struct load_result *result)
{
	for (size_t point = 0; point < POINTS; point++) {
		struct lab_load load = {
		    .connections = clients_at(&run->facts, point),
		    .duration_ms = LOAD_MS};

		load_result_clear(result);
		if (!lab_load(run, server, &load, result))
			return false;
		note_point(run, server->model, work, point, result);
	}
	return true;
}

/* Whether another program had the CPU for long: requests that only wait took
 * twice their time. */
static bool
is_disturbed(
    const struct lab_run *run, const char *model, const struct work *work)
{
	return work->wait_ms > 0 &&
	       lab_value(&run->facts, "%s.%s_ms_%d", model, work->key,
		   POINTS - 1) > 2 * work->wait_ms;
}

static void
sweep(struct lab_run *run, const char *model, const struct work *work,
    struct load_result *result)
{
	struct lab_server *server =
	    lab_server_start(run, model, "--service %s", work->service);

	if (!server)
		return;
	pin(run, server);
	for (int round = 0;
	     round < work->rounds ||
	     (round < ROUNDS_MOST && is_disturbed(run, model, work));
	     round++) {
		if (!load_points(run, server, work, result))
			return;
	}
	lab_server_stop(run, server);
}

/* ---- a pause ---- */

/* Stops the server's process group, which is all of its processes. */
static void *
pause_server(void *arg)
{
	const struct lab_server *server = arg;

	clock_wait_ns(PAUSE_AFTER_MS * NS_PER_MS);
	kill(-server->pid, SIGSTOP);
	clock_wait_ns(PAUSE_MS * NS_PER_MS);
	kill(-server->pid, SIGCONT);
	return NULL;
}

static bool
load_with_pause(struct lab_run *run, struct lab_server *server,
    const struct lab_load *load, struct load_result *result)
{
	pthread_t pauser;
	bool ok;

	lab_command(run,
	    "(sleep %.1f; kill -STOP -- -%d; sleep %.1f; kill -CONT -- -%d) &",
	    PAUSE_AFTER_MS / 1000.0, (int)server->pid, PAUSE_MS / 1000.0,
	    (int)server->pid);
	load_result_clear(result);
	if (pthread_create(&pauser, NULL, pause_server, server)) {
		lab_cannot(run, "cannot start a thread", "无法创建线程");
		return false;
	}
	ok = lab_load(run, server, load, result);
	pthread_join(pauser, NULL);
	return ok;
}

static void
note_pause(struct lab_run *run, const char *model, const char *key,
    const struct load_result *result)
{
	double ms =
	    (double)histogram_percentile(&result->latency, 99) / NS_PER_MS;
	bool open = strcmp(key, "open") == 0;

	lab_fact(run, ms, "%s.%s_p99_ms", model, key);
	lab_say(run,
	    "server_%s, stopped for %d ms, %s loop: p99 %.1f ms of %llu "
	    "requests",
	    "server_%s，停住 %d 毫秒，%s：p99 为 %.1f 毫秒，共 %llu 个请求",
	    model, PAUSE_MS,
	    open      ? run->zh ? "开环" : "open"
	    : run->zh ? "闭环"
		      : "closed",
	    ms, (unsigned long long)result->ok);
}

static void
pause_both(struct lab_run *run, const char *model, struct load_result *result)
{
	struct lab_load closed = {
	    .connections = PAUSED_CLIENTS, .duration_ms = PAUSED_LOAD_MS};
	struct lab_load open = closed;
	struct lab_server *server = lab_server_start(run, model, "%s", "");

	open.rate = OPEN_RATE;
	if (!server || !load_with_pause(run, server, &closed, result))
		return;
	note_pause(run, model, "closed", result);
	if (!load_with_pause(run, server, &open, result))
		return;
	note_pause(run, model, "open", result);
	lab_server_stop(run, server);
}

static void
run_knee(struct lab_run *run)
{
	struct load_result result;

	if (load_result_init(&result) < 0) {
		lab_cannot(run, "no memory", "内存不足");
		return;
	}
	for (const char **model = run->models; *model; model++) {
		for (size_t i = 0; i < WORK_COUNT && !lab_is_over(run); i++)
			sweep(run, *model, &WORKS[i], &result);
		if (!lab_is_over(run))
			pause_both(run, *model, &result);
	}
	load_result_release(&result);
}

/* ---- what it shows ---- */

/* How many times the rate of one client all clients get. */
static double
gain(const struct lab_facts *facts, const char *model, const char *work)
{
	return lab_value(facts, "%s.%s_rate_%d", model, work, POINTS - 1) /
	       lab_value(facts, "%s.%s_rate_0", model, work);
}

/* Rate x latency / clients: 1 by Little's law. */
static double
little(const struct lab_facts *facts, const char *model, const char *work)
{
	return lab_value(facts, "%s.%s_rate_%d", model, work, POINTS - 1) *
	       lab_value(facts, "%s.%s_ms_%d", model, work, POINTS - 1) / 1000 /
	       lab_value(facts, "clients");
}

/* More than half of what the clients could bring. Other programs on the CPU
 * blur both cases, but neither as far as that. */
static bool
scales(const struct lab_facts *facts, const char *model, const char *work)
{
	return gain(facts, model, work) > lab_value(facts, "clients") / 2;
}

static double
omission(const struct lab_facts *facts, const char *model)
{
	return lab_value(facts, "%s.open_p99_ms", model) /
	       lab_value(facts, "%s.closed_p99_ms", model);
}

static bool
as_expected(const struct lab_facts *facts, const char *model)
{
	return scales(facts, model, "sleep") &&
	       gain(facts, model, "spin") < lab_value(facts, "clients") / 2 &&
	       fabs(little(facts, model, "sleep") - 1) < LITTLE_MARGIN &&
	       fabs(little(facts, model, "spin") - 1) < LITTLE_MARGIN_SPIN &&
	       omission(facts, model) > OMISSION;
}

/* Whether both models were run, and one is clearly slower at WORK. */
static bool
differ(const struct lab_facts *facts, const char *work)
{
	double ratio = lab_value(facts, "fork.%s_rate_%d", work, POINTS - 1) /
		       lab_value(facts, "thread.%s_rate_%d", work, POINTS - 1);

	return ratio > ALIKE || ratio < 1.0 / ALIKE;
}

static char
answer_of(const struct lab_facts *facts, const char *model)
{
	if (differ(facts, "sleep"))
		return 'C';
	if (scales(facts, model, "spin"))
		return 'A';
	return scales(facts, model, "sleep") ? 'B' : 'D';
}

static void
judge_knee(const struct lab_facts *facts, struct lab_judgement *judgement)
{
	const char *models[3];

	lab_models(facts, models);
	judgement->shown = models[0] && !differ(facts, "sleep");
	for (const char **model = models; *model; model++)
		judgement->shown &= as_expected(facts, *model);
	if (!models[0])
		return;
	judgement->answer = answer_of(facts, models[0]);
	lab_because(judgement,
	    "%.0f clients instead of one: waiting %.1f times the rate, CPU "
	    "%.1f times; after a pause an open loop reports %.0f times the p99 "
	    "of a closed loop",
	    "客户端从 1 个变为 %.0f 个：等待型请求的速率变为 %.1f 倍，CPU 型 "
	    "%.1f 倍；停顿之后，开环测得的 p99 是闭环的 %.0f 倍",
	    lab_value(facts, "clients"), gain(facts, models[0], "sleep"),
	    gain(facts, models[0], "spin"), omission(facts, models[0]));
}

static void
draw_sweep(const struct lab_facts *facts, struct lab_picture *picture,
    const struct work *work, const char *const *models)
{
	char title[LAB_TEXT];

	snprintf(title, sizeof(title),
	    lab_words(picture, "requests/s, %s", "每秒请求数，%s"),
	    picture->zh ? work->zh : work->en);
	lab_bars(picture, false, title);
	for (const char *const *model = models; *model; model++) {
		for (size_t i = 0; i < POINTS; i++) {
			double rate = lab_value(
			    facts, "%s.%s_rate_%zu", *model, work->key, i);

			lab_bar(picture, *model, rate,
			    lab_words(
				picture, "%s, %u at once", "%s，%u 个客户端"),
			    *model, clients_at(facts, i));
			lab_bar_says(picture,
			    lab_words(picture, "%.0f/s, %.1f ms each",
				"%.0f/s，每个 %.1f 毫秒"),
			    rate,
			    lab_value(
				facts, "%s.%s_ms_%zu", *model, work->key, i));
		}
	}
}

static void
draw_knee(const struct lab_facts *facts, struct lab_picture *picture)
{
	static const char *const loops[][3] = {
	    {"closed", "closed loop", "闭环"}, {"open", "open loop", "开环"}};
	const char *models[3];

	lab_models(facts, models);
	for (size_t i = 0; i < WORK_COUNT; i++)
		draw_sweep(facts, picture, &WORKS[i], models);
	lab_bars(picture, true,
	    lab_words(picture, "p99 around a pause", "停顿前后的 p99"));
	for (const char **model = models; *model; model++) {
		for (size_t i = 0; i < 2; i++) {
			double ms = lab_value(
			    facts, "%s.%s_p99_ms", *model, loops[i][0]);

			lab_bar(picture, *model, ms, "%s, %s", *model,
			    loops[i][1 + picture->zh]);
			lab_bar_says(picture,
			    lab_words(picture, "%.2f ms", "%.2f 毫秒"), ms);
		}
	}
}

const struct lab lab_knee = {
    .name = "knee",
    .minutes = 25,
    .parameters = {{"clients", 16, {12, 14, 16, 18, 20, 22, 24}, NULL}},
    .run = run_knee,
    .judge = judge_knee,
    .draw = draw_knee,
};
