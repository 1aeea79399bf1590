/* SPDX-License-Identifier: MIT */
/*
 * Members are this process, its children or its threads. What a message says
 * follows from its sender, its number and its length, so whoever gets it can
 * tell whether it is whole.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "common/base/clock.h"
#include "common/service/broadcast.h"

enum { WORKERS = 8 };

static struct shared *room;
static size_t room_size;
static char text[BROADCAST_MAX], got[BROADCAST_MAX];

/* Longer than any wake-up may take, shorter than the run. */
#define LONG_NS (20 * NS_PER_S)

static void
open_room(int pshared, int robust)
{
	room_size = sizeof(struct shared) + broadcast_size(WORKERS);
	room = mmap(NULL, room_size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(room, MAP_FAILED);
	assert_int_equal(shared_init(room, pshared, robust), 0);
}

static int
start(void **state)
{
	(void)state;
	open_room(PTHREAD_PROCESS_SHARED, PTHREAD_MUTEX_ROBUST);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	munmap(room, room_size);
	return 0;
}

static uint32_t forgotten_wake[SERVICE_WAKE_MAX];

static size_t
forget(uint32_t worker)
{
	const struct service_setup setup = {.workers = WORKERS, .shared = room};

	return broadcast_forget(&setup, worker, forgotten_wake);
}

static void
join(struct broadcast_member *member, uint32_t worker, uint64_t number)
{
	const struct service_setup setup = {.workers = WORKERS, .shared = room};
	const struct service_context context = {
	    .setup = &setup, .worker = worker, .number = number};

	broadcast_join(member, room, &context, BROADCAST_LINES, 7);
}

/* As one that has waited already: the rate has tests of its own. */
static void
say_bytes(struct broadcast_member *member, const char *bytes, size_t len)
{
	struct broadcast_message message = {.len = (uint32_t)len};

	member->paid = true;
	if (broadcast_publish(member, &message, bytes))
		abort();
}

static void
say(struct broadcast_member *member, const char *words)
{
	say_bytes(member, words, strlen(words));
}

static int
next(struct broadcast_member *member, struct broadcast_message *message)
{
	return broadcast_next(member, message, got, sizeof(got));
}

static void
assert_hears(struct broadcast_member *member, const char *words)
{
	struct broadcast_message message;

	assert_int_equal(next(member, &message), 1);
	assert_int_equal(message.len, strlen(words));
	assert_memory_equal(got, words, message.len);
}

static void
assert_hears_nothing(struct broadcast_member *member)
{
	struct broadcast_message message;

	assert_int_equal(next(member, &message), 0);
	assert_int_equal(message.len, 0);
	assert_int_equal(broadcast_behind(member), 0);
}

/* ---- messages that can be checked ---- */

/* LEN bytes at BUF, 8 at least: the number, and what follows from it. */
static void
compose(char *buf, size_t len, uint64_t sender, uint64_t number)
{
	uint64_t seed = sender << 32 ^ number << 17 ^ len ^ 0x9e3779b97f4a7c15;

	memcpy(buf, &number, sizeof(number));
	for (size_t at = sizeof(number); at < len; at++) {
		if (at % 8 == 0)
			random_next(&seed);
		buf[at] = (char)(seed >> at % 8 * 8);
	}
}

/* The number of a whole message, or 0: it is not whole. */
static uint64_t
check(const struct broadcast_message *message, const char *bytes, char *scratch)
{
	uint64_t number;

	if (message->len < sizeof(number))
		return 0;
	memcpy(&number, bytes, sizeof(number));
	compose(scratch, message->len, message->sender, number);
	return memcmp(scratch, bytes, message->len) == 0 ? number : 0;
}

/* Mostly short, some as long as they may be. */
static size_t
random_len(uint64_t *seed)
{
	uint64_t r = random_next(seed);

	return 8 + (r >> 8) % (r % 16 ? 300 : BROADCAST_MAX - 7);
}

static int
start_threads(void **state)
{
	(void)state;
	open_room(PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED);
	return 0;
}

#define ROOM_TEST(name) TEST_WITH(name, start, stop)
#define THREADS_TEST(name) TEST_WITH(name, start_threads, stop)

/* ---- one process ---- */

ROOM_TEST(all_others_get_a_message_as_it_was_and_in_order)
{
	struct broadcast_member a, b, c;
	struct broadcast_message message = {
	    .len = 5, .end_len = 2, .utf8 = true};

	join(&a, 0, 11);
	join(&b, 1, 12);
	join(&c, 2, 13);
	assert_int_equal(broadcast_publish(&a, &message, "one\r\n"), 0);
	say(&b, "two");
	say(&a, "");
	assert_int_equal(next(&c, &message), 1);
	assert_int_equal(message.sender, 11);
	assert_int_equal(message.len, 5);
	assert_int_equal(message.end_len, 2);
	assert_true(message.utf8);
	assert_memory_equal(got, "one\r\n", 5);
	assert_int_equal(next(&c, &message), 1);
	assert_int_equal(message.sender, 12);
	assert_int_equal(message.end_len, 0);
	assert_false(message.utf8);
	assert_hears(&c, "");
	assert_hears_nothing(&c);
	assert_hears(&a, "two");
	assert_hears_nothing(&a);
	assert_hears(&b, "one\r\n");
	assert_hears(&b, "");
	assert_hears_nothing(&b);
}

ROOM_TEST(a_late_member_sees_only_later_messages)
{
	struct broadcast_member a, b;

	join(&a, 0, 1);
	say(&a, "before");
	join(&b, 1, 2);
	assert_hears_nothing(&b);
	say(&a, "after");
	assert_hears(&b, "after");
	assert_hears_nothing(&b);
}

ROOM_TEST(a_message_longer_than_the_buffer_stays_the_next)
{
	struct broadcast_member a, b;
	struct broadcast_message message;

	join(&a, 0, 1);
	join(&b, 1, 2);
	say(&a, "long one");
	say(&a, "short");
	memset(got, '#', sizeof(got));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(broadcast_next(&b, &message, got, 7), 0);
		assert_int_equal(message.len, 8);
		assert_int_equal(got[0], '#');
	}
	assert_int_equal(broadcast_next(&b, &message, got, 8), 1);
	assert_memory_equal(got, "long one#", 9);
	assert_hears(&b, "short");
	/* Its own may be as long as it likes. */
	say(&b, "long one");
	assert_int_equal(broadcast_next(&b, &message, got, 7), 0);
	assert_int_equal(message.len, 0);
}

/* What was said and not heard yet. */
struct said {
	uint64_t sender, number;
	size_t len;
};

ROOM_TEST(any_sizes_go_round_the_ring_unchanged)
{
	enum { MANY = 20000 };
	struct broadcast_member a, b, reader;
	struct broadcast_message message;
	static struct said model[MANY];
	size_t said = 0, heard = 0, waiting = 0, total = 0;
	uint64_t seed = 5;

	join(&a, 0, 1);
	join(&b, 1, 2);
	join(&reader, 2, 3);
	while (said < MANY) {
		struct broadcast_member *from =
		    random_next(&seed) % 2 ? &a : &b;
		size_t len = random_len(&seed);

		model[said] = (struct said){from->number, said + 1, len};
		compose(text, len, from->number, ++said);
		say_bytes(from, text, len);
		waiting += len;
		total += len;
		/* Half a ring is never lost. */
		while (heard < said && (waiting > BROADCAST_RING / 2 ||
					   random_next(&seed) % 3)) {
			assert_int_equal(next(&reader, &message), 1);
			assert_int_equal(message.sender, model[heard].sender);
			assert_int_equal(message.len, model[heard].len);
			assert_int_equal(
			    check(&message, got, text), model[heard].number);
			waiting -= message.len;
			heard++;
		}
	}
	assert_true(total > 10 * BROADCAST_RING);
}

ROOM_TEST(a_member_a_ring_behind_is_told_of_its_loss)
{
	struct broadcast_member a, slow, quick;
	struct broadcast_message message;
	size_t said = 0;

	join(&a, 0, 1);
	join(&slow, 1, 2);
	join(&quick, 2, 3);
	memset(text, 'x', 1000);
	while (!broadcast_lost(&slow)) {
		say_bytes(&a, text, 1000);
		said += 1000;
		assert_true(said <= BROADCAST_RING);
		assert_int_equal(next(&quick, &message), 1);
	}
	/* Not before the ring is full, but for the records' own words. */
	assert_true(said > BROADCAST_RING - BROADCAST_RING / 16);
	assert_int_equal(next(&slow, &message), -1);
	assert_int_equal(next(&slow, &message), -1);
	assert_false(broadcast_sleep(&slow, true));
	broadcast_awake(&slow);
	assert_false(broadcast_sleep(&slow, false));
	broadcast_awake(&slow);
	assert_false(broadcast_lost(&quick));
}

static bool
woken(void)
{
	struct timespec at_once = {0};
	sigset_t wake;

	sigemptyset(&wake);
	sigaddset(&wake, BROADCAST_SIGNAL);
	return sigtimedwait(&wake, NULL, &at_once) == BROADCAST_SIGNAL;
}

ROOM_TEST(only_a_sleeper_is_woken)
{
	struct broadcast_member a, b;

	join(&a, 0, 1);
	join(&b, 1, 2);
	say(&a, "awake");
	assert_false(woken());
	assert_false(broadcast_sleep(&b, false)); /* there is something */
	broadcast_awake(&b);
	assert_hears(&b, "awake");
	assert_true(broadcast_sleep(&b, false));
	say(&a, "one");
	assert_true(woken());
	broadcast_awake(&b);
	say(&a, "two");
	assert_false(woken());
	assert_hears(&b, "one");
	assert_hears(&b, "two");
	assert_true(broadcast_sleep(&b, false));
	broadcast_leave(&b);
	say(&a, "to nobody");
	assert_false(woken());
}

ROOM_TEST(a_blocked_member_is_woken_only_by_a_loss)
{
	struct broadcast_member a, b;

	join(&a, 0, 1);
	join(&b, 1, 2);
	memset(text, 'x', 60000);
	say_bytes(&a, text, 60000);
	assert_true(broadcast_sleep(&b, true)); /* though there is something */
	while (!broadcast_lost(&b)) {
		assert_false(woken());
		say_bytes(&a, text, 60000);
	}
	assert_true(woken());
	broadcast_awake(&b);
	say_bytes(&a, text, 60000);
	assert_false(woken());
}

/* A publisher may have been killed between the two. */
ROOM_TEST(one_that_was_signalled_and_still_sleeps_is_signalled_again)
{
	struct broadcast_member a, b;

	join(&a, 0, 1);
	join(&b, 1, 2);
	assert_true(broadcast_sleep(&b, false));
	say(&a, "one");
	assert_true(woken());
	say(&a, "two");
	assert_true(woken());
	broadcast_awake(&b);
	say(&a, "three");
	assert_false(woken());
}

ROOM_TEST(a_member_woken_after_a_death_wakes_the_others)
{
	struct broadcast_member members[4];

	for (uint32_t i = 0; i < 4; i++) {
		join(&members[i], i, i + 1);
		assert_true(broadcast_sleep(&members[i], false));
	}
	assert_int_equal(forget(3), 2); /* one of them may be stopped */
	assert_false(woken());		/* that is for the accept loop to do */
	broadcast_awake(&members[0]);
	assert_true(woken());
	broadcast_awake(&members[1]);
	assert_false(woken()); /* once is enough */
}

/* The accept loop calls this: it must live, and wake only who is there. */
ROOM_TEST(an_overwritten_room_names_only_live_members)
{
	static const int bytes[] = {0x00, 0x01, 0x02, 0x41, 0xff};
	for (size_t i = 0; i < COUNT_OF(bytes); i++) {
		size_t count;

		memset(room, bytes[i], room_size);
		count = forget(3);
		assert_in_range(count, 0, SERVICE_WAKE_MAX);
		while (count > 0)
			assert_in_range(
			    forgotten_wake[--count], 0, WORKERS - 1);
		assert_false(woken());
	}
}

/* ---- the rate ---- */

/* The time of CLOCK_MONOTONIC, if it stands still. */
static uint64_t frozen_ns;

/* In place of libc's. */
int
clock_gettime(clockid_t id, struct timespec *now)
{
	if (id != CLOCK_MONOTONIC || !frozen_ns)
		return (int)syscall(SYS_clock_gettime, id, now);
	*now = clock_timespec(frozen_ns);
	return 0;
}

static int
start_frozen(void **state)
{
	frozen_ns = now_ns();
	return start(state);
}

static int
stop_frozen(void **state)
{
	frozen_ns = 0;
	return stop(state);
}

/* Time passes when the test says so: how much a publisher may send must not
 * depend on how long this machine takes for it. */
#define RATE_TEST(name) TEST_WITH(name, start_frozen, stop_frozen)

static const struct broadcast_message LARGE = {.len = 60000};

RATE_TEST(beyond_the_rate_a_publisher_has_to_wait_and_keeps_its_place)
{
	struct broadcast_member a, polite, reader;
	struct broadcast_message message;
	uint64_t wait;
	size_t said = 0, heard = 0;

	join(&a, 0, 1);
	join(&polite, 1, 2);
	join(&reader, 2, 3);
	while ((wait = broadcast_publish(&a, &LARGE, text)) == 0) {
		said++;
		assert_true(said < 1000);
	}
	assert_true(said * LARGE.len + LARGE.len >= BROADCAST_BURST);
	assert_true(wait < NS_PER_S);
	while (next(&reader, &message) > 0)
		heard++;
	assert_int_equal(heard, said);
	/* The rate is everybody's. */
	assert_true(broadcast_publish(&polite, &LARGE, text) > 0);
	assert_hears_nothing(&reader);
	assert_int_equal(broadcast_publish(&a, &LARGE, text), 0);
	assert_int_equal(broadcast_publish(&polite, &LARGE, text), 0);
	assert_int_equal(next(&reader, &message), 1);
	assert_int_equal(message.sender, 1);
	assert_int_equal(next(&reader, &message), 1);
	assert_int_equal(message.sender, 2);
	/* And after a while there is some again. */
	frozen_ns += wait + LARGE.len * 4 * NS_PER_S / BROADCAST_RATE;
	assert_int_equal(broadcast_publish(&polite, &LARGE, text), 0);
}

RATE_TEST(beyond_the_queue_a_publisher_is_refused_but_not_a_quiet_member)
{
	struct broadcast_member many[200], polite;
	uint64_t wait = 0;
	uint32_t count = 0;

	join(&polite, 1, 999);
	for (; wait != BROADCAST_REFUSED; count++) {
		assert_true(count < 200);
		join(&many[count], 0, count + 1);
		wait = broadcast_publish(&many[count], &LARGE, text);
	}
	/* Those that wait have a place in it. */
	assert_true((uint64_t)count * LARGE.len * NS_PER_S >=
		    BROADCAST_QUEUE_NS * BROADCAST_RATE);
	for (int i = 0; i < 5; i++)
		assert_int_equal(
		    broadcast_publish(&polite,
			&(struct broadcast_message){.len = 5}, "hello"),
		    0);
	/* Not more than a little. */
	assert_true(broadcast_publish(&polite, &LARGE, text) > 0);
	/* Who was refused has paid nothing, and may try again. */
	assert_true(broadcast_publish(&many[count - 1], &LARGE, text) > 0);
}

/* How much later a message has to come than one before it. */
static uint64_t
price(struct broadcast_member *from)
{
	uint64_t first, last;

	do { /* 0: in the burst, that is free */
		first = broadcast_publish(from, &LARGE, text);
		broadcast_publish(from, &LARGE, text);
		last = broadcast_publish(from, &LARGE, text);
	} while (first == 0 || last == 0);
	return last - first;
}

RATE_TEST(the_room_slows_down_for_a_member_far_behind_until_that_is_lost)
{
	const uint64_t full = LARGE.len * NS_PER_S / BROADCAST_RATE;
	struct broadcast_member a, slow;
	struct broadcast_message message;
	uint64_t now;

	join(&a, 0, 1);
	join(&slow, 1, 2);
	assert_true(price(&a) < 2 * full);
	broadcast_publish(&a, &LARGE, text);
	while (broadcast_behind(&slow) < BROADCAST_RING * 7 / 8)
		say_bytes(&a, text, LARGE.len);
	for (int i = 0; i < 4; i++) { /* it goes on reading */
		assert_int_equal(next(&slow, &message), 1);
		say_bytes(&a, text, LARGE.len);
	}
	now = price(&a);
	assert_true(now > 4 * full);
	broadcast_publish(&a, &LARGE, text);
	while (!broadcast_lost(&slow))
		say_bytes(&a, text, LARGE.len);
	for (int i = 0; i < 4; i++)
		say_bytes(&a, text, LARGE.len);
	assert_true(price(&a) < 2 * full);
}

/* It may be stopped, or its client does not read: that is its affair. */
RATE_TEST(a_member_that_takes_nothing_does_not_slow_the_others)
{
	const uint64_t full = LARGE.len * NS_PER_S / BROADCAST_RATE;
	struct broadcast_member a, still;

	join(&a, 0, 1);
	join(&still, 1, 2);
	while (broadcast_behind(&still) < BROADCAST_RING / 4)
		say_bytes(&a, text, LARGE.len);
	frozen_ns += NS_PER_S / 2;
	while (broadcast_behind(&still) < BROADCAST_RING * 7 / 8)
		say_bytes(&a, text, LARGE.len);
	assert_true(price(&a) < 2 * full);
}

/* ---- the list ---- */

static size_t
listed(struct broadcast_entry *entries)
{
	size_t count = 0;
	uint32_t at = 0;

	while (broadcast_list(room, &at, &entries[count]))
		count++;
	return count;
}

ROOM_TEST(members_are_listed_until_they_leave_or_are_forgotten)
{
	struct broadcast_entry entries[WORKERS + 1];
	struct broadcast_member a, b;

	assert_int_equal(listed(entries), 0);
	join(&a, 5, 11);
	join(&b, 2, 12);
	assert_int_equal(listed(entries), 2);
	assert_int_equal(entries[0].number, 12);
	assert_int_equal(entries[1].number, 11);
	assert_int_equal(entries[1].pid, getpid());
	assert_int_equal(entries[1].tid, gettid());
	assert_int_equal(entries[1].kind, BROADCAST_LINES);
	assert_int_equal(entries[1].tag, 7);
	broadcast_leave(&b);
	assert_int_equal(listed(entries), 1);
	forget(5);
	assert_int_equal(listed(entries), 0);
	forget(7); /* never was a member */
	join(&a, 5, 13);
	assert_int_equal(listed(entries), 1);
	assert_int_equal(entries[0].number, 13);
}

/* It may have died between its message and its wake-ups. */
ROOM_TEST(a_sleeper_is_woken_when_a_killed_member_is_forgotten)
{
	struct broadcast_member a, b;

	join(&a, 0, 1);
	join(&b, 1, 2);
	assert_true(broadcast_sleep(&b, false));
	assert_int_equal(forget(0), 1);
	assert_int_equal(forgotten_wake[0], 1);
}

/* ---- death ---- */

static void
end_of(pid_t pid, int signal)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (signal) {
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signal);
	} else {
		assert_int_equal(status, 0);
	}
}

/* Speaks as fast as it can, until it is killed. */
static _Noreturn void
babble(uint32_t worker, uint64_t number)
{
	struct broadcast_member me;
	uint64_t seed = number;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test fail */
	join(&me, worker, number);
	for (uint64_t i = 1;; i++) {
		size_t len = random_len(&seed);

		compose(text, len, number, i);
		say_bytes(&me, text, len);
	}
}

/* Reads what is there. Returns how many were whole and in order, or -1. */
static int
read_all_of(struct broadcast_member *reader, uint64_t *last)
{
	struct broadcast_message message;
	int count = 0, result;

	while ((result = next(reader, &message)) > 0) {
		uint64_t number = check(&message, got, text);

		if (number <= *last)
			return -1;
		*last = number;
		count++;
	}
	if (result < 0)
		join(reader, reader->index, reader->number);
	return count;
}

/* Though somebody who is gone, or stands still, began to speak before. */
static bool
hears_soon(struct broadcast_member *reader, const char *words)
{
	struct broadcast_message message;
	uint64_t until = now_ns() + NS_PER_S;
	int result;

	while ((result = next(reader, &message)) == 0 && now_ns() < until) {
		uint64_t sleeps_until = broadcast_sleep(reader, false);

		assert_true(sleeps_until < NEVER);
		while (now_ns() < sleeps_until)
			nap_ms(1);
		broadcast_awake(reader);
	}
	return result == 1 && message.len == strlen(words) &&
	       memcmp(got, words, message.len) == 0;
}

ROOM_TEST(nothing_of_a_killed_publisher_is_ever_half)
{
	struct broadcast_member reader;
	uint64_t seed = 3;
	int heard = 0;

	join(&reader, 0, 1);
	for (uint64_t i = 0; i < 100 || heard == 0; i++) {
		uint64_t last = 0, until;
		pid_t pid = fork();
		int n;

		if (pid == 0)
			babble(1, 100 + i);
		until = now_ns() + random_next(&seed) % (3 * NS_PER_MS);
		do {
			n = read_all_of(&reader, &last);
			assert_true(n >= 0);
			heard += n;
		} while (now_ns() < until);
		kill(pid, SIGKILL);
		end_of(pid, SIGKILL);
		forget(1);
		n = read_all_of(&reader, &last);
		assert_true(n >= 0);
		heard += n;
		/* The next one finds all in order. */
		read_all_of(&reader, &last);
		say(
		    &(struct broadcast_member){
			.shared = room, .index = 2, .number = 2},
		    "next");
		assert_true(hears_soon(&reader, "next"));
	}
}

/*
 * Stopped by a signal at any instruction, in the midst of a message as a rule.
 * Then it goes on, and what it says is whole and in order all the same.
 */
ROOM_TEST(a_stopped_publisher_does_not_stop_the_others)
{
	struct broadcast_member reader, other;
	uint64_t seed = 5, last = 0, until;
	int waited = 0, status;
	pid_t pid;

	alarm(60); /* rather than hang */
	join(&reader, 0, 1);
	join(&other, 2, 2);
	pid = fork();
	if (pid == 0)
		babble(1, 100);
	/* How many stops hit a message is the scheduler's affair. */
	for (int i = 0; i < 200 || waited < 5; i++) {
		until = now_ns() + random_next(&seed) % NS_PER_MS;
		do
			assert_true(read_all_of(&reader, &last) >= 0);
		while (now_ns() < until);
		kill(pid, SIGSTOP);
		assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
		assert_true(read_all_of(&reader, &last) >= 0);
		waited += broadcast_behind(&reader) > 0;
		say(&other, "next");
		assert_true(hears_soon(&reader, "next"));
		assert_hears_nothing(&reader);
		kill(pid, SIGCONT);
	}
	kill(pid, SIGKILL);
	end_of(pid, SIGKILL);
	alarm(0);
	assert_true(waited > 0); /* within a message; a busy machine: 1 in 10 */
}

/* ---- many at once, as processes and as threads ---- */

enum { SENDERS = 3, READERS = 3, MESSAGES = 2000 };

/* One that runs beside the others; what it found goes to its exit status. */
struct role {
	const char *(*act)(const struct role *role);
	uint32_t worker;
	uint64_t number;
};

/* Until somebody spoke. False: nobody did, though it was to be. */
static bool
sleep_in(struct broadcast_member *me)
{
	struct timespec limit = clock_timespec(LONG_NS);
	int n = -1;

	errno = EINTR;
	if (broadcast_sleep(me, false))
		n = ppoll(NULL, 0, &limit, &me->mask);
	broadcast_awake(me);
	return n < 0 && errno == EINTR;
}

static const char *
send_many(const struct role *role)
{
	struct broadcast_member me;
	uint64_t seed = role->number, wait;
	char *buf = malloc(BROADCAST_MAX);

	join(&me, role->worker, role->number);
	for (uint64_t i = 1; i <= MESSAGES; i++) {
		struct broadcast_message message = {
		    .len = 8 + (uint32_t)(random_next(&seed) % 500)};

		compose(buf, message.len, role->number, i);
		while ((wait = broadcast_publish(&me, &message, buf)) > 0)
			clock_wait_ns(wait);
	}
	broadcast_leave(&me);
	free(buf);
	return NULL;
}

/* All of all senders, each in order. */
static const char *
read_many(const struct role *role)
{
	struct broadcast_member me;
	struct broadcast_message message;
	uint64_t last[SENDERS + 1] = {0};
	unsigned done = 0;
	const char *wrong = NULL;
	char *buf = malloc(BROADCAST_MAX), *scratch = malloc(BROADCAST_MAX);

	join(&me, role->worker, role->number);
	while (!wrong && done < SENDERS) {
		int n = broadcast_next(&me, &message, buf, BROADCAST_MAX);

		if (n < 0)
			wrong = "lost";
		else if (n == 0 && !sleep_in(&me))
			wrong = "not woken";
		else if (n > 0 &&
			 (message.sender < 1 || message.sender > SENDERS))
			wrong = "not a sender";
		else if (n > 0 && check(&message, buf, scratch) !=
				      ++last[message.sender])
			wrong = "not whole, or not in order";
		else if (n > 0 && last[message.sender] == MESSAGES)
			done++;
	}
	broadcast_leave(&me);
	free(buf);
	free(scratch);
	return wrong;
}

/* One word there and back: each waits for the other all the time. */
static const char *
play_ball(const struct role *role)
{
	struct broadcast_member me;
	struct broadcast_message message = {.len = 8};
	char buf[8], scratch[8];
	uint64_t ball = role->number == 1 ? 1 : 0, wait;

	join(&me, role->worker, role->number);
	while (ball < 2 * MESSAGES) {
		if (ball % 2 == role->number % 2) {
			message.len = 8;
			compose(buf, 8, role->number, ball);
			/* The other may not have joined yet. */
			while ((wait = broadcast_publish(&me, &message, buf)))
				clock_wait_ns(wait);
			ball++;
			continue;
		}
		if (broadcast_next(&me, &message, buf, 8) > 0) {
			if (check(&message, buf, scratch) != ball)
				return "not the ball";
			ball++;
		} else if (!sleep_in(&me)) {
			return "not woken";
		}
	}
	broadcast_leave(&me);
	return NULL;
}

static void
wait_for_members(size_t count)
{
	struct broadcast_entry entries[WORKERS + 1];
	uint64_t until = now_ns() + LONG_NS;

	while (listed(entries) < count && now_ns() < until)
		nap_ms(1);
	assert_int_equal(listed(entries), count);
}

static pid_t
begin_process(const struct role *role)
{
	pid_t pid = fork();

	if (pid == 0) {
		const char *wrong = role->act(role);

		if (wrong)
			dprintf(STDERR_FILENO, "member %u: %s\n", role->worker,
			    wrong);
		_exit(wrong ? 99 : 0);
	}
	return pid;
}

static void *
run_role(void *role)
{
	return (void *)((struct role *)role)->act(role);
}

static pthread_t
begin_thread(struct role *role)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run_role, role), 0);
	return thread;
}

static void
end_thread(pthread_t thread)
{
	void *wrong;

	pthread_join(thread, &wrong);
	if (wrong)
		fail_msg("%s", (char *)wrong);
}

ROOM_TEST(processes_hear_each_sender_whole_and_in_order)
{
	pid_t pids[SENDERS + READERS];
	uint32_t i;

	for (i = 0; i < READERS; i++)
		pids[i] = begin_process(&(struct role){read_many, i, 100 + i});
	wait_for_members(READERS);
	for (; i < READERS + SENDERS; i++)
		pids[i] = begin_process(
		    &(struct role){send_many, i, i - READERS + 1});
	for (i = 0; i < COUNT_OF(pids); i++)
		end_of(pids[i], 0);
}

THREADS_TEST(threads_hear_each_sender_whole_and_in_order)
{
	pthread_t threads[SENDERS + READERS];
	struct role roles[SENDERS + READERS];
	uint32_t i;

	for (i = 0; i < READERS; i++) {
		roles[i] = (struct role){read_many, i, 100 + i};
		threads[i] = begin_thread(&roles[i]);
	}
	wait_for_members(READERS);
	for (; i < READERS + SENDERS; i++) {
		roles[i] = (struct role){send_many, i, i - READERS + 1};
		threads[i] = begin_thread(&roles[i]);
	}
	for (i = 0; i < COUNT_OF(threads); i++)
		end_thread(threads[i]);
}

ROOM_TEST(no_wake_up_is_lost_between_processes)
{
	pid_t two, one;

	two = begin_process(&(struct role){play_ball, 2, 2});
	wait_for_members(1);
	one = begin_process(&(struct role){play_ball, 1, 1});
	end_of(one, 0);
	end_of(two, 0);
}

THREADS_TEST(no_wake_up_is_lost_between_threads)
{
	struct role one = {play_ball, 1, 1}, two = {play_ball, 2, 2};
	pthread_t first, second;

	second = begin_thread(&two);
	wait_for_members(1);
	first = begin_thread(&one);
	end_thread(first);
	end_thread(second);
}

RUN_TESTS(NULL, NULL)
