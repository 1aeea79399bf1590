/* SPDX-License-Identifier: MIT */
/*
 * touch: echo, after reading one cache line of each page of a working set.
 *
 * shared: one mapping, made and written before there are workers. All threads
 * use it by the page tables of their one process; forked children have tables
 * of their own for the same pages, because they only read. private: each worker
 * maps and writes its own at its begin. So what a request costs beside an echo
 * is the walk through caches, TLB and page tables, and how much of these
 * another worker has taken away since.
 *
 * The lines lie at all offsets within their pages: at one offset, they would
 * compete for a few sets of the cache.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/hint.h"
#include "common/base/log.h"
#include "common/base/pages.h"
#include "common/base/units.h"
#include "common/service/message.h"
#include "common/service/service.h"

#define SIZE_MOST ((uint64_t)1 << 40)
#define LINE 64 /* bytes of a cache line, or half of one */

/* ---- the argument: SIZE and two flags in one number ---- */

enum { PRIVATE_SET = 1, IN_HUGE_PAGES = 2, FLAG_BITS = 2 };

static uint64_t
size_of(const struct service_setup *setup)
{
	return setup->argument >> FLAG_BITS;
}

static bool
is_huge(const struct service_setup *setup)
{
	return setup->argument & IN_HUGE_PAGES;
}

/* Sets FLAGS from TEXT, "" or ":shared", ":private" and ":huge". */
static int
parse_kind(const char *text, uint64_t *flags)
{
	static const struct {
		const char *word;
		uint64_t flags;
	} kinds[] = {{"", 0}, {":shared", 0}, {":private", PRIVATE_SET},
	    {":huge", IN_HUGE_PAGES}, {":shared:huge", IN_HUGE_PAGES},
	    {":private:huge", PRIVATE_SET | IN_HUGE_PAGES}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(text, kinds[i].word) == 0) {
			*flags = kinds[i].flags;
			return 0;
		}
	}
	return -1;
}

static int
touch_configure(const char *text, uint64_t *argument)
{
	size_t len = text ? strcspn(text, ":") : 0;
	uint64_t size, flags;
	char part[UNITS_PART_MAX];

	if (!text || !units_part(part, text, len) ||
	    parse_size(part, &size) < 0 || size > SIZE_MOST ||
	    parse_kind(text + len, &flags) < 0)
		return -1;
	*argument = size << FLAG_BITS | flags;
	return 0;
}

static void
touch_hint(const char *text, size_t at, char *why, size_t size)
{
	size_t len = strcspn(text + at, ":");

	if (!hint_part(QUANTITY_SIZE, text, at, len, 0, SIZE_MOST, why, size))
		snprintf(why, size,
		    "after SIZE comes :shared or :private, then :huge");
}

/* ---- the working set ---- */

static struct service_memory
touch_memory(uint64_t argument)
{
	uint64_t size =
	    pages_mapped(argument >> FLAG_BITS, argument & IN_HUGE_PAGES);

	if (argument & PRIVATE_SET)
		return (struct service_memory){.each = size};
	return (struct service_memory){.once = size};
}

static char *
make_set(const struct service_setup *setup)
{
	char *memory = pages_map(size_of(setup), MAP_PRIVATE, is_huge(setup));

	if (memory)
		pages_write(memory, size_of(setup));
	return memory;
}

static int
touch_prepare(struct service_setup *setup)
{
	if (is_huge(setup) && !pages_huge_here()) {
		log_error("--service touch: " PAGES_NOT_HUGE);
		return -1;
	}
	if (setup->argument & PRIVATE_SET || size_of(setup) == 0)
		return 0;
	setup->prepared = make_set(setup);
	if (setup->prepared)
		return 0;
	log_error("--service touch: " PAGES_REFUSED, strerror(errno));
	return -1;
}

static int
touch_begin(const struct service_setup *setup, void **memory)
{
	if (!(setup->argument & PRIVATE_SET) || size_of(setup) == 0)
		return 0;
	*memory = make_set(setup);
	return *memory ? 0 : -1;
}

static void
touch_end(const struct service_setup *setup, void *memory)
{
	pages_unmap(memory, size_of(setup), is_huge(setup));
}

/* ---- a request ---- */

static void
touch(const struct service_context *context)
{
	const char *memory =
	    context->memory ? context->memory : context->setup->prepared;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t size = size_of(context->setup), line = 0;

	for (uint64_t at = 0; at < size; at += page) {
		/* The last page may be cut short. */
		(void)*(const volatile char *)(memory + at +
					       (at + line < size ? line : 0));
		line = (line + LINE) % page;
	}
}

static void
touch_serve(struct conn *conn, const struct service_context *context)
{
	message_echo(conn, context, touch);
}

const struct service service_touch = {
    .name = "touch",
    .argument = "SIZE[:KIND][:huge]",
    .summary = "echo, after reading a line of each page of SIZE",
    .serve = touch_serve,
    .full = "Server full, please try again later.\n",
    .configure = touch_configure,
    .missing = "the size is missing: write touch:4MiB",
    .hint = touch_hint,
    .memory = touch_memory,
    .prepare = touch_prepare,
    .begin = touch_begin,
    .end = touch_end,
};
