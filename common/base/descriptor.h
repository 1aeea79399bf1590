/* SPDX-License-Identifier: MIT */
/*
 * descriptor: opens, writes and closes file descriptors.
 *
 * A descriptor may be non-blocking because another process that shares its
 * open file description made it so. These functions wait where they must, and
 * never change the flags of a description that others share.
 *
 * All are safe in any thread and in a forked child.
 */
#ifndef COMMON_BASE_DESCRIPTOR_H
#define COMMON_BASE_DESCRIPTOR_H

#include <stddef.h>
#include <stdio.h>

/* Opens /dev/null, with close-on-exec; where there is none, a descriptor that
 * can be neither read nor written. -1 with errno at the limit of descriptors.
 */
int
descriptor_open_null(void);

/*
 * Opens the pipe or terminal behind FD again, non-blocking (writes may fail
 * with EAGAIN) and with close-on-exec. O_NONBLOCK on FD itself would change it
 * for all processes that share the description. -1: FD is neither a pipe nor a
 * terminal, or it cannot be opened.
 */
int
descriptor_open_again(int fd);

/* Waits until FD is ready for EVENTS of poll(2), or a signal comes. */
void
descriptor_wait(int fd, short events);

/* Writes all LEN bytes; waits where FD is non-blocking. Returns 0, or -1 with
 * errno. */
int
descriptor_write(int fd, const char *data, size_t len);

/* A stream that writes to FD by descriptor_write(), and closes FD at the end.
 * NULL with errno. */
FILE *
descriptor_stream(int fd);

/*
 * Closes the descriptors FIRST to LAST, except KEPT. One system call where the
 * kernel allows it (close_range(2): Linux 5.9), else one for each descriptor.
 */
void
descriptor_close_range(unsigned first, unsigned last, int kept);

#endif
