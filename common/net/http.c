/* SPDX-License-Identifier: MIT */
/* http: heads by whole lines, bodies by a machine of one byte at a time. */
#include "common/net/http.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/base/hot.h"

/* ---- characters (RFC 9110 5.6.2, RFC 3986 appendix A) ---- */

enum {
	TOKEN = 1,  /* of a method or a field's name */
	TARGET = 2, /* of a path or query; '%' begins two digits */
	HOST = 4,   /* of a registered name; so does it here */
	HEX = 8,
	LINE = 16, /* what may stand in a line: visible, blank, not ASCII */
	ALL = TOKEN | TARGET | HOST | LINE,
};

static const unsigned char CLASS[256] = {
    ['\t'] = LINE,
    [' '] = LINE,
    ['!'] = ALL,
    ['"'] = LINE,
    ['#'] = TOKEN | LINE,
    ['$' ... '\''] = ALL, /* $ % & ' */
    ['(' ... ')'] = TARGET | HOST | LINE,
    ['*' ... '+'] = ALL,
    [','] = TARGET | HOST | LINE,
    ['-' ... '.'] = ALL,
    ['/'] = TARGET | LINE,
    ['0' ... '9'] = ALL | HEX,
    [':'] = TARGET | LINE,
    [';'] = TARGET | HOST | LINE,
    ['<'] = LINE,
    ['='] = TARGET | HOST | LINE,
    ['>'] = LINE,
    ['?' ... '@'] = TARGET | LINE,
    ['A' ... 'F'] = ALL | HEX,
    ['G' ... 'Z'] = ALL,
    ['[' ... ']'] = LINE,
    ['^'] = TOKEN | LINE,
    ['_'] = ALL,
    ['`'] = TOKEN | LINE,
    ['a' ... 'f'] = ALL | HEX,
    ['g' ... 'z'] = ALL,
    ['{'] = LINE,
    ['|'] = TOKEN | LINE,
    ['}'] = LINE,
    ['~'] = ALL,
    [0x80 ... 0xff] = LINE,
};

static bool
is_class(char c, int class)
{
	return CLASS[(unsigned char)c] & class;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* How many characters TEXT begins with that are of CLASS. */
static size_t
span(struct http_text text, int class)
{
	size_t n = 0;

	while (n < text.len && is_class(text.at[n], class))
		n++;
	return n;
}

/* Whether all are, and each '%' has its two digits. */
HOT static bool
is_encoded(struct http_text text, int class)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_class(text.at[i], class))
			return false;
		if (text.at[i] != '%')
			continue;
		if (text.len - i < 3 || !is_class(text.at[i + 1], HEX) ||
		    !is_class(text.at[i + 2], HEX))
			return false;
	}
	return true;
}

/* ---- texts ---- */

/* Cuts N bytes off the front of TEXT and returns them. */
static struct http_text
cut(struct http_text *text, size_t n)
{
	struct http_text front = {text->at, n};

	text->at += n;
	text->len -= n;
	return front;
}

/* Cuts off what comes before C, and C. All, if there is none. */
HOT static struct http_text
cut_at(struct http_text *text, char c)
{
	const char *at = memchr(text->at, c, text->len);
	struct http_text front =
	    cut(text, at ? (size_t)(at - text->at) : text->len);

	if (at)
		cut(text, 1);
	return front;
}

HOT static struct http_text
trim(struct http_text text)
{
	while (text.len > 0 && is_blank(text.at[0]))
		cut(&text, 1);
	while (text.len > 0 && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

bool
http_lists(struct http_text text, const char *word)
{
	while (text.len > 0) {
		if (http_is(trim(cut_at(&text, ',')), word))
			return true;
	}
	return false;
}

const struct http_text *
http_field(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->field_count; i++) {
		if (http_is(request->fields[i].name, name))
			return &request->fields[i].value;
	}
	return NULL;
}

/* How many fields NAME there are, and whether one of them lists WORD. */
static size_t
count_fields(const struct http_request *request, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < request->field_count; i++)
		count += http_is(request->fields[i].name, name);
	return count;
}

static bool
any_lists(
    const struct http_request *request, const char *name, const char *word)
{
	for (size_t i = 0; i < request->field_count; i++) {
		if (http_is(request->fields[i].name, name) &&
		    http_lists(request->fields[i].value, word))
			return true;
	}
	return false;
}

/* ---- a host and its port (RFC 3986 3.2.2, 3.2.3) ---- */

static bool
is_ipv6(struct http_text text)
{
	char literal[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (text.len >= sizeof(literal))
		return false;
	memcpy(literal, text.at, text.len);
	literal[text.len] = '\0';
	return inet_pton(AF_INET6, literal, &address) == 1;
}

static bool
is_port(struct http_text text)
{
	unsigned port = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9' || port > 65535)
			return false;
		port = port * 10 + (unsigned)(text.at[i] - '0');
	}
	return port <= 65535;
}

/* Without user information: http has none (RFC 9110 4.2.4). */
HOT static bool
is_authority(struct http_text text)
{
	struct http_text host;

	if (text.len > 0 && text.at[0] == '[') {
		cut(&text, 1);
		if (!memchr(text.at, ']', text.len))
			return false;
		host = cut_at(&text, ']');
		if (text.len > 0 && cut(&text, 1).at[0] != ':')
			return false;
		return is_ipv6(host) && is_port(text);
	}
	host = cut_at(&text, ':');
	return host.len > 0 && is_encoded(host, HOST) && is_port(text);
}

/* ---- the request line (RFC 9112 3) ---- */

static inline bool
is_exactly(struct http_text text, const char *word)
{
	return text.len == strlen(word) && memcmp(text.at, word, text.len) == 0;
}

static bool
is_known_method(struct http_text method)
{
	return is_exactly(method, "GET") || is_exactly(method, "HEAD") ||
	       is_exactly(method, "POST") || is_exactly(method, "OPTIONS") ||
	       is_exactly(method, "PUT") || is_exactly(method, "DELETE") ||
	       is_exactly(method, "PATCH") || is_exactly(method, "TRACE");
}

/* 0, or less: the status. A higher minor version is 1.1 to us (RFC 9110 2.5).
 */
static int
parse_version(struct http_text text, int *minor)
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

/* "http://host/path": takes it apart. False if it is none. */
static bool
cut_authority(struct http_text *rest)
{
	struct http_text scheme = cut_at(rest, ':');
	size_t len = 0;

	if ((!http_is(scheme, "http") && !http_is(scheme, "https")) ||
	    rest->len < 2 || memcmp(rest->at, "//", 2) != 0)
		return false;
	cut(rest, 2);
	while (len < rest->len && rest->at[len] != '/' && rest->at[len] != '?')
		len++;
	return is_authority(cut(rest, len));
}

static int
parse_target(struct http_request *request)
{
	static const struct http_text root = {"/", 1};
	struct http_text rest = request->target;

	if (rest.len == 0)
		return -400;
	if (rest.len == 1 && rest.at[0] == '*') {
		request->path = rest;
		return http_is(request->method, "OPTIONS") ? 0 : -400;
	}
	if (rest.at[0] != '/' && !cut_authority(&rest))
		return -400;
	if (!is_encoded(rest, TARGET))
		return -400;
	request->path = cut_at(&rest, '?');
	if (request->path.len == 0)
		request->path = root;
	return 0;
}

static int
parse_request_line(struct http_text line, struct http_request *request)
{
	int error;

	if (line.len > HTTP_LINE_MAX)
		return -414;
	request->method = cut_at(&line, ' ');
	request->target = cut_at(&line, ' ');
	if (request->method.len == 0 ||
	    span(request->method, TOKEN) < request->method.len)
		return -400;
	/* Before the rest: another major version may say it otherwise. */
	error = parse_version(line, &request->minor);
	if (error == 0 && !is_known_method(request->method))
		error = -501;
	return error ? error : parse_target(request);
}

/* ---- fields (RFC 9112 5) ---- */

/* What the fields so far say of the request as a whole. */
struct summary {
	unsigned hosts, lengths, codings;
	bool close, keep;
};

static int
note_host(struct http_text value, struct summary *sum)
{
	return sum->hosts++ == 0 && is_authority(value) ? 0 : -400;
}

/* Digits, once: "5, 5" is what a proxy has made of two, and who takes which of
 * them is the smuggler's question (RFC 9112 6.3). */
static int
note_length(
    struct http_text value, struct summary *sum, struct http_request *request)
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

/* RFC 9112 6.1, 6.3: where chunked is not the last coding, nobody knows where
 * the body ends. */
static int
note_coding(
    struct http_text value, struct summary *sum, struct http_request *request)
{
	struct http_text last = value;

	if (sum->codings++ > 0 || sum->lengths > 0 || request->minor == 0)
		return -400;
	request->chunked = http_is(value, "chunked");
	if (request->chunked)
		return 0;
	while (memchr(last.at, ',', last.len))
		cut_at(&last, ',');
	return http_is(trim(last), "chunked") ? -501 : -400;
}

static int
note_expectation(struct http_text value, struct http_request *request)
{
	if (!http_is(value, "100-continue"))
		return -417;
	request->expects_100 = request->minor > 0;
	return 0;
}

static int
note_field(const struct http_field *field, struct summary *sum,
    struct http_request *request)
{
	if (http_is(field->name, "host"))
		return note_host(field->value, sum);
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
	return 0;
}

/* A blank before the colon or at the line's start (obs-fold) is no name. */
static int
parse_field(
    struct http_text line, struct summary *sum, struct http_request *request)
{
	struct http_field *field = &request->fields[request->field_count];

	if (request->field_count == HTTP_FIELDS_MAX)
		return -431;
	field->name = cut(&line, span(line, TOKEN));
	if (field->name.len == 0 || line.len == 0 || cut(&line, 1).at[0] != ':')
		return -400;
	field->value = trim(line);
	request->field_count++;
	return note_field(field, sum, request);
}

/* ---- heads ---- */

/*
 * Looks at the bytes from *CHECKED on, up to the head's end: no bare CR or LF,
 * no control. Returns 0 or -400, sets *LINES when a line has ended.
 */
static int
check_bytes(const char *buf, size_t len, size_t *checked, bool *lines)
{
	size_t i = *checked;
	bool end = false;

	while (i < len && !end) {
		if (is_class(buf[i], LINE)) {
			i++;
			continue;
		}
		if (buf[i] != '\r' || (i + 1 < len && buf[i + 1] != '\n'))
			return -400;
		if (i + 1 == len)
			break;
		*lines = true;
		end = i > 0 && buf[i - 1] == '\n';
		i += 2;
	}
	*checked = i;
	return 0;
}

static int
judge(const struct summary *sum, struct http_request *request)
{
	if (sum->hosts == 0 && request->minor > 0)
		return -400;
	request->keep_alive = !sum->close && (request->minor > 0 || sum->keep);
	return 0;
}

/* All whole lines of HEAD, which bytes in order are. */
static int
parse_lines(struct http_text head, struct http_request *request)
{
	const char *start = head.at;
	struct summary sum = {0};
	int error = 0;

	request->field_count = 0;
	request->length = 0;
	request->chunked = request->expects_100 = false;
	/* One empty line may come before (RFC 9112 2.2). */
	if (head.len >= 2 && head.at[0] == '\r')
		cut(&head, 2);
	for (bool first = true; !error; first = false) {
		const char *cr = memchr(head.at, '\r', head.len);
		struct http_text line;

		if (!cr)
			return 0;
		line = cut(&head, (size_t)(cr - head.at));
		cut(&head, 2);
		if (first)
			error = parse_request_line(line, request);
		else if (line.len > 0)
			error = parse_field(line, &sum, request);
		else if ((error = judge(&sum, request)) == 0)
			return (int)(head.at - start);
	}
	return error;
}

/* Of a head that is not complete: is it too long already? An empty line may
 * have come first. */
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
	size_t most = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
	bool lines = false;
	int n = check_bytes(buf, most, &request->checked, &lines);

	if (n == 0 && lines)
		n = parse_lines(
		    (struct http_text){buf, request->checked}, request);
	return n ? n : check_length(buf, len);
}

/* ---- bodies (RFC 9112 6, 7.1) ---- */

enum {
	COMPLETE,
	LENGTH,
	SIZE,
	SIZE_BLANK, /* after a size or an extension: only ';' or the end */
	NAME_START,
	NAME,
	NAME_BLANK,
	VALUE_START,
	VALUE,
	QUOTED,
	QUOTED_PAIR,
	VALUE_END,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER_START,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	LAST_LF,
	BAD, /* 400 */
	BODY_LARGE,
	TRAILERS_LARGE,
};

HOT void
http_body_begin(struct http_body *body, const struct http_request *request)
{
	*body = (struct http_body){
	    .left = request->chunked ? 0 : request->length,
	    .state = request->chunked ? SIZE : LENGTH,
	};
	if (body->state == LENGTH && body->left == 0)
		body->state = COMPLETE;
}

/* White space around ';' and '=' is bad, but must be taken (RFC 9110 5.6.3). */
static int
after_word(char c, int blank)
{
	return is_blank(c) ? blank : c == ';' ? NAME_START : BAD;
}

static unsigned
hex_value(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static int
on_size(struct http_body *body, char c)
{
	if (is_class(c, HEX)) {
		body->left = body->left << 4 | hex_value(c);
		return ++body->line <= HTTP_CHUNK_DIGITS_MAX ? SIZE : BAD;
	}
	if (body->line == 0)
		return BAD;
	body->line = 0;
	return c == '\r' ? SIZE_LF : after_word(c, SIZE_BLANK);
}

static int
on_extension(struct http_body *body, char c)
{
	if (++body->line > HTTP_CHUNK_EXTENSION_MAX)
		return BAD;
	switch (body->state) {
	case NAME_START:
		return is_class(c, TOKEN) ? NAME
		       : is_blank(c)	  ? NAME_START
					  : BAD;
	case NAME:
		if (is_class(c, TOKEN) || c == '\r')
			return c == '\r' ? SIZE_LF : NAME;
		return c == '=' ? VALUE_START : after_word(c, NAME_BLANK);
	case NAME_BLANK:
		return c == '=' ? VALUE_START : after_word(c, NAME_BLANK);
	case VALUE_START:
		if (is_blank(c) || c == '"')
			return c == '"' ? QUOTED : VALUE_START;
		return is_class(c, TOKEN) ? VALUE : BAD;
	case VALUE:
		if (is_class(c, TOKEN))
			return VALUE;
		break;
	case QUOTED:
		if (c == '"' || c == '\\')
			return c == '"' ? VALUE_END : QUOTED_PAIR;
		return is_class(c, LINE) ? QUOTED : BAD;
	case QUOTED_PAIR:
		return is_class(c, LINE) ? QUOTED : BAD;
	}
	/* VALUE or VALUE_END is over; SIZE_BLANK wants another. */
	if (c == '\r' && body->state != SIZE_BLANK)
		return SIZE_LF;
	return after_word(c, SIZE_BLANK);
}

static int
after_size(struct http_body *body)
{
	body->line = 0;
	if (body->left == 0)
		return TRAILER_START;
	/* Each alone fits, so that the sum cannot wrap. */
	if (body->left > HTTP_BODY_MAX ||
	    (body->total += body->left) > HTTP_BODY_MAX)
		return BODY_LARGE;
	return DATA;
}

static int
on_trailer(struct http_body *body, char c)
{
	if (++body->line > HTTP_TRAILERS_MAX)
		return TRAILERS_LARGE;
	switch (body->state) {
	case TRAILER_START:
		if (c == '\r')
			return LAST_LF;
		return is_class(c, TOKEN) ? TRAILER_NAME : BAD;
	case TRAILER_NAME:
		if (c == ':')
			return TRAILER_VALUE;
		return is_class(c, TOKEN) ? TRAILER_NAME : BAD;
	default:
		if (c == '\r')
			return TRAILER_LF;
		return is_class(c, LINE) ? TRAILER_VALUE : BAD;
	}
}

static int
on_byte(struct http_body *body, char c)
{
	switch (body->state) {
	case SIZE:
		return on_size(body, c);
	case SIZE_LF:
		return c == '\n' ? after_size(body) : BAD;
	case DATA_CR:
		return c == '\r' ? DATA_LF : BAD;
	case DATA_LF:
		return c == '\n' ? SIZE : BAD;
	case TRAILER_START:
	case TRAILER_NAME:
	case TRAILER_VALUE:
		return on_trailer(body, c);
	case TRAILER_LF:
		return c == '\n' ? TRAILER_START : BAD;
	case LAST_LF:
		return c == '\n' ? COMPLETE : BAD;
	default:
		return on_extension(body, c);
	}
}

/* As many of LEN as belong to the length, or to this chunk. */
static size_t
skip_data(struct http_body *body, size_t len)
{
	size_t n = len < body->left ? len : (size_t)body->left;

	body->left -= n;
	if (body->left == 0)
		body->state = body->state == DATA ? DATA_CR : COMPLETE;
	return n;
}

HOT long
http_body_skip(struct http_body *body, const char *buf, size_t len, bool *done)
{
	size_t at = 0;

	while (at < len && body->state > COMPLETE && body->state < BAD) {
		if (body->state == DATA || body->state == LENGTH)
			at += skip_data(body, len - at);
		else
			body->state = on_byte(body, buf[at++]);
	}
	*done = body->state == COMPLETE;
	switch (body->state) {
	case BAD:
		return -400;
	case BODY_LARGE:
		return -413;
	case TRAILERS_LARGE:
		return -431;
	default:
		return (long)at;
	}
}

/* ---- WebSocket (RFC 6455 4.2.1) ---- */

/* 16 bytes in base64: 22 characters, the last of which has 4 bits of no use,
 * and two that fill up. */
static bool
is_websocket_key(struct http_text key)
{
	if (key.len != 24 || memcmp(key.at + 22, "==", 2) != 0 ||
	    !memchr("AQgw", key.at[21], 4))
		return false;
	for (size_t i = 0; i < 22; i++) {
		char c = key.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '+' && c != '/')
			return false;
	}
	return true;
}

int
http_websocket(const struct http_request *request, struct http_text *key)
{
	static const char key_name[] = "sec-websocket-key";
	static const char version_name[] = "sec-websocket-version";
	const struct http_text *version = http_field(request, version_name);
	const struct http_text *sent = http_field(request, key_name);

	/* Without the connection option the field is not for us (RFC 9110
	 * 7.8), and HTTP/1.0 has no upgrades. */
	if (request->minor == 0 ||
	    !any_lists(request, "connection", "upgrade") ||
	    !any_lists(request, "upgrade", "websocket"))
		return 0;
	if (!http_is(request->method, "GET") || request->length > 0 ||
	    request->chunked)
		return 400;
	if (!version || !http_is(*version, "13") ||
	    count_fields(request, version_name) > 1)
		return 426;
	if (!sent || !is_websocket_key(*sent) ||
	    count_fields(request, key_name) > 1)
		return 400;
	*key = *sent;
	return 101;
}

bool
http_same_origin(const struct http_request *request)
{
	const struct http_text *origin = http_field(request, "origin");
	const struct http_text *host = http_field(request, "host");
	struct http_text rest, scheme;

	if (!origin)
		return true;
	rest = *origin;
	scheme = cut_at(&rest, ':');
	if ((!http_is(scheme, "http") && !http_is(scheme, "https")) || !host ||
	    rest.len != host->len + 2 || memcmp(rest.at, "//", 2) != 0)
		return false;
	cut(&rest, 2);
	for (size_t i = 0; i < rest.len; i++) {
		if (http_lower(rest.at[i]) != http_lower(host->at[i]))
			return false;
	}
	return true;
}
