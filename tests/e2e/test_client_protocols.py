# SPDX-License-Identifier: MIT
"""`client load` and `client talk` in every protocol and over every transport:
against both servers, against those of others, and against liars."""
import base64
import contextlib
import hashlib
import os
import re
import shutil
import ssl
import struct
import subprocess
import time

import pytest

from harness import (SANITIZER, connect, eventually, injection, needs,
                     needs_full, release_only)
from known_servers import (
    Close, DatagramServer, KnownServer, at_request, changed, client, closing,
    counts, delayed, doubled, honest, load, missing, refusing_datagrams, saying,
    silent)

pytestmark = pytest.mark.timed

MODES = pytest.mark.parametrize(
    "mode", [[], ["--churn"]], ids=["steady", "churn"])
needs_ws = pytest.mark.skipif(
    "no WebSocket here" in client(
        "load", "127.0.0.1:1", "-p", "ws", "-n", 1).err,
    reason="built without wslay")


def ended_well(server, connections=None):
    """No connection of the load ended but in order."""
    server.stop()
    assert server.ledger["failed"] == server.ledger["timed_out"] == 0
    assert server.ledger["served"] == server.ledger["accepted"]
    if connections:
        assert server.ledger["accepted"] == connections


# ---- both servers ----

@MODES
def test_http(server, mode):
    server.start("-s", "http")
    report = load(server.address, "-p", "http", "-n", 300, "-c", 8, *mode)
    assert counts(report) == (300, 0, 0, 0)
    assert report["protocol"] == "http" and report["path"] == "/"
    assert report["size"] > len("GET / HTTP/1.1\r\nHost: \r\n\r\n")
    ended_well(server, 300 if mode else 8)


def test_http_finds_a_path_that_is_not_there(server):
    server.start("-s", "http")
    report = load(server.address, "-p", "http", "-n", 5, "--path", "/none",
                  code=1)
    assert counts(report) == (0, 5, 0, 0)
    assert report["path"] == "/none"
    assert "request 1: status 404" in report["first_wrong"]
    assert "status 404" in report["words"]


@needs_ws
@needs_full
@MODES
@pytest.mark.parametrize("size", [1, 125, 126, 65_535, 65_536, 1 << 20])
def test_websocket(server, mode, size):
    server.start("-s", "http")
    report = load(server.address, "-p", "ws", "-n", 40, "-c", 4, "-s", size,
                  *mode)
    assert counts(report) == (40, 0, 0, 0)
    assert report["path"] == "/echo" and report["size"] == size
    ended_well(server, 40 if mode else 4)


@needs_ws
@needs_full
def test_websocket_where_there_is_none(server):
    server.start("-s", "http")
    report = load(server.address, "-p", "ws", "-n", 4, "-c", 2, "--path", "/",
                  code=1)
    assert counts(report) == (0, 4, 0, 0)
    assert "status 200 to the upgrade, not 101" in report["first_wrong"]


@MODES
def test_a_counter_with_its_lock_loses_nothing(server, mode):
    server.start("-s", "counter")
    for _ in range(2):  # the second does not begin at 1
        report = load(server.address, "-p", "counter", "-n", 500, "-c", 8,
                      *mode)
        assert counts(report) == (500, 0, 0, 0)
        assert report["lost_updates"] == 0
        assert "500 answers, 0 lost updates" in report["words"]
    ended_well(server)


@MODES
def test_a_counter_without_its_lock_loses_updates(server, mode):
    server.start("-s", "counter:unlocked", "--race-window", "1ms")
    report = load(server.address, "-p", "counter", "-n", 400, "-c", 8, *mode,
                  code=1)
    ok, wrong, timed_out, failed = counts(report)
    assert ok + wrong == 400 and timed_out == failed == 0
    assert 50 < report["lost_updates"] <= wrong
    assert re.search(r"\d+ came twice", report["first_wrong"])
    assert f"{report['lost_updates']} lost updates" in report["words"]
    ended_well(server)


@MODES
@pytest.mark.parametrize("size", [1, 64, 1472, 65_507])
def test_echo_over_udp(server, mode, size):
    server.start(listen="udp:127.0.0.1:0")
    assert server.address.startswith("udp:")
    # The server's socket has room for few large ones.
    report = load(server.address, "-n", 100, "-c", 4 if size < 9000 else 1,
                  "-s", size, *mode)
    assert counts(report) == (100, 0, 0, 0)
    assert report["udp"] == {"lost": 0, "late": 0, "duplicated": 0}
    assert report["mode"] == ("churn" if mode else "steady")
    eventually(lambda: server.ledger_now()["served"] == 100, "all served")


@pytest.mark.parametrize("protocol", ["hello", "counter"])
def test_answers_that_do_not_tell_their_question_have_a_port_each(
        server, protocol):
    server.start("-s", protocol, listen="udp:127.0.0.1:0")
    report = load(server.address, "-p", protocol, "-n", 100, "-c", 4)
    assert counts(report) == (100, 0, 0, 0)
    assert report["mode"] == "churn"


def test_an_open_loop_over_udp(server):
    server.start(listen="udp:127.0.0.1:0")
    report = load(server.address, "-n", 50, "-r", 500)
    assert counts(report) == (50, 0, 0, 0)
    assert report["service_us"]["p50"] <= report["latency_us"]["p50"] * 1.01


@needs_full
@MODES
@pytest.mark.parametrize("size", [64, 300_000])
def test_echo_over_tls(server, files, mode, size):
    server.start(*files.options())
    report = load(f"tls:{server.address}", "--tls-ca", files.cert("ca"),
                  "-n", 60, "-c", 4, "-s", size, *mode)
    assert counts(report) == (60, 0, 0, 0)
    ended_well(server, 60 if mode else 4)


@needs_full
@MODES
@pytest.mark.parametrize("protocol", [
    "http", pytest.param("ws", marks=needs_ws)])
def test_http_and_websocket_over_tls(server, files, protocol, mode):
    server.start("-s", "http", *files.options())
    report = load(f"tls:{server.address}", "--tls-ca", files.cert("ca"),
                  "-p", protocol, "-n", 60, "-c", 4, *mode)
    assert counts(report) == (60, 0, 0, 0)
    ended_well(server)


@needs_full
def test_an_open_loop_over_tls(server, files):
    server.start(*files.options())
    report = load(f"tls:{server.address}", "--tls-ca", files.cert("ca"),
                  "-n", 50, "-r", 500)
    assert counts(report) == (50, 0, 0, 0)
    assert report["service_us"]


@needs_full
def test_a_client_certificate_is_shown(server, files):
    server.start(*files.demanding())
    target = f"tls:{server.address}"
    own = ["--tls-ca", files.cert("ca"), "--tls-cert", files.cert("alice"),
           "--tls-key", files.key("alice")]
    assert counts(load(target, *own, "-n", 20)) == (20, 0, 0, 0)
    result = client("talk", target, *own, "hello")
    assert (result.code, result.out) == (0, "hello")
    assert "server CN=localhost, client CN=alice" in result.error_line
    report = load(target, "--tls-ca", files.cert("ca"), "-n", 4, "-c", 2,
                  code=1)
    assert counts(report) == (0, 0, 0, 4)
    assert report["first_failed"]
    server.stop()


# ---- how the server is linked ----

@pytest.mark.skipif(SANITIZER is not None, reason="those are dynamic")
def test_the_image_of_a_server_is_told(server):
    server.start()
    report = load(server.address, "-n", 10)
    assert report["image"] == "static PIE"
    assert "static PIE" in report["words"]
    assert load(server.another().start(
        listen="udp:127.0.0.1:0").address, "-n", 10)["image"] == "static PIE"


@needs_full
@pytest.mark.skipif(SANITIZER is not None, reason="those are dynamic")
def test_the_image_of_a_full_server_is_told(server, files):
    server.start(*files.options())
    report = load(f"tls:{server.address}", "--tls-ca", files.cert("ca"),
                  "-n", 10)
    assert report["image"] == "dynamic, with libssl"


def test_the_image_of_a_server_that_cannot_be_found_is_null():
    report = load("192.0.2.1:9", "-n", 1, "--timeout", "100ms", code=1)
    assert report["image"] is None


# ---- other people's servers ----

NGINX = """daemon off; pid {0}/pid; error_log {0}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; keepalive_requests 10;
    client_body_temp_path {0}/a; proxy_temp_path {0}/b;
    fastcgi_temp_path {0}/c; uwsgi_temp_path {0}/d; scgi_temp_path {0}/e;
    server {{
        listen unix:{0}/socket;
        location / {{ root {0}/www; }}
        location /empty {{ return 204; }}
        location /busy {{ return 503; }}
    }}
}}
"""


@pytest.fixture
def nginx(tmp_path):
    if not shutil.which("nginx"):
        pytest.skip("nginx is not installed")
    www = tmp_path / "www"
    www.mkdir()
    (www / "index.html").write_text("hello from nginx\n")
    (www / "large").write_bytes(os.urandom(300_000))
    for path in (tmp_path, *tmp_path.parents[:2]):
        with contextlib.suppress(OSError):
            path.chmod(0o755)
    config = tmp_path / "nginx.conf"
    config.write_text(NGINX.format(tmp_path))
    process = subprocess.Popen(
        ["nginx", "-c", config, "-p", tmp_path, "-g", "master_process off;"],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def listens():
        assert process.poll() is None, "nginx ended"
        with contextlib.suppress(OSError):
            connect(f"unix:{tmp_path}/socket").close()
            return True

    try:
        eventually(listens, "nginx listens")
        yield f"unix:{tmp_path}/socket"
    finally:
        process.terminate()
        process.wait()


@MODES
@pytest.mark.parametrize("path", ["/", "/large", "/empty"])
def test_nginx(nginx, path, mode):
    """It closes each connection after ten requests, too."""
    report = load(nginx, "-p", "http", "--path", path, "-n", 205, "-c", 4,
                  *mode)
    assert counts(report) == (205, 0, 0, 0)


@pytest.mark.parametrize("path, words", [
    ("/busy", "status 503"), ("/none", "status 404")])
def test_what_nginx_refuses_is_wrong(nginx, path, words):
    report = load(nginx, "-p", "http", "--path", path, "-n", 5, code=1)
    assert counts(report) == (0, 5, 0, 0)
    assert words in report["first_wrong"]


@pytest.fixture
def s_server(files, tmp_path):
    """`openssl s_server` with OPTIONS; its target."""
    processes = []

    def start(*options):
        process = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0",
             "-cert", files.cert("server"), "-key", files.key("server"),
             *options], cwd=tmp_path,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        processes.append(process)
        while line := process.stdout.readline():
            if found := re.match(rb"ACCEPT 127\.0\.0\.1:(\d+)", line):
                return f"tls:127.0.0.1:{int(found[1])}"
        pytest.fail("openssl s_server does not start")

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@needs_full
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_talk_with_openssl(files, s_server, version):
    target = s_server("-rev", version)
    result = client("talk", target, "--tls-ca", files.cert("ca"), "ahoi\n")
    assert (result.code, result.out) == (0, "ioha\n"), result
    assert "TLSv1." + version[-1] in result.error_line


@needs_full
def test_http_from_openssl_that_ends_with_the_connection(
        files, s_server, tmp_path):
    (tmp_path / "page").write_text("hello from openssl\n")
    target = s_server("-WWW")
    report = load(target, "--tls-ca", files.cert("ca"), "-p", "http",
                  "--path", "/page", "-n", 5, "-c", 1, "--churn")
    assert counts(report) == (5, 0, 0, 0)


# ---- liars: http (what is a lie: tests/unit/test_protocol_replies.c) ----

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"


def says(text, close=False):
    def behave(request):
        request.send(text)
        if close:
            raise Close
    return behave


def http_load(lie, *options, at=7, requests=20, code=1, truth=HELLO):
    """LIE at request AT of an otherwise honest server."""
    def behave(request):
        (lie if request.number == at else says(truth))(request)

    with KnownServer(behave, size=b"\r\n\r\n") as server:
        return load(server.target, "-p", "http", "-n", requests, "-c", 1,
                    "--timeout", "500ms", *options, code=code)


@MODES
@pytest.mark.parametrize("text, words", [
    (OK + b"Content-Length: 5\r\n\r\nhallo", "byte 1 of the body"),
    (HELLO + HELLO, "doubled"),
], ids=["changed", "doubled"])
def test_a_wrong_response_is_found(mode, text, words):
    report = http_load(says(text), *mode)
    assert counts(report) == (19, 1, 0, 0)
    assert "request 7: " in report["first_wrong"]
    assert words in report["first_wrong"]


@MODES
def test_a_missing_byte_of_a_body_times_out(mode):
    report = http_load(says(HELLO[:-1]), *mode)
    assert counts(report) == (19, 0, 1, 0)


@MODES
def test_a_response_cut_off_is_failed(mode):
    report = http_load(says(HELLO[:-1], close=True), *mode)
    assert counts(report) == (19, 0, 0, 1)
    assert report["errors"] == {"EOF": 1}


@MODES
def test_a_response_doubled_later_is_wrong(mode):
    def lie(request):
        request.send(HELLO)
        time.sleep(0.1)
        request.send(HELLO)

    # At the last request of all, so that it is not another's answer.
    report = http_load(lie, *mode, at=20)
    assert counts(report) == (19, 1, 0, 0)
    assert "doubled" in report["first_wrong"]


@pytest.mark.parametrize("text", [
    OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    OK + b"\r\nhello"], ids=range(3))
def test_a_server_that_closes_after_each_response_is_right(text):
    with KnownServer(says(text, close=True), size=b"\r\n\r\n") as server:
        report = load(server.target, "-p", "http", "-n", 20, "-c", 2)
        assert counts(report) == (20, 0, 0, 0)
        assert report["reconnects"] == 20
        assert server.connections == 20


# ---- liars: WebSocket ----

BINARY, CLOSE, PING, PONG = 2, 8, 9, 10


def frame(payload, first=0x80 | BINARY):
    if len(payload) < 126:
        return bytes([first, len(payload)]) + payload
    return bytes([first, 126]) + struct.pack("!H", len(payload)) + payload


def accept_key(key):
    return base64.b64encode(hashlib.sha1(
        key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())


def upgraded(sock, answer=None):
    """The handshake. ANSWER: from the right key to what is sent."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = sock.recv(4096)
        if not piece:
            raise Close
        head += piece
    assert head.startswith(b"GET /echo HTTP/1.1\r\n")
    key = accept_key(re.search(rb"Sec-WebSocket-Key: (\S+)\r\n", head)[1])
    sock.sendall(answer(key) if answer else
                 b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + key +
                 b"\r\n\r\n")


def exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise Close
        data += piece
    return data


def next_frame(sock):
    """(opcode, payload) of a client's frame, which is masked."""
    first, second = exactly(sock, 2)
    assert first & 0x80 and second & 0x80
    size = second & 0x7f
    if size == 126:
        size, = struct.unpack("!H", exactly(sock, 2))
    mask = exactly(sock, 4)
    return first & 0xf, bytes(
        byte ^ mask[i % 4] for i, byte in enumerate(exactly(sock, size)))


def next_message(sock):
    """The next binary one; closes and pongs are dealt with."""
    while True:
        opcode, payload = next_frame(sock)
        if opcode == BINARY:
            return payload
        if opcode == CLOSE:
            sock.sendall(frame(payload, 0x80 | CLOSE))
            raise Close


def ws_server(lie, at=7, **options):
    def behave(request):
        if request.number == at:
            lie(request)
        else:
            request.send(frame(request.data))

    options.setdefault("on_accept", upgraded)
    return KnownServer(behave, size=next_message, **options)


def ws_load(lie, *options, code=1, **server):
    with ws_server(lie, **server) as known:
        return load(known.target, "-p", "ws", "-n", 20, "-c", 1,
                    "--timeout", "500ms", *options, code=code)


@needs_ws
@MODES
@pytest.mark.parametrize("lie, words", [
    (lambda r: r.send(frame(b"\0" + r.data[1:])), "(changed)"),
    (lambda r: r.send(frame(r.data[:-1])), "63 bytes, not 64"),
    (lambda r: r.send(2 * frame(r.data)), "doubled"),
], ids=["changed", "short", "doubled"])
def test_a_wrong_frame_is_found(mode, lie, words):
    report = ws_load(lie, *mode)
    assert counts(report) == (19, 1, 0, 0)
    assert "request 7: " in report["first_wrong"]
    assert words in report["first_wrong"]


@needs_ws
@MODES
def test_a_reply_in_fragments_with_a_ping_between_is_right(mode):
    pongs = []

    def fragments(request):
        request.send(frame(request.data[:10], BINARY))
        request.send(frame(b"are you there?", 0x80 | PING))
        pongs.append(next_frame(request.sock))
        request.send(frame(request.data[10:], 0))
        request.send(frame(b"", 0x80))

    assert counts(ws_load(fragments, *mode, code=0)) == (20, 0, 0, 0)
    assert pongs == [(PONG, b"are you there?")]


@needs_ws
@pytest.mark.parametrize("together", [True, False])
def test_a_ping_while_nothing_is_asked_is_answered(together):
    pongs = []

    def ping(request):
        reply, asked = frame(request.data), frame(b"1", 0x80 | PING)
        if together:
            request.send(reply + asked)
        else:
            request.send(reply)
            time.sleep(0.05)
            request.send(asked)
        pongs.append(next_frame(request.sock))

    # A second between two requests: the pong comes before the next.
    with ws_server(ping, at=1) as server:
        report = load(server.target, "-p", "ws", "-n", 2, "-c", 1, "-r", 1)
    assert counts(report) == (2, 0, 0, 0)
    assert pongs == [(PONG, b"1")]


@needs_ws
@MODES
def test_a_close_instead_of_a_reply_is_failed_with_its_status(mode):
    def leave(request):
        request.send(frame(struct.pack("!H", 1013) + b"full",
                           0x80 | CLOSE))
        raise Close

    report = ws_load(leave, *mode)
    assert counts(report) == (19, 0, 0, 1)
    assert "status 1013" in report["first_failed"]
    assert "status 1013" in report["words"]


@needs_ws
def test_bytes_of_the_server_cannot_drive_the_terminal():
    def answer(key):
        return b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n" \
            b"Sec-WebSocket-Accept: \xc3\xa9\xff\t!\r\n\r\n"

    report = ws_load(honest, "-n", 3,
                     on_accept=lambda sock: upgraded(sock, answer))
    assert counts(report) == (0, 3, 0, 0)
    assert r'is "\xc3\xa9\xff\x09!", not' in report["words"]
    assert 'is "\u00e9' in report["first_wrong"]
    assert report["words"].replace("\n", "").isprintable()


# ---- liars: counter ----

def counter_server(values):
    """Answers with VALUES in turn."""
    def behave(request):
        request.send(b"%d\n" % values[request.number - 1])
    return KnownServer(behave, size=b"\n")


@MODES
def test_a_value_that_comes_twice_is_a_lost_update(mode):
    with counter_server([5, 6, 6, 7, 8, 6, 9]) as server:
        report = load(server.target, "-p", "counter", "-n", 7, "-c", 1, *mode,
                      code=1)
        assert server.connections == (7 if mode else 1)
    assert counts(report) == (5, 2, 0, 0)
    assert report["lost_updates"] == 2
    assert "request 3: 6 came twice" in report["first_wrong"]
    assert "7 answers, 2 lost updates" in report["words"]


# ---- liars: datagrams ----

def udp_load(behave, *options, requests=20, code=1):
    with DatagramServer(behave) as server:
        report = load(server.target, "-n", requests, "-c", 1,
                      "--timeout", "200ms", *options, code=code)
        report["peers"] = len(server.peers)
        return report


def udp(lost=0, late=0, duplicated=0):
    return {"lost": lost, "late": late, "duplicated": duplicated}


def test_honest_datagrams_keep_their_port_and_churn_does_not():
    assert udp_load(honest, code=0)["peers"] == 1
    # The kernel may choose a port that it has chosen before.
    assert 17 < udp_load(honest, "--churn", code=0)["peers"] <= 20
    report = udp_load(lambda r: r.send(b"Hello, client!\n"), "-p", "hello",
                      code=0)
    assert 17 < report["peers"] <= 20


@MODES
def test_a_lost_datagram_is_lost(mode):
    report = udp_load(silent(at=7), *mode)
    assert counts(report) == (19, 0, 1, 0)
    assert report["udp"] == udp(lost=1)
    assert "1 lost (timed out)" in report["words"]


def test_a_late_datagram_is_lost_and_late_and_spoils_nothing():
    held = []

    def behave(request):
        if request.number == 7:
            held.append(request.data)
            return
        if request.number == 8:
            request.send(held[0])
        request.echo()

    report = udp_load(behave)
    assert counts(report) == (19, 0, 1, 0)
    assert report["udp"] == udp(lost=1, late=1)
    assert report["peers"] == 1


@MODES
def test_lost_datagrams_do_not_stop_the_schedule(mode):
    def behave(request):
        if request.number % 20:
            request.echo()

    report = udp_load(behave, *mode, "-d", "1s", "-r", 500, "-c", 4,
                      "--timeout", "2s", requests=10_000)
    ok, wrong, timed_out, failed = counts(report)
    # Four of them, and every socket would wait for two seconds.
    assert report["unsent"] <= 100
    assert ok + timed_out + report["unsent"] == 500
    # And some more, if the server was kept from answering for a while.
    assert (ok + timed_out) // 20 <= timed_out <= 100
    assert wrong == failed == 0
    assert report["udp"] == udp(lost=timed_out)


def test_the_answer_to_one_that_was_given_up_for_the_schedule_is_late():
    held = []

    def behave(request):
        if request.number == 7:
            held.append(request)
            return
        if request.number == 30:
            held[0].echo()
        request.echo()

    report = udp_load(behave, "-r", 100, "-c", 1, "--timeout", "1h",
                      requests=40)
    assert counts(report) == (39, 0, 1, 0)
    assert report["udp"] == udp(lost=1, late=1)
    assert report["peers"] == 1


def test_slow_datagrams_are_not_given_up_for_the_schedule():
    report = udp_load(delayed(0.1), "-d", "1s", "-r", 100, "-c", 2,
                      "--timeout", "5s", requests=1000, code=0)
    assert counts(report)[1:] == (0, 0, 0)
    assert report["unsent"] > 0
    assert report["udp"] == udp()


def test_a_late_datagram_that_comes_twice_is_also_duplicated():
    held = []

    def behave(request):
        if request.number == 7:
            held.append(request.data)
            return
        if request.number == 12:
            request.send(held[0])
            request.send(held[0])
        request.echo()

    report = udp_load(behave)
    assert counts(report) == (19, 0, 1, 0)
    assert report["udp"] == udp(lost=1, late=1, duplicated=1)


def test_a_doubled_datagram_is_counted_and_no_success():
    def behave(request):
        request.echo()
        if request.number == 7:
            request.echo()

    report = udp_load(behave)
    assert counts(report) == (20, 0, 0, 0)
    assert report["udp"] == udp(duplicated=1)
    assert "1 answers came twice" in report["words"]


def test_the_last_datagram_of_all_may_not_be_doubled_either():
    report = udp_load(at_request(20, lambda r: [r.echo(), r.echo()]))
    assert report["udp"] == udp(duplicated=1)


@MODES
@pytest.mark.parametrize("lie, words", [
    (changed(7, 20), "byte 20 of 64"), (missing(7, 20), "byte 20 of 64"),
    (at_request(7, lambda r: r.send(r.data[:63])), "63 bytes is too short"),
    (at_request(7, lambda r: r.send(b"")), "0 bytes is too short"),
    (at_request(7, lambda r: r.send(2 * r.data)), "64 bytes too many"),
], ids=["changed", "missing", "short", "empty", "long"])
def test_a_wrong_datagram_is_wrong(mode, lie, words):
    report = udp_load(lie, *mode)
    assert counts(report) == (19, 1, 0, 0)
    assert report["udp"] == udp()
    assert "request 7: " in report["first_wrong"]
    assert words in report["first_wrong"]


@MODES
def test_a_closed_udp_port_is_failed(mode):
    with refusing_datagrams() as target:
        report = load(target, "-n", 5, "-c", 1, *mode, code=1)
    assert counts(report) == (0, 0, 0, 5)
    assert report["errors"] == {"ECONNREFUSED": 5}


def test_counters_over_udp_find_lost_updates():
    values = [5, 6, 6, 7]
    report = udp_load(lambda r: r.send(b"%d\n" % values[r.number - 1]),
                      "-p", "counter", requests=4)
    assert counts(report) == (3, 1, 0, 0)
    assert report["lost_updates"] == 1


# ---- liars: TLS ----

def tls_context(files, name="server"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.cert(name), files.key(name))
    return context


def tls_server(files, behave=honest, name="server", **options):
    def wrap(sock):
        return tls_context(files, name).wrap_socket(
            sock, server_side=True, suppress_ragged_eofs=False)
    return KnownServer(behave, wrap=wrap, **options)


def tls_load(server, files, *options, code=1):
    return load(f"tls:{server.target}", "--tls-ca", files.cert("ca"),
                "-n", 20, "-c", 1, "--timeout", "2s", *options, code=code)


@needs_full
@pytest.mark.parametrize("lie, what", [
    (changed(7, 33), (19, 1, 0, 0)), (doubled(7), None),
    (missing(7, 33), (19, 1, 0, 0)), (at_request(7, closing), None)],
    ids=["changed", "doubled", "missing", "closing"])
def test_lies_are_found_over_tls(files, lie, what):
    with tls_server(files, lie) as server:
        report = tls_load(server, files)
    if what:
        assert counts(report) == what
    assert sum(counts(report)) == 20
    assert report["requests"]["ok"] == 19


@needs_full
@pytest.mark.parametrize("name, ca, words", [
    ("late-server", "ca", "expired"),
    ("mallory", "ca", "unknown CA"),
    ("server", "other-ca", ""),
])
@MODES
def test_a_certificate_that_does_not_hold_is_refused_and_told(
        files, name, ca, words, mode):
    with tls_server(files, name=name) as server:
        report = load(f"tls:{server.target}", "--tls-ca", files.cert(ca),
                      "-n", 3, "-c", 1, *mode, code=1)
        assert server.requests == 0
        result = client("talk", f"tls:{server.target}", "secret",
                        "--tls-ca", files.cert(ca))
    assert counts(report) == (0, 0, 0, 3)
    assert report["errors"] == {"EPROTO": 3}
    assert words in report["first_failed"] != ""
    assert report["first_failed"] in report["words"]
    assert result.code == 1 and result.out == ""
    assert words in result.error_line
    assert "TLS: " in result.error_line


@needs_full
def test_a_certificate_of_another_host_is_refused(files):
    with tls_server(files, host="127.0.0.2") as server:
        report = tls_load(server, files, "-n", 2)
        assert server.requests == 0
    assert counts(report) == (0, 0, 0, 2)
    assert re.search("the certificate is for .*, not 127.0.0.2",
                     report["first_failed"])


@needs_full
def test_a_name_is_checked_as_it_was_written(files):
    with tls_server(files) as server:
        target = f"tls:localhost:{server.port}"
        assert counts(load(target, "--tls-ca", files.cert("ca"), "-n", 4)) \
            == (4, 0, 0, 0)


@needs_full
def test_what_is_no_tls_is_failed():
    with KnownServer(saying(b"220 welcome to a server of mail\r\n"),
                     size=None) as server:
        report = load(f"tls:{server.target}", "-n", 2, "-c", 1, code=1)
    assert counts(report) == (0, 0, 0, 2)
    assert "not TLS" in report["first_failed"]


@needs_full
@MODES
def test_a_handshake_that_hangs_times_out(mode):
    with KnownServer(silent(), size=None, stays=True) as server:
        report = load(f"tls:{server.target}", "-n", 2, "-c", 1,
                      "--timeout", "200ms", *mode, code=1)
        result = client("talk", f"tls:{server.target}", "hi",
                        "--timeout", "200ms")
    assert counts(report) == (0, 0, 2, 0)
    assert result.code == 1 and "timed out" in result.error_line


@needs_full
def test_files_that_cannot_be_read_are_named(files, tmp_path):
    for option in ("--tls-ca", "--tls-cert"):
        more = ["--tls-key", files.key("alice")] if option == "--tls-cert" \
            else []
        result = client("load", "tls:127.0.0.1:1", option, tmp_path / "none",
                        *more)
        assert result.code == 1
        assert str(tmp_path / "none") in result.error_line


# ---- talk ----

def test_talk_over_udp(server):
    server.start(listen="udp:127.0.0.1:0")
    for message in ("hi", "", "x" * 65_507):
        result = client("talk", server.address, message)
        assert (result.code, result.out, result.err) == (0, message, "")
    result = client("talk", server.address, stdin=b"one\ntwo\n")
    assert (result.code, result.raw) == (0, b"one\ntwo\n")


def test_talk_over_udp_waits_for_the_timeout():
    with DatagramServer(silent()) as server:
        result = client("talk", server.target, "hi", "--timeout", "200ms")
    assert result.code == 1 and "timed out" in result.error_line
    assert 0.2 <= result.seconds < 15


def test_talk_to_a_closed_udp_port():
    with refusing_datagrams() as target:
        result = client("talk", target, "hi")
    assert result.code == 1
    assert "Connection refused" in result.error_line


def test_a_message_too_long_for_a_datagram():
    with DatagramServer() as server:
        result = client("talk", server.target, stdin=b"x" * 65_508)
    assert result.code == 1
    assert "65507 bytes at most" in result.error_line


@needs_full
def test_talk_over_tls(server, files):
    server.start(*files.options())
    ca = ["--tls-ca", files.cert("ca")]
    for host in ("127.0.0.1", "localhost"):
        target = f"tls:{host}:{server.port}"
        result = client("talk", target, "hi", *ca)
        assert (result.code, result.out) == (0, "hi"), result
        assert re.search("TLSv1.3 .*, server CN=localhost$",
                         result.error_line)
    data = os.urandom(2_000_000)
    result = client("talk", target, *ca, stdin=data)
    assert (result.code, result.raw) == (0, data)
    assert client("talk", target, *ca, stdin=b"").code == 0
    ended_well(server)


@needs("strace")
@needs_full
@release_only
def test_talk_over_tls_waits_where_the_socket_has_no_room(server, files):
    """For any of its sends, of which the last is the end of the session: the
    server would take an end without it for a cut."""
    server.start(*files.options())
    for when in range(1, 6):
        result = client(
            "talk", f"tls:{server.address}", "hi", "--tls-ca",
            files.cert("ca"), wrap=["strace", "-D", "-qq", "-o", "/dev/null",
                                    *injection("sendto", "EAGAIN", when)])
        assert (result.code, result.out) == (0, "hi"), (when, result)
    ended_well(server)


@needs_full
def test_talk_over_tls_says_what_was_refused(server, files):
    server.start(*files.options())
    result = client("talk", f"tls:{server.address}", "hi")
    assert result.code == 1 and result.out == ""
    assert "certificate" in result.error_line
    server.stop()
