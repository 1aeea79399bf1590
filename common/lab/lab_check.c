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
chosen(const struct workshop *w, const char *dir, char path[PATH_MAX])
{
	if (dir)
		return dir;
	if (snprintf(path, PATH_MAX, "%s/mine", w->folder) >= PATH_MAX)
		path[0] = '\0';
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
	dir = chosen(&w, dir, path);
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
print_errors(struct lab_run *run, char *output)
{
	unsigned lines = 0;
	char *rest = output;

	lab_require(run, false, "it can be built:", "可以编译：");
	for (char *line; (line = strsep(&rest, "\n"));) {
		if (!*line || strncmp(line, "make", 4) == 0)
			continue;
		if (++lines > COMPILER_LINES) {
			lab_print(run, "    ...");
			return;
		}
		lab_print(run, "    %s", line);
	}
}

static bool
build(struct lab_run *run, const struct workshop *w, const char *dir)
{
	char *output;
	int status = workshop_run(run, w,
	    (const char *[]){"check", run->lab->name, dir, w->folder, NULL},
	    &output);

	if (status == WORKSHOP_NOT_BUILT || (status < 0 && !*run->stop))
		print_errors(run, output ? output : "");
	else if (status != 0)
		lab_cannot(run, "nothing can be built here: %.300s",
		    "这里无法编译：%.300s", output ? output : "");
	free(output);
	return status == 0;
}

/* A file as the script has it: a line for each source with its checksum. */
static char *
read_file(const char *dir, const char *name)
{
	char path[PATH_MAX], *text = NULL;
	size_t size = 0;
	FILE *in;

	if (snprintf(path, sizeof(path), "%s/build/%s", dir, name) >=
	    (int)sizeof(path))
		return NULL;
	in = fopen(path, "re");
	if (!in)
		return NULL;
	if (getdelim(&text, &size, '\0', in) < 0) {
		free(text);
		text = NULL;
	}
	fclose(in);
	return text;
}

/* A copy in which nothing was changed fails; this says why. */
static void
say_if_unchanged(struct lab_run *run, const char *dir)
{
	char *before = read_file(dir, "started"), *now = read_file(dir, "sums");

	if (before && now && strcmp(before, now) == 0)
		lab_say(run,
		    "nothing has been changed in %s yet: this is the bug",
		    "%s 里还没有任何修改：这就是那个缺陷", dir);
	free(before);
	free(now);
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
judge(struct lab_run *run, const char *dir)
{
	char program[PATH_MAX + 64];

	for (const char **model = run->models; *model; model++) {
		snprintf(program, sizeof(program), "%s%s/build/check/server_%s",
		    dir[0] == '/' ? "" : "./", dir, *model);
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
		lab_say(run, "Not yet: %u of %u are not met.",
		    "还没有通过：%u / %u 项不成立。", run->unmet,
		    run->required);
	else
		lab_say(run, "Passed: all %u are met.", "通过：%u 项都成立。",
		    run->required);
}

enum lab_check
lab_check(struct lab_run *run, const char *dir)
{
	struct workshop w;
	char path[PATH_MAX], source[PATH_MAX + 32];

	if (!workshop_open(run, &w))
		return LAB_CHECK_CANNOT;
	dir = chosen(&w, dir, path);
	snprintf(source, sizeof(source), "%s/server_thread.c", dir);
	if (access(source, R_OK) < 0) {
		lab_say(run, "%s: %s; `client lab start %s` makes a copy",
		    "%s：%s；`client lab start %s` 会建立一个副本", source,
		    strerror(errno), run->lab->name);
		return LAB_CHECK_NOT_YET;
	}
	if (build(run, &w, dir))
		judge(run, dir);
	if (run->cannot[0])
		return LAB_CHECK_CANNOT;
	if (run->unmet)
		say_if_unchanged(run, dir);
	if (!*run->stop)
		say_verdict(run);
	return run->unmet || !run->required ? LAB_CHECK_NOT_YET
					    : LAB_CHECK_PASSED;
}
