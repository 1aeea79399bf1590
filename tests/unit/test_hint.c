/* SPDX-License-Identifier: MIT */
/* hint: what is typed wrong, and what it was to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/hint.h"
#include "common/net/address_hint.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static char why[HINT_MAX];

static void
quantities_are_told_how_they_are_written(void **state)
{
	static const struct {
		enum quantity kind;
		const char *text, *why;
	} cases[] = {
	    {QUANTITY_DURATION, "5", "it has no unit: write 5s for seconds"},
	    {QUANTITY_DURATION, "1.5",
		"it has no unit: write 1.5s for seconds"},
	    {QUANTITY_DURATION, "2min", "write 2m"},
	    {QUANTITY_DURATION, "3\u00b5s", "write 3us"},
	    {QUANTITY_DURATION, "1,5s", "it has a comma in it: write 1.5s"},
	    {QUANTITY_DURATION, "s", "it does not begin with a digit"},
	    {QUANTITY_DURATION, "0s", "it is too small"},
	    {QUANTITY_DURATION, "999h", "it is too large"},
	    {QUANTITY_SIZE, "64KB", "write 64k"},
	    {QUANTITY_SIZE, "64Ki", "write 64KiB"},
	    {QUANTITY_SIZE, "1e3", "its digits are not decimal: write 1000"},
	    {QUANTITY_COUNT, "12M", "write 12000000"},
	    {QUANTITY_COUNT, "1.5", "it is not whole"},
	    {QUANTITY_COUNT, "1_000", "digits are not grouped: write 1000"},
	    {QUANTITY_COUNT, "99999999999999999999", "it is too large"},
	    {QUANTITY_PERCENT, "3,5%", "it has a comma in it: write 3.5%"},
	    {QUANTITY_PERCENT, "-3", "it is negative"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		why[0] = '\0';
		hint_quantity(cases[i].kind, cases[i].text, 1000000,
		    1000000000000, why, sizeof(why));
		assert_string_equal(why, cases[i].why);
	}
}

static const char *
name_of(const void *context, size_t i)
{
	static const char *const names[] = {
	    "listen", "ledger", "list-services", "max-connections", NULL};

	(void)context;
	return names[i];
}

static void
near_names_are_found_and_far_ones_are_not(void **state)
{
	static const char *const cases[][2] = {{"listne", "listen"},
	    {"LISTEN", "listen"}, {"leger", "ledger"},
	    {"max", "max-connections"}, {"max-conections", "max-connections"},
	    {"xyzzy", NULL}, {"q", NULL}, {"", NULL}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *near = hint_nearest(
		    cases[i][0], strlen(cases[i][0]), name_of, NULL);

		assert_int_equal(!near, !cases[i][1]);
		if (near)
			assert_string_equal(near, cases[i][1]);
	}
}

/* No byte of them is out of place, whatever is typed; sanitizers look on. */
static void
nothing_that_can_be_typed_is_too_much(void **state)
{
	static const char alphabet[] = "0159.,:[]/@*%=+-eExX tudphs\xc3\xa9";
	char text[400];
	uint32_t random = 1;

	(void)state;
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
		address_hint(
		    run % 2 ? FOR_SERVER : FOR_CLIENT, text, why, sizeof(why));
		assert_true(strlen(why) < sizeof(why));
		hint_nearest(text, len, name_of, NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quantities_are_told_how_they_are_written),
	    cmocka_unit_test(near_names_are_found_and_far_ones_are_not),
	    cmocka_unit_test(nothing_that_can_be_typed_is_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
