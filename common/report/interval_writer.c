/* SPDX-License-Identifier: MIT */
/* interval_writer: a ring of lines between the load and a thread. */
#include "common/report/interval_writer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "common/report/load_json.h"

/* The oldest line, or NULL when there will be no more. */
static char *
next_line(struct interval_writer *w)
{
	char *line = NULL;

	pthread_mutex_lock(&w->mutex);
	while (!w->count && !w->over)
		pthread_cond_wait(&w->changed, &w->mutex);
	if (w->count) {
		line = w->lines[w->first];
		w->first = (w->first + 1) % INTERVAL_WRITER_LINES;
		w->count--;
	}
	pthread_mutex_unlock(&w->mutex);
	return line;
}

static void *
write_lines(void *context)
{
	struct interval_writer *w = context;
	char *line;

	while ((line = next_line(w))) {
		fputs(line, w->out);
		putc('\n', w->out);
		fflush(w->out); /* errors are reported where OUT is closed */
		free(line);
	}
	return NULL;
}

int
interval_writer_begin(struct interval_writer *w, FILE *out)
{
	sigset_t all, before;
	int error;

	*w = (struct interval_writer){.out = out};
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->changed, NULL);
	/* Signals are the load's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&w->thread, NULL, write_lines, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return error ? -1 : 0;
}

void
interval_writer_put(struct interval_writer *w, double rate,
    const struct load_result *part, uint64_t from_ns, uint64_t to_ns)
{
	char *line = load_json_interval(rate, part, from_ns, to_ns);

	pthread_mutex_lock(&w->mutex);
	if (line && w->count < INTERVAL_WRITER_LINES) {
		w->lines[(w->first + w->count++) % INTERVAL_WRITER_LINES] =
		    line;
		line = NULL;
	} else {
		w->dropped++;
	}
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->mutex);
	free(line);
}

uint64_t
interval_writer_end(struct interval_writer *w)
{
	pthread_mutex_lock(&w->mutex);
	w->over = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->mutex);
	pthread_join(w->thread, NULL);
	return w->dropped;
}
