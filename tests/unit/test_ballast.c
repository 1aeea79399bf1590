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
	    {"65536GiB", {.size = 65536 * 1024 * MIB, .remedy = BALLAST_PLAIN}},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		struct ballast ballast;

		assert_int_equal(ballast_parse(known[i].text, &ballast), 0);
		assert_int_equal(ballast.size, known[i].ballast.size);
		assert_int_equal(ballast.remedy, known[i].ballast.remedy);
		assert_ptr_equal(ballast.text, known[i].text);
	}
}

TEST(what_is_wrong_leaves_the_result_alone)
{
	static const char *const wrong[] = {"", ":", "0", "4095", "x",
	    "1MiB:", "1MiB:plain", "1MiB:hug", "1MiB:huge ", ":huge",
	    "1MiB:shared:shared", "65537GiB",
	    ("0000000000000000000000000000000000000000000000000000000000000001"
	     "MiB")};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct ballast ballast = {.size = 7, .remedy = BALLAST_SHARED};

		assert_int_equal(ballast_parse(wrong[i], &ballast), -1);
		assert_int_equal(ballast.size, 7);
		assert_int_equal(ballast.remedy, BALLAST_SHARED);
	}
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
