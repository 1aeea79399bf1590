# SPDX-License-Identifier: MIT
"""-s http: what it answers, to well-behaved clients and to others."""
import email.utils
import fcntl
import json
import random
import re
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

import pytest

from harness import (assert_exact, connect, eventually, exchange, needs,
                     needs_full, needs_ipv6, needs_websocket, read_all,
                     read_exactly)
from http_cases import ANSWERED, HELLO, LAST, REFUSED, head
from test_tls import shake, trusting

BODY = b"Hello, World!\n"
HANDSHAKE = ("Connection: upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Version: 13\r\n")


# ---- responses ----

class Response:
    def __init__(self, head, body):
        line, *fields = head.decode("latin-1").split("\r\n")
        self.version, status, self.reason = line.split(" ", 2)
        self.status = int(status)
        self.fields = {}
        for field in fields:
            name, _, value = field.partition(": ")
            known = self.fields.get(name.lower())
            self.fields[name.lower()] = f"{known}, {value}" if known else value
        self.body = body


def responses(data, head_only=False):
    """All that DATA consists of, the provisional ones too."""
    found = []
    while data:
        head, end, rest = data.partition(b"\r\n\r\n")
        assert end, f"no response: {data[:200]!r}"
        one = Response(head, b"")
        assert one.version == "HTTP/1.1"
        length = int(one.fields.get("content-length", 0))
        if head_only and not found:
            length = 0
        assert len(rest) >= length, f"cut: {data[:200]!r}"
        one.body, data = rest[:length], rest[length:]
        found.append(one)
    return found


def statuses(data, head_only=False):
    return tuple(one.status for one in responses(data, head_only)
                 if one.status >= 200)


def read_response(sock, head_only=False):
    """The next one, and not a byte more."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        assert byte, f"the end after {data!r}"
        data += byte
    one = Response(data[:-4], b"")
    length = 0 if head_only else int(one.fields.get("content-length", 0))
    while len(one.body) < length:
        piece = sock.recv(length - len(one.body))
        assert piece, "the end in a body"
        one.body += piece
    return one


def ask(sock, path="/", method="GET", fields=""):
    sock.sendall(f"{method} {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode())
    return read_response(sock, method == "HEAD")


def fetch(server, path="/", method="GET", fields="", target=None):
    with connect(target or server.address) as sock:
        return ask(sock, path, method, fields)


# ---- the table: every verdict within the RFCs, none softer than it may be ----

def names(cases):
    return [case[0].replace(" ", "-") for case in cases]


@pytest.mark.parametrize("case", REFUSED, ids=names(REFUSED))
def test_what_is_wrong_is_refused_at_once_and_once(site, case):
    _, data, allowed, why = case
    with connect(site.address) as sock:
        sock.sendall(data)
        found = responses(read_all(sock))
    assert [one.status in allowed for one in found] == [True], (
        why, [one.status for one in found])
    assert found[0].fields["connection"] == "close"
    assert fetch(site).body == BODY


@pytest.mark.parametrize("case", ANSWERED, ids=names(ANSWERED))
def test_what_is_right_is_answered(site, case):
    _, data, wanted, why = case
    with connect(site.address) as sock:
        got = exchange(sock, data)
    assert statuses(got, data.startswith(b"HEAD")) == wanted, why
    assert fetch(site).body == BODY


def test_no_case_has_the_name_of_another():
    every = names(REFUSED + ANSWERED)
    assert len(every) == len(set(every)) and len(every) > 120


# ---- answers ----

def test_a_get_is_answered_with_all_that_a_response_needs(site):
    one = fetch(site)
    assert (one.status, one.reason, one.body) == (200, "OK", BODY)
    assert one.fields["content-type"] == "text/plain"
    assert one.fields["content-length"] == str(len(BODY))
    assert "connection" not in one.fields


def test_the_date_is_now(site):
    before = int(time.time()) - 1  # its clock is the kernel's coarse one
    text = fetch(site).fields["date"]
    date = email.utils.parsedate_to_datetime(text)
    assert before <= date.timestamp() <= time.time()
    assert email.utils.format_datetime(date, usegmt=True) == text


def test_the_date_moves_on_during_a_connection(site):
    with connect(site.address) as sock:
        first = ask(sock).fields["date"]
        eventually(lambda: ask(sock).fields["date"] != first, "a second later")


@pytest.mark.parametrize("path", ["/", "/who", "/metrics", "/echo", "/nothing"])
def test_head_is_get_without_the_content(site, path):
    with connect(site.address) as sock:
        get, head = ask(sock, path), ask(sock, path, "HEAD")
        again = ask(sock)
    assert head.status == get.status and head.body == b""
    assert set(head.fields) == set(get.fields)
    if path in ("/", "/nothing"):
        assert head.fields["content-length"] == get.fields["content-length"]
    assert again.body == BODY


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_what_a_page_can_do_is_told(site, method):
    assert fetch(site, "/", method).fields["allow"] == "GET, HEAD, OPTIONS"


def test_not_modified_has_no_content_and_a_date(site):
    with connect(site.address) as sock:
        one = ask(sock, fields="If-None-Match: *\r\n")
        assert (one.status, one.reason) == (304, "Not Modified")
        assert "date" in one.fields and "content-type" not in one.fields
        assert ask(sock).body == BODY


@needs_full
@needs("openssl")
def test_https_over_tls_is_answered(server, files):
    server.start("-s", "http", *files.options())
    with shake(server, trusting(files)) as sock:
        sock.sendall(b"GET https://localhost/ HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_response(sock).body == BODY


def test_an_upgrade_that_is_missing_is_asked_for(site):
    one = fetch(site, "/echo")
    assert one.status == 426
    assert one.fields["upgrade"] == "websocket"
    assert one.fields["connection"] == "upgrade"
    assert one.fields["sec-websocket-version"] == "13"


@pytest.mark.parametrize("padding", [0, 30_000])
def test_a_handshake_is_accepted_where_the_build_can(site, padding):
    one = fetch(site, "/echo", fields=HANDSHAKE + f"X: {'a' * padding}\r\n")
    if "without WebSocket" in site.log():
        assert one.status == 501
        return
    assert one.status == 101
    assert one.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@needs_websocket
def test_who_expects_to_go_on_is_told_so_before_the_upgrade(site):
    """RFC 9110 7.8"""
    with connect(site.address) as sock:
        one = ask(sock, "/echo", fields=HANDSHAKE + "Expect: 100-continue\r\n")
        assert one.status == 100
        assert read_response(sock).status == 101


def test_much_before_the_handshake_is_answered_is_refused(site):
    """A client has to wait (RFC 6455 4.1); what it sent is not kept for it."""
    with connect(site.address) as sock:
        sock.sendall(f"GET /echo HTTP/1.1\r\nHost: a\r\n{HANDSHAKE}"
                     f"X: {'a' * 10_000}\r\n\r\n".encode() + bytes(10_000))
        [one] = responses(read_all(sock))
    assert one.status == (501 if "without WebSocket" in site.log() else 400)


def test_who_tells_the_worker_and_the_peer(site):
    with connect(site.address) as sock:
        peer = "{}:{}".format(*sock.getsockname())
        first, second = ask(sock, "/who"), ask(sock, "/who")
    other = json.loads(fetch(site, "/who").body)
    who = json.loads(first.body)
    assert first.fields["content-type"] == "application/json"
    assert first.body == second.body
    assert (who["model"], who["peer"], who["tls"]) == (site.name, peer, None)
    assert who["connection"] < other["connection"]
    # A thread has the server's pid, a child one of its own.
    assert (who["pid"] == site.pid) == (site.name == "thread")
    assert (who["tid"] == who["pid"]) == (site.name == "fork")


def test_who_is_json_whatever_the_peer_is_called(site, tmp_path):
    name = bytes(tmp_path) + b'/a"b\\c\n\xff'
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(name)
        sock.connect(site.targets[1][5:])
        who = json.loads(ask(sock, "/who").body)
    assert who["peer"] == "unix:" + name.decode("latin-1")


def test_metrics_are_the_ledger_for_prometheus(site):
    parser = pytest.importorskip(
        "prometheus_client.parser", reason="no python3-prometheus-client")
    one = fetch(site, "/metrics")
    assert one.fields["content-type"] == \
        "text/plain; version=0.0.4; charset=utf-8"
    ledger = {}
    for family in parser.text_string_to_metric_families(one.body.decode()):
        [sample] = family.samples
        assert sample.labels == {"model": site.name}
        assert family.documentation
        assert family.type == (
            "gauge" if family.name.endswith(("active", "limit"))
            else "counter")
        word = sample.name.removeprefix("perconn_connections_")
        ledger[word.removesuffix("_total")] = int(sample.value)
    assert_exact(ledger)
    assert ledger["active"] >= 1 and ledger["crashed"] == 0


@needs("strace")
def test_a_worker_that_answers_at_once_is_in_its_own_metrics(server):
    """The call that makes it returns to the accept loop much later."""
    server.start("-s", "http", strace=[
        "-e", "trace=clone,clone3,fork",
        "-e", "inject=clone,clone3,fork:delay_exit=200000"])
    text = fetch(server, "/metrics").body.decode()
    assert "connections_accepted_total{model=" in text
    for line in text.splitlines():
        if "_accepted_total{" in line or "_active{" in line:
            assert line.endswith(" 1"), line


@pytest.fixture
def full_site(server):
    """It has one place, and who is in it."""
    server.start("-s", "http", "-m", 1, "--when-full", "refuse")
    ask(server.connect())
    return server


@pytest.mark.timed
def test_a_full_server_does_not_answer_before_it_is_asked(full_site):
    """What comes without a request is no answer to it (RFC 9112 9.2)."""
    with connect(full_site.address) as sock:
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.settimeout(60)
        sock.sendall(HELLO.encode())
        assert statuses(read_all(sock)) == (503,)


@pytest.mark.timed
@pytest.mark.parametrize("data", [
    b"\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + HELLO.encode() * 3,
    b"HEAD /" + b"a" * 3000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"HEA"],
    ids=["pipelined", "long", "half a word"])
def test_a_full_server_answers_head_without_a_content(full_site, data):
    """RFC 9110 9.3.2"""
    with connect(full_site.address) as sock:
        sock.sendall(data)
        assert statuses(read_all(sock), head_only=True) == (503,)


@pytest.mark.timed
@pytest.mark.parametrize("data", [
    HELLO.encode() * 3, b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\n", b"GET /",
    b"\x16\x03"], ids=["pipelined", "long", "half a line", "TLS"])
def test_a_full_server_answers_once_what_was_sent(full_site, data):
    with connect(full_site.address) as sock:
        sock.sendall(data)
        [one] = responses(read_all(sock))
    assert one.status == 503 and one.body.endswith(b"\n")
    assert one.fields["connection"] == "close" and one.fields["retry-after"]


@pytest.mark.parametrize("service", ["http", "chat"])
@pytest.mark.parametrize("options, status", [
    (("-m", "1", "--when-full", "refuse"), 503),
    (("--max-per-source", "1"), 429)])
def test_who_gets_no_worker_is_told_the_date(server, service, options, status):
    """RFC 9110 6.6.1"""
    server.start("-s", service, *options)
    with server.connect():
        server.wait_ledger(active=1)
        one = ask(server.connect())
    date = email.utils.parsedate_to_datetime(one.fields["date"])
    assert one.status == status and abs(date.timestamp() - time.time()) < 60


# ---- connections ----

def test_a_connection_is_kept_alive(site):
    with connect(site.address) as sock:
        for _ in range(100):
            assert ask(sock).body == BODY
        assert ask(sock, fields="Connection: close\r\n").fields[
            "connection"] == "close"
        assert read_all(sock) == b""


def test_http_1_0_is_told_that_it_is_kept(site):
    with connect(site.address) as sock:
        for _ in range(2):
            sock.sendall(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert read_response(sock).fields["connection"] == "keep-alive"
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert read_response(sock).fields["connection"] == "close"
        assert read_all(sock) == b""


def test_errors_that_are_no_danger_keep_the_connection(site):
    with connect(site.address) as sock:
        assert ask(sock, "/nothing").status == 404
        assert ask(sock, "/", "DELETE").status == 405
        assert ask(sock, "/echo").status == 426
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        assert read_response(sock).status == 405
        assert ask(sock).body == BODY


def test_pipelined_requests_are_answered_in_order(site):
    paths = ["/", "/nothing", "/who", "/metrics"] * 250
    with connect(site.address) as sock:
        got = exchange(sock, b"".join(
            f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for path in paths))
    found = responses(got)
    assert [one.status for one in found] == [200, 404, 200, 200] * 250
    assert {one.body for one in found[0::4]} == {BODY}
    assert len({one.body for one in found[2::4]}) == 1


def wait_until_read(sock):
    """Over a unix socket: until its peer has taken all that was sent."""
    def unread():
        return struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"    "))[0]
    eventually(lambda: unread() == 0, "the server has read it")


STREAM = (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
          b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
          b"5;a=\"b\"\r\n12345\r\n0\r\nc: d\r\n\r\n"
          b"PUT / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\n"
          b"\r\n\r\n"
          b"\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")


def test_a_cut_at_any_byte_changes_nothing(site):
    for cut in range(1, len(STREAM)):
        with connect(site.targets[1]) as sock:
            sock.sendall(STREAM[:cut])
            wait_until_read(sock)
            sock.sendall(STREAM[cut:])
            assert statuses(read_all(sock)) == (200, 404, 405, 200), cut


def test_a_head_of_30_kb_comes_byte_by_byte(site):
    head = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 50 + \
        b"Long: " + b"\t" * 29_000 + b"\r\n\r\n"
    with connect(site.address) as sock:
        assert statuses(exchange(sock, head * 2, piece=1)) == (200, 200)


@pytest.mark.parametrize("path", ["/who", "/metrics"])
def test_a_page_is_written_behind_a_long_head(site, path):
    """There the stack is deepest."""
    with connect(site.address) as sock:
        for _ in range(2):
            assert ask(sock, path, fields=f"X: {'a' * 30_000}\r\n").status == 200
        assert ask(sock).body == BODY


def test_a_client_that_waits_for_it_is_told_to_continue(site):
    with connect(site.address) as sock:
        for _ in range(2):
            one = ask(sock, "/", "POST",
                      "Expect: 100-continue\r\nContent-Length: 5\r\n")
            assert one.status == 100 and not one.fields
            sock.sendall(b"12345")
            assert read_response(sock).status == 405
        assert ask(sock, fields="Expect: 100-continue\r\n").status == 200


def test_answers_before_it_are_not_held_back_by_a_body(site):
    with connect(site.address) as sock:
        sock.sendall(HELLO.encode() + b"POST / HTTP/1.1\r\nHost: a\r\n"
                     b"Content-Length: 5\r\n\r\n12")
        assert read_response(sock).body == BODY
        sock.sendall(b"345")
        assert read_response(sock).status == 405


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_dropped_and_the_connection_kept(site, chunked):
    size, piece = 8 << 20, b"x" * 65536
    fields = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    with connect(site.address) as sock:
        sock.sendall(f"POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n".encode())
        for _ in range(size // len(piece)):
            sock.sendall(b"10000\r\n" + piece + b"\r\n" if chunked else piece)
        sock.sendall(b"0\r\n\r\n" if chunked else b"")
        assert read_response(sock).status == 405
        assert ask(sock).body == BODY


@pytest.mark.timed
@pytest.mark.parametrize("service", ["http", "chat"])
def test_who_goes_on_sending_after_an_error_can_read_it(server, service):
    """For longer than a second, and then looks (RFC 9112 9.6)."""
    server.start("-s", service)
    sock = server.connect()
    sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")
    for _ in range(15):
        time.sleep(0.1)
        sock.sendall(b"x" * 1000)
    assert statuses(read_all(sock)) == (400,)
    sock.close()
    server.wait_ledger(accepted=1, active=0)


@pytest.mark.timed
def test_who_sends_megabytes_after_an_error_can_read_it(site):
    """Closing with input unread would reset the connection, and the reset
    would destroy the answer."""
    with connect(site.address) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        for _ in range(200):
            sock.sendall(b"x" * 100_000)
        assert statuses(read_all(sock)) == (400,)


def trickle_until_cut(sock, seconds=20):
    """A byte now and then. Returns after how long it was told to stop."""
    began = time.monotonic()
    try:
        while time.monotonic() - began < seconds:
            sock.sendall(b"a")
            time.sleep(0.05)
    except OSError:
        pass
    return time.monotonic() - began


@pytest.mark.timed
@pytest.mark.parametrize("service, first", [
    ("http", b"GET / HTTP/1.1\r\n\r\n"), ("hello", b"hello")])
def test_who_goes_on_sending_holds_a_worker_no_longer_than_a_request_may(
        server, service, first):
    server.start("-s", service, "--request-timeout", "1s", "-m", "1")
    with server.connect() as sock:
        sock.sendall(first)
        assert 0.5 <= trickle_until_cut(sock) < 8


@pytest.mark.timed
@pytest.mark.parametrize("tls", [
    False, pytest.param(True, marks=[needs("openssl"), needs_full])])
def test_who_goes_on_sending_does_not_hold_up_a_stop(server, tls, files):
    """After a bad request, or after what is no handshake."""
    server.start("-s", "http", "--drain-timeout", "1h",
                 *(files.options() if tls else ()))
    with server.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        sock.recv(1)  # it has been answered, be it with the end
        sender = threading.Thread(target=trickle_until_cut, args=(sock,))
        sender.start()
        server.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert server.wait() == 0
        assert time.monotonic() - began < 8
        sender.join()


def test_noise_does_no_harm(site):
    """The same bytes in each run."""
    source = random.Random(2)
    for _ in range(100):
        with connect(site.address) as sock:
            try:
                got = exchange(sock, source.randbytes(source.randrange(1, 3000)))
            except ConnectionError:
                continue
            assert statuses(got) in ((), (400,), (501,))
    assert fetch(site).body == BODY


def test_damaged_requests_do_no_harm(site):
    """A few bytes changed: any answer that is whole will do."""
    source = random.Random(3)
    for _ in range(200):
        data = bytearray(STREAM)
        for _ in range(source.randrange(1, 6)):
            data[source.randrange(len(data))] = source.randrange(256)
        with connect(site.address) as sock:
            assert all(200 <= one < 600 for one in statuses(
                exchange(sock, bytes(data))))
    assert fetch(site).body == BODY


# ---- deadlines ----

@pytest.mark.timed
@pytest.mark.parametrize("begun", [
    "G", "GET / HTTP/1.1\r\n", HELLO[:-2],
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12"],
    ids=["a byte", "a line", "a head", "a head and no body", "half a body"])
def test_a_request_that_stops_half_way_times_out_with_408(server, begun):
    server.start("-s", "http", "--request-timeout", "300ms")
    sock = server.connect()
    assert ask(sock).status == 200
    sock.sendall(begun.encode())
    [one] = responses(read_all(sock))
    assert one.status == 408 and one.fields["connection"] == "close"
    sock.close()
    server.wait_ledger(accepted=1, timed_out=1)


@pytest.mark.timed
@pytest.mark.parametrize("slow", ["head", "body"])
def test_a_byte_now_and_then_does_not_extend_a_request(server, slow):
    server.start("-s", "http", "--request-timeout", "300ms")
    sock, over = server.connect(), threading.Event()
    if slow == "body":
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n")

    def trickle():
        try:
            sock.sendall(b"GET /")
            while not over.wait(0.02):
                sock.sendall(b"a")
        except OSError:
            pass

    sender = threading.Thread(target=trickle)
    sender.start()
    one = read_response(sock)
    over.set()
    sender.join()
    assert one.status == 408
    sock.close()
    server.wait_ledger(accepted=1, timed_out=1)


@pytest.mark.timed
def test_a_second_request_behind_the_first_has_its_own_time(server):
    """Its first bytes came with the first request."""
    server.start("-s", "http", "--request-timeout", "300ms")
    sock = server.connect()
    sock.sendall((HELLO + "GET").encode())
    assert [one.status for one in responses(read_all(sock))] == [200, 408]


@pytest.mark.timed
def test_a_connection_may_be_silent_between_requests(server):
    server.start("-s", "http", "--request-timeout", "100ms")
    sock = server.connect()
    assert ask(sock).status == 200
    time.sleep(0.4)
    assert ask(sock).status == 200
    server.close_clients()
    server.wait_ledger(served=1, timed_out=0)


@pytest.mark.timed
def test_silence_between_requests_ends_without_a_word(server):
    server.start("-s", "http", "--idle-timeout", "300ms")
    sock = server.connect()
    assert ask(sock).status == 200
    assert read_all(sock) == b""
    server.wait_ledger(accepted=1, timed_out=1)


@pytest.mark.timed
def test_a_client_that_does_not_read_its_answers_times_out(server):
    server.start("-s", "http", "--request-timeout", "300ms")
    sock = server.connect()
    sock.settimeout(0.5)
    try:
        while True:
            sock.send(LAST.replace("close", "keep-alive").encode() * 500)
    except (TimeoutError, ConnectionError):
        pass
    server.wait_ledger(accepted=1, timed_out=1)


HEAD_ERRORS = {
    "no Host": ("HEAD / HTTP/1.1\r\n\r\n", 400),
    "too many fields": (head("X: a\r\n" * 70, "HEAD / HTTP/1.1"), 431),
    "a body that is none": (head("Transfer-Encoding: chunked\r\n",
                                 "HEAD / HTTP/1.1") + "x\r\n", 400),
    "an unknown expectation": (head("Expect: b\r\n", "HEAD / HTTP/1.1"), 417),
    "a version": (head(line="HEAD / HTTP/2.0"), 505),
    "a long line": (head(line=f"HEAD /{'a' * 9000} HTTP/1.1"), 414),
    "an empty line first": ("\r\n" + head(line="HEAD /%zz HTTP/1.1"), 400),
    "a handshake": (head(HANDSHAKE, "HEAD /echo HTTP/1.1"), 400),
}


@pytest.mark.parametrize("service", ["http", "chat"])
def test_an_error_of_a_head_request_has_no_content(server, service):
    """RFC 9110 9.3.2: as the request's other answers have none."""
    server.start("-s", service)
    for case, (data, status) in HEAD_ERRORS.items():
        if service == "chat" and case in ("an empty line first", "a handshake"):
            continue  # that joins the room; there is no /echo
        with connect(server.address) as sock:
            [one] = responses(exchange(sock, data.encode()), head_only=True)
        assert one.status == status, case
        assert int(one.fields["content-length"]) > 0, case


@pytest.mark.timed
@pytest.mark.parametrize("begun", [
    "HEAD / HTTP/1.1\r\nHo", "HEAD / HTTP/1.1\r\nHost: a\r\n"
    "Content-Length: 5\r\n\r\n12"], ids=["head", "body"])
def test_a_slow_head_request_gets_408_without_content(server, begun):
    server.start("-s", "http", "--request-timeout", "300ms")
    sock = server.connect()
    sock.sendall(begun.encode())
    assert statuses(read_all(sock), head_only=True) == (408,)


# ---- a stop ----

def test_a_stop_lets_a_request_end_and_then_the_connection(server):
    server.start("-s", "http", "--drain-timeout", "1h")
    sock = server.connect()
    ask(sock)
    sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12")
    server.send_signal(signal.SIGTERM)
    server.wait_log("draining")
    sock.sendall(b"345")
    one = read_response(sock)
    assert one.status == 405
    # Its head may have been read before the stop, when all was well.
    assert one.fields.get("connection") in (None, "close")
    assert read_all(sock) == b""
    sock.close()
    assert server.wait() == 0
    assert server.ledger["served"] == 1


@pytest.mark.parametrize("request_count", [1, 3])
def test_a_request_that_is_whole_during_a_stop_is_the_last(
        server, request_count):
    """The answer says so. What was sent behind it gets none."""
    server.start("-s", "http", "--drain-timeout", "1h")
    sock = server.connect()
    ask(sock)
    sock.sendall(b"GET / HTTP/1.1\r\nHo")
    server.send_signal(signal.SIGTERM)
    server.wait_log("draining")
    sock.sendall(b"st: a\r\n\r\n" + HELLO.encode() * (request_count - 1))
    [one] = responses(read_all(sock))
    assert one.status == 200 and one.body == BODY
    assert one.fields["connection"] == "close"
    sock.close()
    assert server.wait() == 0
    assert server.ledger["served"] == 1


def test_a_stop_ends_connections_that_wait_for_no_answer(server):
    server.start("-s", "http", "--drain-timeout", "1h")
    socks = [server.connect() for _ in range(5)]
    for sock in socks:
        ask(sock)
    server.send_signal(signal.SIGTERM)
    for sock in socks:
        assert read_all(sock) == b""
        sock.close()
    assert server.wait() == 0
    assert server.ledger["served"] == 5


def test_a_stop_tells_websocket_clients_that_it_goes_away(server):
    server.start("-s", "http", "--drain-timeout", "1h")
    if "without WebSocket" in server.log():
        pytest.skip("a build without WebSocket")
    sock = server.connect()
    assert ask(sock, "/echo", fields=HANDSHAKE).status == 101
    masked = b"\x81\x82\0\0\0\0hi"
    sock.sendall(masked)
    assert read_exactly(sock, 4) == b"\x81\x02hi"
    sock.sendall(masked[:5])  # a message that is not complete does not hold it
    server.send_signal(signal.SIGTERM)
    assert read_all(sock) == b"\x88\x02\x03\xe9"  # a close, 1001
    sock.close()
    assert server.wait() == 0
    assert server.ledger["served"] == 1


@pytest.mark.timed
@pytest.mark.parametrize("sent", [b"", b"\x81\x82\0\0\0\0h"],
                         ids=["silent", "half a message"])
def test_an_idle_websocket_is_told_before_it_is_closed(server, sent):
    server.start("-s", "http", "--idle-timeout", "400ms")
    if "without WebSocket" in server.log():
        pytest.skip("a build without WebSocket")
    sock = server.connect()
    assert ask(sock, "/echo", fields=HANDSHAKE).status == 101
    sock.sendall(sent)
    got = read_all(sock)
    assert got == b"\x88\x14\x03\xe9Idle for too long."
    sock.close()
    server.wait_ledger(timed_out=1, active=0)


# ---- where the first bytes were read by another ----

@pytest.fixture
def room(server):
    """chat reads the first line, and hands HTTP over with all that came."""
    return server.start("-s", "chat")


def test_a_request_to_chat_is_answered_as_one_to_http(room):
    with connect(room.address) as sock:
        assert statuses(exchange(sock, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
                        head_only=True) == (200,)
        assert fetch(room, "/nothing").status == 404


@pytest.mark.parametrize("piece", [None, 1000])
def test_many_requests_to_chat_at_once_are_all_answered(room, piece):
    request = b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
    with connect(room.address) as sock:
        got = exchange(sock, request * 5000, piece)
    assert statuses(got) == (404,) * 5000


@pytest.mark.parametrize("size, status", [(30_000, 404), (40_000, 431), (500_000, 431)])
def test_a_long_head_to_chat_is_bounded_all_the_same(room, size, status):
    with connect(room.address) as sock:
        got = exchange(sock, b"GET /nothing HTTP/1.1\r\nHost: a\r\nX: " +
                       b"a" * size + b"\r\n\r\n")
    assert statuses(got) == (status,)


@pytest.mark.timed
def test_a_slow_head_to_chat_times_out_with_408(server):
    server.start("-s", "chat", "--request-timeout", "300ms")
    sock = server.connect()
    sock.sendall(b"GET / HTTP/1.1\r\nHost:")
    [one] = responses(read_all(sock))
    assert one.status == 408


# ---- real clients ----

def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs("curl")
def test_curl_gets_the_page(site):
    url = f"http://{site.address}"
    assert run("curl", "-sS", "--fail", url) == BODY.decode()
    assert run("curl", "-sS", "--fail", "--http1.0", url) == BODY.decode()
    assert "200 OK" in run("curl", "-sSI", url)
    posted = run("curl", "-sS", "-d", "a=b", "-w", "%{http_code}", url)
    assert posted.endswith("405")


@needs("curl")
def test_curl_reuses_the_connection(site):
    url = f"http://{site.address}/who"
    out = run("curl", "-sS", "-w", "%{num_connects}\n", url, url, url)
    assert re.findall(r"^\d$", out, re.M) == ["1", "0", "0"]


@needs("curl")
def test_curl_gets_the_page_over_a_unix_socket(site):
    assert run("curl", "-sS", "--unix-socket", site.targets[1][5:],
               "http://localhost/") == BODY.decode()


@needs("curl")
@needs_ipv6
def test_curl_gets_the_page_over_ipv6(site):
    assert run("curl", "-sS", f"http://{site.targets[2]}/") == BODY.decode()


@needs("curl")
def test_curl_uploads_with_expect_and_chunks(site, tmp_path):
    file = tmp_path / "upload"
    file.write_bytes(b"x" * 3_000_000)
    for fields in (["-H", "Expect: 100-continue"],
                   ["-H", "Transfer-Encoding: chunked"]):
        out = run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
                  "--data-binary", f"@{file}", *fields, f"http://{site.address}/")
        assert out == "405"


@needs("wrk")
def test_wrk_sees_no_error(site):
    out = run("wrk", "-t1", "-c16", "-d1s", "--timeout", "20s",
              f"http://{site.address}/")
    assert int(re.search(r"(\d+) requests in", out)[1]) > 0
    assert "Socket errors" not in out and "Non-2xx" not in out, out


@needs("ab")
@pytest.mark.parametrize("keep", [[], ["-k"]], ids=["a connection each", "kept"])
def test_ab_sees_no_error(site, keep):
    out = run("ab", "-q", "-n", "500", "-c", "8", *keep, f"http://{site.address}/")
    assert re.search(r"Complete requests:\s+500\n", out)
    assert re.search(r"Failed requests:\s+0\n", out), out
    kept = re.search(r"Keep-Alive requests:\s+(\d+)\n", out)
    assert not keep or int(kept[1]) == 500


@needs("h2load")
def test_h2load_sees_no_error_with_pipelines(site):
    out = run("h2load", "--h1", "-n", "2000", "-c", "8", "-m", "16",
              f"http://{site.address}/")
    assert "2000 succeeded, 0 failed, 0 errored, 0 timeout" in out, out
