/* SPDX-License-Identifier: MIT */
/*
 * option: one table for each program drives getopt_long(3), --help and the
 * test that the manual page names every option.
 *
 * Wrong usage is one line that names the option, the value, what is wrong with
 * it and what is allowed, then exit(2). --help and --version go to standard
 * output, exit(0). Called from main() before there is a second thread; keeps no
 * state but getopt's own.
 */
#ifndef COMMON_BASE_OPTION_H
#define COMMON_BASE_OPTION_H

#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG,	 /* int at OFFSET, counted up; no value */
	OPTION_COUNT,	 /* uint64_t: a whole number, MIN to MAX */
	OPTION_SIZE,	 /* uint64_t: bytes, MIN to MAX */
	OPTION_DURATION, /* uint64_t: nanoseconds, MIN to MAX */
	OPTION_PERCENT,	 /* uint64_t: thousandths of 1 %, MIN to MAX */
	OPTION_TEXT,	 /* const char *, kept, not copied */
	OPTION_CHOICE,	 /* int: the index of the word in ALLOWED ("a|b|c") */
	OPTION_CALL,	 /* PARSE does it, ALLOWED says what it takes */
	OPTION_DO,	 /* PARSE prints something, then exit(0); no value */
};

struct option_spec {
	int letter; /* 0: none */
	const char *name;
	const char *value; /* what --help calls the value; NULL: none */
	const char *help;
	enum option_type type;
	size_t offset; /* into the config that options_parse() fills */
	uint64_t min, max;
	const char *allowed;
	/* 0 if TEXT is taken, -1 if not (wrong usage). */
	int (*parse)(void *config, const char *text);
	/* What is wrong with TEXT, which PARSE has not taken, into WHY (see
	 * hint.h); or nothing. NULL: nothing is known. */
	void (*hint)(
	    const void *config, const char *text, char *why, size_t size);
};

/*
 * A program, or one verb of it. Words are folded to the terminal's width, and
 * a line feed in them ends a line. SYNOPSIS follows the program's name; SPECS ends
 * with a NULL name; FOOT is printed below the options (NULL: nothing).
 */
struct option_set {
	const char *synopsis;
	const char *about;
	const struct option_spec *specs;
	const char *foot;
};

/*
 * Reads ARGV into CONFIG, which the caller has filled with defaults. Returns
 * the index of the first argument that is not an option; arguments may stand
 * before options (getopt moves them to the end).
 */
int
options_parse(
    const struct option_set *set, void *config, int argc, char **argv);

/* One line of wrong usage on standard error, and exit(2). */
void
usage_error(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif
