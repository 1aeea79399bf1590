/* SPDX-License-Identifier: MIT */
/* lab_page: headings, answers, a block of commands, and plain words. */
#include "common/lab/lab_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/lab/lab.h"
#include "common/lab/lab_pages.h"

static const char *const HEADINGS[2][LAB_SECTIONS] = {
    {"Belief", "Question", "Command", "By hand", "Result", "Why", "Repair",
	"Check", "Next", "Real world", "Reading"},
    {"误解", "问题", "命令", "手动运行", "结果", "为什么", "修复", "检查",
	"下一步", "真实世界", "阅读"},
};

const char *
lab_heading(enum lab_section section, bool zh)
{
	return HEADINGS[zh][section];
}

/* ---- lines ---- */

/* Takes the next line of TEXT, without its end. False if there is none. */
static bool
take_line(struct lab_text *text, struct lab_text *line)
{
	const char *newline;

	if (!text->len)
		return false;
	newline = memchr(text->at, '\n', text->len);
	line->at = text->at;
	line->len = newline ? (size_t)(newline - text->at) : text->len;
	text->at += line->len + (newline != NULL);
	text->len -= line->len + (newline != NULL);
	return true;
}

static struct lab_text
trimmed(struct lab_text text)
{
	while (text.len && strchr(" \t\r\n", text.at[0])) {
		text.at++;
		text.len--;
	}
	while (text.len && strchr(" \t\r\n", text.at[text.len - 1]))
		text.len--;
	return text;
}

static bool
begins(const struct lab_text *text, const char *with)
{
	size_t len = strlen(with);

	return text->len >= len && memcmp(text->at, with, len) == 0;
}

static bool
is(const struct lab_text *text, const char *what)
{
	return text->len == strlen(what) && begins(text, what);
}

/* What lies between two places of one text. */
static struct lab_text
between(const char *from, const char *to)
{
	return trimmed((struct lab_text){from, (size_t)(to - from)});
}

static bool
is_fence(const struct lab_text *line)
{
	return begins(line, "```");
}

/* ---- a page ---- */

/* Which section LINE begins; LAB_SECTIONS if it begins another one, or none. */
static enum lab_section
section_of(const struct lab_text *line, bool zh)
{
	struct lab_text name = {line->at + 2, line->len - 2};
	enum lab_section section = 0;

	name = trimmed(name);
	while (section < LAB_SECTIONS && !is(&name, HEADINGS[zh][section]))
		section++;
	return section;
}

/* A "#" within a block is a comment of a shell. */
static void
read_sections(struct lab_page *page)
{
	struct lab_text rest = page->all, line;
	enum lab_section open = LAB_SECTIONS;
	const char *from = rest.at;
	bool block = false;

	while (take_line(&rest, &line)) {
		block ^= is_fence(&line);
		if (block || !begins(&line, "## "))
			continue;
		if (open < LAB_SECTIONS)
			page->section[open] = between(from, line.at);
		open = section_of(&line, page->zh);
		from = rest.at;
	}
	if (open < LAB_SECTIONS)
		page->section[open] = between(from, rest.at);
}

/* "# race: title", and the first line of words after it. */
static void
read_head(struct lab_page *page)
{
	struct lab_text rest = page->all, line;
	const char *colon;

	do {
		if (!take_line(&rest, &line))
			return;
	} while (!begins(&line, "# "));
	colon = memchr(line.at, ':', line.len);
	page->title = colon ? between(colon + 1, line.at + line.len)
			    : between(line.at + 1, line.at + line.len);
	while (take_line(&rest, &line)) {
		line = trimmed(line);
		if (begins(&line, "#"))
			return;
		if (line.len) {
			page->needs = line;
			return;
		}
	}
}

/* "- B. " is answer 1; LAB_ANSWERS: it is none. */
static size_t
answer_of(const struct lab_text *line)
{
	if (!begins(line, "- ") || line->len < 5 || line->at[3] != '.' ||
	    line->at[2] < 'A' || line->at[2] >= 'A' + LAB_ANSWERS)
		return LAB_ANSWERS;
	return (size_t)(line->at[2] - 'A');
}

/* They are in order, and each goes on until the next or an empty line. */
static void
read_answers(struct lab_page *page)
{
	struct lab_text rest = page->section[LAB_QUESTION], line;
	struct lab_text *open = NULL;

	page->question = rest;
	while (take_line(&rest, &line)) {
		if (answer_of(&line) == page->answers &&
		    page->answers < LAB_ANSWERS) {
			if (!page->answers)
				page->question = between(
				    page->section[LAB_QUESTION].at, line.at);
			open = &page->answer[page->answers++];
			*open = between(line.at + 4, line.at + line.len);
		} else if (!trimmed(line).len) {
			open = NULL;
		} else if (open) {
			*open = between(open->at, line.at + line.len);
		}
	}
}

static void
read_hand(struct lab_page *page)
{
	struct lab_text rest = page->section[LAB_BY_HAND], line;
	const char *from = NULL;

	while (take_line(&rest, &line)) {
		if (!is_fence(&line))
			continue;
		if (from) {
			page->hand = between(from, line.at);
			return;
		}
		from = rest.at;
	}
}

void
lab_page_read(struct lab_page *page, const char *text, size_t len, bool zh)
{
	*page = (struct lab_page){.zh = zh, .all = {text, len}};
	read_head(page);
	read_sections(page);
	read_answers(page);
	read_hand(page);
}

/* ---- the pages within the client ---- */

static bool
find_language(struct lab_page *page, const char *name, bool zh)
{
	char head[200];
	const char *at, *end;

	snprintf(head, sizeof(head), "\036docs/labs/%s/README%s.md\n", name,
	    zh ? ".zh" : "");
	at = strstr(LAB_PAGES, head);
	if (!at)
		return false;
	at += strlen(head);
	end = strchr(at, '\036');
	lab_page_read(page, at, end ? (size_t)(end - at) : strlen(at), zh);
	return true;
}

bool
lab_page_find(struct lab_page *page, const char *name, bool zh)
{
	return (zh && find_language(page, name, true)) ||
	       find_language(page, name, false);
}

/* ---- plain words ---- */

struct plain {
	const struct lab *lab;
	const struct lab_facts *facts;
	char *buf;
	size_t len, size;
};

static void
put(struct plain *out, const char *text, size_t len)
{
	if (out->len + len >= out->size)
		len = out->size - 1 - out->len;
	memcpy(out->buf + out->len, text, len);
	out->len += len;
}

/* A bold number is the parameter with that value on the page. */
static void
put_number(struct plain *out, uint64_t number)
{
	char text[24];

	for (size_t i = 0; out->facts && i < LAB_PARAMETERS; i++) {
		const struct lab_parameter *p = &out->lab->parameters[i];

		if (p->name && p->value == number) {
			number = (uint64_t)lab_value(out->facts, "%s", p->name);
			break;
		}
	}
	put(out, text,
	    (size_t)snprintf(text, sizeof(text), "%" PRIu64, number));
}

static void
put_bold(struct plain *out, const char *text, size_t len)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	if (len && end == text + len && text[0] >= '0' && text[0] <= '9')
		put_number(out, number);
	else
		put(out, text, len);
}

/* A link begins at AT; returns where it ends, or NULL if it is none: then the
 * bracket is that of `a[1]`, say. */
static const char *
put_link(struct plain *out, const char *at, const char *end)
{
	const char *word = at + 1, *middle = word, *close;

	while (middle < end && *middle != '[' && *middle != ']')
		middle++;
	if (end - middle < 2 || memcmp(middle, "](", 2) != 0)
		return NULL;
	close = memchr(middle, ')', (size_t)(end - middle));
	if (close)
		put(out, word, (size_t)(middle - word));
	return close ? close + 1 : NULL;
}

char *
lab_page_plain(const struct lab_text *text, const struct lab *lab,
    const struct lab_facts *facts, char *buf, size_t size)
{
	struct plain out = {lab, facts, buf, 0, size};
	const char *at = text->at, *end = at + text->len, *next;

	while (at < end) {
		size_t left = (size_t)(end - at);

		if (left > 4 && memcmp(at, "**", 2) == 0 &&
		    (next = memmem(at + 2, left - 2, "**", 2))) {
			put_bold(&out, at + 2, (size_t)(next - at) - 2);
			at = next + 2;
		} else if (*at == '[' && (next = put_link(&out, at, end))) {
			at = next;
		} else {
			put(&out, at++, 1);
		}
	}
	buf[out.len] = '\0';
	return buf;
}
