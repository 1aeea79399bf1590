/* SPDX-License-Identifier: MIT */
/*
 * model_contract: what model.h asks of a model, tried on the real one. The
 * includer has the model's source before this, with main renamed, and says by
 * DIES_ALONE whether a worker can be killed and the others go on.
 *
 * The workers serve obey(), below: a byte is an order, and they answer it by
 * one. All that may block is done by workers, while the test waits for their
 * answer with a deadline. Each test has a process of its own.
 */
#ifndef TESTS_UNIT_MODEL_CONTRACT_H
#define TESTS_UNIT_MODEL_CONTRACT_H

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/server/loop_memory.h"
#include "tests/unit/wake_timer.h"

enum { WORKERS = 4, ROUNDS = 20000, DEADLINE_MS = 20000 };

/* What is the test's and not the workers' has these numbers. */
enum { PRIVATE_FIRST = 100, PRIVATE_LAST = 150 };

/* In what the model shares, behind the lock. */
struct board {
	uint64_t count;
	char mark;
};

static struct worker_settings settings;
static struct worker *slots;
static int announcements;

/* The model's source calls it in main(), which nobody does here. */
int
server_main(int argc, char **argv, const struct server_model *model)
{
	(void)argc;
	(void)argv;
	(void)model;
	return 1;
}

static struct shared *
lock_of_all(void)
{
	return settings.setup.shared;
}

static struct board *
board(void)
{
	return (struct board *)lock_of_all()->memory;
}

/* Under the lock, which is what a sanitizer takes for an order; that one answer
 * came before another question it does not know. */
static void
put_mark(char mark)
{
	shared_lock(lock_of_all());
	board()->mark = mark;
	shared_unlock(lock_of_all());
}

static struct board
look(void)
{
	struct board seen;

	shared_lock(lock_of_all());
	seen.count = board()->count;
	seen.mark = board()->mark;
	shared_unlock(lock_of_all());
	return seen;
}

/* ---- in a worker ---- */

static char
count_under_lock(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		shared_lock(lock_of_all());
		board()->count++;
		shared_unlock(lock_of_all());
	}
	return '.';
}

static char
carry_out(char order, bool *locked)
{
	switch (order) {
	case 'l': /* lock; says whether the last holder died inside */
		*locked = true;
		return shared_lock(lock_of_all()) ? 'y' : 'n';
	case 'u':
		shared_unlock(lock_of_all());
		*locked = false;
		return '.';
	case '+':
		return count_under_lock();
	case 'm':
		put_mark('M');
		return '.';
	case 'r':
		return look().mark;
	case 'p':
		pause(); /* until a signal comes */
		return '.';
	case 'k':
		kill(getpid(), SIGKILL);
	}
	return '?';
}

static void
obey(struct conn *conn, const struct service_context *context)
{
	char order, answer;
	bool locked = false;

	(void)context;
	/* One that is blocked for good must not outlive a test that failed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (conn_read(conn, &order, 1) == 1) {
		answer = carry_out(order, &locked);
		if (conn_write(conn, &answer, 1) < 0)
			break;
	}
	if (locked)
		shared_unlock(lock_of_all());
}

/* ---- the stage ---- */

static void
share_a_lock(void)
{
	struct shared *shared;
	size_t align = _Alignof(struct shared);
	char *memory =
	    MODEL.share(align + sizeof(*shared) + sizeof(struct board));

	child_assert(memory);
	shared = (void *)(memory + -(uintptr_t)memory % align);
	child_assert(
	    shared_init(shared, MODEL.mutex.pshared, MODEL.mutex.robust) == 0);
	settings.setup.shared = shared;
}

/* FD under a number that forked children close: one that held its own client's
 * end would never see it closed. */
static int
make_private(int fd)
{
	int number = fcntl(fd, F_DUPFD_CLOEXEC, PRIVATE_FIRST);

	child_assert(number >= PRIVATE_FIRST && number <= PRIVATE_LAST);
	close(fd);
	return number;
}

static void
set_the_stage(void)
{
	static const struct service service = {.name = "obey", .serve = obey};
	int pipe_ends[2];

	child_assert(pipe(pipe_ends) == 0);
	announcements = make_private(pipe_ends[0]);
	settings = (struct worker_settings){
	    .service = &service,
	    .idle_timeout_ns = 3600 * NS_PER_S,
	    .request_timeout_ns = 3600 * NS_PER_S,
	    .announce_fd = pipe_ends[1],
	    .first_private = PRIVATE_FIRST,
	    .last_private = PRIVATE_LAST,
	};
	share_a_lock();
	slots = loop_memory_alloc(WORKERS * sizeof(*slots));
	child_assert(slots);
	wake_every(0); /* the handler alone */
}

/* As the table of workers makes one. */
static void *
make_stack(void)
{
	settings.stack_size = worker_stack_size(MODEL.stack);
	return aligned_alloc(
	    (size_t)sysconf(_SC_PAGESIZE), settings.stack_size);
}

/* Begins the worker of slot INDEX. Returns its client's socket. */
static int
begin(uint32_t index)
{
	struct worker *slot = &slots[index];
	int ends[2];

	child_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	ends[0] = make_private(ends[0]);
	slot->settings = &settings;
	slot->index = index;
	slot->number = index + 100;
	slot->ticket = index + 1000;
	slot->fd = ends[1];
	slot->state = WORKER_LIVE;
	if (MODEL.stack && !slot->stack)
		slot->stack = make_stack();
	child_assert(MODEL.spawn(slot) == 0);
	return ends[0];
}

static void
order(int client, char what)
{
	child_assert(send(client, &what, 1, MSG_NOSIGNAL) == 1);
}

/* What comes next from the worker; 0 is the end. */
static char
answer(int client)
{
	struct pollfd in = {client, POLLIN, 0};
	char byte = 0;

	child_assert(poll(&in, 1, DEADLINE_MS) == 1);
	child_assert(recv(client, &byte, 1, 0) >= 0);
	return byte;
}

static char
ask(int client, char what)
{
	order(client, what);
	return answer(client);
}

static enum outcome
reap(uint32_t index)
{
	enum outcome outcome = OUTCOME_COUNT;
	int left = DEADLINE_MS;

	while (!MODEL.reap(&slots[index], &outcome)) {
		nap_ms(1);
		child_assert(left-- > 0);
	}
	return outcome;
}

/* ---- each test's own process ---- */

TEST_IN_CHILD(what_is_shared_is_zeroed_and_one_for_all)
{
	enum { SIZE = 3 * 4096 };
	const char *memory = MODEL.share(SIZE);
	int client;

	for (size_t i = 0; i < SIZE; i++)
		child_assert(memory && memory[i] == 0);
	set_the_stage();
	client = begin(0);
	child_assert(ask(client, 'm') == '.');
	child_assert(look().mark == 'M');
	put_mark('T');
	child_assert(ask(client, 'r') == 'T');
}

TEST_IN_CHILD(workers_count_one_by_one_under_the_lock)
{
	int clients[WORKERS];

	set_the_stage();
	for (uint32_t i = 0; i < WORKERS; i++)
		clients[i] = begin(i);
	for (uint32_t i = 0; i < WORKERS; i++)
		order(clients[i], '+');
	for (uint32_t i = 0; i < WORKERS; i++)
		child_assert(answer(clients[i]) == '.');
	child_assert(look().count == WORKERS * ROUNDS);
}

/* One is stopped while it has the lock, others wait for it or come later. Who
 * is killed inside leaves it to the next, who learns of that. */
TEST_IN_CHILD(a_worker_stopped_inside_the_lock_does_not_delay_others)
{
	int holder, waiter, late;

	set_the_stage();
	for (int i = 0; i < 3; i++) {
		holder = begin(0);
		waiter = begin(1);
		child_assert(ask(holder, 'l') == 'n');
		order(waiter, 'l');
		MODEL.stop(&slots[0]);
		child_assert(answer(waiter) == (DIES_ALONE ? 'y' : 'n'));
		child_assert(reap(0) == OUTCOME_FAILED);
		child_assert(ask(waiter, 'u') == '.');
		late = begin(2);
		child_assert(ask(late, 'l') == 'n');
		child_assert(ask(late, 'u') == '.');
		close(holder);
		close(waiter);
		close(late);
		child_assert(reap(1) == OUTCOME_SERVED);
		child_assert(reap(2) == OUTCOME_SERVED);
	}
}

TEST_IN_CHILD(a_worker_announces_its_end_and_is_reaped_once_it_is_gone)
{
	struct announcement end;
	enum outcome outcome;
	int client;

	set_the_stage();
	client = begin(1);
	child_assert(ask(client, 'm') == '.');
	child_assert(!MODEL.reap(&slots[1], &outcome));
	shutdown(client, SHUT_WR);
	child_assert(answer(client) == 0);
	/* Its client has seen the end, so it has told us before. */
	child_assert(fcntl(announcements, F_SETFL, O_NONBLOCK) == 0);
	child_assert(read(announcements, &end, sizeof(end)) == sizeof(end));
	child_assert(end.index == 1 && end.ticket == slots[1].ticket);
	child_assert(reap(1) == OUTCOME_SERVED);
	child_assert(read(announcements, &end, sizeof(end)) < 0);
}

TEST_IN_CHILD(a_stop_ends_one_worker_and_no_other)
{
	int one, other;

	set_the_stage();
	one = begin(0);
	other = begin(1);
	child_assert(ask(one, 'm') == '.');
	MODEL.stop(&slots[0]);
	child_assert(reap(0) == OUTCOME_FAILED);
	child_assert(slots[0].stopped && !slots[1].stopped);
	child_assert(answer(one) == 0);
	child_assert(ask(other, 'r') == 'M');
}

TEST_IN_CHILD(the_wake_signal_interrupts_a_blocked_call)
{
	struct pollfd in = {.events = POLLIN};

	set_the_stage();
	in.fd = begin(0);
	order(in.fd, 'p');
	/* One that comes before the pause is lost: so more than one. */
	for (int left = DEADLINE_MS; poll(&in, 1, 1) == 0; left--) {
		child_assert(left > 0);
		MODEL.wake(&slots[0], WORKER_WAKE_SIGNAL);
	}
	child_assert(answer(in.fd) == '.');
}

/* As somebody who is held to the limit of processes, and has none to come. */
TEST_IN_CHILD(without_a_worker_the_descriptor_stays_the_callers)
{
	struct rlimit none = {0, 0};
	int ends[2];

	set_the_stage();
	child_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	child_assert(geteuid() != 0 || setuid(100000 + (uid_t)getpid()) == 0);
	child_assert(setrlimit(RLIMIT_NPROC, &none) == 0);
	slots[0].settings = &settings;
	slots[0].fd = ends[1];
	if (MODEL.stack)
		slots[0].stack = make_stack();
	errno = 0;
	child_assert(MODEL.spawn(&slots[0]) == -1);
	child_assert(errno == EAGAIN);
	child_assert(slots[0].fd == ends[1]);
	child_assert(fcntl(ends[1], F_GETFD) >= 0);
}

#endif
