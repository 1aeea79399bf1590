/* SPDX-License-Identifier: MIT */
/* tls_files: what is wrong with a file, in words. */
#include "common/full/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/base/log.h"

/* ---- certificates ---- */

/* OpenSSL's own words for a file that is missing name its functions. */
static int
try_file(const char *path, char *why, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		fd = -1;
		errno = EISDIR;
	}
	if (fd < 0) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	close(fd);
	return 0;
}

static int
complain(const char *path, const char *wanted, char *why, size_t size)
{
	unsigned long error = ERR_peek_error();
	const char *words = ERR_reason_error_string(error);

	/* What is no PEM runs through several decoders, which all complain in
	 * their own words. */
	if (error == 0 || ERR_GET_LIB(error) == ERR_LIB_PEM ||
	    ERR_GET_LIB(error) == ERR_LIB_ASN1 ||
	    ERR_GET_LIB(error) == ERR_LIB_OSSL_DECODER ||
	    ERR_GET_LIB(error) == ERR_LIB_X509 ||
	    ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
		snprintf(why, size, "%s: no %s in PEM form", path, wanted);
	else
		snprintf(why, size, "%s: %s", path,
		    words ? words : "OpenSSL gives no reason");
	ERR_clear_error();
	return -1;
}

/* Nobody sits at a server's terminal. */
static int
refuse_password(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static int
load_key(SSL_CTX *context, const char *key, char *why, size_t size)
{
	bool asked = false;
	BIO *in = BIO_new_file(key, "r");
	EVP_PKEY *pkey =
	    in ? PEM_read_bio_PrivateKey(in, NULL, refuse_password, &asked)
	       : NULL;
	int result = 0;

	BIO_free(in);
	if (asked) {
		snprintf(why, size,
		    "%s: is encrypted (openssl pkey -in "
		    "FILE writes it without a password)",
		    key);
		result = -1;
	} else if (!pkey) {
		result = complain(key, "private key", why, size);
	} else if (SSL_CTX_use_PrivateKey(context, pkey) != 1 ||
		   SSL_CTX_check_private_key(context) != 1) {
		snprintf(
		    why, size, "%s: does not belong to the certificate", key);
		result = -1;
	}
	ERR_clear_error();
	EVP_PKEY_free(pkey);
	return result;
}

/* Names the OPTION that WHY is about. Returns -1. */
static int
of_option(const char *option, char *why, size_t size)
{
	char words[LOG_LINE_MAX];

	snprintf(words, sizeof(words), "--%s %s", option, why);
	snprintf(why, size, "%s", words);
	return -1;
}

int
tls_load_own(
    SSL_CTX *context, const char *cert, const char *key, char *why, size_t size)
{
	ERR_clear_error();
	if (try_file(cert, why, size) < 0)
		return of_option("tls-cert", why, size);
	if (try_file(key, why, size) < 0)
		return of_option("tls-key", why, size);
	if (SSL_CTX_use_certificate_chain_file(context, cert) != 1) {
		complain(cert, "certificate", why, size);
		return of_option("tls-cert", why, size);
	}
	if (load_key(context, key, why, size) < 0)
		return of_option("tls-key", why, size);
	return 0;
}

int
tls_load_authorities(SSL_CTX *context, const char *option, const char *ca,
    char *why, size_t size)
{
	ERR_clear_error();
	if (try_file(ca, why, size) < 0)
		return of_option(option, why, size);
	if (SSL_CTX_load_verify_file(context, ca) != 1) {
		complain(ca, "certificate", why, size);
		return of_option(option, why, size);
	}
	X509_VERIFY_PARAM_set_flags(
	    SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
	return 0;
}

/* ---- secrets ---- */

static void
log_key(const SSL *ssl, const char *line)
{
	intptr_t fd = (intptr_t)SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	struct iovec pieces[] = {
	    {(char *)line, strlen(line)},
	    {"\n", 1},
	};

	/* Who wanted secrets and has a full disk is not the peer's fault. */
	if (writev((int)fd, pieces, 2) < 0)
		return;
}

int
tls_log_keys(SSL_CTX *context)
{
	const char *path = secure_getenv("SSLKEYLOGFILE");
	int fd;

	if (!path || !*path)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0) {
		log_warn("SSLKEYLOGFILE %s: %s", path, strerror(errno));
		return -1;
	}
	SSL_CTX_set_app_data(context, (void *)(intptr_t)fd);
	SSL_CTX_set_keylog_callback(context, log_key);
	return fd;
}
