/* SPDX-License-Identifier: MIT */
/*
 * simulate: how often the verdicts of a comparison are wrong.
 *
 * Simulates slices of comparisons whose true ratio is known, and judges them
 * with the functions of common/verdict. The simulated machine is as noisy as
 * the one on which they were developed: rates drift, consecutive slices are
 * correlated, one slice in fifty is disturbed and 2 to 10 times slower, each
 * start of a server has its own speed, and a new server is slow at first. Only
 * half of the disturbances can be seen as CPU contention.
 *
 *	simulate [COMPARISONS]
 *
 * COMPARISONS (10,000) of each kind with equal servers, and a tenth of that of
 * each kind with a slower server.
 *
 * Prints a line for each kind; exit status 1 if a kind exceeds its limit. The
 * numbers are the same in every run, with any number of CPUs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/random.h"
#include "common/verdict/block_estimate.h"
#include "common/verdict/paired_estimate.h"
#include "common/verdict/verdict.h"

#define DELTA 0.03
/* Standard deviations (SD) are of the logarithm of a rate. */
#define SLICE_SD 0.06
#define CORRELATION 0.5	 /* of consecutive slices */
#define DRIFT_SD 0.005	 /* of a block, for each slice */
#define LAUNCH_SD 0.01	 /* of a start */
#define DISTURBANCE 0.02 /* probability that another process takes the CPU */
#define COLD 0.6   /* maximum in the first slice of a new server, logarithm */
#define RUNS 10000 /* from which on limits hold exactly */
#define FEWER 10   /* divides RUNS for kinds with a slower server */

/* A kind of comparison. */
struct kind {
	const char *name;
	size_t blocks, rounds, points, servers;
	double effect;	    /* of the last server on its rate */
	double least, most; /* limits of the share that finds a difference */
};

/* The client's plans, default and --quick, for scenarios with one point and
 * with several. */
static const struct kind KINDS[] = {
    {"default, all alike", 18, 5, 1, 2, 0, 0.001, 0.055},
    {"quick, all alike", 8, 3, 1, 2, 0, 0.001, 0.055},
    {"sweep, all alike", 8, 5, 6, 2, 0, 0.001, 0.055},
    {"quick sweep, all alike", 8, 3, 6, 2, 0, 0.001, 0.055},
    {"5 servers, all alike", 18, 5, 1, 5, 0, 0.001, 0.055},
    {"default, 5 % slower", 18, 5, 1, 2, -0.05, 0.80, 1},
    {"default, 3 % slower", 18, 5, 1, 2, -0.03, 0, 1},
    {"default, 2 % slower", 18, 5, 1, 2, -0.02, 0, 1},
    {"quick, 5 % slower", 8, 3, 1, 2, -0.05, 0, 1},
    {"quick, 10 % slower", 8, 3, 1, 2, -0.10, 0, 1},
    {"quick, 20 % slower", 8, 3, 1, 2, -0.20, 0.80, 1},
    {"sweep, 20 % slower", 8, 5, 6, 2, -0.20, 0.80, 1},
};

enum { KIND_COUNT = sizeof(KINDS) / sizeof(KINDS[0]) };

/* The results of all comparisons of a kind. */
struct kind_sums {
	size_t found; /* comparisons with a faster or slower */
	size_t verdicts[INVALID + 1], ratios;
};

/* ---- random numbers ---- */

static double
normal(uint64_t *state)
{
	double radius = sqrt(-2 * log(random_unit(state)));

	return radius * cos(2 * 3.14159265358979 * random_unit(state));
}

/* ---- a machine ---- */

struct machine_state {
	uint64_t *random;
	double noise; /* of the latest slice */
	double drift, drifted;
};

struct server_state {
	double level, cold, warming;
};

static void
server_start(struct server_state *server, double effect, uint64_t *random)
{
	server->level = log1p(effect) + LAUNCH_SD * normal(random);
	server->cold = COLD * random_unit(random);
	server->warming = exp(-1 / (1 + 3 * random_unit(random)));
}

static void
run_slice(struct machine_state *machine, struct server_state *server,
    struct block_slice *slice, size_t side)
{
	uint64_t *random = machine->random;
	double *value = &slice->log_value[side];

	machine->noise =
	    CORRELATION * machine->noise +
	    sqrt(1 - CORRELATION * CORRELATION) * SLICE_SD * normal(random);
	machine->drifted += machine->drift;
	*value = 10 + server->level + machine->noise + machine->drifted -
		 server->cold;
	server->cold *= server->warming;
	slice->contention[side] = 0.1 * random_unit(random);
	slice->stretch[side] = 1;
	if (random_unit(random) < DISTURBANCE) {
		*value -= log(2 + 8 * random_unit(random));
		slice->contention[side] += random_unit(random) < 0.5 ? 0.3 : 0;
	}
}

/* ---- a comparison ---- */

struct comparison_state {
	const struct kind *kind;
	uint64_t random;
	struct block_slice slices[SERVERS_MAX + 1][ROUNDS_MAX];
	size_t order[SERVERS_MAX + 1]; /* of the block */
	struct scenario_result *result;
};

static void
run_round(struct comparison_state *c, struct machine_state *machine,
    struct server_state *servers, size_t round)
{
	size_t n = c->kind->servers + 1;

	for (size_t step = 0; step < 2 * n; step++) {
		size_t at = step < n ? step : 2 * n - 1 - step;
		size_t i = c->order[round % 2 ? n - 1 - at : at];

		run_slice(
		    machine, &servers[i], &c->slices[i][round], step >= n);
	}
}

static void
keep_block(
    struct server_result *found, const struct block_estimate *block, size_t i)
{
	size_t b = found->blocks++;

	found->values[b] = block->value[i];
	found->ratios[b] = block->log_ratio[i];
	found->slices += 2 * block->kept;
	found->dropped += 2 * block->dropped;
	found->settled &= block->settled[i];
}

static void
run_block(struct comparison_state *c, struct point *point)
{
	const struct kind *kind = c->kind;
	const struct block_slice *slices[SERVERS_MAX + 1];
	struct server_state servers[SERVERS_MAX + 1];
	struct machine_state machine = {
	    .random = &c->random, .drift = DRIFT_SD * normal(&c->random)};
	struct block_estimate block;
	size_t n = kind->servers + 1, rounds = 0;

	for (size_t i = 0; i < n; i++) {
		size_t j = random_next(&c->random) % (i + 1);

		c->order[i] = c->order[j];
		c->order[j] = i;
		slices[i] = c->slices[i];
		server_start(&servers[i],
		    i == kind->servers - 1 ? kind->effect : 0, &c->random);
	}
	do
		run_round(c, &machine, servers, rounds++);
	while (rounds - block_warm_up(slices, n, rounds) < kind->rounds &&
	       rounds < BLOCK_ROUNDS_MOST(kind->rounds));
	block_estimate(slices, n, rounds, true, &block);
	for (size_t i = 0; i < n; i++)
		keep_block(&point->results[i], &block, i);
}

static void
run_point(struct comparison_state *c, struct point *point)
{
	size_t n = c->kind->servers + 1;

	memset(point, 0, sizeof(*point));
	for (size_t i = 0; i < n; i++)
		point->results[i].settled = true;
	for (size_t b = 0; b < c->kind->blocks; b++)
		run_block(c, point);
	for (size_t i = 0; i < n; i++)
		paired_estimate(&point->results[i], &point->results[0], DELTA);
}

static void
count_verdicts(struct comparison_state *c, struct kind_sums *sums)
{
	bool found = false;

	for (size_t p = 0; p < c->kind->points; p++) {
		for (size_t i = 1; i < c->kind->servers; i++) {
			const struct server_result *one =
			    &c->result->points[p].results[i];

			sums->ratios++;
			sums->verdicts[one->verdict]++;
			found |=
			    one->verdict == SLOWER ||
			    (one->verdict == FASTER && c->kind->effect >= 0);
		}
	}
	sums->found += found;
}

static void
run_comparison(
    struct comparison_state *c, size_t number, struct kind_sums *sums)
{
	/* Each comparison has its own state, never 0. */
	c->random = (number + 1) * 0x9e3779b97f4a7c15ULL;
	for (int i = 0; i < 10; i++)
		random_next(&c->random);
	c->result->point_count = c->kind->points;
	c->result->higher_is_better = true;
	for (size_t p = 0; p < c->kind->points; p++)
		run_point(c, &c->result->points[p]);
	verdict_of_scenario(c->result, c->kind->servers, DELTA);
	count_verdicts(c, sums);
}

/* ---- all of them ---- */

/* False verdicts are rare, so it takes many comparisons to count them. */
static size_t
runs_of(const struct kind *kind, size_t runs)
{
	return kind->effect < 0 ? (runs + FEWER - 1) / FEWER : runs;
}

/* Runs every WORKERS-th comparison of each kind. */
static void
work(size_t worker, size_t workers, size_t runs, struct kind_sums *sums)
{
	static struct scenario_result result;
	struct comparison_state c = {.result = &result};

	result.points = calloc(POINTS_MAX, sizeof(*result.points));
	if (!result.points)
		_exit(1);
	for (size_t k = 0; k < KIND_COUNT; k++) {
		c.kind = &KINDS[k];
		for (size_t run = worker; run < runs_of(c.kind, runs);
		     run += workers)
			run_comparison(&c, k * runs + run, &sums[k]);
	}
	free(result.points);
}

/* Starts a process for each CPU, with its own sums in shared memory. */
static int
share_work(size_t workers, size_t runs, struct kind_sums *sums)
{
	int bad = 0, status;

	for (size_t w = 0; w < workers; w++) {
		pid_t pid = fork();

		if (pid < 0)
			return -1;
		if (pid == 0) {
			work(w, workers, runs, sums + w * KIND_COUNT);
			_exit(0);
		}
	}
	for (size_t w = 0; w < workers; w++)
		bad |= wait(&status) < 0 || status != 0;
	return bad ? -1 : 0;
}

static void
add(struct kind_sums *sum, const struct kind_sums *one)
{
	sum->found += one->found;
	sum->ratios += one->ratios;
	for (int v = 0; v <= INVALID; v++)
		sum->verdicts[v] += one->verdicts[v];
}

/* With fewer than RUNS comparisons, limits are wider by 3 standard errors. */
static bool
is_within(const struct kind *kind, double share, size_t runs)
{
	double stray = 3 * sqrt(0.055 * 0.945 / (double)runs);

	if (runs >= RUNS)
		stray = 0;
	return share >= kind->least - 2 * stray && share <= kind->most + stray;
}

static bool
print_kind(const struct kind *kind, const struct kind_sums *sums, size_t runs)
{
	double share = (double)sums->found / (double)runs;
	bool well = is_within(kind, share, runs);

	printf("%-26s %3zu x %zu %6zu %6.2f %% ", kind->name, kind->blocks,
	    kind->rounds, runs, 100 * share);
	for (int v = 0; v <= INVALID; v++)
		printf(" %6.2f",
		    100 * (double)sums->verdicts[v] / (double)sums->ratios);
	if (kind->most < 1)
		printf("   at most %.1f %%", 100 * kind->most);
	else if (kind->least > 0)
		printf("   at least %.0f %%", 100 * kind->least);
	printf("%s\n", well ? "" : "   NOT MET");
	return well;
}

int
main(int argc, char **argv)
{
	long asked = argc > 1 ? atol(argv[1]) : RUNS;
	size_t runs = (size_t)asked;
	size_t workers = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
	size_t size = workers * KIND_COUNT * sizeof(struct kind_sums);
	struct kind_sums *sums = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool well = true;

	if (argc > 2 || asked < 1) {
		fprintf(stderr, "usage: simulate [COMPARISONS]\n");
		return 2;
	}
	if (sums == MAP_FAILED || share_work(workers, runs, sums) < 0) {
		perror("simulate");
		return 1;
	}
	printf("                          blocks                    "
	       "of all ratios, percent\n"
	       "what was simulated        x rounds times    found  "
	       "faster slower equiv. undec. invalid\n");
	for (size_t k = 0; k < KIND_COUNT; k++) {
		for (size_t w = 1; w < workers; w++)
			add(&sums[k], &sums[w * KIND_COUNT + k]);
		well &=
		    print_kind(&KINDS[k], &sums[k], runs_of(&KINDS[k], runs));
	}
	return well ? 0 : 1;
}
