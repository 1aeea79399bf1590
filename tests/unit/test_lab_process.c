/* SPDX-License-Identifier: MIT */
/* lab_process: what the labs leak, zombie, crash, stdio and eintr take for
 * shown: the facts of their pages, of both servers or of one, and no others. */
#include "tests/unit/unit.h"

#include "common/lab/lab_table.h"

struct fact {
	const char *key;
	double value;
};

/* A run as its page explains it; the parameters come first. */
struct outcome {
	const char *lab;
	char answer;
	struct fact facts[24];
};

static const struct outcome OUTCOMES[] = {
    {"crash", 'B',
	{{"clients", 64}, {"thread.lost", 64}, {"thread.serves_new", 0},
	    {"thread.server_died", 1}, {"fork.lost", 1}, {"fork.serves_new", 1},
	    {"fork.server_died", 0}}},
    {"leak", 'C',
	{{"clients", 8}, {"thread.bug_ends", 0}, {"thread.bug_more", 8},
	    {"thread.shipped_ends", 8}, {"thread.shipped_more", 0},
	    {"fork.bug_ends", 0}, {"fork.bug_more", 8},
	    {"fork.shipped_ends", 8}, {"fork.shipped_more", 0}}},
    {"zombie", 'B',
	{{"children", 50}, {"thread.zombies1", 0}, {"thread.zombies2", 0},
	    {"thread.zombies3", 0}, {"thread.collected", 150},
	    {"thread.accepted", 150}, {"fork.zombies1", 49},
	    {"fork.zombies2", 98}, {"fork.zombies3", 147},
	    {"fork.collected", 3}, {"fork.accepted", 150}}},
    {"stdio", 'C',
	{{"clients", 3}, {"thread.lines", 3}, {"thread.line1", 1},
	    {"thread.line2", 1}, {"thread.line3", 1}, {"fork.lines", 9},
	    {"fork.line1", 4}, {"fork.line2", 3}, {"fork.line3", 2}}},
    {"eintr", 'A',
	{{"clients", 20}, {"thread.bug_lost", 20}, {"thread.shipped_lost", 0},
	    {"fork.bug_lost", 20}, {"fork.shipped_lost", 0}}},
};

static struct lab_judgement
judge(const struct outcome *outcome, const struct lab_facts *facts)
{
	struct lab_judgement judgement = {.shown = false};

	lab_find(outcome->lab)->judge(facts, &judgement);
	return judgement;
}

/* The facts, without those of the model LEFT_OUT (NULL: all). */
static struct lab_facts
facts_of(const struct outcome *outcome, const char *left_out)
{
	struct lab_facts facts = {.count = 0};

	for (const struct fact *fact = outcome->facts; fact->key; fact++)
		if (!left_out ||
		    strncmp(fact->key, left_out, strlen(left_out)) != 0)
			lab_facts_set(&facts, fact->key, fact->value);
	return facts;
}

TEST(the_facts_of_the_page_show_its_answer)
{
	for (size_t i = 0; i < COUNT_OF(OUTCOMES); i++) {
		struct lab_facts facts = facts_of(&OUTCOMES[i], NULL);
		struct lab_judgement judgement = judge(&OUTCOMES[i], &facts);

		assert_true(judgement.shown);
		assert_int_equal(judgement.answer, OUTCOMES[i].answer);
		assert_string_not_equal(judgement.reason[0], "");
		assert_string_not_equal(judgement.reason[1], "");
	}
}

TEST(one_server_alone_shows_its_part)
{
	static const char *const others[] = {"thread.", "fork."};

	for (size_t i = 0; i < COUNT_OF(OUTCOMES); i++)
		for (size_t m = 0; m < COUNT_OF(others); m++) {
			struct lab_facts facts =
			    facts_of(&OUTCOMES[i], others[m]);

			assert_true(judge(&OUTCOMES[i], &facts).shown);
		}
}

TEST(no_fact_may_be_another_one)
{
	for (size_t i = 0; i < COUNT_OF(OUTCOMES); i++)
		for (const struct fact *fact = OUTCOMES[i].facts; fact->key;
		     fact++) {
			struct lab_facts facts = facts_of(&OUTCOMES[i], NULL);
			struct lab_judgement judgement;

			lab_facts_set(&facts, fact->key, fact->value + 2);
			judgement = judge(&OUTCOMES[i], &facts);
			assert_false(judgement.shown);
			assert_int_equal(judgement.answer, 0);
			assert_non_null(
			    strstr(judgement.reason[0], "expected"));
		}
}

TEST(nothing_measured_shows_nothing)
{
	for (size_t i = 0; i < COUNT_OF(OUTCOMES); i++) {
		struct lab_facts facts = {.count = 0};

		assert_false(judge(&OUTCOMES[i], &facts).shown);
	}
}

RUN_TESTS(NULL, NULL)
