/* SPDX-License-Identifier: MIT */
/*
 * several_servers: the process above servers of the same command, which share
 * an address.
 *
 *	supervisor ── this process ── server
 *	                           ── server
 *
 * It ends as the first server does that ends by itself, with the same status or
 * signal; then the supervisor ends the others. STOP_SIGNAL to the process group
 * reaches all of them; then it ends after the last.
 */
#ifndef COMMON_LAUNCH_SEVERAL_SERVERS_H
#define COMMON_LAUNCH_SEVERAL_SERVERS_H

/* Returns in COUNT children, which execute the command next. The caller is the
 * first process below a supervisor, has one thread, and does not return. */
void
several_servers(unsigned count, int stop_signal);

#endif
