/* SPDX-License-Identifier: MIT */
/* server_command: looks beside the client. */
#include "common/cli/server_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/program.h"

const char *const SERVER_REFERENCES[] = {
    "iterative", "prefork", "prethread", "epoll", NULL};

void
server_command_word(FILE *out, const char *word)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	    "_./:=,%+@-";

	if (word[0] && !word[strspn(word, plain)]) {
		fputs(word, out);
		return;
	}
	putc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\'", out); /* and the quote again */
		putc(*word, out);
	}
	putc('\'', out);
}

/* "exec PATH" and ARGUMENTS: so no shell stays above the server. */
static char *
command_of(const char *path, const char *arguments)
{
	char *command = NULL;
	size_t length;
	FILE *out = open_memstream(&command, &length);

	if (!out)
		die(1, "%s", strerror(errno));
	fputs("exec ", out);
	server_command_word(out, path);
	fputs(arguments, out);
	if (fclose(out) != 0)
		die(1, "%s", strerror(errno));
	return command;
}

/* The first of FORMS, two, with NAME in it, that is a program beside the
 * client; NULL if none is. */
static const char *
find_beside(const char *const forms[2], const char *name, const char *arguments)
{
	char dir[2048], path[2200];

	if (program_folder(dir, sizeof(dir)) < 0)
		die(1, "cannot find this program's own folder: %s",
		    strerror(errno));
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s%s", dir, forms[i], name);
		if (access(path, X_OK) == 0)
			return command_of(path, arguments);
	}
	return NULL;
}

const char *
server_command_own(const char *model)
{
	static const char *const forms[] = {"server_", "perconn-server-"};
	const char *command =
	    find_beside(forms, model, " --quiet {options} --listen {address}");

	if (!command)
		die(1,
		    "there is no server_%s beside the client: run make, or "
		    "name servers with --server",
		    model);
	return command;
}

enum { REFERENCES = sizeof(SERVER_REFERENCES) / sizeof(SERVER_REFERENCES[0]) };

/* The place of NAME in the list; that of its end if it is not there. */
static size_t
reference(const char *name)
{
	size_t i = 0;

	while (SERVER_REFERENCES[i] && strcmp(SERVER_REFERENCES[i], name) != 0)
		i++;
	return i;
}

const char *
server_command_reference(const char *name)
{
	/* The release client stands at the top of the tree, others beside what
	 * is built with them. */
	static const char *const forms[] = {
	    "build/release/tests/bench/design_", "tests/bench/design_"};
	static const char *commands[REFERENCES];
	size_t i = reference(name);

	if (SERVER_REFERENCES[i] && !commands[i])
		commands[i] = find_beside(forms, name, " {address}");
	return commands[i];
}

void
server_command_hint(const char *name, char *why, size_t size)
{
	if (SERVER_REFERENCES[reference(name)])
		snprintf(why, size,
		    "@%s is not built: run make bench-programs in the source "
		    "folder",
		    name);
	else
		snprintf(why, size,
		    "there is no @%.40s, but @iterative, @prefork, @prethread "
		    "and @epoll",
		    name);
}
