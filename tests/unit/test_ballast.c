/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/base/memory.h"
#include "common/server/ballast.h"

#define MIB (UINT64_C(1) << 20)

TEST(sizes_and_remedies_are_read)
{
	static const struct {
		const char *text;
		struct ballast ballast;
	} known[] = {
	    {"1GiB", {.size = 1024 * MIB, .remedy = BALLAST_PLAIN}},
	    {"64MiB:dontfork", {.size = 64 * MIB, .remedy = BALLAST_DONTFORK}},
	    {"4096:shared", {.size = 4096, .remedy = BALLAST_SHARED}},
	    {"2M:huge", {.size = 2000000, .remedy = BALLAST_HUGE}},
	    {"1MiB:none", {.size = MIB, .remedy = BALLAST_PLAIN}},
	    {"1MiB:none:1000/s",
		{.size = MIB, .remedy = BALLAST_PLAIN, .rate = 1000}},
	    {"1MiB:huge:10000000/s",
		{.size = MIB, .remedy = BALLAST_HUGE, .rate = 10000000}},
	    {"65536GiB", {.size = 65536 * 1024 * MIB, .remedy = BALLAST_PLAIN}},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		struct ballast ballast;

		assert_int_equal(ballast_parse(known[i].text, &ballast), 0);
		assert_int_equal(ballast.size, known[i].ballast.size);
		assert_int_equal(ballast.remedy, known[i].ballast.remedy);
		assert_int_equal(ballast.rate, known[i].ballast.rate);
		assert_ptr_equal(ballast.text, known[i].text);
	}
}

TEST(what_is_wrong_leaves_the_result_alone)
{
	static const char *const wrong[] = {"", ":", "0", "4095", "x",
	    "1MiB:", "1MiB:plain", "1MiB:hug", "1MiB:huge ", ":huge",
	    "1MiB:shared:shared", "1MiB:none:", "1MiB:none:5", "1MiB:none:/s",
	    "1MiB:none:0/s", "1MiB:none:10000001/s", "1MiB:none:-1/s",
	    "1MiB::5/s", "1MiB:none:5/s:5/s", "65537GiB",
	    ("0000000000000000000000000000000000000000000000000000000000000001"
	     "MiB")};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct ballast ballast = {.size = 7, .remedy = BALLAST_SHARED};

		assert_int_equal(ballast_parse(wrong[i], &ballast), -1);
		assert_int_equal(ballast.size, 7);
		assert_int_equal(ballast.remedy, BALLAST_SHARED);
	}
}

TEST(pages_are_written_at_their_rate_one_after_the_other)
{
	static char memory[4 * 65536] __attribute__((aligned(65536)));
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct ballast_writer *writer =
	    ballast_writer_new(memory, 4 * page, 200);
	uint64_t start = writer->since_ns, ms = 1000000;

	assert_int_equal(ballast_writer_due(writer), start + 10 * ms);
	ballast_writer_run(writer, start + 9 * ms);
	assert_int_equal(writer->written, 0);
	ballast_writer_run(writer, start + 13 * ms);
	assert_int_equal(writer->written, 2); /* one each 5 ms */
	assert_int_equal(writer->since_ns, start + 10 * ms);
	ballast_writer_run(writer, start + 40 * ms);
	assert_int_equal(writer->written, 8);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(memory[i * page], 2);
	/* After a standstill of 10 s: those of a tenth of a second. */
	ballast_writer_run(writer, start + 10000 * ms);
	assert_int_equal(writer->written, 28);
	assert_int_equal(ballast_writer_due(NULL), UINT64_MAX);
	ballast_writer_run(NULL, start);
}

TEST(a_slow_writer_waits_for_a_whole_page)
{
	static char memory[65536];
	struct ballast_writer *writer =
	    ballast_writer_new(memory, sizeof(memory), 1);
	uint64_t start = writer->since_ns;

	assert_int_equal(ballast_writer_due(writer), start + 1000000000);
	ballast_writer_run(writer, start + 1000000000);
	assert_int_equal(writer->written, 1);
}

TEST(page_tables_are_those_that_a_fork_copies)
{
	struct ballast ballast = {.size = 1024 * MIB};
	uint64_t pages = ballast.size / (uint64_t)sysconf(_SC_PAGESIZE);

	assert_int_equal(ballast_tables_kib(&ballast), pages * 8 / 1024);
	ballast.remedy = BALLAST_HUGE;
	assert_int_equal(ballast_tables_kib(&ballast), pages * 8 / 1024);
	ballast.remedy = BALLAST_DONTFORK;
	assert_int_equal(ballast_tables_kib(&ballast), 0);
	ballast.remedy = BALLAST_SHARED;
	assert_int_equal(ballast_tables_kib(&ballast), 0);
	assert_int_equal(ballast_tables_kib(&(struct ballast){0}), 0);
}

TEST(available_memory_is_some_of_what_there_is)
{
	uint64_t all =
	    (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t available = memory_available();

	assert_true(available > MIB);
	assert_true(available <= all);
}

RUN_TESTS(NULL, NULL)
