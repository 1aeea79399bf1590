/* SPDX-License-Identifier: MIT */
/*
 * fuzz_trace: a trace of any bytes, read and drawn in each way. A faulty worker
 * can write anything into the file, and the header may be another program's.
 *
 * The input is the begin of the header and then the events, 64 bytes each, so
 * that it need not have the 4096 bytes between them.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/trace/timeline_svg.h"
#include "common/trace/timeline_terminal.h"
#include "common/trace/trace_event_json.h"

enum { HEADER = sizeof(struct trace_header), FIRST_EVENT = 4096, CELLS = 60 };

static void
must_be_a_lane(const struct timeline *timeline, const struct lane *lane)
{
	uint64_t at = lane->from;

	MUST(lane->from <= lane->start && lane->start <= lane->died);
	MUST(lane->died <= lane->to && lane->to <= timeline->span);
	MUST(lane->event_count > 0);
	for (size_t i = 0; i < lane->phase_count; i++) {
		const struct phase *phase = &lane->phases[i];

		MUST(phase->kind > PHASE_NONE && phase->kind < PHASE_COUNT);
		MUST(phase->from >= at && phase->to > phase->from);
		at = phase->to;
	}
	MUST(at <= lane->to);
}

static void
must_be_drawn(const struct timeline *timeline, size_t rows, FILE *out)
{
	const struct terminal_style style = {.utf8 = rows & 1, .width = 80};
	const struct timeline_wish wish = {.rows = rows, .zh = rows & 2};
	enum phase_kind cells[CELLS];
	struct timeline_view view;

	timeline_view_open(&view, timeline, &wish);
	MUST(view.from < view.to && view.count <= view.in_window);
	for (size_t i = 0; i < view.count; i++) {
		timeline_cells(&view, view.lanes[i], CELLS, cells);
		for (size_t k = 0; k < CELLS; k++)
			MUST(cells[k] < PHASE_COUNT);
	}
	timeline_terminal(&view, &style, out);
	timeline_svg(&view, NULL, out);
	timeline_view_close(&view);
}

/* Draws the SIZE bytes of a file. */
static void
draw(const uint8_t *file, size_t size, size_t rows, FILE *out)
{
	struct timeline timeline;
	struct trace_log log;
	char why[200] = "";

	if (trace_log_parse(&log, file, size, why, sizeof(why)) < 0) {
		MUST(why[0] && !log.events && !log.count);
		return;
	}
	timeline_build(&timeline, &log, 1);
	for (size_t i = 0; i < timeline.lane_count; i++)
		must_be_a_lane(&timeline, &timeline.lanes[i]);
	must_be_drawn(&timeline, rows, out);
	trace_event_json(&timeline, out);
	timeline_release(&timeline);
	trace_log_release(&log);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t head = size < HEADER ? size : HEADER, length = head;
	char *text = NULL;
	uint8_t *file;
	size_t len;
	FILE *out;

	if (size > HEADER)
		length = FIRST_EVENT + size - HEADER;
	file = calloc(1, length + 1);
	out = open_memstream(&text, &len);
	if (!file || !out)
		abort();
	if (size > 0)
		memcpy(file, data, head);
	if (size > HEADER)
		memcpy(file + FIRST_EVENT, data + HEADER, size - HEADER);
	draw(file, length, size % 7, out);
	fclose(out);
	free(text);
	free(file);
	return 0;
}
