/* SPDX-License-Identifier: MIT */
/* tls_make: one certificate by OpenSSL 3. */
#include "common/net/tls_make.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

/* Another machine's clock may be a little behind. */
#define VALID_BEFORE_S (-3600L)
#define VALID_AFTER_S (24 * 3600L)

static int
add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	int done;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	done = extension && X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	return done;
}

/* Strict readers demand it (RFC 5280 4.2): Python 3.13, and OpenSSL with
 * -x509_strict. The subject key identifier comes first, because the authority's
 * is copied from it. */
static int
add_extensions(X509 *cert)
{
	return add_extension(
		   cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(
		   cert, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(cert, NID_ext_key_usage, "serverAuth") &&
	       add_extension(cert, NID_subject_key_identifier, "hash") &&
	       add_extension(
		   cert, NID_authority_key_identifier, "keyid:always") &&
	       add_extension(cert, NID_subject_alt_name, "IP:127.0.0.1");
}

static int
fill(X509 *cert, EVP_PKEY *key)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_set_version(cert, X509_VERSION_3) &&
	       ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), VALID_BEFORE_S) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), VALID_AFTER_S) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		   (const unsigned char *)"127.0.0.1", -1, -1, 0) &&
	       X509_set_issuer_name(cert, name) && X509_set_pubkey(cert, key) &&
	       add_extensions(cert) && X509_sign(cert, key, EVP_sha256()) > 0;
}

static int
write_both(int cert_fd, X509 *cert, int key_fd, EVP_PKEY *key)
{
	BIO *out = BIO_new_fd(cert_fd, BIO_NOCLOSE);
	int done = out && PEM_write_bio_X509(out, cert);

	BIO_free(out);
	out = BIO_new_fd(key_fd, BIO_NOCLOSE);
	done = done && out &&
	       PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
	BIO_free(out);
	return done;
}

int
tls_make(
    enum tls_make_kind kind, int cert_fd, int key_fd, char *why, size_t size)
{
	EVP_PKEY *key =
	    kind == TLS_MAKE_RSA_2048 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	int done = key && cert && fill(cert, key) &&
		   write_both(cert_fd, cert, key_fd, key);

	if (!done) {
		const char *words = ERR_reason_error_string(ERR_get_error());

		snprintf(why, size, "no certificate could be made: %s",
		    words ? words : "OpenSSL gives no reason");
		ERR_clear_error();
	}
	X509_free(cert);
	EVP_PKEY_free(key);
	return done ? 0 : -1;
}
