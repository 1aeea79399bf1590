/* SPDX-License-Identifier: MIT */
/* http: parses heads, line by line. */
#include "common/net/http.h"

#include <string.h>

#include "common/base/hot.h"
#include "common/net/http_target.h"

const struct http_slice *
http_field(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->field_count; i++) {
		if (http_is(request->fields[i].name, name))
			return &request->fields[i].value;
	}
	return NULL;
}

/* ---- the request line (RFC 9112 3) ---- */

/* Inline, because the compiler knows the words. */
static inline bool
is_exactly(struct http_slice text, const char *word)
{
	return text.len == strlen(word) &&
	       memcmp(text.at, word, strlen(word)) == 0;
}

static bool
is_known_method(struct http_slice method)
{
	return is_exactly(method, "GET") || is_exactly(method, "HEAD") ||
	       is_exactly(method, "POST") || is_exactly(method, "OPTIONS") ||
	       is_exactly(method, "PUT") || is_exactly(method, "DELETE") ||
	       is_exactly(method, "PATCH") || is_exactly(method, "TRACE");
}

/* Returns 0, or the negative status. A higher minor version is treated as 1.1
 * (RFC 9110 2.5). */
static int
parse_version(struct http_slice text, int *minor)
{
	if (text.len != 8 || memcmp(text.at, "HTTP/", 5) != 0 ||
	    text.at[6] != '.' || !(text.at[5] >= '0' && text.at[5] <= '9') ||
	    !(text.at[7] >= '0' && text.at[7] <= '9'))
		return -400;
	if (text.at[5] != '1')
		return -505;
	*minor = text.at[7] - '0';
	return 0;
}

static int
parse_request_line(struct http_slice line, struct http_request *request)
{
	int error;

	if (line.len > HTTP_LINE_MAX)
		return -414;
	request->method = http_cut(&line, http_span(line, HTTP_TOKEN));
	if (request->method.len == 0 || line.len == 0 ||
	    http_cut(&line, 1).at[0] != ' ')
		return -400;
	request->target = http_cut_at(&line, ' ');
	/* First, because another major version may have another syntax. */
	error = parse_version(line, &request->minor);
	if (error == 0 && !is_known_method(request->method))
		error = -501;
	return error ? error : http_find_path(request);
}

/* ---- fields (RFC 9112 5) ---- */

/* What the fields so far say about the request. */
struct summary {
	unsigned hosts, lengths, codings;
	bool close, keep;
};

static int
note_host(
    struct http_slice value, struct summary *sum, struct http_request *request)
{
	if (request->authority.len == 0)
		request->authority = value;
	return sum->hosts++ == 0 && http_is_authority(value) ? 0 : -400;
}

/* Only digits, and only once: a proxy may join two fields into "5, 5", and
 * programs disagree about which one counts: request smuggling (RFC 9112
 * 6.3). */
static int
note_length(
    struct http_slice value, struct summary *sum, struct http_request *request)
{
	if (sum->lengths++ > 0 || sum->codings > 0 || value.len == 0)
		return -400;
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return -400;
		if (request->length <= HTTP_BODY_MAX)
			request->length = request->length * 10 +
					  (uint64_t)(value.at[i] - '0');
	}
	return request->length <= HTTP_BODY_MAX ? 0 : -413;
}

/* RFC 9112 6.1, 6.3: if chunked is not the last coding, the end of the body is
 * unknown. */
static int
note_coding(
    struct http_slice value, struct summary *sum, struct http_request *request)
{
	struct http_slice last = value;

	if (sum->codings++ > 0 || sum->lengths > 0 || request->minor == 0)
		return -400;
	request->chunked = http_is(value, "chunked");
	if (request->chunked)
		return 0;
	while (memchr(last.at, ',', last.len))
		http_cut_at(&last, ',');
	return http_is(http_trim(last), "chunked") ? -501 : -400;
}

static int
note_expectation(struct http_slice value, struct http_request *request)
{
	while (value.len > 0) {
		struct http_slice one = http_trim(http_cut_at(&value, ','));

		if (one.len > 0 && !http_is(one, "100-continue"))
			return -417;
		request->expects_100 |= one.len > 0 && request->minor > 0;
	}
	return 0;
}

static int
note_field(const struct http_field *field, struct summary *sum,
    struct http_request *request)
{
	if (http_is(field->name, "host"))
		return note_host(field->value, sum, request);
	if (http_is(field->name, "content-length"))
		return note_length(field->value, sum, request);
	if (http_is(field->name, "transfer-encoding"))
		return note_coding(field->value, sum, request);
	if (http_is(field->name, "expect"))
		return note_expectation(field->value, request);
	if (http_is(field->name, "connection")) {
		sum->close |= http_lists(field->value, "close");
		sum->keep |= http_lists(field->value, "keep-alive");
	}
	if (http_is(field->name, "if-match") ||
	    http_is(field->name, "if-none-match"))
		request->conditional = true;
	return 0;
}

/* A name must not have a blank before the colon or at the start of the line
 * (obs-fold). */
static int
parse_field(
    struct http_slice line, struct summary *sum, struct http_request *request)
{
	struct http_field *field = &request->fields[request->field_count];

	if (request->field_count == HTTP_FIELDS_MAX)
		return -431;
	field->name = http_cut(&line, http_span(line, HTTP_TOKEN));
	if (field->name.len == 0 || line.len == 0 ||
	    http_cut(&line, 1).at[0] != ':')
		return -400;
	field->value = http_trim(line);
	request->field_count++;
	return note_field(field, sum, request);
}

/* ---- heads ---- */

/*
 * Cuts the next line and its end off *REST. Returns 1; 0 if it is incomplete;
 * -400 if it has a bare CR or LF, or a control byte.
 */
static inline int
take_line(struct http_slice *rest, struct http_slice *line)
{
	size_t n = http_span(*rest, HTTP_IN_LINE);

	if (n < rest->len && rest->at[n] != '\r')
		return -400;
	if (n + 1 >= rest->len)
		return 0;
	if (rest->at[n + 1] != '\n')
		return -400;
	*line = http_cut(rest, n);
	http_cut(rest, 2);
	return 1;
}

static int
judge(const struct summary *sum, struct http_request *request)
{
	if (sum->hosts == 0 && request->minor > 0)
		return -400;
	request->keep_alive = !sum->close && (request->minor > 0 || sum->keep);
	return 0;
}

/* Parses all whole lines of HEAD, up to the empty one. */
static int
parse_lines(struct http_slice head, struct http_request *request)
{
	const char *start = head.at;
	struct summary sum = {0};
	int error = 0;

	request->field_count = 0;
	request->length = 0;
	request->chunked = request->expects_100 = false;
	request->https = request->conditional = false;
	request->authority.len = 0;
	/* One empty line may precede it (RFC 9112 2.2). */
	if (head.len >= 2 && memcmp(head.at, "\r\n", 2) == 0)
		http_cut(&head, 2);
	for (bool first = true; !error; first = false) {
		struct http_slice line;
		int whole = take_line(&head, &line);

		if (whole <= 0)
			return whole;
		if (first)
			error = parse_request_line(line, request);
		else if (line.len > 0)
			error = parse_field(line, &sum, request);
		else if ((error = judge(&sum, request)) == 0)
			return (int)(head.at - start);
	}
	return error;
}

/* Whether an incomplete head is too long already. One empty line may precede
 * it. */
static int
check_length(const char *buf, size_t len)
{
	if (len >= HTTP_LINE_MAX + 4 &&
	    !memchr(buf + 2, '\n', HTTP_LINE_MAX + 2))
		return -414;
	return len >= HTTP_HEAD_MAX ? -431 : 0;
}

HOT int
http_parse(const char *buf, size_t len, struct http_request *request)
{
	struct http_slice head = {
	    buf, len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX};
	struct http_slice news = head, line;
	int n = 1;

	/* So a head that comes byte by byte costs no more than its bytes and
	 * lines. */
	http_cut(&news, request->checked);
	if (request->checked > 0)
		n = take_line(&news, &line);
	if (n > 0)
		n = parse_lines(head, request);
	if (n != 0)
		return n;
	request->checked = head.len;
	if (head.len > 0 && buf[head.len - 1] == '\r')
		request->checked--; /* may be a line end */
	return check_length(buf, len);
}

bool
http_begins_head(const char *buf, size_t len)
{
	static const char head[] = "HEAD ";

	if (len >= 2 && memcmp(buf, "\r\n", 2) == 0) {
		buf += 2;
		len -= 2;
	}
	if (len > strlen(head))
		len = strlen(head);
	return len > 0 && memcmp(buf, head, len) == 0;
}
