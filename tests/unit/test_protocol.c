/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/load/protocol_table.h"

static const uint32_t CONNECTIONS[] = {
    1, 2, 3, 7, 16, 32, 64, 100, 1000, 4096, 10000};

TEST(protocols_are_found_by_name)
{
	for (const struct protocol *const *p = PROTOCOL_TABLE; *p; p++) {
		assert_ptr_equal(protocol_find((*p)->name), *p);
		assert_true(strlen((*p)->summary) > 0);
	}
	assert_non_null(protocol_find("echo"));
	assert_true(protocol_find("echo")->echoes);
	assert_true(protocol_find("hello")->closes);
	assert_false(protocol_find("http")->datagrams);
	assert_false(protocol_find("ws")->datagrams);
	assert_null(protocol_find("gopher"));
	assert_null(protocol_find(""));
	assert_null(protocol_find("ech"));
}

/* The offset of a request: equal offsets are equal bytes. */
static size_t
place(const struct payload *p, uint32_t connection, uint64_t number)
{
	return (size_t)(payload_request(p, connection, number) - p->table);
}

TEST(a_request_is_the_same_each_time)
{
	struct payload one, two;

	assert_int_equal(payload_init(&one, 64, 16), 0);
	assert_int_equal(payload_init(&two, 64, 16), 0);
	for (uint64_t number = 1; number < 3000; number++)
		assert_memory_equal(payload_request(&one, 5, number),
		    payload_request(&two, 5, number), 64);
	payload_release(&one);
	payload_release(&two);
	payload_release(&two); /* harmless */
}

/* Reads all its bytes: sanitizers report one beyond the table. */
TEST(a_request_has_its_size)
{
	static const size_t sizes[] = {1, 7, 8, 64, 100000};

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct payload p;
		unsigned sum = 0;

		assert_int_equal(payload_init(&p, sizes[i], 1), 0);
		for (uint64_t number = 65000; number < 66000; number++) {
			const char *at = payload_request(&p, 0, number);

			sum += (unsigned char)at[0];
			sum += (unsigned char)at[sizes[i] - 1];
		}
		assert_int_not_equal(sum, 0);
		payload_release(&p);
	}
}

TEST(different_offsets_have_different_bytes)
{
	struct payload p;
	uint64_t random = 4;

	assert_int_equal(payload_init(&p, 64, 1), 0);
	for (int i = 0; i < 200000; i++) {
		uint64_t a = random_next(&random) % 65536;
		uint64_t b = i % 2 ? (a + 1 + (unsigned)i / 2 % 64) % 65536
				   : random_next(&random) % 65536;

		if (place(&p, 0, a) != place(&p, 0, b))
			assert_memory_not_equal(payload_request(&p, 0, a),
			    payload_request(&p, 0, b), 16);
	}
	payload_release(&p);
}

TEST(requests_in_flight_differ)
{
	for (size_t c = 0; c < COUNT_OF(CONNECTIONS); c++) {
		static bool taken[1 << 17];
		struct payload p;

		assert_int_equal(payload_init(&p, 64, CONNECTIONS[c]), 0);
		for (uint64_t number = 1; number < 400; number += 57) {
			memset(taken, 0, sizeof(taken));
			for (uint32_t i = 0; i < CONNECTIONS[c]; i++) {
				/* every second connection is one ahead */
				size_t at = place(&p, i, number + i % 2);

				assert_false(taken[at]);
				taken[at] = true;
			}
		}
		payload_release(&p);
	}
}

TEST(a_request_differs_from_the_one_before)
{
	for (size_t c = 0; c < COUNT_OF(CONNECTIONS); c++) {
		struct payload p;

		assert_int_equal(payload_init(&p, 64, CONNECTIONS[c]), 0);
		for (uint64_t number = 1; number < 200000; number++)
			assert_int_not_equal(
			    place(&p, 0, number), place(&p, 0, number + 1));
		payload_release(&p);
	}
}

/*
 * One connection waits while the others send a hundred thousand requests: none
 * of them may equal the one that waits.
 */
TEST(a_waiting_request_differs_from_later_ones_of_other_connections)
{
	for (size_t c = 1; c < COUNT_OF(CONNECTIONS); c++) {
		struct payload p;
		size_t waiting;

		assert_int_equal(payload_init(&p, 64, CONNECTIONS[c]), 0);
		waiting = place(&p, 0, 1);
		for (uint64_t number = 1; number < 100000; number++) {
			if (place(&p, 1, number) == waiting)
				fail_msg("of %u connections, number %u of the "
					 "second is number 1 of the first",
				    CONNECTIONS[c], (unsigned)number);
		}
		payload_release(&p);
	}
}

/* Up to the maximum of --connections, and at the powers of two where the
 * offsets could wrap to the beginning of the table. */
TEST(consecutive_requests_differ_with_many_connections)
{
	static const uint32_t many[] = {32768, 65535, 65536, 131072, 1000000};

	for (size_t c = 0; c < COUNT_OF(many); c++) {
		struct payload p;

		assert_int_equal(payload_init(&p, 64, many[c]), 0);
		for (uint64_t number = 1; number < 1000; number++) {
			if (place(&p, 0, number) == place(&p, 0, number + 1))
				fail_msg("of %u connections, the first sends "
					 "the same twice",
				    many[c]);
		}
		payload_release(&p);
	}
}

RUN_TESTS(NULL, NULL)
