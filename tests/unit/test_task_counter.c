/* SPDX-License-Identifier: MIT */
/* Page faults, which the kernel counts itself, stand in for TLB misses: few
 * virtual machines can count those. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common/sysinfo/task_counter.h"

enum { PAGES = 500 };
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHER_FAULTS (100 * PAGES) /* of the sanitizer's own memory */
#else
#define OTHER_FAULTS 400
#endif

#define FAULTS PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS

static void
fault(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	child_assert(memory != MAP_FAILED);
	madvise(memory, PAGES * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < PAGES; i++)
		*(volatile char *)(memory + i * page) = 1;
	munmap(memory, PAGES * page);
}

TEST(the_events_of_a_task_and_of_its_children_are_counted)
{
	struct task_counter counter;
	struct task_count before;
	uint64_t events;
	pid_t child;

	if (task_counter_open(&counter, getpid(), FAULTS) < 0)
		skip(); /* the kernel keeps its counters to itself */
	assert_true(task_counter_read(&counter, &before));
	fault();
	assert_true(task_counter_since(&counter, &before, &events));
	assert_in_range(events, PAGES, PAGES + OTHER_FAULTS);
	assert_true(task_counter_read(&counter, &before));
	child = fork();
	if (child == 0) {
		fault();
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(task_counter_since(&counter, &before, &events));
	assert_in_range(events, PAGES, PAGES + OTHER_FAULTS);
	task_counter_close(&counter);
	assert_false(task_counter_read(&counter, &before));
}

/* A pipe is the kernel's counter here. The estimate is that of the time between
 * the readings, whatever was counted before them. */
TEST(events_that_are_counted_in_turns_are_estimated)
{
	static const struct {
		struct task_count before, now;
		int64_t events; /* -1: unknown */
	} cases[] = {
	    {{0, 0, 0}, {700, 10, 10}, 700},
	    {{0, 0, 0}, {700, 10, 5}, 1400},
	    {{1000, 100, 50}, {1100, 110, 60}, 100},
	    {{1000, 100, 100}, {1100, 120, 110}, 200},
	    {{0, 0, 0}, {0, 10, 10}, 0},
	    {{0, 0, 0}, {0, 10, 0}, -1},
	    {{500, 100, 50}, {500, 200, 50}, -1},
	    {{500, 100, 50}, {500, 100, 50}, 0}, /* no task ran */
	    {{0, 0, 0}, {UINT64_C(1) << 40, 1000, 1}, (int64_t)1000 << 40},
	};
	struct task_counter counter = {.open = true};
	uint64_t events;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	counter.fd = ends[0];
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(
		    write(ends[1], &cases[i].now, sizeof(cases[i].now)),
		    sizeof(cases[i].now));
		assert_int_equal(
		    task_counter_since(&counter, &cases[i].before, &events),
		    cases[i].events >= 0);
		if (cases[i].events >= 0)
			assert_int_equal(events, cases[i].events);
	}
	/* Half a reading, as if the kernel knew another format. */
	assert_int_equal(write(ends[1], "12345678", 8), 8);
	assert_false(task_counter_since(&counter, &cases[0].before, &events));
	close(ends[1]);
	task_counter_close(&counter);
}

TEST(an_event_that_there_is_not_cannot_be_opened)
{
	struct task_counter counter;
	struct task_count count;

	assert_int_equal(
	    task_counter_open(&counter, getpid(), PERF_TYPE_SOFTWARE, 4711),
	    -1);
	assert_true(errno);
	assert_false(task_counter_read(&counter, &count));
	task_counter_close(&counter);
}

RUN_TESTS(NULL, NULL)
