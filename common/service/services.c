/* SPDX-License-Identifier: MIT */
/* services: the table, and finding a service in it. */
#include "common/service/services.h"

#include <stdio.h>
#include <string.h>

#include "common/base/hint.h"

extern const struct service service_echo, service_hello, service_http,
    service_chat, service_counter, service_spin, service_sleep, service_state,
    service_touch;

const struct service *const SERVICES[] = {
    &service_echo,
    &service_hello,
    &service_http,
    &service_chat,
    &service_counter,
    &service_spin,
    &service_sleep,
    &service_state,
    &service_touch,
    NULL,
};

const struct service *
services_find(const char *text, uint64_t *argument)
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

static const char *
name_of(const void *context, size_t i)
{
	(void)context;
	return SERVICES[i] ? SERVICES[i]->name : NULL;
}

void
services_hint(const char *text, char *why, size_t size)
{
	size_t len = strcspn(text, ":= ");
	const char *rest = text[len] ? text + len + 1 : "";
	const char *name = hint_nearest(text, len, name_of, NULL);

	for (const struct service *const *s = SERVICES; *s; s++) {
		if (strncmp((*s)->name, text, len) != 0 || (*s)->name[len])
			continue;
		if (!*rest && (*s)->missing)
			snprintf(why, size, "%s", (*s)->missing);
		else if ((*s)->configure && text[len] != ':')
			snprintf(why, size,
			    "use a colon before the argument: write "
			    "%s:%.40s",
			    (*s)->name, rest);
		else if ((*s)->hint)
			(*s)->hint(text, len + 1, why, size);
		else if (!(*s)->configure)
			snprintf(why, size, "it takes no argument: write %s",
			    (*s)->name);
		return;
	}
	if (name)
		snprintf(why, size, "did you mean %s%.40s?", name, text + len);
	else
		snprintf(why, size, "there is no such service");
}
