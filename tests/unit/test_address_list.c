/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>

#include "common/net/address_list.h"

static void
takes(const char *text, uint32_t count, const char *first, const char *last)
{
	struct address_list sources = {0};
	char word[ADDRESS_TEXT_MAX];

	assert_int_equal(address_list_parse(&sources, text), 0);
	assert_int_equal(sources.count, count);
	assert_string_equal(
	    address_list_format(&sources.addresses[0], word), first);
	assert_string_equal(
	    address_list_format(&sources.addresses[count - 1], word), last);
	address_list_release(&sources);
	address_list_release(&sources); /* harmless */
}

TEST(a_list_has_addresses_and_ranges)
{
	takes("127.0.0.1", 1, "127.0.0.1", "127.0.0.1");
	takes("10.0.0.1,10.0.0.9", 2, "10.0.0.1", "10.0.0.9");
	takes("127.0.0.250-127.0.1.5", 12, "127.0.0.250", "127.0.1.5");
	takes("127.0.0.1-127.0.0.1", 1, "127.0.0.1", "127.0.0.1");
	takes("127.0.0.9,127.0.0.1-127.0.0.3", 4, "127.0.0.9", "127.0.0.3");
	takes("127.0.0.1-127.0.4.0", 1024, "127.0.0.1", "127.0.4.0");
	takes("::1", 1, "::1", "::1");
	takes("fd00::ffff-fd00::1:1", 3, "fd00::ffff", "fd00::1:1");
	takes("255.255.255.254-255.255.255.255", 2, "255.255.255.254",
	    "255.255.255.255");
}

TEST(lists_are_appended)
{
	struct address_list sources = {0};

	assert_int_equal(address_list_parse(&sources, "127.0.0.1"), 0);
	assert_int_equal(address_list_parse(&sources, "127.0.0.2"), 0);
	assert_int_equal(sources.count, 2);
	assert_int_equal(address_list_parse(&sources, "::1"), -1);
	address_list_release(&sources);
}

TEST(other_texts_are_refused)
{
	static const char *const bad[] = {"", ",", "127.0.0.1,", "127.0.0.1-",
	    "-127.0.0.1", "127.0.0.1:7", "[::1]", "localhost", "127.1",
	    "127.0.0.2-127.0.0.1", "127.0.0.1-::1", "127.0.0.1,::1",
	    "127.0.0.1-127.0.0.2-127.0.0.3", "10.0.0.0-10.0.4.0",
	    "0.0.0.0-255.255.255.255", "127.0.0.1 ", "::1%lo",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333"};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct address_list sources = {0};

		if (address_list_parse(&sources, bad[i]) != -1)
			fail_msg("\"%s\" is taken", bad[i]);
		address_list_release(&sources);
	}
}

TEST(the_first_address_that_cannot_be_bound_is_reported)
{
	struct address_list sources = {0};
	const struct address *which = NULL;
	char word[ADDRESS_TEXT_MAX];

	/* 192.0.2.0/24 is for documentation (RFC 5737): no machine has it. */
	assert_int_equal(
	    address_list_parse(&sources, "127.0.0.1,192.0.2.7"), 0);
	assert_int_equal(address_list_check(&sources, &which), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
	assert_string_equal(address_list_format(which, word), "192.0.2.7");
	sources.count = 1;
	assert_int_equal(address_list_check(&sources, &which), 0);
	address_list_release(&sources);
}

RUN_TESTS(NULL, NULL)
