/* SPDX-License-Identifier: MIT */
/*
 * launch_parts: whom launch.c has started, as launch_kill.c keeps it, and who
 * went away from there, whom launch_strays.c finds.
 *
 * One thread.
 */
#ifndef COMMON_LOAD_LAUNCH_PARTS_H
#define COMMON_LOAD_LAUNCH_PARTS_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/base/clock.h"
#include "common/load/launch.h"

/* How long to wait for an end. */
#define LAUNCH_STOP_NS (5 * NS_PER_S)

/* In the environment of a server and of whom it starts: its first process. */
#define LAUNCH_MARK "PERCONN_LAUNCHED"

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

/* Adds MORE to SUM. */
void
launch_add_usage(struct rusage *sum, const struct rusage *more);

/* Kills who has left SERVER's group, which has ended, and waits for them. */
void
launch_end_strays(struct launched *server);

#endif
