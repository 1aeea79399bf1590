/* SPDX-License-Identifier: MIT */
/* compare_output: files first, then what goes into them. */
#include "common/verb/compare_output.h"

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/report/comparison_json.h"
#include "common/report/report_page.h"
#include "common/verb/verb.h"

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
	refuse_empty("json", output->json, "a file");
	refuse_empty("csv", output->csv, "a file");
	refuse_empty("report", output->directory, "a directory");
	refuse_one_file("json", output->json, "csv", output->csv);
	if (!output->directory)
		return;
	refuse_one_file(
	    "json", output->json, "report", path_of(output, "index.html"));
	refuse_one_file(
	    "csv", output->csv, "report", path_of(output, "index.html"));
	refuse_one_file(
	    "csv", output->csv, "report", path_of(output, "compare.json"));
	if (!output->csv && !output->saved)
		refuse_one_file("json", output->json, "report",
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
		if (is_one_file(output->saved->files[i],
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
		log_warn("%s was there before, and is not of this page", path);
}

/* They may be all that is left of hours, so they stay. */
static void
warn_of_others(const struct compare_output *output)
{
	if (is_from_there(output))
		return;
	if (is_pair(output))
		warn_of(output, "compare.json");
	if (!output->slices &&
	    !(output->csv &&
		is_one_file(output->csv, path_of(output, "slices.csv"))))
		warn_of(output, "slices.csv");
}

static void
open_directory(struct compare_output *output)
{
	if (mkdir(output->directory, 0777) < 0 && errno != EEXIST)
		die(1, "%s: %s", output->directory, strerror(errno));
	output->page = open_output(path_of(output, "index.html"));
	if (!is_pair(output))
		output->page_json =
		    open_output(path_of(output, "compare.json"));
	if (!output->csv && !output->saved)
		output->slices = open_output(path_of(output, "slices.csv"));
	warn_of_others(output);
}

void
compare_output_open(struct compare_output *output)
{
	check_files(output);
	/* What may be printed; numbers stay as they are in C. */
	setlocale(LC_CTYPE, "");
	output->words = words_for(output->csv && strcmp(output->csv, "-") == 0
				      ? output->csv
				      : output->json);
	output->style = print_style_of(output->words);
	output->json_file = open_output(output->json);
	if (output->directory)
		open_directory(output);
}

static void
close_directory(struct compare_output *output)
{
	close_output(output->page, path_of(output, "index.html"));
	if (output->page_json)
		close_output(
		    output->page_json, path_of(output, "compare.json"));
	if (output->slices)
		close_output(output->slices, path_of(output, "slices.csv"));
	fprintf(output->words, "report: %s\n", path_of(output, "index.html"));
}

void
compare_output_write(
    struct compare_output *output, const struct comparison *comparison)
{
	const struct page_plan plan = {
	    .has_slices = output->slices != NULL,
	    .stop = &interrupted,
	};
	char why[200];

	comparison_print(comparison, &output->style, output->words);
	if (output->json_file)
		comparison_json(comparison, output->json_file);
	if (output->page_json)
		comparison_json(comparison, output->page_json);
	/* What was measured is safe before the drawing, which may take long or
	 * be ended. Who closes them tells errors. */
	fflush(NULL);
	if (output->directory) {
		if (!report_page(
			comparison, &plan, output->page, why, sizeof(why)))
			log_warn("not all pictures are drawn: %s", why);
		close_directory(output);
	}
	close_output(output->json_file, output->json);
}

void
compare_output_pair(struct compare_output *output, const struct comparison *a,
    const char *a_name, const struct comparison *b, const char *b_name)
{
	comparison_print_pair(
	    a, a_name, b, b_name, &output->style, output->words);
	if (output->directory) {
		report_page_pair(a, a_name, b, b_name, output->page);
		close_directory(output);
	}
	close_output(NULL, NULL);
}
