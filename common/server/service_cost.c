/* SPDX-License-Identifier: MIT */
/* service_cost: what a service takes once, and for each worker. */
#include "common/server/service_cost.h"

#include <unistd.h>

#include "common/base/log.h"
#include "common/base/memory.h"

static struct service_memory
memory_of(const struct config *config)
{
	return config->service->memory
		   ? config->service->memory(config->service_argument)
		   : (struct service_memory){0};
}

static double
mib(uint64_t bytes)
{
	return (double)bytes / (1 << 20);
}

int
service_cost_prepare(const struct config *config, struct service_setup *setup)
{
	const struct service *service = config->service;
	uint64_t once = memory_of(config).once;
	uint64_t available = memory_available();

	if (once > available - available / 8) {
		log_error("--service %.200s: needs %.0f MiB, and must leave an "
			  "eighth of the available memory (%.0f MiB) free",
		    config->service_text, mib(once), mib(available));
		return -1;
	}
	return service->prepare ? service->prepare(setup) : 0;
}

/* Kilobytes of page tables for BYTES: 8 for each page. */
static uint64_t
tables_kib(uint64_t bytes)
{
	return bytes / ((uint64_t)sysconf(_SC_PAGESIZE) / 8) / 1024;
}

void
service_cost_add(struct worker_cost *cost, const struct server_model *model,
    const struct config *config)
{
	struct service_memory memory = memory_of(config);
	uint64_t each_kib = (memory.each + 1023) / 1024;

	cost->memory_kib += each_kib + tables_kib(memory.each);
	if (cost->page_tables) /* of what it has from its parent */
		cost->memory_kib += tables_kib(memory.once);
	if (model->memory_ends)
		cost->own_kib += each_kib;
	else
		cost->address_kib += each_kib;
}

void
service_cost_check(
    const struct config *config, const struct worker_limit *limit)
{
	const char *service = config->service_text;
	bool space = limit->in_space < limit->in_memory;
	uint64_t fit = space ? limit->in_space : limit->in_memory;
	const char *what =
	    space ? "address space (ulimit -v, ulimit -d)" : "memory";
	uint64_t each = memory_of(config).each;

	if (each == 0)
		return;
	if (fit == 0 && space)
		die(1,
		    "--service %.200s: not enough %s for one worker of %.0f "
		    "MiB",
		    service, what, mib(each));
	if (fit == 0)
		die(1,
		    "--service %.200s: not enough memory for one worker of "
		    "%.0f MiB: %.0f MiB are available, and an eighth of them "
		    "must stay free",
		    service, mib(each), mib(memory_available()));
	if (fit < config->max_connections)
		die(1,
		    "--max-connections %llu: must be at most %llu with "
		    "--service %.200s: there is no more %s",
		    (unsigned long long)config->max_connections,
		    (unsigned long long)fit, service, what);
}
