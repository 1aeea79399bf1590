/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <signal.h>

#include "common/base/hint.h"
#include "common/launch/stop_signal.h"

TEST(a_signal_has_names_and_a_number)
{
	static const char *const quit[] = {
	    "QUIT", "SIGQUIT", "quit", "SigQuit", "3"};

	for (size_t i = 0; i < COUNT_OF(quit); i++)
		assert_int_equal(stop_signal_parse(quit[i]), SIGQUIT);
	assert_int_equal(stop_signal_parse("KILL"), SIGKILL);
	assert_int_equal(stop_signal_parse("WINCH"), SIGWINCH);
	assert_int_equal(stop_signal_parse("RTMIN"), SIGRTMIN);
	assert_int_equal(stop_signal_parse("SIGRTMIN+3"), SIGRTMIN + 3);
	assert_int_equal(stop_signal_parse("RTMAX-1"), SIGRTMAX - 1);
	assert_int_equal(stop_signal_parse("64"), SIGRTMAX);
}

TEST(what_ends_no_server_is_none)
{
	static const char *const bad[] = {"", "SIG", "0", "65", "-3", "32",
	    "QUITE", "QUI", " QUIT", "3 ", "RTMIN-1", "RTMAX+1", "RTMIN+",
	    "RTMIN+99999999999999999999", "RTMIN3", "STOP", "SIGTSTP", "TTIN",
	    "TTOU", "CONT", "CHLD", "19"};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (stop_signal_parse(bad[i]) != -1)
			fail_msg("'%s' is a signal", bad[i]);
	}
}

TEST(what_is_wrong_is_told)
{
	static const struct {
		const char *text, *why;
	} hints[] = {
	    {"SIGSTOP", "it stops a process, and does not end it"},
	    {"18", "it lets a process run on, and does not end it"},
	    {"99", "signals are 1 to 64"},
	    {"QIUT", "did you mean QUIT?"},
	    {"SIGTREM", "did you mean TERM?"},
	    {"cheese", ""},
	};

	for (size_t i = 0; i < COUNT_OF(hints); i++) {
		char why[HINT_MAX] = "";

		stop_signal_hint(hints[i].text, why, sizeof(why));
		assert_string_equal(why, hints[i].why);
	}
}

TEST(a_signal_is_named_as_it_is_typed)
{
	char name[STOP_SIGNAL_NAME];

	assert_string_equal(stop_signal_format(SIGTERM, name), "SIGTERM");
	assert_string_equal(
	    stop_signal_format(SIGRTMIN + 3, name), "SIGRTMIN+3");
	for (int i = 1; i <= SIGRTMAX; i++) {
		if (stop_signal_parse(stop_signal_format(i, name)) != -1)
			assert_int_equal(stop_signal_parse(name), i);
	}
}

RUN_TESTS(NULL, NULL)
