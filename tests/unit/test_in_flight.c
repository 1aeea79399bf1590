/* SPDX-License-Identifier: MIT */
/* in_flight: under which fault a message is counted, and that counts add up. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "common/chatload/in_flight.h"

enum { SLOTS = 8 };

struct both {
	struct in_flight w;
	struct load_result r;
};

static int
setup(void **state)
{
	struct both *both = calloc(1, sizeof(*both));

	assert_non_null(both);
	assert_int_equal(load_result_init(&both->r), 0);
	assert_int_equal(in_flight_init(&both->w, SLOTS, false, &both->r), 0);
	*state = both;
	return 0;
}

static int
teardown(void **state)
{
	struct both *both = *state;

	in_flight_release(&both->w);
	in_flight_release(&both->w); /* harmless */
	load_result_release(&both->r);
	free(both);
	return 0;
}

/* Checks the counters and that they add up. */
static void
assert_counts(const struct both *both, uint64_t ok, uint64_t wrong,
    uint64_t timed_out, uint64_t failed)
{
	const struct load_result *r = &both->r;
	uint64_t errors = 0;

	assert_int_equal(r->ok, ok);
	assert_int_equal(r->wrong, wrong);
	assert_int_equal(r->timed_out, timed_out);
	assert_int_equal(r->failed, failed);
	assert_int_equal(
	    r->begun, ok + wrong + timed_out + failed + both->w.under_way);
	for (int i = 0; i < LOAD_RESULT_ERRNOS; i++)
		errors += r->errors[i];
	assert_int_equal(errors, failed);
}

/* Begins a message for MISSING members and sends it at SENT. */
static uint64_t
begin(struct both *both, uint64_t sent, uint32_t missing)
{
	uint64_t number = in_flight_begin(&both->w, sent, sent, missing, false);

	in_flight_sent(&both->w, number, sent);
	return number;
}

#define FLIGHT_TEST(name) TEST_WITH(name, setup, teardown)

FLIGHT_TEST(a_message_is_ok_after_its_last_delivery)
{
	struct both *both = *state;
	uint64_t one = begin(both, 1000, 3);

	assert_int_equal(one, 1);
	in_flight_delivered(&both->w, one, 1100);
	in_flight_delivered(&both->w, one, 1200);
	assert_counts(both, 0, 0, 0, 0);
	in_flight_delivered(&both->w, one, 1300);
	assert_counts(both, 1, 0, 0, 0);
	assert_int_equal(both->r.latency.total, 3);
	assert_int_equal(both->r.latency.min, 100);
	assert_int_equal(both->r.latency.max, 300);
	assert_int_equal(both->r.complete.total, 1);
	assert_int_equal(both->r.complete.max, 300);
	assert_int_equal(both->r.service.total, 0);
	assert_int_equal(both->w.first_ns, 1000);
	assert_int_equal(both->w.last_ns, 1300);
}

FLIGHT_TEST(latency_of_a_scheduled_message_counts_from_its_due_time)
{
	struct both *both = *state;
	uint64_t one;

	both->w.scheduled = true;
	one = in_flight_begin(&both->w, 1000, 1040, 1, false);
	in_flight_sent(&both->w, one, 1050);
	in_flight_delivered(&both->w, one, 1300);
	assert_int_equal(both->r.latency.max, 300);
	assert_int_equal(both->r.service.max, 250);
	assert_int_equal(both->r.complete.max, 300);
	assert_int_equal(both->r.send_lag.max, 50);
}

FLIGHT_TEST(a_message_is_not_over_before_its_guest_has_left)
{
	struct both *both = *state;
	uint64_t one = in_flight_begin(&both->w, 0, 0, 1, true);

	in_flight_delivered(&both->w, one, 10);
	assert_counts(both, 0, 0, 0, 0);
	in_flight_sender_left(&both->w, one);
	assert_counts(both, 1, 0, 0, 0);
	one = in_flight_begin(&both->w, 0, 0, 1, true);
	in_flight_sender_left(&both->w, one);
	assert_counts(both, 1, 0, 0, 0);
	in_flight_delivered(&both->w, one, 10);
	assert_counts(both, 2, 0, 0, 0);
}

FLIGHT_TEST(the_worst_fault_counts)
{
	struct both *both = *state;
	uint64_t one = begin(both, 0, 2);

	in_flight_fail(&both->w, one, ECONNRESET);
	assert_true(in_flight_mark_wrong(&both->w, one));
	in_flight_fail(&both->w, one, EPIPE);
	in_flight_time_out(&both->w, one);
	assert_counts(both, 0, 1, 0, 0);
	one = begin(both, 0, 2);
	in_flight_fail(&both->w, one, ECONNRESET);
	in_flight_time_out(&both->w, one);
	assert_counts(both, 0, 1, 0, 1);
	assert_int_equal(both->r.errors[ECONNRESET], 1);
	one = begin(both, 0, 2);
	in_flight_time_out(&both->w, one);
	assert_counts(both, 0, 1, 1, 1);
}

FLIGHT_TEST(a_message_with_a_fault_has_no_completion_time)
{
	struct both *both = *state;
	uint64_t one = begin(both, 0, 1);

	in_flight_mark_wrong(&both->w, one);
	in_flight_delivered(&both->w, one, 10);
	assert_counts(both, 0, 1, 0, 0);
	assert_int_equal(both->r.latency.total, 1);
	assert_int_equal(both->r.complete.total, 0);
}

FLIGHT_TEST(deliveries_after_the_timeout_change_nothing)
{
	struct both *both = *state;
	uint64_t one = begin(both, 0, 2);

	in_flight_delivered(&both->w, one, 10);
	in_flight_time_out(&both->w, one);
	in_flight_delivered(&both->w, one, 20);
	in_flight_count_down(&both->w, one);
	in_flight_end(&both->w, one);
	in_flight_fail(&both->w, one, EPIPE);
	assert_false(in_flight_mark_wrong(&both->w, one));
	assert_counts(both, 0, 0, 1, 0);
	assert_int_equal(both->r.latency.total, 1);
}

FLIGHT_TEST(a_message_counted_as_ok_can_become_wrong_once)
{
	struct both *both = *state;
	uint64_t one = begin(both, 0, 1);

	in_flight_delivered(&both->w, one, 10);
	assert_counts(both, 1, 0, 0, 0);
	assert_true(in_flight_mark_wrong(&both->w, one));
	assert_false(in_flight_mark_wrong(&both->w, one));
	assert_counts(both, 0, 1, 0, 0);
}

FLIGHT_TEST(a_fault_of_a_message_outside_the_ring_hits_the_latest)
{
	struct both *both = *state;

	for (uint64_t i = 0; i < 2 * SLOTS; i++)
		in_flight_delivered(&both->w, begin(both, 0, 1), 10);
	assert_null(in_flight_find(&both->w, SLOTS));
	assert_non_null(in_flight_find(&both->w, SLOTS + 1));
	assert_true(in_flight_mark_wrong(&both->w, 3));
	assert_counts(both, 2 * SLOTS - 1, 1, 0, 0);
	assert_int_equal(
	    in_flight_find(&both->w, 2 * SLOTS)->fault, IN_FLIGHT_WRONG);
}

FLIGHT_TEST(a_fault_before_the_first_message_counts_one_more)
{
	struct both *both = *state;

	assert_null(in_flight_find(&both->w, 0));
	assert_null(in_flight_find(&both->w, 1));
	assert_true(in_flight_mark_wrong(&both->w, 1));
	in_flight_fail_completed(&both->w, EPIPE);
	assert_counts(both, 0, 1, 0, 1);
}

FLIGHT_TEST(a_failure_between_messages_hits_the_latest_ok_one)
{
	struct both *both = *state;

	for (int i = 0; i < 3; i++)
		in_flight_delivered(&both->w, begin(both, 0, 1), 10);
	in_flight_mark_wrong(&both->w, 3);
	in_flight_fail_completed(&both->w, 0);
	assert_counts(both, 1, 1, 0, 1);
	assert_int_equal(in_flight_find(&both->w, 2)->fault, IN_FLIGHT_FAILED);
	assert_int_equal(both->r.errors[0], 1);
}

FLIGHT_TEST(there_is_room_when_the_oldest_message_is_over)
{
	struct both *both = *state;
	uint64_t number;

	for (uint64_t i = 0; i < SLOTS; i++) {
		assert_true(in_flight_has_room(&both->w));
		begin(both, i, 1);
	}
	assert_false(in_flight_has_room(&both->w));
	in_flight_delivered(&both->w, 2, 10);
	assert_false(in_flight_has_room(&both->w));
	assert_non_null(in_flight_first(&both->w, &number));
	assert_int_equal(number, 1);
	in_flight_delivered(&both->w, 1, 10);
	assert_true(in_flight_has_room(&both->w));
	assert_non_null(in_flight_first(&both->w, &number));
	assert_int_equal(number, 3);
}

FLIGHT_TEST(an_errno_beyond_the_table_is_counted)
{
	struct both *both = *state;

	in_flight_fail(&both->w, begin(both, 0, 1), 5000);
	in_flight_end(&both->w, 1);
	assert_counts(both, 0, 0, 0, 1);
}

RUN_TESTS(NULL, NULL)
