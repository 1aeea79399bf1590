/* SPDX-License-Identifier: MIT */
/* log: one line, one write. */
#include "common/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"

/* Set once by log_open() before there is a second thread, then only read. */
static struct {
	const char *program;
	enum log_level level;
	bool stamped;
} opened = {.program = "perconn", .level = LOG_INFO};

/* Lines that could not be written, for the next one that can. */
static _Atomic uint64_t lost;

void
log_open(const char *program, enum log_level level, bool stamped)
{
	opened.program = program;
	opened.level = level;
	opened.stamped = stamped;
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

static size_t
put_escaped(char *line, size_t size, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0;

	for (; *text && len + 4 <= size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f) {
			line[len++] = (char)c;
			continue;
		}
		line[len++] = '\\';
		line[len++] = 'x';
		line[len++] = hex[c >> 4];
		line[len++] = hex[c & 15];
	}
	return len;
}

static void
put_line(const char *word, const char *format, va_list args)
{
	int saved = errno;
	struct pollfd out = {STDERR_FILENO, POLLOUT, 0};
	char text[LOG_LINE_MAX], line[LOG_LINE_MAX];
	uint64_t missing = atomic_exchange(&lost, 0);
	size_t len;

	vsnprintf(text, sizeof(text), format, args);
	len = put_prefix(line, sizeof(line) / 2, word);
	if (missing)
		len += (size_t)snprintf(line + len, sizeof(line) / 4,
		    "(%llu lines before this were lost) ",
		    (unsigned long long)missing);
	len += put_escaped(line + len, sizeof(line) - len - 1, text);
	line[len++] = '\n';
	/* A full disk, a closed pipe or one that nobody empties must not become
	 * the server's fault. */
	if (poll(&out, 1, 0) != 1 || write(STDERR_FILENO, line, len) < 0)
		atomic_fetch_add(&lost, missing + 1);
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

	/* Who sets the next time is the one who prints. */
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
die(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line("", format, args);
	va_end(args);
	exit(status);
}
