/* SPDX-License-Identifier: MIT */
/* lab_count: numbers are read line by line, and each is marked once. */
#include "common/lab/lab_count.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Reads one answer of CLIENT, which has begun to come. */
static void
read_answer(struct lab_count *count, unsigned client)
{
	char text[32];
	ssize_t n = lab_receive_line(
	    count->fd[client], text, sizeof(text), LAB_TIMEOUT_MS);
	uint64_t number = n > 0 ? number_in(text) : 0;
	uint64_t bit = 1ULL << number % 64;

	if (!number) {
		close(count->fd[client]);
		count->fd[client] = -1;
		return;
	}
	count->distinct += !(count->seen[number / 64] & bit);
	count->seen[number / 64] |= bit;
	count->last[client] = number;
	count->answered[client]++;
	count->answers++;
}

/* Which clients have fewer answers than UNTIL, for poll(2). Returns how many.
 */
static unsigned
await_clients(
    const struct lab_count *count, const unsigned *until, struct pollfd *wait)
{
	unsigned waiting = 0;

	for (unsigned i = 0; i < count->clients; i++) {
		bool done = count->answered[i] >= until[i];

		wait[i] = (struct pollfd){done ? -1 : count->fd[i], POLLIN, 0};
		waiting += wait[i].fd >= 0;
	}
	return waiting;
}

void
lab_count_read(struct lab_run *run, struct lab_count *count, unsigned lines,
    int silence_ms)
{
	struct pollfd wait[LAB_COUNT_CLIENTS];
	unsigned until[LAB_COUNT_CLIENTS];

	for (unsigned i = 0; i < count->clients; i++)
		until[i] = count->answered[i] + lines;
	while (!lab_is_over(run) && await_clients(count, until, wait)) {
		if (poll(wait, count->clients, silence_ms) <= 0)
			return;
		for (unsigned i = 0; i < count->clients; i++) {
			if (wait[i].revents)
				read_answer(count, i);
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
