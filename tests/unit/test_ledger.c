/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "common/net/ledger.h"

static void
adds_up(const struct ledger_view *v)
{
	assert_int_equal(v->accepted, v->active + v->served + v->refused +
					  v->timed_out + v->failed +
					  v->crashed);
}

TEST(a_new_ledger_is_empty)
{
	struct ledger_shown shown = {0};
	struct ledger ledger = {.shown = &shown};
	struct ledger_view v = ledger_count(&ledger), empty = {0};

	assert_memory_equal(&v, &empty, sizeof(v));
	v = ledger_read(&shown);
	assert_memory_equal(&v, &empty, sizeof(v));
}

TEST(each_outcome_has_its_own_count)
{
	static const size_t at[OUTCOME_COUNT] = {
	    [OUTCOME_SERVED] = offsetof(struct ledger_view, served),
	    [OUTCOME_TIMED_OUT] = offsetof(struct ledger_view, timed_out),
	    [OUTCOME_FAILED] = offsetof(struct ledger_view, failed),
	    [OUTCOME_CRASHED] = offsetof(struct ledger_view, crashed),
	};

	for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
		struct ledger_shown shown = {0};
		struct ledger ledger = {.shown = &shown};
		struct ledger_view v, expected = {.accepted = 1};

		ledger_accept(&ledger);
		v = ledger_read(&shown);
		assert_int_equal(v.active, 1);
		ledger_end(&ledger, (enum outcome)outcome);
		v = ledger_read(&shown);
		memcpy((char *)&expected + at[outcome], &(uint64_t){1},
		    sizeof(uint64_t));
		assert_memory_equal(&v, &expected, sizeof(v));
	}
}

TEST(the_equation_holds_after_every_step)
{
	struct ledger_shown shown = {0};
	struct ledger ledger = {.shown = &shown};
	uint64_t random = 7, accepted = 0, refused = 0, active = 0;

	for (int i = 0; i < 20000; i++) {
		uint64_t what = random_next(&random) % 8;
		struct ledger_view v;

		if (what < 4 || !active) {
			ledger_accept(&ledger);
			accepted++;
			active++;
		} else if (what == 4) {
			ledger_refuse(&ledger);
			refused++;
			active--;
		} else {
			ledger_end(
			    &ledger, (enum outcome)(
					 random_next(&random) % OUTCOME_COUNT));
			active--;
		}
		v = ledger_read(&shown);
		adds_up(&v);
		assert_int_equal(v.accepted, accepted);
		assert_int_equal(v.refused, refused);
		assert_int_equal(v.active, active);
		v = ledger_count(&ledger);
		adds_up(&v);
		assert_int_equal(v.active, active);
	}
}

/* It may have been changed by a worker that writes where it should not. */
TEST(what_workers_see_is_never_trusted)
{
	struct ledger_shown shown;
	struct ledger ledger = {.shown = &shown};
	struct ledger_view v, expected = {.accepted = 2, .active = 2};

	memset(&shown, 0xff, sizeof(shown));
	ledger_accept(&ledger);
	memset(&shown, 0xff, sizeof(shown));
	ledger_accept(&ledger);
	v = ledger_count(&ledger);
	assert_memory_equal(&v, &expected, sizeof(v));
	v = ledger_read(&shown);
	assert_memory_equal(&v, &expected, sizeof(v));
	/* Nor does a reader wait for ever for what nobody will write. */
	memset(&shown, 0xff, sizeof(shown));
	ledger_read(&shown);
}

/* ---- one writer, many readers ---- */

struct shared {
	struct ledger_shown ledger;
	atomic_bool stop;
	atomic_uint readers; /* that have begun */
};

/*
 * The writer has one worker at the most, and ends its workers as served and as
 * failed in turn; while it has one that will be served, it refuses a second
 * client. A torn copy breaks one of that. Returns what broke, or NULL.
 */
static const char *
watch(struct shared *shared, uint64_t *reads)
{
	struct ledger_view last = {0};

	atomic_fetch_add(&shared->readers, 1);
	while (!atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
		struct ledger_view v = ledger_read(&shared->ledger);

		if (v.active > 2)
			return "more active than there ever were";
		if (v.refused < v.served || v.refused > v.served + 1)
			return "a refusal out of its turn";
		if (v.served < v.failed || v.served > v.failed + 1)
			return "an end before the one before it";
		if (v.accepted < last.accepted || v.served < last.served ||
		    v.refused < last.refused)
			return "an older copy after a newer one";
		last = v;
		++*reads;
	}
	return NULL;
}

static void
write_until(struct shared *shared, unsigned readers)
{
	struct ledger ledger = {.shown = &shared->ledger};
	struct timespec until, now;

	while (atomic_load(&shared->readers) < readers)
		continue;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += 60 * 1000000;
	do {
		for (int i = 0; i < 1000; i++) {
			ledger_accept(&ledger);
			ledger_accept(&ledger);
			ledger_refuse(&ledger);
			ledger_end(&ledger, OUTCOME_SERVED);
			ledger_accept(&ledger);
			ledger_end(&ledger, OUTCOME_FAILED);
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - until.tv_sec) * 1000000000 + now.tv_nsec <
		 until.tv_nsec);
	atomic_store(&shared->stop, true);
}

struct reader {
	pthread_t thread;
	struct shared *shared;
	const char *broken;
	uint64_t reads;
};

static void *
reader_main(void *arg)
{
	struct reader *reader = arg;

	reader->broken = watch(reader->shared, &reader->reads);
	return NULL;
}

TEST(a_thread_never_reads_half_a_step)
{
	static struct shared shared;
	struct reader readers[2] = {{.shared = &shared}, {.shared = &shared}};

	for (size_t i = 0; i < COUNT_OF(readers); i++)
		pthread_create(
		    &readers[i].thread, NULL, reader_main, &readers[i]);
	write_until(&shared, COUNT_OF(readers));
	for (size_t i = 0; i < COUNT_OF(readers); i++) {
		pthread_join(readers[i].thread, NULL);
		if (readers[i].broken)
			fail_msg("%s", readers[i].broken);
		assert_int_not_equal(readers[i].reads, 0);
	}
}

TEST(a_process_never_reads_half_a_step)
{
	struct shared *shared = mmap(NULL, sizeof(*shared),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t reads = 0;
	int status;
	pid_t pid;

	assert_ptr_not_equal(shared, MAP_FAILED);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(watch(shared, &reads) ? 1 : reads ? 0 : 2);
	write_until(shared, 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	munmap(shared, sizeof(*shared));
}

/* ---- as text ---- */

static const struct ledger_view VIEW = {
    .accepted = UINT64_MAX,
    .active = 1,
    .served = 2,
    .refused = 3,
    .timed_out = 4,
    .failed = 5,
    .crashed = 6,
};

TEST(words_are_in_the_order_of_the_manual)
{
	char buf[200], small[16];

	assert_string_equal(ledger_format(&VIEW, buf, sizeof(buf)),
	    "accepted 18446744073709551615, active 1, served 2, refused 3, "
	    "timed_out 4, failed 5, crashed 6");
	assert_string_equal(
	    ledger_format(&VIEW, small, sizeof(small)), "accepted 184467");
}

TEST(json_is_one_line)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(ledger_write(&VIEW, out), 0);
	fclose(out);
	assert_string_equal(text,
	    "{\"schema\":\"perconn.ledger/1\","
	    "\"accepted\":18446744073709551615,\"active\":1,\"served\":2,"
	    "\"refused\":3,\"timed_out\":4,\"failed\":5,\"crashed\":6}\n");
	free(text);
}

TEST(a_full_disk_is_reported)
{
	FILE *full = fopen("/dev/full", "w");

	if (!full)
		skip();
	errno = 0;
	assert_int_equal(ledger_write(&VIEW, full), -1);
	assert_int_equal(errno, ENOSPC);
	fclose(full);
}

RUN_TESTS(NULL, NULL)
