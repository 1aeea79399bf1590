/* SPDX-License-Identifier: MIT */
/* cmd_lab_grade: the results of a class as one table. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/process.h"
#include "common/cli/cli.h"
#include "common/lab/lab_grade.h"

struct grade_options {
	const char *matrix;
};

static const struct option_spec GRADE_OPTIONS[] = {
    {0, "matrix", "FILE",
	"write the matrix of predictions and outcomes to FILE, not below the "
	"results",
	OPTION_TEXT, .offset = offsetof(struct grade_options, matrix)},
    {0},
};

static void
grade_file(struct lab_grade *grade, const char *path)
{
	const char *wrong = lab_grade_file(grade, path, stdout);

	if (wrong)
		log_always("%s", wrong);
}

static int
is_json(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && strcmp(dot, ".json") == 0;
}

/* The files NAME.json of a folder, or one file. */
static void
grade_path(struct lab_grade *grade, const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_json, alphasort);

	if (count < 0) {
		grade_file(grade, path);
		return;
	}
	if (count == 0)
		log_always("%s: has no file *.json", path);
	for (int i = 0; i < count; i++) {
		char *file;

		if (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
			die(1, "%s: %s", path, strerror(errno));
		grade_file(grade, file);
		free(file);
		free(entries[i]);
	}
	free(entries);
}

int
cmd_lab_grade(int argc, char **argv)
{
	static const struct option_set set = {"lab grade FILE... [options]",
	    "Reads results that `client lab NAME --json FILE` wrote, or the "
	    "*.json files of a folder, judges their facts again, and prints a "
	    "line of CSV for each, then the matrix of predictions and "
	    "outcomes. A wrong prediction costs no marks.",
	    GRADE_OPTIONS,
	    "Exit status: 0, or 1 if a file cannot be read or does not agree "
	    "with its facts."};
	struct grade_options options = {0};
	int i = options_parse(&set, &options, argc, argv), status;
	struct output matrix;
	struct lab_grade grade;

	if (i == argc)
		usage_error("lab grade: the FILE is missing; `client lab NAME "
			    "--json FILE` writes one");
	if (output_is_stdout(options.matrix))
		usage_error("--matrix -: standard output has the results; "
			    "without --matrix the matrix follows them");
	matrix = cli_open_output(options.matrix);
	if (lab_grade_begin(&grade, stdout) < 0)
		die(1, "%s", strerror(errno));
	for (; i < argc; i++)
		grade_path(&grade, argv[i]);
	if (!matrix.file)
		fputc('\n', stdout);
	lab_grade_matrix(&grade, matrix.file ? matrix.file : stdout);
	status = grade.bad || !grade.files;
	lab_grade_end(&grade);
	if (cli_close_output(&matrix, true) < 0)
		status = 1;
	process_flush();
	return status;
}
