/* SPDX-License-Identifier: MIT */
/* test_certificate: two memory files, readable by this user alone. */
#include "common/launch/test_certificate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int
memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd >= 0)
		fchmod(fd, 0600);
	return fd;
}

static void
name_files(struct test_certificate *setup, char *cert, size_t size)
{
	snprintf(cert, size, "/proc/%d/fd/%d", (int)getpid(), setup->cert);
	snprintf(setup->options, sizeof(setup->options),
	    "--tls-cert %s --tls-key /proc/%d/fd/%d", cert, (int)getpid(),
	    setup->key);
}

int
test_certificate_open(struct test_certificate *setup, enum tls_make_kind kind,
    char *why, size_t size)
{
	char cert[64];

	*setup = (struct test_certificate){
	    .cert = memory_file("cert.pem"),
	    .key = memory_file("key.pem"),
	};
	if (setup->cert < 0 || setup->key < 0) {
		snprintf(why, size, "%s", strerror(errno));
	} else if (tls_make(kind, setup->cert, setup->key, why, size) == 0) {
		name_files(setup, cert, sizeof(cert));
		setup->client =
		    tls_client_open("127.0.0.1", cert, NULL, NULL, why, size);
	}
	if (setup->client)
		return 0;
	if (setup->cert >= 0)
		close(setup->cert);
	if (setup->key >= 0)
		close(setup->key);
	return -1;
}

void
test_certificate_close(struct test_certificate *setup)
{
	if (!setup->client)
		return;
	tls_client_close(setup->client);
	close(setup->cert);
	close(setup->key);
	setup->client = NULL;
}
