/* SPDX-License-Identifier: MIT */
/* workers: slots, and the two lists of them. */
#include "common/server/workers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/trace.h"
#include "common/server/loop_memory.h"

#define NONE UINT32_MAX
/* So many free slots keep the pages of their stacks for the next burst of
 * clients; the others return them to the system. */
#define WARM_STACKS 1024

/* Other children that are reaped in one go. */
#define OTHERS_AT_ONCE 64

/* Reserves address space; open_slot() makes it memory. Returns 0, or -1 with
 * errno. */
static int
map_stacks(struct workers *w)
{
	size_t size = worker_stack_size(w->model->stack);

	if (!size)
		return 0;
	w->settings.stack_size = size;
	w->guard = (size_t)sysconf(_SC_PAGESIZE);
	w->stacks = mmap(NULL, w->max * (size + w->guard), PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	return w->stacks == MAP_FAILED ? -1 : 0;
}

int
workers_init(struct workers *w, uint32_t max)
{
	char *memory;
	size_t head = sizeof(*w->state);
	size_t sources = w->max_per_source ? source_table_size(max) : 0;

	memory = loop_memory_alloc(head + sources + max * sizeof(*w->slots));
	w->shown = w->model->share(sizeof(*w->shown));
	if (!memory || !w->shown)
		return -1;
	w->state = (void *)memory;
	if (sources)
		source_table_init(&w->sources, memory + head, max);
	w->slots = (void *)(memory + head + sources);
	w->ledger = &w->state->ledger;
	w->ledger->shown = &w->shown->ledger;
	w->settings.setup.ledger = &w->shown->ledger;
	w->settings.setup.draining = &w->shown->draining;
	w->settings.setup.limits = &w->shown->limits;
	w->settings.setup.closing_silent = &w->shown->closing_silent;
	w->settings.tls_limits = &w->shown->tls_limits;
	w->settings.memory_limit = &w->shown->memory_limit;
	log_lost_at(&w->shown->log_lost);
	w->max = max;
	w->state->free_top = w->state->cold_top = NONE;
	w->state->ending_head = NONE;
	/* Before the kernel's pool is ready, the seed stays 0. */
	(void)!getrandom(
	    &w->state->seed, sizeof(w->state->seed), GRND_NONBLOCK);
	return map_stacks(w);
}

void
workers_show(struct workers *w)
{
	atomic_store_explicit(
	    &w->shown->draining, w->state->draining, memory_order_relaxed);
	atomic_store_explicit(&w->shown->closing_silent,
	    w->state->closing_silent, memory_order_relaxed);
}

bool
workers_room(const struct workers *w)
{
	return w->state->live < w->max;
}

bool
workers_source_full(const struct workers *w, const struct address *peer)
{
	uint64_t source;

	return w->max_per_source && address_source(peer, &source) &&
	       source_live(&w->sources, source) >= w->max_per_source;
}

/* Sets the constants of a slot that is used for the first time. Returns 0, or
 * -1 with errno. */
static int
open_slot(struct workers *w)
{
	struct worker *slot = &w->slots[w->state->used];

	if (w->stacks) {
		size_t size = w->settings.stack_size;

		slot->stack =
		    w->stacks + w->state->used * (size + w->guard) + w->guard;
		if (mprotect(slot->stack, size, PROT_READ | PROT_WRITE) < 0)
			return -1;
	}
	slot->settings = &w->settings;
	slot->index = w->state->used++;
	slot->next = NONE;
	w->state->free_top = slot->index;
	return 0;
}

/* A faulty worker must not guess the ticket of another one. Knuth's multiplier
 * (MMIX), upper half. */
static uint32_t
next_ticket(struct workers *w)
{
	w->state->seed =
	    w->state->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(w->state->seed >> 32);
}

/* model->spawn(), in the trace if there is one. */
static int
spawn(struct workers *w, struct worker *slot, uint64_t accepted_ns)
{
	int result;

	if (!trace_on())
		return w->model->spawn(slot);
	slot->traced_from =
	    trace_spawn(slot->number, address_port(&slot->peer), accepted_ns);
	result = w->model->spawn(slot);
	if (result < 0)
		trace_not_spawned(slot->traced_from);
	else
		trace_spawned(slot->traced_from);
	return result;
}

int
workers_begin(struct workers *w, const struct client *client)
{
	const struct address *peer = &client->peer;
	struct worker *slot;
	uint64_t source;

	if (w->state->free_top == NONE) {
		w->state->free_top = w->state->cold_top;
		w->state->cold_top = NONE;
	}
	if (w->state->free_top == NONE && open_slot(w) < 0)
		return -1;
	slot = &w->slots[w->state->free_top];
	slot->number = w->state->last_number + 1;
	slot->ticket = next_ticket(w);
	slot->fd = client->fd;
	slot->datagram = client->datagram;
	slot->stopped = false;
	slot->killed_by = 0;
	workers_show(w);
	slot->raises_oom_score = w->state->live >= w->oom_score_from;
	memcpy(&slot->peer, peer, offsetof(struct address, any) + peer->len);
	if (spawn(w, slot, client->accepted_ns) < 0)
		return -1;
	w->state->last_number++;
	w->state->warm -= slot->warm;
	slot->warm = false;
	w->state->free_top = slot->next;
	w->state->live++;
	slot->state = WORKER_LIVE;
	if (w->max_per_source && address_source(peer, &source))
		source_add(&w->sources, source);
	return 0;
}

static void
leave_source(struct workers *w, const struct worker *slot)
{
	uint64_t source;

	if (w->max_per_source && address_source(&slot->peer, &source))
		source_remove(&w->sources, source);
}

static void
enqueue_ending(struct workers *w, struct worker *slot)
{
	slot->state = WORKER_ENDING;
	slot->next = NONE;
	if (w->state->ending_head == NONE)
		w->state->ending_head = slot->index;
	else
		w->slots[w->state->ending_tail].next = slot->index;
	w->state->ending_tail = slot->index;
	w->state->ending++;
}

bool
workers_announced(struct workers *w, struct announcement end)
{
	struct worker *slot = &w->slots[end.index];

	if (end.index >= w->state->used || slot->ticket != end.ticket)
		return false;
	if (slot->state == WORKER_LIVE) {
		/* The client may have seen the end, and be back already. */
		leave_source(w, slot);
		enqueue_ending(w, slot);
	}
	return true;
}

static void
log_end(const struct worker *slot, enum outcome outcome)
{
	static const char *const words[] = {
	    [OUTCOME_SERVED] = "served",
	    [OUTCOME_TIMED_OUT] = "timed out",
	    [OUTCOME_FAILED] = "failed",
	    [OUTCOME_CRASHED] = "crashed",
	};
	char peer[ADDRESS_TEXT_MAX];

	log_debug("connection %" PRIu64 " from %s %s", slot->number,
	    address_format(&slot->peer, peer), words[outcome]);
}

static void
keep_or_cool_stack(struct workers *w, struct worker *slot)
{
	slot->warm = w->state->warm < WARM_STACKS;
	w->state->warm += slot->warm;
	if (!slot->warm)
		madvise(slot->stack, w->settings.stack_size, MADV_DONTNEED);
}

/* The service may have read WAKE from memory that workers write, so only live
 * slots get a signal. */
static void
tell_service(struct workers *w, const struct worker *dead)
{
	const struct service *service = w->settings.service;
	uint32_t wake[SERVICE_WAKE_MAX];
	size_t count =
	    service->worker_died(&w->settings.setup, dead->index, wake);

	for (size_t i = 0; i < count; i++) {
		const struct worker *slot = &w->slots[wake[i]];

		if (wake[i] < w->state->used && slot->state == WORKER_LIVE)
			w->model->wake(slot, service->wake_signal);
	}
}

/* SLOT is in no list, and its worker is gone. */
static void
release(struct workers *w, struct worker *slot, enum outcome outcome)
{
	const struct service *service = w->settings.service;
	uint32_t *top;

	if (log_on(LOG_DEBUG))
		log_end(slot, outcome);
	trace_event_of(slot->number, TRACE_REAP,
	    outcome + 256 * (uint64_t)slot->killed_by);
	ledger_end(w->ledger, outcome);
	if (slot->stopped && outcome == OUTCOME_FAILED)
		w->state->any_cut = true;
	if (outcome == OUTCOME_CRASHED && service->worker_died)
		tell_service(w, slot);
	free(slot->datagram);
	slot->datagram = NULL;
	if (slot->stack)
		keep_or_cool_stack(w, slot);
	slot->state = WORKER_FREE;
	top = slot->stack && !slot->warm ? &w->state->cold_top
					 : &w->state->free_top;
	slot->next = *top;
	*top = slot->index;
	w->state->live--;
}

uint32_t
workers_reap(struct workers *w)
{
	uint32_t index = w->state->ending_head, collected = 0;
	enum outcome outcome;

	if (index == NONE)
		return 0;
	w->state->ending_head = NONE;
	while (index != NONE) {
		struct worker *slot = &w->slots[index];

		index = slot->next;
		w->state->ending--;
		if (w->model->reap(slot, &outcome)) {
			release(w, slot, outcome);
			collected++;
		} else {
			enqueue_ending(
			    w, slot); /* the worker is still ending */
		}
	}
	return collected;
}

uint32_t
workers_scan(struct workers *w)
{
	uint32_t swept = 0;
	enum outcome outcome;

	for (uint32_t i = 0; i < w->state->used; i++) {
		struct worker *slot = &w->slots[i];

		if (slot->state == WORKER_LIVE &&
		    w->model->reap(slot, &outcome)) {
			leave_source(w, slot);
			release(w, slot, outcome);
			swept++;
		}
	}
	return swept;
}

static bool
is_worker(const struct workers *w, pid_t pid)
{
	for (uint32_t i = 0; w->model->children && i < w->state->used; i++) {
		if (w->slots[i].state != WORKER_FREE && w->slots[i].pid == pid)
			return true;
	}
	return false;
}

void
workers_reap_others(struct workers *w)
{
	for (int i = 0; i < OTHERS_AT_ONCE; i++) {
		siginfo_t ended = {.si_pid = 0};

		if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    ended.si_pid == 0 || is_worker(w, ended.si_pid))
			return;
		waitid(P_PID, (id_t)ended.si_pid, &ended, WEXITED | WNOHANG);
	}
}

void
workers_wake(struct workers *w, uint32_t part, uint32_t parts)
{
	for (uint32_t i = part % parts; i < w->state->used; i += parts) {
		if (w->slots[i].state == WORKER_LIVE)
			w->model->wake(&w->slots[i], WORKER_WAKE_SIGNAL);
	}
}

static void
stop(struct workers *w, struct worker *slot)
{
	trace_event_of(slot->number, TRACE_CUT, 0);
	w->model->stop(slot);
}

void
workers_stop(struct workers *w)
{
	for (uint32_t i = 0; i < w->state->used; i++) {
		if (w->slots[i].state == WORKER_LIVE)
			stop(w, &w->slots[i]);
	}
}

void
workers_abandon(struct workers *w)
{
	for (uint32_t i = 0; i < w->state->used; i++) {
		if (w->slots[i].state != WORKER_FREE) {
			/* It was not stopped if it had announced its end, but
			 * may hang before that end. */
			if (w->slots[i].state == WORKER_ENDING)
				stop(w, &w->slots[i]);
			/* The slot is not released: its stack is still in
			 * use. */
			ledger_end(w->ledger, OUTCOME_FAILED);
			w->state->any_cut = true;
		}
	}
}
