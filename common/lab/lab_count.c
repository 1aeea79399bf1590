/* SPDX-License-Identifier: MIT */
/* lab_count: numbers are read line by line, and each is marked once. */
#include "common/lab/lab_count.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"

static bool
is_known(const struct lab_count *count, pid_t tid)
{
	for (unsigned i = 0; i < count->clients; i++) {
		if (count->worker[i].tid == tid)
			return true;
	}
	return false;
}

/* The latest client's worker is the one that was not there before. */
static bool
note_worker(
    struct lab_run *run, struct lab_server *server, struct lab_count *count)
{
	struct lab_worker workers[LAB_COUNT_CLIENTS];

	if (!lab_server_await_workers(run, server, count->clients))
		return false;
	lab_server_workers(server, workers, LAB_COUNT_CLIENTS);
	for (unsigned i = 0; i < count->clients; i++) {
		if (!is_known(count, workers[i].tid))
			count->worker[count->clients - 1] = workers[i];
	}
	return true;
}

bool
lab_count_connect(struct lab_run *run, struct lab_server *server,
    struct lab_count *count, unsigned clients)
{
	memset(count, 0, sizeof(*count));
	while (count->clients < clients) {
		int fd = lab_connect(run, server);

		if (fd < 0)
			return false;
		count->fd[count->clients++] = fd;
		if (!note_worker(run, server, count))
			return false;
	}
	return true;
}

void
lab_count_close(struct lab_count *count)
{
	while (count->clients) {
		int fd = count->fd[--count->clients];

		if (fd >= 0)
			close(fd);
	}
}

bool
lab_count_send(
    struct lab_count *count, unsigned client, const char *line, unsigned times)
{
	size_t len = strlen(line);
	char *text = malloc(len * times + 1);
	bool ok = text != NULL;

	for (unsigned i = 0; ok && i < times; i++)
		memcpy(text + i * len, line, len + 1);
	ok = ok && lab_send(count->fd[client], text);
	free(text);
	return ok;
}

/* Returns 0 if it is no number, or one too large to be marked. */
static uint64_t
number_in(const char *text)
{
	char *end;
	uint64_t number = strtoull(text, &end, 10);

	return *end == '\n' && number < LAB_COUNT_NUMBERS ? number : 0;
}

/* Reads one answer of CLIENT. False: there is none. */
static bool
read_answer(struct lab_count *count, unsigned client, int timeout_ms)
{
	char text[32];
	uint64_t number, bit;

	if (count->fd[client] < 0 || lab_receive_line(count->fd[client], text,
					 sizeof(text), timeout_ms) <= 0)
		return false;
	number = number_in(text);
	if (!number)
		return false;
	bit = 1ULL << number % 64;
	count->distinct += !(count->seen[number / 64] & bit);
	count->seen[number / 64] |= bit;
	count->last[client] = number;
	count->answered[client]++;
	count->answers++;
	return true;
}

void
lab_count_read(struct lab_run *run, struct lab_count *count, unsigned lines,
    int timeout_ms)
{
	uint64_t deadline = now_ns() + (unsigned)timeout_ms * NS_PER_MS;

	for (unsigned client = 0; client < count->clients; client++) {
		for (unsigned i = 0; i < lines && !lab_is_over(run); i++) {
			int left = clock_timeout_ms(deadline, now_ns());

			if (!read_answer(count, client, left))
				break;
		}
	}
}

uint64_t
lab_count_one_more(
    struct lab_run *run, const struct lab_server *server, int timeout_ms)
{
	int fd = lab_connect(run, server);
	char text[32];
	uint64_t number = 0;

	if (fd < 0)
		return 0;
	if (lab_send(fd, "x\n") &&
	    lab_receive_line(fd, text, sizeof(text), timeout_ms) > 0)
		number = number_in(text);
	close(fd);
	return number;
}
