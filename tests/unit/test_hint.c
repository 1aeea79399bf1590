/* SPDX-License-Identifier: MIT */
/* hint: what is typed wrong, and what it was to be. */
#include "tests/unit/unit.h"

#include "common/base/hint.h"
#include "common/net/address.h"
#include "common/net/address_hint.h"

static char why[HINT_MAX];

TEST(quantities_are_told_how_they_are_written)
{
	static const struct {
		enum quantity kind;
		const char *text, *why;
	} cases[] = {
	    {QUANTITY_DURATION, "5", "it has no unit: write 5s for seconds"},
	    {QUANTITY_DURATION, "1.5",
		"it has no unit: write 1.5s for seconds"},
	    {QUANTITY_DURATION, "2min", "write 2m"},
	    {QUANTITY_DURATION, "3000\u00b5s", "write 3000us"},
	    {QUANTITY_DURATION, "1,5s", "it has a comma in it: write 1.5s"},
	    {QUANTITY_DURATION, "s", "it does not begin with a digit"},
	    {QUANTITY_DURATION, "0s", "it is too small"},
	    {QUANTITY_DURATION, "999h", "it is too large"},
	    {QUANTITY_SIZE, "64KB", "write 64k"},
	    {QUANTITY_SIZE, "64Ki", "write 64KiB"},
	    {QUANTITY_SIZE, "1e3", "it is not in decimal notation: write 1000"},
	    {QUANTITY_COUNT, "12M", "write 12000000"},
	    {QUANTITY_COUNT, "1.5", "it is not a whole number"},
	    {QUANTITY_COUNT, "1_000", "remove the separators: write 1000"},
	    {QUANTITY_COUNT, "99999999999999999999", "it is too large"},
	    {QUANTITY_PERCENT, "3,5%", "it has a comma in it: write 3.5%"},
	    {QUANTITY_PERCENT, "-3", "it is negative"},
	    {QUANTITY_DURATION, "0", "it is too small"},
	    {QUANTITY_DURATION, "5 sec", "write 5s"},
	    {QUANTITY_DURATION, "5.s",
		"a digit is missing after the point: write 5s"},
	    {QUANTITY_DURATION, "1.5ns", "it is not a whole number"},
	    {QUANTITY_DURATION, "1,000ms",
		"its comma may be a point, or may group digits"},
	    {QUANTITY_DURATION, "2000h", "it is too large"},
	    {QUANTITY_SIZE, "1.5", "it is not a whole number"},
	    {QUANTITY_SIZE, "1,024,000",
		"remove the separators: write 1024000"},
	    {QUANTITY_SIZE, "64TB", "TB is not a unit"},
	    {QUANTITY_SIZE, "1b", "it is too small"},
	    {QUANTITY_COUNT, "1e99", "it is too large"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		why[0] = '\0';
		hint_quantity(cases[i].kind, cases[i].text, 1000, 1000000000000,
		    why, sizeof(why));
		assert_string_equal(why, cases[i].why);
	}
}

/* Whoever writes what the line says is not refused again. */
static void
check_instead(enum address_user user)
{
	char word[HINT_MAX], host[HINT_MAX];
	struct address address;
	uint16_t port;
	size_t len;
	char *instead = hint_instead(why, &len);

	if (!instead)
		return;
	snprintf(word, sizeof(word), "%.*s", (int)len, instead);
	instead = word;
	if (strncmp(word, "udp:", 4) == 0 ||
	    (user == ADDRESS_FOR_CLIENT && strncmp(word, "tls:", 4) == 0))
		instead += 4;
	if (address_parse(instead, &address) == 0)
		return;
	if (address_split(instead, host, sizeof(host), &port) < 0 ||
	    (user == ADDRESS_FOR_CLIENT && !host[0]))
		fail_msg("%s", why);
}

TEST(addresses_are_told_whole)
{
	static const struct {
		enum address_user user;
		const char *text, *why;
	} cases[] = {
	    {ADDRESS_FOR_CLIENT, "tls:host",
		"it has no port: write tls:host:7007"},
	    {ADDRESS_FOR_CLIENT, "udp:7",
		"it is only a port: write udp:localhost:7"},
	    {ADDRESS_FOR_CLIENT, "tls:::1",
		"an IPv6 address needs brackets: write tls:[::1]:7007"},
	    {ADDRESS_FOR_CLIENT, "udp:", "HOST:PORT is missing after udp:"},
	    {ADDRESS_FOR_CLIENT, "unix", "write unix:/PATH"},
	    {ADDRESS_FOR_CLIENT, "UNIX:/x", "write unix:/x"},
	    {ADDRESS_FOR_CLIENT, "host;7", "it has no port"},
	    {ADDRESS_FOR_CLIENT, "host:7:7", "it has more than one colon"},
	    {ADDRESS_FOR_CLIENT, "ftp://h/", "its scheme is not known"},
	    {ADDRESS_FOR_CLIENT, "h2://h:1/", "its scheme is not known"},
	    {ADDRESS_FOR_SERVER, "grpc://h:1", "its scheme is not known"},
	    {ADDRESS_FOR_CLIENT, "file:///run/x",
		"it is a URL: write unix:/run/x"},
	    {ADDRESS_FOR_CLIENT, "http://me@host/",
		"only load takes a URL: write host:80"},
	    {ADDRESS_FOR_SERVER, "udp:127.0.0.1",
		"it has no port: write udp:127.0.0.1:7007"},
	    {ADDRESS_FOR_SERVER, "*:7", "write :7"},
	    {ADDRESS_FOR_SERVER, "fe80::1:7",
		"a link-local address needs its interface, as in "
		"[fe80::1%eth0]:7007"},
	    {ADDRESS_FOR_SERVER, "all", "it has no port"},
	    {ADDRESS_FOR_SERVER, "127.0.0.1:1,127.0.0.1:2",
		"give each address its own --listen"},
	    {ADDRESS_FOR_SERVER, "http://example.com/",
		"it is not an address, and host names are not accepted"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		address_hint(cases[i].user, cases[i].text, why, sizeof(why));
		assert_string_equal(why, cases[i].why);
		check_instead(cases[i].user);
	}
}

TEST(a_part_is_told_within_the_whole)
{
	assert_true(hint_part(QUANTITY_DURATION, "sleep:10", 6, 2, 1,
	    UINT64_MAX, why, sizeof(why)));
	assert_string_equal(why, "it has no unit: write sleep:10s for seconds");
	assert_true(hint_part(
	    QUANTITY_SIZE, "1GB:huge", 0, 3, 1, UINT64_MAX, why, sizeof(why)));
	assert_string_equal(why, "write 1G:huge");
	assert_false(hint_part(
	    QUANTITY_SIZE, "1G:hug", 0, 2, 1, UINT64_MAX, why, sizeof(why)));
}

static const char *
name_of(const void *context, size_t i)
{
	static const char *const names[] = {
	    "listen", "ledger", "list-services", "max-connections", NULL};

	(void)context;
	return names[i];
}

TEST(near_names_are_found_and_far_ones_are_not)
{
	static const char *const cases[][2] = {{"listne", "listen"},
	    {"LISTEN", "listen"}, {"leger", "ledger"},
	    {"max", "max-connections"}, {"max-conections", "max-connections"},
	    {"xyzzy", NULL}, {"q", NULL}, {"", NULL}};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *near = hint_nearest(
		    cases[i][0], strlen(cases[i][0]), name_of, NULL);

		assert_int_equal(!near, !cases[i][1]);
		if (near)
			assert_string_equal(near, cases[i][1]);
	}
}

/* No byte of them is out of place, whatever is typed; sanitizers look on. */
TEST(nothing_that_can_be_typed_is_too_much)
{
	static const char alphabet[] = "0159.,:[]/@*%=+-eExX tudphs\xc3\xa9";
	char text[400];
	uint32_t random = 1;

	for (int run = 0; run < 200000; run++) {
		size_t len;

		random = random * 1664525 + 1013904223;
		len = (random >> 8) % (run % 50 ? 14 : sizeof(text));
		for (size_t i = 0; i < len; i++) {
			random = random * 1664525 + 1013904223;
			text[i] =
			    alphabet[(random >> 8) % (sizeof(alphabet) - 1)];
		}
		text[len] = '\0';
		hint_quantity(
		    (enum quantity)(run % 4), text, 1, 1000, why, sizeof(why));
		assert_true(strlen(why) < sizeof(why));
		address_hint(run % 2 ? ADDRESS_FOR_SERVER : ADDRESS_FOR_CLIENT,
		    text, why, sizeof(why));
		assert_true(strlen(why) < sizeof(why));
		check_instead(
		    run % 2 ? ADDRESS_FOR_SERVER : ADDRESS_FOR_CLIENT);
		hint_nearest(text, len, name_of, NULL);
	}
}

RUN_TESTS(NULL, NULL)
