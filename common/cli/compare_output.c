/* SPDX-License-Identifier: MIT */
/* compare_output: files first, then what goes into them. */
#include "common/cli/compare_output.h"

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/process.h"
#include "common/cli/cli.h"
#include "common/report/comparison_json.h"
#include "common/report/html_report.h"
#include "common/report/side_by_side_html.h"
#include "common/report/side_by_side_terminal.h"

static const char *
path_of(const struct compare_output *output, const char *name)
{
	static char path[4200];

	if (snprintf(path, sizeof(path), "%s/%s", output->directory, name) >=
	    (int)sizeof(path))
		die(1, "%s: %s", output->directory, strerror(ENAMETOOLONG));
	return path;
}

static void
check_files(const struct compare_output *output)
{
	cli_refuse_one_file("json", output->json, "csv", output->csv);
	if (!output->directory)
		return;
	cli_refuse_one_file(
	    "json", output->json, "report", path_of(output, "index.html"));
	cli_refuse_one_file(
	    "csv", output->csv, "report", path_of(output, "index.html"));
	cli_refuse_one_file(
	    "csv", output->csv, "report", path_of(output, "compare.json"));
	if (!output->csv && !output->saved)
		cli_refuse_one_file("json", output->json, "report",
		    path_of(output, "slices.csv"));
}

/* Two side by side have neither JSON nor slices. */
static bool
is_pair(const struct compare_output *output)
{
	return output->saved && output->saved->count == 2;
}

/* Whether DIR/compare.json is what is shown. */
static bool
is_from_there(const struct compare_output *output)
{
	for (size_t i = 0; output->saved && i < output->saved->count; i++) {
		if (output_is_one_file(output->saved->files[i],
			path_of(output, "compare.json")))
			return true;
	}
	return false;
}

static void
warn_of(const struct compare_output *output, const char *name)
{
	const char *path = path_of(output, name);

	if (access(path, F_OK) == 0)
		log_warn("%s is of an older comparison, not of this page: "
			 "remove it if you do not need it",
		    path);
}

/* They may be all that is left of hours, so they stay. */
static void
warn_of_others(const struct compare_output *output)
{
	if (is_from_there(output))
		return;
	if (is_pair(output))
		warn_of(output, "compare.json");
	if (!(output->rows.file && !output->csv) &&
	    !(output->csv &&
		output_is_one_file(output->csv, path_of(output, "slices.csv"))))
		warn_of(output, "slices.csv");
}

static void
open_directory(struct compare_output *output)
{
	if (output_directory(output->directory) < 0)
		die(1, "%s: %s", output->directory, strerror(errno));
	output->page = cli_open_output(path_of(output, "index.html"));
	if (!is_pair(output))
		output->page_json =
		    cli_open_output(path_of(output, "compare.json"));
	if (!output->csv && !output->saved)
		output->rows = cli_open_output(path_of(output, "slices.csv"));
	warn_of_others(output);
}

void
compare_output_open(struct compare_output *output)
{
	check_files(output);
	/* What may be printed; numbers stay as they are in C. */
	setlocale(LC_CTYPE, "");
	output->words = cli_words_for(
	    output_is_stdout(output->csv) ? output->csv : output->json);
	output->style = terminal_style_of(output->words);
	cli_take_interrupts();
	output->json_file = cli_open_output(output->json);
	output->rows = cli_open_output(output->csv);
	if (output->directory)
		open_directory(output);
}

/* Whether there is one figure in it. */
static bool
is_measured(const struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->scenario_count; i++) {
		const struct scenario_result *o = &comparison->scenarios[i];

		for (size_t k = 0; k < o->point_count; k++) {
			const struct server_result *results =
			    o->points[k].results;

			for (size_t n = 0; n < comparison->server_count; n++) {
				if (results[n].usable)
					return true;
			}
		}
	}
	return false;
}

/* Last, for its reader may have gone: that shall cost no file. */
static void
end_words(const struct compare_output *output, bool has_page, bool bad)
{
	if (has_page)
		fprintf(output->words, "report: %s\n",
		    path_of(output, "index.html"));
	if (!bad) /* else it may be told already */
		process_flush();
}

/* What was measured is safe before the drawing, which may take long or be
 * ended. */
static int
close_measured(
    struct compare_output *output, const struct comparison *c, bool measured)
{
	int bad;

	if (output->json_file.file)
		comparison_json_write(c, output->json_file.file);
	if (output->page_json.file)
		comparison_json_write(c, output->page_json.file);
	bad = cli_close_output(&output->json_file, measured);
	bad |= cli_close_output(&output->page_json, measured);
	bad |= cli_close_output(&output->rows, measured);
	return bad;
}

int
compare_output_write(
    struct compare_output *output, const struct comparison *comparison)
{
	const struct html_report_plan plan = {
	    .has_slices = output->rows.file && !output->csv,
	    .stop = &cli_interrupted,
	};
	bool measured = output->saved || is_measured(comparison);
	bool page = output->page.file;
	char why[200];
	int bad;

	terminal_report(comparison, &output->style, output->words);
	fflush(output->words);
	bad = close_measured(output, comparison, measured);
	if (page && !html_report(
			comparison, &plan, output->page.file, why, sizeof(why)))
		log_warn("some pictures are missing: %s", why);
	/* What is saved can be drawn again. */
	if (output->saved && cli_interrupted) {
		output_discard(&output->page);
		page = false;
	}
	bad |= cli_close_output(&output->page, measured);
	end_words(output, page, bad);
	return bad;
}

int
compare_output_pair(struct compare_output *output, const struct comparison *a,
    const char *a_name, const struct comparison *b, const char *b_name)
{
	bool page = output->page.file;
	int bad;

	side_by_side_terminal(
	    a, a_name, b, b_name, &output->style, output->words);
	if (page)
		side_by_side_html(a, a_name, b, b_name, output->page.file);
	bad = cli_close_output(&output->page, true);
	end_words(output, page, bad);
	return bad;
}
