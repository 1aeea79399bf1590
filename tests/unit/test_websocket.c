/* SPDX-License-Identifier: MIT */
/*
 * Both ends in one process and nothing blocks: each piece of input is written
 * by the peer, taken without waiting, and the answer read back. So every case
 * runs whole and byte by byte.
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "common/base/clock.h"
#include "common/compare/instance.h"
#include "common/net/conn.h"
#include "common/net/websocket.h"

#define LONG (10 * NS_PER_S)
#define MAX (1024 * 1024)
#define BYTES(text) (text), sizeof(text) - 1
#define WHOLE SIZE_MAX

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, FIN = 0x80 };

struct bytes {
	char *at;
	size_t len;
};

static struct conn conn;
static struct websocket *ws;
static int peer;
static struct bytes sent;     /* what the peer has got */
static struct bytes messages; /* as frames without masks, to be compared */
static bool echo, flushes;
static bool ended;

/* ---- bytes and frames ---- */

static void
add(struct bytes *b, const void *at, size_t len)
{
	b->at = realloc(b->at, b->len + len + 1);
	assert_non_null(b->at);
	if (len > 0)
		memcpy(b->at + b->len, at, len);
	b->len += len;
}

static void
clear(struct bytes *b)
{
	free(b->at);
	*b = (struct bytes){0};
}

static void
add_length(struct bytes *b, size_t len, unsigned mask)
{
	unsigned char head[9];
	size_t bytes = len < 126 ? 0 : len < 65536 ? 2 : 8;

	head[0] = (unsigned char)(mask | (bytes == 0	  ? len
					     : bytes == 2 ? 126
							  : 127));
	for (size_t i = 0; i < bytes; i++)
		head[1 + i] = (unsigned char)(len >> 8 * (bytes - 1 - i));
	add(b, head, 1 + bytes);
}

/* As a server sends it. */
static void
add_plain(struct bytes *b, unsigned first, const void *at, size_t len)
{
	unsigned char byte = (unsigned char)first;

	add(b, &byte, 1);
	add_length(b, len, 0);
	add(b, at, len);
}

/* As a client does. */
static void
add_masked(struct bytes *b, unsigned first, const void *at, size_t len)
{
	static const unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
	unsigned char byte = (unsigned char)first;
	size_t from;

	add(b, &byte, 1);
	add_length(b, len, 0x80);
	add(b, key, sizeof(key));
	from = b->len;
	add(b, at, len);
	for (size_t i = 0; i < len; i++)
		b->at[from + i] = (char)(b->at[from + i] ^ key[i % 4]);
}

/* ---- the two ends ---- */

static void
begin_with(size_t max, const char *early, size_t early_len)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	conn_init(&conn, ends[0], LONG, LONG);
	peer = ends[1];
	ws = websocket_open(&conn, max, early, early_len);
	assert_non_null(ws);
	ended = echo = false;
	flushes = true;
}

static void
begin(size_t max)
{
	begin_with(max, "", 0);
}

static void
end(void)
{
	websocket_free(ws);
	close(conn.fd);
	close(peer);
	clear(&sent);
	clear(&messages);
}

static void
look_at_answers(void)
{
	char buf[65536];
	ssize_t n;

	while ((n = recv(peer, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		add(&sent, buf, (size_t)n);
}

static void
take_message(const struct websocket_message *m)
{
	add_plain(&messages, (m->text ? TEXT : BINARY) | FIN, m->bytes, m->len);
	if (echo)
		assert_int_equal(
		    websocket_send(ws, m->text, m->bytes, m->len), 0);
}

/* Takes what is there, and lets the answers through. */
static void
serve(void)
{
	struct websocket_message m;
	int left = 0, got = 0;

	while (!ended && (got = websocket_receive(ws, &m, false)) > 0)
		take_message(&m);
	ended |= got < 0;
	do {
		if (flushes && !ended)
			left = websocket_flush(ws, false);
		look_at_answers();
	} while (left == 1);
}

/* Gives LEN bytes in pieces; returns after how many it was over. */
static size_t
give(const void *at, size_t len, size_t piece)
{
	size_t given = 0;

	while (given < len && !ended) {
		size_t n = len - given < piece ? len - given : piece;
		ssize_t went = send(peer, (const char *)at + given, n,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (went > 0)
			given += (size_t)went;
		else
			assert_int_equal(errno, EAGAIN);
		serve();
	}
	/* One receive takes no more than so much. */
	for (int i = 0; i < 64; i++)
		serve();
	return given;
}

static void
give_frames(struct bytes *frames, size_t piece)
{
	assert_int_equal(give(frames->at, frames->len, piece), frames->len);
	clear(frames);
}

static void
got(const struct bytes *b, const void *at, size_t len)
{
	assert_int_equal(b->len, len);
	if (len > 0)
		assert_memory_equal(b->at, at, len);
}

/* ---- the handshake ---- */

TEST(the_accept_key_is_that_of_the_rfc)
{
	char accept[WEBSOCKET_ACCEPT_SIZE];

	websocket_accept_key(BYTES("dGhlIHNhbXBsZSBub25jZQ=="), accept);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(bytes_read_with_the_request_come_first)
{
	struct bytes early = {0};

	add_masked(&early, TEXT | FIN, "one", 3);
	add_masked(&early, TEXT | FIN, "two", 3);
	begin_with(MAX, early.at, early.len - 2);
	give(early.at + early.len - 2, 2, WHOLE);
	got(&messages, BYTES("\x81\x03one\x81\x03two"));
	clear(&early);
	end();
}

/* ---- messages ---- */

static void
an_echo_of(size_t len, bool text, size_t piece)
{
	struct bytes in = {0}, out = {0};
	char *data = malloc(len + 1);

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(text ? 'a' + i % 26 : i * 31 + (i >> 8));
	add_masked(&in, (text ? TEXT : BINARY) | FIN, data, len);
	add_plain(&out, (text ? TEXT : BINARY) | FIN, data, len);
	begin(MAX);
	echo = true;
	give_frames(&in, piece);
	got(&messages, out.at, out.len);
	got(&sent, out.at, out.len);
	assert_false(ended);
	free(data);
	clear(&out);
	end();
}

TEST(messages_of_every_kind_of_length_come_back)
{
	static const size_t lens[] = {
	    0, 1, 2, 125, 126, 127, 4096, 65535, 65536, 65537, MAX};

	for (size_t i = 0; i < COUNT_OF(lens); i++) {
		an_echo_of(lens[i], true, WHOLE);
		an_echo_of(lens[i], false, WHOLE);
		an_echo_of(lens[i], true, 997);
		if (lens[i] < 200)
			an_echo_of(lens[i], false, 1);
	}
}

TEST(many_messages_in_one_read_come_one_by_one)
{
	struct bytes in = {0}, out = {0};

	for (int i = 0; i < 1000; i++) {
		add_masked(&in, TEXT | FIN, "message", (size_t)(i % 8));
		add_plain(&out, TEXT | FIN, "message", (size_t)(i % 8));
	}
	begin(MAX);
	echo = true;
	give_frames(&in, WHOLE);
	got(&messages, out.at, out.len);
	got(&sent, out.at, out.len);
	clear(&out);
	end();
}

TEST(fragments_become_one_message)
{
	static const size_t pieces[] = {WHOLE, 1, 2, 7};

	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		struct bytes in = {0};

		add_masked(&in, TEXT, "Hel", 3);
		add_masked(&in, 0, "", 0);
		add_masked(&in, PING | FIN, "p", 1);
		add_masked(&in, 0, "l", 1);
		add_masked(&in, PONG | FIN, "unasked", 7);
		add_masked(&in, 0 | FIN, "o", 1);
		begin(MAX);
		echo = true;
		give_frames(&in, pieces[i]);
		got(&messages, BYTES("\x81\x05Hello"));
		got(&sent, BYTES("\x8a\x01p\x81\x05Hello"));
		end();
	}
}

/* The buffer of an echo becomes the queue, behind what waits there. */
TEST(an_echo_goes_out_behind_what_is_queued)
{
	struct bytes in = {0}, out = {0}, long_text = {0};

	for (int i = 0; i < 3000; i++)
		add(&long_text, "a", 1);
	begin(MAX);
	echo = true;
	for (int i = 0; i < 10; i++) {
		add_masked(&in, PING | FIN, "0123456789", 10);
		add_plain(&out, PONG | FIN, "0123456789", 10);
	}
	add_masked(&in, TEXT | FIN, long_text.at, long_text.len);
	add_plain(&out, TEXT | FIN, long_text.at, long_text.len);
	add_masked(&in, TEXT | FIN, "short", 5);
	add_plain(&out, TEXT | FIN, "short", 5);
	give_frames(&in, WHOLE);
	got(&sent, out.at, out.len);
	clear(&out);
	clear(&long_text);
	end();
}

TEST(what_is_queued_goes_out_before_a_read_that_waits)
{
	struct websocket_message m;
	struct bytes in = {0};

	begin(MAX);
	add_masked(&in, PING | FIN, "abc", 3);
	assert_int_equal(write(peer, in.at, in.len), in.len);
	shutdown(peer, SHUT_WR);
	assert_int_equal(websocket_receive(ws, &m, true), -1);
	look_at_answers();
	got(&sent, BYTES("\x8a\x03"
			 "abc"));
	assert_true(conn.ended);
	assert_int_equal(conn.outcome, OUTCOME_SERVED);
	clear(&in);
	end();
}

TEST(an_end_of_file_is_no_failure)
{
	begin(MAX);
	give(BYTES("\x81\x85"), WHOLE);
	assert_false(ended);
	shutdown(peer, SHUT_WR);
	serve();
	assert_true(ended);
	assert_int_equal(conn.outcome, OUTCOME_SERVED);
	end();
}

/* ---- UTF-8 ---- */

static void
add_character(struct bytes *b, unsigned c)
{
	unsigned char out[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (unsigned char)(0x80 | (c & 0x3f));
	out[0] = (unsigned char)(n == 1 ? c : (0xf00U >> n & 0xff) | c);
	add(b, out, n);
}

TEST(every_character_is_text)
{
	struct bytes text = {0}, in = {0};

	begin(8 * MAX);
	for (unsigned c = 0; c <= 0x10ffff; c++) {
		if (c < 0xd800 || c > 0xdfff)
			add_character(&text, c);
		if (text.len > 100000 || c == 0x10ffff) {
			add_masked(&in, TEXT | FIN, text.at, text.len);
			clear(&text);
		}
	}
	give_frames(&in, WHOLE);
	assert_false(ended);
	end();
}

/* BYTES are bad at the last of them, and not before. */
static const char *const not_text[] = {
    "\x80",
    "\xbf",
    "\xc0",
    "\xc1",
    "\xf5",
    "\xf8",
    "\xfc",
    "\xfe",
    "\xff",
    "\xc2\x20",
    "\xe2\x20",
    "\xe2\x82\x20",
    "\xf1\x20",
    "\xc2\xc2",
    "\xdf\x7f",
    "\xe0\x80",
    "\xe0\x9f",
    "\xed\xa0",
    "\xed\xb0",
    "\xed\xbf",
    "\xe1\x80\xc0",
    "\xef\xbf\x7f",
    "\xf0\x80",
    "\xf0\x8f",
    "\xf4\x90",
    "\xf4\xbf",
    "\xf1\x80\x80\x41",
    "\xf4\x8f\xbf\xff",
    "12345678\xff",
    "\xce\xba\xce\xba\xba",
    "12345678 \xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0",
};

static void
bad_text_ends_at(const char *text, unsigned opcode, size_t front)
{
	struct bytes in = {0}, payload = {0};
	size_t header, bad;

	if (opcode == CLOSE)
		add(&payload, "\x03\xe8", 2);
	for (size_t i = 0; i < front; i++)
		add(&payload, "x", 1);
	add(&payload, text, strlen(text));
	bad = payload.len;
	add(&payload, "and more", 8);
	add_masked(&in, opcode | FIN, payload.at, payload.len);
	header = in.len - payload.len;
	begin(MAX);
	assert_int_equal(give(in.at, in.len, 1), header + bad);
	assert_true(ended);
	got(&sent, BYTES("\x88\x02\x03\xef"));
	assert_int_equal(conn.outcome, OUTCOME_FAILED);
	clear(&in);
	clear(&payload);
	end();
}

TEST(what_is_not_text_fails_at_its_first_bad_byte)
{
	for (size_t i = 0; i < COUNT_OF(not_text); i++) {
		bad_text_ends_at(not_text[i], TEXT, 0);
		bad_text_ends_at(not_text[i], TEXT, 5);
		bad_text_ends_at(not_text[i], CLOSE, 0);
	}
}

/* Each byte of TEXT in a fragment of its own, with a ping behind it. */
static void
add_in_fragments(struct bytes *in, const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		add_masked(in, i == 0 ? TEXT : 0, text + i, 1);
		add_masked(in, PING | FIN, "", 0);
	}
}

TEST(text_is_looked_at_across_fragments)
{
	static const char good[] = "k\xce\xba\xef\xbf\xbf\xf4\x8f\xbf\xbf";
	struct bytes in = {0};

	begin(MAX);
	add_in_fragments(&in, good);
	add_masked(&in, 0 | FIN, "", 0);
	give_frames(&in, WHOLE);
	assert_false(ended);
	assert_int_equal(messages.len, 2 + strlen(good));
	assert_memory_equal(messages.at + 2, good, strlen(good));
	end();
	for (size_t i = 0; i < COUNT_OF(not_text); i++) {
		size_t before = 2 * (strlen(not_text[i]) - 1);

		begin(MAX);
		add_in_fragments(&in, not_text[i]);
		give(in.at, in.len, WHOLE);
		assert_true(ended);
		/* A pong for each ping before the bad byte. */
		assert_int_equal(sent.len, before + 4);
		assert_memory_equal(sent.at + before, "\x88\x02\x03\xef", 4);
		clear(&in);
		end();
	}
}

TEST(a_message_that_ends_within_a_character_fails)
{
	static const char *const cut[] = {"\xc3", "\xe2", "\xe2\x82",
	    "\xf0\x9f", "\xf0\x9f\x98", "12345678\xf0"};

	for (size_t i = 0; i < COUNT_OF(cut); i++) {
		struct bytes in = {0};

		add_masked(&in, TEXT, cut[i], strlen(cut[i]));
		begin(MAX);
		give_frames(&in, WHOLE);
		assert_false(ended);
		add_masked(&in, 0 | FIN, "", 0);
		give_frames(&in, WHOLE);
		assert_true(ended);
		got(&sent, BYTES("\x88\x02\x03\xef"));
		end();
	}
}

TEST(binary_may_be_anything)
{
	struct bytes in = {0};

	begin(MAX);
	for (size_t i = 0; i < COUNT_OF(not_text); i++)
		add_masked(&in, BINARY | FIN, not_text[i], strlen(not_text[i]));
	give_frames(&in, WHOLE);
	assert_false(ended);
	end();
}

/* ---- what is forbidden ---- */

#define KEY "\0\0\0\0"
#define P1002 "\x88\x02\x03\xea"
#define P1007 "\x88\x02\x03\xef"
#define P1009 "\x88\x02\x03\xf1"

static const struct {
	const char *what, *in;
	size_t len;
	const char *answer;
} forbidden[] = {
    {"unmasked", BYTES("\x82\x01x"), P1002},
    {"unmasked empty", BYTES("\x81\x00"), P1002},
    {"unmasked ping", BYTES("\x89\x00"), P1002},
    {"ping of 126", BYTES("\x89\xfe\x00\x7e" KEY), P1002},
    {"close of 65536", BYTES("\x88\xff\0\0\0\0\0\1\0\0" KEY), P1002},
    {"pong of 126", BYTES("\x8a\xfe\x00\x7e" KEY), P1002},
    {"0 as 16 bits", BYTES("\x82\xfe\0\0" KEY), P1002},
    {"125 as 16 bits", BYTES("\x82\xfe\0\x7d" KEY "x"), P1002},
    {"5 as 16 bits", BYTES("\x82\xfe\x00\x05" KEY "hello"), P1002},
    {"5 as 64 bits", BYTES("\x82\xff\0\0\0\0\0\0\0\5" KEY "hello"), P1002},
    {"65535 as 64 bits", BYTES("\x82\xff\0\0\0\0\0\0\xff\xff" KEY "x"), P1002},
    {"2^32", BYTES("\x82\xff\0\0\0\1\0\0\0\0" KEY "x"), P1009},
    {"2^64-1", BYTES("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff" KEY "x"),
	P1002},
    {"2^63", BYTES("\x82\xff\x80\0\0\0\0\0\0\0" KEY "x"), P1002},
    {"2^63-1", BYTES("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff" KEY "x"),
	P1009},
    {"one too many", BYTES("\x82\xff\0\0\0\0\0\x10\0\1" KEY "x"), P1009},
    {"2^63-1 after 1",
	BYTES("\x02\x81" KEY "x"
	      "\x00\xff\x7f\xff\xff\xff\xff\xff\xff\xff" KEY "x"),
	P1009},
    {"close of 1 byte", BYTES("\x88\x81" KEY "\x03"), P1002},
    {"close 0", BYTES("\x88\x82" KEY "\0\0"), P1002},
    {"close, bad reason", BYTES("\x88\x83" KEY "\x03\xe8\xff"), P1007},
    {"close, cut reason", BYTES("\x88\x83" KEY "\x03\xe8\xc3"), P1007},
};

TEST(what_is_forbidden_ends_with_the_code_for_it)
{
	static const size_t pieces[] = {WHOLE, 1};

	for (size_t i = 0; i < COUNT_OF(forbidden) * 2; i++) {
		size_t piece = pieces[i % 2];

		print_message(
		    "%s, piece %zd\n", forbidden[i / 2].what, (ssize_t)piece);
		begin(MAX);
		give(forbidden[i / 2].in, forbidden[i / 2].len, piece);
		assert_true(ended);
		got(&messages, "", 0);
		got(&sent, forbidden[i / 2].answer, 4);
		assert_int_equal(conn.outcome, OUTCOME_FAILED);
		/* So that conn_finish() lets the client read why. */
		assert_false(conn.ended);
		end();
	}
}

static bool
may_come(unsigned first, bool within_message)
{
	unsigned opcode = first & 15;

	if (first & 0x70)
		return false;
	if (opcode == CLOSE || opcode == PING || opcode == PONG)
		return first & FIN;
	return within_message ? opcode == 0
			      : opcode == TEXT || opcode == BINARY;
}

TEST(each_first_byte_of_a_frame_may_come_or_not)
{
	static const char *const before[] = {
	    "", "\x81\x81" KEY "x", "\x01\x81" KEY "x"};

	for (unsigned i = 0; i < 256 * 3; i++) {
		unsigned first = i / 3;
		char frame[] = {(char)first, (char)0x80, 0, 0, 0, 0};
		bool good = may_come(first, i % 3 == 2);

		begin(MAX);
		give(before[i % 3], i % 3 ? 7 : 0, WHOLE);
		give(frame, sizeof(frame), WHOLE);
		if (ended != (!good || (first & 15) == CLOSE))
			fail_msg("%#x after %d", first, i % 3);
		if (!good)
			got(&sent, P1002, 4);
		assert_int_equal(
		    conn.outcome, good ? OUTCOME_SERVED : OUTCOME_FAILED);
		end();
	}
}

TEST(a_message_may_be_as_long_as_allowed_and_no_longer)
{
	struct bytes in = {0};

	for (int over = 0; over < 2; over++) {
		begin(10);
		add_masked(&in, TEXT, "12345", 5);
		add_masked(&in, 0, "678", 3);
		add_masked(&in, 0 | FIN, "90x", over ? 3 : 2);
		give_frames(&in, WHOLE);
		assert_int_equal(ended, over);
		if (over)
			got(&sent, P1009, 4);
		else
			got(&messages, BYTES("\x81\x0a"
					     "1234567890"));
		end();
	}
}

/* ---- anything ---- */

/* A frame that may be right: of a message more often than not. */
static void
add_any_frame(struct bytes *in, uint64_t *random)
{
	static const unsigned opcodes[] = {
	    0, TEXT, BINARY, CLOSE, PING, PONG, 0, TEXT, 0, 3};
	static const char payload[] = "k\xce\xba\xe1\xbd\xb9 \xf0\x9f\x98\x80";
	uint64_t r = random_next(random);

	add_masked(in, opcodes[r % 10] | (r >> 8 & 1 ? FIN : 0), payload,
	    (r >> 16) % sizeof(payload));
	if ((r >> 24) % 8 == 0)
		in->at[in->len - 1 - (r >> 32) % 6] ^=
		    (char)(1 << (r >> 40) % 8);
}

static void
give_in_random_pieces(const struct bytes *in, uint64_t *random)
{
	size_t at = 0;

	while (at < in->len && !ended) {
		size_t n = 1 + random_next(random) % 9;

		n = n < in->len - at ? n : in->len - at;
		at += give(in->at + at, n, WHOLE);
	}
}

TEST(how_input_is_cut_makes_no_difference)
{
	uint64_t random = 6455;

	for (int i = 0; i < 2000; i++) {
		struct bytes in = {0}, first_sent = {0}, first_messages = {0};
		enum outcome outcome;
		bool was_ended;

		for (uint64_t n = random_next(&random) % 12; n-- > 0;)
			add_any_frame(&in, &random);
		begin(40);
		echo = true;
		give(in.at, in.len, WHOLE);
		add(&first_sent, sent.at, sent.len);
		add(&first_messages, messages.at, messages.len);
		was_ended = ended;
		outcome = conn.outcome;
		end();

		begin(40);
		echo = true;
		give_in_random_pieces(&in, &random);
		got(&sent, first_sent.at, first_sent.len);
		got(&messages, first_messages.at, first_messages.len);
		assert_int_equal(ended, was_ended);
		assert_int_equal(conn.outcome, outcome);
		end();
		clear(&in);
		clear(&first_sent);
		clear(&first_messages);
	}
}

/* ---- close ---- */

static bool
may_close_with(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 &&
		   code != 1006) ||
	       (code >= 3000 && code <= 4999);
}

TEST(close_codes_are_returned_or_refused)
{
	for (unsigned code = 0; code < 5100; code++) {
		unsigned char payload[] = {
		    (unsigned char)(code >> 8), (unsigned char)code, 'o', 'k'};
		struct bytes in = {0}, out = {0};

		add_masked(&in, CLOSE | FIN, payload, code % 2 ? 2 : 4);
		add_plain(&out, CLOSE | FIN, payload, 2);
		begin(MAX);
		give_frames(&in, WHOLE);
		assert_true(ended);
		assert_false(conn.ended);
		if (may_close_with(code)) {
			got(&sent, out.at, out.len);
			assert_int_equal(conn.outcome, OUTCOME_SERVED);
		} else {
			got(&sent, P1002, 4);
			assert_int_equal(conn.outcome, OUTCOME_FAILED);
		}
		clear(&out);
		end();
	}
}

TEST(a_reason_has_123_bytes_at_most)
{
	char payload[126] = "\x03\xe8";

	memset(payload + 2, '*', sizeof(payload) - 2);
	for (size_t len = 124; len < 127; len++) {
		struct bytes in = {0};

		add_masked(&in, CLOSE | FIN, payload, len);
		begin(MAX);
		give(in.at, in.len, WHOLE);
		got(&sent, len < 126 ? "\x88\x02\x03\xe8" : P1002, 4);
		clear(&in);
		end();
	}
}

TEST(a_close_without_a_code_is_answered_by_one)
{
	begin(MAX);
	give(BYTES("\x88\x80" KEY), 1);
	assert_true(ended);
	got(&sent, BYTES("\x88\x00"));
	assert_int_equal(conn.outcome, OUTCOME_SERVED);
	end();
}

TEST(nothing_is_heard_after_a_close)
{
	struct bytes in = {0};

	begin(MAX);
	add_masked(&in, CLOSE | FIN, "\x03\xe8", 2);
	add_masked(&in, TEXT | FIN, "more", 4);
	add_masked(&in, PING | FIN, "", 0);
	give(in.at, in.len, WHOLE);
	assert_true(ended);
	got(&messages, "", 0);
	got(&sent, BYTES("\x88\x02\x03\xe8"));
	clear(&in);
	end();
}

TEST(our_close_waits_for_the_peers)
{
	struct bytes in = {0};
	char long_reason[125] = {0};

	begin(MAX);
	memset(long_reason, 'x', sizeof(long_reason) - 1);
	assert_int_equal(websocket_ping(ws), 0);
	assert_int_equal(websocket_close(ws, 1001, long_reason), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(websocket_close(ws, 1001, "bye"), 0);
	assert_int_equal(websocket_close(ws, 1001, NULL), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(websocket_send(ws, true, "x", 1), -1);
	assert_int_equal(websocket_ping(ws), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(websocket_queued(ws), 9);
	add_masked(&in, TEXT, "dropped", 7);
	add_masked(&in, PING | FIN, "unheard", 7);
	add_masked(&in, 0 | FIN, "dropped", 7);
	give_frames(&in, 1);
	assert_false(ended);
	add_masked(&in, CLOSE | FIN, "\x03\xe9", 2);
	give_frames(&in, WHOLE);
	assert_true(ended);
	got(&messages, "", 0);
	got(&sent, BYTES("\x89\x00\x88\x05\x03\xe9"
			 "bye"));
	assert_int_equal(conn.outcome, OUTCOME_SERVED);
	end();
}

/* ---- who does not read ---- */

TEST(pings_that_nobody_reads_the_answers_of_queue_up_to_a_bound)
{
	struct bytes in = {0};
	struct websocket_message m;
	ssize_t n = 0;

	begin(MAX);
	for (int i = 0; i < 1000; i++)
		add_masked(&in, PING | FIN, "0123456789", 10);
	for (int i = 0; i < 1000 && n >= 0; i++) {
		n = send(peer, in.at, in.len, MSG_DONTWAIT);
		assert_true(n == (ssize_t)in.len || errno == EAGAIN);
		assert_int_equal(websocket_receive(ws, &m, false), 0);
		assert_true(websocket_queued(ws) <= WEBSOCKET_QUEUE_MAX + 4096);
	}
	/* The peer cannot send more before it reads. */
	assert_true(n < 0);
	clear(&in);
	end();
}

TEST(what_is_no_message_does_not_hold_a_call_for_ever)
{
	struct bytes in = {0};
	struct websocket_message m;
	int left = 0;

	begin(MAX);
	add_masked(&in, TEXT, "", 0);
	for (int i = 0; i < 30000; i++)
		add_masked(&in, 0, "", 0);
	assert_int_equal(send(peer, in.at, in.len, MSG_DONTWAIT), in.len);
	assert_int_equal(websocket_receive(ws, &m, false), 0);
	/* 180 kB do not go into one call. */
	assert_true(recv(conn.fd, &left, 1, MSG_PEEK | MSG_DONTWAIT) == 1);
	clear(&in);
	end();
}

TEST(last_words_to_who_does_not_read_wait_for_a_moment_only)
{
	static const char block[65536];
	uint64_t begun;

	begin(MAX);
	flushes = false;
	for (int i = 0; i < 64; i++)
		websocket_send(ws, false, block, sizeof(block));
	assert_int_equal(websocket_flush(ws, false), 1);
	/* With so much queued nothing is read: take the rest of it. */
	while (websocket_queued(ws) > WEBSOCKET_QUEUE_MAX) {
		char scrap[4096];

		assert_true(recv(peer, scrap, sizeof(scrap), 0) > 0);
		websocket_flush(ws, false);
	}
	assert_true(websocket_queued(ws) > 0);
	begun = now_ns();
	assert_int_equal(send(peer, "\x81\x00", 2, 0), 2);
	serve();
	assert_true(ended);
	assert_true(now_ns() - begun >= CONN_LINGER_NS);
	assert_int_equal(conn.outcome, OUTCOME_FAILED);
	end();
}

TEST(a_queue_goes_out_in_order_as_the_peer_reads)
{
	struct bytes out = {0};
	char block[5000];

	begin(MAX);
	for (int i = 0; i < 400; i++) {
		memset(block, i, sizeof(block));
		assert_int_equal(
		    websocket_send(ws, false, block, sizeof(block)), 0);
		add_plain(&out, BINARY | FIN, block, sizeof(block));
		if (i % 7 == 0)
			assert_true(websocket_flush(ws, false) >= 0);
		if (i % 20 == 0)
			look_at_answers();
	}
	serve();
	assert_int_equal(websocket_queued(ws), 0);
	got(&sent, out.at, out.len);
	clear(&out);
	end();
}

int
main(void)
{
	if (!WEBSOCKET_HERE) {
		print_message("no WebSocket in this image: skipped\n");
		return 0;
	}
	return unit_run(__FILE__, NULL, NULL);
}
