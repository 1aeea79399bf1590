/* SPDX-License-Identifier: MIT */
/* advice: a line for each cause, and the command that would decide. */
#include "common/verdict/advice.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/verdict/paired_estimate.h"
#include "common/verdict/sentences.h"
#include "common/verdict/verdict.h"

/* A command that is longer is not typed again. */
#define TYPED_MOST 100

static const struct {
	const char *cause, *line;
} ADVICE[] = {
    {CAUSE_QUOTA, "Give the client's container or control group more CPU time "
		  "(docker --cpus, systemd CPUQuota), or run outside of it."},
    {CAUSE_STALL,
	"Run it again, and let neither the client be stopped nor the machine "
	"go to sleep meanwhile."},
    {CAUSE_CLIENT,
	"Use a scenario in which the server does more for each request "
	"(churn, spin, http), or give the client more CPUs (--client-cpus N)."},
    {CAUSE_BACKLOG,
	"Let the server's listen(2) have a longer backlog (our servers: "
	"--backlog N), and raise the sysctl net.core.somaxconn if that is "
	"shorter."},
    {CAUSE_SERVER,
	"Run the server's command by hand, see what it says and whether it "
	"speaks the scenario's protocol, and run the comparison again when the "
	"server works."},
    {CAUSE_RATE,
	"Read the points with lower rates, or run it again when the machine "
	"is quiet: it does not reach this rate."},
    {CAUSE_LITTLE,
	"Trust no figure of this scenario: the measurement itself is wrong. "
	"Please report it with the JSON file."},
};

__attribute__((format(printf, 2, 3))) static void
add(struct advice *advice, const char *format, ...)
{
	char *line;
	va_list args;

	if (advice->count == ADVICE_LINES)
		return;
	line = advice->lines[advice->count];
	va_start(args, format);
	vsnprintf(line, ADVICE_SIZE, format, args);
	va_end(args);
	for (size_t i = 0; i < advice->count; i++) {
		if (strcmp(advice->lines[i], line) == 0)
			return;
	}
	advice->count++;
}

/* ---- the command ---- */

/* Whether the command that was typed says no more than scenarios and files. */
static bool
is_plain(const char *command)
{
	static const char *const others[] = {
	    "--ser", "--pl", "--cl", "--de", "--st"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strstr(command, others[i]))
			return false;
	}
	return true;
}

/* As a user types it, to measure SCENARIO with BLOCKS blocks. */
static char *
command_with(char *buf, size_t size, const struct comparison *c,
    const struct scenario_result *o, double blocks)
{
	if (is_plain(c->command) && strcmp(o->name, SCENARIO_CUSTOM) != 0)
		snprintf(buf, size, "client compare --blocks %.0f %s", blocks,
		    o->name);
	else if (c->scenario_count == 1 && strlen(c->command) <= TYPED_MOST &&
		 !strstr(c->command, "...")) /* which is not what was typed */
		snprintf(buf, size, "%s --blocks %.0f", c->command, blocks);
	else
		snprintf(buf, size,
		    "the same command for %s alone, with --blocks %.0f",
		    o->name, blocks);
	return buf;
}

/* ---- invalid ---- */

/* What was busy is named, where it is known. */
static void
advise_quiet(struct advice *advice, const struct comparison *c)
{
	if (c->busiest[0])
		add(advice,
		    "Stop other work on this machine and run it again; the "
		    "busiest were %s. Where it is never quiet, "
		    "--keep-disturbed lets the disturbed slices count.",
		    c->busiest);
	else
		add(advice,
		    "Stop other work on this machine and run it again. Where "
		    "it is never quiet, --keep-disturbed lets the disturbed "
		    "slices count.");
}

static void
advise_invalid(struct advice *advice, const struct comparison *c,
    const struct scenario_result *o, const struct server_result *f)
{
	char command[200];

	for (size_t i = 0; i < sizeof(ADVICE) / sizeof(ADVICE[0]); i++) {
		if (strcmp(f->cause, ADVICE[i].cause) == 0)
			add(advice, "%s", ADVICE[i].line);
	}
	if (!f->cause[0])
		add(advice,
		    "Read the reason in this scenario's section, remove what "
		    "it names, and run it again.");
	if (strcmp(f->cause, CAUSE_DISTURBED) == 0)
		advise_quiet(advice, c);
	if (strcmp(f->cause, CAUSE_CONTROL) == 0)
		add(advice,
		    "Run it again when the machine is quiet, or with more "
		    "blocks: %s",
		    command_with(command, sizeof(command), c, o,
			fmin(2 * (double)f->blocks, RANK_MAX)));
}

/* Where nothing was discarded, or all was, there is nothing to say. */
static bool
has_discarded(const struct server_result *f)
{
	return f->verdict == INVALID && f->dropped &&
	       isfinite(f->with_dropped) && f->with_dropped > 0;
}

/* The ratio with the discarded slices, for readers who want it anyway. */
static void
say_discarded(struct advice *advice, const struct comparison *c,
    const struct scenario_result *o, size_t server)
{
	char low[FIGURE_SIZE], high[FIGURE_SIZE];
	double least = INFINITY, most = 0;
	bool same;

	for (size_t i = 0; i < o->point_count; i++) {
		const struct server_result *f = &o->points[i].results[server];

		if (!has_discarded(f))
			continue;
		least = fmin(least, f->with_dropped);
		most = fmax(most, f->with_dropped);
	}
	if (!(most > 0))
		return;
	figure_ratio(low, sizeof(low), least);
	figure_ratio(high, sizeof(high), most);
	same = strcmp(low, high) == 0;
	add(advice,
	    "With the discarded slices, the ratio of %s would be %s%s%s. It is "
	    "no result.",
	    c->servers[server].name, low, same ? "" : " to ", same ? "" : high);
}

/* ---- undecided ---- */

/* Blocks at a point that would decide F, as far as can be told; with fewer than
 * LEAST, no difference can be found among so many ratios. */
static double
needed(const struct server_result *f, double least)
{
	double more = fmin(2 * (double)f->blocks, RANK_MAX);

	if ((double)f->blocks < least)
		return least;
	return f->required_blocks > (double)f->blocks ? f->required_blocks
						      : more;
}

/* One command for all points; those that no number of blocks decides have a
 * line of their own. */
static void
advise_undecided(struct advice *advice, const struct comparison *c,
    const struct scenario_result *o)
{
	double most = 0;
	double least = (double)verdict_blocks_least(
	    o->point_count * (c->server_count - 1));
	bool hopeless = false;
	char command[200];

	for (size_t i = 0; i < o->point_count; i++) {
		for (size_t k = 1; k < c->server_count; k++) {
			const struct server_result *f =
			    &o->points[i].results[k];

			if (f->verdict != UNDECIDED)
				continue;
			hopeless |= needed(f, least) > RANK_MAX;
			if (needed(f, least) <= RANK_MAX)
				most = fmax(most, needed(f, least));
		}
	}
	if (most > 0)
		add(advice, "To decide it: %s",
		    command_with(command, sizeof(command), c, o, most));
	if (hopeless)
		add(advice,
		    "%sit would take more than the %d blocks that --blocks "
		    "allows: use a quieter machine, or a larger --delta.",
		    most > 0 ? "At some points " : "To decide it, ", RANK_MAX);
}

/* ---- all of it ---- */

void
advice_of(struct advice *advice, const struct comparison *c,
    const struct scenario_result *o)
{
	advice->count = 0;
	for (size_t i = 0; i < o->point_count; i++) {
		for (size_t k = 0; k < c->server_count; k++) {
			const struct server_result *f =
			    &o->points[i].results[k];

			if (f->verdict == INVALID)
				advise_invalid(advice, c, o, f);
		}
	}
	advise_undecided(advice, c, o);
	advice->to_do = advice->count;
	for (size_t k = 1; k < c->server_count; k++)
		say_discarded(advice, c, o, k);
}

char *
advice_interrupted(char *buf, size_t size, const struct comparison *c)
{
	buf[0] = '\0';
	if (!c->interrupted)
		return buf;
	snprintf(buf, size,
	    "Interrupted%s%s: this is what was done until then.%s%s%s",
	    c->scenario_count ? " during " : "",
	    c->scenario_count ? c->scenarios[c->scenario_count - 1].name : "",
	    c->not_begun[0] ? " Not begun: " : "", c->not_begun,
	    c->not_begun[0] ? "." : "");
	return buf;
}
