/* SPDX-License-Identifier: MIT */
/* question: what does not go together, and what stands for what is missing. */
#include "common/cli/question.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/hint.h"
#include "common/load/protocol_table.h"
#include "common/net/web_url.h"

int
question_parse_protocol(void *protocol, const char *text)
{
	const struct protocol **found = protocol;

	*found = protocol_find(text);
	return *found ? 0 : -1;
}

static const char *
protocol_name(const void *context, size_t i)
{
	(void)context;
	return PROTOCOL_TABLE[i] ? PROTOCOL_TABLE[i]->name : NULL;
}

void
question_hint_protocol(
    const void *protocol, const char *text, char *why, size_t size)
{
	(void)protocol;
	hint_name(
	    hint_nearest(text, strlen(text), protocol_name, NULL), why, size);
}

int
question_parse_rates(void *rates, const char *text)
{
	return rate_list_parse(rates, text);
}

void
question_hint_rates(const void *rates, const char *text, char *why, size_t size)
{
	size_t at = 0, len;

	(void)rates;
	if (strchr(text, ':') && strchr(text, ':') == strrchr(text, ':')) {
		snprintf(why, size, "the STEP is missing: write FROM:TO:STEP");
		return;
	}
	for (;; at += len + 1) {
		len = strcspn(text + at, ":,");
		if (hint_part(
			QUANTITY_COUNT, text, at, len, 1, RATE_MAX, why, size))
			return;
		if (!text[at + len])
			break;
	}
	if (strchr(text, ':'))
		snprintf(why, size, "it goes down, or has too many steps");
}

const char *
question_given(const struct question *question)
{
	const struct {
		bool given;
		const char *option;
	} all[] = {
	    {question->connections, "--connections"},
	    {question->rates.count, "--rate"},
	    {question->size, "--size"},
	    {question->churn, "--churn"},
	    {question->protocol, "--protocol"},
	    {question->path, "--path"},
	    {question->timeout_ns, "--timeout"},
	    {question->tls, "--tls"},
	    {question->insecure, "--insecure"},
	    {http_options_given(&question->http),
		http_options_given(&question->http)},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].given)
			return all[i].option;
	}
	return NULL;
}

static void
check(const struct question *question)
{
	const struct protocol *p = question->protocol;
	const char *path = question->path;
	char why[100];

	if (question->size && !p->sized)
		usage_error("--size %llu: requests of --protocol %s have a "
			    "size of their own; leave --size out",
		    (unsigned long long)question->size, p->name);
	if (path && !p->path)
		usage_error(
		    "--path %.200s: works with --protocol http and ws only",
		    path);
	if (path && path[0] != '/' && strcmp(path, "*") != 0)
		usage_error("--path %.200s: a path begins with /", path);
	if (path && web_url_refuses(path, why, sizeof(why)))
		usage_error("--path %.200s: %s", path, why);
}

void
question_complete(struct question *question)
{
	if (!question->protocol)
		question->protocol = PROTOCOL_TABLE[0];
	check(question);
	if (!question->path)
		question->path = question->protocol->path;
	if (!question->connections)
		question->connections = 16;
	if (!question->size)
		question->size = 64;
	if (!question->timeout_ns)
		question->timeout_ns = 5 * NS_PER_S;
	http_options_complete(&question->http, question->protocol);
}

void
question_release(struct question *question)
{
	http_options_release(&question->http);
}
