/* SPDX-License-Identifier: MIT */
/*
 * The server's side is a conn in the first thread, where assertions belong;
 * the client's is a thread that does what its test says. The certificate is
 * made by openssl(1).
 */
#include "tests/unit/unit.h"
#include "tests/unit/wake_timer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/net/conn.h"
#include "common/net/tls.h"
#include "common/net/tls_client.h"
#include "common/net/tls_make.h"

#define SOON (50 * NS_PER_MS)
#define LONG (10 * NS_PER_S)

static char directory[] = "/tmp/perconn-tls-XXXXXX";
static char cert[64], key[64], other[64];
static struct tls *tls;
static struct tls_log_limits limits;
static struct tls *demanding; /* a certificate that is the server's own */

/* ---- both sides ---- */

struct client {
	const char *host;
	const char *ca;
	bool shows; /* the server's own certificate, as its own */
	/* Returns what the test has to see. */
	ssize_t (*act)(struct client *);
	int fd;
	struct tls_stream *stream;
	ssize_t result;
	int error;
	char why[256];
	char described[256];
	char got[64];
};

static struct conn conn;
static struct client client;
static pthread_t thread;

static void
await(int fd, bool out)
{
	struct pollfd wait = {fd, out ? POLLOUT : POLLIN, 0};

	poll(&wait, 1, 10000);
}

static ssize_t
client_read(struct client *c, void *buf, size_t size)
{
	bool out = false;
	ssize_t n;

	while ((n = tls_stream_read(c->stream, buf, size, &out)) < 0 &&
	       errno == EAGAIN)
		await(c->fd, out);
	return n;
}

static ssize_t
client_write(struct client *c, const void *buf, size_t len)
{
	bool out = false;
	ssize_t n;

	while ((n = tls_stream_write(c->stream, buf, len, &out)) < 0 &&
	       errno == EAGAIN)
		await(c->fd, out);
	return n;
}

static void
client_end(struct client *c)
{
	while (tls_stream_end(c->stream) < 0 && errno == EAGAIN)
		await(c->fd, true);
}

static void *
client_main(void *arg)
{
	struct client *c = arg;
	struct tls_client *context;
	sigset_t nudge;

	sigemptyset(&nudge);
	sigaddset(&nudge, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &nudge, NULL);
	context = tls_client_open(c->host, c->ca, c->shows ? cert : NULL,
	    c->shows ? key : NULL, c->why, sizeof(c->why));
	c->stream = context ? tls_stream_open(context, c->fd) : NULL;
	if (c->stream) {
		c->result = c->act(c);
		c->error = errno;
		snprintf(
		    c->why, sizeof(c->why), "%s", tls_stream_why(c->stream));
	}
	tls_stream_close(c->stream);
	tls_client_close(context);
	if (c->fd >= 0)
		close(c->fd);
	return NULL;
}

static void
begin(const struct client *what)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	client = *what;
	client.host = client.host ? client.host : "localhost";
	client.ca = client.ca ? client.ca : cert;
	client.fd = ends[1];
	wake_every(LONG / 8);
	conn_init(&conn, ends[0], LONG, LONG);
	assert_int_equal(
	    pthread_create(&thread, NULL, client_main, &client), 0);
}

static void
end(enum outcome outcome)
{
	enum outcome was = conn_finish(&conn);

	close(conn.fd);
	pthread_join(thread, NULL);
	assert_int_equal(was, outcome);
}

static void
accept_all(void)
{
	assert_int_equal(tls_accept(&conn, tls, 1, &limits), 0);
}

/* After the handshake, which may take its time on a busy machine. */
static void
be_impatient(uint64_t idle_ns, uint64_t request_ns)
{
	conn.idle_timeout_ns = idle_ns;
	conn.request_timeout_ns = request_ns;
	wake_every(idle_ns / 8);
}

static void
fails_with(ssize_t result, int error)
{
	int was = errno;

	assert_int_equal(result, -1);
	assert_int_equal(was, error);
}

/* ---- bytes ---- */

static ssize_t
says_and_ends(struct client *c)
{
	if (client_write(c, "abc", 3) != 3)
		return -1;
	tls_stream_describe(c->stream, c->described, sizeof(c->described));
	client_end(c);
	if (client_read(c, c->got, sizeof(c->got)) != 4)
		return -1;
	return client_read(c, c->got + 8, 8);
}

TEST(bytes_come_and_go_after_the_client_has_ended)
{
	char buf[8];

	begin(&(struct client){.act = says_and_ends});
	accept_all();
	assert_int_equal(conn_read(&conn, buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "abc", 3);
	assert_int_equal(conn_read(&conn, buf, sizeof(buf)), 0);
	assert_int_equal(conn_write(&conn, "defg", 4), 0);
	end(OUTCOME_SERVED);
	assert_int_equal(client.result, 0);
	assert_memory_equal(client.got, "defg", 4);
	assert_string_equal(client.why, "");
	assert_string_equal(client.described,
	    "TLSv1.3 TLS_AES_256_GCM_SHA384, server CN=localhost");
}

enum { MUCH = 3 << 20 };

static ssize_t
sends_much(struct client *c)
{
	static char data[MUCH];
	size_t at = 0;

	while (at < MUCH) {
		ssize_t n = client_write(c, data + at, MUCH - at);

		if (n < 0)
			return -1;
		for (ssize_t i = 0; i < n; i++)
			data[at + (size_t)i] = 'x';
		at += (size_t)n;
	}
	client_end(c);
	for (at = 0;;) {
		ssize_t n = client_read(c, data, MUCH);

		if (n <= 0)
			return n < 0 ? -1 : (ssize_t)at;
		at += (size_t)n;
	}
}

TEST(much_more_than_a_socket_holds_goes_both_ways)
{
	static char data[MUCH];
	size_t at = 0;
	ssize_t n;

	begin(&(struct client){.act = sends_much});
	accept_all();
	while ((n = conn_read(&conn, data + at, MUCH - at)) > 0)
		at += (size_t)n;
	assert_int_equal(at, MUCH);
	conn_request_within(&conn, LONG); /* without blocking this way */
	assert_int_equal(conn_write(&conn, data, MUCH), 0);
	end(OUTCOME_SERVED);
	assert_int_equal(client.result, MUCH);
}

static ssize_t
says_ten_bytes(struct client *c)
{
	if (client_write(c, "0123456789", 10) != 10 ||
	    client_read(c, c->got, 2) != 2)
		return -1;
	/* The beginning of a record that never comes. */
	send(c->fd, "\x17\x03\x03", 3, MSG_NOSIGNAL);
	return client_read(c, c->got, 1);
}

TEST(input_is_held_until_it_is_read_but_a_part_of_a_record_is_not)
{
	char buf[10];

	begin(&(struct client){.act = says_ten_bytes});
	accept_all();
	assert_int_equal(conn_read(&conn, buf, 4), 4);
	assert_true(conn_holds_input(&conn));
	assert_int_equal(conn_try_read(&conn, buf, 10), 6);
	assert_false(conn_holds_input(&conn));
	fails_with(conn_try_read(&conn, buf, 1), EAGAIN);
	assert_int_equal(conn_write(&conn, "go", 2), 0);
	await(conn.fd, false);
	fails_with(conn_try_read(&conn, buf, 1), EAGAIN);
	assert_false(conn_holds_input(&conn));
	assert_int_equal(conn.blocked_on, 0);
	end(OUTCOME_SERVED);
	assert_int_equal(client.result, 0);
}

TEST(the_view_says_what_was_agreed_on)
{
	struct tls_view view;
	char buf[8];

	begin(&(struct client){.act = says_and_ends});
	assert_false(tls_look(&conn, &view));
	accept_all();
	assert_true(tls_look(&conn, &view));
	assert_string_equal(view.version, "TLSv1.3");
	assert_string_equal(view.cipher, "TLS_AES_256_GCM_SHA384");
	assert_string_equal(view.peer, "");
	assert_false(view.resumed);
	while (conn_read(&conn, buf, sizeof(buf)) > 0)
		continue;
	end(OUTCOME_SERVED);
}

TEST(a_client_shows_its_certificate_to_who_asks)
{
	struct tls_view view;
	char buf[8];

	for (int asks = 0; asks < 2; asks++) {
		begin(&(struct client){.act = says_and_ends, .shows = true});
		assert_int_equal(
		    tls_accept(&conn, asks ? demanding : tls, 1, &limits), 0);
		tls_look(&conn, &view);
		assert_string_equal(view.peer, asks ? "CN=localhost" : "");
		while (conn_read(&conn, buf, sizeof(buf)) > 0)
			continue;
		end(OUTCOME_SERVED);
		assert_true(!strstr(client.described,
				", client CN=localhost") == !asks);
	}
}

/* ---- ends and deadlines ---- */

static ssize_t
vanishes(struct client *c)
{
	ssize_t n = client_write(c, "abc", 3);

	client_read(c, c->got, 1);
	close(c->fd);
	c->fd = -1;
	return n;
}

/* Between requests nothing can be missing, and many clients just close. */
TEST(an_end_that_was_not_announced_is_a_failure_except_between_requests)
{
	enum { NO_REQUESTS, BETWEEN, WITHIN };
	char buf[8];

	for (int when = NO_REQUESTS; when <= WITHIN; when++) {
		begin(&(struct client){.act = vanishes});
		accept_all();
		if (when != NO_REQUESTS)
			conn_request_begin(&conn);
		assert_int_equal(conn_read(&conn, buf, sizeof(buf)), 3);
		assert_int_equal(conn_write(&conn, "x", 1), 0);
		if (when == BETWEEN) {
			conn_request_end(&conn);
			conn_request_begin(&conn);
			assert_int_equal(conn_read(&conn, buf, 1), 0);
			end(OUTCOME_SERVED);
		} else {
			fails_with(conn_read(&conn, buf, 1), ECONNRESET);
			end(OUTCOME_FAILED);
		}
	}
}

static ssize_t
only_reads(struct client *c)
{
	return client_read(c, c->got, 1);
}

TEST(a_client_sees_that_the_server_was_cut_off)
{
	begin(&(struct client){.act = only_reads});
	accept_all();
	conn_fail(&conn, EIO);
	end(OUTCOME_FAILED);
	assert_int_equal(client.result, -1);
	assert_int_equal(client.error, ECONNRESET);
	assert_string_equal(client.why, "the peer closed without close_notify");
}

TEST(a_silent_client_times_out)
{
	char buf[8];

	begin(&(struct client){.act = only_reads});
	accept_all();
	be_impatient(SOON, LONG);
	fails_with(conn_read(&conn, buf, sizeof(buf)), ETIMEDOUT);
	end(OUTCOME_TIMED_OUT);
}

/* A record of 16 KiB that comes a byte at a time, for 0.4 s at least. */
static ssize_t
dribbles_for_a_while(struct client *c)
{
	send(c->fd, "\x17\x03\x03\x40", 4, MSG_NOSIGNAL);
	for (int i = 0; i < 200; i++) {
		send(c->fd, "", 1, MSG_NOSIGNAL);
		nap_ms(2);
	}
	return client_read(c, c->got, 1);
}

static ssize_t
dribbles(struct client *c)
{
	if (client_write(c, "x", 1) != 1 || client_read(c, c->got, 1) != 1)
		return -1;
	return dribbles_for_a_while(c);
}

TEST(a_byte_at_a_time_does_not_extend_a_request)
{
	char buf[8];

	begin(&(struct client){.act = dribbles});
	accept_all();
	be_impatient(LONG, SOON);
	assert_int_equal(conn_read(&conn, buf, sizeof(buf)), 1);
	assert_int_equal(conn_write(&conn, "x", 1), 0);
	conn_request_begin(&conn);
	fails_with(conn_read(&conn, buf, sizeof(buf)), ETIMEDOUT);
	end(OUTCOME_TIMED_OUT);
}

static ssize_t
shakes_and_dribbles(struct client *c)
{
	return client_write(c, "x", 1) == 1 ? dribbles_for_a_while(c) : -1;
}

TEST(bytes_of_an_unfinished_record_are_no_silence)
{
	char buf[8];
	uint64_t before;

	begin(&(struct client){.act = shakes_and_dribbles});
	accept_all();
	assert_int_equal(conn_read(&conn, buf, sizeof(buf)), 1);
	be_impatient(3 * SOON, LONG);
	before = now_ns();
	fails_with(conn_read(&conn, buf, sizeof(buf)), ETIMEDOUT);
	assert_true(now_ns() - before >= 6 * SOON);
	end(OUTCOME_TIMED_OUT);
}

static ssize_t
reads_late(struct client *c)
{
	static char data[1 << 16];
	ssize_t n, sum = 0;

	client_write(c, "x", 1);
	nap_ms(30);
	while ((n = client_read(c, data, sizeof(data))) > 0)
		sum += n;
	return n < 0 ? -1 : sum;
}

/* The end, too, has to wait for room in the socket: here there is none until
 * the answer before it was read. */
TEST(a_client_that_reads_late_gets_a_whole_answer)
{
	static char data[1 << 16];
	int least = 1;
	char byte;

	begin(&(struct client){.act = reads_late});
	accept_all();
	assert_int_equal(conn_read(&conn, &byte, 1), 1);
	assert_int_equal(conn_write(&conn, data, sizeof(data)), 0);
	setsockopt(conn.fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
	end(OUTCOME_SERVED);
	assert_int_equal(client.result, sizeof(data));
}

/* ---- handshakes ---- */

static void
handshake_fails(const struct client *what, const char *words)
{
	memset(&limits, 0, sizeof(limits));
	begin(what);
	fails_with(tls_accept(&conn, tls, 1, &limits), EPROTO);
	assert_true(limits.others.next_ns > 0);
	assert_true(limits.certificates.next_ns == 0);
	end(OUTCOME_FAILED);
	assert_int_equal(client.result, -1);
	assert_int_equal(client.error, EPROTO);
	assert_string_equal(client.why, words);
}

TEST(a_certificate_for_another_host_is_refused)
{
	handshake_fails(
	    &(struct client){.act = only_reads, .host = "elsewhere"},
	    "the certificate is for localhost, not elsewhere");
	handshake_fails(
	    &(struct client){.act = only_reads, .host = "127.0.0.2"},
	    "the certificate is for localhost, not 127.0.0.2");
}

/* In TLS 1.3 a client learns of it when it reads. */
TEST(a_client_without_a_certificate_learns_that_it_needs_one)
{
	memset(&limits, 0, sizeof(limits));
	begin(&(struct client){.act = only_reads});
	fails_with(tls_accept(&conn, demanding, 1, &limits), EPROTO);
	/* Which no handshake that fails otherwise can hide. */
	assert_true(limits.certificates.next_ns > 0);
	assert_true(limits.others.next_ns == 0);
	end(OUTCOME_FAILED);
	assert_int_equal(client.error, EPROTO);
	assert_string_equal(
	    client.why, "the peer's alert: certificate required");
}

TEST(addresses_and_names_with_a_dot_are_accepted)
{
	static const char *const hosts[] = {
	    "127.0.0.1", "::1", "::1%lo", "localhost."};
	char buf[8];

	for (size_t i = 0; i < COUNT_OF(hosts); i++) {
		begin(&(struct client){.act = says_and_ends, .host = hosts[i]});
		accept_all();
		while (conn_read(&conn, buf, sizeof(buf)) > 0)
			continue;
		assert_int_equal(conn_write(&conn, "defg", 4), 0);
		end(OUTCOME_SERVED);
		assert_int_equal(client.result, 0);
	}
}

TEST(a_certificate_that_nobody_signed_is_refused)
{
	handshake_fails(&(struct client){.act = only_reads, .ca = other},
	    "self-signed certificate (CN=localhost)");
}

TEST(a_client_without_its_authorities_says_why)
{
	char why[256];

	assert_null(tls_client_open(
	    "localhost", "/nowhere", NULL, NULL, why, sizeof(why)));
	assert_string_equal(
	    why, "--tls-ca /nowhere: No such file or directory");
	assert_null(
	    tls_client_open("localhost", key, NULL, NULL, why, sizeof(why)));
	assert_non_null(strstr(why, ": no certificate in PEM form"));
	assert_null(
	    tls_client_open("localhost", cert, other, key, why, sizeof(why)));
	assert_non_null(strstr(why, ": does not belong to the certificate"));
}

/* ---- keys of tickets ---- */

/* In a child: openssl(1), whose session is kept in a file. */
static void
run_client(const char *path, const char *version, const char *option)
{
	char session[64];
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test fail */
	snprintf(session, sizeof(session), "%s/session", directory);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	execlp("openssl", "openssl", "s_client", "-ign_eof", "-unix", path,
	    version, strcmp(option, "next") ? option : "-sess_in", session,
	    strcmp(option, "next") ? NULL : "-sess_out", session, NULL);
	_exit(1);
}

/* Whether a client that keeps its session (OPTION -sess_out), or comes with
 * the one that was kept (-sess_in) and then keeps the one that follows it
 * ("next"), has resumed it. */
static bool
resumes(const char *version, const char *option)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	/* Were it open in the child, the child would wait for itself if this
	 * process died before accept(). */
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct tls_view view;
	pid_t pid;
	int fd;

	wake_every(
	    0); /* accept() and waitpid() here do not repeat themselves */
	snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s/socket", directory);
	unlink(address.sun_path);
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	pid = fork();
	if (pid == 0)
		run_client(address.sun_path, version, option);
	fd = accept(listener, NULL, NULL);
	wake_every(LONG / 8);
	conn_init(&conn, fd, LONG, LONG);
	accept_all();
	assert_true(tls_look(&conn, &view));
	assert_int_equal(conn_write(&conn, "hello", 5), 0);
	conn_finish(&conn);
	wake_every(0);
	close(conn.fd);
	close(listener);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return view.resumed;
}

TEST(a_ticket_is_good_until_its_key_has_changed_twice)
{
	static const char *const versions[] = {"-tls1_2", "-tls1_3"};
	static uint64_t now = NS_PER_S;

	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		tls_renew(tls, now); /* the first look sets the time */
		assert_false(resumes(versions[i], "-sess_out"));
		assert_true(resumes(versions[i], "-sess_in"));
		tls_renew(tls, now += TLS_TICKET_KEY_NS - 1);
		assert_true(resumes(versions[i], "-sess_in"));
		tls_renew(tls, now += 1);
		assert_true(resumes(versions[i], "-sess_in"));
		tls_renew(tls, now += TLS_TICKET_KEY_NS);
		assert_false(resumes(versions[i], "-sess_in"));
	}
}

/* One key never comes back. */
TEST(keys_go_on_changing)
{
	uint64_t now = 1000 * TLS_TICKET_KEY_NS;

	assert_false(resumes("-tls1_2", "-sess_out"));
	for (int i = 0; i < 10; i++) {
		tls_renew(tls, now += TLS_TICKET_KEY_NS);
		assert_int_equal(resumes("-tls1_2", "-sess_in"), i == 0);
	}
}

/* In libc's place: what it is by the clock on the wall, later. */
static time_t later;

time_t
time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += later;
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

/* An hour and another: each ticket is good for two, and in TLS 1.3 brings the
 * next. */
TEST(a_session_ends_after_a_day_however_often_it_was_renewed)
{
	enum { HOUR = 3600, HOURS = TLS_SESSION_S / HOUR };
	uint64_t now = 2000 * TLS_TICKET_KEY_NS;

	tls_renew(tls, now);
	assert_false(resumes("-tls1_3", "-sess_out"));
	for (int hour = 1; hour <= HOURS; hour++) {
		later += HOUR;
		tls_renew(tls, now += HOUR * NS_PER_S);
		assert_int_equal(resumes("-tls1_3", "next"), hour < HOURS);
	}
	assert_true(resumes("-tls1_3", "-sess_in"));
	later = -HOUR; /* set back: nobody knows how long it was */
	assert_false(resumes("-tls1_3", "-sess_in"));
	later = 0;
}

/* ---- a certificate of ours ---- */

/* Returns what openssl(1) says of it as a strict reader. */
static int
verify_strictly(const char *path)
{
	char command[256];

	snprintf(command, sizeof(command),
	    "openssl verify -x509_strict -purpose sslserver -verify_ip "
	    "127.0.0.1 -CAfile %s %s >%s/said 2>&1",
	    path, path, directory);
	return system(command);
}

static void
make_ours(enum tls_make_kind kind, char made[64])
{
	char made_key[64], why[128];
	int fd, key_fd;

	snprintf(made, 64, "%s/made", directory);
	snprintf(made_key, sizeof(made_key), "%s/made-key", directory);
	fd = open(made, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	key_fd = open(made_key, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(tls_make(kind, fd, key_fd, why, sizeof(why)), 0);
	close(fd);
	close(key_fd);
}

/* Whether openssl(1) has WORDS in its description. */
static bool
has_words(const char *path, const char *words)
{
	char command[256];

	snprintf(command, sizeof(command),
	    "openssl x509 -in %s -noout -text | grep -q '%s'", path, words);
	return system(command) == 0;
}

TEST(a_certificate_of_ours_satisfies_a_strict_reader)
{
	char made[64], text[4096] = "";

	make_ours(TLS_MAKE_P256, made);
	assert_int_equal(verify_strictly(made), 0);
	assert_true(has_words(made, "P-256"));
	make_ours(TLS_MAKE_RSA_2048, made);
	assert_int_equal(verify_strictly(made), 0);
	assert_true(has_words(made, "Public-Key: (2048 bit)"));
	snprintf(text, sizeof(text),
	    "openssl x509 -in %s -noout -text >%s/said && for words in "
	    "'Basic Constraints: critical' 'Key Usage: critical' "
	    "'Subject Key Identifier' 'Authority Key Identifier'; do "
	    "grep -q \"$words\" %s/said || exit 1; done",
	    made, directory, directory);
	assert_int_equal(system(text), 0);
}

/* ---- preparation ---- */

static int
make_certificate(const char *to, const char *to_key, const char *name)
{
	char command[512];

	snprintf(command, sizeof(command),
	    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
	    "-nodes -days 2 -subj /CN=%s -addext "
	    "subjectAltName=DNS:%s,IP:127.0.0.1,IP:::1 -out %s -keyout %s "
	    "2>/dev/null",
	    name, name, to, to_key);
	return system(command);
}

static int
prepare(void **state)
{
	char other_key[64];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(directory))
		return -1;
	snprintf(cert, sizeof(cert), "%s/cert", directory);
	snprintf(key, sizeof(key), "%s/key", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	snprintf(other_key, sizeof(other_key), "%s/other-key", directory);
	if (make_certificate(cert, key, "localhost") != 0 ||
	    make_certificate(other, other_key, "other.example") != 0)
		return -1;
	tls = tls_open(cert, key, NULL);
	demanding = tls_open(cert, key, cert);
	return tls && demanding ? 0 : -1;
}

static int
clean_up(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command);
}

int
main(void)
{
	if (!TLS_HERE || system("openssl version >/dev/null 2>&1") != 0) {
		puts("skipped: no TLS in this build, or no openssl(1)");
		return 0;
	}
	return unit_run(__FILE__, prepare, clean_up);
}
