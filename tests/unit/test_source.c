/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/server/source.h"

enum { WORKERS = 64, NAMES = 200 };

/* The model: a list that is searched from the start. */
static struct {
	uint64_t name, live;
} model[NAMES];
static uint64_t live; /* in all */

static struct source_table table;
static void *memory;

static int
make_table(void **state)
{
	(void)state;
	memory = calloc(1, source_table_size(WORKERS));
	source_table_init(&table, memory, WORKERS);
	live = 0;
	for (size_t i = 0; i < NAMES; i++) {
		/* neighbours, as addresses are; 0 and the largest too */
		model[i].name = i < 100 ? i << 32 : UINT64_MAX - i + 100;
		model[i].live = 0;
	}
	return memory ? 0 : -1;
}

static int
free_table(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static void
agrees(void)
{
	for (size_t i = 0; i < NAMES; i++)
		assert_int_equal(
		    source_live(&table, model[i].name), model[i].live);
}

static void
add(size_t i)
{
	source_add(&table, model[i].name);
	model[i].live++;
	live++;
}

static void
take(size_t i)
{
	source_remove(&table, model[i].name);
	model[i].live--;
	live--;
}

/* Adds and removes among the first NAMES_USED, and empties the table. */
static void
play(int steps, size_t names_used)
{
	uint64_t random = 20;

	for (int step = 0; step < steps; step++) {
		size_t i = random_next(&random) % names_used;
		/* lean to full for a while, then to empty */
		bool more = random_next(&random) % 8 < (step & 512 ? 5 : 3);

		if (more && live < WORKERS)
			add(i);
		else if (model[i].live)
			take(i);
		assert_int_equal(
		    source_live(&table, model[i].name), model[i].live);
		if (step % 16 == 0)
			agrees();
	}
	for (size_t i = 0; i < NAMES; i++) {
		while (model[i].live)
			take(i);
		agrees();
	}
	/* Nothing is left that a later search would have to walk over. */
	for (size_t i = 0; i <= table.mask; i++)
		assert_int_equal(table.at[i].live, 0);
}

#define TABLE_TEST(name) TEST_WITH(name, make_table, free_table)

TABLE_TEST(random_play_agrees_with_a_list)
{
	play(20000, NAMES);
	play(20000, 20); /* several workers for each */
}

/* The key that a second factor of 0 makes: all names share one home, so the
 * table is one chain. */
TABLE_TEST(random_play_agrees_in_one_chain)
{
	table.key[0] = 0;
	table.key[1] = 0x9e3779b97f4a7c15ULL;
	play(20000, NAMES);
}

/* The chain runs over the end of the table, wherever its home is. */
TABLE_TEST(a_chain_wraps_around)
{
	for (uint64_t key = 1; key <= 200; key++) {
		table.key[0] = key;
		table.key[1] = key << 40;
		play(300, NAMES);
	}
}

TABLE_TEST(removal_of_an_unknown_source_changes_nothing)
{
	source_remove(&table, 4711);
	agrees();
	for (size_t i = 0; i < 30; i++)
		add(i);
	for (size_t i = 30; i < NAMES; i++)
		source_remove(&table, model[i].name);
	agrees();
}

TABLE_TEST(a_table_holds_as_many_sources_as_workers)
{
	for (size_t i = 0; i < WORKERS; i++)
		add(i);
	agrees();
	for (size_t i = WORKERS; i-- > 0;) {
		take(i);
		agrees();
	}
}

TABLE_TEST(a_table_is_at_most_half_full)
{
	static const size_t sizes[] = {0, 1, 7, 8, 9, 64, 65, 1000, 1000000};

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		size_t slots =
		    source_table_size(sizes[i]) / sizeof(struct source_count);
		struct source_table one;

		source_table_init(&one, NULL, sizes[i]);
		assert_true(slots >= 2 * sizes[i]);
		assert_true(slots >= 2);
		assert_int_equal(one.mask, slots - 1);
		assert_int_equal(slots & one.mask, 0);
	}
}

TABLE_TEST(each_table_has_its_own_key)
{
	struct source_table other;

	source_table_init(&other, NULL, WORKERS);
	assert_memory_not_equal(other.key, table.key, sizeof(other.key));
}

RUN_TESTS(NULL, NULL)
