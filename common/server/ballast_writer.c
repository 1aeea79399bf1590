/* SPDX-License-Identifier: MIT */
/* ballast_writer: a few pages at a time. */
#include "common/server/ballast_writer.h"

#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/server/loop_memory.h"

#define EVERY_NS (10 * NS_PER_MS)
#define LATE_NS (100 * NS_PER_MS)

struct ballast_writer *
ballast_writer_new(char *memory, uint64_t size, uint64_t rate)
{
	struct ballast_writer *writer = loop_memory_alloc(sizeof(*writer));

	if (writer)
		*writer = (struct ballast_writer){
		    .memory = memory,
		    .size = size,
		    .rate = rate,
		    .since_ns = now_ns(),
		};
	return writer;
}

/* At a low rate, a page may take longer than EVERY_NS. */
uint64_t
ballast_writer_due(const struct ballast_writer *writer)
{
	uint64_t page;

	if (!writer)
		return NEVER;
	page = NS_PER_S / writer->rate;
	return writer->since_ns + (page > EVERY_NS ? page : EVERY_NS);
}

static uint64_t
own_faults(void)
{
	struct rusage used;

	getrusage(RUSAGE_THREAD, &used);
	return (uint64_t)used.ru_minflt;
}

static void
write_pages(struct ballast_writer *writer, uint64_t count)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	for (uint64_t i = 0; i < count; i++) {
		++*(volatile char *)(writer->memory + writer->next);
		writer->next += page;
		if (writer->next >= writer->size)
			writer->next = 0;
	}
}

void
ballast_writer_run(struct ballast_writer *writer, uint64_t now)
{
	uint64_t count, faults;

	if (!writer || now < ballast_writer_due(writer))
		return;
	if (now - writer->since_ns > LATE_NS &&
	    NS_PER_S / writer->rate < LATE_NS)
		writer->since_ns = now - LATE_NS;
	count = (now - writer->since_ns) * writer->rate / NS_PER_S;
	writer->since_ns += count * NS_PER_S / writer->rate;
	faults = own_faults();
	write_pages(writer, count);
	writer->faults += own_faults() - faults;
	writer->written += count;
}
