/* SPDX-License-Identifier: MIT */
/*
 * lab_page: reads a lab's page, docs/labs/NAME/README.md or README.zh.md, by
 * its headings.
 *
 * The headings are those of the languages' tables below, in any number of
 * spaces and in any order; what stands under others is not looked at. Text is
 * Markdown as it was written, unless a call says otherwise. A page is a view of
 * the text that the client has within it: nothing is allocated.
 */
#ifndef COMMON_LAB_LAB_PAGE_H
#define COMMON_LAB_LAB_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/lab/lab_facts.h"

enum lab_section {
	LAB_BELIEF,
	LAB_QUESTION,
	LAB_COMMAND,
	LAB_BY_HAND,
	LAB_RESULT,
	LAB_WHY,
	LAB_REPAIR,
	LAB_CHECK,
	LAB_NEXT,
	LAB_REAL_WORLD,
	LAB_READING,
	LAB_SECTIONS,
};

#define LAB_ANSWERS 4
#define LAB_PAGE_TEXT 8192

/* A part of a page. */
struct lab_text {
	const char *at;
	size_t len;
};

struct lab_page {
	bool zh;
	struct lab_text all;
	struct lab_text title; /* without the lab's name */
	struct lab_text needs; /* the line below it: minutes, needs */
	struct lab_text section[LAB_SECTIONS];
	struct lab_text question; /* before the answers */
	size_t answers;
	struct lab_text answer[LAB_ANSWERS]; /* without "- A. " */
	struct lab_text hand; /* the first block of commands of By hand */
};

/* The heading as it stands in pages of that language. */
const char *
lab_heading(enum lab_section section, bool zh);

/* Reads TEXT of LEN bytes, which stays. Sections that are not there are empty.
 */
void
lab_page_read(struct lab_page *page, const char *text, size_t len, bool zh);

/* Finds the page of the lab NAME; without a Chinese one, the English one. False
 * if there is none. */
bool
lab_page_find(struct lab_page *page, const char *name, bool zh);

/*
 * Copies TEXT to BUF (SIZE bytes) without Markdown: bold and links become plain
 * text. The bold numbers of the Question become those of FACTS, in which the
 * parameters of LAB are; NULL: the page's.
 */
struct lab;
char *
lab_page_plain(const struct lab_text *text, const struct lab *lab,
    const struct lab_facts *facts, char *buf, size_t size);

#endif
