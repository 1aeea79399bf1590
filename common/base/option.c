/* SPDX-License-Identifier: MIT */
/* option: from a table to getopt_long(3) and back to words. */
#include "common/base/option.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/process.h"
#include "common/base/units.h"
#include "common/base/version.h"

enum {
	OPTIONS_MAX = 40,
	/* getopt's value of a long option without a letter: above any char */
	FIRST_CODE = 256,
	CODE_HELP = FIRST_CODE + OPTIONS_MAX,
	CODE_VERSION,
	/* the column of --help at which the words begin */
	HELP_COLUMN = 30,
};

void
usage_error(const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	die(2, "%s", text);
}

/* Lines after the first begin under it. */
static void
print_words(const char *words)
{
	for (; *words; words++) {
		putchar(*words);
		if (*words == '\n')
			printf("%*s", HELP_COLUMN, "");
	}
	putchar('\n');
}

static void
print_help(const struct option_set *set)
{
	const struct option_spec *spec;

	printf("usage: %s %s\n%s\n\noptions:\n", log_program(), set->synopsis,
	    set->about);
	for (spec = set->specs; spec->name; spec++) {
		int width;

		if (spec->letter)
			width = printf("  -%c, --%s", spec->letter, spec->name);
		else
			width = printf("      --%s", spec->name);
		if (spec->value)
			width += printf(" %s", spec->value);
		if (width >= HELP_COLUMN - 1)
			width = printf("\n") - 1;
		printf("%*s", HELP_COLUMN - width, "");
		print_words(spec->help);
	}
	printf("  -h, --help%*sprint this and exit\n", HELP_COLUMN - 12, "");
	printf("  -V, --version%*sprint the version and exit\n",
	    HELP_COLUMN - 15, "");
	if (set->foot)
		printf("\n%s", set->foot);
}

static void
refuse_value(const struct option_spec *spec, const char *text)
{
	static const char *const kinds[] = {
	    [OPTION_COUNT] = "a whole number",
	    [OPTION_SIZE] = "a size such as 64, 64k or 64KiB",
	    [OPTION_DURATION] = "a duration such as 250us, 5ms, 30s or 2m",
	};

	/* A long value must not push what is allowed off the line. */
	if (spec->allowed)
		usage_error("--%s %.200s: allowed is %s", spec->name, text,
		    spec->allowed);
	if (spec->type == OPTION_PERCENT)
		usage_error("--%s %.200s: allowed is a percentage such as 3%% "
			    "or 0.5%%, from %g%% to %g%%",
		    spec->name, text, (double)spec->min / 1e3,
		    (double)spec->max / 1e3);
	if (spec->type == OPTION_DURATION)
		usage_error("--%s %.200s: allowed is %s, from %gs to %gs",
		    spec->name, text, kinds[spec->type],
		    (double)spec->min / 1e9, (double)spec->max / 1e9);
	usage_error("--%s %.200s: allowed is %s, from %llu to %llu", spec->name,
	    text, kinds[spec->type], (unsigned long long)spec->min,
	    (unsigned long long)spec->max);
}

/* The index of TEXT among the words of "a|b|c", or -1. */
static int
choice_index(const char *words, const char *text)
{
	size_t len = strlen(text);

	for (int i = 0;; i++) {
		size_t word = strcspn(words, "|");

		if (word == len && memcmp(words, text, len) == 0)
			return i;
		if (!words[word])
			return -1;
		words += word + 1;
	}
}

static void
apply(const struct option_spec *spec, void *config, const char *text)
{
	char *at = (char *)config + spec->offset;
	uint64_t number = 0;
	int bad = 0, index;

	switch (spec->type) {
	case OPTION_FLAG:
		++*(int *)(void *)at;
		return;
	case OPTION_TEXT:
		*(const char **)(void *)at = text;
		return;
	case OPTION_CHOICE:
		index = choice_index(spec->allowed, text);
		if (index < 0)
			refuse_value(spec, text);
		*(int *)(void *)at = index;
		return;
	case OPTION_CALL:
		if (spec->parse(config, text) < 0)
			refuse_value(spec, text);
		return;
	case OPTION_DO:
		spec->parse(config, NULL);
		process_flush();
		exit(0);
	case OPTION_PERCENT:
		bad = parse_percent(text, &number);
		break;
	case OPTION_COUNT:
		bad = parse_count(text, &number);
		break;
	case OPTION_SIZE:
		bad = parse_size(text, &number);
		break;
	case OPTION_DURATION:
		bad = parse_duration(text, &number);
		break;
	}
	if (bad || number < spec->min || number > spec->max)
		refuse_value(spec, text);
	*(uint64_t *)(void *)at = number;
}

static bool
letter_known(const struct option_set *set, int letter)
{
	for (const struct option_spec *s = set->specs; s->name; s++) {
		if (s->letter == letter)
			return true;
	}
	return false;
}

/* WORD, "--name" or "--name=value", is not an option of SET: why not. */
static void
refuse_long(const struct option_set *set, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const struct option_spec *first = NULL, *second = NULL;

	for (const struct option_spec *s = set->specs; s->name; s++) {
		if (strncmp(s->name, word + 2, len) != 0)
			continue;
		second = first ? s : NULL;
		first = first ? first : s;
		if (second)
			break;
	}
	if (second)
		usage_error("%.100s: may be --%s or --%s", word, first->name,
		    second->name);
	if (first)
		usage_error("%.100s: --%s takes no value", word, first->name);
	usage_error(
	    "%.100s: no such option; allowed are those of --help", word);
}

/* getopt's own words name neither what is allowed nor always the option. */
static void
refuse_option(const struct option_set *set, int code, char **argv)
{
	if (code == ':') {
		for (const struct option_spec *s = set->specs; s->name; s++) {
			if (s->letter == optopt ||
			    FIRST_CODE + (s - set->specs) == optopt)
				usage_error("--%s: needs a value (%s)", s->name,
				    s->value);
		}
	}
	/* A letter that no option has. (One that an option has stands for its
	 * long form, given a value that it does not take.) */
	if (optopt && optopt < FIRST_CODE && !letter_known(set, optopt))
		usage_error(
		    "-%c: no such option; allowed are those of --help", optopt);
	refuse_long(set, argv[optind - 1]);
}

int
options_parse(const struct option_set *set, void *config, int argc, char **argv)
{
	struct option longs[OPTIONS_MAX + 3];
	char shorts[3 * OPTIONS_MAX + 4] = ":hV";
	const struct option_spec *specs = set->specs;
	size_t count = 0, len = 3;
	int code;

	for (; count < OPTIONS_MAX && specs[count].name; count++) {
		const struct option_spec *spec = &specs[count];

		longs[count] = (struct option){
		    .name = spec->name,
		    .has_arg = spec->value ? required_argument : no_argument,
		    .val =
			spec->letter ? spec->letter : FIRST_CODE + (int)count,
		};
		if (spec->letter) {
			shorts[len++] = (char)spec->letter;
			if (spec->value)
				shorts[len++] = ':';
		}
	}
	shorts[len] = '\0';
	longs[count] = (struct option){"help", no_argument, NULL, CODE_HELP};
	longs[count + 1] =
	    (struct option){"version", no_argument, NULL, CODE_VERSION};
	longs[count + 2] = (struct option){0};

	opterr = 0;
	optind = 1;
	while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		size_t i = 0;

		if (code == CODE_HELP || code == 'h') {
			print_help(set);
			process_flush();
			exit(0);
		}
		if (code == CODE_VERSION || code == 'V') {
			printf("%s (perconn) %s\n", log_program(),
			    PERCONN_VERSION);
			process_flush();
			exit(0);
		}
		if (code == '?' || code == ':')
			refuse_option(set, code, argv);
		while (specs[i].letter != code && FIRST_CODE + (int)i != code)
			i++;
		apply(&specs[i], config, optarg);
	}
	return optind;
}
