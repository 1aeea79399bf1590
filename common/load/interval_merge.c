/* SPDX-License-Identifier: MIT */
/* interval_merge: a list of intervals that begin at different times. */
#include "common/load/interval_merge.h"

#include <stdlib.h>

struct merged_interval {
	struct merged_interval *next;
	uint64_t from_ns, to_ns;
	uint32_t parts; /* that were added */
	struct load_result sum;
};

void
interval_merge_open(struct interval_merge *merge, uint32_t engines,
    void (*put)(void *context, const struct load_result *part, uint64_t from_ns,
	uint64_t to_ns),
    void *context)
{
	*merge = (struct interval_merge){
	    .engines = engines, .put = put, .context = context};
	pthread_mutex_init(&merge->lock, NULL);
}

static void
drop_first(struct interval_merge *merge)
{
	struct merged_interval *first = merge->first;

	merge->first = first->next;
	load_result_release(&first->sum);
	free(first);
}

static void
put_first(struct interval_merge *merge)
{
	const struct merged_interval *first = merge->first;

	merge->put(merge->context, &first->sum, first->from_ns, first->to_ns);
	drop_first(merge);
}

/* A new interval before *AT. NULL: no memory. */
static struct merged_interval *
insert(struct merged_interval **at, uint64_t from_ns)
{
	struct merged_interval *new = calloc(1, sizeof(*new));

	if (new &&load_result_init(&new->sum) < 0) {
		free(new);
		new = NULL;
	}
	if (!new)
		return NULL;
	new->from_ns = from_ns;
	new->next = *at;
	*at = new;
	return new;
}

/* That from FROM_NS on, made if there is none. NULL: no memory. */
static struct merged_interval *
find(struct interval_merge *merge, uint64_t from_ns)
{
	struct merged_interval **at = &merge->first;

	while (*at && (*at)->from_ns < from_ns)
		at = &(*at)->next;
	return *at && (*at)->from_ns == from_ns ? *at : insert(at, from_ns);
}

void
interval_merge_add(struct interval_merge *merge, const struct load_result *part,
    uint64_t from_ns, uint64_t to_ns)
{
	struct merged_interval *interval;

	pthread_mutex_lock(&merge->lock);
	interval = find(merge, from_ns);
	if (interval) {
		load_result_join(&interval->sum, part);
		interval->parts++;
		if (to_ns > interval->to_ns)
			interval->to_ns = to_ns;
	} else {
		merge->put(merge->context, part, from_ns, to_ns);
	}
	while (merge->first && merge->first->parts >= merge->engines)
		put_first(merge);
	pthread_mutex_unlock(&merge->lock);
}

void
interval_merge_flush(struct interval_merge *merge)
{
	pthread_mutex_lock(&merge->lock);
	while (merge->first)
		put_first(merge);
	pthread_mutex_unlock(&merge->lock);
}

void
interval_merge_close(struct interval_merge *merge)
{
	while (merge->first)
		drop_first(merge);
	pthread_mutex_destroy(&merge->lock);
}
