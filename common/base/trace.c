/* SPDX-License-Identifier: MIT */
/* trace: the file, its mapping, and the ring. */
#include "common/base/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/hot.h"
#include "common/base/trace_guard.h"

/* A page on most machines. */
#define HEADER_SIZE 4096

/* How long a worker uses its reserved events. */
#define RESERVED_NS (10 * NS_PER_MS)

_Static_assert(sizeof(struct trace_header) <= HEADER_SIZE, "header too large");
_Static_assert(sizeof(struct trace_event) == 64, "events have holes");

struct trace_header *trace_ring;

/* Not read from the mapping, where a faulty worker may have changed them. */
static struct trace_event *events;
static uint32_t mask;
static int32_t opener; /* the process that opened the trace */

/* Who records. It costs a system call, so it is asked for once. */
static __thread struct {
	uint64_t connection;
	int32_t pid, tid;
	uint64_t number; /* of the next event that is reserved */
	uint32_t reserved;
	uint64_t until_ns; /* when the reservation ends */
} here;

/* ---- record ---- */

/* With one system call and not two. A new thread knows nothing yet; a forked
 * child knows what its parent was. */
HOT void
trace_worker(uint64_t connection)
{
	int32_t tid = gettid();

	if (here.tid == 0)
		here.pid = opener;
	else if (here.tid != tid)
		here.pid = tid;
	here.tid = tid;
	here.connection = connection;
	here.reserved = 0;
}

/* Atomic, because a writer that was stopped for a whole lap of the ring meets
 * another one in its place. One of the two events is lost then. */
#define SET(field, value) __atomic_store_n(&(field), value, __ATOMIC_RELAXED)

HOT static void
write_event(uint64_t number, enum trace_kind kind, uint64_t connection,
    uint64_t time_ns, uint64_t value)
{
	struct trace_event *event = &events[number & mask];

	SET(event->time_ns, time_ns);
	SET(event->connection, connection);
	SET(event->value, value);
	SET(event->pid, here.pid);
	SET(event->tid, here.tid);
	/* Then the kind: until then, a reserved event is none. Last the number:
	 * until then, that in the file is of the event that was here before,
	 * and tells that this one is incomplete. */
	__atomic_store_n(&event->kind, kind, __ATOMIC_RELEASE);
	atomic_store_explicit(
	    &event->sequence, number + 1, memory_order_release);
}

static uint64_t
take_numbers(uint32_t count)
{
	return atomic_fetch_add_explicit(
	    &trace_ring->next, count, memory_order_relaxed);
}

void
trace_record(
    enum trace_kind kind, uint64_t connection, uint64_t time_ns, uint64_t value)
{
	write_event(take_numbers(1), kind, connection,
	    time_ns ? time_ns : now_ns(), value);
}

/* Whether event NUMBER is still in its place. */
HOT static bool
is_in_place(uint64_t number)
{
	return atomic_load_explicit(&events[number & mask].sequence,
		   memory_order_relaxed) == number + 1;
}

/*
 * Of the next event of this thread, at NOW: the next reserved one. Not for
 * long: its place is as old as the reservation, and would be overwritten soon.
 * The ring may even have come round to it, which its number tells.
 */
HOT static uint64_t
own_number(uint64_t now)
{
	uint64_t number = here.number++;

	if (here.reserved && now < here.until_ns && is_in_place(number)) {
		here.reserved--;
		return number;
	}
	here.reserved = 0;
	return take_numbers(1);
}

HOT void
trace_record_here(enum trace_kind kind, uint64_t time_ns, uint64_t value)
{
	uint64_t time = time_ns ? time_ns : now_ns();

	write_event(own_number(time), kind, here.connection, time, value);
}

uint64_t
trace_spawn(uint64_t connection, uint64_t port, uint64_t accepted_ns)
{
	uint64_t now = now_ns(), first = take_numbers(2 + TRACE_RESERVED);

	write_event(first, TRACE_ACCEPT, connection, accepted_ns, port);
	write_event(first + 1, TRACE_SPAWN, connection, now, 0);
	for (uint32_t i = 0; i < TRACE_RESERVED; i++)
		write_event(first + 2 + i, TRACE_NONE, connection, now, 0);
	return first;
}

void
trace_spawned(uint64_t first)
{
	struct trace_event *spawn = &events[(first + 1) & mask];

	if (is_in_place(first + 1))
		SET(spawn->value, now_ns() - __atomic_load_n(&spawn->time_ns,
						 __ATOMIC_RELAXED));
}

void
trace_not_spawned(uint64_t first)
{
	for (uint64_t number = first; number < first + 2; number++) {
		if (is_in_place(number))
			SET(events[number & mask].kind, TRACE_NONE);
	}
}

/*
 * Whether event NUMBER is still in its place. This writes its number once more,
 * because it is the first access of a forked child to the page: reading would
 * map it read-only, and the write after it would fault again.
 */
HOT static bool
is_in_place_to_write(uint64_t number)
{
	uint64_t sequence = number + 1;

	return atomic_compare_exchange_strong(
	    &events[number & mask].sequence, &sequence, number + 1);
}

HOT void
trace_start(uint64_t connection, uint64_t first)
{
	uint64_t now = now_ns(), number = first + 2;

	trace_worker(connection);
	here.number = number + 1;
	here.reserved = TRACE_RESERVED - 1;
	here.until_ns = now + RESERVED_NS;
	if (!is_in_place_to_write(number)) {
		here.reserved = 0;
		number = take_numbers(1);
	}
	write_event(number, TRACE_START, connection, now, 0);
}

uint64_t
trace_overwritten(void)
{
	uint64_t next = trace_on() ? atomic_load(&trace_ring->next) : 0;

	return next > mask + 1ULL ? next - mask - 1 : 0;
}

/* ---- open ---- */

static size_t
file_size(uint32_t capacity)
{
	return HEADER_SIZE + (size_t)capacity * sizeof(struct trace_event);
}

static void
fill_header(struct trace_header *header, uint32_t capacity, const char *program,
    const char *model)
{
	memcpy(header->magic, TRACE_MAGIC, sizeof(header->magic));
	header->version = TRACE_VERSION;
	header->header_size = HEADER_SIZE;
	header->event_size = sizeof(struct trace_event);
	header->capacity = capacity;
	snprintf(header->program, sizeof(header->program), "%s", program);
	snprintf(header->model, sizeof(header->model), "%s", model);
	header->pid = getpid();
	header->monotonic_ns = now_ns();
	header->realtime_ns = clock_ns(CLOCK_REALTIME);
}

/*
 * The place of PATH, with links followed, so that a link stays one. Returns
 * NULL if PATH may be made or replaced; else what to do about it.
 */
static const char *
find_place(const char *path, char place[static PATH_MAX])
{
	struct stat st;

	if (snprintf(place, PATH_MAX, "%s", path) >= PATH_MAX)
		return strerror(ENAMETOOLONG);
	if (stat(path, &st) < 0)
		return errno == ENOENT ? NULL : strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file, and only such a file can be "
		       "mapped; name another one";
	if (access(path, W_OK) < 0 || !realpath(path, place))
		return strerror(errno);
	return NULL;
}

/* Maps SIZE bytes of the new file FD and takes their space. NULL with errno. */
static void *
map_new(int fd, size_t size)
{
	void *memory;

	errno = posix_fallocate(fd, 0, (off_t)size);
	if (errno)
		return NULL;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return NULL;
	/* Otherwise the first event in each page would wait for the file
	 * system. Before Linux 5.14 it does. */
	madvise(memory, size, MADV_POPULATE_WRITE);
	return memory;
}

/*
 * Makes the file PLACE by way of another name: a server that has the old file
 * mapped would get SIGBUS if it were cut. NULL with errno.
 */
static struct trace_header *
make_file(const char *place, const struct trace_header *header)
{
	size_t size = file_size(header->capacity);
	char made[PATH_MAX + 16];
	struct trace_header *mapped;
	int fd, error = 0;

	snprintf(made, sizeof(made), "%s.%d", place, header->pid);
	fd = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return NULL;
	mapped = map_new(fd, size);
	if (mapped)
		memcpy(mapped, header, sizeof(*header));
	if (!mapped || rename(made, place) < 0) {
		error = errno;
		if (mapped)
			munmap(mapped, size);
		unlink(made);
	}
	close(fd);
	errno = error;
	return error ? NULL : mapped;
}

int
trace_open(const char *path, uint32_t capacity, const char *program,
    const char *model, char *why, size_t size)
{
	char place[PATH_MAX];
	struct trace_header header = {0};
	const char *wrong = find_place(path, place);

	if (!wrong) {
		fill_header(&header, capacity, program, model);
		trace_ring = make_file(place, &header);
		if (!trace_ring)
			wrong = strerror(errno);
	}
	if (wrong) {
		snprintf(why, size, "%s", wrong);
		return -1;
	}
	events = (void *)((char *)trace_ring + HEADER_SIZE);
	mask = capacity - 1;
	trace_guard_begin(trace_ring, file_size(capacity));
	opener = header.pid;
	here.tid = 0;
	trace_worker(0);
	return 0;
}

void
trace_close(void)
{
	if (!trace_ring)
		return;
	trace_guard_end();
	munmap(trace_ring, file_size(mask + 1));
	trace_ring = NULL;
}
