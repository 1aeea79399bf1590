/* SPDX-License-Identifier: MIT */
/*
 * address: an address of a socket, as text and as bytes.
 *
 * Text forms (the same in the server's output and the client's input):
 *
 *	127.0.0.1:7007
 *	[::1]:7007
 *	[fe80::1%eth0]:7007
 *	unix:/run/echo.sock
 *
 * No allocation, no state: safe in any thread.
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
 * Parses TEXT: an IPv4 literal of four decimal numbers (not the shorter, octal
 * and hexadecimal forms of inet_aton()); a bracketed IPv6 literal, with its
 * zone if it is link-local (RFC 4007 11: the name or number of an interface);
 * or "unix:" and a path (limited by sun_path, not beginning with @). Returns 0,
 * or -1 if TEXT has none of these forms.
 */
int
address_parse(const char *text, struct address *out);

/* Writes into WHY of SIZE bytes which part of TEXT is wrong. TEXT begins with a
 * bracket, and address_parse() did not accept it. */
void
address_explain(const char *text, char *why, size_t size);

/* Turns an IPv4 address in IPv6 form (::ffff:1.2.3.4) into IPv4; others
 * stay. */
void
address_unmap(struct address *address);

/*
 * Splits "HOST:PORT" at the last colon, and removes brackets. HOST, of SIZE
 * bytes, may become empty. Returns 0, or -1.
 */
int
address_split(const char *text, char *host, size_t size, uint16_t *port);

/* Writes the text form into BUF of ADDRESS_TEXT_MAX bytes, "unix:" for an
 * unnamed socket. Returns BUF. */
char *
address_format(const struct address *address, char *buf);

/* Whether it is a loopback address. */
bool
address_is_loopback(const struct address *address);

/* Whether it means all addresses of this machine. */
bool
address_is_any(const struct address *address);

/* The port in host byte order; 0 for a unix socket. */
uint16_t
address_port(const struct address *address);

void
address_set_port(struct address *address, uint16_t port);

/*
 * The key of a source of connections: all of an IPv4 address (also in IPv6
 * form), or the first 64 bits of an IPv6 one, which a single host owns. False
 * for unix sockets, which have no source.
 */
bool
address_source(const struct address *address, uint64_t *source);

#endif
