/* SPDX-License-Identifier: MIT */
/*
 * lab: one experiment that shows one idea on both real servers.
 *
 * A lab is one file lab_NAME.c, one line in lab_table.c, and one folder
 * docs/labs/NAME with the texts: README.md (and README.zh.md) is the only place
 * for its question, answers, reason and next step (lab_page.h).
 *
 *	static void
 *	run_race(struct lab_run *run)
 *	{
 *		for (const char **model = run->models; *model; model++) {
 *			struct lab_server *server = lab_server_start(run,
 *			    *model, "--service counter:unlocked");
 *
 *			if (!server)
 *				return;
 *			lab_fact(run, lost, "%s.lost", *model);
 *			lab_server_stop(run, server);
 *		}
 *	}
 *
 * run() measures and notes facts; judge() reads nothing but facts, so that
 * `client lab grade` can call it again on a result that was saved; draw()
 * describes a picture of the facts. An outcome is an invariant, a count, an
 * order or a ratio with a margin: never an absolute time. One thread.
 */
#ifndef COMMON_LAB_LAB_H
#define COMMON_LAB_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/lab/lab_facts.h"
#include "common/lab/lab_picture.h"

#define LAB_PARAMETERS 4
#define LAB_CHOICES 8
#define LAB_SERVERS 64
#define LAB_WORDS 400 /* bytes of a sentence, its NUL included */
#define LAB_NOT_MET 8

/*
 * A number of the experiment. The first bold numbers in the page's Question are
 * the parameters in their order (`**8** workers`). A later bold number that
 * equals the value of one, also in an answer, is the same parameter, so no two
 * parameters of a lab have the same VALUE.
 */
struct lab_parameter {
	const char *name;	       /* its key in JSON; NULL: no more */
	uint64_t value;		       /* on the page, and without --seed */
	uint64_t choices[LAB_CHOICES]; /* --seed takes one; 0 ends them */
	/* Or computed from the parameters before it; then without choices. */
	uint64_t (*derive)(const uint64_t *values);
};

struct lab_run {
	const struct lab *lab;
	bool zh;	       /* sentences in Chinese */
	const char *models[3]; /* "thread", "fork", NULL: those that run */
	struct lab_facts facts;
	const char *source; /* the sources' folder; NULL: beside this client */
	FILE *out;	    /* words for people */
	const volatile int *stop; /* non-zero: return soon (SIGINT) */
	char cannot[LAB_WORDS];	  /* why it cannot be shown here; "" if not */
	unsigned unmet;		  /* how often lab_require() was not met */
	unsigned required;	  /* how often it was called */
	char not_met[LAB_NOT_MET][LAB_WORDS]; /* the first of these sentences */
	struct lab_server *servers[LAB_SERVERS]; /* of lab_server.h */
};

struct lab_judgement {
	bool shown;  /* the facts are those that the page explains */
	char answer; /* 'A' to 'D': the answer that they show; 0: none */
	char reason[2][LAB_WORDS]; /* one sentence: English, Chinese */
};

struct lab {
	const char *name;
	unsigned minutes; /* of a student's time */
	/* A compiler and the sources; without them: lab_cannot(). */
	bool needs_sources;
	struct lab_parameter parameters[LAB_PARAMETERS];
	void (*run)(struct lab_run *run);
	/* Pure. Some facts may be absent: one model may have been left out. */
	void (*judge)(
	    const struct lab_facts *facts, struct lab_judgement *judgement);
	void (*draw)(
	    const struct lab_facts *facts, struct lab_picture *picture);
	/* Judges the student's server PROGRAM by lab_require(); NULL: the lab
	 * has no repair. */
	void (*check)(
	    struct lab_run *run, const char *model, const char *program);
};

/*
 * A line for people. Both texts are formats for the same arguments, and the
 * compiler checks both.
 */
#define lab_say(run, en, chinese, ...) \
	lab_print(run, (run)->zh ? chinese : en, ##__VA_ARGS__)

void
lab_print(struct lab_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A command as a shell takes it, before it is carried out: "$ kill -9 4711". */
void
lab_command(struct lab_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes a fact; the format makes its key, which is always English:
 * lab_fact(run, 1395, "%s.lost", model). */
void
lab_fact(struct lab_run *run, double value, const char *key, ...)
    __attribute__((format(printf, 3, 4)));

/* The parameter NAME. */
uint64_t
lab_number(const struct lab_run *run, const char *name);

/* It cannot be shown on this machine: the sentence says why, and what to do.
 * The first one stays. The caller returns then. */
#define lab_cannot(run, en, chinese, ...) \
	lab_cannot_because(run, (run)->zh ? chinese : en, ##__VA_ARGS__)

void
lab_cannot_because(struct lab_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* In check(): whether what the sentence says is so. Prints it, with "ok" or
 * "NO". Returns OK. */
#define lab_require(run, ok, en, chinese, ...) \
	lab_require_that(run, ok, (run)->zh ? chinese : en, ##__VA_ARGS__)

bool
lab_require_that(struct lab_run *run, bool ok, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Waits; false if the run is to stop. */
bool
lab_wait_ms(struct lab_run *run, unsigned ms);

/* Whether the run is to stop, or cannot be shown. */
bool
lab_is_over(const struct lab_run *run);

/* The reason of a judgement in both languages. */
#define lab_because(judgement, en, chinese, ...)                           \
	do {                                                               \
		snprintf(                                                  \
		    (judgement)->reason[0], LAB_WORDS, en, ##__VA_ARGS__); \
		snprintf((judgement)->reason[1], LAB_WORDS, chinese,       \
		    ##__VA_ARGS__);                                        \
	} while (0)

/* ---- for the framework ---- */

/* Sets the parameters: those of the page, or those of SEED if it is not 0. */
void
lab_set_parameters(
    const struct lab *lab, uint64_t seed, struct lab_facts *facts);

#endif
