/* SPDX-License-Identifier: MIT */
/*
 * cli: what the client's verbs have in common, and the verbs.
 *
 * One verb, one function, one file: it parses its options, runs, and reports.
 * The work is in common/load/ (engine.h: a load; compare.h: a comparison), the
 * words in common/report/. A verb returns the exit status of the contract: 0
 * done, 1 something failed or was wrong, 2 wrong usage, 128 + N ended by
 * signal N. One thread.
 */
#ifndef COMMON_CLI_CLI_H
#define COMMON_CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/option.h"
#include "common/base/output.h"
#include "common/net/target.h"

int
cmd_talk(int argc, char **argv);

int
cmd_load(int argc, char **argv);

int
cmd_compare(int argc, char **argv);

int
cmd_trace(int argc, char **argv);

int
cmd_list(int argc, char **argv);

int
cmd_lab(int argc, char **argv);

/* `client lab start` and `client lab check`; argv[0] is that word. */
int
cmd_lab_exercise(int argc, char **argv);

/* `client lab grade`. */
int
cmd_lab_grade(int argc, char **argv);

/* ---- what they have in common ---- */

#define CLI_TIMEOUT_MIN NS_PER_MS
#define CLI_TIMEOUT_MAX (3600 * NS_PER_S)

/* The signal that asked us to end, or 0. Negative: a second one did, and what
 * is under way is not to be waited for. */
extern volatile int cli_interrupted;

/* Whether the second one is only told by INTERRUPTED, because something has to
 * be put back; the third ends all then. */
extern volatile bool cli_second_interrupt_is_told;

/* From now on the first SIGINT, SIGTERM or SIGHUP sets INTERRUPTED, which ends
 * the run, with its results so far; the second one ends all. One that was
 * ignored from the start stays ignored. */
void
cli_take_interrupts(void);

/* Raises the soft limit of descriptors to the hard one; dies if the client
 * cannot even begin with that. */
void
cli_raise_descriptors(void);

/* The TARGET that the user wrote. Dies of what cannot be resolved. */
struct target
cli_resolve(const char *text);

/*
 * PATH, standard output for "-", or none for NULL (common/base/output.h).
 * Before the measuring: a path that cannot be written shall not cost it. Dies
 * of that.
 */
struct output
cli_open_output(const char *path);

/* Dies of wrong usage if two options of these names have one file, in which one
 * output would overwrite the other; a device may take both. Either path may be
 * NULL, or "-", of which this says nothing. */
void
cli_refuse_one_file(const char *option, const char *path, const char *other,
    const char *other_path);

/* Makes it whole; where nothing was MEASURED, what is older stays. Returns 0,
 * or -1 after a line on what could not be written. */
int
cli_close_output(struct output *output, bool measured);

/* Where nothing listens: what to do, after a name or message. Empty for any
 * other ERROR of connecting. */
const char *
cli_refused_advice(int error);

/* Where words go: not where the data goes. */
FILE *
cli_words_for(const char *json);

/* ---- TLS ---- */

struct cli_tls {
	const char *ca, *cert, *key;
	int insecure;
};

/* The options of STRUCTURE, whose member FIELD is a struct cli_tls. */
#define CLI_TLS_OPTIONS(structure, field)                                 \
	{0, "tls-ca", "FILE",                                             \
	    "certificates (PEM) that may sign the server's "              \
	    "certificate (default: those that the system trusts)",        \
	    OPTION_TEXT, .offset = offsetof(struct structure, field.ca)}, \
	    {0, "tls-cert", "FILE",                                       \
		"certificate (PEM) that the client shows the server",     \
		OPTION_TEXT,                                              \
		.offset = offsetof(struct structure, field.cert)},        \
	    {0, "insecure", NULL,                                         \
		"do not check the server's certificate: whoever answers " \
		"is taken for it",                                        \
		OPTION_FLAG,                                              \
		.offset = offsetof(struct structure, field.insecure)},    \
	{                                                                 \
		0, "tls-key", "FILE", "private key (PEM) of --tls-cert",  \
		    OPTION_TEXT,                                          \
		    .offset = offsetof(struct structure, field.key)       \
	}

#define CLI_INSECURE_WARNING                                                \
	"--insecure: the server's certificate is NOT CHECKED: another one " \
	"may answer in its place, and read all"

/* NULL if TARGET is not a TLS one; dies of what cannot be. Warns each time that
 * certificates are not checked. */
struct tls_client *
cli_open_tls(const struct target *target, const struct cli_tls *config);

#endif
