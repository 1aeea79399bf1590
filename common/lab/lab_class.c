/* SPDX-License-Identifier: MIT */
/* lab_class: a process for each copy; its run is in shared memory. */
#include "common/lab/lab_class.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/lab/lab_server.h"
#include "common/lab/workshop.h"

#define TURN_MS 100

/* The child fills it in. */
struct one {
	struct lab_run run;
	struct lab_copy copy;
	enum lab_check result;
	bool done;
	const char *dir;
	char log[PATH_MAX];
};

static void
check_one(void *context, int output)
{
	struct one *one = context;
	FILE *log = fopen(one->log, "we");

	(void)output;
	if (!log)
		_exit(1);
	one->run.out = log;
	one->result = lab_check(&one->run, one->dir, true, &one->copy);
	if (one->result == LAB_CHECK_CANNOT)
		fprintf(log, "%s\n", one->run.cannot);
	lab_servers_release(&one->run);
	fclose(log);
	one->done = true;
	_exit(0);
}

/* Waits until the child of SUPERVISOR has ended. */
static enum lab_class_outcome
await_one(struct one *one, struct supervisor *supervisor)
{
	uint64_t deadline = now_ns() + LAB_CLASS_NS;
	struct supervisor_report report = {0};
	bool ended = false;

	while (!ended && !*one->run.stop && now_ns() < deadline)
		ended = supervisor_receive(supervisor, TURN_MS, &report);
	supervisor_end(supervisor, &report);
	if (one->done)
		return one->result == LAB_CHECK_PASSED	  ? LAB_CLASS_PASSED
		       : one->result == LAB_CHECK_NOT_YET ? LAB_CLASS_NOT_YET
							  : LAB_CLASS_CANNOT;
	return ended ? LAB_CLASS_DIED : LAB_CLASS_TOO_SLOW;
}

static bool
choose_log(const struct lab_run *run, const char *dir, char log[PATH_MAX])
{
	struct workshop w;
	char path[PATH_MAX];
	struct lab_run own = *run;

	return workshop_open(&own, &w) && workshop_copy(&w, dir, path) &&
	       snprintf(log, PATH_MAX, "%s.log", path) < PATH_MAX;
}

/* Fills in ROW, whose texts are in ONE. False: it could not be started. */
static bool
run_one(const struct lab_run *run, const char *dir, struct one *one,
    struct lab_class_row *row)
{
	struct supervisor supervisor;
	uint64_t begun = now_ns();

	*one = (struct one){.run = *run, .dir = dir};
	if (!choose_log(run, dir, one->log) ||
	    supervisor_start(&supervisor, SIGTERM, check_one, one) < 0)
		return false;
	*row = (struct lab_class_row){.dir = dir,
	    .log = one->log,
	    .run = &one->run,
	    .outcome = await_one(one, &supervisor),
	    .copy = one->copy,
	    .seconds = (double)(now_ns() - begun) / NS_PER_S};
	row->copy = one->copy; /* only now */
	return true;
}

/* Copies that were given out, or repaired by reversing the patch, are all the
 * same and say so themselves. */
static const char *
find_same(struct lab_copy *const copies, char **dirs, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (copies[i].sources == LAB_OWN && copies[i].sum[0] &&
		    strcmp(copies[i].sum, copies[k].sum) == 0)
			return dirs[k];
	}
	return NULL;
}

int
lab_class_check(struct lab_run *run, char **dirs, size_t count,
    lab_class_take *take, void *context)
{
	struct lab_copy *copies = calloc(count, sizeof(*copies));
	struct one *one = mmap(NULL, sizeof(*one), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct workshop w;
	int passed = 0;

	if (!copies || one == MAP_FAILED || !workshop_open(run, &w)) {
		lab_cannot(run, "%s", "%s", strerror(errno));
		passed = -1;
	}
	for (size_t i = 0; passed >= 0 && i < count && !*run->stop; i++) {
		struct lab_class_row row;

		if (!run_one(run, dirs[i], one, &row)) {
			lab_cannot(
			    run, "%s: %s", "%s：%s", dirs[i], strerror(errno));
			passed = -1;
		} else if (!*run->stop) {
			copies[i] = row.copy;
			row.same_as = find_same(copies, dirs, i);
			passed += row.outcome == LAB_CLASS_PASSED;
			take(&row, context);
		}
	}
	if (one != MAP_FAILED)
		munmap(one, sizeof(*one));
	free(copies);
	return passed;
}
