/* SPDX-License-Identifier: MIT */
/* http_options: each option's rules, and files that are read once. */
#include "common/cli/http_options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/log.h"
#include "common/load/protocol_table.h"
#include "common/net/http_slice.h"

#define FIELDS_MAX ((size_t)64 << 10)
#define BODY_MAX ((size_t)256 << 20)

/* ---- files ---- */

/* All of OPTION's @PATH, *LEN bytes and a NUL; the caller frees it. Dies of
 * what cannot be read, or is more than MAX. */
static char *
read_file(const char *option, const char *path, size_t max, size_t *len)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(path, "re");
	char *all = NULL, *more;
	size_t size = 4096, n = 1;

	for (*len = 0; in && n > 0 && *len <= max; *len += n) {
		if (*len + 1 >= size || !all) {
			size *= 2;
			more = realloc(all, size);
			if (!more)
				die(1, "%s @%.200s: %s", option, path,
				    strerror(errno));
			all = more;
		}
		n = fread(all + *len, 1, size - *len - 1, in);
	}
	if (!in || ferror(in))
		die(1, "%s @%.200s: %s", option, path, strerror(errno));
	if (*len > max)
		usage_error("%s @%.200s: has more than %zu KiB", option, path,
		    max >> 10);
	all[*len] = '\0';
	if (!is_stdin)
		fclose(in);
	return all;
}

/* ---- --method ---- */

int
http_options_parse_method(void *options, const char *text)
{
	struct http_options *o = options;
	char why[100] = "";

	o->method = text;
	http_options_hint_method(o, text, why, sizeof(why));
	return why[0] ? -1 : 0;
}

void
http_options_hint_method(
    const void *options, const char *text, char *why, size_t size)
{
	static const char *const known[] = {
	    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};

	(void)options;
	if (strcmp(text, "CONNECT") == 0)
		snprintf(why, size, "it makes a tunnel, which is no response");
	for (const char *at = text; *at && !why[0]; at++) {
		if (!http_is_class(*at, HTTP_TOKEN))
			snprintf(why, size, "a method cannot have %s",
			    *at == ' ' ? "a blank" : "such characters");
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcasecmp(text, known[i]) == 0 &&
		    strcmp(text, known[i]) != 0)
			snprintf(why, size, "write %s in capitals", known[i]);
	}
	if (!*text)
		snprintf(why, size, "it is empty");
}

/* ---- --header ---- */

/* Names that the client sets itself, and why. */
static const struct own_field {
	const char *name, *why;
	bool websocket; /* in an upgrade only */
} OWN_FIELDS[] = {
    {"Content-Length", "the client sends that of --body", false},
    {"Transfer-Encoding", "the client sends a Content-Length instead", false},
    {"Connection", "the upgrade of ws has its own", true},
    {"Upgrade", "the upgrade of ws has its own", true},
    {"Sec-WebSocket-Key", "the upgrade of ws has its own", true},
    {"Sec-WebSocket-Version", "the upgrade of ws has its own", true},
    {"Sec-WebSocket-Extensions", "the client knows none", true},
};
#define OWN_COUNT (sizeof(OWN_FIELDS) / sizeof(OWN_FIELDS[0]))

/* Why the NAME_LEN bytes at NAME are ours. */
static const char *
own_fault(const char *name, size_t name_len)
{
	for (size_t i = 0; i < OWN_COUNT; i++) {
		const struct own_field *own = &OWN_FIELDS[i];

		if (!own->websocket && strlen(own->name) == name_len &&
		    strncasecmp(own->name, name, name_len) == 0)
			return own->why;
	}
	return NULL;
}

/* Why the LEN bytes at LINE are no "Name: value"; NULL: they are. */
static const char *
fault_of(const char *line, size_t len)
{
	size_t name = 0;

	if (memchr(line, '\n', len) || memchr(line, '\r', len))
		return "a line break would begin another header: give each "
		       "its own --header";
	while (name < len && http_is_class(line[name], HTTP_TOKEN))
		name++;
	if (!memchr(line, ':', len))
		return "the colon after the name is missing";
	if (!name || line[name] != ':')
		return "its name cannot have a blank or such characters";
	for (size_t i = name; i < len; i++) {
		if (!http_is_class(line[i], HTTP_IN_LINE))
			return "it has a control character";
	}
	return own_fault(line, name);
}

/* Adds LINE, of LEN bytes, which has no fault. Returns 0, or -1 if that is too
 * much. */
static int
add_field(struct http_options *o, const char *line, size_t len)
{
	size_t before = o->fields ? strlen(o->fields) : 0;
	size_t name = (size_t)((const char *)memchr(line, ':', len) - line);
	const char *value = line + name + 1, *end = line + len;
	char *more;

	while (value < end && http_is_blank(*value))
		value++;
	while (end > value && http_is_blank(end[-1]))
		end--;
	if (before + len > FIELDS_MAX)
		return -1;
	if (asprintf(&more, "%s%.*s: %.*s\r\n", o->fields ? o->fields : "",
		(int)name, line, (int)(end - value), value) < 0)
		die(1, "--header: %s", strerror(errno));
	free(o->fields);
	o->fields = more;
	return 0;
}

/* One field in each line of PATH; empty lines do not count. A line may be a
 * secret, so that messages have its number only. */
static void
add_file(struct http_options *o, const char *path)
{
	size_t size, number = 1;
	char *all = read_file("--header", path, FIELDS_MAX, &size), *end;

	for (char *at = all; at < all + size; at = end + 1, number++) {
		size_t len = (size_t)(all + size - at);
		const char *fault;

		end = memchr(at, '\n', len);
		end = end ? end : all + size;
		len = (size_t)(end - at);
		if (len && at[len - 1] == '\r')
			len--;
		if (!len)
			continue;
		fault = fault_of(at, len);
		if (fault || add_field(o, at, len) < 0)
			usage_error("--header @%.200s: line %zu: %s", path,
			    number, fault ? fault : "the headers are too long");
	}
	free(all);
}

int
http_options_parse_header(void *options, const char *text)
{
	if (text[0] == '@' && text[1]) {
		add_file(options, text + 1);
		return 0;
	}
	if (fault_of(text, strlen(text)))
		return -1;
	return add_field(options, text, strlen(text));
}

void
http_options_hint_header(
    const void *options, const char *text, char *why, size_t size)
{
	const char *fault = fault_of(text, strlen(text));

	(void)options;
	snprintf(why, size, "%s",
	    !*text  ? "it is empty"
	    : fault ? fault
		    : "all headers together have more than 64 KiB");
}

/* ---- --body and --expect ---- */

int
http_options_parse_body(void *options, const char *text)
{
	((struct http_options *)options)->body = text;
	return strcmp(text, "@") == 0 ? -1 : 0;
}

int
http_options_parse_expect(void *options, const char *text)
{
	struct http_options *o = options;

	o->expect = text;
	return http_plan_expect(&o->plan, text);
}

void
http_options_hint_expect(
    const void *options, const char *text, char *why, size_t size)
{
	(void)options;
	if (text[0] == '1' && strlen(text) == 3)
		snprintf(why, size,
		    "interim responses (1xx) are skipped, and none is the "
		    "last");
	else if (strpbrk(text, " -;"))
		snprintf(why, size, "it has a blank, or no comma");
}

/* ---- together ---- */

const char *
http_options_given(const struct http_options *options)
{
	return options->method	   ? "--method"
	       : options->fields   ? "--header"
	       : options->body	   ? "--body"
	       : options->expect   ? "--expect"
	       : options->any_body ? "--any-body"
				   : NULL;
}

static void
check_protocol(const struct http_options *options, const struct protocol *p)
{
	struct http_options more = *options;
	const char *given;

	if (options->fields && p != &protocol_http && p != &protocol_ws)
		usage_error("--header: works with --protocol http and ws only");
	for (size_t i = 0; options->fields && i < OWN_COUNT; i++) {
		const struct own_field *own = &OWN_FIELDS[i];

		if (own->websocket && p == &protocol_ws &&
		    http_plan_has_field(&options->plan, own->name))
			usage_error("--header %s: %s", own->name, own->why);
	}
	more.fields = NULL;
	given = http_options_given(&more);
	if (given && p != &protocol_http)
		usage_error("%s: works with --protocol http only", given);
}

static void
take_body(struct http_options *options)
{
	struct http_plan *plan = &options->plan;

	plan->body = options->body;
	plan->body_len = strlen(options->body);
	if (options->body[0] == '@')
		plan->body = options->body_read = read_file(
		    "--body", options->body + 1, BODY_MAX, &plan->body_len);
}

void
http_options_complete(
    struct http_options *options, const struct protocol *protocol)
{
	struct http_plan *plan = &options->plan;

	*plan = http_plan_usual;
	if (options->fields)
		plan->fields = options->fields;
	check_protocol(options, protocol);
	if (options->expect)
		http_plan_expect(plan, options->expect);
	plan->any_body = options->any_body > 0;
	if (options->body)
		plan->method = "POST";
	if (options->method)
		plan->method = options->method;
	if (options->body && strcmp(plan->method, "TRACE") == 0)
		usage_error("--body: a request of --method TRACE has none");
	if (options->body)
		take_body(options);
}

void
http_options_release(struct http_options *options)
{
	free(options->fields);
	free(options->body_read);
	options->fields = options->body_read = NULL;
}
