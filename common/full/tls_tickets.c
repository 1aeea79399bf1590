/* SPDX-License-Identifier: MIT */
/* tls_tickets: a ring of keys, two of them in use. */
#include "common/full/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/net/tls.h"

enum {
	NAME_LEN = 16,
	IV_LEN = 16,
	/* The current key, the one before, one that a slow worker may still
	 * use, and one that no worker uses. */
	RING = 4,
};

struct tls_tickets {
	EVP_CIPHER *cipher;
	uint64_t due_ns;	  /* 0: before the first use */
	_Atomic unsigned current; /* modulo RING */
	struct ticket_key {
		unsigned char name[NAME_LEN], cipher[32], mac[32];
	} keys[RING];
};

/* The index of the tickets in a context; set by the first
 * tls_tickets_open(). */
static int place = -1;

static struct ticket_key *
key_before(struct tls_tickets *tickets, unsigned current, unsigned steps)
{
	return &tickets->keys[(current + RING - steps) % RING];
}

static bool
make_key(struct ticket_key *key)
{
	return RAND_bytes(key->name, sizeof(key->name)) == 1 &&
	       RAND_priv_bytes(key->cipher, sizeof(key->cipher)) == 1 &&
	       RAND_priv_bytes(key->mac, sizeof(key->mac)) == 1;
}

static bool
prepare(const struct tls_tickets *tickets, struct ticket_key *key,
    const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seal)
{
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(
		OSSL_MAC_PARAM_KEY, key->mac, sizeof(key->mac)),
	    OSSL_PARAM_construct_utf8_string(
		OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
	    OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1 &&
	       EVP_CipherInit_ex2(
		   cipher, tickets->cipher, key->cipher, iv, seal, NULL) == 1;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3). -1: an error; 0: no key for this
 * ticket; 1: go on; 2: and issue a new ticket. */
static int
choose_key(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seal)
{
	struct tls_tickets *tickets =
	    SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place);
	unsigned current = atomic_load(&tickets->current);
	struct ticket_key *key = key_before(tickets, current, 0);
	bool old = false;

	if (seal) {
		if (RAND_bytes(iv, IV_LEN) != 1)
			return -1;
		memcpy(name, key->name, NAME_LEN);
	} else if (memcmp(name, key->name, NAME_LEN) != 0) {
		old = true;
		key = key_before(tickets, current, 1);
		if (memcmp(name, key->name, NAME_LEN) != 0)
			return 0;
	}
	if (!prepare(tickets, key, iv, cipher, mac, seal))
		return -1;
	/* A ticket of TLS 1.3 is used once. */
	return !seal && (old || SSL_version(ssl) >= TLS1_3_VERSION) ? 2 : 1;
}

struct tls_tickets *
tls_tickets_open(SSL_CTX *context)
{
	struct tls_tickets *tickets = calloc(1, sizeof(*tickets));

	if (!tickets)
		return NULL;
	if (place < 0)
		place = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	tickets->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	/* The keys before the first one must not be guessable either. */
	for (int i = 0; i < RING; i++) {
		if (!make_key(&tickets->keys[i])) {
			tls_tickets_close(tickets);
			return NULL;
		}
	}
	if (!tickets->cipher ||
	    SSL_CTX_set_ex_data(context, place, tickets) != 1 ||
	    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, choose_key) != 1) {
		tls_tickets_close(tickets);
		return NULL;
	}
	return tickets;
}

void
tls_tickets_close(struct tls_tickets *tickets)
{
	if (!tickets)
		return;
	EVP_CIPHER_free(tickets->cipher);
	OPENSSL_cleanse(tickets->keys, sizeof(tickets->keys));
	free(tickets);
}

void
tls_tickets_renew(struct tls_tickets *tickets, uint64_t now)
{
	unsigned next = atomic_load(&tickets->current) + 1;

	if (now < tickets->due_ns)
		return;
	if (tickets->due_ns != 0 && make_key(key_before(tickets, next, 0))) {
		/* The key before last is erased when no worker can use it any
		 * more. */
		OPENSSL_cleanse(
		    key_before(tickets, next, 3), sizeof(struct ticket_key));
		atomic_store(&tickets->current, next % RING);
	}
	tickets->due_ns = now + TLS_TICKET_KEY_NS;
}
