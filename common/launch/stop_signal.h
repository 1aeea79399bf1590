/* SPDX-License-Identifier: MIT */
/*
 * stop_signal: the signal that asks a server under test to end, as kill(1)
 * writes signals: "QUIT", "SIGQUIT", "quit", "3", "RTMIN+3".
 *
 * A signal that no process ends by is none: one that stops it, lets it run on,
 * or is sent by the kernel of a child's end. SIGKILL ends it, without a chance
 * to clean up. No state; the names are glibc's (sigabbrev_np(3)).
 */
#ifndef COMMON_LAUNCH_STOP_SIGNAL_H
#define COMMON_LAUNCH_STOP_SIGNAL_H

#include <stddef.h>

/* Bytes of a name with its NUL. */
#define STOP_SIGNAL_NAME 16

#define STOP_SIGNAL_WORDS                                                \
	"a signal that ends the server, such as TERM, QUIT, INT, 15 or " \
	"RTMIN+3"

/* Returns the number of the signal TEXT; or -1 if there is none, or no server
 * ends by it. */
int
stop_signal_parse(const char *text);

/* Writes into WHY what is wrong with TEXT (hint.h). */
void
stop_signal_hint(const char *text, char *why, size_t size);

/* Writes "SIGTERM" or "SIGRTMIN+3" into NAME. Returns NAME. */
char *
stop_signal_format(int number, char name[STOP_SIGNAL_NAME]);

#endif
