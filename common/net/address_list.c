/* SPDX-License-Identifier: MIT */
/* address_list: a range counts up numbers of 4 or 16 bytes, big-endian. */
#include "common/net/address_list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
parse_one(const char *text, size_t len, struct address *out)
{
	char word[INET6_ADDRSTRLEN];

	memset(out, 0, sizeof(*out));
	if (len >= sizeof(word))
		return -1;
	memcpy(word, text, len);
	word[len] = '\0';
	if (inet_pton(AF_INET, word, &out->in4.sin_addr) == 1) {
		out->in4.sin_family = AF_INET;
		out->len = sizeof(out->in4);
		return 0;
	}
	if (inet_pton(AF_INET6, word, &out->in6.sin6_addr) != 1)
		return -1;
	out->in6.sin6_family = AF_INET6;
	out->len = sizeof(out->in6);
	return 0;
}

/* The COUNT bytes of ADDRESS in network order. */
static uint8_t *
bytes_of(struct address *address, size_t *count)
{
	if (address->any.sa_family == AF_INET) {
		*count = sizeof(address->in4.sin_addr);
		return (uint8_t *)&address->in4.sin_addr;
	}
	*count = sizeof(address->in6.sin6_addr);
	return address->in6.sin6_addr.s6_addr;
}

static int
add(struct address_list *sources, const struct address *address)
{
	struct address *bigger;

	if (sources->count == ADDRESS_LIST_MAX ||
	    (sources->count &&
		sources->addresses[0].any.sa_family != address->any.sa_family))
		return -1;
	bigger = realloc(sources->addresses,
	    (sources->count + 1) * sizeof(sources->addresses[0]));
	if (!bigger)
		return -1;
	sources->addresses = bigger;
	sources->addresses[sources->count++] = *address;
	return 0;
}

/* Adds FIRST to LAST, both included. */
static int
add_range(
    struct address_list *sources, struct address first, struct address last)
{
	size_t count, same;
	uint8_t *at = bytes_of(&first, &count), *end = bytes_of(&last, &same);

	if (count != same || memcmp(at, end, count) > 0)
		return -1;
	while (add(sources, &first) == 0) {
		size_t i = count;

		if (memcmp(at, end, count) == 0)
			return 0;
		while (++at[--i] == 0)
			continue;
	}
	return -1;
}

int
address_list_parse(struct address_list *sources, const char *text)
{
	for (;; text++) {
		size_t len = strcspn(text, ",-");
		struct address first, last;

		if (parse_one(text, len, &first) < 0)
			return -1;
		last = first;
		text += len;
		if (*text == '-') {
			len = strcspn(++text, ",");
			if (parse_one(text, len, &last) < 0)
				return -1;
			text += len;
		}
		if (add_range(sources, first, last) < 0)
			return -1;
		if (!*text)
			return 0;
	}
}

void
address_list_release(struct address_list *sources)
{
	free(sources->addresses);
	*sources = (struct address_list){0};
}

int
address_list_check(
    const struct address_list *sources, const struct address **which)
{
	for (uint32_t i = 0; i < sources->count; i++) {
		const struct address *from = &sources->addresses[i];
		int fd, saved;

		fd = socket(from->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && bind(fd, &from->any, from->len) == 0) {
			close(fd);
			continue;
		}
		saved = errno;
		if (fd >= 0)
			close(fd);
		*which = from;
		errno = saved;
		return -1;
	}
	return 0;
}

char *
address_list_format(const struct address *source, char *buf)
{
	const void *bytes = source->any.sa_family == AF_INET
				? (const void *)&source->in4.sin_addr
				: (const void *)&source->in6.sin6_addr;

	buf[0] = '\0';
	inet_ntop(source->any.sa_family, bytes, buf, ADDRESS_TEXT_MAX);
	return buf;
}
