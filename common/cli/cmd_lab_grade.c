/* SPDX-License-Identifier: MIT */
/* cmd_lab_grade: the results of a class as one table. */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/log.h"
#include "common/base/process.h"
#include "common/cli/cli.h"
#include "common/lab/lab_grade.h"

struct grade_options {
	const char *matrix;
	int language;
};

static const struct option_spec GRADE_OPTIONS[] = {
    {0, "matrix", "FILE",
	"write the matrix of predictions and outcomes to FILE, not below the "
	"results",
	OPTION_TEXT, .offset = offsetof(struct grade_options, matrix)},
    {0, "lang", "LANGUAGE",
	"en or zh: taken as by the other verbs; CSV is the same in both",
	OPTION_CHOICE, .offset = offsetof(struct grade_options, language),
	.allowed = "en|zh"},
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
by_name(const FTSENT **one, const FTSENT **other)
{
	return strcmp((*one)->fts_name, (*other)->fts_name);
}

static bool
is_json(const FTSENT *entry)
{
	const char *dot = strrchr(entry->fts_name, '.');

	return entry->fts_level > 0 && entry->fts_info != FTS_DP &&
	       entry->fts_name[0] != '.' && dot && strcmp(dot, ".json") == 0;
}

/* The files *.json of a folder and of the folders in it. What has such a name
 * and is no file gets its line, too. */
static void
grade_folder(struct lab_grade *grade, char *path)
{
	char *paths[] = {path, NULL};
	FTS *folder =
	    fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, by_name);
	size_t before = grade->files;
	FTSENT *entry;

	while (folder && (entry = fts_read(folder))) {
		if (is_json(entry)) {
			grade_file(grade, entry->fts_path);
		} else if (entry->fts_info == FTS_DNR) {
			log_always("%s: %s", entry->fts_path,
			    strerror(entry->fts_errno));
			grade->bad++;
		}
	}
	if (folder)
		fts_close(folder);
	if (grade->files == before) {
		log_always("%s: has no file *.json", path);
		grade->bad++;
	}
}

static void
grade_path(struct lab_grade *grade, char *path)
{
	struct stat file;

	if (stat(path, &file) == 0 && S_ISDIR(file.st_mode))
		grade_folder(grade, path);
	else
		grade_file(grade, path);
}

int
cmd_lab_grade(int argc, char **argv)
{
	static const struct option_set set = {"lab grade FILE... [options]",
	    "Reads results that `client lab NAME --json FILE` wrote, or the "
	    "*.json files of a folder and of the folders in it, judges their "
	    "facts again, and prints a line of CSV for each, then the matrix "
	    "of answers and predictions. A wrong prediction costs no marks.",
	    GRADE_OPTIONS,
	    "Exit status: 0, or 1 if a file cannot be read or does not agree "
	    "with its facts."};
	struct grade_options options = {.language = -1};
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
	if (grade.counted && !matrix.file)
		fputc('\n', stdout);
	if (grade.counted)
		lab_grade_matrix(&grade, matrix.file ? matrix.file : stdout);
	status = grade.bad || !grade.files;
	if (!grade.counted)
		output_discard(&matrix);
	else if (cli_close_output(&matrix, true) < 0)
		status = 1;
	lab_grade_end(&grade);
	process_flush();
	return status;
}
