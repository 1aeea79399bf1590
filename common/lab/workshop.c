/* SPDX-License-Identifier: MIT */
/* workshop: sources, tools, and the script docs/labs/workshop. */
#include "common/lab/workshop.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/program.h"
#include "common/lab/lab_limits.h"
#include "common/lab/lab_word.h"
#include "common/launch/inherited.h"
#include "common/launch/supervisor.h"

/* A cold build takes five seconds on two processors. */
#define BUILD_TIMEOUT_NS (120 * NS_PER_S)
/* Of a compiler that was given something endless. */
static const struct lab_limits BUILD_LIMITS = {60, 256 << 20};
#define STEP_MS 100
/* Of what a compiler says, this much is of use. */
#define OUTPUT_MAX 65536

/* ---- sources ---- */

/* Copies FORMAT's text to BUF. Returns false if it does not fit. */
static bool __attribute__((format(printf, 2, 3)))
join(char buf[PATH_MAX], const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(buf, PATH_MAX, format, args);
	va_end(args);
	return len >= 0 && len < PATH_MAX;
}

static bool
has_sources(const char *prefix)
{
	char path[PATH_MAX];

	return join(path, "%sMakefile", prefix) && access(path, R_OK) == 0 &&
	       join(path, "%sserver_thread.c", prefix) &&
	       access(path, R_OK) == 0 &&
	       join(path, "%sdocs/labs/workshop", prefix) &&
	       access(path, R_OK) == 0;
}

/* The folder of this program, with a slash at its end. */
static bool
own_folder(char folder[PATH_MAX])
{
	if (program_folder(folder, PATH_MAX - 1) < 0)
		return false;
	strcat(folder, "/");
	return true;
}

/* Whether both are one folder. */
static bool
is_same(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* A sanitizer's client stands in build/SAN/. */
static bool
find_sources(const struct lab_run *run, char source[PATH_MAX])
{
	char folder[PATH_MAX];

	if (run->source) {
		if (!join(source, "%s/", run->source))
			return false;
	} else if (!own_folder(source)) {
		return false;
	} else if (!has_sources(source)) {
		memcpy(folder, source, sizeof(folder));
		if (!join(source, "%s../../", folder))
			return false;
	}
	if (!has_sources(source))
		return false;
	if (is_same(source, "."))
		source[0] = '\0'; /* so commands are short */
	return true;
}

/* ---- tools ---- */

/* The packages that are missing, as apt-get takes them. */
static void
missing_tools(char *missing, size_t size)
{
	const char *gcc = program_is_installed("gcc") ||
				  program_is_installed("clang") ||
				  program_is_installed("cc")
			      ? ""
			      : " gcc libc6-dev";

	snprintf(missing, size, "%s%s%s", gcc,
	    program_is_installed("make") ? "" : " make",
	    program_is_installed("patch") ? "" : " patch");
}

/* Below the sources; or, where nothing can be written there, here. */
static bool
choose_folder(const struct lab_run *run, struct workshop *w)
{
	const char *prefix = w->source;
	char build[PATH_MAX];

	if (!join(build, "%sbuild", prefix))
		return false;
	if (access(build, F_OK) == 0 ? access(build, W_OK) < 0
				     : access(*prefix ? prefix : ".", W_OK) < 0)
		prefix = "";
	if (!*prefix && access(".", W_OK) < 0)
		return false;
	return join(w->folder, "%sbuild/labs/%s", prefix, run->lab->name);
}

bool
workshop_open(struct lab_run *run, struct workshop *w)
{
	char missing[64];

	missing_tools(missing, sizeof(missing));
	if (!find_sources(run, w->source))
		lab_cannot(run,
		    "%s: no sources of perconn there; this lab builds "
		    "servers: unpack the sources, and give their folder "
		    "with --source DIR",
		    "%s：那里没有 perconn 的源代码；本实验要编译服务器："
		    "请解开源代码，并用 --source DIR 指出其目录",
		    run->source ? run->source : "beside this client");
	else if (*missing)
		lab_cannot(run,
		    "this lab builds servers, and tools are missing: "
		    "apt-get install%s",
		    "本实验要编译服务器，但缺少工具：apt-get install%s",
		    missing);
	else if (!choose_folder(run, w))
		lab_cannot(run,
		    "neither the folder of the sources nor this folder can be "
		    "written: change to a folder of yours",
		    "源代码目录和当前目录都不可写：请换到自己的目录");
	return !lab_is_over(run);
}

/* ---- the copy of a student's folder ---- */

/* Makes the folders of PATH that are missing, but not its last part. */
static bool
make_folders(char *path)
{
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			return false;
		*at = '/';
	}
	return true;
}

/* The last two parts of PATH, of characters that no shell and no file system
 * minds; and a number for the rest. */
static void
name_of(const char *path, char name[NAME_MAX])
{
	const char *from = path + strlen(path);
	uint64_t sum = 0;
	size_t len = 0;

	for (const char *at = path; *at; at++)
		sum = sum * 1099511628211 + (unsigned char)*at; /* as FNV-1 */
	for (int slashes = 0; from > path && slashes < 2; from--)
		slashes += from[-1] == '/';
	for (; *from && len < 100; from++) {
		bool plain = isalnum((unsigned char)*from) || *from == '_';

		if (plain || len)
			name[len++] = plain ? *from : '-';
	}
	snprintf(name + len, NAME_MAX - len, "-%04x",
	    (unsigned)(sum ^ sum >> 32) & 0xffff);
}

bool
workshop_copy(const struct workshop *w, const char *dir, char path[PATH_MAX])
{
	char name[NAME_MAX], *whole = realpath(dir, NULL);
	bool ok;

	name_of(whole ? whole : dir, name);
	ok = join(path, "%s/check/%s", w->folder, name) && make_folders(path);

	free(whole);
	return ok;
}

/* ---- the script ---- */

struct script {
	const char *argv[WORKSHOP_WORDS + 3];
	int output;
};

static void
exec_script(void *context, int log)
{
	const struct script *script = context;

	(void)log;
	dup2(script->output, STDOUT_FILENO);
	dup2(script->output, STDERR_FILENO);
	process_restore_signals();
	inherited_restore();
	inherited_restore_cpus();
	lab_limits_set(&BUILD_LIMITS);
	execvp(script->argv[0], (char *const *)script->argv);
}

/* Returns its exit status; -1: it was ended. */
static int
await_script(struct lab_run *run, struct supervisor *supervisor)
{
	uint64_t deadline = now_ns() + BUILD_TIMEOUT_NS;
	struct supervisor_report report = {0};
	bool ended = false;

	while (!ended && !*run->stop && now_ns() < deadline)
		ended = supervisor_receive(supervisor, STEP_MS, &report);
	if (ended && WIFEXITED(report.status)) {
		int status = WEXITSTATUS(report.status);

		supervisor_end(supervisor, &report);
		return status;
	}
	supervisor_end(supervisor, &report);
	return -1;
}

static char *
read_output(int fd)
{
	char *text = malloc(OUTPUT_MAX + 1);
	ssize_t len = text ? pread(fd, text, OUTPUT_MAX, 0) : -1;

	if (text)
		text[len > 0 ? len : 0] = '\0';
	return text;
}

static void
print_script(struct lab_run *run, const struct script *script)
{
	char line[2 * PATH_MAX] = "", word[LAB_WORD];
	size_t len = 0;

	for (size_t i = 1; script->argv[i] && len < sizeof(line); i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, " %s",
		    lab_word(word, sizeof(word), script->argv[i]));
	lab_command(run, "%s", line + 1);
}

int
workshop_run(struct lab_run *run, const struct workshop *w,
    const char *const *words, char **output)
{
	char path[PATH_MAX];
	struct script script = {
	    .argv = {"sh", path},
	    .output = memfd_create("output", MFD_CLOEXEC),
	};
	struct supervisor supervisor;
	int status = -1;

	*output = NULL;
	if (script.output < 0)
		return -1;
	for (size_t i = 0; words[i]; i++)
		script.argv[i + 2] = words[i];
	if (join(path, "%sdocs/labs/workshop", w->source)) {
		print_script(run, &script);
		if (supervisor_start(
			&supervisor, SIGTERM, exec_script, &script) > 0)
			status = await_script(run, &supervisor);
		*output = read_output(script.output);
	}
	close(script.output);
	return status;
}

/* ---- the bug of a lab ---- */

bool
lab_bug_build(struct lab_run *run, const char *programs[2])
{
	static char paths[2][PATH_MAX];
	struct workshop w;
	char *output;
	int status;

	if (!workshop_open(run, &w))
		return false;
	status = workshop_run(run, &w,
	    (const char *[]){"bug", run->lab->name, w.folder, NULL}, &output);
	if (status != 0)
		lab_cannot(run,
		    "the servers with the bug could not be built: %.300s",
		    "带有缺陷的服务器编译失败：%.300s",
		    output && *output ? output : "it was interrupted");
	free(output);
	for (size_t i = 0; run->models[i]; i++) {
		if (!join(paths[i], "%s%s/bug/server_%s",
			w.folder[0] == '/' ? "" : "./", w.folder,
			run->models[i]))
			return false;
		programs[i] = paths[i];
	}
	return status == 0;
}
