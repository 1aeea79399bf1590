/* SPDX-License-Identifier: MIT */
/* scenario_table: the scenarios, and what differs between their points. */
#include "common/compare/scenario_table.h"

#include <string.h>

#include "common/compare/block_run.h"
#include "common/compare/metric.h"

#define KIB (1ULL << 10)
#define MIB (1ULL << 20)

static const struct variation SWEEP[] = {
    {.key = "connections", .connections = 1},
    {.key = "connections", .connections = 4},
    {.key = "connections", .connections = 16},
    {.key = "connections", .connections = 64},
    {.key = "connections", .connections = 256},
    {.key = "connections", .connections = 1000},
    {0},
};

static const struct variation PARENT[] = {
    {.key = "parent_mib", .ballast = 1 * MIB},
    {.key = "parent_mib", .ballast = 16 * MIB},
    {.key = "parent_mib", .ballast = 128 * MIB},
    {.key = "parent_mib", .ballast = 1024 * MIB},
    {.key = "parent_mib", .ballast = 1024 * MIB, .text = "dontfork"},
    {.key = "parent_mib", .ballast = 1024 * MIB, .text = "shared"},
    {.key = "parent_mib", .ballast = 1024 * MIB, .text = "huge", .huge = true},
    {.key = "parent_mib", .ballast = 128 * MIB, .text = "none:10000/s"},
    {0},
};

#define STATE(size, piece)                                            \
	{                                                             \
		.key = "state_kib", .service = "state", .each = size, \
		.second = "pieces", .text = piece                     \
	}

static const struct variation STATES[] = {
    STATE(0, NULL),
    STATE(64 * KIB, "4KiB"),
    STATE(64 * KIB, "64KiB"),
    STATE(1 * MIB, "4KiB"),
    STATE(1 * MIB, "1MiB"),
    STATE(16 * MIB, "4KiB"),
    STATE(16 * MIB, "1MiB"),
    {0},
};

#define SET(size, kind)                                             \
	{                                                           \
		.key = "set_kib", .service = "touch", .each = size, \
		.second = "kind", .text = kind                      \
	}
#define HUGE_SET(size, kind)                                         \
	{                                                            \
		.key = "set_kib", .service = "touch", .each = size,  \
		.second = "kind", .text = kind ":huge", .huge = true \
	}

static const struct variation SETS[] = {
    SET(0, NULL),
    SET(256 * KIB, "shared"),
    HUGE_SET(256 * KIB, "shared"),
    SET(256 * KIB, "private"),
    HUGE_SET(256 * KIB, "private"),
    SET(4 * MIB, "shared"),
    HUGE_SET(4 * MIB, "shared"),
    SET(4 * MIB, "private"),
    HUGE_SET(4 * MIB, "private"),
    SET(32 * MIB, "shared"),
    HUGE_SET(32 * MIB, "shared"),
    SET(32 * MIB, "private"),
    HUGE_SET(32 * MIB, "private"),
    {0},
};

static const struct variation KNEE[] = {
    {.key = "share", .share = 0.3},
    {.key = "share", .share = 0.5},
    {.key = "share", .share = 0.7},
    {.key = "share", .share = 0.8},
    {.key = "share", .share = 0.9},
    {.key = "share", .share = 0.95},
    {0},
};

static const struct variation BULK[] = {
    {.key = "share", .share = 0.7},
    {0},
};

static const struct variation LINKING[] = {
    {.key = "image", .text = "static", .options = "--image plain"},
    {.key = "image", .text = "dynamic", .options = "--image dynamic"},
    {.key = "image", .text = "full", .options = "--image full"},
    {0},
};

static const struct variation HELD[] = {
    {.key = "held"},
    {.key = "held", .held = 1000},
    {.key = "held", .held = 5000},
    {.key = "held", .held = 15000},
    {0},
};

static const struct variation BURST[] = {
    {.key = "connections", .connections = 100},
    {.key = "connections", .connections = 1000},
    {.key = "connections", .connections = 4000},
    {0},
};

static const struct variation TLS[] = {
    {.key = "mode", .text = "handshakes", .connections = 16, .churn = true},
    {.key = "mode",
	.text = "handshakes-rsa",
	.connections = 16,
	.churn = true,
	.certificate = TLS_MAKE_RSA_2048},
    {.key = "mode", .text = "kept", .connections = 32},
    {0},
};

/* What most scenarios have in common. */
#define REQUESTS                                                      \
	.metric = "requests", .unit = "requests/s", .per_request = 1, \
	.higher_is_better = true, .measure = &METRIC_THROUGHPUT

const struct scenario SCENARIOS[] = {
    {"churn", "What does a new worker for each connection cost?",
	"a connection for each request, 32 at once, 64 bytes", REQUESTS,
	.standard = true, .protocol = "echo", .churn = true, .connections = 32,
	.size = 64},
    {"steady", "What does a switch between workers that stay cost?",
	"64 kept connections, 64 bytes", REQUESTS, .standard = true,
	.protocol = "echo", .connections = 64, .size = 64},
    {"sweep", "From how many connections on does the model matter?",
	"kept connections, 64 bytes", REQUESTS, .protocol = "echo", .size = 64,
	.variations = SWEEP},
    {"spin", "Does it matter if a request costs CPU?",
	"16 kept connections, 64 bytes, 50 us of CPU for each request",
	REQUESTS, .protocol = "echo", .connections = 16, .size = 64,
	.options = "--service spin:50us"},
    {"sleep", "Does it matter if a request blocks?",
	"64 kept connections, 64 bytes, each request waits for 1 ms", REQUESTS,
	.protocol = "echo", .connections = 64, .size = 64,
	.options = "--service sleep:1ms"},
    {"counter", "What does a lock that all workers share cost?",
	"16 kept connections, each request adds to one counter", REQUESTS,
	.protocol = "counter", .connections = 16,
	.options = "--service counter"},
    {"bulk", "What CPU does large traffic take?",
	"4 kept connections, messages of 1 MiB there and back, at a rate that "
	"all servers reach",
	.metric = "server's CPU for each GB of payload", .unit = "CPU ms/GB",
	.per_request = 1e9 / (double)MIB / 1e3, .measure = &METRIC_CPU,
	.protocol = "echo", .connections = 4, .size = MIB, .variations = BULK},
    {"idle", "What does a connection that does nothing cost?",
	"200 connections that have been served once, and wait",
	.metric = "memory for each connection", .unit = "KiB", .standard = true,
	.measure = &METRIC_MEMORY, .protocol = "echo", .connections = 200},
    {"parent", "What does a large parent cost, and what helps?",
	"a connection for each request, 32 at once, 64 bytes; the parent has "
	"memory in use",
	REQUESTS, .protocol = "echo", .churn = true, .connections = 32,
	.size = 64, .variations = PARENT},
    {"state", "What does it cost to take memory and give it back?",
	"a connection for each request, 16 at once, 64 bytes; each worker "
	"allocates and writes its state",
	REQUESTS, .protocol = "echo", .churn = true, .connections = 16,
	.size = 64, .variations = STATES},
    {"working-set", "Does a switch between processes cost the TLB?",
	"16 kept connections, 64 bytes; each request reads a line of each page "
	"of a working set",
	REQUESTS, .protocol = "echo", .counts_tlb = true, .connections = 16,
	.size = 64, .variations = SETS},
    {"cores", "What do more CPUs give, and one more accept loop?",
	"64 bytes; the server has 1, 2, 4, ... CPUs, or several servers share "
	"a port",
	REQUESTS, .protocol = "echo", .cores = true, .connections = 64,
	.size = 64},
    {"knee", "How much load can each take with answers in time?",
	"a connection for each request, on a schedule, 64 bytes; up to "
	"1,000 at once",
	.metric = "99th percentile of the response time", .unit = "us",
	.measure = &METRIC_LATENCY, .protocol = "echo", .churn = true,
	.connections = 1000, .size = 64, .variations = KNEE},
    {"linking", "What does it cost how the server is linked?",
	"a connection for each request, 32 at once, 64 bytes", REQUESTS,
	.protocol = "echo", .churn = true, .connections = 32, .size = 64,
	.variations = LINKING},
    {"held", "Do many idle connections slow down new ones?",
	"a connection for each request, 32 at once, 64 bytes, beside idle ones",
	REQUESTS, .protocol = "echo", .churn = true, .connections = 32,
	.size = 64, .variations = HELD},
    {"http", "Does the model matter for small pages?",
	"64 kept connections, GET /", REQUESTS, .protocol = "http",
	.connections = 64, .options = "--service http"},
    {"tls", "What does TLS leave of the difference?",
	"TLS 1.3: a handshake for each request of 64 bytes, with a P-256 or "
	"an RSA certificate of 2,048 bits, or kept connections",
	REQUESTS, .tls = true, .protocol = "echo", .size = 64,
	.variations = TLS},
    {"crash", "A worker dies of a signal: how many clients notice?",
	"64 connections, one worker gets SIGSEGV", .metric = "connections lost",
	.unit = "connections", .standard = true, .measure = &METRIC_CRASH,
	.protocol = "echo", .connections = 64},
    {"burst", "How long do clients wait if all come at once?",
	"clients that connect at one instant, a request each",
	.metric = "time until the last has its answer", .unit = "ms",
	.measure = &METRIC_BURST, .protocol = "echo", .variations = BURST},
    {"recover", "How long until all are served again after a crash?",
	"64 connections, one worker gets SIGSEGV; a server that ends is "
	"started "
	"again at once",
	.metric = "time until all are served again", .unit = "ms",
	.measure = &METRIC_RECOVERY, .protocol = "echo", .connections = 64},
    {0},
};

const struct scenario *
scenario_find(const char *name)
{
	for (const struct scenario *s = SCENARIOS; s->name; s++) {
		if (strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}
