/* SPDX-License-Identifier: MIT */
/* lab_lock_cost: one mapping with a number and its mutexes, for all workers. */
#include "common/lab/lab_lock_cost.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"

enum { RUNS = 40, ALONE = 5000, CONTENDED = 200000, WORKERS = 2 };

const char *const LOCK_NAMES[LOCK_KINDS] = {
    "none", "atomic", "private", "shared", "robust", "syscall"};

struct area {
	pthread_mutex_t mutex;
	_Alignas(64) _Atomic uint64_t number;
	_Alignas(64) _Atomic int arrived; /* workers that are ready */
};

static int
init_mutex(pthread_mutex_t *mutex, enum lock_kind kind)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	if (kind == LOCK_SHARED || kind == LOCK_ROBUST)
		pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (kind == LOCK_ROBUST)
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	errno = pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return errno ? -1 : 0;
}

static struct area *
make_area(enum lock_kind kind)
{
	struct area *area = mmap(NULL, sizeof(*area), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return NULL;
	if (init_mutex(&area->mutex, kind) == 0)
		return area;
	munmap(area, sizeof(*area));
	return NULL;
}

/* Relaxed load and store are what a compiler makes of number++. */
static inline void
add_one(_Atomic uint64_t *number)
{
	uint64_t value = atomic_load_explicit(number, memory_order_relaxed);

	atomic_store_explicit(number, value + 1, memory_order_relaxed);
}

static void
add_without_lock(struct area *area, unsigned times)
{
	while (times--)
		add_one(&area->number);
}

static void
add_atomically(struct area *area, unsigned times)
{
	while (times--)
		atomic_fetch_add(&area->number, 1);
}

static void
add_with_lock(struct area *area, unsigned times)
{
	while (times--) {
		pthread_mutex_lock(&area->mutex);
		add_one(&area->number);
		pthread_mutex_unlock(&area->mutex);
	}
}

static void
call_the_kernel(struct area *area, unsigned times)
{
	while (times--) {
		syscall(SYS_getppid);
		add_one(&area->number);
	}
}

static void (*const ADD[LOCK_KINDS])(struct area *area, unsigned times) = {
    add_without_lock,
    add_atomically,
    add_with_lock,
    add_with_lock,
    add_with_lock,
    call_the_kernel,
};

bool
lock_cost_alone(enum lock_kind kind, struct lock_cost *cost)
{
	struct area *area = make_area(kind);
	uint64_t least = UINT64_MAX;

	if (!area)
		return false;
	for (int i = 0; i < RUNS; i++) {
		uint64_t start = now_ns();

		ADD[kind](area, ALONE);
		least = earlier(least, now_ns() - start);
	}
	*cost = (struct lock_cost){
	    .ns = (double)least / ALONE,
	    .lost = (uint64_t)RUNS * ALONE - atomic_load(&area->number),
	};
	munmap(area, sizeof(*area));
	return true;
}

/* ---- two workers ---- */

struct worker {
	struct area *area;
	enum lock_kind kind;
	pthread_t thread;
	pid_t pid;
};

static void *
work(void *arg)
{
	const struct worker *worker = arg;

	atomic_fetch_add(&worker->area->arrived, 1);
	while (atomic_load(&worker->area->arrived) < WORKERS)
		continue;
	ADD[worker->kind](worker->area, CONTENDED);
	return NULL;
}

/* Without its parent, a child would wait for the other one for ever, and use
 * all of a CPU. */
static _Noreturn void
work_in_child(struct worker *worker, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		work(worker);
	_exit(0);
}

static bool
start(struct worker *worker, bool child)
{
	pid_t parent = getpid();

	if (!child) {
		errno = pthread_create(&worker->thread, NULL, work, worker);
		return errno == 0;
	}
	worker->pid = fork();
	if (worker->pid == 0)
		work_in_child(worker, parent);
	return worker->pid > 0;
}

static void
await(struct worker *worker, bool child)
{
	if (!child)
		pthread_join(worker->thread, NULL);
	while (child && waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/* Returns how many could be started. Without the other one, a worker must not
 * wait for it. */
static int
run_workers(struct worker *workers, bool children)
{
	int started = 0;

	while (started < WORKERS && start(&workers[started], children))
		started++;
	if (started < WORKERS)
		atomic_store(&workers->area->arrived, WORKERS);
	for (int i = 0; i < started; i++)
		await(&workers[i], children);
	return started;
}

bool
lock_cost_contended(enum lock_kind kind, bool children, struct lock_cost *cost)
{
	struct area *area = make_area(kind);
	struct worker workers[WORKERS] = {
	    {area, kind, 0, 0}, {area, kind, 0, 0}};
	uint64_t begin = now_ns();
	bool ok;

	if (!area)
		return false;
	ok = run_workers(workers, children) == WORKERS;
	*cost = (struct lock_cost){
	    .ns = (double)(now_ns() - begin) / (WORKERS * CONTENDED),
	    .lost = (uint64_t)WORKERS * CONTENDED - atomic_load(&area->number),
	};
	munmap(area, sizeof(*area));
	return ok;
}
