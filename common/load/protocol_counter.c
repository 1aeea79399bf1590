/* SPDX-License-Identifier: MIT */
/*
 * protocol_counter: each line adds one to the server's counter and gets the new
 * value. If a value comes twice, an update was lost. On one connection values
 * must rise.
 *
 * A bit map says which values came. It begins a little below the first value
 * received, because replies of several connections come in any order.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/load/protocol.h"

static const char LINE[] = "+1\n";

/* 256 MiB of bits: three hours at 200,000 replies per second. */
#define VALUES_MAX ((uint64_t)1 << 31)
#define WORD_BITS 64

struct counter_run {
	uint64_t *words;
	uint64_t base; /* the value of the first bit; a multiple of 64 */
	size_t count;  /* words */
};

struct counter_state {
	uint64_t last;	/* the latest value of this connection */
	uint64_t value; /* the digits received so far */
};

static int
counter_open(struct protocol_run *run)
{
	run->own = calloc(1, sizeof(struct counter_run));
	return run->own ? 0 : -1;
}

static void
counter_close(struct protocol_run *run)
{
	struct counter_run *c = run->own;

	if (c)
		free(c->words);
	free(c);
	run->own = NULL;
}

static void
counter_request(struct protocol_run *run, struct exchange *x)
{
	struct counter_state *state = x->own;

	(void)run;
	state->value = 0;
	x->out = LINE;
	x->out_len = sizeof(LINE) - 1;
}

/* Extends the bit map to VALUE, on either side. 0; or -1 if it gets too large.
 */
static int
make_room(struct counter_run *c, uint64_t value, uint64_t slack)
{
	uint64_t low = c->base, high = c->base + c->count * WORD_BITS;
	uint64_t *words;
	size_t count;

	/* So that no sum below overflows. */
	if (value > UINT64_MAX / 2)
		return -1;
	if (!c->count)
		low = high = value;
	if (value <= low)
		low =
		    value > slack ? (value - slack) / WORD_BITS * WORD_BITS : 0;
	if (value >= high)
		high = value + (value - low) / 2 + 64 * WORD_BITS;
	if (value - low >= VALUES_MAX)
		return -1;
	if (high - low > VALUES_MAX)
		high = low + VALUES_MAX;
	if (high < c->base + c->count * WORD_BITS)
		return -1;
	count = (high - low + WORD_BITS - 1) / WORD_BITS;
	words = calloc(count, sizeof(words[0]));
	if (!words)
		return -1;
	if (c->count)
		memcpy(words + (c->base - low) / WORD_BITS, c->words,
		    c->count * sizeof(words[0]));
	free(c->words);
	c->words = words;
	c->base = low;
	c->count = count;
	return 0;
}

/* Marks VALUE. 1: it came before; 0; or -1: it is out of range. */
static int
came_before(struct counter_run *c, uint64_t value, uint64_t slack)
{
	uint64_t bit, mask;
	int before;

	if (value < c->base || value - c->base >= c->count * WORD_BITS) {
		if (make_room(c, value, slack) < 0)
			return -1;
	}
	bit = value - c->base;
	mask = (uint64_t)1 << bit % WORD_BITS;
	before = (c->words[bit / WORD_BITS] & mask) != 0;
	c->words[bit / WORD_BITS] |= mask;
	return before;
}

static enum reply_check
judge_value(struct protocol_run *run, struct counter_state *state)
{
	uint64_t last = state->last;
	int before = came_before(run->own, state->value, run->all + WORD_BITS);

	if (before < 0)
		return reply_wrong(run,
		    "%" PRIu64 " is too far from the values before it",
		    state->value);
	if (state->value > last)
		state->last = state->value;
	if (before) {
		run->lost_updates++;
		reply_wrong(run, "%" PRIu64 " came twice: an update was lost",
		    state->value);
		return REPLY_WRONG_KEEP;
	}
	if (state->value <= last) {
		reply_wrong(run,
		    "%" PRIu64 " after %" PRIu64 " on one connection",
		    state->value, last);
		return REPLY_WRONG_KEEP;
	}
	return REPLY_COMPLETE;
}

/* Values that both runs got. */
static uint64_t
counter_merge(struct protocol_run *run, const struct protocol_run *other)
{
	const struct counter_run *from = other->own;
	uint64_t count = 0;

	for (uint64_t i = 0; i < from->count * WORD_BITS; i++) {
		if (!(from->words[i / WORD_BITS] >> i % WORD_BITS & 1) ||
		    came_before(
			run->own, from->base + i, run->all + WORD_BITS) != 1)
			continue;
		if (!count++)
			reply_wrong(run,
			    "%" PRIu64 " came twice, on connections of two "
			    "threads: an update was lost",
			    from->base + i);
	}
	return count;
}

static enum reply_check
counter_judge(
    struct protocol_run *run, struct exchange *x, const char *buf, size_t len)
{
	struct counter_state *state = x->own;

	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(buf[i] - '0');

		if (buf[i] == '\n' && x->received) {
			if (i + 1 < len)
				return reply_wrong(run,
				    "%zu bytes too many after the answer "
				    "(doubled?)",
				    len - i - 1);
			return judge_value(run, state);
		}
		if (digit > 9 ||
		    __builtin_mul_overflow(state->value, 10, &state->value) ||
		    __builtin_add_overflow(state->value, digit, &state->value))
			return reply_wrong(run,
			    "byte %zu is 0x%02x: the answer is not a number "
			    "and an end of line",
			    x->received, (unsigned char)buf[i]);
		x->received++;
	}
	return REPLY_MORE;
}

const struct protocol protocol_counter = {
    .name = "counter",
    .summary = "a line adds one to a counter; no value may come twice",
    .datagrams = true,
    .service = "counter",
    .own_size = sizeof(struct counter_state),
    .open = counter_open,
    .close = counter_close,
    .request = counter_request,
    .judge = counter_judge,
    .merge = counter_merge,
};
