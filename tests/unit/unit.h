/* SPDX-License-Identifier: MIT */
/*
 * unit: what the unit tests have in common: cmocka after the headers that it
 * asks for, a child process whose words and end are caught, and random numbers
 * that are the same in every run.
 *
 * Assertions belong to the test's own process and first thread: a child says
 * what it found by its exit status, a thread by what it returns.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/random.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- tests ---- */

/*
 * TEST(NAME) stands where the head of a test's function would. RUN_TESTS, at
 * the end of the file, runs all of them in the order in which they stand there;
 * its arguments are called before the first and after the last, or are NULL.
 */
#define TEST(name) TEST_WITH(name, NULL, NULL)

/* BEFORE and AFTER are called around it; what BEFORE leaves is *STATE. */
#define TEST_WITH(name, before, after)                                        \
	static void name(void **);                                            \
	__attribute__((constructor)) static void add_##name(void)             \
	{                                                                     \
		unit_add((struct CMUnitTest){#name, name, before, after, 0}); \
	}                                                                     \
	static void name(void **state __attribute__((unused)))

/* Its body runs in a child process, and asserts by child_assert(). */
#define TEST_IN_CHILD(name) TEST_BY(run_child, name)

/* RUN is called with the test's body, and NULL for its argument. */
#define TEST_BY(run, name)             \
	static void in_##name(void *); \
	TEST(name)                     \
	{                              \
		run(in_##name, NULL);  \
	}                              \
	static void in_##name(void *unused_ __attribute__((unused)))

#define RUN_TESTS(before, after)                          \
	int main(void)                                    \
	{                                                 \
		return unit_run(__FILE__, before, after); \
	}

/* Ends with entries that are empty, which cmocka passes over. */
static struct CMUnitTest unit_tests[64];

static inline void
unit_add(struct CMUnitTest test)
{
	static size_t count;

	if (count == COUNT_OF(unit_tests))
		abort();
	unit_tests[count++] = test;
}

/* Returns the exit status: how many failed. */
static inline int
unit_run(const char *name, CMFixtureFunction before, CMFixtureFunction after)
{
	return cmocka_run_group_tests_name(name, unit_tests, before, after);
}

/* ---- numbers ---- */

#define assert_near(a, b, within) \
	near_or_fail(a, b, within, #a, __FILE__, __LINE__)

static inline void
near_or_fail(double a, double b, double within, const char *what,
    const char *file, int line)
{
	if (fabs(a - b) <= within)
		return;
	print_error("%s is %.9g, not %.9g within %g\n", what, a, b, within);
	_fail(file, line);
}

static inline void
nap_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* ---- processes ---- */

/* How many descriptors are open here: what a leak changes. */
static inline int
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

struct caught {
	int exit;	 /* status; -1: a signal ended it */
	size_t writes;	 /* to standard error */
	char out[16384]; /* what it wrote, with a NUL */
	char err[16384];
};

static inline size_t
catch_all(int fd, char *text, size_t size)
{
	size_t len = 0, packets = 0;
	ssize_t n;

	while ((n = recv(fd, text + len, size - 1 - len, 0)) > 0) {
		len += (size_t)n;
		packets++;
	}
	text[len] = '\0';
	close(fd);
	return packets;
}

/*
 * Runs ACT in a child, whose exit status is 0 if it returns. Its output goes
 * through sockets that keep each write(2) a packet of its own.
 */
static inline void
catch_child(struct caught *caught, void (*act)(void *), void *arg)
{
	int out[2], err[2], status;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, out), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, err), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		for (int i = 0; i < 2; i++) {
			close(out[i]);
			close(err[i]);
		}
		act(arg);
		fflush(NULL);
		_exit(0);
	}
	close(out[1]);
	close(err[1]);
	caught->writes = catch_all(err[0], caught->err, sizeof(caught->err));
	catch_all(out[0], caught->out, sizeof(caught->out));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	caught->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The child found what should not be: the line says where. */
#define child_assert(what)                                              \
	do {                                                            \
		if (!(what)) {                                          \
			dprintf(STDERR_FILENO, "%s:%d: %s\n", __FILE__, \
			    __LINE__, #what);                           \
			_exit(99);                                      \
		}                                                       \
	} while (0)

/* Runs ACT in a child that must end well. */
static inline void
run_child(void (*act)(void *), void *arg)
{
	static struct caught caught;

	catch_child(&caught, act, arg);
	if (caught.exit != 0)
		print_error("%s", caught.err);
	assert_int_equal(caught.exit, 0);
}

#endif
