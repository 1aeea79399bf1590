/* SPDX-License-Identifier: MIT */
/* comparison_fields: a name and a place for each. */
#include "common/report/comparison_fields.h"

#include "common/verdict/comparison.h"

/* A size_t and a uint64_t are read and written alike. */
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "a 64-bit machine");

#define SIZE_OF(structure, field) sizeof(((structure *)0)->field)
#define FIELD(structure, type, key, field)             \
	{                                              \
		key, type, offsetof(structure, field), \
		    SIZE_OF(structure, field)          \
	}
#define END                            \
	{                              \
		NULL, FIELD_FLAG, 0, 0 \
	}

#define OF(type, key, field) FIELD(struct comparison, type, key, field)
const struct field COMPARISON_FIELDS[] = {
    OF(FIELD_TEXT, "version", version),
    OF(FIELD_TEXT, "when", when),
    OF(FIELD_TEXT, "command", command),
    OF(FIELD_TEXT, "placement", placement),
    OF(FIELD_TEXT, "placed", placed),
    OF(FIELD_COUNT, "blocks", blocks),
    OF(FIELD_COUNT, "quads", rounds),
    OF(FIELD_NUMBER, "slice_s", slice_s),
    OF(FIELD_NUMBER, "delta", delta),
    OF(FIELD_COUNT, "seed", seed),
    OF(FIELD_NUMBER, "duration_s", seconds),
    OF(FIELD_NUMBER, "still_s", stall_s),
    OF(FIELD_COUNT, "throttled", throttled),
    OF(FIELD_NUMBER, "throttled_s", throttled_s),
    OF(FIELD_FLAG, "quick", quick),
    OF(FIELD_FLAG, "interrupted", interrupted),
    OF(FIELD_TEXT, "not_begun", not_begun),
    OF(FIELD_TEXT, "busiest", busiest),
    END,
};
#undef OF

#define OF(type, key, field) FIELD(struct machine, type, key, field)
const struct field MACHINE_FIELDS[] = {
    OF(FIELD_TEXT, "kernel", kernel),
    OF(FIELD_TEXT, "cpu", cpu),
    OF(FIELD_FLAG, "virtual", virtual_machine),
    OF(FIELD_TEXT, "clocksource", clocksource),
    OF(FIELD_TEXT, "governor", governor),
    OF(FIELD_NUMBER, "memory_gib", memory_gib),
    END,
};
#undef OF

/* The struct has no name of its own. */
#define OF(key, field)                                              \
	{                                                           \
		key, FIELD_TEXT,                                    \
		    offsetof(struct comparison, servers[0].field) - \
			offsetof(struct comparison, servers[0]),    \
		    SIZE_OF(struct comparison, servers[0].field)    \
	}
const struct field SERVER_FIELDS[] = {
    OF("name", name),
    OF("command", command),
    OF("image", image),
    END,
};
#undef OF

#define OF(type, key, field) FIELD(struct scenario_result, type, key, field)
const struct field SCENARIO_FIELDS[] = {
    OF(FIELD_TEXT, "name", name),
    OF(FIELD_TEXT, "question", question),
    OF(FIELD_TEXT, "load", load),
    OF(FIELD_TEXT, "metric", metric),
    OF(FIELD_TEXT, "unit", unit),
    OF(FIELD_TEXT, "note", note),
    END,
};
#undef OF

#define OF(type, key, field) FIELD(struct server_result, type, key, field)
const struct field RESULT_FIELDS[] = {
    OF(FIELD_COUNT, "errors", errors),
    OF(FIELD_COUNT, "requests", requests),
    OF(FIELD_COUNT, "retries", retries),
    OF(FIELD_NUMBER, "client_cpu_us_per_request", client_us),
    OF(FIELD_NUMBER, "client_busy", client_busy),
    OF(FIELD_FLAG, "client_limited", client_bound),
    OF(FIELD_NUMBER, "service_value", service_value),
    OF(FIELD_NUMBER, "little", little),
    OF(FIELD_COUNT, "slices", slices),
    OF(FIELD_COUNT, "warm_up", warm_up),
    OF(FIELD_COUNT, "dropped", dropped),
    OF(FIELD_COUNT, "backlog", backlog),
    OF(FIELD_COUNT, "backlog_full", listen_backlog_is_full),
    OF(FIELD_FLAG, "settled", settled),
    OF(FIELD_TEXT, "cause", cause),
    END,
};

const struct field RATIO_FIELDS[] = {
    OF(FIELD_TEXT, "reason", reason),
    OF(FIELD_NUMBER, "p_value", p_value),
    OF(FIELD_NUMBER, "detectable", min_detectable),
    OF(FIELD_NUMBER, "blocks_needed", required_blocks),
    OF(FIELD_NUMBER, "with_dropped", with_dropped),
    END,
};
#undef OF

#define OF(key, field) FIELD(struct latency, FIELD_NUMBER, key, field)
const struct field LATENCY_FIELDS[] = {
    OF("min", min),
    OF("mean", mean),
    OF("p50", p50),
    OF("p90", p90),
    OF("p99", p99),
    OF("p99.9", p99_9),
    OF("max", max),
    END,
};
#undef OF

#define OF(key, field) FIELD(struct usage, FIELD_NUMBER, key, field)
const struct field USAGE_FIELDS[] = {
    OF("cpu_us_per_request", cpu_us),
    OF("user_us_per_request", user_us),
    OF("system_us_per_request", system_us),
    OF("voluntary_switches_per_request", voluntary),
    OF("involuntary_switches_per_request", involuntary),
    OF("page_faults_per_request", faults),
    OF("pss_kib", pss_kib),
    OF("connections", connections),
    OF("processes", processes),
    OF("threads", threads),
    OF("mappings", mappings),
    END,
};
#undef OF
