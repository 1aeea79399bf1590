/* SPDX-License-Identifier: MIT */
/* Each limit is lowered in a child, which cannot raise it again. */
#include "tests/unit/unit.h"

#include <sys/resource.h>

#include "common/base/memory.h"
#include "common/server/limits.h"
#include "tests/unit/pretend.h"

static const struct worker_cost ONE_DESCRIPTOR = {.descriptors = 1};

static void
allow_descriptors(rlim_t soft, rlim_t hard)
{
	struct rlimit limit = {soft, hard};

	child_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static rlim_t
soft_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

static bool
is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* ---- descriptors ---- */

TEST_IN_CHILD(there_is_always_one_worker)
{
	struct worker_limit limit;

	allow_descriptors(12, 12);
	limit = limits_compute(&ONE_DESCRIPTOR, 8);
	child_assert(limit.workers == 1);
	child_assert(is(limit.binding, "open descriptors"));
}

TEST_IN_CHILD(descriptors_bound_the_workers)
{
	struct worker_cost two = {.descriptors = 2};
	struct worker_limit limit, half;
	uint64_t open_now;

	open_now = (uint64_t)open_descriptors();
	allow_descriptors(200, 200);
	limit = limits_compute(&ONE_DESCRIPTOR, 8);
	child_assert(is(limit.binding, "open descriptors"));
	child_assert(limit.workers >= 100);
	/* those open now, a few for the loop, and those kept back */
	child_assert(limit.workers + open_now + 8 < 200);
	half = limits_compute(&two, 8);
	child_assert(half.workers == limit.workers / 2);
	child_assert(is(half.binding, "open descriptors"));
}

TEST_IN_CHILD(the_soft_limit_rises_to_the_hard_less_the_reserve)
{
	allow_descriptors(32, 256);
	limits_compute(&ONE_DESCRIPTOR, 16);
	child_assert(soft_limit() == 240);
	limits_spend_reserve(true);
	child_assert(soft_limit() == 256);
	limits_spend_reserve(false);
	child_assert(soft_limit() == 240);
}

TEST_IN_CHILD(a_quarter_at_most_is_kept_back)
{
	allow_descriptors(40, 40);
	limits_compute(&ONE_DESCRIPTOR, 32);
	child_assert(soft_limit() == 30);
}

TEST_IN_CHILD(a_hard_limit_that_was_lowered_is_kept)
{
	allow_descriptors(100, 100);
	limits_compute(&ONE_DESCRIPTOR, 10);
	allow_descriptors(50, 50);
	limits_spend_reserve(true);
	child_assert(soft_limit() == 50);
	limits_spend_reserve(false);
	child_assert(soft_limit() == 40);
}

/* ---- the others ---- */

TEST_IN_CHILD(processes_of_a_user_bound_the_workers)
{
	struct worker_cost cost = {.tasks = 1};
	struct rlimit limit = {50, 50};
	struct worker_limit workers;

	child_assert(setrlimit(RLIMIT_NPROC, &limit) == 0);
	if (geteuid() == 0)
		child_assert(setuid(65534) == 0);
	workers = limits_compute(&cost, 0);
	child_assert(workers.workers == 48);
	child_assert(is(workers.binding, "processes of this user"));
}

static void
root_with_few_processes(void *arg)
{
	struct worker_cost cost = {.tasks = 1};
	struct rlimit limit = {5, 5};
	struct worker_limit workers;

	(void)arg;
	child_assert(setrlimit(RLIMIT_NPROC, &limit) == 0);
	workers = limits_compute(&cost, 0);
	child_assert(!is(workers.binding, "processes of this user"));
}

TEST(processes_of_root_are_not_bounded)
{
	if (geteuid() != 0)
		skip();
	run_child(root_with_few_processes, NULL);
}

/* A worker that takes more than all there is, of one resource. */
TEST_IN_CHILD(the_resource_that_binds_is_named)
{
	static const struct {
		struct worker_cost cost;
		const char *words[4];
	} known[] = {
	    {{.descriptors = UINT64_MAX}, {"open descriptors"}},
	    {{.tasks = UINT64_MAX},
		{"process numbers", "threads of the system",
		    "processes of the cgroup", "processes of this user"}},
	    {{.mappings = UINT64_MAX}, {"memory mappings"}},
	    {{.memory_kib = UINT64_MAX}, {"memory"}},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		struct worker_limit limit = limits_compute(&known[i].cost, 0);
		bool named = false;

		child_assert(limit.workers == 1);
		for (size_t w = 0; w < 4 && known[i].words[w]; w++)
			named |= is(limit.binding, known[i].words[w]);
		child_assert(named);
	}
}

TEST_IN_CHILD(costlier_workers_are_fewer)
{
	uint64_t last = UINT64_MAX;

	for (uint64_t each = 1; each < 1 << 20; each *= 2) {
		struct worker_cost cost = {.descriptors = 1,
		    .tasks = 1,
		    .mappings = each,
		    .address_kib = each,
		    .memory_kib = each};
		struct worker_limit limit = limits_compute(&cost, 8);

		child_assert(limit.workers >= 1);
		child_assert(limit.workers <= last);
		last = limit.workers;
	}
}

TEST_IN_CHILD(workers_that_cost_nothing_have_no_limit)
{
	struct worker_limit limit = limits_compute(&(struct worker_cost){0}, 0);

	child_assert(limit.workers == UINT64_MAX);
	child_assert(limit.binding);
}

/* ---- groups ---- */

#define GROUP "/sys/fs/cgroup/a/"
#define MIB (1024 * 1024ULL)

static const struct worker_cost ONE_TASK = {.tasks = 1};
static const struct worker_cost ONE_MIB = {.memory_kib = 1024};

static bool
binds(const struct worker_cost *cost, uint64_t workers, const char *what)
{
	struct worker_limit limit = limits_compute(cost, 0);

	return limit.workers == workers && is(limit.binding, what);
}

/* The group above ours has the limits, and others in it use some. */
TEST_PRETENDING(a_limit_of_the_group_above_binds_less_what_is_used)
{
	pretend_begin();
	pretend_groups();
	pretend_write("/sys/fs/cgroup/a/b/pids.max", "max\n");
	pretend_write(GROUP "pids.max", "20\n");
	child_assert(binds(&ONE_TASK, 20, "processes of the cgroup"));
	pretend_write(GROUP "pids.current", "5\n");
	child_assert(binds(&ONE_TASK, 15, "processes of the cgroup"));
	pretend_write("/sys/fs/cgroup/a/b/memory.max", "max\n");
	pretend_write(GROUP "memory.max", "67108864\n");
	child_assert(binds(&ONE_MIB, 56, "memory"));
	pretend_write(GROUP "memory.current", "33554432\n");
	child_assert(binds(&ONE_MIB, 28, "memory"));
	/* What the kernel would drop is not in use. */
	pretend_write(GROUP "memory.stat",
	    "anon 1\nactive_file 8388608\ninactive_file 8388608\n");
	child_assert(memory_available() == 48 * MIB);
	pretend_write(GROUP "memory.high", "16777216\n");
	child_assert(binds(&ONE_MIB, 1, "memory"));
}

/* Of a container that sees a part of the tree, under the names of outside. */
TEST_PRETENDING(version_1_is_read_as_well)
{
	pretend_begin();
	pretend_tree("7:pids,memory:/outside/a/b\n",
	    "1 2 0:1 /outside /sys/fs/cgroup rw - cgroup cgroup "
	    "rw,pids,memory\n");
	pretend_write(GROUP "pids.max", "20\n");
	pretend_write(GROUP "pids.current", "5\n");
	child_assert(binds(&ONE_TASK, 15, "processes of the cgroup"));
	pretend_write(GROUP "memory.limit_in_bytes", "67108864\n");
	pretend_write(GROUP "memory.usage_in_bytes", "33554432\n");
	pretend_write(
	    GROUP "memory.stat", "active_file 1\ntotal_active_file 16777216\n");
	child_assert(memory_available() == 48 * MIB);
}

TEST_PRETENDING(what_is_not_known_is_not_unlimited)
{
	struct worker_cost cost = {.tasks = 1, .mappings = 2};

	pretend_begin();
	if (mount("none", "/proc", "tmpfs", 0, NULL) < 0)
		_exit(PRETEND_NOT);
	child_assert(limits_compute(&ONE_TASK, 0).workers <= 32768);
	child_assert(limits_compute(&cost, 0).workers <= 32768);
	child_assert(memory_available() < 1ULL << 50);
	child_assert(memory_available() > 0);
}

RUN_TESTS(NULL, NULL)
