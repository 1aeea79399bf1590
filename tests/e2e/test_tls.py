# SPDX-License-Identifier: MIT
"""--tls-cert, --tls-key, --tls-client-ca: what clients and attackers see."""
import fcntl
import os
import re
import select
import socket
import ssl
import stat
import subprocess
import time

import pytest

from harness import (BIN, connect, echo, eventually, in_parallel,
                     needs, parse_target, read_all, read_exactly)
from tls_files import openssl

pytestmark = [
    needs("openssl"),
    pytest.mark.skipif(not (BIN / "server_thread-full").exists(),
                       reason="built without OpenSSL"),
]
VERSIONS = pytest.mark.parametrize("version", ["1.2", "1.3"])
PROTOCOL = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


# ---- clients ----

def trusting(files, version=None, own=None):
    """A context that trusts our authority and shows the certificate OWN.
    Python takes an unannounced end for a good one, unless told otherwise, and
    before 3.13 a certificate that lacks what RFC 5280 demands."""
    context = ssl.create_default_context(cafile=files.cert("ca"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 1 << 7)
    if version:
        context.minimum_version = PROTOCOL[version]
        context.maximum_version = PROTOCOL[version]
    if own:
        context.load_cert_chain(files.cert(own), files.key(own))
    return context


def shake(server, context, target=None, session=None):
    """A connection after its handshake, which teardown closes."""
    sock = connect(target or server.address)
    try:
        sock = context.wrap_socket(
            sock, server_hostname="localhost", session=session,
            suppress_ragged_eofs=False)
    except BaseException:
        sock.close()
        raise
    server.sockets.append(sock)
    return sock


def leave(sock):
    """An orderly end of both directions."""
    sock.unwrap().close()


def sent_and_read_at_once(sock, data):
    """By one thread: two must not use one connection of OpenSSL."""
    timeout, sent, got = sock.gettimeout(), 0, bytearray()
    sock.setblocking(False)
    while len(got) < len(data):
        try:
            if sent < len(data):
                sent += sock.send(data[sent:sent + 65536])
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        try:
            piece = sock.recv(65536)
            assert piece, "the end came too early"
            got += piece
        except ssl.SSLWantReadError:
            out = [sock] if sent < len(data) else []
            select.select([sock], out, [], timeout)
    sock.settimeout(timeout)
    return bytes(got)


class Openssl:
    """openssl s_client, which is talked to by lines."""

    def __init__(self, server, files, *options):
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-connect", server.address,
             "-servername", "localhost", "-CAfile", files.cert("ca"),
             "-verify_return_error", *map(str, options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.said = b""

    def send(self, line):
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def wait_line(self, line):
        """All lines up to this one; it may be the last without an end."""
        for said in self.process.stdout:
            self.said += said
            if said == line:
                return
        pytest.fail(f"{line!r} is not in {self.said!r}")

    def end(self):
        """End of file for it; returns its status."""
        rest, _ = self.process.communicate(timeout=60)
        self.said += rest
        return self.process.returncode


def refused(server, files, *options):
    """What openssl says where the handshake must fail."""
    client = Openssl(server, files, *options)
    assert client.end() != 0
    return client.said


# ---- what works ----

@VERSIONS
def test_openssl_gets_its_echo(server, files, version):
    server.start(*files.options())
    client = Openssl(server, files, f"-tls{version.replace('.', '_')}")
    client.send(b"over TLS\n")
    client.wait_line(b"over TLS\n")
    assert client.end() == 0
    assert f"Protocol  : TLSv{version}".encode() in client.said or \
        f"New, TLSv{version}".encode() in client.said
    server.wait_ledger(accepted=1, served=1)


@needs("curl")
def test_curl_finds_the_answer_complete(server, files):
    server.start("-s", "hello", *files.options())
    got = subprocess.run(
        ["curl", "-sS", "--http0.9", "--cacert", files.cert("ca"),
         f"https://localhost:{server.port}/"], capture_output=True,
        timeout=60)
    assert (got.stdout, got.returncode) == (b"Hello, client!\n", 0), got
    server.wait_ledger(accepted=1, served=1)


def test_it_works_over_every_family(server, files, listen):
    server.start(*files.options(), listen=listen)
    sock = shake(server, trusting(files))
    echo(sock)
    leave(sock)
    server.wait_ledger(served=1)


def test_datagrams_stay_as_they_are(server, files):
    server.start(*files.options(), listen=("127.0.0.1:0", "udp:127.0.0.1:0"))
    _, address = parse_target(server.targets[1].removeprefix("udp:"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(60)
        sock.sendto(b"plain", address)
        assert sock.recv(100) == b"plain"
    echo(shake(server, trusting(files)))


@VERSIONS
def test_much_data_goes_both_ways_at_once(server, files, version):
    server.start(*files.options())
    sock = shake(server, trusting(files, version))
    data = os.urandom(1 << 20) * 16
    assert sent_and_read_at_once(sock, data) == data
    leave(sock)
    server.wait_ledger(served=1)


def test_many_clients_at_once(server, files):
    server.start(*files.options())

    def talk(i):
        sock = shake(server, trusting(files))
        for n in range(10):
            echo(sock, b"%d %d\n" % (i, n) * 100)
        leave(sock)

    in_parallel(talk, range(40))
    server.wait_ledger(accepted=40, served=40)
    server.back_to_start()


def test_rsa_keys_do_not_need_more_stack_than_there_is(server, files):
    files.issue("rsa4096", "localhost", algorithm=4096)
    server.start(*files.demanding("rsa4096"))
    for version in PROTOCOL:
        sock = shake(server, trusting(files, version, "rsa4096"))
        echo(sock, b"x" * 50_000)
        leave(sock)
    server.wait_ledger(served=2)


# ---- what is not allowed ----

@pytest.mark.parametrize("options, words", [
    (["-tls1_1", "-cipher", "ALL@SECLEVEL=0"], "no shared version"),
    (["-tls1", "-cipher", "ALL@SECLEVEL=0"], "no shared version"),
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384"],
     "no shared cipher"),
    (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], "no shared cipher"),
    (["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"],
     "no shared cipher"),
    (["-tls1_3", "-groups", "X448"], "no suitable key share"),
], ids=["TLS 1.1", "TLS 1.0", "CBC", "no ephemeral key", "DHE", "X448"])
def test_what_is_weak_is_refused(server, files, options, words):
    server.start(*files.options())
    refused(server, files, *options)
    server.wait_log(f"connection 1: TLS: {words}")
    server.wait_ledger(accepted=1, failed=1)


@pytest.mark.parametrize("group", ["X25519", "P-256"])
def test_both_groups_are_there(server, files, group):
    server.start(*files.options())
    client = Openssl(server, files, "-groups", group)
    client.send(b"hi\n")
    client.wait_line(b"hi\n")
    assert client.end() == 0


def test_a_renegotiation_is_refused(server, files):
    server.start(*files.options())
    client = Openssl(server, files, "-tls1_2")
    client.send(b"first\n")
    client.wait_line(b"first\n")
    client.send(b"R\n")
    client.end()
    assert b"no renegotiation" in client.said
    echo(shake(server, trusting(files)))


def test_there_is_no_early_data(server, files, tmp_path):
    server.start(*files.options())
    client = Openssl(server, files, "-tls1_3", "-sess_out", tmp_path / "s")
    client.send(b"hi\n")
    client.wait_line(b"hi\n")
    client.end()
    told = openssl("sess_id", "-in", tmp_path / "s", "-noout", "-text").stdout
    assert b"Max Early Data: 0" in told


@pytest.mark.parametrize("words, reason", [
    (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "not TLS but HTTP"),
    (b"POST /x HTTP/1.1\r\n\r\n", "not TLS but HTTP"),
    (b"CONNECT a:1 HTTP/1.1\r\n\r\n", "not TLS but HTTP"),
    (b"ping, plainly\n", "not TLS"),
    (b"\0" * 1000, "not TLS"),
    (b"\x16\x03\x01\x00\x05\x09\x00\x00\x01\x00", "unexpected message"),
], ids=["GET", "POST", "CONNECT", "echo", "zeros", "no hello"])
def test_what_is_not_tls_is_named(server, files, words, reason):
    server.start(*files.options())
    sock = server.connect()
    sock.sendall(words)
    # An alert at most, and then the end: not a reset, though input is unread.
    assert read_all(sock)[:1] in (b"", b"\x15")
    server.wait_log(f"connection 1: TLS: {reason}\n")
    server.wait_ledger(failed=1)


def test_a_client_that_leaves_in_the_handshake_is_named(server, files):
    server.start(*files.options())
    connect(server.address).close()
    server.wait_log("connection 1: TLS: the peer closed during the handshake")
    server.wait_ledger(failed=1)


def failing_handshakes(server, count):
    """How long they took together."""
    start = time.monotonic()
    for _ in range(count):
        connect(server.address).close()
    server.wait_ledger(failed=count)
    return time.monotonic() - start


def test_who_fails_again_and_again_does_not_fill_the_log(server, files):
    """One line a second, whichever worker it was that failed."""
    server.start(*files.options())
    seconds = failing_handshakes(server, 100)
    lines = [line for line in server.log().splitlines() if ": TLS: " in line]
    assert 1 <= len(lines) <= seconds + 1
    assert told_of(server) == 100


def told_of(server):
    """Handshakes in the log: in a line of their own, or counted."""
    log = server.log()
    return log.count(": TLS: ") + sum(
        int(number) for number in re.findall(r"\(and (\d+) more\)", log) +
        re.findall(r"(\d+) more not logged: TLS", log))


@pytest.mark.parametrize("asked", ["SIGUSR1", "exit"])
def test_no_handshake_goes_uncounted(server, files, asked):
    server.start(*files.options())
    for _ in range(20):
        connect(server.address).close()
    if asked == "SIGUSR1":
        server.wait_ledger(failed=20)
    else:
        eventually(lambda: not server.workers(), "all have failed")
        assert server.stop() == 0
    assert told_of(server) == 20
    assert server.log().endswith("\n") and \
        "ledger: " in server.log().splitlines()[-1]


def test_who_speaks_no_tls_does_not_hide_whose_certificate_is_refused(
        server, files):
    server.start(*files.demanding())
    sock = server.connect()
    sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
    read_all(sock)
    for own in [None, "late", None]:
        with pytest.raises(ssl.SSLError):
            shake(server, trusting(files, own=own)).recv(1)
    server.wait_ledger(failed=4)
    log = server.log()
    assert "connection 1: TLS: not TLS but HTTP" in log
    assert "connection 2: TLS: no certificate presented" in log
    assert told_of(server) == 4


def test_verbose_tells_of_each_handshake_that_failed(server, files):
    server.start("-v", *files.options())
    failing_handshakes(server, 30)
    assert server.log().count("the peer closed during the handshake") == 30


# ---- resumption ----

@VERSIONS
@pytest.mark.parametrize("demanding", [False, True],
                         ids=["anyone", "with certificates"])
def test_a_session_is_resumed_with_another_worker(
        server, files, tmp_path, version, demanding):
    server.start(*(files.demanding() if demanding else files.options()))
    own = ["-cert", files.cert("alice"), "-key", files.key("alice")]
    options = [f"-tls{version.replace('.', '_')}", *(own if demanding else [])]
    for more, word in [(["-sess_out", tmp_path / "s"], b"New, TLS"),
                       (["-sess_in", tmp_path / "s"], b"Reused, TLS")]:
        client = Openssl(server, files, *options, *more)
        client.send(b"hi\n")
        client.wait_line(b"hi\n")
        assert client.end() == 0
        assert word in client.said
    server.wait_ledger(served=2)


def test_a_resumed_session_gets_a_ticket_for_the_next(server, files):
    server.start(*files.options())
    context, session, reused = trusting(files), None, []
    for _ in range(4):
        sock = shake(server, context, session=session)
        echo(sock)
        session = sock.session
        reused.append(sock.session_reused)
        leave(sock)
    assert reused == [False, True, True, True]


def test_another_server_does_not_know_the_session(server, files):
    server.start(*files.options())
    other = server.another().start(*files.options())
    context = trusting(files)
    sock = shake(server, context)
    echo(sock)
    stranger = shake(other, context, session=sock.session)
    echo(stranger)
    assert not stranger.session_reused


@pytest.mark.timed
def test_a_session_does_not_outlive_the_certificate(server, files, tmp_path):
    """Each ticket brings the next one; but they all end with the certificate
    that was shown in the first handshake."""
    name = f"brief-{tmp_path.name}"
    end = int(time.time()) + 5
    files.issue(name, "brief", seconds=5)
    server.start(*files.demanding())
    contexts = [trusting(files, version, name) for version in PROTOCOL]
    sessions, resumed = [None, None], [0, 0]
    while time.time() < end - 2:
        for i, context in enumerate(contexts):
            sock = shake(server, context, session=sessions[i])
            echo(sock)
            sessions[i] = sock.session
            resumed[i] += sock.session_reused
            leave(sock)
        time.sleep(0.05)
    assert min(resumed) >= 2
    time.sleep(max(0, end + 1.5 - time.time()))
    for context, session in zip(contexts, sessions):
        assert session.ticket_lifetime_hint <= 5
        with pytest.raises(ssl.SSLError, match="(?i)expired"):
            shake(server, context, session=session).recv(1)
    server.wait_log("certificate has expired (CN=brief)")


# ---- certificates of clients ----

def chain_of(files, tmp_path, count):
    """A certificate that COUNT intermediates lie between and our authority, as
    the name that Files knows it by, with them behind it."""
    name, by = f"below-{count}-{tmp_path.name}", "ca"
    links = []
    for i in range(count):
        files.authority(f"{name}-{i}", f"Intermediate {i}", by=by)
        by = f"{name}-{i}"
        links.append(files.cert(by).read_text())
    files.issue(name, "below", by=by)
    files.cert(name).write_text(
        files.cert(name).read_text() + "".join(reversed(links)))
    return name


@VERSIONS
@pytest.mark.parametrize("count", [0, 1, 8])
def test_intermediates_are_followed_up_to_the_authority(
        server, files, tmp_path, version, count):
    name = chain_of(files, tmp_path, count)
    server.start(*files.demanding())
    sock = shake(server, trusting(files, version, name))
    echo(sock)
    leave(sock)
    server.wait_ledger(served=1)


def test_a_chain_that_is_too_long_is_called_so(server, files, tmp_path):
    name = chain_of(files, tmp_path, 9)
    server.start(*files.demanding())
    with pytest.raises(ssl.SSLError):
        shake(server, trusting(files, own=name)).recv(1)
    server.wait_log("TLS: more than 8 intermediates (")


@VERSIONS
def test_more_names_of_authorities_than_a_handshake_holds(
        server, files, tmp_path, version):
    """They are a help for clients that have several certificates, no more: said
    at the start, and left out."""
    many = tmp_path / "many.pem"
    rest = "".join(f"/OU={'x' * 64}" for _ in range(20))
    many.write_bytes(files.cert("ca").read_bytes() + b"".join(
        openssl("req", "-x509", "-key", files.key("ca"), "-config",
                files.directory / "config", "-days", 2, "-subj",
                f"/CN={i}{rest}").stdout for i in range(50)))
    server.start(*files.options(), "--tls-client-ca", many)
    assert f"--tls-client-ca {many}: its names take 7" in server.log()
    sock = shake(server, trusting(files, version, "alice"))
    echo(sock)
    leave(sock)
    server.wait_ledger(served=1)

def test_clients_are_told_whose_certificates_are_wanted(server, files):
    server.start(*files.demanding())
    client = Openssl(server, files, "-cert", files.cert("alice"),
                     "-key", files.key("alice"))
    client.send(b"hi\n")
    client.wait_line(b"hi\n")
    client.end()
    names = client.said.partition(b"Acceptable client certificate CA names")[2]
    assert names.splitlines()[1].replace(b" ", b"") == b"CN=TestCA"


@VERSIONS
@pytest.mark.parametrize("curve", ["P-384", "P-521"])
def test_a_client_may_have_a_key_on_a_larger_curve(
        server, files, version, curve):
    files.issue(curve, curve, algorithm=curve)
    server.start(*files.demanding())
    sock = shake(server, trusting(files, version, curve))
    echo(sock)
    leave(sock)


def test_who_is_refused_at_the_limit_reads_an_alert(server, files):
    """Words in clear would be "wrong version number"."""
    server.start(*files.options(), "-m", 1, "--when-full", "refuse")
    first = shake(server, trusting(files))
    with pytest.raises(ssl.SSLError, match="(?i)internal.error"):
        shake(server, trusting(files))
    echo(first)
    leave(first)
    server.wait_ledger(refused=1, served=1)


@VERSIONS
@pytest.mark.parametrize("own, words, alert", [
    (None, "no certificate presented", ("REQUIRED", "HANDSHAKE_FAILURE")),
    ("late", "certificate has expired (CN=late)", ("EXPIRED",)),
    ("mallory", "unknown CA (the certificate is signed by CN=Other CA)",
     ("UNKNOWN_CA",)),
    ("evil", r"certificate has expired (CN=evil\1B[2J\0Aline)", ("EXPIRED",)),
], ids=["none", "expired", "other CA", "evil name"])
def test_other_clients_are_refused_and_told_why(
        server, files, version, own, words, alert):
    """A client of TLS 1.3 is through with its handshake before the server has
    seen its certificate, and may send: what it sent must not turn the alert
    into a reset."""
    server.start(*files.demanding())
    with pytest.raises(ssl.SSLError) as caught:
        sock = shake(server, trusting(files, version, own))
        sock.sendall(b"x" * 1000)
        sock.recv(1)
    assert any(word in caught.value.reason for word in alert), caught.value
    server.wait_log(f"connection 1: TLS: {words}\n")
    server.wait_ledger(failed=1)


def test_a_server_whose_certificate_is_not_trusted_logs_the_alert(
        server, files):
    server.start(*files.options())
    context = ssl.create_default_context(cafile=files.cert("other-ca"))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(server, context)
    server.wait_log("connection 1: TLS: the peer's alert: unknown CA")


# ---- deadlines and ends ----

def client_hello(files):
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(files).wrap_bio(into, out, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return out.read()


def seconds_until_cut(sock, piece=b"", start=None):
    """How long after START (now) a client lives that sends PIECE a byte at a
    time."""
    start = start or time.monotonic()
    sock.settimeout(0.2)
    while True:
        try:
            sock.sendall(piece[:1])
            piece = piece[1:]
            if not sock.recv(4096):
                break
        except TimeoutError:
            assert time.monotonic() - start < 20, "it is never cut"
        except ConnectionError:
            break
    return time.monotonic() - start


def test_a_slow_handshake_is_cut_after_five_seconds(server, files):
    server.start("-v", *files.options())
    hello = client_hello(files)
    began = time.monotonic()
    half = server.connect()
    half.sendall(hello[:100])
    answered = server.connect()
    answered.sendall(hello)
    clients = [(server.connect(), b""), (server.connect(), hello),
               (half, b""), (answered, b"")]
    seconds = in_parallel(
        lambda c: seconds_until_cut(*c, start=began), clients)
    assert min(seconds) > 4.5
    server.wait_ledger(accepted=4, timed_out=4)
    for number in range(1, 5):
        assert f"connection {number}: TLS: the handshake took too long" in \
            server.log()


@pytest.mark.timed
def test_idle_time_counts_in_the_handshake_too(server, files):
    server.start("--idle-timeout", "300ms", *files.options())
    assert read_all(server.connect()) == b""
    server.wait_ledger(timed_out=1)


@pytest.mark.timed
def test_an_idle_client_times_out(server, files):
    """Without a close_notify: it has not got all that it might have."""
    server.start("--idle-timeout", "500ms", *files.options())
    sock = shake(server, trusting(files))
    echo(sock)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        sock.recv(1)
    server.wait_ledger(timed_out=1)


@pytest.mark.timed
def test_a_record_that_dribbles_in_does_not_extend_a_request(server, files):
    """16 KiB at a byte a time are hours; the first of them begins it."""
    server.start("-s", "counter", "--request-timeout", "1s",
                 *files.options())
    sock = shake(server, trusting(files))
    with socket.socket(fileno=os.dup(sock.fileno())) as raw:
        raw.sendall(b"\x17\x03\x03\x40")
        seconds_until_cut(raw, b"\0" * 16384)
    server.wait_ledger(timed_out=1)


@pytest.mark.timed
def test_a_client_that_does_not_read_its_echo_times_out(server, files):
    server.start("--idle-timeout", "500ms", *files.options())
    sock = shake(server, trusting(files))
    sock.settimeout(0.3)
    try:
        while True:
            sock.send(b"x" * 65536)
    except OSError:
        pass
    server.wait_ledger(timed_out=1, active=0)


def test_a_stop_cuts_handshakes_that_do_not_end(server, files):
    server.start("--drain-timeout", "500ms", *files.options())
    server.connect()
    server.connect().sendall(client_hello(files))
    server.wait_ledger(active=2)
    server.send_signal(15)
    server.expected_exit = 1
    assert server.wait() == 1
    assert server.ledger["failed"] == 2


def test_a_stop_lets_handshakes_and_talks_finish(server, files):
    server.start("--drain-timeout", "1h", *files.options())
    sock = shake(server, trusting(files))
    late = server.connect()
    server.wait_ledger(active=2)
    server.send_signal(15)
    server.wait_log("draining")
    echo(sock)
    leave(sock)
    late = trusting(files).wrap_socket(late, server_hostname="localhost")
    echo(late)
    leave(late)
    assert server.wait() == 0
    assert server.ledger["served"] == 2


# ---- secrets ----

LABELS = {
    "1.2": {"CLIENT_RANDOM"},
    "1.3": {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
            "EXPORTER_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "SERVER_TRAFFIC_SECRET_0"},
}


@VERSIONS
def test_secrets_are_logged_where_the_environment_says(
        server, files, tmp_path, version):
    path, theirs = tmp_path / "keys", tmp_path / "client-keys"
    server.start(*files.options(), env={"SSLKEYLOGFILE": str(path)})

    def talk(_):
        context = trusting(files, version)
        context.keylog_filename = str(theirs)
        sock = shake(server, context)
        echo(sock)
        leave(sock)

    for _ in range(3):
        talk(_)
    lines = path.read_text().splitlines()
    assert {line.split()[0] for line in lines} == LABELS[version]
    assert sorted(lines) == sorted(
        line for line in theirs.read_text().splitlines()
        if not line.startswith("#"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lines_of_many_workers_do_not_mix(server, files, tmp_path):
    path = tmp_path / "keys"
    path.write_text("# kept\n")
    server.start(*files.options(), env={"SSLKEYLOGFILE": str(path)})
    in_parallel(lambda _: echo(shake(server, trusting(files))), range(30))
    first, *lines = path.read_text().splitlines()
    assert first == "# kept"
    assert len(lines) == 30 * 5
    assert all(len(line.split()) == 3 and
               line.split()[0] in LABELS["1.3"] for line in lines)


def test_a_key_log_that_cannot_be_opened_is_said(server, files, tmp_path):
    server.start(*files.options(), env={"SSLKEYLOGFILE": str(tmp_path)})
    assert f"SSLKEYLOGFILE {tmp_path}: Is a directory" in server.log()
    echo(shake(server, trusting(files)))


def test_secrets_for_a_fifo_that_nobody_reads_hold_up_nobody(
        server, files, tmp_path):
    path = tmp_path / "keys"
    os.mkfifo(path)
    server.start(*files.options(), env={"SSLKEYLOGFILE": str(path)})
    assert f"SSLKEYLOGFILE {path}: No such device" in server.log()
    other = server.another()
    with open(os.open(path, os.O_RDWR), "wb") as full:
        fcntl.fcntl(full, fcntl.F_SETPIPE_SZ, 4096)
        full.write(b"x" * 4096)
        full.flush()
        other.start(*files.options(), env={"SSLKEYLOGFILE": str(path)})
        sock = shake(other, trusting(files))
        echo(sock)
        leave(sock)


def test_workers_do_not_share_random_numbers(server, files):
    """Each answers the same hello with numbers of its own. A forked child has
    the generator of its parent, whose copy all children have."""
    server.start(*files.options())
    hello, randoms, shares = client_hello(files), set(), set()
    for _ in range(40):
        sock = server.connect()
        sock.sendall(hello)
        record = read_exactly(sock, 5)
        record = read_exactly(sock, int.from_bytes(record[3:], "big"))
        assert record[0] == 2
        randoms.add(record[6:38])
        shares.add(record[-32:])
        sock.close()
    assert (len(randoms), len(shares)) == (40, 40)


# ---- an end without notice, and ours ----

@VERSIONS
@pytest.mark.parametrize("service, words, answer", [
    ("counter", b"\n", b"1\n"), ("echo", b"word", b"word")])
def test_a_plain_end_is_answered_by_close_notify(
        server, files, version, service, words, answer):
    """RFC 8446 6.1: each side says that it ends, whatever the other did; else
    what the server has sent could be a part only."""
    server.start("-s", service, *files.options())
    sock = shake(server, trusting(files, version))
    sock.sendall(words)
    assert read_exactly(sock, len(answer)) == answer
    with socket.socket(fileno=os.dup(sock.fileno())) as raw:
        raw.shutdown(socket.SHUT_WR)
    assert sock.recv(1) == b""
    server.wait_ledger(**{"served" if service == "counter" else "failed": 1})


# ---- the start ----

def test_all_files_may_come_from_pipes(server, files, tmp_path):
    """As of `--tls-client-ca <(command)`: each is read once. A named one has
    no writer yet when it is opened."""
    def feed(name):
        path, at = tmp_path / "fifo" / name, files.directory / name
        subprocess.Popen(["sh", "-c", 'exec cat "$0" >"$1"', at, path],
                         start_new_session=True)
        return path

    (tmp_path / "fifo").mkdir()
    for name in ("server.pem", "server.key", "ca.pem"):
        os.mkfifo(tmp_path / "fifo" / name)
    server.start("--tls-cert", feed("server.pem"), "--tls-key",
                 feed("server.key"), "--tls-client-ca", feed("ca.pem"))
    for version in PROTOCOL:
        sock = shake(server, trusting(files, version, "alice"))
        echo(sock)
        leave(sock)
    server.wait_ledger(served=2)


def test_a_pipe_that_nobody_writes_to_is_named(
        thread_server, files, tmp_path):
    """After ten seconds, so on one server alone."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    got = thread_server.run(*files.options(), "--tls-client-ca", path)
    assert got.returncode == 1
    assert f"--tls-client-ca {path}: Connection timed out" in \
        got.stderr.decode()


def start_error(server, cert, key, *more):
    got = server.run("-q", "-l", "127.0.0.1:0", "--tls-cert", cert,
                     "--tls-key", key, *more)
    assert got.returncode == 1
    [line] = got.stderr.decode().splitlines()
    return line.partition("error: ")[2]


def test_a_file_that_is_missing_is_named(server, files):
    good = files.cert("server"), files.key("server")
    for bad in "/nowhere.pem", "/tmp":
        reason = os.strerror(2 if bad == "/nowhere.pem" else 21)
        assert start_error(server, bad, good[1]) == \
            f"--tls-cert {bad}: {reason}"
        assert start_error(server, good[0], bad) == \
            f"--tls-key {bad}: {reason}"
        assert start_error(server, *good, "--tls-client-ca", bad) == \
            f"--tls-client-ca {bad}: {reason}"


def test_a_file_with_something_else_is_named(server, files, tmp_path):
    good = files.cert("server"), files.key("server")
    text, empty, broken = (tmp_path / name for name in "teb")
    text.write_text("not a certificate\n")
    empty.write_text("")
    broken.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n"
                      "-----END CERTIFICATE-----\n")
    for bad in text, empty, broken, good[1]:
        assert start_error(server, bad, good[1]) == \
            f"--tls-cert {bad}: no certificate in PEM form"
        assert start_error(server, *good, "--tls-client-ca", bad) == \
            f"--tls-client-ca {bad}: no certificate in PEM form"
    for bad in text, empty, broken, good[0]:
        assert start_error(server, good[0], bad) == \
            f"--tls-key {bad}: no private key in PEM form"


def test_a_key_of_another_certificate_is_named(server, files):
    files.issue("rsa2048", "localhost", algorithm=2048)
    for name in "alice", "rsa2048":
        key = files.key(name)
        assert start_error(server, files.cert("server"), key) == \
            f"--tls-key {key}: does not belong to the certificate"


def test_an_encrypted_key_is_named_and_nobody_asked(server, files):
    assert "is encrypted" in start_error(
        server, files.cert("server"), files.key("locked"))


def test_an_expired_certificate_is_said_and_served(server, files):
    server.start(*files.issue("late-server", "localhost"))
    path = files.cert("late-server")
    assert f"warning: {path}: the certificate has expired" in server.log()
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(server, trusting(files))
    server.wait_log("the peer's alert: certificate expired")


def test_the_key_log_is_the_only_descriptor_more(server, files, tmp_path):
    path = tmp_path / "keys"
    server.start(*files.options(), env={"SSLKEYLOGFILE": str(path)})
    plain = server.another().start()
    assert server.at_start["descriptors"] == \
        plain.at_start["descriptors"] + 1
