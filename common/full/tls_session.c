/* SPDX-License-Identifier: MIT */
/* tls_session: the end of a session, in the application data of its tickets. */
#include "common/full/tls_session.h"

#include <openssl/x509.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "common/net/tls.h"

/* False: it has none yet. */
static bool
read_end(SSL_SESSION *session, int64_t *end)
{
	void *data = NULL;
	size_t len = 0;

	if (SSL_SESSION_get0_ticket_appdata(session, &data, &len) != 1 ||
	    len != sizeof(*end))
		return false;
	memcpy(end, data, sizeof(*end));
	return true;
}

/* The end of a session that begins NOW. */
static int64_t
end_of(SSL *ssl, int64_t now)
{
	const STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	int64_t end = now + TLS_SESSION_S;
	struct tm tm;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		const X509 *one = sk_X509_value(chain, i);

		if (ASN1_TIME_to_tm(X509_get0_notAfter(one), &tm) == 1 &&
		    timegm(&tm) < end)
			end = timegm(&tm);
	}
	return end;
}

/* SSL_CTX_set_session_ticket_cb(3): a ticket is to be encrypted. If it renews
 * another one, the end stays. */
static int
write_end(SSL *ssl, void *arg)
{
	SSL_SESSION *session = SSL_get_session(ssl);
	int64_t now = time(NULL), end;

	(void)arg;
	if (!read_end(session, &end)) {
		end = end_of(ssl, now);
		if (SSL_SESSION_set1_ticket_appdata(
			session, &end, sizeof(end)) != 1)
			return 0;
	}
	/* The lifetime that the client is told. */
	if (end - now < SSL_SESSION_get_timeout(session))
		SSL_SESSION_set_timeout(session, end > now ? end - now : 1);
	return 1;
}

/* Called for a ticket that was decrypted, or could not be. */
static SSL_TICKET_RETURN
look_at_end(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
    size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
	int64_t now = time(NULL), end;

	(void)ssl;
	(void)name;
	(void)name_len;
	(void)arg;
	if ((status != SSL_TICKET_SUCCESS &&
		status != SSL_TICKET_SUCCESS_RENEW) ||
	    !read_end(session, &end) || end <= now ||
	    end - now > TLS_SESSION_S) /* the clock was set back */
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE
					    : SSL_TICKET_RETURN_USE_RENEW;
}

bool
tls_session_bound(SSL_CTX *context)
{
	return SSL_CTX_set_session_ticket_cb(
		   context, write_end, look_at_end, NULL) == 1;
}
