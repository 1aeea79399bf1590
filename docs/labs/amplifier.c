/* SPDX-License-Identifier: MIT */
/*
 * amplifier: makes rare faults certain.
 *
 * `client lab check` builds the student's servers with the compiler's
 * -fsanitize=thread, which puts a call before each access to memory, and links
 * them with the functions below in place of the sanitizer's own. They change
 * nothing that a program may rely on, only the time that things take:
 *
 * - A store to an address that the worker has just loaded waits for
 *   PERCONN_WINDOW_US (default 50): in between, others load the old value. One
 *   in eight other stores waits as well.
 * - A mutex is held for at least that long.
 * - A new thread begins when no other one has been created for
 *   PERCONN_START_MS (default 20): after a burst, all begin.
 * - A sleep ends after PERCONN_WINDOW_US: no program is correct because it has
 *   slept for long enough.
 *
 * A correct program stays correct, and becomes slower. The worker's own stack
 * is left alone, because no other worker uses it. See check.mk for the build.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The compiler and the linker choose these names. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

enum {
	RECENT = 8, /* loads that a worker remembers */
	RARELY = 8, /* one in so many other stores waits */
	STACK_BYTES = 65536,
	POLL_US = 1000,
};

static unsigned window_us = 50, start_ms = 20;
static _Atomic unsigned created; /* threads, so far */

static _Thread_local struct {
	uintptr_t load[RECENT];
	unsigned next, stores;
} recent;

static unsigned
number_of(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void __attribute__((constructor)) read_environment(void)
{
	window_us = number_of("PERCONN_WINDOW_US", window_us);
	start_ms = number_of("PERCONN_START_MS", start_ms);
}

int
__real_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
    struct timespec *left);

/* errno is the caller's: it may stand between a call and its check. */
static void
wait_us(uint64_t us)
{
	struct timespec time = {
	    (time_t)(us / 1000000), (long)(us % 1000000) * 1000};
	int before = errno;

	__real_clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
	errno = before;
}

/* ---- loads and stores ---- */

static bool
is_on_own_stack(uintptr_t address)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	return address >= here && address < here + STACK_BYTES;
}

static void
loads(const volatile void *memory)
{
	uintptr_t address = (uintptr_t)memory;

	if (is_on_own_stack(address))
		return;
	recent.load[recent.next] = address;
	recent.next = (recent.next + 1) % RECENT;
}

static void
stores(const volatile void *memory)
{
	uintptr_t address = (uintptr_t)memory;
	bool waits = false;

	if (is_on_own_stack(address))
		return;
	for (unsigned i = 0; i < RECENT; i++) {
		if (recent.load[i] == address) {
			recent.load[i] = 0;
			waits = true;
		}
	}
	if (waits || ++recent.stores % RARELY == 0)
		wait_us(window_us);
}

/* The compiler calls these before an access of so many bytes. */
#define ACCESS(bytes)                                        \
	void __tsan_read##bytes(void *p)                     \
	{                                                    \
		loads(p);                                    \
	}                                                    \
	void __tsan_write##bytes(void *p)                    \
	{                                                    \
		stores(p);                                   \
	}                                                    \
	void __tsan_unaligned_read##bytes(void *p)           \
	{                                                    \
		loads(p);                                    \
	}                                                    \
	void __tsan_unaligned_write##bytes(void *p)          \
	{                                                    \
		stores(p);                                   \
	}                                                    \
	void __tsan_volatile_read##bytes(void *p)            \
	{                                                    \
		loads(p);                                    \
	}                                                    \
	void __tsan_volatile_write##bytes(void *p)           \
	{                                                    \
		stores(p);                                   \
	}                                                    \
	void __tsan_unaligned_volatile_read##bytes(void *p)  \
	{                                                    \
		loads(p);                                    \
	}                                                    \
	void __tsan_unaligned_volatile_write##bytes(void *p) \
	{                                                    \
		stores(p);                                   \
	}                                                    \
	void __tsan_read_write##bytes(void *p)               \
	{                                                    \
		loads(p);                                    \
		stores(p);                                   \
	}                                                    \
	void __tsan_unaligned_read_write##bytes(void *p)     \
	{                                                    \
		loads(p);                                    \
		stores(p);                                   \
	}

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void
__tsan_read_range(void *p, size_t size)
{
	(void)size;
	loads(p);
}
void
__tsan_write_range(void *p, size_t size)
{
	(void)size;
	stores(p);
}
void
__tsan_vptr_read(void **p)
{
	loads(p);
}
void
__tsan_vptr_update(void **p, void *value)
{
	(void)value;
	stores(p);
}

void *
__tsan_memcpy(void *to, const void *from, size_t size)
{
	loads(from);
	stores(to);
	return memcpy(to, from, size);
}

void *
__tsan_memmove(void *to, const void *from, size_t size)
{
	loads(from);
	stores(to);
	return memmove(to, from, size);
}

void *
__tsan_memset(void *to, int byte, size_t size)
{
	stores(to);
	return memset(to, byte, size);
}

void
__tsan_init(void)
{
}
void
__tsan_func_entry(void *caller)
{
	(void)caller;
}
void
__tsan_func_exit(void)
{
}

/* ---- atomic operations: the operation itself stays whole ---- */

#define ATOMIC(bits)                                                          \
	uint##bits##_t __tsan_atomic##bits##_load(                            \
	    const volatile void *p, int order)                                \
	{                                                                     \
		(void)order;                                                  \
		loads(p);                                                     \
		return __atomic_load_n(                                       \
		    (const volatile uint##bits##_t *)p, __ATOMIC_SEQ_CST);    \
	}                                                                     \
	void __tsan_atomic##bits##_store(                                     \
	    volatile void *p, uint##bits##_t value, int order)                \
	{                                                                     \
		(void)order;                                                  \
		stores(p);                                                    \
		__atomic_store_n(                                             \
		    (volatile uint##bits##_t *)p, value, __ATOMIC_SEQ_CST);   \
	}                                                                     \
	CHANGE(bits, exchange, __atomic_exchange_n)                           \
	CHANGE(bits, fetch_add, __atomic_fetch_add)                           \
	CHANGE(bits, fetch_sub, __atomic_fetch_sub)                           \
	CHANGE(bits, fetch_and, __atomic_fetch_and)                           \
	CHANGE(bits, fetch_or, __atomic_fetch_or)                             \
	CHANGE(bits, fetch_xor, __atomic_fetch_xor)                           \
	CHANGE(bits, fetch_nand, __atomic_fetch_nand)                         \
	int __tsan_atomic##bits##_compare_exchange_strong(volatile void *p,   \
	    void *expected, uint##bits##_t value, int order, int failure)     \
	{                                                                     \
		(void)order;                                                  \
		(void)failure;                                                \
		stores(p);                                                    \
		return __atomic_compare_exchange_n(                           \
		    (volatile uint##bits##_t *)p, (uint##bits##_t *)expected, \
		    value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);        \
	}                                                                     \
	int __tsan_atomic##bits##_compare_exchange_weak(volatile void *p,     \
	    void *expected, uint##bits##_t value, int order, int failure)     \
	{                                                                     \
		return __tsan_atomic##bits##_compare_exchange_strong(         \
		    p, expected, value, order, failure);                      \
	}                                                                     \
	uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(            \
	    volatile void *p, uint##bits##_t expected, uint##bits##_t value,  \
	    int order, int failure)                                           \
	{                                                                     \
		__tsan_atomic##bits##_compare_exchange_strong(                \
		    p, &expected, value, order, failure);                     \
		return expected;                                              \
	}

#define CHANGE(bits, name, operation)                                       \
	uint##bits##_t __tsan_atomic##bits##_##name(                        \
	    volatile void *p, uint##bits##_t value, int order)              \
	{                                                                   \
		(void)order;                                                \
		return operation(                                           \
		    (volatile uint##bits##_t *)p, value, __ATOMIC_SEQ_CST); \
	}

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

void
__tsan_atomic_thread_fence(int order)
{
	(void)order;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void
__tsan_atomic_signal_fence(int order)
{
	(void)order;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* ---- calls: the linker puts __wrap_F in place of F (--wrap) ---- */

/* The lock is held for a while. EOWNERDEAD: it is held, too. */
static int
held(int error)
{
	if (error == 0 || error == EOWNERDEAD)
		wait_us(window_us);
	return error;
}

int
__real_pthread_mutex_lock(pthread_mutex_t *mutex);
int
__real_pthread_mutex_trylock(pthread_mutex_t *mutex);
int
__real_pthread_mutex_timedlock(
    pthread_mutex_t *mutex, const struct timespec *until);

int
__wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
	return held(__real_pthread_mutex_lock(mutex));
}

int
__wrap_pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	return held(__real_pthread_mutex_trylock(mutex));
}

int
__wrap_pthread_mutex_timedlock(
    pthread_mutex_t *mutex, const struct timespec *until)
{
	return held(__real_pthread_mutex_timedlock(mutex, until));
}

struct beginning {
	void *(*body)(void *);
	void *arg;
};

/* When no thread has been created for START_MS. */
static void *
begin(void *arg)
{
	struct beginning beginning = *(struct beginning *)arg;
	unsigned before = 0;

	free(arg);
	for (unsigned quiet_us = 0; quiet_us < start_ms * 1000;) {
		unsigned now = atomic_load(&created);

		quiet_us = now == before ? quiet_us + POLL_US : 0;
		before = now;
		wait_us(POLL_US);
	}
	return beginning.body(beginning.arg);
}

int
__real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*body)(void *), void *arg);

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*body)(void *), void *arg)
{
	struct beginning *beginning = malloc(sizeof(*beginning));
	int error;

	if (!beginning)
		return EAGAIN;
	*beginning = (struct beginning){body, arg};
	error = __real_pthread_create(thread, attr, begin, beginning);
	if (error)
		free(beginning);
	else
		atomic_fetch_add(&created, 1);
	return error;
}

int
__real_poll(struct pollfd *polls, nfds_t count, int ms);

static uint64_t
us_of(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000 +
	       (uint64_t)time->tv_nsec / 1000;
}

static void
sleep_briefly(uint64_t us)
{
	wait_us(us < window_us ? us : window_us);
}

unsigned
__wrap_sleep(unsigned seconds)
{
	sleep_briefly((uint64_t)seconds * 1000000);
	return 0;
}

int
__wrap_usleep(useconds_t us)
{
	sleep_briefly(us);
	return 0;
}

int
__wrap_poll(struct pollfd *polls, nfds_t count, int ms)
{
	if (count > 0 || ms < 0)
		return __real_poll(polls, count, ms);
	sleep_briefly((uint64_t)ms * 1000);
	return 0;
}

int
__wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
    struct timespec *left)
{
	if (flags & TIMER_ABSTIME) /* the service sleep does its work so */
		return __real_clock_nanosleep(clock, flags, time, left);
	sleep_briefly(us_of(time));
	return 0;
}

int
__wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)left;
	sleep_briefly(us_of(time));
	return 0;
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
