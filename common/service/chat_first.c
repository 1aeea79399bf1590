/* SPDX-License-Identifier: MIT */
/* chat_first: a method, a blank, a target, a version. */
#include "common/service/chat_first.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* "GET /path HTTP/1.1": a token, and at the end a version. */
static bool
is_request_line(const char *line, size_t len)
{
	static const char version[] = " HTTP/";
	const size_t tail = strlen(version) + 3; /* and "1.1" */

	return len > tail + 2 && line[0] >= 'A' && line[0] <= 'Z' &&
	       memcmp(line + len - tail, version, strlen(version)) == 0 &&
	       memchr(line, ' ', len - tail);
}

/* The three forms of a target (RFC 9112 3.2): a path, an asterisk, a URL. No
 * usual message has them after its first word. */
static enum chat_first
look_at_target(const char *target, size_t len)
{
	static const char scheme[] = "http";
	size_t known = len < strlen(scheme) ? len : strlen(scheme);

	if (len > 0 && (target[0] == '/' || target[0] == '*'))
		return CHAT_HALF_REQUEST;
	if (strncasecmp(target, scheme, known) != 0)
		return CHAT_LINE;
	return known < strlen(scheme) ? CHAT_UNDECIDED : CHAT_HALF_REQUEST;
}

enum chat_first
chat_first(const char *bytes, size_t len)
{
	const char *end = memchr(bytes, '\n', len);
	size_t i = 0;

	if (end) {
		len = (size_t)(end - bytes);
		if (len > 0 && bytes[len - 1] == '\r')
			len--;
		return is_request_line(bytes, len) ? CHAT_REQUEST : CHAT_LINE;
	}
	while (i < len && bytes[i] >= 'A' && bytes[i] <= 'Z')
		i++;
	if (i == len)
		return CHAT_UNDECIDED;
	if (i == 0 || bytes[i] != ' ')
		return CHAT_LINE;
	return look_at_target(bytes + i + 1, len - i - 1);
}
