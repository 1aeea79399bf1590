/* SPDX-License-Identifier: MIT */
/*
 * test_certificate: a self-signed certificate for the servers that the client
 * starts, and a TLS client that trusts only this certificate.
 *
 * Certificate and key are memory files (memfd_create(2)) that the servers open
 * as /proc/PID/fd/N of this process. So no file is left, however it ends.
 */
#ifndef COMMON_LAUNCH_TEST_CERTIFICATE_H
#define COMMON_LAUNCH_TEST_CERTIFICATE_H

#include <stddef.h>

#include "common/net/tls_client.h"
#include "common/net/tls_make.h"

struct test_certificate {
	int cert, key;		   /* descriptors */
	char options[200];	   /* --tls-cert FILE --tls-key FILE */
	struct tls_client *client; /* NULL: not open */
};

/* Makes a certificate for 127.0.0.1 with a key of KIND. Returns 0; or -1 with
 * the reason in WHY (SIZE bytes) and nothing to close. */
int
test_certificate_open(struct test_certificate *setup, enum tls_make_kind kind,
    char *why, size_t size);

/* Harmless if SETUP is zeroed or closed. */
void
test_certificate_close(struct test_certificate *setup);

#endif
