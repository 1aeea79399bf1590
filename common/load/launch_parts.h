/* SPDX-License-Identifier: MIT */
/*
 * launch_parts: whom launch.c has started, as launch_kill.c keeps it.
 *
 * One thread.
 */
#ifndef COMMON_LOAD_LAUNCH_PARTS_H
#define COMMON_LOAD_LAUNCH_PARTS_H

#include <stdbool.h>
#include <sys/types.h>

/* Before the first server: the children that are there are not of a server,
 * and are left alone. Harmless later. */
void
launch_spare_inherited(void);

bool
launch_is_inherited(pid_t pid);

/* NEW in the place of the group OLD; 0: a free place. */
void
launch_replace_group(pid_t old, pid_t new);

bool
launch_is_of_a_group(pid_t pid);

/* Whether another group than SERVER's runs. */
bool
launch_others_run(pid_t server);

#endif
