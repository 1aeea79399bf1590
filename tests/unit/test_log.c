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

static void
a_line_is_one_write(void **state)
{
	enum log_level level = LOG_DEBUG;

	(void)state;
	catch_child(&caught, write_at_each_level, &level);
	assert_int_equal(caught.writes, 5);
	assert_string_equal(caught.err,
	    "prog: error: e 1\nprog: warning: w 2\nprog: i 3\nprog: d 4\n"
	    "prog: a 5\n");
	assert_string_equal(caught.out, "");
}

static void
quieter_levels_leave_lines_out(void **state)
{
	static const size_t lines[] = {
	    [LOG_ERROR] = 2, [LOG_WARN] = 3, [LOG_INFO] = 4, [LOG_DEBUG] = 5};

	(void)state;
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

static void
a_stamped_line_begins_with_time_and_process(void **state)
{
	static const char form[] =
	    "^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]"
	    "\\.[0-9]{3}Z prog\\[([0-9]+)\\] I am ([0-9]+)\n$";
	regmatch_t at[3];
	regex_t regex;

	(void)state;
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

static void
control_bytes_are_escaped(void **state)
{
	char text[64], expected[256], *at = expected;

	(void)state;
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
static void
bytes_outside_ascii_are_escaped(void **state)
{
	char text[] = "Gr\xc3\xbc\x9b \xff~\\n %s";

	(void)state;
	catch_child(&caught, write_text, text);
	assert_string_equal(
	    caught.err, "prog: Gr\\xc3\\xbc\\x9b \\xff~\\n %s\n");
}

static void
a_long_line_is_cut_and_still_ends(void **state)
{
	static char text[5000];
	size_t len;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	catch_child(&caught, write_text, text);
	len = strlen(caught.err);
	assert_int_equal(caught.writes, 1);
	assert_in_range(len, LOG_LINE_MAX - 16, LOG_LINE_MAX);
	assert_ptr_equal(strchr(caught.err, '\n'), caught.err + len - 1);
}

static void
an_escape_is_not_cut_in_two(void **state)
{
	static char text[2000];

	(void)state;
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

static void
a_repeated_line_comes_once_a_second_and_is_counted(void **state)
{
	(void)state;
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

static void
write_and_keep_errno(void *arg)
{
	(void)arg;
	errno = ENOTTY;
	log_error("errno is kept");
	child_assert(errno == ENOTTY);
	close(STDERR_FILENO);
	log_error("nobody reads it");
	if (errno != ENOTTY)
		_exit(1);
}

static void
errno_survives_a_line(void **state)
{
	(void)state;
	run_child(write_and_keep_errno, NULL);
}

/* As the programs do, it ignores SIGPIPE. */
static void
write_to_a_closed_pipe(void *arg)
{
	int ends[2];

	(void)arg;
	child_assert(pipe(ends) == 0);
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	dup2(ends[1], STDERR_FILENO);
	log_error("nobody reads it");
	errno = 0;
	log_error("nor this");
	_exit(errno ? 1 : 0);
}

static void
a_line_that_nobody_reads_is_dropped(void **state)
{
	(void)state;
	run_child(write_to_a_closed_pipe, NULL);
}

/* A reader that has stopped reading must not stop the accept loop. */
static void
write_to_a_full_pipe(void *arg)
{
	static const char block[65536];
	struct itimerval soon = {.it_value.tv_usec = 50000};
	int ends[2];

	(void)arg;
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

static void
a_line_that_cannot_be_written_does_not_block(void **state)
{
	(void)state;
	run_child(write_to_a_full_pipe, NULL);
}

/* The reader comes back: it learns how much it has missed. */
static void
write_to_a_pipe_that_is_read_late(void *arg)
{
	static char block[65536];
	int ends[2];
	ssize_t n;

	(void)arg;
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
lines_that_were_lost_are_counted(void **state)
{
	(void)state;
	run_child(write_to_a_pipe_that_is_read_late, NULL);
}

static void
write_and_die(void *arg)
{
	log_open("prog", LOG_ERROR, false);
	die(*(int *)arg, "the %s is gone", "end");
}

static void
die_says_why_and_exits(void **state)
{
	(void)state;
	for (int status = 1; status <= 2; status++) {
		catch_child(&caught, write_and_die, &status);
		assert_int_equal(caught.exit, status);
		assert_int_equal(caught.writes, 1);
		assert_string_equal(caught.err, "prog: the end is gone\n");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_is_one_write),
	    cmocka_unit_test(quieter_levels_leave_lines_out),
	    cmocka_unit_test(a_stamped_line_begins_with_time_and_process),
	    cmocka_unit_test(control_bytes_are_escaped),
	    cmocka_unit_test(bytes_outside_ascii_are_escaped),
	    cmocka_unit_test(a_long_line_is_cut_and_still_ends),
	    cmocka_unit_test(an_escape_is_not_cut_in_two),
	    cmocka_unit_test(
		a_repeated_line_comes_once_a_second_and_is_counted),
	    cmocka_unit_test(errno_survives_a_line),
	    cmocka_unit_test(a_line_that_nobody_reads_is_dropped),
	    cmocka_unit_test(a_line_that_cannot_be_written_does_not_block),
	    cmocka_unit_test(lines_that_were_lost_are_counted),
	    cmocka_unit_test(die_says_why_and_exits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
