/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/base/option.h"

struct config {
	int verbose, mode;
	uint64_t count, size, wait;
	const char *text;
	char called[32];
};

static int
take_even(void *config, const char *text)
{
	struct config *c = config;

	if (strlen(text) % 2 || strlen(text) >= sizeof(c->called))
		return -1;
	strcpy(c->called, text);
	return 0;
}

static int
print_list(void *config, const char *text)
{
	(void)config;
	(void)text;
	printf("one\ntwo\n");
	return 0;
}

#define AT(field) offsetof(struct config, field)

static const struct option_spec SPECS[] = {
    {'v', "verbose", NULL, "say more", OPTION_FLAG, AT(verbose), 0, 0, NULL,
	NULL, NULL},
    {'c', "count", "N", "how many", OPTION_COUNT, AT(count), 1, 100, NULL, NULL,
	NULL},
    {0, "size", "BYTES", "how large", OPTION_SIZE, AT(size), 1, 65536, NULL,
	NULL, NULL},
    {0, "wait", "TIME", "how long,\nin all", OPTION_DURATION, AT(wait), 1000000,
	60000000000, NULL, NULL, NULL},
    {'t', "text", "WORDS", "whatever", OPTION_TEXT, AT(text), 0, 0, NULL, NULL,
	NULL},
    {0, "mode", "WHAT", "wait or refuse", OPTION_CHOICE, AT(mode), 0, 0,
	"wait|refuse", NULL, NULL},
    {'e', "even", "WORD", "a word of even length", OPTION_CALL, 0, 0, 0,
	"a word of even length", take_even, NULL},
    {0, "list", NULL, "print a list and exit", OPTION_DO, 0, 0, 0, NULL,
	print_list, NULL},
    {0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL},
};

static const struct option_set SET = {
    .synopsis = "[options] [WORD]",
    .about = "Tests options.",
    .specs = SPECS,
    .foot = "See also the foot.\n",
};

/* ARGV ends with NULL and begins with the program's name. */
static int
parse(struct config *config, const char *const *argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return options_parse(&SET, config, argc, (char **)(uintptr_t)argv);
}

static void
parse_and_return(void *arg)
{
	struct config config = {0};
	const char *const *argv = arg;
	/* getopt reorders: the child's own copy */
	const char *copy[16] = {NULL};

	for (size_t i = 0; argv[i]; i++)
		copy[i] = argv[i];
	parse(&config, copy);
}

static struct caught caught;

#define PARSE(...)                                    \
	catch_child(&caught, parse_and_return,        \
	    (void *)(uintptr_t)(const char *const[]){ \
		"test", __VA_ARGS__, NULL})

static void
is_one_line(const char *text)
{
	assert_true(strlen(text) > 1);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void
says(const char *words)
{
	if (!strstr(caught.err, words))
		fail_msg("\"%s\" is not in: %s", words, caught.err);
}

/* Wrong usage: exit 2, one line in one write, nothing on standard output. */
static void
is_refused(const char *option, const char *value, const char *allowed)
{
	assert_int_equal(caught.exit, 2);
	assert_int_equal(caught.writes, 1);
	is_one_line(caught.err);
	assert_string_equal(caught.out, "");
	says(option);
	says(value);
	says(allowed);
}

TEST(options_fill_the_config)
{
	const char *argv[] = {"test", "-v", "--verbose", "--count=7", "--size",
	    "2KiB", "--wait", "1.5s", "-t", "some words", "--mode", "refuse",
	    "--even", "four", NULL};
	struct config config = {0};

	assert_int_equal(parse(&config, argv), 14);
	assert_int_equal(config.verbose, 2);
	assert_int_equal(config.count, 7);
	assert_int_equal(config.size, 2048);
	assert_int_equal(config.wait, 1500000000);
	assert_string_equal(config.text, "some words");
	assert_int_equal(config.mode, 1);
	assert_string_equal(config.called, "four");
}

TEST(defaults_stay_without_options)
{
	const char *argv[] = {"test", NULL};
	struct config config = {.count = 3, .mode = 1, .text = "as it was"};

	assert_int_equal(parse(&config, argv), 1);
	assert_int_equal(config.count, 3);
	assert_int_equal(config.mode, 1);
	assert_string_equal(config.text, "as it was");
}

TEST(limits_of_a_range_are_taken)
{
	const char *least[] = {"test", "-c1", "--size=1", "--wait=1ms", NULL};
	const char *most[] = {
	    "test", "-c", "100", "--size=64KiB", "--wait=1m", NULL};
	struct config config = {0};

	parse(&config, least);
	assert_int_equal(config.count, 1);
	assert_int_equal(config.size, 1);
	assert_int_equal(config.wait, 1000000);
	parse(&config, most);
	assert_int_equal(config.count, 100);
	assert_int_equal(config.size, 65536);
	assert_int_equal(config.wait, 60000000000);
}

TEST(arguments_may_stand_before_options)
{
	const char *argv[] = {"test", "word", "-c", "5", "--", "-v", NULL};
	struct config config = {0};
	int first;

	first = parse(&config, argv);
	assert_int_equal(config.count, 5);
	assert_int_equal(config.verbose, 0);
	assert_int_equal(first, 4);
	assert_string_equal(argv[first], "word");
	assert_string_equal(argv[first + 1], "-v");
}

TEST(bad_counts_are_refused)
{
	static const char *const bad[] = {"0", "101", "-1", "+1", "1.5", "1k",
	    "", "x", "18446744073709551617"};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		PARSE("--count", bad[i]);
		is_refused("--count", bad[i], "a whole number, from 1 to 100");
	}
	PARSE("-c", "many");
	is_refused("--count", "many", "from 1 to 100");
}

TEST(bad_sizes_are_refused)
{
	PARSE("--size", "65537");
	is_refused("--size", "65537", "from 1 to 65536");
	PARSE("--size=64kB");
	is_refused("--size", "64kB", "a size such as");
}

TEST(bad_durations_are_refused)
{
	PARSE("--wait", "5");
	is_refused("--wait", " 5:", "from 0.001s to 60s");
	PARSE("--wait", "61s");
	is_refused("--wait", "61s", "a duration such as");
	PARSE("--wait", "999us");
	is_refused("--wait", "999us", "from 0.001s");
}

TEST(bad_choices_are_refused)
{
	static const char *const bad[] = {
	    "", "wai", "waits", "Wait", "wait|refuse", "|", "refuse|"};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		PARSE("--mode", bad[i]);
		is_refused("--mode", bad[i], "wait|refuse");
	}
}

TEST(values_that_a_call_refuses_are_refused)
{
	PARSE("-e", "three");
	is_refused("--even", "three", "a word of even length");
}

TEST(a_missing_value_is_refused)
{
	PARSE("--wait");
	is_refused("--wait", "needs a value", "TIME");
	PARSE("-c");
	is_refused("--count", "needs a value", "N");
}

TEST(unknown_options_are_refused)
{
	PARSE("--colour");
	is_refused("--colour", "no such option", "--help");
	PARSE("-z");
	is_refused("-z", "no such option", "--help");
	PARSE("-vz");
	is_refused("-z", "no such option", "--help");
}

/* --verbose exists, whatever getopt says of its letter. */
TEST(a_value_for_a_flag_is_refused_by_its_name)
{
	PARSE("--list=3");
	is_refused("--list", "", "");
	PARSE("--verbose=3");
	is_refused("--verbose", "", "");
	assert_null(strstr(caught.err, "-v: no such option"));
}

TEST(a_long_value_leaves_room_for_what_is_allowed)
{
	static char longest[3000];

	memset(longest, 'x', sizeof(longest) - 1);
	PARSE("--count", longest);
	is_refused("--count", "xxx", "from 1 to 100");
	PARSE("--wait", longest);
	is_refused("--wait", "xxx", "to 60s");
	PARSE("--mode", longest);
	is_refused("--mode", "xxx", "wait|refuse");
	PARSE("--even", longest);
	is_refused("--even", "xxx", "a word of even length");
}

TEST(a_bad_value_cannot_forge_a_line)
{
	PARSE("--count", "1\nperconn: all is well\033[2J");
	is_refused("--count", "1\\x0aperconn", "\\x1b[2J");
}

TEST(help_names_every_option)
{
	PARSE("--help");
	assert_int_equal(caught.exit, 0);
	assert_string_equal(caught.err, "");
	assert_ptr_equal(
	    strstr(caught.out, "usage: perconn [options] [WORD]\n"),
	    caught.out);
	assert_non_null(strstr(caught.out, "Tests options."));
	for (const struct option_spec *s = SPECS; s->name; s++) {
		char name[32], help[64];

		snprintf(name, sizeof(name), "--%s%s%s", s->name,
		    s->value ? " " : "", s->value ? s->value : "");
		assert_non_null(strstr(caught.out, name));
		assert_non_null(
		    strstr(caught.out, strtok(strcpy(help, s->help), "\n")));
	}
	assert_non_null(strstr(caught.out, "-c, --count N"));
	assert_non_null(strstr(caught.out, "--help"));
	assert_non_null(strstr(caught.out, "--version"));
	assert_non_null(strstr(caught.out, "\n\nSee also the foot.\n"));
}

TEST(help_aligns_its_words)
{
	const char *head = NULL;
	size_t lines = 0, wrapped = 0;

	PARSE("--help");
	for (char *line = strtok(caught.out, "\n"); line;
	     line = strtok(NULL, "\n")) {
		wrapped +=
		    strspn(line, " ") == 30 && strcmp(line + 30, "in all") == 0;
		if (strncmp(line, "  -", 3) != 0 &&
		    strncmp(line, "      --", 8) != 0)
			continue;
		head = line;
		assert_true(strlen(line) > 30);
		assert_int_equal(line[29], ' ');
		assert_int_not_equal(line[30], ' ');
		lines++;
	}
	assert_non_null(head);
	assert_int_equal(wrapped, 1);
	assert_int_equal(lines, COUNT_OF(SPECS) - 1 + 2);
}

TEST(version_is_one_line)
{
	PARSE("--version");
	assert_int_equal(caught.exit, 0);
	assert_string_equal(caught.err, "");
	is_one_line(caught.out);
	assert_int_equal(strncmp(caught.out, "perconn (perconn) ", 18), 0);
}

TEST(an_option_that_does_something_ends_the_program)
{
	PARSE("--list", "--count", "0");
	assert_int_equal(caught.exit, 0);
	assert_string_equal(caught.out, "one\ntwo\n");
	assert_string_equal(caught.err, "");
}

RUN_TESTS(NULL, NULL)
