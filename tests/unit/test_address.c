/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <arpa/inet.h>

#include "common/net/address.h"

TEST(text_survives_the_way_there_and_back)
{
	static const char *const texts[] = {
	    "127.0.0.1:7007",
	    "0.0.0.0:0",
	    "255.255.255.255:65535",
	    "[::]:0",
	    "[::1]:7007",
	    "[2001:db8::7]:80",
	    "[::ffff:192.0.2.1]:443",
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
	    "unix:/run/echo.sock",
	    "unix:relative",
	    "unix:a:80",
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct address address;
		char buf[ADDRESS_TEXT_MAX];

		assert_int_equal(address_parse(texts[i], &address), 0);
		assert_string_equal(address_format(&address, buf), texts[i]);
	}
}

TEST(text_of_another_form_is_rejected)
{
	static const char *const texts[] = {
	    "",
	    ":",
	    ":80",
	    "127.0.0.1",
	    "127.0.0.1:",
	    "127.0.0.1:65536",
	    "127.0.0.1:-1",
	    "127.0.0.1:+80",
	    "127.0.0.1: 80",
	    "127.0.0.1:80x",
	    "127.0.0.1:http",
	    "127.0.0.256:80",
	    "127.1:80",
	    "localhost:80",
	    "::1:80",
	    "::1",
	    "[::1]",
	    "[::1]:",
	    "[::1:80",
	    "::1]:80",
	    "[]:80",
	    "[127.0.0.1]:80",
	    "[::1]80:90",
	    "[::1]:80:90",
	    "[::g]:80",
	    "[fe80::1]:80",
	    "[fe80::1%]:80",
	    "[fe80::1%0]:80",
	    "[fe80::1%no-such-one]:80",
	    "[fe80::1%4000000000]:80",
	    "[fe80::1%5000000000]:80",
	    "[::1%no-such-one]:80",
	    "[%lo]:80",
	    "[::%lo]:80", /* it would be ignored, and all addresses taken */
	    "[::ffff:127.0.0.1%lo]:80",
	    "[2001:db8::1%lo]:80",
	    "[ff0e::1%lo]:80",
	    "[ff01::1]:80",
	    "[ff02::1]:80",
	    "127.0.0.1%lo:80",
	    "127.0.0.01:80",
	    "0x7f.0.0.1:80",
	    "2130706433:80",
	    "[1111:2222:3333:4444:5555:6666:7777:8888:9999]:80",
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:80",
	    "unix:",
	    "unix:@abstract",
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct address address;

		if (address_parse(texts[i], &address) != -1)
			fail_msg("\"%s\" is taken", texts[i]);
	}
}

/* RFC 4007 11. The first interface is the loopback, everywhere. */
TEST(a_zone_is_the_name_or_the_number_of_an_interface)
{
	struct address address;
	char buf[ADDRESS_TEXT_MAX];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    address_parse(
			i ? "[FE80::1%1]:7007" : "[fe80::1%lo]:7007", &address),
		    0);
		assert_int_equal(address.in6.sin6_scope_id, 1);
		assert_string_equal(
		    address_format(&address, buf), "[fe80::1%lo]:7007");
	}
	address.in6.sin6_scope_id = 4000000000; /* it has gone */
	assert_string_equal(
	    address_format(&address, buf), "[fe80::1%4000000000]:7007");
	assert_int_equal(address_parse("[fe80::1%lo]:1", &address), 0);
	memset(&address.in6.sin6_addr, 0xff, sizeof(address.in6.sin6_addr));
	address_format(&address, buf); /* the longest fits */
	assert_true(strlen(buf) < sizeof(buf));
}

TEST(every_way_to_write_an_address_is_the_same_address)
{
	static const struct {
		const char *text, *same;
	} cases[] = {
	    {"[2001:DB8:0000:0::000a]:80", "[2001:db8::a]:80"},
	    {"[0:0:0:0:0:0:0:1]:00080", "[::1]:80"},
	    {"[0000:0000:0000:0000:0000:0000:0000:0000]:1", "[::]:1"},
	    {"[::FFFF:7F00:1]:80", "[::ffff:127.0.0.1]:80"},
	    {"[64:ff9b::192.0.2.33]:80", "[64:ff9b::c000:221]:80"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct address address;
		char buf[ADDRESS_TEXT_MAX];

		assert_int_equal(address_parse(cases[i].text, &address), 0);
		assert_string_equal(
		    address_format(&address, buf), cases[i].same);
	}
}

TEST(a_mapped_address_is_one_of_ipv4)
{
	struct address address;
	char buf[ADDRESS_TEXT_MAX];

	address_parse("[::ffff:192.0.2.1]:443", &address);
	address_unmap(&address);
	assert_string_equal(address_format(&address, buf), "192.0.2.1:443");
	assert_int_equal(address.len, sizeof(address.in4));
	address_parse("[2001:db8::1]:443", &address);
	address_unmap(&address);
	assert_string_equal(address_format(&address, buf), "[2001:db8::1]:443");
}

TEST(the_part_that_is_not_understood_is_named)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"[::1]", ":PORT is missing"},
	    {"[::1]7", ":PORT is missing"},
	    {"[::1]x:80", ":PORT is missing after the bracket"},
	    {"[fe80::1%eth0", ":PORT is missing"},
	    {"[::1]:", "\"\" is not a port"},
	    {"[::1]:http", "\"http\" is not a port"},
	    {"[::1]:70000", "\"70000\" is not a port"},
	    {"[127.0.0.1]:80", "\"127.0.0.1\" is not an IPv6 address"},
	    {"[fe80::g%lo]:80", "\"fe80::g%lo\" is not an IPv6 address"},
	    {"[fe80::1%eth99]:80", "no interface \"eth99\""},
	    {"[fe80::1]:80", "[fe80::1%eth0]"},
	    {"[ff02::1]:80", "[ff02::1%eth0]"},
	    {"[::%lo]:80", "remove %lo"},
	    {"[::ffff:127.0.0.1%lo]:80", "remove %lo"},
	    {"[2001:db8::1%no-such-one]:80", "remove %no-such-one"},
	};
	char why[200];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		address_explain(cases[i].text, why, sizeof(why));
		if (!strstr(why, cases[i].words))
			fail_msg("%s: %s", cases[i].text, why);
	}
}

TEST(parsed_bytes_are_in_network_order)
{
	struct address address;

	assert_int_equal(address_parse("192.0.2.1:258", &address), 0);
	assert_int_equal(address.any.sa_family, AF_INET);
	assert_int_equal(address.len, sizeof(struct sockaddr_in));
	assert_memory_equal(&address.in4.sin_addr, "\xc0\x00\x02\x01", 4);
	assert_memory_equal(&address.in4.sin_port, "\x01\x02", 2);

	assert_int_equal(address_parse("[2001:db8::1]:258", &address), 0);
	assert_int_equal(address.any.sa_family, AF_INET6);
	assert_int_equal(address.len, sizeof(struct sockaddr_in6));
	assert_memory_equal(&address.in6.sin6_addr,
	    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	assert_int_equal(address.in6.sin6_scope_id, 0);
}

TEST(unix_path_may_fill_all_but_the_nul)
{
	struct address address;
	size_t most = sizeof(address.un.sun_path) - 1;
	char text[5 + sizeof(address.un.sun_path) + 1];
	char buf[ADDRESS_TEXT_MAX];

	memset(text, 'p', sizeof(text));
	memcpy(text, "unix:/", 6);
	text[5 + most] = '\0';
	assert_int_equal(address_parse(text, &address), 0);
	assert_string_equal(address_format(&address, buf), text);
	assert_int_equal(address.un.sun_path[most], '\0');

	text[5 + most] = 'p';
	text[5 + most + 1] = '\0';
	assert_int_equal(address_parse(text, &address), -1);
}

/* What accept(2) leaves of a client that has no name: the family alone. */
TEST(unix_client_without_a_name_is_just_unix)
{
	struct address address;
	char buf[ADDRESS_TEXT_MAX];

	memset(&address, 'x', sizeof(address));
	address.any.sa_family = AF_UNIX;
	address.len = sizeof(sa_family_t);
	assert_string_equal(address_format(&address, buf), "unix:");
	assert_int_equal(address_port(&address), 0);
}

TEST(split_takes_brackets_off)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} known[] = {
	    {"localhost:7007", "localhost", 7007},
	    {"[::1]:80", "::1", 80},
	    {"[example.org]:1", "example.org", 1},
	    {":0", "", 0},
	    {"[]:9", "", 9},
	    {"a.b:65535", "a.b", 65535},
	};
	char host[32];
	uint16_t port;

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		assert_int_equal(
		    address_split(known[i].text, host, sizeof(host), &port), 0);
		assert_string_equal(host, known[i].host);
		assert_int_equal(port, known[i].port);
	}
}

TEST(split_rejects_an_ambiguous_host)
{
	static const char *const texts[] = {
	    "::1:80", "::1", "a:b:80", "[::1:80", "::1]:80", "a", "a:", ""};
	char host[32];
	uint16_t port;

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (address_split(texts[i], host, sizeof(host), &port) == 0)
			fail_msg("\"%s\" is taken", texts[i]);
	}
}

TEST(split_keeps_to_the_size_of_host)
{
	char host[8];
	uint16_t port = 0;

	memset(host, '#', sizeof(host));
	assert_int_equal(address_split("abc:80", host, 4, &port), 0);
	assert_string_equal(host, "abc");
	assert_int_equal(host[4], '#');
	assert_int_equal(address_split("abcd:80", host, 4, &port), -1);
	assert_int_equal(address_split("[abc]:81", host, 4, &port), 0);
	assert_int_equal(port, 81);
}

TEST(port_can_be_set_where_there_is_one)
{
	struct address address;
	char buf[ADDRESS_TEXT_MAX];

	address_parse("127.0.0.1:1", &address);
	address_set_port(&address, 65535);
	assert_int_equal(address_port(&address), 65535);
	address_parse("[::1]:1", &address);
	address_set_port(&address, 4660);
	assert_int_equal(address_port(&address), 4660);
	assert_int_equal(ntohs(address.in6.sin6_port), 4660);
	address_parse("unix:/tmp/x", &address);
	address_set_port(&address, 80);
	assert_int_equal(address_port(&address), 0);
	assert_string_equal(address_format(&address, buf), "unix:/tmp/x");
}

static uint64_t
source_of(const char *text)
{
	struct address address;
	uint64_t source = 0;

	assert_int_equal(address_parse(text, &address), 0);
	assert_true(address_source(&address, &source));
	return source;
}

TEST(ipv4_source_is_the_whole_address)
{
	assert_int_equal(source_of("192.0.2.1:1"), source_of("192.0.2.1:2"));
	assert_int_not_equal(
	    source_of("192.0.2.1:1"), source_of("192.0.2.2:1"));
	assert_int_not_equal(
	    source_of("192.0.2.1:1"), source_of("193.0.2.1:1"));
}

TEST(ipv6_source_is_the_first_64_bits)
{
	assert_int_equal(source_of("[2001:db8:1:2::1]:1"),
	    source_of("[2001:db8:1:2:ffff:ffff:ffff:ffff]:2"));
	assert_int_not_equal(
	    source_of("[2001:db8:1:2::1]:1"), source_of("[2001:db8:1:3::1]:1"));
	assert_int_not_equal(
	    source_of("[2001:db8:1:2::1]:1"), source_of("[2002:db8:1:2::1]:1"));
}

TEST(mapped_ipv4_source_is_that_of_ipv4)
{
	assert_int_equal(
	    source_of("[::ffff:192.0.2.1]:1"), source_of("192.0.2.1:1"));
	assert_int_not_equal(source_of("[::ffff:192.0.2.1]:1"),
	    source_of("[::ffff:192.0.2.2]:1"));
	/* ::1 is not mapped: it must not be 0.0.0.1, nor 127.0.0.1. */
	assert_int_not_equal(source_of("[::1]:1"), source_of("0.0.0.1:1"));
	assert_int_not_equal(source_of("[::1]:1"), source_of("127.0.0.1:1"));
}

TEST(unix_client_has_no_source)
{
	struct address address;
	uint64_t source;

	address_parse("unix:/tmp/x", &address);
	assert_false(address_source(&address, &source));
}

RUN_TESTS(NULL, NULL)
