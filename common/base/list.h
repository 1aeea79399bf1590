/* SPDX-License-Identifier: MIT */
/*
 * list: a ring that things are hung into, the first in first out.
 *
 * The ring's head is a link of its own, so nothing is a special case, and what
 * is in a ring leaves it without knowing which one it is:
 *
 *	list_init(&waiting);
 *	list_append(&waiting, &session->link);
 *	list_move(&session->link, &resting);
 *
 * A head must not move in memory. One thread at a time.
 */
#ifndef COMMON_BASE_LIST_H
#define COMMON_BASE_LIST_H

#include <stdbool.h>

struct list_node {
	struct list_node *prev, *next;
};

static inline void
list_init(struct list_node *head)
{
	head->prev = head->next = head;
}

static inline bool
list_empty(const struct list_node *head)
{
	return head->next == head;
}

/* LINK is in no ring. */
static inline void
list_append(struct list_node *head, struct list_node *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

/* LINK is in one. */
static inline void
list_remove(struct list_node *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
}

/* From the ring that it is in to the end of another, or of the same. */
static inline void
list_move(struct list_node *link, struct list_node *head)
{
	list_remove(link);
	list_append(head, link);
}

#endif
