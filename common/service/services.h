/* SPDX-License-Identifier: MIT */
/* services: the table of all services. */
#ifndef COMMON_SERVICE_SERVICES_H
#define COMMON_SERVICE_SERVICES_H

#include <stddef.h>
#include <stdint.h>

#include "common/service/service.h"

/* NULL-terminated, in the order of --list-services. */
extern const struct service *const SERVICES[];

/*
 * Finds the service that TEXT names ("NAME" or "NAME:ARG"), and sets *ARGUMENT.
 * NULL: there is no such service, or it does not take ARG.
 */
const struct service *
services_find(const char *text, uint64_t *argument);

/* Writes into WHY what is wrong with TEXT, which services_find() did not find
 * (hint.h). */
void
services_hint(const char *text, char *why, size_t size);

#endif
