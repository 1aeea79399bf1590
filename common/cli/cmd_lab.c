/* SPDX-License-Identifier: MIT */
/* cmd_lab: one idea shown on both servers: predict, run, look, explain. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/base/hint.h"
#include "common/base/log.h"
#include "common/base/process.h"
#include "common/base/version.h"
#include "common/cli/cli.h"
#include "common/cli/lab_verb.h"
#include "common/lab/lab_draw.h"
#include "common/lab/lab_server.h"
#include "common/lab/lab_show.h"
#include "common/lab/lab_table.h"
#include "common/lab/lab_traces.h"

struct lab_options {
	int model, language;
	const char *predict, *json, *svg, *source;
	uint64_t seed;
	int quiz, answer, hand, why, no_why;
};

#define AT(field) offsetof(struct lab_options, field)

static const struct option_spec LAB_OPTIONS[] = {
    {0, "model", "MODEL", "run it on one server: thread or fork (default both)",
	OPTION_CHOICE, .offset = AT(model), .allowed = "thread|fork|both"},
    {0, "predict", "LETTER", "your answer to the question, such as B",
	OPTION_TEXT, .offset = AT(predict)},
    {0, "answer", NULL, "ask for no prediction: run, and give the answer",
	OPTION_FLAG, .offset = AT(answer)},
    {0, "quiz", NULL, "print the question only", OPTION_FLAG,
	.offset = AT(quiz)},
    {0, "hand", NULL, "print the commands to run the lab by hand, only",
	OPTION_FLAG, .offset = AT(hand)},
    {0, "no-why", NULL,
	"end with the result: the reason is for the class to find", OPTION_FLAG,
	.offset = AT(no_why)},
    {0, "why", NULL, "print the reason, and what to try next, only",
	OPTION_FLAG, .offset = AT(why)},
    {0, "seed", "N",
	"other numbers than the page's, the same ones for the same N",
	OPTION_COUNT, .offset = AT(seed), .min = 1, .max = INT64_MAX},
    {0, "json", "FILE", "write the result as JSON to FILE (-: standard output)",
	OPTION_TEXT, .offset = AT(json)},
    {0, "svg", "FILE", "write the picture to FILE (-: standard output)",
	OPTION_TEXT, .offset = AT(svg)},
    {0, "source", "DIR",
	"the sources, for a lab that builds servers (default: the folder of "
	"this client)",
	OPTION_TEXT, .offset = AT(source)},
    {0, "lang", "LANGUAGE",
	"en (English) or zh (Chinese); default: by LC_ALL, LC_MESSAGES or LANG",
	OPTION_CHOICE, .offset = AT(language), .allowed = "en|zh"},
    {0},
};

#undef AT

/* ---- the command line ---- */

/* Of options that exclude each other, two that are there. */
static void
refuse_both(bool first, const char *one, bool second, const char *other)
{
	if (first && second)
		usage_error("--%s: has no meaning beside --%s; give one of "
			    "them",
		    one, other);
}

/* The option NAME prints a part of the page: nothing runs. */
static void
refuse_a_run(bool on, const char *name, const struct lab_options *options)
{
	refuse_both(on, name, options->answer, "answer");
	refuse_both(on, name, options->predict, "predict");
	refuse_both(on, name, options->json, "json");
	refuse_both(on, name, options->svg, "svg");
	refuse_both(on, name, options->model >= 0, "model");
	refuse_both(on, name, options->no_why, "no-why");
}

static void
check_options(const struct lab_options *options)
{
	refuse_both(options->quiz, "quiz", options->hand, "hand");
	refuse_both(options->quiz, "quiz", options->why, "why");
	refuse_both(options->hand, "hand", options->why, "why");
	refuse_both(options->hand, "hand", options->seed, "seed");
	refuse_a_run(options->quiz, "quiz", options);
	refuse_a_run(options->hand, "hand", options);
	refuse_a_run(options->why, "why", options);
	refuse_both(options->answer, "answer", options->predict, "predict");
	if (output_is_stdout(options->json) && output_is_stdout(options->svg))
		usage_error("--svg -: --json writes to standard output "
			    "already: name a file");
	cli_refuse_one_file("svg", options->svg, "json", options->json);
}

/* A letter that the page has an answer for. */
static char
predicted_letter(const struct lab_options *options, const struct lab_page *page)
{
	const char *text = options->predict;
	char last = (char)('A' + page->answers - 1), letter;

	if (!text)
		return '\0';
	letter = (char)(text[0] & ~0x20);
	if (text[0] && !text[1] && letter >= 'A' && letter <= last)
		return letter;
	usage_error("--predict %.200s: write the letter of an answer, A to %c",
	    text, last);
}

/* ---- a run ---- */

/* What it shows; or why it cannot be shown here. */
static void
judge_run(struct lab_run *run, struct lab_result *result)
{
	if (cli_interrupted)
		return;
	if (!run->cannot[0])
		lab_result_judge(result);
	if (result->outcome == LAB_NOT_AS_EXPECTED)
		lab_servers_short(run);
	if (!run->cannot[0])
		return;
	result->outcome = LAB_CANNOT;
	result->answer = '\0';
	snprintf(result->reason, sizeof(result->reason), "%s", run->cannot);
}

/* Runs it and judges what it found. */
static void
run_lab(const struct lab_view *view, const struct lab_options *options,
    struct lab_result *result, struct lab_traces *traces)
{
	static struct lab_run run;

	run = (struct lab_run){.lab = view->lab,
	    .zh = view->page.zh,
	    .out = view->out,
	    .facts = view->numbers,
	    .source = options->source,
	    .stop = &cli_interrupted};
	lab_verb_set_models(&run, options->model);
	fputc('\n', view->out);
	if (lab_has_basics(&run))
		view->lab->run(&run);
	if (cli_interrupted)
		supervisor_kill_all(); /* the user waits */
	lab_servers_stop(&run);
	lab_traces_read(traces, &run);
	result->facts = run.facts;
	judge_run(&run, result);
	lab_servers_release(&run);
}

static void
draw(const struct lab_view *view, const struct lab_result *result,
    const struct lab_traces *traces, FILE *svg)
{
	static struct lab_picture picture;
	char title[300];

	picture = (struct lab_picture){.zh = view->page.zh};
	lab_traces_show(traces, &picture);
	view->lab->draw(&result->facts, &picture);
	lab_draw_terminal(&picture, &view->style, view->out);
	snprintf(title, sizeof(title), "%s: %.*s", view->lab->name,
	    (int)view->page.title.len, view->page.title.at);
	if (svg)
		lab_draw_svg(&picture, title, svg);
}

/* Whether there is a student to ask. */
static bool
is_asked(const struct lab_view *view, const struct lab_options *options)
{
	return !options->answer && isatty(STDIN_FILENO) &&
	       isatty(STDOUT_FILENO) && view->out == stdout;
}

/* The prediction: given, asked for on a terminal, or none. */
static char
predict(const struct lab_view *view, const struct lab_options *options)
{
	char letter = predicted_letter(options, &view->page);

	if (letter || options->answer)
		return letter;
	if (is_asked(view, options))
		return lab_ask_prediction(view, stdin);
	lab_show_how_to_predict(view);
	return '\0';
}

/* The reason, when the student has looked for it. */
static void
explain(const struct lab_view *view, const struct lab_options *options)
{
	if (is_asked(view, options))
		lab_await_enter(view, stdin);
	if (!cli_interrupted)
		lab_show_why(view);
}

static void
name_result(struct lab_result *result, const struct lab_view *view,
    const struct lab_options *options)
{
	static const char *const models[] = {"thread", "fork", "both"};

	result->lab = view->lab;
	result->seed = options->seed;
	snprintf(result->model, sizeof(result->model), "%s",
	    models[options->model < 0 ? MODEL_BOTH : options->model]);
	snprintf(result->language, sizeof(result->language), "%s",
	    view->page.zh ? "zh" : "en");
	snprintf(
	    result->version, sizeof(result->version), "%s", PERCONN_VERSION);
}

static int
show_lab(struct lab_view *view, const struct lab_options *options)
{
	static struct lab_result result;
	static struct lab_traces traces;
	struct output json, svg;
	bool known, written;

	view->stop = &cli_interrupted;
	cli_take_interrupts();
	name_result(&result, view, options);
	predicted_letter(options, &view->page); /* or wrong usage */
	json = cli_open_output(options->json);
	svg = cli_open_output(options->svg);
	lab_show_question(view);
	result.predicted = predict(view, options);
	if (!cli_interrupted)
		run_lab(view, options, &result, &traces);
	if (cli_interrupted) {
		output_discard(&json);
		output_discard(&svg);
		return 128 + abs(cli_interrupted);
	}
	known = result.outcome != LAB_CANNOT;
	if (known)
		draw(view, &result, &traces, svg.file);
	lab_traces_release(&traces);
	lab_show_result(view, &result);
	if (json.file)
		lab_result_write(&result, json.file);
	written = cli_close_output(&json, true) == 0;
	written = cli_close_output(&svg, known) == 0 && written;
	if (known && !options->no_why)
		explain(view, options);
	process_flush();
	if (cli_interrupted) /* the result is written, and stays */
		return 128 + abs(cli_interrupted);
	if (!written)
		return 1;
	return result.outcome == LAB_SHOWN    ? 0
	       : result.outcome == LAB_CANNOT ? LAB_VERB_CANNOT
					      : 1;
}

static int
list_labs(bool zh)
{
	struct terminal_style style = terminal_style_of(stdout);

	lab_show_list(&style, zh, stdout);
	process_flush();
	return 0;
}

/* Only what the page says. */
static int
show_page(const struct lab_view *view, const struct lab_options *options)
{
	if (options->quiz)
		lab_show_question(view);
	else if (options->why)
		lab_show_why(view);
	else
		printf("%.*s\n", (int)view->page.hand.len, view->page.hand.at);
	process_flush();
	return 0;
}

static bool
is_default(const struct lab_options *options)
{
	return !options->predict && !options->json && !options->svg &&
	       !options->seed && !options->quiz && !options->answer &&
	       !options->hand && !options->why && !options->no_why &&
	       options->model < 0;
}

int
cmd_lab(int argc, char **argv)
{
	static const struct option_set set = {
	    "lab [NAME | start NAME [DIR] | check NAME [DIR] | grade FILE...] "
	    "[options]",
	    "Shows one idea on both servers: asks what you predict, runs the "
	    "servers, draws what happened and explains it. Without NAME it "
	    "lists the labs.",
	    LAB_OPTIONS,
	    "Exit status: 0 shown, 1 not as expected, 77 it cannot be shown on "
	    "this machine."};
	static struct lab_view view;
	struct lab_options options = {.model = -1, .language = -1};
	int i;

	setlocale(LC_CTYPE, "");
	if (argc > 1 &&
	    (strcmp(argv[1], "start") == 0 || strcmp(argv[1], "check") == 0))
		return cmd_lab_exercise(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "grade") == 0)
		return cmd_lab_grade(argc - 1, argv + 1);
	i = options_parse(&set, &options, argc, argv);
	if (i == argc && is_default(&options))
		return list_labs(lab_verb_chinese(options.language));
	if (i == argc)
		usage_error(
		    "lab: the NAME is missing; `client lab` lists them");
	if (argc - i > 1)
		usage_error("lab: takes one NAME; remove %.200s", argv[i + 1]);
	check_options(&options);
	view.lab = lab_verb_find(argv[i]);
	view.out =
	    output_is_stdout(options.json) || output_is_stdout(options.svg)
		? stderr
		: stdout;
	view.style = terminal_style_of(view.out);
	lab_set_parameters(view.lab, options.seed, &view.numbers);
	if (!lab_page_find(
		&view.page, view.lab->name, lab_verb_chinese(options.language)))
		die(1,
		    "docs/labs/%s/README.md was not there when this client was "
		    "built",
		    view.lab->name);
	view.style.utf8 |= view.page.zh; /* what shows Chinese shows blocks */
	if (options.quiz || options.hand || options.why)
		return show_page(&view, &options);
	return show_lab(&view, &options);
}
