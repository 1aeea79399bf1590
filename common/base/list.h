/* SPDX-License-Identifier: MIT */
/*
 * list: an intrusive, circular, doubly linked list, used as a queue: first in,
 * first out.
 *
 * The head is a node without an element, so an empty list is no special case,
 * and a node leaves its list without knowing which list that is:
 *
 *	list_init(&waiting);
 *	list_append(&waiting, &session->link);
 *	list_move(&session->link, &resting);
 *
 * The elements stay the caller's. A head or a linked node must not move in
 * memory. Not thread-safe.
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

/* NODE is in no list. */
static inline void
list_append(struct list_node *head, struct list_node *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* NODE is in a list. */
static inline void
list_remove(struct list_node *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
}

/* Moves NODE from its list to the end of the list of HEAD, which may be the
 * same one. */
static inline void
list_move(struct list_node *node, struct list_node *head)
{
	list_remove(node);
	list_append(head, node);
}

#endif
