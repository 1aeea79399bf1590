/* SPDX-License-Identifier: MIT */
/*
 * timeline_view: what a picture of a timeline shows, whatever it is drawn with:
 * a window of time, the lanes in it, ticks, and each lane as a row of cells.
 *
 *	timeline_view_open(&view, &timeline, &wish);
 *	for (size_t i = 0; i < view.count; i++)
 *		timeline_cells(&view, view.lanes[i], 60, cells);
 *	timeline_view_close(&view);
 */
#ifndef COMMON_TRACE_TIMELINE_VIEW_H
#define COMMON_TRACE_TIMELINE_VIEW_H

#include "common/trace/timeline.h"

/* What the user asked for. Zeroed: everything. */
struct timeline_wish {
	uint64_t from, to; /* ns on the axis; TO 0: to the end */
	size_t rows;	   /* at most; 0: any number */
	bool zh;	   /* words in Chinese */
	const char *more;  /* says how to see lanes that have no row; or NULL */
};

struct timeline_view {
	const struct timeline *timeline;
	uint64_t from, to; /* ns on the axis; from < to */
	const struct lane **lanes;
	size_t count;
	size_t in_window; /* lanes that have something between FROM and TO */
	bool zh;
	const char *more; /* of the wish */
};

/*
 * Chooses the lanes that have something in the window, with the accept loops
 * first. If they are too many, it takes neighbours: those around the first
 * worker that was killed, or else the first ones; and, unless the wish says
 * another, the window becomes theirs. Where memory is missing, the program ends
 * with a line.
 */
void
timeline_view_open(struct timeline_view *view, const struct timeline *timeline,
    const struct timeline_wish *wish);

void
timeline_view_close(struct timeline_view *view);

/*
 * Divides the window into COUNT equal cells and writes to each the phase of
 * LANE that fills most of it; one in which LANE only waits for the other side,
 * or has ended, where there is nothing else; PHASE_NONE where it has nothing.
 * However short a lane is, it has one cell.
 */
void
timeline_cells(const struct timeline_view *view, const struct lane *lane,
    size_t count, enum phase_kind *cells);

/* The cell of the moment AT, which may lie outside of the window. */
size_t
timeline_cell_of(const struct timeline_view *view, uint64_t at, size_t count);

/* ---- moments ---- */

/* What a lane shows at one moment, over its phase. */
enum timeline_sign {
	SIGN_NONE,
	SIGN_REFUSED,	  /* on the accept loop's lane */
	SIGN_STOP,	  /* the same */
	SIGN_CUT,	  /* the server ends this worker */
	SIGN_DEAD_HOLDER, /* the last holder of its lock has died */
	SIGN_FAILED,	  /* a client's request had no right answer */
	SIGN_OPEN,	  /* the trace ends here, and the lane has not */
	SIGN_KILLED,
	SIGN_COUNT
};

/* The sign of an event of the lane. */
enum timeline_sign
timeline_sign(const struct lane *lane, const struct trace_record *event);

/* The sign at the lane's end. */
enum timeline_sign
timeline_end_sign(const struct lane *lane);

/* ---- the axis ---- */

/* COUNT round moments in the window, STEP ns apart, and the unit in which they
 * are short numbers. */
struct timeline_ticks {
	uint64_t first, step;
	size_t count;
	double unit_ns;
	const char *unit;
};

/* MOST of them at most; one at least where the window has a round moment. */
struct timeline_ticks
timeline_ticks(const struct timeline_view *view, size_t most);

/* Tick I, in ns on the axis. */
uint64_t
timeline_tick(const struct timeline_ticks *ticks, size_t i);

/* "0 ms", "20", "40": the first one has the unit. Neighbours differ. */
char *
timeline_tick_text(
    const struct timeline_ticks *ticks, size_t i, char *buf, size_t size);

/* ---- figures ---- */

struct phase_sum {
	size_t count;
	uint64_t total, median, longest; /* ns */
};

/* Over all lanes of the timeline, in the window or not. */
struct phase_sum
timeline_sum(const struct timeline *timeline, enum phase_kind kind);

#endif
