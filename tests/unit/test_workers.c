/* SPDX-License-Identifier: MIT */
/*
 * The table of slots with a model that has no concurrency at all: its workers
 * end when the test says so.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>

#include "common/server/workers.h"

/* BURST is more than the slots that keep the pages of their stacks. */
enum { MAX = 16, BURST = 1100, STACK = 8192 };

/* ---- other machines ---- */

static struct {
	long page, stack_min; /* 0: as they are here */
} machine;

/* The same under another name of libc's. */
long
__sysconf(int name);

/* In libc's place, for whatever is linked with this: a thread sanitizer that is
 * not set up yet, too. */
__attribute__((no_sanitize("thread"))) long
sysconf(int name)
{
	if (name == _SC_PAGESIZE && machine.page)
		return machine.page;
	if (name == _SC_THREAD_STACK_MIN && machine.stack_min)
		return machine.stack_min;
	return __sysconf(name);
}

/* ---- the fake model ---- */

static struct {
	int spawn_error;  /* 0: spawn works */
	bool gone[BURST]; /* reap() finds it ended, by slot */
	enum outcome outcome[BURST];
	unsigned spawned, reaped, stopped[BURST];
	int signals[BURST]; /* the last one that it was sent */
} fake;

static _Alignas(64) char pool[1 << 20];

static void *
fake_share(size_t size)
{
	if (size > sizeof(pool)) {
		errno = ENOMEM;
		return NULL;
	}
	memset(pool, 0, sizeof(pool));
	return pool;
}

static int
fake_spawn(struct worker *worker)
{
	if (fake.spawn_error) {
		errno = fake.spawn_error;
		return -1;
	}
	fake.spawned++;
	fake.gone[worker->index] = false;
	fake.outcome[worker->index] = OUTCOME_SERVED;
	return 0;
}

static bool
fake_reap(struct worker *worker, enum outcome *outcome)
{
	if (!fake.gone[worker->index])
		return false;
	fake.reaped++;
	fake.gone[worker->index] = false;
	*outcome = fake.outcome[worker->index];
	return true;
}

static void
fake_stop(struct worker *worker)
{
	fake.stopped[worker->index]++;
}

static void
fake_wake(const struct worker *worker, int signal)
{
	fake.signals[worker->index] = signal;
}

static struct server_model model = {
    .name = "fake",
    .worker = "nobody",
    .share = fake_share,
    .spawn = fake_spawn,
    .reap = fake_reap,
    .wake = fake_wake,
    .stop = fake_stop,
};

static const struct service service;
static struct workers workers;
static struct address peer;

static void
make_table_with(uint32_t max, uint64_t max_per_source, size_t stack)
{
	model.stack = stack;
	memset(&fake, 0, sizeof(fake));
	workers = (struct workers){
	    .model = &model,
	    .max_per_source = max_per_source,
	    .settings.service = &service,
	};
	assert_int_equal(workers_init(&workers, max), 0);
	address_parse("192.0.2.1:4711", &peer);
}

static void
make_table(uint32_t max, uint64_t max_per_source)
{
	make_table_with(max, max_per_source, 0);
}

static int
begin_for(int fd)
{
	struct client client = {.fd = fd, .peer = peer};

	return workers_begin(&workers, &client);
}

/* Begins one on descriptor number FD. Returns its slot. */
static struct worker *
begin(int fd)
{
	uint64_t number = workers.state->last_number + 1;

	assert_true(workers_room(&workers));
	ledger_accept(workers.ledger);
	assert_int_equal(begin_for(fd), 0);
	for (uint32_t i = 0; i < workers.state->used; i++) {
		if (workers.slots[i].state == WORKER_LIVE &&
		    workers.slots[i].number == number)
			return &workers.slots[i];
	}
	fail_msg("no slot has number %d", (int)number);
	return NULL;
}

static void
ends(const struct worker *worker, enum outcome outcome)
{
	fake.gone[worker->index] = true;
	fake.outcome[worker->index] = outcome;
}

static struct announcement
announcement_of(const struct worker *worker)
{
	return (struct announcement){worker->index, worker->ticket};
}

static void
announces(const struct worker *worker)
{
	workers_announced(&workers, announcement_of(worker));
}

static struct ledger_view
ledger(void)
{
	return ledger_count(workers.ledger);
}

/* ---- one worker ---- */

TEST(a_worker_begins_and_is_reaped)
{
	struct worker *worker;

	make_table(4, 0);
	worker = begin(7);
	assert_int_equal(worker->number, 1);
	assert_int_equal(worker->fd, 7);
	assert_ptr_equal(worker->settings, &workers.settings);
	assert_int_equal(worker->peer.len, peer.len);
	assert_memory_equal(&worker->peer.any, &peer.any, peer.len);
	assert_int_equal(workers.state->live, 1);
	assert_int_equal(ledger().active, 1);

	ends(worker, OUTCOME_TIMED_OUT);
	assert_int_equal(workers_reap(&workers), 0); /* not announced */
	announces(worker);
	assert_int_equal(workers.state->live, 1);
	assert_int_equal(workers_reap(&workers), 1);
	assert_int_equal(worker->state, WORKER_FREE);
	assert_int_equal(workers.state->live, 0);
	assert_int_equal(workers.state->ending, 0);
	assert_int_equal(ledger().active, 0);
	assert_int_equal(ledger().timed_out, 1);
}

TEST(each_outcome_reaches_the_ledger)
{
	struct ledger_view v;

	make_table(4, 0);
	for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
		for (int i = 0; i <= outcome; i++) {
			struct worker *worker = begin(3);

			ends(worker, (enum outcome)outcome);
			announces(worker);
			assert_int_equal(workers_reap(&workers), 1);
		}
	}
	v = ledger();
	assert_int_equal(v.served, OUTCOME_SERVED + 1);
	assert_int_equal(v.timed_out, OUTCOME_TIMED_OUT + 1);
	assert_int_equal(v.failed, OUTCOME_FAILED + 1);
	assert_int_equal(v.crashed, OUTCOME_CRASHED + 1);
	assert_int_equal(v.active, 0);
	assert_int_equal(workers.state->used, 1); /* one warm slot did */
}

TEST(a_worker_that_is_still_ending_is_reaped_later)
{
	struct worker *first, *second;

	make_table(4, 0);
	first = begin(3);
	second = begin(4);
	announces(first);
	announces(second);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(workers_reap(&workers), 0);
		assert_int_equal(workers.state->ending, 2);
		assert_int_equal(first->state, WORKER_ENDING);
	}
	ends(second, OUTCOME_SERVED);
	assert_int_equal(workers_reap(&workers), 1);
	assert_int_equal(workers.state->ending, 1);
	assert_int_equal(second->state, WORKER_FREE);
	ends(first, OUTCOME_SERVED);
	assert_int_equal(workers_reap(&workers), 1);
	assert_int_equal(workers.state->ending, 0);
	assert_int_equal(workers_reap(&workers), 0);
	assert_int_equal(ledger().served, 2);
}

TEST(a_failed_spawn_leaves_no_worker)
{
	struct worker *worker;
	int fd = open("/dev/null", O_RDONLY);

	make_table(1, 1);
	fake.spawn_error = EAGAIN;
	for (int i = 0; i < 3; i++) {
		errno = 0;
		assert_int_equal(begin_for(fd), -1);
		assert_int_equal(errno, EAGAIN);
	}
	assert_true(fcntl(fd, F_GETFD) >= 0); /* still the caller's */
	close(fd);
	assert_true(workers_room(&workers));
	assert_false(workers_source_full(&workers, &peer));
	assert_int_equal(workers.state->live, 0);
	assert_int_equal(ledger().accepted, 0);
	assert_int_equal(workers_scan(&workers), 0);

	fake.spawn_error = 0;
	worker = begin(3);
	assert_int_equal(worker->number, 1);
	assert_int_equal(worker->index, 0);
	assert_false(workers_room(&workers));
}

TEST(beside_many_a_worker_offers_itself)
{
	make_table(4, 0);
	workers.oom_score_from = 2;
	assert_false(begin(3)->raises_oom_score);
	assert_false(begin(4)->raises_oom_score);
	assert_true(begin(5)->raises_oom_score);
}

/* ---- announcements ---- */

TEST(a_second_announcement_is_ignored)
{
	struct worker *worker;

	make_table(4, 0);
	worker = begin(3);
	announces(worker);
	announces(worker);
	assert_int_equal(workers.state->ending, 1);
	ends(worker, OUTCOME_SERVED);
	assert_int_equal(workers_reap(&workers), 1);
	assert_int_equal(workers_reap(&workers), 0);
	assert_int_equal(fake.reaped, 1);
}

TEST(a_stale_announcement_spares_the_next_worker)
{
	struct announcement late;
	struct worker *first, *second;

	make_table(4, 0);
	first = begin(3);
	late = announcement_of(first);
	ends(first, OUTCOME_SERVED);
	assert_int_equal(workers_scan(&workers), 1);
	workers_announced(&workers, late); /* nobody lives there */
	assert_int_equal(workers.state->ending, 0);
	second = begin(3);
	assert_ptr_equal(second, first); /* the warm slot again */
	workers_announced(&workers, late);
	assert_int_equal(workers.state->ending, 0);
	assert_int_equal(second->state, WORKER_LIVE);
	announces(second);
	assert_int_equal(workers.state->ending, 1);
}

TEST(an_announcement_of_no_slot_is_ignored)
{
	static const uint32_t nowhere[] = {1, MAX, MAX + 1, UINT32_MAX};
	uint32_t ticket;

	make_table(MAX, 0);
	assert_false(workers_announced(&workers, (struct announcement){0, 0}));
	ticket = begin(3)->ticket;
	for (size_t i = 0; i < COUNT_OF(nowhere); i++)
		assert_false(workers_announced(
		    &workers, (struct announcement){nowhere[i], ticket}));
	assert_int_equal(workers.state->ending, 0);
}

TEST(no_worker_can_announce_the_end_of_another)
{
	struct worker *one, *other;

	make_table(MAX, 0);
	one = begin(3);
	other = begin(4);
	assert_false(workers_announced(
	    &workers, (struct announcement){other->index, one->ticket}));
	assert_false(workers_announced(&workers,
	    (struct announcement){other->index, (uint32_t)other->number}));
	assert_int_equal(workers.state->ending, 0);
	assert_true(workers_announced(&workers, announcement_of(other)));
	assert_int_equal(other->state, WORKER_ENDING);
	assert_int_equal(one->state, WORKER_LIVE);
}

TEST(numbers_go_on_beyond_32_bits)
{
	make_table(4, 0);
	workers.state->last_number = UINT32_MAX - 2ULL;
	for (uint64_t i = 0; i < 5; i++) {
		struct worker *worker = begin(3);

		assert_int_equal(worker->number, UINT32_MAX - 1ULL + i);
		ends(worker, OUTCOME_SERVED);
		announces(worker);
		assert_int_equal(workers_reap(&workers), 1);
	}
}

/* ---- many ---- */

TEST(the_table_holds_as_many_as_it_was_made_for)
{
	struct worker *all[MAX];

	make_table(MAX, 0);
	for (int i = 0; i < MAX; i++) {
		all[i] = begin(i + 3);
		for (int j = 0; j < i; j++)
			assert_ptr_not_equal(all[i], all[j]);
	}
	assert_false(workers_room(&workers));
	ends(all[5], OUTCOME_SERVED);
	announces(all[5]);
	assert_int_equal(workers_reap(&workers), 1);
	assert_true(workers_room(&workers));
	assert_ptr_equal(begin(3), all[5]);
	assert_false(workers_room(&workers));
}

TEST(a_scan_finds_workers_that_ended_without_announcement)
{
	struct worker *all[6];

	make_table(MAX, 0);
	for (int i = 0; i < 6; i++)
		all[i] = begin(i + 3);
	assert_int_equal(workers_scan(&workers), 0);
	ends(all[1], OUTCOME_CRASHED);
	ends(all[4], OUTCOME_CRASHED);
	assert_int_equal(workers_reap(&workers), 0);
	assert_int_equal(workers_scan(&workers), 2);
	assert_int_equal(workers_scan(&workers), 0);
	assert_int_equal(ledger().crashed, 2);
	assert_int_equal(ledger().active, 4);
	assert_int_equal(all[1]->state, WORKER_FREE);
	assert_int_equal(all[2]->state, WORKER_LIVE);
}

/* It is in the queue: taking it out of the table would leave it there. */
TEST(a_scan_leaves_announced_workers_to_reap)
{
	struct worker *worker;

	make_table(4, 0);
	worker = begin(3);
	announces(worker);
	ends(worker, OUTCOME_SERVED);
	assert_int_equal(workers_scan(&workers), 0);
	assert_int_equal(workers_reap(&workers), 1);
	assert_int_equal(ledger().served, 1);
}

TEST(stop_reaches_all_that_live)
{
	struct worker *all[4];

	make_table(MAX, 0);
	workers_stop(&workers);
	assert_false(workers.state->any_cut);
	for (int i = 0; i < 4; i++)
		all[i] = begin(i + 3);
	ends(all[2], OUTCOME_SERVED);
	workers_scan(&workers);
	workers_stop(&workers);
	/* Whether one was cut is known when it has ended. */
	assert_false(workers.state->any_cut);
	all[0]->stopped = true;
	ends(all[0], OUTCOME_FAILED);
	workers_scan(&workers);
	assert_true(workers.state->any_cut);
	for (int i = 0; i < 4; i++)
		assert_int_equal(fake.stopped[all[i]->index], i != 2);
	assert_int_equal(workers.state->live, 2); /* reap is still due */
}

TEST(the_abandoned_count_as_failed)
{
	struct worker *all[5];
	struct ledger_view v;

	make_table(MAX, 2);
	for (int i = 0; i < 5; i++) {
		address_parse(i < 2 ? "192.0.2.1:1" : "unix:/tmp/x", &peer);
		all[i] = begin(i + 3);
	}
	ends(all[2], OUTCOME_SERVED);
	workers_scan(&workers);
	announces(all[3]);
	workers_abandon(&workers);
	/* One that ends, and does not come to it, had not been stopped. */
	for (int i = 0; i < 5; i++)
		assert_int_equal(fake.stopped[all[i]->index], i == 3);
	v = ledger();
	assert_int_equal(v.failed, 4);
	assert_int_equal(v.served, 1);
	assert_int_equal(v.active, 0);
	assert_true(workers.state->any_cut);
}

TEST(abandoning_no_worker_cuts_none)
{
	make_table(4, 0);
	ends(begin(3), OUTCOME_SERVED);
	workers_scan(&workers);
	workers_abandon(&workers);
	assert_false(workers.state->any_cut);
	assert_int_equal(ledger().failed, 0);
}

/* ---- sources ---- */

TEST(a_source_has_its_share_and_no_more)
{
	struct worker *first;
	struct address other;

	make_table(MAX, 2);
	address_parse("192.0.2.2:4711", &other);
	first = begin(3);
	assert_false(workers_source_full(&workers, &peer));
	address_set_port(&peer, 4712);
	begin(4);
	assert_true(workers_source_full(&workers, &peer));
	assert_false(workers_source_full(&workers, &other));
	announces(first);
	/* Its client has all it came for. */
	assert_false(workers_source_full(&workers, &peer));
	ends(first, OUTCOME_SERVED);
	assert_int_equal(workers_reap(&workers), 1);
	begin(5);
	assert_true(workers_source_full(&workers, &peer));
}

TEST(neighbours_in_ipv6_share_their_share)
{
	struct address neighbour, other;

	make_table(MAX, 1);
	address_parse("[2001:db8::1]:1", &peer);
	address_parse("[2001:db8::ffff:2]:2", &neighbour);
	address_parse("[2001:db8:0:1::1]:1", &other);
	begin(3);
	assert_true(workers_source_full(&workers, &neighbour));
	assert_false(workers_source_full(&workers, &other));
}

TEST(unix_clients_have_no_share)
{
	make_table(4, 1);
	address_parse("unix:/tmp/x", &peer);
	for (int i = 0; i < 3; i++) {
		begin(3);
		assert_false(workers_source_full(&workers, &peer));
	}
}

TEST(without_a_share_no_source_is_full)
{
	make_table(4, 0);
	for (int i = 0; i < 4; i++)
		begin(3);
	assert_false(workers_source_full(&workers, &peer));
}

/* ---- at random ---- */

/* What the test knows of each slot. */
static struct known {
	bool live, dead, announced;
	uint64_t number;
	unsigned source;
} known[MAX];

static unsigned
source_count(unsigned source)
{
	unsigned count = 0;

	for (size_t i = 0; i < MAX; i++)
		count += known[i].live && !known[i].announced &&
			 known[i].source == source;
	return count;
}

static void
agrees(uint64_t begun, uint64_t ended)
{
	uint32_t live = 0, ending = 0;
	struct ledger_view v = ledger();

	for (uint32_t i = 0; i < MAX; i++) {
		live += known[i].live;
		ending += known[i].live && known[i].announced;
	}
	assert_int_equal(workers.state->live, live);
	assert_int_equal(workers.state->ending, ending);
	assert_int_equal(workers_room(&workers), live < MAX);
	assert_int_equal(v.accepted, begun);
	assert_int_equal(v.active, live);
	assert_int_equal(v.served, ended);
}

TEST(random_play_agrees_with_a_list)
{
	static const char *const names[] = {
	    "192.0.2.1:1", "192.0.2.2:1", "[2001:db8::1]:1"};
	uint64_t random = 3, begun = 0, ended = 0;

	make_table(MAX, 4);
	memset(known, 0, sizeof(known));
	for (int step = 0; step < 30000; step++) {
		struct known *one = &known[random_next(&random) % MAX];
		uint32_t index = (uint32_t)(one - known), expected = 0;
		unsigned source = (unsigned)(random_next(&random) % 3);

		address_parse(names[source], &peer);
		assert_int_equal(workers_source_full(&workers, &peer),
		    source_count(source) >= 4);
		switch (random_next(&random) % 8) {
		default: {
			struct worker *worker;

			if (!workers_room(&workers) ||
			    workers_source_full(&workers, &peer))
				break;
			fake.spawn_error =
			    random_next(&random) % 8 ? 0 : ENOMEM;
			if (fake.spawn_error) {
				assert_int_equal(begin_for(3), -1);
				break;
			}
			worker = begin(3);
			assert_false(known[worker->index].live);
			known[worker->index] = (struct known){
			    .live = true,
			    .number = worker->number,
			    .source = source,
			};
			assert_int_equal(worker->number, ++begun);
			break;
		}
		case 3:
			if (one->live) {
				one->dead = true;
				fake.gone[index] = true;
			}
			break;
		case 4:
		case 5:
			/* At times a late one, of the worker before. */
			if (random_next(&random) % 4)
				one->announced |= one->live;
			workers_announced(&workers,
			    (struct announcement){index,
				workers.slots[index].ticket - !one->announced});
			break;
		case 6:
		case 7: {
			bool sweep = random_next(&random) % 2;

			for (size_t i = 0; i < MAX; i++) {
				if (known[i].live && known[i].dead &&
				    known[i].announced == !sweep) {
					known[i].live = false;
					expected++;
				}
			}
			assert_int_equal(sweep ? workers_scan(&workers)
					       : workers_reap(&workers),
			    expected);
			ended += expected;
			break;
		}
		}
		agrees(begun, ended);
	}
	assert_true(begun > 1000);
}

/* ---- stacks ---- */

/* Whether the kernel may read at AT: no signal, whatever it is. */
static bool
readable(int pipe_end, const void *at)
{
	return write(pipe_end, at, 1) == 1;
}

/* The guard of each, the first one's, too, is GUARD bytes and ours. */
static void
look_at_three_stacks(size_t guard, size_t size)
{
	char *last = NULL;
	int ends_of[2];

	assert_int_equal(pipe(ends_of), 0);
	make_table_with(3, 0, STACK);
	assert_int_equal(workers.settings.stack_size, size);
	for (int i = 0; i < 3; i++) {
		char *stack = begin(3)->stack;

		assert_non_null(stack);
		assert_int_equal((size_t)(stack - workers.stacks) % guard, 0);
		memset(stack, i, size);
		assert_true(stack >= workers.stacks + guard);
		assert_false(readable(ends_of[1], stack - 1));
		assert_int_equal(errno, EFAULT);
		assert_false(readable(ends_of[1], stack - guard));
		assert_true(readable(ends_of[1], stack));
		if (last) {
			assert_true(stack >= last + size + guard ||
				    stack + size + guard <= last);
			assert_int_equal(last[size - 1], i - 1);
		}
		last = stack;
	}
	close(ends_of[0]);
	close(ends_of[1]);
}

TEST(each_slot_has_a_guarded_stack_of_its_own)
{
	long least = sysconf(_SC_THREAD_STACK_MIN);

	look_at_three_stacks((size_t)sysconf(_SC_PAGESIZE), (size_t)least);
	make_table(1, 0);
	assert_null(begin(3)->stack);
}

/* arm64 has pages of 4, 16 or 64 KiB: mprotect(2) takes whole ones, and a
 * thread has to have 128 KiB. */
TEST(stacks_and_guards_are_whole_pages_of_any_size)
{
	static const size_t KIB = 1024;
	static const size_t pages[] = {4 * KIB, 16 * KIB, 64 * KIB};

	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		machine.page = (long)pages[i];
		machine.stack_min = (long)(128 * KIB);
		look_at_three_stacks(pages[i], 128 * KIB);
		machine.stack_min = (long)(16 * KIB);
		look_at_three_stacks(
		    pages[i], pages[i] > 16 * KIB ? pages[i] : 16 * KIB);
	}
	machine.page = machine.stack_min = 0;
}

static void
ends_and_is_collected(const struct worker *worker)
{
	ends(worker, OUTCOME_SERVED);
	announces(worker);
	assert_int_equal(workers_reap(&workers), 1);
}

TEST(a_stack_is_used_again_as_it_is)
{
	char *stack;

	make_table_with(4, 0, STACK);
	for (int i = 0; i < 3; i++) {
		struct worker *worker = begin(3);

		stack = worker->stack;
		assert_int_equal(stack[100], i ? 'x' : 0);
		stack[100] = 'x';
		ends_and_is_collected(worker);
	}
}

/* Begins BURST workers that touch their stacks, and collects them all. */
static void
burst(void)
{
	static struct worker *all[BURST];

	for (int i = 0; i < BURST; i++) {
		assert_int_equal(begin_for(3), 0);
		all[i] = &workers.slots[i];
		memset(all[i]->stack, 'b', STACK);
	}
	for (int i = 0; i < BURST; i++) {
		ends(all[i], OUTCOME_SERVED);
		announces(all[i]);
	}
	assert_int_equal(workers_reap(&workers), BURST);
}

TEST(a_burst_gives_back_what_is_too_much)
{
	size_t kept = 0;

	make_table_with(BURST, 0, STACK);
	burst();
	for (size_t i = 0; i < BURST; i++)
		kept += ((char *)workers.slots[i].stack)[STACK - 1] == 'b';
	assert_int_equal(kept, workers.state->warm);
	assert_in_range(kept, 1, BURST - 1);
}

/* Otherwise each connection after a burst pays for a new page and for giving
 * it back, and the pages that are kept are never used. */
TEST(after_a_burst_the_warm_stacks_are_used_first)
{
	uint32_t warm;
	struct worker *worker;

	make_table_with(BURST, 0, STACK);
	burst();
	warm = workers.state->warm;
	worker = begin(3);
	assert_int_equal(((char *)worker->stack)[STACK - 1], 'b');
	assert_int_equal(workers.state->warm, warm - 1);
	ends_and_is_collected(worker);
	assert_int_equal(workers.state->warm, warm);
	worker = begin(3);
	assert_int_equal(((char *)worker->stack)[STACK - 1], 'b');
}

static void *
share_nothing(size_t size)
{
	(void)size;
	errno = ENOMEM;
	return NULL;
}

TEST(a_table_without_memory_is_not_made)
{
	struct server_model poor = model;

	poor.share = share_nothing;
	workers = (struct workers){.model = &poor};
	assert_int_equal(workers_init(&workers, MAX), -1);
	assert_int_equal(errno, ENOMEM);
}

/* ---- datagrams, and the service's part ---- */

TEST(a_datagram_is_the_tables_until_its_worker_is_gone)
{
	struct client client = {.fd = 3, .peer = peer};
	struct worker *worker;

	make_table(2, 0);
	worker = &workers.slots[0];
	client.peer = peer;
	client.datagram = calloc(1, sizeof(*client.datagram));
	assert_int_equal(workers_begin(&workers, &client), 0);
	assert_ptr_equal(worker->datagram, client.datagram);
	ends(worker, OUTCOME_SERVED);
	announces(worker);
	assert_ptr_equal(worker->datagram, client.datagram);
	/* Freed here: a leak check or a second free would tell. */
	assert_int_equal(workers_reap(&workers), 1);
	assert_null(worker->datagram);
	/* The slot's next worker serves a stream. */
	assert_null(begin(3)->datagram);
}

TEST(a_datagram_of_a_dead_worker_is_freed)
{
	struct client client = {.fd = 3};

	make_table(2, 0);
	client.peer = peer;
	client.datagram = calloc(1, sizeof(*client.datagram));
	assert_int_equal(workers_begin(&workers, &client), 0);
	ends(&workers.slots[0], OUTCOME_CRASHED);
	assert_int_equal(workers_scan(&workers), 1);
	assert_null(workers.slots[0].datagram);
}

TEST(without_a_worker_the_datagram_stays_its_owners)
{
	struct client client = {.fd = 3};

	make_table(2, 0);
	client.peer = peer;
	client.datagram = calloc(1, sizeof(*client.datagram));
	fake.spawn_error = EAGAIN;
	assert_int_equal(workers_begin(&workers, &client), -1);
	fake.spawn_error = 0;
	free(client.datagram);
	/* Nobody frees it again with the slot's next worker. */
	ends_and_is_collected(begin(3));
	assert_int_equal(workers_scan(&workers), 0);
}

static struct {
	struct shared *shared;
	uint32_t worker, calls;
	uint32_t wake; /* who is to be woken then */
} died;

static size_t
note_death(const struct service_setup *setup, uint32_t worker,
    uint32_t wake[static SERVICE_WAKE_MAX])
{
	died.shared = setup->shared;
	died.worker = worker;
	died.calls++;
	wake[0] = died.wake;
	return 1;
}

TEST(a_service_hears_of_crashes_and_of_nothing_else)
{
	static const struct service watching = {
	    .worker_died = note_death, .wake_signal = SIGURG};
	static struct shared shared;
	struct worker *crashing, *swept, *woken;

	make_table(MAX, 0);
	workers.settings.service = &watching;
	workers.settings.setup.shared = &shared;
	died.calls = 0;
	ends_and_is_collected(begin(3));
	for (int outcome = 0; outcome < OUTCOME_CRASHED; outcome++) {
		struct worker *worker = begin(3);

		ends(worker, (enum outcome)outcome);
		announces(worker);
		assert_int_equal(workers_reap(&workers), 1);
	}
	assert_int_equal(died.calls, 0);

	woken = begin(3);
	crashing = begin(4);
	swept = begin(5);
	died.wake = woken->index;
	ends(crashing, OUTCOME_CRASHED);
	announces(crashing); /* killed between its announcement and its end */
	assert_int_equal(workers_reap(&workers), 1);
	assert_int_equal(died.calls, 1);
	assert_int_equal(died.worker, crashing->index);
	assert_ptr_equal(died.shared, &shared);
	assert_int_equal(fake.signals[woken->index], SIGURG);
	/* The service had that number from memory that any worker writes. */
	died.wake = UINT32_MAX;
	ends(swept, OUTCOME_CRASHED);
	assert_int_equal(workers_scan(&workers), 1);
	assert_int_equal(died.calls, 2);
	assert_int_equal(died.worker, swept->index);
}

RUN_TESTS(NULL, NULL)
