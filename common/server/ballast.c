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
#include "common/base/procfs.h"
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

/* Bytes of a transparent huge page; 0: this system has none. */
static uint64_t
huge_page_size(void)
{
	return procfs_value(
	    0, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
}

/* Bytes of this process in huge pages: the kernel may give fewer than asked
 * for. */
static uint64_t
huge_bytes(void)
{
	char text[4096];
	uint64_t kib = 0;

	procfs_read(text, sizeof(text), "/proc/self/smaps_rollup");
	procfs_number(text, "AnonHugePages:", &kib);
	return kib * 1024;
}

/* ALIGN bytes more than SIZE, so that a whole SIZE begins at a huge page. */
static char *
map(const struct ballast *ballast, uint64_t align)
{
	int kind = ballast->remedy == BALLAST_SHARED ? MAP_SHARED : MAP_PRIVATE;
	uint64_t size = ballast->size + align;
	/* A kernel without huge pages refuses that advice: then there are
	 * none to be avoided, and those wanted will be missed below. */
	int pages =
	    ballast->remedy == BALLAST_HUGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;
	char *memory = mmap(
	    NULL, size, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, size, pages);
	if (ballast->remedy == BALLAST_DONTFORK &&
	    madvise(memory, size, MADV_DONTFORK) < 0)
		return NULL;
	if (align)
		memory += -(uintptr_t)memory % align;
	return memory;
}

static void
touch(char *memory, uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	for (uint64_t at = 0; at < size; at += page)
		*(volatile char *)(memory + at) = 1;
}

int
ballast_load(const struct ballast *ballast)
{
	bool huge = ballast->remedy == BALLAST_HUGE;
	const char *remedy = REMEDIES[ballast->remedy];
	char *memory;

	if (check_available(ballast) < 0)
		return -1;
	memory = map(ballast, huge ? huge_page_size() : 0);
	if (!memory)
		return fail(ballast, strerror(errno));
	touch(memory, ballast->size);
	if (huge && huge_bytes() == 0)
		return fail(ballast,
		    "no transparent huge pages; see "
		    "/sys/kernel/mm/transparent_hugepage/enabled");
	log_info("ballast of %g MiB%s%s", mib(ballast->size),
	    *remedy ? ", " : "", remedy);
	if (huge && huge_bytes() < ballast->size)
		log_warn("only %g MiB of it in huge pages", mib(huge_bytes()));
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
