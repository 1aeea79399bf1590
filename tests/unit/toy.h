/* SPDX-License-Identifier: MIT */
/*
 * toy: small echo servers in a process of their own, for tests of what looks
 * at servers from outside.
 */
#ifndef TESTS_UNIT_TOY_H
#define TESTS_UNIT_TOY_H

#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/net/address.h"

enum toy_kind {
	TOY_THREADS, /* a thread for each connection */
	TOY_FORKS,   /* a child for each connection */
	TOY_ONCE,    /* one answer each, in turn, and none is closed */
	TOY_TEN,     /* so for ten, and closes all others */
};

struct toy {
	pid_t pid;
	struct address address;
};

/* Uses so many microseconds of CPU, whatever the time is. */
static inline void
toy_burn(double us)
{
	struct timespec now;
	double end = 0;

	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
		if (end == 0)
			end = (double)now.tv_sec * 1e6 +
			      (double)now.tv_nsec / 1e3 + us;
	} while ((double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3 < end);
}

/* TOY_BURN_US, if set: CPU for each answer. */
static inline void *
toy_echo(void *arg)
{
	const char *burn = getenv("TOY_BURN_US");
	int fd = (int)(intptr_t)arg;
	char buf[64];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		if (burn)
			toy_burn(strtod(burn, NULL));
		send(fd, buf, (size_t)n, MSG_NOSIGNAL);
	}
	close(fd);
	return NULL;
}

static inline void
toy_serve(enum toy_kind kind, int listener, int fd, int number)
{
	pthread_t thread;
	char buf[64];
	ssize_t n;

	if (kind == TOY_THREADS) {
		child_assert(pthread_create(&thread, NULL, toy_echo,
				 (void *)(intptr_t)fd) == 0);
		pthread_detach(thread);
	} else if (kind == TOY_FORKS) {
		if (fork() == 0) {
			close(listener);
			toy_echo((void *)(intptr_t)fd);
			_exit(0);
		}
		close(fd);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
	} else if (kind == TOY_TEN && number >= 10) {
		close(fd);
	} else if ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		send(fd, buf, (size_t)n, MSG_NOSIGNAL);
	}
}

static inline void
toy_run(enum toy_kind kind, int listener)
{
	struct rlimit limit;
	int fd, number = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test die first */
	signal(SIGSEGV, SIG_DFL);	  /* cmocka catches it */
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	while ((fd = accept(listener, NULL, NULL)) >= 0)
		toy_serve(kind, listener, fd, number++);
	_exit(1);
}

/* At ADDRESS, where port 0 becomes a free one. -1: failed. */
static inline int
toy_listen(struct address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM, 0);

	/* One that is full answers at once over a unix socket, and late over
	 * TCP. */
	if (fd >= 0 && bind(fd, &address->any, address->len) == 0 &&
	    getsockname(fd, &address->any, &address->len) == 0 &&
	    listen(fd, address->any.sa_family == AF_UNIX ? 16 : 256) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Listens at WHERE, with port 0: at a free one. True in a new process, which
 * leads a group of its own, for it to serve LISTENER. */
static inline bool
toy_fork(struct toy *toy, const char *where, int *listener)
{
	assert_int_equal(address_parse(where, &toy->address), 0);
	*listener = toy_listen(&toy->address);
	assert_true(*listener >= 0);
	toy->pid = fork();
	assert_true(toy->pid >= 0);
	setpgid(toy->pid, toy->pid); /* of either of us, whoever is first */
	if (toy->pid != 0)
		close(*listener);
	return toy->pid == 0;
}

static inline void
toy_start(struct toy *toy, enum toy_kind kind, const char *where)
{
	int fd;

	if (toy_fork(toy, where, &fd))
		toy_run(kind, fd);
}

/* A test that is run again as a server: at WHERE, until it is killed. */
static _Noreturn inline void
toy_serve_at(const char *where)
{
	struct address address;
	int fd = -1;

	if (address_parse(where, &address) == 0)
		fd = toy_listen(&address);
	if (fd >= 0)
		toy_run(TOY_THREADS, fd);
	_exit(1);
}

/* For the main() of such a test: writes into COMMAND, of SIZE bytes, what runs
 * it as a server; does not return where that is what it was run as. */
static inline bool
toy_command(int argc, char **argv, char *command, size_t size)
{
	char self[400] = "";

	if (argc > 2 && strcmp(argv[1], "serve") == 0)
		toy_serve_at(argv[2]);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return false;
	snprintf(command, size, "'%s' serve {address}", self);
	return true;
}

static inline void
toy_stop(struct toy *toy)
{
	kill(-toy->pid, SIGKILL);
	assert_int_equal(waitpid(toy->pid, NULL, 0), toy->pid);
}

#endif
