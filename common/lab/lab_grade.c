/* SPDX-License-Identifier: MIT */
/* lab_grade: judges results again, and counts. */
#include "common/lab/lab_grade.h"

#include <stdlib.h>
#include <string.h>

#include "common/lab/lab_csv.h"
#include "common/lab/lab_table.h"

enum { LETTERS = 5 }; /* none, A to D */

static int
letter_index(char letter)
{
	return letter ? letter - 'A' + 1 : 0;
}

/* ---- CSV ---- */

static void
put_letter(FILE *out, char letter)
{
	lab_csv_cell(out, (char[2]){letter, '\0'}, ',');
}

int
lab_grade_begin(struct lab_grade *grade, FILE *out)
{
	size_t labs = 0;

	while (LAB_TABLE[labs])
		labs++;
	*grade = (struct lab_grade){
	    .matrix = calloc(labs + 1, sizeof(*grade->matrix))};
	fputs("file,lab,seed,model,predicted,answer,right,shown,done,remark\n",
	    out);
	return grade->matrix ? 0 : -1;
}

/* ---- a result ---- */

/* Whether its parameters are those of its seed. */
static bool
has_its_numbers(const struct lab_result *result)
{
	static struct lab_facts own;

	own.count = 0;
	lab_set_parameters(result->lab, result->seed, &own);
	for (size_t i = 0; i < own.count; i++) {
		if (lab_value(&result->facts, "%s", own.at[i].key) !=
		    own.at[i].value)
			return false;
	}
	return true;
}

/* Judges RESULT again. Returns what does not agree with WRITTEN, or NULL. */
static const char *
judge_again(struct lab_result *result)
{
	char answer = result->answer;
	enum lab_outcome outcome = result->outcome;

	if (!has_its_numbers(result))
		return "its numbers are not those of its seed";
	if (outcome == LAB_CANNOT)
		return NULL;
	lab_result_judge(result);
	if (result->answer != answer)
		return "its answer is not what its facts show";
	if (result->outcome != outcome)
		return "its facts do not show what it says";
	return NULL;
}

static size_t
index_of(const struct lab *lab)
{
	size_t i = 0;

	while (LAB_TABLE[i] != lab)
		i++;
	return i;
}

static void
put_result(const struct lab_result *result, const char *path,
    const char *remark, FILE *out)
{
	bool shown = result->outcome == LAB_SHOWN;
	char seed[24] = "";

	if (result->seed)
		snprintf(seed, sizeof(seed), "%llu",
		    (unsigned long long)result->seed);
	lab_csv_cell(out, path, ',');
	lab_csv_cell(out, result->lab->name, ',');
	lab_csv_cell(out, seed, ',');
	lab_csv_cell(out, result->model, ',');
	put_letter(out, result->predicted);
	put_letter(out, result->answer);
	lab_csv_cell(out,
	    !result->predicted || !result->answer ? ""
	    : result->predicted == result->answer ? "yes"
						  : "no",
	    ',');
	lab_csv_cell(out,
	    shown			    ? "yes"
	    : result->outcome == LAB_CANNOT ? "cannot"
					    : "no",
	    ',');
	lab_csv_cell(
	    out, shown && result->predicted && !remark ? "1" : "0", ',');
	lab_csv_cell(out,
	    remark			    ? remark
	    : result->outcome == LAB_CANNOT ? result->reason
					    : "",
	    '\n');
}

const char *
lab_grade_file(struct lab_grade *grade, const char *path, FILE *out)
{
	static struct lab_result result;
	static char why[1000];
	const char *remark;

	grade->files++;
	if (lab_result_read(&result, path, why, sizeof(why)) < 0) {
		lab_csv_cell(out, path, ',');
		fputs(",,,,,,,0,", out);
		lab_csv_cell(out, why, '\n');
		grade->bad++;
		return why;
	}
	remark = judge_again(&result);
	put_result(&result, path, remark, out);
	grade->bad += remark != NULL;
	if (!remark)
		grade->matrix[index_of(result.lab)][letter_index(
		    result.predicted)][letter_index(result.answer)]++;
	if (remark)
		snprintf(why, sizeof(why), "%.800s: %s", path, remark);
	return remark ? why : NULL;
}

/* ---- the matrix ---- */

void
lab_grade_matrix(const struct lab_grade *grade, FILE *out)
{
	fputs("lab,predicted,showed A,showed B,showed C,showed D,showed none\n",
	    out);
	for (size_t i = 0; LAB_TABLE[i]; i++) {
		/* "None" comes last. */
		for (int p = 1; p <= LETTERS; p++) {
			const unsigned *row = grade->matrix[i][p % LETTERS];

			if (!(row[0] | row[1] | row[2] | row[3] | row[4]))
				continue;
			lab_csv_cell(out, LAB_TABLE[i]->name, ',');
			if (p < LETTERS)
				put_letter(out, (char)('A' + p - 1));
			else
				lab_csv_cell(out, "none", ',');
			fprintf(out, "%u,%u,%u,%u,%u\n", row[1], row[2], row[3],
			    row[4], row[0]);
		}
	}
}

void
lab_grade_end(struct lab_grade *grade)
{
	free(grade->matrix);
	*grade = (struct lab_grade){0};
}
