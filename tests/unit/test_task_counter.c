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
	uint64_t before, after;
	pid_t child;

	if (task_counter_open(&counter, getpid(), FAULTS) < 0)
		skip(); /* the kernel keeps its counters to itself */
	assert_true(task_counter_read(&counter, &before));
	fault();
	assert_true(task_counter_read(&counter, &after));
	assert_in_range(after - before, PAGES, PAGES + OTHER_FAULTS);
	child = fork();
	if (child == 0) {
		fault();
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	before = after;
	assert_true(task_counter_read(&counter, &after));
	assert_in_range(after - before, PAGES, PAGES + OTHER_FAULTS);
	task_counter_close(&counter);
	assert_false(task_counter_read(&counter, &after));
}

TEST(an_event_that_there_is_not_cannot_be_opened)
{
	struct task_counter counter;
	uint64_t count;

	assert_int_equal(
	    task_counter_open(&counter, getpid(), PERF_TYPE_SOFTWARE, 4711),
	    -1);
	assert_true(errno);
	assert_false(task_counter_read(&counter, &count));
	task_counter_close(&counter);
}

RUN_TESTS(NULL, NULL)
