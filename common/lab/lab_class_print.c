/* SPDX-License-Identifier: MIT */
/* lab_class_print: a row of a class as a line of a table, of CSV, of JSON. */
#include <jansson.h>

#include "common/format/json_value.h"
#include "common/lab/lab_class.h"
#include "common/lab/lab_csv.h"

static const char *const OUTCOMES[][2] = {
    [LAB_CLASS_PASSED] = {"passed", "通过"},
    [LAB_CLASS_NOT_YET] = {"not yet", "未通过"},
    [LAB_CLASS_CANNOT] = {"cannot", "无法检查"},
    [LAB_CLASS_TOO_SLOW] = {"too slow", "太慢"},
    [LAB_CLASS_DIED] = {"died", "已终止"},
};
static const char *const SOURCES[] = {
    [LAB_OWN] = "own", [LAB_BUG] = "bug", [LAB_SHIPPED] = "shipped"};

void
lab_class_head(const struct lab_class_outputs *outputs)
{
	if (outputs->table)
		fprintf(outputs->table,
		    outputs->zh ? "结果       要求    秒  副本：说明\n"
				: "outcome  demands     s  copy: remark\n");
	if (outputs->csv)
		fputs("dir,lab,outcome,required,unmet,sources,same_as,seconds,"
		      "not_met,log\n",
		    outputs->csv);
}

/* What a teacher wants to know first. */
static void
put_remark(const struct lab_class_row *row, bool zh, FILE *out)
{
	if (row->copy.sources == LAB_BUG)
		fputs(zh ? "：没有任何修改" : ": nothing was changed", out);
	else if (row->copy.sources == LAB_SHIPPED)
		fputs(zh ? "：缺陷被原样撤销"
			 : ": the bug was taken out as it was put in",
		    out);
	else if (row->same_as)
		fprintf(
		    out, zh ? "：与 %s 相同" : ": same as %s", row->same_as);
	else if (row->run->unmet)
		fprintf(out, zh ? "：不满足：%s" : ": not met: %s",
		    row->run->not_met[0]);
}

static void
put_line(const struct lab_class_row *row, bool zh, FILE *out)
{
	fprintf(out, "%-8s %3u of %-3u %5.1f  %s", OUTCOMES[row->outcome][zh],
	    row->run->required - row->run->unmet, row->run->required,
	    row->seconds, row->dir);
	put_remark(row, zh, out);
	fputc('\n', out);
}

static void
put_csv(const struct lab_class_row *row, FILE *out)
{
	lab_csv_cell(out, row->dir, ',');
	lab_csv_cell(out, row->run->lab->name, ',');
	fprintf(out, "%s,%u,%u,%s,", OUTCOMES[row->outcome][0],
	    row->run->required, row->run->unmet, SOURCES[row->copy.sources]);
	lab_csv_cell(out, row->same_as ? row->same_as : "", ',');
	fprintf(out, "%.1f,", row->seconds);
	lab_csv_cell(out, row->run->unmet ? row->run->not_met[0] : "", ',');
	lab_csv_cell(out, row->log, '\n');
}

static void
put_json(const struct lab_class_row *row, FILE *out)
{
	json_t *top = json_object(), *not_met = json_array();
	const struct lab_run *run = row->run;

	for (unsigned i = 0; i < run->unmet && i < LAB_NOT_MET; i++)
		json_value_append(not_met, json_value_text(run->not_met[i]));
	json_value_set(top, "schema", json_value_text("perconn.lab-check/1"));
	json_value_set(top, "lab", json_value_text(run->lab->name));
	json_value_set(top, "dir", json_value_text(row->dir));
	json_value_set(
	    top, "outcome", json_value_text(OUTCOMES[row->outcome][0]));
	json_value_set(top, "required", json_value_count(run->required));
	json_value_set(top, "unmet", json_value_count(run->unmet));
	json_value_set(top, "not_met", not_met);
	json_value_set(
	    top, "sources", json_value_text(SOURCES[row->copy.sources]));
	json_value_set(top, "same_as",
	    row->same_as ? json_value_text(row->same_as) : json_null());
	json_value_set(top, "seconds", json_value_number(row->seconds));
	json_value_set(top, "log", json_value_text(row->log));
	json_value_print(top, out, JSON_VALUE_DIGITS);
}

void
lab_class_print(const struct lab_class_row *row, void *context)
{
	const struct lab_class_outputs *outputs = context;

	if (outputs->table)
		put_line(row, outputs->zh, outputs->table);
	if (outputs->csv)
		put_csv(row, outputs->csv);
	if (outputs->json)
		put_json(row, outputs->json);
	if (outputs->table)
		fflush(outputs->table);
}
