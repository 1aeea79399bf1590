/* SPDX-License-Identifier: MIT */
/* usage_group_folder: what usage_group.c needs of usage_folder.c. Paths are
 * texts of USAGE_GROUP_PATH_MAX bytes. One thread. */
#ifndef COMMON_SYSINFO_USAGE_GROUP_FOLDER_H
#define COMMON_SYSINFO_USAGE_GROUP_FOLDER_H

#include <stdbool.h>

/* Removes from PARENT what clients have left that are no more. */
void
usage_group_folder_remove_stale(const char *parent);

/* A new folder in PARENT, named for this process: its PATH. */
bool
usage_group_folder_make(const char *parent, char *path);

/* Waits a second at most for its processes to have left it; empties PATH.
 * Harmless if that is empty. */
void
usage_group_folder_remove(char *path);

#endif
