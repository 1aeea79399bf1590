/* SPDX-License-Identifier: MIT */
/* gnuplot: script in, SVG out, both through pipes, and a clock beside it. */
#include "common/charts/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/program.h"
#include "common/launch/inherited.h"

#define TIMEOUT_NS (20 * NS_PER_S)
/* A picture of ours has some ten thousand bytes. */
#define SVG_MAX (2 << 20)

int
gnuplot_possible(void)
{
	return program_is_installed("gnuplot");
}

int
gnuplot_begin(struct gnuplot *plot, int width, int height)
{
	*plot = (struct gnuplot){0};
	plot->script = open_memstream(&plot->text, &plot->size);
	if (!plot->script)
		return -1;
	fprintf(plot->script,
	    "set terminal svg size %d,%d dynamic noenhanced font 'inherit,11'\n"
	    "set encoding utf8\n"
	    "unset key\n"
	    "set border 3 linecolor rgb '#010000' linewidth 0.75\n"
	    "set tics nomirror scale 0.4 textcolor rgb '#010000'\n"
	    "set xlabel textcolor rgb '#010000'\n"
	    "set errorbars small\n"
	    "set style line 100 linecolor rgb '#020000' linewidth 0.6\n"
	    "set grid noxtics ytics linestyle 100\n",
	    width, height);
	return 0;
}

/* ---- the program ---- */

struct child {
	pid_t pid;
	int in, out; /* its standard input and output, our ends */
};

/* Between fork and exec: async-signal-safe calls alone. */
static void
become_gnuplot(int in, int out)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	if (null >= 0)
		dup2(null, STDERR_FILENO);
	setpgid(0, 0);
	process_restore_signals();
	inherited_restore();
	/* -d: no ~/.gnuplot, which could change the picture. */
	execlp("gnuplot", "gnuplot", "-d", "-", (char *)NULL);
	_exit(127);
}

static int
start(struct child *child)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return -1;
	}
	child->pid = fork();
	if (child->pid == 0)
		become_gnuplot(in[0], out[1]);
	close(in[0]);
	close(out[1]);
	child->in = in[1];
	child->out = out[0];
	fcntl(child->in, F_SETFL, O_NONBLOCK);
	if (child->pid > 0)
		return 0;
	close(child->in);
	close(child->out);
	return -1;
}

/* Writes what is left of the script; closes the pipe at its end, or when
 * gnuplot has closed its own. */
static void
feed(struct child *child, const char **script, size_t *left)
{
	ssize_t n = write(child->in, *script, *left);

	if (n > 0) {
		*script += n;
		*left -= (size_t)n;
	}
	if (*left == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(child->in);
		child->in = -1;
	}
}

/* Until END, or until *STOP. Returns NULL if it wrote all it had to, or why
 * not. */
static const char *
converse(struct child *child, uint64_t end, const struct gnuplot *plot,
    char *svg, size_t *len)
{
	const char *script = plot->text;
	size_t left = plot->size;

	for (;;) {
		struct pollfd polls[] = {
		    {.fd = child->out, .events = POLLIN},
		    {.fd = child->in, .events = POLLOUT},
		};
		uint64_t now = now_ns();
		ssize_t n;

		if (plot->stop && *plot->stop)
			return "interrupted";
		if (now >= end)
			return "gnuplot did not end in time";
		if (poll(polls, 2, (int)((end - now) / NS_PER_MS) + 1) < 0 &&
		    errno != EINTR)
			return "poll failed";
		if (child->in >= 0 && polls[1].revents)
			feed(child, &script, &left);
		if (!polls[0].revents)
			continue;
		n = read(child->out, svg + *len, SVG_MAX - *len);
		if (n <= 0)
			return n == 0 ? NULL : "gnuplot cannot be read";
		*len += (size_t)n;
		if (*len == SVG_MAX)
			return "gnuplot's picture is too large";
	}
}

/* Its exit status; -1 if it does not end by itself. */
static int
reap(const struct child *child, uint64_t end)
{
	int status;

	while (now_ns() < end) {
		if (waitpid(child->pid, &status, WNOHANG) == child->pid)
			return status;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	kill(-child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	return -1;
}

/* Its SVG with a NUL after it, or NULL with WHY. */
static char *
run(struct gnuplot *plot, char *why, size_t size)
{
	char *svg = malloc(SVG_MAX + 1);
	const char *wrong = "gnuplot cannot be started";
	struct child child;
	uint64_t end = now_ns() + TIMEOUT_NS;
	size_t len = 0;

	if (svg && start(&child) == 0) {
		wrong = converse(&child, end, plot, svg, &len);
		if (child.in >= 0)
			close(child.in);
		close(child.out);
		if (reap(&child, wrong ? 0 : end) != 0 && !wrong)
			wrong = "gnuplot failed";
		plot->late = wrong && now_ns() >= end;
	}
	if (!wrong) {
		svg[len] = '\0';
		return svg;
	}
	snprintf(why, size, "%s", wrong);
	free(svg);
	return NULL;
}

int
gnuplot_end(struct gnuplot *plot, const struct svg_decor *decor, FILE *page,
    char *why, size_t size)
{
	char *svg = NULL;
	int bad = -1;

	if (fclose(plot->script) == 0)
		svg = run(plot, why, size);
	else
		snprintf(why, size, "%s", strerror(errno));
	if (svg && (bad = svg_inline(svg, decor, page)) < 0)
		snprintf(why, size, "gnuplot drew no picture");
	free(svg);
	free(plot->text);
	return bad;
}
