/* SPDX-License-Identifier: MIT */
/* The table of services, and NAME:ARG. */
#include "tests/unit/unit.h"

#include "common/base/clock.h"
#include "common/service/services.h"

static void
names(const char *text, const char *name, uint64_t wanted)
{
	uint64_t argument = 4711;
	const struct service *service = services_find(text, &argument);

	assert_non_null(service);
	assert_string_equal(service->name, name);
	assert_int_equal(argument, wanted);
}

static void
names_nothing(const char *text)
{
	uint64_t argument;

	if (services_find(text, &argument))
		fail_msg("\"%s\" names a service", text);
}

TEST(a_name_alone_is_enough_for_most)
{
	names("echo", "echo", 0);
	names("hello", "hello", 0);
	names("http", "http", 0);
	names("chat", "chat", 0);
	names("counter", "counter", 0);
}

TEST(an_argument_stands_behind_a_colon)
{
	names("counter:unlocked", "counter", 1);
	names("spin:250us", "spin", 250 * NS_PER_US);
	names("sleep:2s", "sleep", 2 * NS_PER_S);
	names("sleep:1h", "sleep", 3600 * NS_PER_S);
	names("touch:0", "touch", 0);
	names("touch:1k", "touch", 1000 << 2);
	names("touch:1k:shared", "touch", 1000 << 2);
	names("touch:1k:private", "touch", 1000 << 2 | 1);
	names("touch:1k:huge", "touch", 1000 << 2 | 2);
	names("touch:1k:private:huge", "touch", 1000 << 2 | 3);
	names("state:0", "state", 64 << 10);
	names("state:16MiB", "state", (uint64_t)(16 << 20) << 21 | 64 << 10);
	names("state:1MiB:4KiB", "state", (uint64_t)(1 << 20) << 21 | 4 << 10);
	names("state:1k:1MiB", "state", (uint64_t)1000 << 21 | 1 << 20);
}

TEST(what_is_no_service_has_none)
{
	static const char *const texts[] = {"", ":", "ech", "echoo", "Echo",
	    "echo ", " echo", ":echo", "unlocked", "count:unlocked"};

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		names_nothing(texts[i]);
}

TEST(a_service_without_argument_refuses_one)
{
	static const char *const texts[] = {
	    "echo:", "echo:1s", "hello:x", "http:80", "chat:room"};

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		names_nothing(texts[i]);
}

TEST(a_wrong_argument_is_no_argument)
{
	static const char *const texts[] = {"counter:", "counter:locked",
	    "counter:unlocked:", "counter:unlockedx", "spin", "spin:", "spin:5",
	    "spin:ms", "spin:-1ms", "spin:61m", "sleep",
	    "sleep:", "sleep:forever", "sleep:1ms:1ms", "state",
	    "state:", "state:x", "state:1MiB:", "state:1MiB:4095",
	    "state:1MiB:1025KiB", "touch", "touch:", "touch:x",
	    "touch:1k:", "touch:1k:both", "touch:1k:huge:private",
	    "touch:1025GiB", "state:1025GiB",
	    "state:1MiB:4KiB:", "state::4KiB"};

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		names_nothing(texts[i]);
}

TEST(every_service_says_what_it_is)
{
	for (const struct service *const *s = SERVICES; *s; s++) {
		assert_non_null((*s)->serve);
		assert_int_equal(!(*s)->full, !!(*s)->full_for);
		assert_true(strlen((*s)->summary) > 0);
		assert_null(strchr((*s)->summary, '\n'));
		/* Who has one described takes one, and the other way round. */
		assert_int_equal(!(*s)->argument, !(*s)->configure);
		assert_null(strchr((*s)->name, ':'));
	}
}

TEST(each_name_is_there_once)
{
	for (const struct service *const *s = SERVICES; *s; s++) {
		for (const struct service *const *t = s + 1; *t; t++)
			assert_string_not_equal((*s)->name, (*t)->name);
	}
}

TEST(only_what_fits_goes_over_datagrams)
{
	static const char *const texts[] = {
	    "echo", "hello", "counter", "spin:1ms", "sleep:1ms"};
	uint64_t argument;
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_true(services_find(texts[i], &argument)->datagrams);
	for (const struct service *const *s = SERVICES; *s; s++)
		count += (*s)->datagrams;
	assert_int_equal(count, COUNT_OF(texts));
}

RUN_TESTS(NULL, NULL)
