/* SPDX-License-Identifier: MIT */
/*
 * link: a ring that things are hung into, the first in first out.
 *
 * The ring's head is a link of its own, so nothing is a special case, and what
 * is in a ring leaves it without knowing which one it is:
 *
 *	link_init(&waiting);
 *	link_append(&waiting, &session->link);
 *	link_move(&session->link, &resting);
 *
 * A head must not move in memory. One thread at a time.
 */
#ifndef COMMON_BASE_LIST_H
#define COMMON_BASE_LIST_H

#include <stdbool.h>

struct link {
	struct link *prev, *next;
};

static inline void
link_init(struct link *head)
{
	head->prev = head->next = head;
}

static inline bool
link_empty(const struct link *head)
{
	return head->next == head;
}

/* LINK is in no ring. */
static inline void
link_append(struct link *head, struct link *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

/* LINK is in one. */
static inline void
link_remove(struct link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
}

/* From the ring that it is in to the end of another, or of the same. */
static inline void
link_move(struct link *link, struct link *head)
{
	link_remove(link);
	link_append(head, link);
}

#endif
