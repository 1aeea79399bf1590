/* SPDX-License-Identifier: MIT */
/* http_date: a time in the form of HTTP (RFC 9110 5.6.7). */
#ifndef COMMON_SERVICE_HTTP_DATE_H
#define COMMON_SERVICE_HTTP_DATE_H

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define HTTP_DATE_LEN 29

/* Writes SECOND of Unix time into HTTP_DATE_LEN bytes at OUT, without a NUL. */
void
http_date(char *out, unsigned long second);

#endif
