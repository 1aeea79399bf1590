/* SPDX-License-Identifier: MIT */
/* trace_log: a header, then each place of the ring: an event or none. */
#include "common/trace/trace_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"

/* Of version 1. */
#define HEADER_SIZE 4096
#define EVENT_SIZE 64
/* A ring of 1 GiB. */
#define CAPACITY_MAX (1U << 24)
/* The largest that the kernel gives (PID_MAX_LIMIT). */
#define PID_MOST (1 << 22)
/* Times that lie further apart are of no one run. */
#define YEAR_NS (366ULL * 24 * 3600 * NS_PER_S)

_Static_assert(sizeof(struct trace_event) == EVENT_SIZE, "another version");

/* Where the bytes are: a file, or memory. */
struct bytes {
	int fd; /* -1: memory */
	const char *memory;
	size_t size;
};

/* How many of SIZE bytes at AT there are now. */
static size_t
read_at(const struct bytes *bytes, size_t at, void *buf, size_t size)
{
	size_t done = 0;
	ssize_t n = 1;

	if (bytes->fd < 0) {
		done = at < bytes->size ? bytes->size - at : 0;
		done = done < size ? done : size;
		if (done > 0)
			memcpy(buf, bytes->memory + at, done);
		return done;
	}
	while (done < size && n > 0) {
		n = pread(bytes->fd, (char *)buf + done, size - done,
		    (off_t)(at + done));
		if (n > 0)
			done += (size_t)n;
	}
	return done;
}

/* ---- the header ---- */

/* What is wrong with a header of which SIZE bytes are there; NULL: nothing. */
static const char *
wrong_header(const struct trace_header *header, size_t size)
{
	uint32_t capacity = header->capacity;

	if (size == 0)
		return "the file is empty: is the server still starting?";
	if (size < sizeof(header->magic) ||
	    memcmp(header->magic, TRACE_MAGIC, sizeof(header->magic)) != 0)
		return "this is no trace: give a file that a server or `client "
		       "load` wrote with --trace";
	if (size < sizeof(*header))
		return "the file is cut off within its header";
	if (header->version != TRACE_VERSION)
		return "this trace is of another version: use the client that "
		       "was built with that server";
	if (header->header_size != HEADER_SIZE ||
	    header->event_size != EVENT_SIZE || capacity > CAPACITY_MAX ||
	    !capacity || (capacity & (capacity - 1)))
		return "the header of this trace is damaged";
	return NULL;
}

static bool
is_possible_pid(int32_t pid)
{
	return pid > 0 && pid <= PID_MOST;
}

static void
take_header(struct trace_log *log, const struct trace_header *header)
{
	memcpy(log->program, header->program, sizeof(header->program));
	memcpy(log->model, header->model, sizeof(header->model));
	log->pid = is_possible_pid(header->pid) ? header->pid : 0;
}

/* ---- the events ---- */

static void
add_event(struct trace_log *log, const struct trace_event *e, uint64_t sequence)
{
	/* Doubles whenever the count is a power of two. */
	if ((log->count & (log->count - 1)) == 0)
		log->events = realloc(log->events,
		    (log->count ? 2 * log->count : 1) * sizeof(*log->events));
	if (!log->events)
		die(1, "out of memory");
	log->events[log->count++] = (struct trace_record){
	    .sequence = sequence,
	    .time_ns = e->time_ns,
	    .connection = e->connection,
	    .value = e->value,
	    .pid = e->pid,
	    .tid = e->tid,
	    .kind = (enum trace_kind)e->kind,
	};
}

/* All that lie where their number says. */
static void
take_events(struct trace_log *log, const struct bytes *bytes, uint32_t capacity)
{
	struct trace_event block[256];
	size_t n, at = 0;

	while (at < capacity) {
		n = capacity - at < 256 ? capacity - at : 256;
		n = read_at(bytes, HEADER_SIZE + at * EVENT_SIZE, block,
			n * EVENT_SIZE) /
		    EVENT_SIZE;
		if (n == 0)
			return;
		for (size_t i = 0; i < n; i++) {
			uint64_t sequence = block[i].sequence;

			if (sequence > 0 &&
			    ((sequence - 1) & (capacity - 1)) == at + i)
				add_event(log, &block[i], sequence);
		}
		at += n;
	}
}

/* The number of the next event: the header's, unless no event fits to it, for a
 * faulty worker may have written it. */
static uint64_t
next_of(const struct trace_log *log, uint64_t told, uint32_t capacity)
{
	uint64_t last = 0;

	for (size_t i = 0; i < log->count; i++) {
		uint64_t sequence = log->events[i].sequence;

		if (sequence <= told && told - sequence < capacity)
			return told;
		last = sequence > last ? sequence : last;
	}
	return last;
}

/* Leaves those out for which KEEP says no. */
static void
filter(struct trace_log *log,
    bool (*keep)(const struct trace_record *e, uint64_t low, uint64_t high),
    uint64_t low, uint64_t high)
{
	size_t kept = 0;

	for (size_t i = 0; i < log->count; i++) {
		if (keep(&log->events[i], low, high))
			log->events[kept++] = log->events[i];
	}
	log->count = kept;
}

static bool
is_in_ring(const struct trace_record *e, uint64_t low, uint64_t high)
{
	return e->sequence > low && e->sequence <= high &&
	       is_possible_pid(e->pid) && is_possible_pid(e->tid);
}

static bool
is_in_time(const struct trace_record *e, uint64_t low, uint64_t high)
{
	return e->time_ns >= low && e->time_ns <= high;
}

/* A later version may have more. */
static bool
is_known(const struct trace_record *e, uint64_t low, uint64_t high)
{
	return e->kind > low && e->kind < high;
}

static int
by_time(const void *a, const void *b)
{
	const struct trace_record *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static void
sort_and_filter(struct trace_log *log, uint64_t next, uint32_t capacity)
{
	uint64_t middle;

	log->lost = next > capacity ? next - capacity : 0;
	filter(log, is_in_ring, log->lost, next);
	if (log->count > 0) {
		qsort(log->events, log->count, sizeof(*log->events), by_time);
		middle = log->events[log->count / 2].time_ns;
		filter(log, is_in_time, middle > YEAR_NS ? middle - YEAR_NS : 0,
		    middle + YEAR_NS);
	}
	log->damaged = next - log->lost - log->count;
	filter(log, is_known, TRACE_NONE, TRACE_KINDS);
}

static int
parse(struct trace_log *log, const struct bytes *bytes, char *why, size_t size)
{
	struct trace_header header = {.version = 0};
	size_t there = read_at(bytes, 0, &header, sizeof(header));
	const char *wrong = wrong_header(&header, there);

	*log = (struct trace_log){.count = 0};
	if (wrong) {
		snprintf(why, size, "%s", wrong);
		return -1;
	}
	take_header(log, &header);
	take_events(log, bytes, header.capacity);
	/* After the events: what was overwritten while they were read is no
	 * longer in the ring, and is left out. */
	read_at(bytes, 0, &header, sizeof(header));
	sort_and_filter(
	    log, next_of(log, header.next, header.capacity), header.capacity);
	return 0;
}

/* ---- a file ---- */

int
trace_log_parse(struct trace_log *log, const void *bytes, size_t size,
    char *why, size_t why_size)
{
	const struct bytes memory = {-1, bytes, size};

	return parse(log, &memory, why, why_size);
}

/* Opens PATH, which must be a file: events are read before the header. A FIFO
 * is not waited for. */
static int
open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	errno = S_ISDIR(st.st_mode) ? EISDIR : ESPIPE;
	return -1;
}

int
trace_log_read_fd(struct trace_log *log, int fd, char *why, size_t size)
{
	const struct bytes file = {.fd = fd};

	return parse(log, &file, why, size);
}

int
trace_log_read(struct trace_log *log, const char *path, char *why, size_t size)
{
	int fd = open_file(path), result;

	*log = (struct trace_log){.count = 0};
	if (fd < 0) {
		snprintf(why, size, "%s",
		    errno == ESPIPE ? "a trace is read from a regular file"
				    : strerror(errno));
		return -1;
	}
	result = trace_log_read_fd(log, fd, why, size);
	close(fd);
	return result;
}

void
trace_log_release(struct trace_log *log)
{
	free(log->events);
	*log = (struct trace_log){.count = 0};
}
