/* SPDX-License-Identifier: MIT */
/*
 * address: where a socket listens or whom it talks to, as text and as bytes.
 *
 * Text forms (the same for what a server prints and what a client accepts):
 *	127.0.0.1:7007  [::1]:7007  [fe80::1%eth0]:7007  unix:/run/echo.sock
 * The functions neither allocate nor keep state: safe in any thread.
 */
#ifndef COMMON_NET_ADDRESS_H
#define COMMON_NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* "unix:", a path of sun_path's length, a NUL; the longest of the forms. */
#define ADDRESS_TEXT_MAX 128
/* An IPv6 literal, "%", the name of an interface, a NUL. */
#define ADDRESS_HOST_MAX (INET6_ADDRSTRLEN + 1 + 16)

struct address {
	socklen_t len; /* bytes of the union in use */
	union {
		struct sockaddr any;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	};
};

/*
 * TEXT to an address: an IPv4 literal of four decimal numbers (not inet_aton's
 * shorter, octal and hexadecimal forms), a bracketed IPv6 literal, with its
 * zone (RFC 4007 11: the name or number of an interface) if it is link-local,
 * or "unix:" and a path (whose length sun_path bounds, and whose first byte is
 * no @). Returns 0, or -1 if TEXT is none.
 */
int
address_parse(const char *text, struct address *out);

/* Which part of a TEXT that begins with a bracket, and that address_parse() has
 * not taken, is not understood: a few words in WHY of SIZE bytes. */
void
address_explain(const char *text, char *why, size_t size);

/* An IPv4 address that is written as one of IPv6 (::ffff:1.2.3.4) becomes one
 * of IPv4; others stay. */
void
address_unmap(struct address *address);

/*
 * Splits "HOST:PORT" at the last colon, taking brackets off an IPv6 literal.
 * HOST (of SIZE bytes) may come out empty. Returns 0, or -1.
 */
int
address_split(const char *text, char *host, size_t size, uint16_t *port);

/* The text form, in BUF of ADDRESS_TEXT_MAX bytes; "unix:" for no name. */
char *
address_format(const struct address *address, char *buf);

/* Whether only this machine can reach it, by IP. */
bool
address_is_loopback(const struct address *address);

/* Whether it stands for all addresses of this machine. */
bool
address_is_any(const struct address *address);

/* Host order; 0 for a unix socket. */
uint16_t
address_port(const struct address *address);

void
address_set_port(struct address *address, uint16_t port);

/*
 * What counts as one source of connections: all of an IPv4 address, the first
 * 64 bits of an IPv6 one (a single host owns at least that much). A mapped
 * IPv4 address counts as IPv4. False for unix sockets, which have no source.
 */
bool
address_source(const struct address *address, uint64_t *source);

#endif
