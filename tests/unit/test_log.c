/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <sys/time.h>

#include "common/base/clock.h"
#include "common/base/log.h"

static struct caught caught;

static void
write_at_each_level(void *arg)
{
	log_open("prog", *(enum log_level *)arg, false);
	log_error("e %d", 1);
	log_warn("w %d", 2);
	log_info("i %d", 3);
	log_debug("d %d", 4);
	log_always("a %d", 5);
}

TEST(a_line_is_one_write)
{
	enum log_level level = LOG_DEBUG;

	catch_child(&caught, write_at_each_level, &level);
	assert_int_equal(caught.writes, 5);
	assert_string_equal(caught.err,
	    "prog: error: e 1\nprog: warning: w 2\nprog: i 3\nprog: d 4\n"
	    "prog: a 5\n");
	assert_string_equal(caught.out, "");
}

TEST(quieter_levels_leave_lines_out)
{
	static const size_t lines[] = {
	    [LOG_ERROR] = 2, [LOG_WARN] = 3, [LOG_INFO] = 4, [LOG_DEBUG] = 5};

	for (enum log_level at = LOG_ERROR; at <= LOG_DEBUG; at++) {
		catch_child(&caught, write_at_each_level, &at);
		assert_int_equal(caught.writes, lines[at]);
		assert_non_null(strstr(caught.err, "prog: a 5\n"));
		log_open("test", at, false);
		for (enum log_level l = LOG_ERROR; l <= LOG_DEBUG; l++)
			assert_int_equal(log_on(l), l <= at);
	}
}

static void
write_stamped(void *arg)
{
	(void)arg;
	log_open("prog", LOG_INFO, true);
	log_info("I am %d", (int)getpid());
}

TEST(a_stamped_line_begins_with_time_and_process)
{
	static const char form[] =
	    "^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]"
	    "\\.[0-9]{3}Z prog\\[([0-9]+)\\] I am ([0-9]+)\n$";
	regmatch_t at[3];
	regex_t regex;

	catch_child(&caught, write_stamped, NULL);
	assert_int_equal(regcomp(&regex, form, REG_EXTENDED), 0);
	assert_int_equal(regexec(&regex, caught.err, 3, at, 0), 0);
	regfree(&regex);
	assert_int_equal(
	    atoi(caught.err + at[1].rm_so), atoi(caught.err + at[2].rm_so));
}

static void
write_text(void *arg)
{
	log_open("prog", LOG_INFO, false);
	log_info("%s", (const char *)arg);
}

TEST(control_bytes_are_escaped)
{
	char text[64], expected[256], *at = expected;

	for (int c = 1; c < 0x20; c++)
		text[c - 1] = (char)c;
	strcpy(text + 0x1f, "\x7f\x1b[31m");
	at += sprintf(at, "prog: ");
	for (int c = 1; c < 0x20; c++)
		at += sprintf(at, "\\x%02x", c);
	sprintf(at, "\\x7f\\x1b[31m\n");
	catch_child(&caught, write_text, text);
	assert_int_equal(caught.writes, 1);
	assert_string_equal(caught.err, expected);
}

/* An 8-bit terminal takes 0x9b for an escape. */
TEST(bytes_outside_ascii_are_escaped)
{
	char text[] = "Gr\xc3\xbc\x9b \xff~\\n %s";

	catch_child(&caught, write_text, text);
	assert_string_equal(
	    caught.err, "prog: Gr\\xc3\\xbc\\x9b \\xff~\\n %s\n");
}

TEST(a_long_line_is_cut_and_still_ends)
{
	static char text[5000];
	size_t len;

	memset(text, 'x', sizeof(text) - 1);
	catch_child(&caught, write_text, text);
	len = strlen(caught.err);
	assert_int_equal(caught.writes, 1);
	assert_in_range(len, LOG_LINE_MAX - 16, LOG_LINE_MAX);
	assert_ptr_equal(strchr(caught.err, '\n'), caught.err + len - 1);
}

TEST(an_escape_is_not_cut_in_two)
{
	static char text[2000];

	for (size_t shift = 0; shift < 4; shift++) {
		size_t len;

		memset(text, '\n', sizeof(text) - 1);
		memset(text, '.', shift);
		catch_child(&caught, write_text, text);
		len = strlen(caught.err);
		assert_int_equal(caught.writes, 1);
		assert_in_range(len, LOG_LINE_MAX / 2, LOG_LINE_MAX);
		assert_memory_equal(caught.err + len - 5, "\\x0a\n", 5);
	}
}

static void
write_under_limit(void *arg)
{
	struct log_limit limit = {0}, other = {0};

	(void)arg;
	log_open("prog", LOG_INFO, false);
	log_limited(&limit, "full");
	child_assert(limit.next_ns > now_ns());
	limit.next_ns = UINT64_MAX; /* however slow the machine is */
	for (int i = 0; i < 999; i++)
		log_limited(&limit, "still full %d", i);
	log_limited(&other, "another");
	child_assert(limit.dropped == 999);
	limit.next_ns = 0; /* as if the second had passed */
	log_limited(&limit, "full again");
	limit.next_ns = 0;
	log_limited(&limit, "and again");
	child_assert(limit.dropped == 0);
	log_left_out(&limit, "nothing");
	limit.next_ns = UINT64_MAX;
	log_limited(&limit, "the last");
	log_left_out(&limit, "what is full");
	log_left_out(&limit, "what is full");
}

TEST(a_repeated_line_comes_once_a_second_and_is_counted)
{
	catch_child(&caught, write_under_limit, NULL);
	assert_string_equal(caught.err,
	    "prog: warning: full\n"
	    "prog: warning: another\n"
	    "prog: warning: full again (and 999 more)\n"
	    "prog: warning: and again\n"
	    "prog: warning: 1 more not logged: what is full\n");
	assert_int_equal(caught.exit, 0);
	assert_int_equal(caught.writes, 5);
}

TEST_IN_CHILD(errno_survives_a_line)
{
	errno = ENOTTY;
	log_error("errno is kept");
	child_assert(errno == ENOTTY);
	close(STDERR_FILENO);
	log_error("nobody reads it");
	if (errno != ENOTTY)
		_exit(1);
}

/* As the programs do, it ignores SIGPIPE. */
TEST_IN_CHILD(a_line_without_a_reader_is_dropped)
{
	int ends[2];

	child_assert(pipe(ends) == 0);
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	dup2(ends[1], STDERR_FILENO);
	log_error("nobody reads it");
	errno = 0;
	log_error("nor this");
	_exit(errno ? 1 : 0);
}

/* A reader that has stopped reading must not stop the accept loop. */
TEST_IN_CHILD(a_line_that_cannot_be_written_does_not_block)
{
	static const char block[65536];
	struct itimerval soon = {.it_value.tv_usec = 50000};
	int ends[2];

	child_assert(pipe(ends) == 0);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], block, sizeof(block)) > 0)
		continue;
	fcntl(ends[1], F_SETFL, 0);
	dup2(ends[1], STDERR_FILENO);
	setitimer(ITIMER_REAL, &soon, NULL); /* ends a process that blocks */
	log_error("nobody reads it");
	_exit(0);
}

/* The reader comes back: it learns how much it has missed. */
TEST_IN_CHILD(lines_that_were_lost_are_counted)
{
	static char block[65536];
	int ends[2];
	ssize_t n;

	child_assert(pipe2(ends, O_NONBLOCK) == 0);
	while (write(ends[1], block, sizeof(block)) > 0)
		continue;
	dup2(ends[1], STDERR_FILENO);
	log_open("prog", LOG_INFO, false);
	for (int i = 0; i < 3; i++)
		log_error("lost");
	while (read(ends[0], block, sizeof(block)) > 0)
		continue;
	log_error("seen");
	log_error("too");
	n = read(ends[0], block, sizeof(block) - 1);
	if (n < 0)
		_exit(1);
	block[n] = '\0';
	if (!strstr(block, "3 lines before this were lost") ||
	    strstr(block, "error: lost") || !strstr(block, "seen\n") ||
	    !strstr(block, "prog: error: too\n"))
		_exit(2);
}

static void
write_and_die(void *arg)
{
	log_open("prog", LOG_ERROR, false);
	die(*(int *)arg, "the %s is gone", "end");
}

TEST(die_says_why_and_exits)
{
	for (int status = 1; status <= 2; status++) {
		catch_child(&caught, write_and_die, &status);
		assert_int_equal(caught.exit, status);
		assert_int_equal(caught.writes, 1);
		assert_string_equal(caught.err, "prog: the end is gone\n");
	}
}

RUN_TESTS(NULL, NULL)
