/* SPDX-License-Identifier: MIT */
/* lab_check: copy, build, and the verdict. */
#include "common/lab/lab_check.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/lab/lab_server.h"
#include "common/lab/lab_word.h"
#include "common/lab/workshop.h"

/* Of what a compiler says; the first lines are the cause. */
enum { COMPILER_LINES = 16 };

/* DIR, or where the copy of a lab is by default. */
static const char *
chosen(const struct lab_run *run, const char *dir, char path[PATH_MAX])
{
	if (dir)
		return dir;
	snprintf(path, PATH_MAX, "my-%s", run->lab->name);
	return path;
}

/* Why DIR is no place for a copy: errno; 0: it is empty, or can be made. */
static int
wrong_place(const char *dir)
{
	DIR *folder = opendir(dir);
	int entries = 0;

	if (!folder)
		return errno == ENOENT ? 0 : errno;
	while (entries <= 2 && readdir(folder))
		entries++;
	closedir(folder);
	return entries > 2 ? EEXIST : 0;
}

/* ---- start ---- */

static void
say_what_to_do(struct lab_run *run, const struct workshop *w, const char *dir)
{
	const char *name = run->lab->name;
	char word[LAB_WORD];

	lab_say(run, "The servers with the bug are in %s.",
	    "带有缺陷的服务器在 %s 里。", dir);
	lab_say(run, "Read the bug:   %sdocs/labs/%s/bug.patch",
	    "阅读缺陷：   %sdocs/labs/%s/bug.patch", w->source, name);
	lab_say(run, "Repair it:      the same files in %s",
	    "修复它：     %s 里的同名文件", dir);
	lab_say(run, "Build and run:  make -C %s server_thread server_fork",
	    "编译运行：   make -C %s server_thread server_fork",
	    lab_word(word, sizeof(word), dir));
	lab_say(run, "Have it judged: %s lab check %s %s",
	    "检查它：     %s lab check %s %s", lab_client_word(), name, word);
}

enum lab_check
lab_start(struct lab_run *run, const char *dir)
{
	struct workshop w;
	char path[PATH_MAX], *output;
	int status, wrong;

	if (!workshop_open(run, &w))
		return LAB_CHECK_CANNOT;
	dir = chosen(run, dir, path);
	wrong = wrong_place(dir);
	if (wrong == EEXIST) {
		lab_say(run,
		    "%s: is there already: give another DIR, or remove it",
		    "%s：已经存在：请给出另一个 DIR，或先删除它", dir);
		return LAB_CHECK_NOT_YET;
	}
	if (wrong) {
		lab_say(run, "%s: %s: give another DIR",
		    "%s：%s：请给出另一个 DIR", dir, strerror(wrong));
		return LAB_CHECK_NOT_YET;
	}
	status = workshop_run(run, &w,
	    (const char *[]){"start", run->lab->name, dir, NULL}, &output);
	if (status == 0)
		say_what_to_do(run, &w, dir);
	else
		lab_say(run, "%s: could not be made: %.2000s",
		    "%s：无法建立：%.2000s", dir, output ? output : "");
	free(output);
	return status == 0 ? LAB_CHECK_PASSED : LAB_CHECK_NOT_YET;
}

/* ---- check ---- */

/* The lines of the compiler; make's own say nothing more. */
static void
print_errors(struct lab_run *run, char *output, bool all)
{
	unsigned lines = 0;
	char *rest = output;

	lab_require(run, false, "it can be built", "可以编译");
	for (char *line; (line = strsep(&rest, "\n"));) {
		if (!*line || strncmp(line, "make", 4) == 0)
			continue;
		if (++lines > COMPILER_LINES && !all) {
			lab_print(run, "    ...");
			return;
		}
		lab_print(run, "    %s", line);
	}
}

static bool
build(struct lab_run *run, const struct workshop *w, const char *dir,
    const char *copy, bool all)
{
	char *output;
	int status = workshop_run(run, w,
	    (const char *[]){"check", run->lab->name, dir, copy, NULL},
	    &output);

	if (status == WORKSHOP_NOT_BUILT || (status < 0 && !*run->stop))
		print_errors(run, output ? output : "", all);
	else if (status != 0)
		lab_cannot(run, "nothing can be built here: %.300s",
		    "这里无法编译：%.300s", output ? output : "");
	else if (all && output && *output)
		lab_print(run, "%s", output);
	free(output);
	return status == 0;
}

/* As the script has it: "bug" or "shipped", then a sum. */
static void
read_kind(const char *path, struct lab_copy *copy)
{
	char file[PATH_MAX + 8], word[16] = "";
	FILE *in;

	snprintf(file, sizeof(file), "%s/kind", path);
	in = fopen(file, "re");
	if (!in)
		return;
	if (fscanf(in, "%15s %31[^\n]", word, copy->sum) < 2)
		copy->sum[0] = '\0';
	fclose(in);
	copy->sources = strcmp(word, "bug") == 0       ? LAB_BUG
			: strcmp(word, "shipped") == 0 ? LAB_SHIPPED
						       : LAB_OWN;
}

/* A copy in which nothing was changed fails; the bug's own reverse passes. */
static void
say_kind(struct lab_run *run, const char *dir, const struct lab_copy *copy)
{
	if (copy->sources == LAB_BUG)
		lab_say(run,
		    "nothing has been changed in %s yet: this is the bug",
		    "%s 里还没有任何修改：这就是那个缺陷", dir);
	if (copy->sources == LAB_SHIPPED)
		lab_say(run,
		    "%s has the shipped sources: the bug was taken out as it "
		    "was put in",
		    "%s 里是原来的源代码：缺陷被原样撤销了", dir);
}

/* A crash is a reason, and may be what the lab is about. */
static void
say_if_crashed(struct lab_run *run)
{
	for (size_t i = 0; i < LAB_SERVERS && run->servers[i]; i++) {
		struct lab_server *server = run->servers[i];

		lab_server_await_end(server, 0);
		if (server->ended && WIFSIGNALED(server->status))
			lab_say(run, "server_%s died of signal %d (%s)",
			    "server_%s 因信号 %d（%s）而终止", server->model,
			    WTERMSIG(server->status),
			    strsignal(WTERMSIG(server->status)));
	}
}

/* What a lab could not measure here, it could not because of these servers. */
static void
judge(struct lab_run *run, const char *copy)
{
	char program[PATH_MAX + 64];

	for (const char **model = run->models; *model && !*run->stop; model++) {
		snprintf(program, sizeof(program), "%s%s/build/check/server_%s",
		    copy[0] == '/' ? "" : "./", copy, *model);
		run->lab->check(run, *model, program);
		say_if_crashed(run);
		lab_servers_release(run);
		if (run->cannot[0])
			lab_require(run, false, "server_%s: %s",
			    "server_%s：%s", *model, run->cannot);
		run->cannot[0] = '\0';
	}
}

static void
say_verdict(struct lab_run *run)
{
	if (run->unmet)
		lab_say(run,
		    "Not yet: %u of %u demands are not met: see NO above.",
		    "还没有通过：%u 项要求不满足，共 %u 项：见上面的 NO。",
		    run->unmet, run->required);
	else
		lab_say(run, "Passed: all %u demands are met.",
		    "通过：%u 项要求都满足。", run->required);
}

static bool
has_sources(struct lab_run *run, const char *dir)
{
	char source[PATH_MAX + 32];

	snprintf(source, sizeof(source), "%s/server_thread.c", dir);
	return access(source, R_OK) == 0 ||
	       lab_require(run, false,
		   "%s: %s; `client lab start %s` makes a copy",
		   "%s：%s；`client lab start %s` 会建立一个副本", source,
		   strerror(errno), run->lab->name);
}

enum lab_check
lab_check(struct lab_run *run, const char *dir, bool all, struct lab_copy *copy)
{
	struct workshop w;
	char chosen_dir[PATH_MAX], path[PATH_MAX];

	*copy = (struct lab_copy){0};
	if (!workshop_open(run, &w))
		return LAB_CHECK_CANNOT;
	dir = chosen(run, dir, chosen_dir);
	if (!has_sources(run, dir))
		return LAB_CHECK_NOT_YET;
	if (!workshop_copy(&w, dir, path)) {
		lab_cannot(run, "%s: %s", "%s：%s", w.folder, strerror(errno));
		return LAB_CHECK_CANNOT;
	}
	if (build(run, &w, dir, path, all))
		judge(run, path);
	if (run->cannot[0])
		return LAB_CHECK_CANNOT;
	read_kind(path, copy);
	if (!*run->stop) {
		say_kind(run, dir, copy);
		say_verdict(run);
	}
	return run->unmet || !run->required ? LAB_CHECK_NOT_YET
					    : LAB_CHECK_PASSED;
}
