/* SPDX-License-Identifier: MIT */
/*
 * option: the options of a program, in one table for getopt_long(3), --help and
 * the test of the manual page.
 *
 * Wrong usage is one line with the option, its value, what is wrong and what is
 * allowed, then exit(2). --help and --version print to standard output, then
 * exit(0). Called from main() before there is a second thread; no state except
 * getopt's.
 */
#ifndef COMMON_BASE_OPTION_H
#define COMMON_BASE_OPTION_H

#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG,	 /* int at OFFSET, incremented; no value */
	OPTION_COUNT,	 /* uint64_t: a whole number, MIN to MAX */
	OPTION_SIZE,	 /* uint64_t: bytes, MIN to MAX */
	OPTION_DURATION, /* uint64_t: nanoseconds, MIN to MAX */
	OPTION_PERCENT,	 /* uint64_t: thousandths of 1 %, MIN to MAX */
	OPTION_TEXT,	 /* const char *, kept, not copied */
	OPTION_CHOICE,	 /* int: the index of the word in ALLOWED ("a|b|c") */
	OPTION_CALL,	 /* PARSE parses it into what is at OFFSET; ALLOWED
			    describes the values */
	OPTION_DO,	 /* PARSE prints something, then exit(0); no value */
};

struct option_spec {
	int letter; /* 0: none */
	const char *name;
	const char *value; /* the name of the value in --help; NULL: no value */
	const char *help;
	enum option_type type;
	size_t offset; /* in the config for options_parse() */
	uint64_t min, max;
	const char *allowed;
	/* Returns 0, or -1 if TEXT is not allowed. AT is OFFSET bytes into the
	 * config. */
	int (*parse)(void *at, const char *text);
	/* Explains in WHY what is wrong with TEXT (see hint.h), or writes
	 * nothing. NULL: no explanation. */
	void (*hint)(const void *at, const char *text, char *why, size_t size);
};

/*
 * A program, or one verb of it. Texts are folded to the terminal's width; a
 * line feed ends a line. SYNOPSIS follows the program's name; SPECS ends with a
 * NULL name; FOOT is printed below the options (NULL: nothing).
 */
struct option_set {
	const char *synopsis;
	const char *about;
	const struct option_spec *specs;
	const char *foot;
};

/*
 * Reads ARGV into CONFIG, which holds the defaults. Returns the index of the
 * first argument that is not an option; getopt moves arguments behind the
 * options.
 */
int
options_parse(
    const struct option_set *set, void *config, int argc, char **argv);

/* Prints one line about wrong usage, then exit(2). */
void
usage_error(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif
