/* SPDX-License-Identifier: MIT */
/* option: table, getopt_long(3), help, and error lines. */
#include "common/base/option.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/hint.h"
#include "common/base/log.h"
#include "common/base/process.h"
#include "common/base/terminal.h"
#include "common/base/units.h"
#include "common/base/version.h"

enum {
	OPTIONS_MAX = 40,
	/* getopt's code of a long option without a letter: above any char */
	FIRST_CODE = 256,
	CODE_HELP = FIRST_CODE + OPTIONS_MAX,
	CODE_VERSION,
	/* the column where descriptions begin in --help */
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

static void
print_help(const struct option_set *set)
{
	const struct option_spec *spec;
	size_t columns = terminal_columns(STDOUT_FILENO);

	printf("usage: %s %s\n", log_program(), set->synopsis);
	terminal_fold(stdout, set->about, 0, 0, columns);
	printf("\noptions:\n");
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
		terminal_fold(
		    stdout, spec->help, HELP_COLUMN, HELP_COLUMN, columns);
	}
	printf("  -h, --help%*sprint this and exit\n", HELP_COLUMN - 12, "");
	printf("  -V, --version%*sprint the version and exit\n",
	    HELP_COLUMN - 15, "");
	if (!set->foot)
		return;
	putchar('\n');
	terminal_fold(stdout, set->foot, 0, 0, columns);
}

/* ---- what is wrong ---- */

#define CHOICES_MAX 4

/* Word I of "a|b|c". */
static const char *
word_of(const void *words, size_t i)
{
	static char kept[CHOICES_MAX][32];
	const char *at = words;

	for (size_t k = 0; k < i; k++) {
		at += strcspn(at, "|");
		if (!*at++)
			return NULL;
	}
	if (i >= CHOICES_MAX)
		return NULL;
	snprintf(kept[i], sizeof(kept[i]), "%.*s", (int)strcspn(at, "|"), at);
	return kept[i];
}

static void
hint_choice(const char *words, const char *text, char *why, size_t size)
{
	const char *name = hint_nearest(text, strlen(text), word_of, words);

	hint_name(name, why, size);
}

static void
hint_value(const struct option_spec *spec, const void *config, const char *text,
    char *why, size_t size)
{
	switch (spec->type) {
	case OPTION_COUNT:
		hint_quantity(
		    QUANTITY_COUNT, text, spec->min, spec->max, why, size);
		break;
	case OPTION_SIZE:
		hint_quantity(
		    QUANTITY_SIZE, text, spec->min, spec->max, why, size);
		break;
	case OPTION_DURATION:
		hint_quantity(
		    QUANTITY_DURATION, text, spec->min, spec->max, why, size);
		break;
	case OPTION_PERCENT:
		hint_quantity(
		    QUANTITY_PERCENT, text, spec->min, spec->max, why, size);
		break;
	case OPTION_CHOICE:
		hint_choice(spec->allowed, text, why, size);
		break;
	default:
		if (spec->hint)
			spec->hint((const char *)config + spec->offset, text,
			    why, size);
	}
}

static void
put_allowed(const struct option_spec *spec, char *buf, size_t size)
{
	static const char *const kinds[] = {
	    [OPTION_COUNT] = "a whole number",
	    [OPTION_SIZE] = "a size such as 64, 64k or 64KiB",
	    [OPTION_DURATION] = "a duration such as 250us, 5ms, 30s or 2m",
	};

	if (spec->allowed)
		snprintf(buf, size, "%s", spec->allowed);
	else if (spec->type == OPTION_TEXT)
		snprintf(buf, size, "a %s", spec->value);
	else if (spec->type == OPTION_PERCENT)
		snprintf(buf, size,
		    "a percentage such as 3%% or 0.5%%, from %g%% to %g%%",
		    (double)spec->min / 1e3, (double)spec->max / 1e3);
	else if (spec->type == OPTION_DURATION)
		snprintf(buf, size, "%s, from %gs to %gs", kinds[spec->type],
		    (double)spec->min / 1e9, (double)spec->max / 1e9);
	else
		/* NOLINTNEXTLINE(*CallAndMessage): others have ALLOWED */
		snprintf(buf, size, "%s, from %llu to %llu", kinds[spec->type],
		    (unsigned long long)spec->min,
		    (unsigned long long)spec->max);
}

/* "-listen ADDRESS" is -l with the value "isten". */
static void
refuse_one_dash(const struct option_set *set, char **argv)
{
	/* getopt moves to the next word after the last letter of one. */
	for (int i = optind; i > 0 && i >= optind - 2; i--) {
		const char *word = argv[i];

		if (!word || word[0] != '-' || word[1] == '-')
			continue;
		for (const struct option_spec *s = set->specs; s->name; s++) {
			size_t len = strlen(s->name);

			if (strncmp(s->name, word + 1, len) == 0 &&
			    (!word[1 + len] || word[1 + len] == '='))
				usage_error("%.100s: a long option has two "
					    "dashes: write -%.100s",
				    word, word);
		}
	}
}

static void
refuse_value(const struct option_set *set, const struct option_spec *spec,
    const void *config, const char *text, char **argv)
{
	char why[HINT_MAX] = "", allowed[300];

	refuse_one_dash(set, argv);
	hint_value(spec, config, text, why, sizeof(why));
	put_allowed(spec, allowed, sizeof(allowed));
	/* A long value must not push the rest off the line. */
	usage_error("--%s %.200s: %s%smust be %s", spec->name,
	    text[0] ? text : "''", why, why[0] ? "; " : "", allowed);
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

/* Returns 0, or -1 if TEXT is not a value of SPEC. */
static int
apply(const struct option_spec *spec, void *config, const char *text)
{
	char *at = (char *)config + spec->offset;
	uint64_t number = 0;
	int bad = 0, index;

	switch (spec->type) {
	case OPTION_FLAG:
		++*(int *)(void *)at;
		return 0;
	case OPTION_TEXT:
		*(const char **)(void *)at = text;
		return text[0] ? 0 : -1;
	case OPTION_CHOICE:
		index = choice_index(spec->allowed, text);
		if (index >= 0)
			*(int *)(void *)at = index;
		return index < 0 ? -1 : 0;
	case OPTION_CALL:
		return spec->parse(at, text);
	case OPTION_DO:
		spec->parse(at, NULL);
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
		return -1;
	*(uint64_t *)(void *)at = number;
	return 0;
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

static const char *
option_of(const void *specs, size_t i)
{
	return ((const struct option_spec *)specs)[i].name;
}

/* Explains why WORD, "--name" or "--name=value", is not an option of SET. */
static void
refuse_long(const struct option_set *set, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const struct option_spec *first = NULL, *second = NULL;
	const char *near;

	for (const struct option_spec *s = set->specs; s->name; s++) {
		if (strncmp(s->name, word + 2, len) != 0)
			continue;
		second = first ? s : NULL;
		first = first ? first : s;
		if (second)
			break;
	}
	if (second)
		usage_error("%.100s: ambiguous; write --%s or --%s", word,
		    first->name, second->name);
	if (first)
		usage_error("%.100s: --%s takes no value", word, first->name);
	if (strncmp(word, "--help=", 7) == 0 ||
	    strncmp(word, "--version=", 10) == 0)
		usage_error(
		    "%.100s: --%.*s takes no value", word, (int)len, word + 2);
	near = hint_nearest(
	    word + 2, strcspn(word + 2, "=:"), option_of, set->specs);
	usage_error("%.100s: no such option%s%s%s; see --help", word,
	    near ? "; did you mean --" : "", near ? near : "", near ? "?" : "");
}

/* getopt's own messages name neither the allowed values nor always the
 * option. */
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
	refuse_one_dash(set, argv);
	/* No option has this letter. (A known letter here stands for its long
	 * form, which got a value that it does not take.) */
	if (optopt && optopt < FIRST_CODE && !letter_known(set, optopt))
		usage_error("-%c: no such option; see --help", optopt);
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
		if (apply(&specs[i], config, optarg) < 0)
			refuse_value(set, &specs[i], config, optarg, argv);
	}
	return optind;
}
