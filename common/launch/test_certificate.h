/* SPDX-License-Identifier: MIT */
/*
 * test_certificate: a certificate for servers that the client starts, and a
 * client that trusts it and no other.
 *
 * Certificate and key are files in memory, which the servers open below
 * /proc/PID/fd of this process: nothing is left behind, however it ends.
 */
#ifndef COMMON_LAUNCH_TEST_CERTIFICATE_H
#define COMMON_LAUNCH_TEST_CERTIFICATE_H

#include <stddef.h>

#include "common/net/tls_client.h"

struct test_certificate {
	int cert, key;		   /* descriptors */
	char options[200];	   /* for our servers */
	struct tls_client *client; /* NULL: not open */
};

/* For 127.0.0.1. Returns 0; or -1 with the reason in WHY. */
int
test_certificate_open(struct test_certificate *setup, char *why, size_t size);

/* Harmless if it is zeroed. */
void
test_certificate_close(struct test_certificate *setup);

#endif
