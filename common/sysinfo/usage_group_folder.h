/* SPDX-License-Identifier: MIT */
/* usage_group_folder: the folders of usage_group.c. Paths have
 * USAGE_GROUP_PATH_MAX bytes. Not thread-safe. */
#ifndef COMMON_SYSINFO_USAGE_GROUP_FOLDER_H
#define COMMON_SYSINFO_USAGE_GROUP_FOLDER_H

#include <stdbool.h>

/* Removes from PARENT the folders of clients that have ended. */
void
usage_group_folder_remove_stale(const char *parent);

/* Makes a folder in PARENT with this process's pid in its name, and writes its
 * name to PATH. */
bool
usage_group_folder_make(const char *parent, char *path);

/* Waits up to 1 s for the processes to leave, removes the folder and empties
 * PATH. Harmless if PATH is empty. */
void
usage_group_folder_remove(char *path);

#endif
