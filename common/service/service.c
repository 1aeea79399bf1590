/* SPDX-License-Identifier: MIT */
/* service: the table. */
#include "common/service/service.h"

#include <string.h>

const struct service *const SERVICES[] = {
    &service_echo,
    &service_hello,
    NULL,
};

const struct service *
service_find(const char *name)
{
	for (const struct service *const *s = SERVICES; *s; s++) {
		if (strcmp((*s)->name, name) == 0)
			return *s;
	}
	return NULL;
}
