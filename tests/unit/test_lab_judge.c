/* SPDX-License-Identifier: MIT */
/*
 * The judgements of the labs that measure: what their pages explain is shown,
 * and each other outcome is the answer that it is.
 */
#include "tests/unit/unit.h"

#include "common/lab/lab_table.h"

static struct lab_judgement judgement;

/* FACTS is "key=value key=value"; of a key that comes twice, the later. */
static void
set(struct lab_facts *facts, const char *text)
{
	char key[LAB_KEY];
	double value;
	int len;

	while (sscanf(text, " %47[^=]=%lf%n", key, &value, &len) == 2) {
		lab_facts_set(facts, key, value);
		text += len;
	}
	assert_int_equal(*text, '\0');
}

/* Judges FACTS with those of CHANGE changed. */
static char
answer(const char *lab, const char *facts, const char *change)
{
	static struct lab_facts all;

	all.count = 0;
	lab_set_parameters(lab_find(lab), 0, &all);
	set(&all, facts);
	set(&all, change);
	memset(&judgement, 0, sizeof(judgement));
	lab_find(lab)->judge(&all, &judgement);
	assert_true(judgement.reason[0][0] && judgement.reason[1][0]);
	return judgement.answer;
}

static void
is_shown(const char *lab, const char *facts, const char *change)
{
	assert_int_equal(answer(lab, facts, change), 'B');
	assert_true(judgement.shown);
}

static void
is_not_shown(
    const char *lab, const char *facts, const char *change, char expected)
{
	char letter = answer(lab, facts, change);

	assert_false(judgement.shown);
	if (letter != expected)
		fail_msg("%s: %c, not %c", change, letter, expected);
}

TEST(bigparent_is_flat_for_threads_and_grows_for_forks)
{
	static const char lab[] = "bigparent";
	static const char facts[] =
	    "thread.none_us=99 thread.small_us=100 thread.large_us=120 "
	    "fork.none_us=170 fork.small_us=1000 fork.large_us=20000";

	is_shown(lab, facts, "");
	is_shown(lab, facts, "fork.large_us=4000");
	is_shown(lab, facts, "thread.large_us=290");
	is_not_shown(lab, facts, "fork.large_us=1100", 'A');
	is_not_shown(lab, facts, "thread.large_us=1600", 'C');
	is_not_shown(lab, facts, "fork.large_us=1000000", 'D');
	/* A busy machine delays a thread, and interrupts a long fork; their
	 * CPU time stays. */
	is_shown(lab, facts,
	    "thread.small_cpu_us=50 thread.large_cpu_us=60 "
	    "thread.large_us=1600");
	is_shown(lab, facts,
	    "fork.small_cpu_us=900 fork.large_cpu_us=19000 "
	    "fork.large_us=1000000");
	is_not_shown(
	    lab, facts, "fork.small_cpu_us=900 fork.large_cpu_us=1000", 'A');
	is_shown(lab, "fork.small_us=1000 fork.large_us=20000", "");
	is_shown(lab, "thread.small_us=100 thread.large_us=100", "");
}

TEST(weight_lies_between_rss_and_pss_and_above_threads)
{
	static const char lab[] = "weight";
	static const char facts[] =
	    "thread.processes=1 thread.vsz_kib=1000000 thread.rss_kib=5000 "
	    "thread.pss_kib=5000 thread.real_kib=13000 thread.each_kib=25 "
	    "fork.processes=501 fork.vsz_kib=740000 fork.rss_kib=165000 "
	    "fork.pss_kib=6700 fork.real_kib=36000 fork.each_kib=72";

	is_shown(lab, facts, "");
	is_not_shown(lab, facts, "fork.rss_kib=40000", 'A');
	is_not_shown(lab, facts, "fork.pss_kib=30000", 'C');
	is_not_shown(lab, facts, "fork.each_kib=26", 'B');
	is_not_shown(lab, facts, "thread.processes=2", 'B');
	is_not_shown(lab, facts, "thread.vsz_kib=4000", 'B');
}

TEST(backlog_lets_one_more_connect_and_the_others_after_a_retry)
{
	static const char lab[] = "backlog";
	static const char facts[] =
	    "thread.at_once=9 thread.late=31 thread.served=40 "
	    "fork.at_once=9 fork.late=31 fork.served=40";

	is_shown(lab, facts, "");
	is_shown(lab, facts, "fork.at_once=10 fork.late=30");
	is_not_shown(lab, facts, "fork.served=39", 'A');
	is_not_shown(lab, facts, "fork.at_once=9 fork.late=0", 'C');
	is_not_shown(lab, facts, "fork.at_once=11 fork.late=29", '\0');
	is_not_shown(lab, facts, "fork.at_once=7 fork.late=33", '\0');
}

TEST(knee_is_where_the_cpu_is_full)
{
	static const char lab[] = "knee";
	static const char facts[] =
	    "thread.sleep_rate_0=48 thread.sleep_ms_0=20.8 "
	    "thread.sleep_rate_2=768 thread.sleep_ms_2=20.8 "
	    "thread.spin_rate_0=900 thread.spin_ms_0=1.1 "
	    "thread.spin_rate_2=950 thread.spin_ms_2=16.5 "
	    "thread.closed_p99_ms=1 thread.open_p99_ms=390 "
	    "fork.sleep_rate_0=47 fork.sleep_ms_0=21 "
	    "fork.sleep_rate_2=750 fork.sleep_ms_2=21 "
	    "fork.spin_rate_0=890 fork.spin_ms_0=1.1 "
	    "fork.spin_rate_2=940 fork.spin_ms_2=16.6 "
	    "fork.closed_p99_ms=1 fork.open_p99_ms=390";

	is_shown(lab, facts, "");
	is_not_shown(lab, facts, "thread.spin_rate_2=9000", 'A');
	is_not_shown(lab, facts, "fork.sleep_rate_2=300", 'C');
	is_not_shown(
	    lab, facts, "thread.sleep_rate_2=50 fork.sleep_rate_2=50", 'D');
	is_not_shown(lab, facts, "fork.open_p99_ms=9", 'B');
	is_not_shown(lab, facts, "fork.sleep_ms_2=24", 'B');
}

TEST(drain_answers_all_and_sigkill_leaves_orphans_alone)
{
	static const char lab[] = "drain";
	static const char facts[] =
	    "thread.term_answered=20 thread.clean=1 thread.kill_answered=0 "
	    "thread.kill_orphans=0 thread.group_answered=0 "
	    "fork.term_answered=20 fork.clean=1 fork.kill_answered=20 "
	    "fork.kill_orphans=20 fork.group_answered=0";

	is_shown(lab, facts, "");
	is_not_shown(
	    lab, facts, "fork.kill_answered=0 fork.kill_orphans=0", 'A');
	is_not_shown(
	    lab, facts, "fork.term_answered=0 thread.term_answered=0", 'C');
	is_not_shown(lab, facts, "thread.kill_answered=20", 'D');
	is_not_shown(lab, facts, "fork.clean=0", 'B');
}

RUN_TESTS(NULL, NULL)
