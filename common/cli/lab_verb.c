/* SPDX-License-Identifier: MIT */
/* lab_verb: names, locales, models. */
#include "common/cli/lab_verb.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/hint.h"
#include "common/base/option.h"
#include "common/lab/lab_table.h"

/* ---- the language ---- */

/* As setlocale(3) looks for that of messages. */
static const char *
locale_name(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *name = "";

	for (size_t i = 0; i < 3 && !name[0]; i++) {
		const char *value = getenv(names[i]);

		name = value ? value : "";
	}
	return name;
}

/* Chinese where the user's locale is Chinese and can show it; its name says so
 * where this machine does not have that locale. */
bool
lab_verb_chinese(int language)
{
	const char *name = locale_name();

	if (language >= 0)
		return language == 1;
	return strncmp(name, "zh", 2) == 0 &&
	       (strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ||
		   strcasestr(name, "utf-8") || strcasestr(name, "utf8"));
}

/* ---- the lab ---- */

static const char *
lab_name(const void *context, size_t i)
{
	(void)context;
	return LAB_TABLE[i] ? LAB_TABLE[i]->name : NULL;
}

const struct lab *
lab_verb_find(const char *name)
{
	const struct lab *lab = lab_find(name);
	const char *near = hint_nearest(name, strlen(name), lab_name, NULL);

	if (!lab)
		usage_error(
		    "lab: %.200s: no such lab%s%s%s; `client lab` lists them",
		    name, near ? "; did you mean " : "", near ? near : "",
		    near ? "?" : "");
	return lab;
}

void
lab_verb_set_models(struct lab_run *run, int model)
{
	static const char *const names[] = {"thread", "fork"};

	for (int m = MODEL_THREAD, count = 0; m < MODEL_BOTH; m++) {
		if (model < 0 || model == MODEL_BOTH || model == m)
			run->models[count++] = names[m];
	}
}
