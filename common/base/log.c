/* SPDX-License-Identifier: MIT */
/* log: one line, one write, without waiting. */
#include "common/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/descriptor.h"
#include "common/base/escape.h"

/* Set by log_open() before there is a second thread, then only read. */
static struct {
	const char *program;
	enum log_level level;
	bool stamped;
} opened = {.program = "perconn", .level = LOG_INFO};

/* The output and its file type; set by log_take_stderr(). */
static int out = STDERR_FILENO;
static mode_t out_type;

static struct log_lost alone;
static struct log_lost *lost = &alone;

/* ---- where lines go ---- */

void
log_take_stderr(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) < 0)
		return;
	out_type = st.st_mode & S_IFMT;
	fd = descriptor_open_again(STDERR_FILENO);
	if (fd >= 0)
		out = fd;
}

/*
 * Like write(2), but never waits: a full disk, a closed pipe, or a stopped
 * terminal must not harm the caller. If log_take_stderr() got no description of
 * its own, RWF_NOWAIT asks the kernel not to wait. A poll(2) before the write
 * is not enough, because other processes write there, too.
 */
static ssize_t
put(const char *bytes, size_t len)
{
	struct pollfd wait = {out, POLLOUT, 0};
	struct iovec part = {(void *)(uintptr_t)bytes, len};
	ssize_t n;

	if (out_type == S_IFSOCK)
		return send(out, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (out_type == S_IFIFO) {
		n = pwritev2(out, &part, 1, -1, RWF_NOWAIT);
		/* Else the call is unknown, or a seccomp filter refuses it. */
		if (n >= 0 || errno == EAGAIN)
			return n;
	}
	return poll(&wait, 1, 0) == 1 ? write(out, bytes, len) : -1;
}

void
log_lost_at(struct log_lost *shared)
{
	lost = shared;
}

uint64_t
log_lost(void)
{
	return atomic_load(&lost->total);
}

/* ---- a line ---- */

void
log_open(const char *program, enum log_level level, bool stamped)
{
	opened.program = program;
	opened.level = level;
	opened.stamped = stamped;
}

const char *
log_program(void)
{
	return opened.program;
}

bool
log_on(enum log_level level)
{
	return level <= opened.level;
}

static size_t
put_prefix(char *line, size_t size, const char *word)
{
	char time[32];
	struct timespec now;
	struct tm utc;
	int len;

	if (!opened.stamped) {
		len = snprintf(line, size, "%s: %s", opened.program, word);
		return len < 0 ? 0 : (size_t)len;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
	len = snprintf(line, size, "%s.%03ldZ %s[%d] %s", time,
	    now.tv_nsec / 1000000, opened.program, (int)getpid(), word);
	return len < 0 ? 0 : (size_t)len;
}

__attribute__((format(printf, 2, 0))) static void
put_line(const char *word, const char *format, va_list args)
{
	int saved = errno;
	char text[LOG_LINE_MAX], line[LOG_LINE_MAX];
	uint64_t missing = atomic_exchange(&lost->untold, 0);
	size_t len = 0;
	ssize_t n;

	vsnprintf(text, sizeof(text), format, args);
	if (atomic_exchange(&lost->torn, false))
		line[len++] = '\n';
	len += put_prefix(line + len, sizeof(line) / 2, word);
	if (missing)
		len += (size_t)snprintf(line + len, sizeof(line) / 4,
		    "(%llu lines before this were lost) ",
		    (unsigned long long)missing);
	len += escape_ascii(text, line + len, sizeof(line) - len);
	line[len++] = '\n';
	n = put(line, len);
	if (n < (ssize_t)len) {
		atomic_fetch_add(&lost->untold, missing + 1);
		atomic_fetch_add(&lost->total, 1);
		/* The line is incomplete so far. */
		atomic_store(&lost->torn, n > 0 || line[0] == '\n');
	}
	errno = saved;
}

#define LOG_CALL(name, at, word)              \
	void name(const char *format, ...)    \
	{                                     \
		va_list args;                 \
                                              \
		if (!log_on(at))              \
			return;               \
		va_start(args, format);       \
		put_line(word, format, args); \
		va_end(args);                 \
	}

LOG_CALL(log_error, LOG_ERROR, "error: ")
LOG_CALL(log_warn, LOG_WARN, "warning: ")
LOG_CALL(log_info, LOG_INFO, "")
LOG_CALL(log_debug, LOG_DEBUG, "")
LOG_CALL(log_always, LOG_ERROR, "")

void
log_limited(struct log_limit *limit, const char *format, ...)
{
	uint64_t now = now_ns(), next = atomic_load(&limit->next_ns), dropped;
	char text[LOG_LINE_MAX];
	va_list args;

	/* The thread that sets the next time prints the line. */
	if (now < next || !atomic_compare_exchange_strong(
			      &limit->next_ns, &next, now + NS_PER_S)) {
		atomic_fetch_add(&limit->dropped, 1);
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dropped = atomic_exchange(&limit->dropped, 0);
	if (dropped)
		log_warn(
		    "%s (and %llu more)", text, (unsigned long long)dropped);
	else
		log_warn("%s", text);
}

void
log_left_out(struct log_limit *limit, const char *what)
{
	uint64_t dropped = atomic_exchange(&limit->dropped, 0);

	if (dropped)
		log_warn("%llu more not logged: %s",
		    (unsigned long long)dropped, what);
}

void
log_status(const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len > 0)
		put(text, (size_t)len < sizeof(text) ? (size_t)len
						     : sizeof(text) - 1);
}

void
die(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line("", format, args);
	va_end(args);
	exit(status);
}
