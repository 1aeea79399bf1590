/* SPDX-License-Identifier: MIT */
/*
 * timeline_words: the words of a timeline's pictures, in English and, with ZH,
 * in Chinese. No state, no allocation. What fills BUF returns it.
 */
#ifndef COMMON_TRACE_TIMELINE_WORDS_H
#define COMMON_TRACE_TIMELINE_WORDS_H

#include "common/trace/timeline_view.h"

/* One column wide. */
const char *
timeline_sign_text(enum timeline_sign sign, bool utf8);

const char *
timeline_sign_name(enum timeline_sign sign, bool zh);

const char *
timeline_phase_name(enum phase_kind kind, bool zh);

/* The size of a BUF that holds any of them. */
#define TIMELINE_WORDS 160

/* "server_fork", or "server_fork and client" of two logs. Any bytes of the
 * file: escape it. */
char *
timeline_name(const struct timeline *timeline, bool zh, char *buf, size_t size);

/* "12 workers in 1.24 s, 3 at once at most, 1 killed". SIZE: TIMELINE_WORDS. */
char *
timeline_summary(
    const struct timeline *timeline, bool zh, char *buf, size_t size);

/* "7", "client 3", "accept loop". */
char *
timeline_lane_name(const struct lane *lane, bool zh, char *buf, size_t size);

/* How it ended, if not well: "SIGKILL", "timed out"; else nothing. */
char *
timeline_lane_end(const struct lane *lane, bool zh, char *buf, size_t size);

/* What the trace does not have, a sentence each, N from 0; NULL: no more. */
const char *
timeline_warning(
    const struct timeline *timeline, size_t n, bool zh, char *buf, size_t size);

/* Why a window shows no row; NULL: it has one, or the trace has none. */
const char *
timeline_nothing(const struct timeline_view *view);

/* What stands above the numbers of connections, and above those of workers:
 * "pid" if these are processes, "tid" if they are threads. */
const char *
timeline_number_name(bool zh);

const char *
timeline_id_name(const struct timeline *timeline);

#endif
