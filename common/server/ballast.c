/* SPDX-License-Identifier: MIT */
/* ballast: one mapping, advised and touched. */
#include "common/server/ballast.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/pages.h"
#include "common/base/units.h"

static const char *const REMEDIES[] = {
    [BALLAST_PLAIN] = "none",
    [BALLAST_DONTFORK] = "dontfork",
    [BALLAST_SHARED] = "shared",
    [BALLAST_HUGE] = "huge",
};

static int
parse_remedy(const char *word, enum ballast_remedy *out)
{
	for (int i = BALLAST_PLAIN; i <= BALLAST_HUGE; i++) {
		if (strcmp(REMEDIES[i], word) == 0) {
			*out = (enum ballast_remedy)i;
			return 0;
		}
	}
	return -1;
}

/* "N/s" */
static int
parse_rate(const char *text, uint64_t *out)
{
	size_t len = strlen(text);
	char part[UNITS_PART_MAX];

	if (len < 3 || strcmp(text + len - 2, "/s") != 0 ||
	    !units_part(part, text, len - 2))
		return -1;
	return parse_count(part, out) == 0 && *out > 0 &&
		       *out <= BALLAST_RATE_MOST
		   ? 0
		   : -1;
}

int
ballast_parse(const char *text, struct ballast *out)
{
	size_t len = strcspn(text, ":");
	const char *remedy = text[len] ? text + len + 1 : NULL;
	struct ballast ballast = {.text = text};
	char part[UNITS_PART_MAX];

	if (!units_part(part, text, len) ||
	    parse_size(part, &ballast.size) < 0 ||
	    ballast.size < BALLAST_LEAST || ballast.size > BALLAST_MOST)
		return -1;
	if (remedy) {
		len = strcspn(remedy, ":");
		if (!units_part(part, remedy, len) ||
		    parse_remedy(part, &ballast.remedy) < 0)
			return -1;
		if (remedy[len] &&
		    parse_rate(remedy + len + 1, &ballast.rate) < 0)
			return -1;
	}
	*out = ballast;
	return 0;
}

static double
mib(uint64_t bytes)
{
	return (double)bytes / (1 << 20);
}

static int
fail(const struct ballast *ballast, const char *why)
{
	log_error("--ballast %s: %s", ballast->text, why);
	return -1;
}

/* Fail early instead of triggering the OOM killer. */
static int
check_available(const struct ballast *ballast)
{
	uint64_t available = memory_available();
	char why[128];

	if (ballast->size <= available - available / 8)
		return 0;
	snprintf(why, sizeof(why),
	    "must leave an eighth of the available memory (%.0f MiB) free",
	    mib(available));
	return fail(ballast, why);
}

static char *
map(const struct ballast *ballast)
{
	int kind = ballast->remedy == BALLAST_SHARED ? MAP_SHARED : MAP_PRIVATE;
	char *memory =
	    pages_map(ballast->size, kind, ballast->remedy == BALLAST_HUGE);

	if (memory && ballast->remedy == BALLAST_DONTFORK &&
	    madvise(memory, ballast->size, MADV_DONTFORK) < 0)
		return NULL;
	return memory;
}

int
ballast_load(struct ballast *ballast)
{
	bool huge = ballast->remedy == BALLAST_HUGE;
	const char *remedy = ballast->remedy ? REMEDIES[ballast->remedy] : "";
	char *memory, why[160];

	if (check_available(ballast) < 0)
		return -1;
	memory = map(ballast);
	if (!memory) {
		snprintf(why, sizeof(why), PAGES_REFUSED, strerror(errno));
		return fail(ballast, why);
	}
	pages_write(memory, ballast->size);
	if (huge && pages_huge_bytes() == 0)
		return fail(ballast, PAGES_NOT_HUGE);
	log_info("ballast of %g MiB%s%s", mib(ballast->size),
	    *remedy ? ", " : "", remedy);
	if (huge && pages_huge_bytes() < ballast->size)
		log_warn(
		    "only %g MiB of it in huge pages", mib(pages_huge_bytes()));
	if (ballast->rate) {
		ballast->writer =
		    ballast_writer_new(memory, ballast->size, ballast->rate);
		if (!ballast->writer)
			return fail(ballast, strerror(errno));
	}
	return 0;
}

uint64_t
ballast_tables_kib(const struct ballast *ballast)
{
	/* An entry of 8 bytes for each page. A huge page needs one for itself,
	 * and keeps a table ready for the day on which it is split. */
	uint64_t per_page = (uint64_t)sysconf(_SC_PAGESIZE) / 8;

	if (ballast->remedy == BALLAST_DONTFORK ||
	    ballast->remedy == BALLAST_SHARED)
		return 0;
	return ballast->size / per_page / 1024;
}
