/* SPDX-License-Identifier: MIT */
/* cmd_trace: what a server or client recorded with --trace, as a picture. */
#include <locale.h>
#include <stddef.h>
#include <stdio.h>

#include "common/base/log.h"
#include "common/base/process.h"
#include "common/base/terminal.h"
#include "common/base/units.h"
#include "common/cli/cli.h"
#include "common/cli/lab_verb.h"
#include "common/trace/timeline_svg.h"
#include "common/trace/timeline_terminal.h"
#include "common/trace/trace_event_json.h"

/* A server's and its client's. */
#define FILES_MAX 2
/* Rows of a picture, unless the user says more. */
#define ROWS_TERMINAL 40
#define ROWS_SVG 200
#define ROWS_MAX 100000

struct trace_config {
	const char *svg, *json;
	uint64_t rows, width, from_ns, to_ns;
	int language; /* -1: as the locale says */
};

static const struct option_spec TRACE_OPTIONS[] = {
    {0, "svg", "FILE", "draw it as an SVG picture; - is standard output",
	OPTION_TEXT, .offset = offsetof(struct trace_config, svg)},
    {0, "json", "FILE",
	"write Trace Event JSON, which ui.perfetto.dev and chrome://tracing "
	"open; - is standard output",
	OPTION_TEXT, .offset = offsetof(struct trace_config, json)},
    {0, "rows", "N", "draw at most so many lines (default 40; --svg: 200)",
	OPTION_COUNT, .offset = offsetof(struct trace_config, rows), .min = 1,
	.max = ROWS_MAX},
    {0, "width", "N",
	"draw lines of so many columns (default: the terminal's, or 80)",
	OPTION_COUNT, .offset = offsetof(struct trace_config, width),
	.min = TERMINAL_COLUMNS_MIN, .max = TERMINAL_COLUMNS_MAX},
    {0, "from", "D", "begin so long after the first event (default: there)",
	OPTION_DURATION, .offset = offsetof(struct trace_config, from_ns),
	.max = UINT64_MAX},
    {0, "to", "D", "end so long after the first event (default: the last one)",
	OPTION_DURATION, .offset = offsetof(struct trace_config, to_ns),
	.min = 1, .max = UINT64_MAX},
    {0, "lang", "LANGUAGE",
	"en (English) or zh (Chinese); default: by LC_ALL, LC_MESSAGES or LANG",
	OPTION_CHOICE, .offset = offsetof(struct trace_config, language),
	.allowed = "en|zh"},
    {0},
};

/* ---- files ---- */

static void
refuse_files(const struct trace_config *config, char **files, int count)
{
	cli_refuse_one_file("svg", config->svg, "json", config->json);
	if (config->svg && config->json && output_is_stdout(config->svg) &&
	    output_is_stdout(config->json))
		usage_error("--svg - --json -: standard output takes one of "
			    "them; name a file");
	for (int i = 0; i < count; i++) {
		const char *outputs[] = {config->svg, config->json};

		for (int k = 0; k < 2; k++) {
			if (outputs[k] &&
			    output_is_one_file(outputs[k], files[i]))
				usage_error("--%s %.200s: this is the trace "
					    "that is read; name another file",
				    k ? "json" : "svg", outputs[k]);
		}
	}
}

static void
read_logs(struct trace_log *logs, char **files, int count)
{
	char why[200];

	for (int i = 0; i < count; i++) {
		if (trace_log_read(&logs[i], files[i], why, sizeof(why)) < 0)
			die(1, "%.200s: %s", files[i], why);
	}
}

static void
check_window(const struct trace_config *config, const struct timeline *timeline)
{
	char span[16];

	format_duration(span, sizeof(span), (double)timeline->span);
	if (config->to_ns && config->to_ns <= config->from_ns)
		usage_error("--to must be later than --from");
	if (config->from_ns > timeline->span)
		usage_error(
		    "--from: the trace ends before that, after %s", span);
}

/* ---- pictures ---- */

static struct timeline_view
open_view(const struct trace_config *config, const struct timeline *timeline,
    size_t rows)
{
	struct timeline_view view;

	timeline_view_open(&view, timeline,
	    &(struct timeline_wish){
		.from = config->from_ns,
		.to = config->to_ns,
		.rows = config->rows ? config->rows : rows,
		.zh = lab_verb_chinese(config->language),
		.more = "--rows N, or --from and --to",
	    });
	return view;
}

static void
draw_terminal(
    const struct trace_config *config, const struct timeline *timeline)
{
	struct terminal_style style = terminal_style_of(stdout);
	struct timeline_view view = open_view(config, timeline, ROWS_TERMINAL);

	if (config->width)
		style.width = config->width;
	timeline_terminal(&view, &style, stdout);
	timeline_view_close(&view);
	process_flush();
}

static int
draw_svg(const struct trace_config *config, const struct timeline *timeline)
{
	struct output output = cli_open_output(config->svg);
	struct timeline_view view = open_view(config, timeline, ROWS_SVG);

	timeline_svg(&view, NULL, output.file);
	timeline_view_close(&view);
	return cli_close_output(&output, true);
}

static int
write_json(const struct trace_config *config, const struct timeline *timeline)
{
	struct output output = cli_open_output(config->json);

	trace_event_json(timeline, output.file);
	return cli_close_output(&output, true);
}

int
cmd_trace(int argc, char **argv)
{
	static const struct option_set set = {"trace FILE [FILE] [options]",
	    "Draws what a server recorded with --trace FILE: a line for each "
	    "worker. A second FILE, of `client load --trace`, is drawn on the "
	    "same axis.",
	    TRACE_OPTIONS, NULL};
	struct trace_config config = {.language = -1};
	int i = options_parse(&set, &config, argc, argv), count = argc - i;
	struct trace_log logs[FILES_MAX];
	struct timeline timeline;
	int bad = 0;

	if (count < 1)
		usage_error("trace: the FILE is missing: one that a server "
			    "wrote with --trace FILE");
	if (count > FILES_MAX)
		usage_error("trace: takes two FILEs at most; %.200s is one too "
			    "many",
		    argv[i + FILES_MAX]);
	setlocale(LC_CTYPE, "");
	refuse_files(&config, argv + i, count);
	read_logs(logs, argv + i, count);
	timeline_build(&timeline, logs, (size_t)count);
	check_window(&config, &timeline);
	if (config.svg)
		bad |= draw_svg(&config, &timeline);
	if (config.json)
		bad |= write_json(&config, &timeline);
	if (!config.svg && !config.json)
		draw_terminal(&config, &timeline);
	timeline_release(&timeline);
	for (int k = 0; k < count; k++)
		trace_log_release(&logs[k]);
	return bad ? 1 : 0;
}
