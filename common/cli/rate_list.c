/* SPDX-License-Identifier: MIT */
/* rate_list: items between commas, numbers between colons. */
#include "common/cli/rate_list.h"

#include <string.h>

#include "common/base/units.h"

/* The word at *TEXT that ends before one of ENDS, which *TEXT then stands at,
 * as a rate. 0, or -1. */
static int
take_rate(const char **text, const char *ends, uint64_t *rate)
{
	size_t len = strcspn(*text, ends);
	char word[24];

	if (len >= sizeof(word))
		return -1;
	memcpy(word, *text, len);
	word[len] = '\0';
	*text += len;
	return parse_count(word, rate) < 0 || *rate < 1 || *rate > RATE_MAX ? -1
									    : 0;
}

static int
add(struct rate_list *rates, uint64_t rate)
{
	if (rates->count == RATE_LIST_MAX)
		return -1;
	rates->rates[rates->count++] = rate;
	return 0;
}

/* ":TO:STEP", after FROM. */
static int
add_steps(struct rate_list *rates, const char **text, uint64_t from)
{
	uint64_t to, step;

	++*text;
	if (take_rate(text, ":,", &to) < 0 || *(*text)++ != ':' ||
	    take_rate(text, ",", &step) < 0 || from > to)
		return -1;
	for (uint64_t rate = from; rate <= to; rate += step) {
		if (add(rates, rate) < 0)
			return -1;
	}
	return 0;
}

int
rate_list_parse(struct rate_list *rates, const char *text)
{
	rates->count = 0;
	for (;; text++) {
		uint64_t rate;
		int result;

		if (take_rate(&text, ":,", &rate) < 0)
			return -1;
		result = *text == ':' ? add_steps(rates, &text, rate)
				      : add(rates, rate);
		if (result < 0)
			return -1;
		if (!*text)
			return 0;
	}
}
