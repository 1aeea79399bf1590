/* SPDX-License-Identifier: MIT */
/*
 * server_command: the shell commands of the servers that the client knows: our
 * own two, and the references of `client compare designs`.
 *
 * A command has {address} in it, as launch.h wants it. Each is allocated once
 * and lives until exit. One thread.
 */
#ifndef COMMON_CLI_SERVER_COMMAND_H
#define COMMON_CLI_SERVER_COMMAND_H

#include <stddef.h>
#include <stdio.h>

/* Echo servers of other designs (tests/bench/design_NAME.c); NULL ends them. */
extern const char *const SERVER_REFERENCES[];

/* Of our server of MODEL, in the build tree or as installed; ends the client
 * where there is none. */
const char *
server_command_own(const char *model);

/* Of the reference NAME; NULL if there is none, or it is not built. */
const char *
server_command_reference(const char *name);

/* Which of both, and what to do, in WHY of SIZE bytes. */
void
server_command_hint(const char *name, char *why, size_t size);

/* Writes WORD as a shell takes it. */
void
server_command_word(FILE *out, const char *word);

#endif
