/* SPDX-License-Identifier: MIT */
/* lab_grade: judges results again, and counts. */
#include "common/lab/lab_grade.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/log.h"
#include "common/base/version.h"
#include "common/lab/lab_csv.h"
#include "common/lab/lab_table.h"

enum { LETTERS = 5 }; /* none, A to D */

static int
letter_index(char letter)
{
	return letter ? letter - 'A' + 1 : 0;
}

/* ---- CSV ---- */

/* ---- files that are the same ---- */

struct lab_grade_seen {
	char *path;
	uint64_t bytes; /* of the whole file */
	uint64_t facts; /* of what was measured, and of the lab */
};

/* As FNV-1a. */
static uint64_t
add_to_sum(uint64_t sum, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ at[i]) * 1099511628211;
	return sum;
}

#define SUM_BEGIN 14695981039346656037ULL

/* 0: it cannot be read again, as standard input and a FIFO. */
static uint64_t
sum_of_file(const char *path)
{
	struct stat st;
	FILE *in = stat(path, &st) == 0 && S_ISREG(st.st_mode)
		       ? fopen(path, "re")
		       : NULL;
	uint64_t sum = SUM_BEGIN;
	char bytes[4096];
	size_t n;

	if (!in)
		return 0;
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		sum = add_to_sum(sum, bytes, n);
	fclose(in);
	return sum;
}

/* What differs from run to run: two runs have never all of it in common. Where
 * the facts are counts that each run has, the answer of 0 says nothing. */
static uint64_t
sum_of_facts(const struct lab_result *result)
{
	const char *name = result->lab->name;
	uint64_t sum = add_to_sum(SUM_BEGIN, name, strlen(name));
	bool measured = false;

	for (size_t i = 0; i < result->facts.count; i++) {
		const double value = result->facts.at[i].value;

		measured |= value != (double)(int64_t)value;
		sum = add_to_sum(sum, &value, sizeof(value));
	}
	return measured ? sum : 0;
}

/* Notes RESULT. Returns what it is the same as, or NULL. */
static const char *
note_and_compare(
    struct lab_grade *grade, const struct lab_result *result, const char *path)
{
	static char why[1000];
	struct lab_grade_seen own = {
	    strdup(path), sum_of_file(path), sum_of_facts(result)};
	struct lab_grade_seen *more = reallocarray(
	    grade->seen, grade->seen_count + 1, sizeof(*grade->seen));
	const char *same = NULL;

	if (!more || !own.path)
		die(1, "%s", strerror(errno));
	grade->seen = more;
	for (size_t i = 0; !same && i < grade->seen_count; i++) {
		bool bytes = own.bytes && more[i].bytes == own.bytes;

		if (bytes || (own.facts && more[i].facts == own.facts)) {
			snprintf(why, sizeof(why), "%s %.800s",
			    bytes ? "same as" : "same measurements as",
			    more[i].path);
			same = why;
		}
	}
	more[grade->seen_count++] = own;
	return same;
}

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
	char answer = result->answer, reason[sizeof(result->reason)];
	enum lab_outcome outcome = result->outcome;

	if (!has_its_numbers(result))
		return "its numbers are not those of its seed";
	if (outcome == LAB_CANNOT)
		return NULL;
	memcpy(reason, result->reason, sizeof(reason));
	lab_result_judge(result);
	if (result->answer != answer)
		return "its answer is not what its facts show";
	if (result->outcome != outcome)
		return "its facts do not show what it says";
	/* Another version may have other words. */
	if (strcmp(result->version, PERCONN_VERSION) == 0 &&
	    strcmp(result->reason, reason) != 0)
		return "its reason is not that of its facts";
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
    const char *remark, const char *same, FILE *out)
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
	    : same			    ? same
	    : !result->predicted	    ? "no prediction"
					    : "",
	    '\n');
}

const char *
lab_grade_file(struct lab_grade *grade, const char *path, FILE *out)
{
	static struct lab_result result;
	static char why[1000];
	const char *remark, *same;

	grade->files++;
	if (lab_result_read(&result, path, why, sizeof(why)) < 0) {
		lab_csv_cell(out, path, ',');
		fputs(",,,,,,,0,", out);
		lab_csv_cell(out, why, '\n');
		grade->bad++;
		return why;
	}
	remark = judge_again(&result);
	same = note_and_compare(grade, &result, path);
	put_result(&result, path, remark, same, out);
	grade->bad += remark != NULL;
	grade->counted += !remark;
	if (!remark)
		grade->matrix[index_of(result.lab)][letter_index(result.answer)]
			     [letter_index(result.predicted)]++;
	if (remark)
		snprintf(why, sizeof(why), "%.800s: %s", path, remark);
	return remark ? why : NULL;
}

/* ---- the matrix ---- */

void
lab_grade_matrix(const struct lab_grade *grade, FILE *out)
{
	fputs("lab,right,A,B,C,D,none\n", out);
	for (size_t i = 0; LAB_TABLE[i]; i++) {
		/* What showed no answer comes last. */
		for (int right = 1; right <= LETTERS; right++) {
			const unsigned *row = grade->matrix[i][right % LETTERS];

			if (!(row[0] | row[1] | row[2] | row[3] | row[4]))
				continue;
			lab_csv_cell(out, LAB_TABLE[i]->name, ',');
			if (right < LETTERS)
				put_letter(out, (char)('A' + right - 1));
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
	for (size_t i = 0; i < grade->seen_count; i++)
		free(grade->seen[i].path);
	free(grade->seen);
	free(grade->matrix);
	*grade = (struct lab_grade){0};
}
