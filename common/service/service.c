/* SPDX-License-Identifier: MIT */
/* service: the table. */
#include "common/service/service.h"

#include <string.h>

extern const struct service service_echo, service_hello, service_http,
    service_chat, service_counter, service_spin, service_sleep;

const struct service *const SERVICES[] = {
    &service_echo,
    &service_hello,
    &service_http,
    &service_chat,
    &service_counter,
    &service_spin,
    &service_sleep,
    NULL,
};

const struct service *
service_find(const char *text, uint64_t *argument)
{
	size_t len = strcspn(text, ":");
	const char *rest = text[len] ? text + len + 1 : NULL;

	*argument = 0;
	for (const struct service *const *s = SERVICES; *s; s++) {
		if (strncmp((*s)->name, text, len) != 0 || (*s)->name[len])
			continue;
		if ((*s)->configure)
			return (*s)->configure(rest, argument) == 0 ? *s : NULL;
		return rest ? NULL : *s;
	}
	return NULL;
}
