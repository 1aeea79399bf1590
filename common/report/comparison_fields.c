/* SPDX-License-Identifier: MIT */
/* comparison_fields: a table for each structure. */
#include "common/report/comparison_fields.h"

#include <stdint.h>

#include "common/sysinfo/usage.h"
#include "common/verdict/comparison.h"

/* A size_t and a uint64_t are read and written alike. */
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "a 64-bit machine");

#define AT(field)                             \
	.offset = offsetof(STRUCTURE, field), \
	.size = sizeof(((STRUCTURE *)0)->field)

#define STRUCTURE struct estimate
static const struct field DIFFERENCE[] = {
    {"value", FIELD_NUMBER, AT(value)},
    {"low", FIELD_NUMBER, AT(low)},
    {"high", FIELD_NUMBER, AT(high)},
    FIELD_END,
};
#undef STRUCTURE

#define STRUCTURE struct latency
static const struct field LATENCY[] = {
    {"min", FIELD_NUMBER, AT(min)},
    {"mean", FIELD_NUMBER, AT(mean)},
    {"p50", FIELD_NUMBER, AT(p50)},
    {"p90", FIELD_NUMBER, AT(p90)},
    {"p99", FIELD_NUMBER, AT(p99)},
    {"p99.9", FIELD_NUMBER, AT(p99_9)},
    {"max", FIELD_NUMBER, AT(max)},
    FIELD_END,
};
#undef STRUCTURE

#define STRUCTURE struct latency_curve
#define POINTS .count = offsetof(STRUCTURE, count)
static const struct field CURVE[] = {
    {"percent", FIELD_NUMBERS, AT(percent), POINTS},
    {"us", FIELD_AS_MANY, AT(us), POINTS, .required = true},
    FIELD_END,
};
#undef POINTS
#undef STRUCTURE

#define STRUCTURE struct usage
static const struct field MEMORY_KIND[] = {
    {"anonymous_kib", FIELD_NUMBER, AT(memory_kib[MEMORY_ANONYMOUS])},
    {"file_kib", FIELD_NUMBER, AT(memory_kib[MEMORY_FILE])},
    {"page_tables_kib", FIELD_NUMBER, AT(memory_kib[MEMORY_PAGE_TABLES])},
    {"kernel_stacks_kib", FIELD_NUMBER, AT(memory_kib[MEMORY_KERNEL_STACKS])},
    {"slab_kib", FIELD_NUMBER, AT(memory_kib[MEMORY_SLAB])},
    FIELD_END,
};

static const struct field USAGE[] = {
    {"cpu_us_per_request", FIELD_NUMBER, AT(cpu_us)},
    {"user_us_per_request", FIELD_NUMBER, AT(user_us)},
    {"system_us_per_request", FIELD_NUMBER, AT(system_us)},
    {"voluntary_switches_per_request", FIELD_NUMBER, AT(voluntary)},
    {"involuntary_switches_per_request", FIELD_NUMBER, AT(involuntary)},
    {"page_faults_per_request", FIELD_NUMBER, AT(faults)},
    {"tlb_misses_per_request", FIELD_NUMBER, AT(tlb_misses)},
    {"memory_kib_kept", FIELD_NUMBER, AT(kept_kib)},
    {"pss_kib", FIELD_NUMBER, AT(pss_kib)},
    {"connections", FIELD_NUMBER, AT(connections)},
    {"processes", FIELD_NUMBER, AT(processes)},
    {"threads", FIELD_NUMBER, AT(threads)},
    {"mappings", FIELD_NUMBER, AT(mappings)},
    {"memory_kib_per_connection_by_kind", FIELD_OBJECT, .members = MEMORY_KIND},
    FIELD_END,
};
#undef STRUCTURE

#define STRUCTURE struct server_result
#define BLOCKS .count = offsetof(STRUCTURE, blocks)
/* One server at one point, but for what compares it with the baseline. */
const struct field COMPARISON_RESULT[] = {
    {"value", FIELD_NUMBER, AT(value.value)},
    {"low", FIELD_NUMBER, AT(value.low)},
    {"high", FIELD_NUMBER, AT(value.high)},
    {"cpu_us_per_request", FIELD_NUMBER, AT(usage.cpu_us)},
    {"latency_us", FIELD_GROUP, AT(latency), .members = LATENCY},
    {"memory_kib_per_connection", FIELD_MEMORY, .offset = 0},
    {"errors", FIELD_COUNT, AT(errors)},
    {"requests", FIELD_COUNT, AT(requests)},
    {"retries", FIELD_COUNT, AT(retries)},
    {"reconnects", FIELD_COUNT, AT(reconnects)},
    {"client_cpu_us_per_request", FIELD_NUMBER, AT(client_us)},
    {"client_busy", FIELD_NUMBER, AT(client_busy)},
    {"accept_loop_us_per_request", FIELD_NUMBER, AT(loop_us)},
    {"accept_loop_busy", FIELD_NUMBER, AT(loop_busy)},
    {"speedup", FIELD_OBJECT, AT(speedup), .members = DIFFERENCE},
    {"client_limited", FIELD_FLAG, AT(client_bound)},
    {"service_value", FIELD_NUMBER, AT(service_value)},
    {"little", FIELD_NUMBER, AT(little)},
    {"slices", FIELD_COUNT, AT(slices)},
    {"warm_up", FIELD_COUNT, AT(warm_up)},
    {"dropped", FIELD_COUNT, AT(dropped)},
    {"backlog", FIELD_COUNT, AT(backlog)},
    {"backlog_full", FIELD_COUNT, AT(backlog_overflows)},
    {"settled", FIELD_FLAG, AT(settled)},
    {"cause", FIELD_TEXT, AT(cause)},
    {"errors_by_name", FIELD_ERRORS, .offset = 0},
    {"service_us", FIELD_GROUP, AT(service), .members = LATENCY},
    {"cost", FIELD_OBJECT, AT(usage), .members = USAGE},
    {"values_by_block", FIELD_NUMBERS, AT(values), BLOCKS},
    {"cpu_us_by_block", FIELD_AS_MANY, AT(cpu_us), BLOCKS},
    {"latency_curve", FIELD_GROUP, AT(curve), .members = CURVE},
    {"service_curve", FIELD_GROUP, AT(service_curve), .members = CURVE},
    {"verdict", FIELD_VERDICT, AT(verdict)},
    {"reason", FIELD_TEXT, AT(reason)},
    FIELD_END,
};

const struct field COMPARISON_RATIO[] = {
    {"basis", FIELD_BASIS, AT(basis)},
    {"estimate", FIELD_NUMBER, AT(ratio.value)},
    {"low", FIELD_NUMBER, AT(ratio.low)},
    {"high", FIELD_NUMBER, AT(ratio.high)},
    {"verdict", FIELD_VERDICT, AT(verdict)},
    {"reason", FIELD_TEXT, AT(reason)},
    {"p_value", FIELD_NUMBER, AT(p_value)},
    {"detectable", FIELD_NUMBER, AT(min_detectable)},
    {"blocks_needed", FIELD_NUMBER, AT(required_blocks)},
    {"with_dropped", FIELD_NUMBER, AT(with_dropped)},
    {"difference", FIELD_OBJECT, AT(difference), .members = DIFFERENCE},
    {"log_ratios_by_block", FIELD_AS_MANY, AT(ratios), BLOCKS},
    FIELD_END,
};
#undef BLOCKS
#undef STRUCTURE

#define STRUCTURE struct scenario_result
const struct field COMPARISON_SCENARIO[] = {
    {"name", FIELD_TEXT, AT(name)},
    {"question", FIELD_TEXT, AT(question)},
    {"load", FIELD_TEXT, AT(load)},
    {"metric", FIELD_TEXT, AT(metric)},
    {"unit", FIELD_TEXT, AT(unit)},
    {"note", FIELD_TEXT, AT(note)},
    {"better", FIELD_BETTER, AT(higher_is_better), .required = true},
    FIELD_END,
};
#undef STRUCTURE

#define STRUCTURE struct compared_server
const struct field COMPARISON_SERVER[] = {
    {"name", FIELD_TEXT, AT(name)},
    {"command", FIELD_TEXT, AT(command)},
    {"image", FIELD_TEXT, AT(image)},
    FIELD_END,
};
#undef STRUCTURE

#define STRUCTURE struct machine
const struct field COMPARISON_MACHINE[] = {
    {"kernel", FIELD_TEXT, AT(kernel)},
    {"cpu", FIELD_TEXT, AT(cpu)},
    {"virtual", FIELD_FLAG, AT(virtual_machine)},
    {"pcid", FIELD_TEXT, AT(pcid)},
    {"clocksource", FIELD_TEXT, AT(clocksource)},
    {"governor", FIELD_TEXT, AT(governor)},
    {"memory_gib", FIELD_NUMBER, AT(memory_gib)},
    {"cpus", FIELD_COUNT, AT(cpus)},
    FIELD_END,
};
#undef STRUCTURE

#define STRUCTURE struct comparison
const struct field COMPARISON_LOADS[] = {
    {"load_before", FIELD_NUMBER, AT(before.load_average)},
    {"load_after", FIELD_NUMBER, AT(after.load_average)},
    {"pressure_before", FIELD_NUMBER, AT(before.pressure)},
    {"pressure_after", FIELD_NUMBER, AT(after.pressure)},
    {"client_cpus", FIELD_TEXT, AT(client_cpus)},
    {"server_cpus", FIELD_TEXT, AT(server_cpus)},
    {"cpu_quota", FIELD_NUMBER, AT(cpu_quota)},
    FIELD_END,
};

const struct field COMPARISON_TOP[] = {
    {"version", FIELD_TEXT, AT(version)},
    {"when", FIELD_TEXT, AT(when)},
    {"command", FIELD_TEXT, AT(command)},
    {"placement", FIELD_TEXT, AT(placement)},
    {"placed", FIELD_TEXT, AT(placed)},
    {"blocks", FIELD_COUNT, AT(blocks)},
    {"quads", FIELD_COUNT, AT(rounds)},
    {"slice_s", FIELD_NUMBER, AT(slice_s)},
    {"delta", FIELD_NUMBER, AT(delta)},
    {"seed", FIELD_COUNT, AT(seed)},
    {"duration_s", FIELD_NUMBER, AT(seconds)},
    {"still_s", FIELD_NUMBER, AT(stall_s)},
    {"throttled", FIELD_COUNT, AT(throttled)},
    {"throttled_s", FIELD_NUMBER, AT(throttled_s)},
    {"quick", FIELD_FLAG, AT(quick)},
    {"interrupted", FIELD_FLAG, AT(interrupted)},
    {"not_begun", FIELD_TEXT, AT(not_begun)},
    {"busiest", FIELD_TEXT, AT(busiest)},
    FIELD_END,
};
#undef STRUCTURE
