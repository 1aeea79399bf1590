/* SPDX-License-Identifier: MIT */
/* lab_clients: open, ask, close. */
#include "common/lab/lab_clients.h"

#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/net/dial.h"

/* Longer than what any lab asks. */
enum { LINE = 200 };

static bool
gets_back(int fd, const char *line, int timeout_ms)
{
	char answer[LINE];

	return lab_receive_line(fd, answer, sizeof(answer), timeout_ms) > 0 &&
	       strcmp(answer, line) == 0;
}

bool
lab_is_echoed(int fd, const char *line, int timeout_ms)
{
	return lab_send(fd, line) && gets_back(fd, line, timeout_ms);
}

bool
lab_clients_open(struct lab_run *run, const struct lab_server *server,
    size_t count, struct lab_clients *clients)
{
	char line[LINE];

	clients->count = 0;
	while (clients->count < count) {
		int fd = lab_connect(run, server);

		if (fd < 0)
			return false;
		clients->fds[clients->count++] = fd;
	}
	for (size_t i = 0; i < count; i++)
		if (!lab_ask(
			run, clients->fds[i], "hello\n", line, sizeof(line)))
			return false;
	return true;
}

size_t
lab_clients_ask(const struct lab_clients *clients, int timeout_ms)
{
	static const char line[] = "still there?\n";
	uint64_t deadline = now_ns() + (unsigned)timeout_ms * NS_PER_MS;
	bool sent[LAB_CLIENTS];
	size_t answered = 0;

	for (size_t i = 0; i < clients->count; i++)
		sent[i] =
		    clients->fds[i] >= 0 && lab_send(clients->fds[i], line);
	for (size_t i = 0; i < clients->count; i++)
		answered +=
		    sent[i] && gets_back(clients->fds[i], line,
				   clock_timeout_ms(deadline, now_ns()));
	return answered;
}

void
lab_clients_close(struct lab_clients *clients)
{
	for (size_t i = 0; i < clients->count; i++) {
		if (clients->fds[i] >= 0)
			close(clients->fds[i]);
	}
	clients->count = 0;
}

bool
lab_serves_new(const struct lab_server *server)
{
	int fd = dial(&server->address, LAB_TIMEOUT_MS * NS_PER_MS);
	bool served = fd >= 0 && lab_is_echoed(fd, "new\n", LAB_TIMEOUT_MS);

	if (fd >= 0)
		close(fd);
	return served;
}
