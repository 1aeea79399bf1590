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
    [BALLAST_PLAIN] = "",
    [BALLAST_DONTFORK] = "dontfork",
    [BALLAST_SHARED] = "shared",
    [BALLAST_HUGE] = "huge",
};

int
ballast_parse(const char *text, struct ballast *out)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	struct ballast ballast = {.text = text};
	char size[64];

	if (len >= sizeof(size))
		return -1;
	memcpy(size, text, len);
	size[len] = '\0';
	if (parse_size(size, &ballast.size) < 0 ||
	    ballast.size < BALLAST_LEAST || ballast.size > BALLAST_MOST)
		return -1;
	if (colon) {
		ballast.remedy = BALLAST_DONTFORK;
		while (strcmp(REMEDIES[ballast.remedy], colon + 1) != 0) {
			if (ballast.remedy++ == BALLAST_HUGE)
				return -1;
		}
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
ballast_load(const struct ballast *ballast)
{
	bool huge = ballast->remedy == BALLAST_HUGE;
	const char *remedy = REMEDIES[ballast->remedy];
	char *memory;

	if (check_available(ballast) < 0)
		return -1;
	memory = map(ballast);
	if (!memory)
		return fail(ballast, strerror(errno));
	pages_write(memory, ballast->size);
	if (huge && pages_huge_bytes() == 0)
		return fail(ballast, PAGES_NOT_HUGE);
	log_info("ballast of %g MiB%s%s", mib(ballast->size),
	    *remedy ? ", " : "", remedy);
	if (huge && pages_huge_bytes() < ballast->size)
		log_warn(
		    "only %g MiB of it in huge pages", mib(pages_huge_bytes()));
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
