/* SPDX-License-Identifier: MIT */
/* tls_files: loads files, and explains errors. */
#include "common/full/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
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

/* How long to wait for data from a pipe. */
#define PIPE_PATIENCE_MS 10000

static FILE *
fail_open(int fd)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return NULL;
}

/* Returns NULL with errno; ETIMEDOUT for a pipe without a writer. */
static FILE *
open_once(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct pollfd in = {fd, POLLIN, 0};
	struct stat st;
	FILE *file;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_open(fd);
	errno = S_ISDIR(st.st_mode) ? EISDIR : ETIMEDOUT;
	if (S_ISDIR(st.st_mode) || poll(&in, 1, PIPE_PATIENCE_MS) == 0 ||
	    fcntl(fd, F_SETFL, 0) < 0)
		return fail_open(fd);
	file = fdopen(fd, "r");
	return file ? file : fail_open(fd);
}

/* For a missing file, OpenSSL's message names its functions. */
static BIO *
open_file(const char *path, char *why, size_t size)
{
	FILE *file = open_once(path);
	BIO *in = file ? BIO_new_fp(file, BIO_CLOSE) : NULL;

	if (!in) {
		snprintf(
		    why, size, "%s: %s", path, strerror(file ? ENOMEM : errno));
		if (file)
			fclose(file);
	}
	return in;
}

static int
complain(const char *path, const char *wanted, char *why, size_t size)
{
	unsigned long error = ERR_peek_error();
	const char *words = ERR_reason_error_string(error);

	/* For a file that is not PEM, several decoders each add a message. */
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

/* A server cannot ask for a password. */
static int
refuse_password(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

/* Whether the read ended at the end of the file. */
static bool
at_end(void)
{
	unsigned long error = ERR_peek_last_error();
	bool end = ERR_GET_LIB(error) == ERR_LIB_PEM &&
		   ERR_GET_REASON(error) == PEM_R_NO_START_LINE;

	if (end)
		ERR_clear_error();
	return end;
}

/* Like SSL_CTX_use_certificate_chain_file(3), which opens the file itself. */
static bool
use_chain(SSL_CTX *context, BIO *in)
{
	bool asked;
	X509 *one = PEM_read_bio_X509_AUX(in, NULL, refuse_password, &asked);
	bool good = one && SSL_CTX_use_certificate(context, one) == 1;

	X509_free(one);
	while (good &&
	       (one = PEM_read_bio_X509(in, NULL, refuse_password, &asked))) {
		good = SSL_CTX_add0_chain_cert(context, one) == 1;
		if (!good)
			X509_free(one);
	}
	return good && at_end();
}

static int
load_chain(SSL_CTX *context, const char *cert, char *why, size_t size)
{
	BIO *in = open_file(cert, why, size);
	bool good = in && use_chain(context, in);

	BIO_free(in);
	if (in && !good)
		complain(cert, "certificate", why, size);
	return good ? 0 : -1;
}

static int
load_key(SSL_CTX *context, const char *key, char *why, size_t size)
{
	bool asked = false;
	BIO *in = open_file(key, why, size);
	EVP_PKEY *pkey;
	int result = 0;

	if (!in)
		return -1;
	pkey = PEM_read_bio_PrivateKey(in, NULL, refuse_password, &asked);
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

/* Puts OPTION in front of WHY. Returns -1. */
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
	if (load_chain(context, cert, why, size) < 0)
		return of_option("tls-cert", why, size);
	if (load_key(context, key, why, size) < 0)
		return of_option("tls-key", why, size);
	return 0;
}

/* At least one certificate, and nothing broken between them. */
static bool
trust_all(X509_STORE *store, BIO *in)
{
	bool asked, good = true;
	int count = 0;
	X509 *one;

	while (good && (one = PEM_read_bio_X509_AUX(
			    in, NULL, refuse_password, &asked))) {
		good = X509_STORE_add_cert(store, one) == 1;
		X509_free(one);
		count++;
	}
	return good && count > 0 && at_end();
}

int
tls_load_authorities(SSL_CTX *context, const char *option, const char *ca,
    char *why, size_t size)
{
	BIO *in;
	bool good;

	ERR_clear_error();
	in = open_file(ca, why, size);
	if (!in)
		return of_option(option, why, size);
	good = trust_all(SSL_CTX_get_cert_store(context), in);
	BIO_free(in);
	if (!good) {
		complain(ca, "certificate", why, size);
		return of_option(option, why, size);
	}
	X509_VERIFY_PARAM_set_flags(
	    SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
	return 0;
}

static int
by_name(const X509_NAME *const *a, const X509_NAME *const *b)
{
	return X509_NAME_cmp(*a, *b);
}

/* Each name has its length before it. */
static bool
add_name(STACK_OF(X509_NAME) * names, const X509_NAME *name, size_t *bytes)
{
	X509_NAME *copy;

	if (sk_X509_NAME_find(names, (X509_NAME *)name) >= 0)
		return true;
	copy = X509_NAME_dup(name);
	if (!copy || sk_X509_NAME_push(names, copy) <= 0) {
		X509_NAME_free(copy);
		return false;
	}
	*bytes += 2 + (size_t)i2d_X509_NAME(copy, NULL);
	return true;
}

STACK_OF(X509_NAME) * tls_authority_names(SSL_CTX *context, size_t *bytes)
{
	STACK_OF(X509) *all =
	    X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(context));
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new(by_name);
	bool good = all && names;

	*bytes = 0;
	for (int i = 0; good && i < sk_X509_num(all); i++)
		good = add_name(
		    names, X509_get_subject_name(sk_X509_value(all, i)), bytes);
	sk_X509_pop_free(all, X509_free);
	if (good)
		return names;
	sk_X509_NAME_pop_free(names, X509_NAME_free);
	return NULL;
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

	/* A full disk must not make connections fail. */
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
	/* A FIFO without a reader delays neither the start nor a handshake. */
	fd = open(path,
	    O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	if (fd < 0) {
		log_warn("SSLKEYLOGFILE %s: %s", path, strerror(errno));
		return -1;
	}
	SSL_CTX_set_app_data(context, (void *)(intptr_t)fd);
	SSL_CTX_set_keylog_callback(context, log_key);
	return fd;
}
