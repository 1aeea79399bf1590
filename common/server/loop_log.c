/* SPDX-License-Identifier: MIT */
/* loop_log: the ledger, and what no other line tells. */
#include "common/server/loop_log.h"

#include <sys/resource.h>
#include <sys/time.h>

void
loop_log_dropped(const struct loop *loop)
{
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < loop->listeners->count; i++) {
		const struct listener *one = &loop->listeners->at[i];
		uint32_t dropped = one->datagrams ? listener_dropped(one) : 0;

		if (dropped)
			log_always("%s: %u datagrams dropped by the kernel: "
				   "the socket's buffer was full",
			    listener_format(one, text), dropped);
	}
}

/* There may be no later line that would tell how many were suppressed. */
static void
log_suppressed(const struct loop *loop)
{
	struct tls_log_limits *tls = loop->workers->settings.tls_limits;

	log_left_out(&loop->state->accept_limit, "failed accepts");
	log_left_out(&loop->state->spawn_limit, "workers that did not start");
	log_left_out(&loop->state->full_limit, "times at --max-connections");
	log_left_out(&loop->state->source_limit,
	    "clients refused because of --max-per-source");
	log_left_out(loop->workers->settings.memory_limit,
	    "connections refused for lack of memory");
	log_left_out(&tls->certificates, "TLS certificates refused");
	log_left_out(&tls->others, "TLS handshakes that failed");
}

void
loop_log_ledger(const struct loop *loop, void (*log)(const char *format, ...))
{
	struct ledger_view view = ledger_count(loop->workers->ledger);
	struct rusage self, children;
	char text[256];

	log_suppressed(loop);
	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	timeradd(&self.ru_utime, &children.ru_utime, &self.ru_utime);
	timeradd(&self.ru_stime, &children.ru_stime, &self.ru_stime);
	log("ledger: %s; cpu %.2f s user, %.2f s system",
	    ledger_format(&view, text, sizeof(text)),
	    (double)self.ru_utime.tv_sec + (double)self.ru_utime.tv_usec / 1e6,
	    (double)self.ru_stime.tv_sec + (double)self.ru_stime.tv_usec / 1e6);
	if (loop->ballast)
		log("ballast: %llu pages written, %llu copy-on-write faults",
		    (unsigned long long)loop->ballast->written,
		    (unsigned long long)loop->ballast->faults);
	loop_log_dropped(loop);
}
