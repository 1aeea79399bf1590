# SPDX-License-Identifier: MIT
"""`client load -p http` with servers that close a connection when they like, as
RFC 9112 lets them. How a response may be written is tested in
tests/unit/test_http_response.c."""
import collections

import pytest

from harness import needs, needs_full, needs_ipv6
from known_servers import Close, KnownServer, counts, load
from test_client_protocols import (HELLO, MODES, OK, http_load, says,
                                   tls_load, tls_server)

pytestmark = pytest.mark.timed

FULL = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n" \
    b"Content-Length: 0\r\n\r\n"


# ---- how a connection may end ----

def impatient_load(text, requests=4):
    """One request every 300 ms, and a server that waits for 100 after each."""
    asked = set()

    def next_request(sock):
        sock.settimeout(0.1 if sock in asked else 20)
        asked.add(sock)
        data = b""
        try:
            while not data.endswith(b"\r\n\r\n"):
                piece = sock.recv(4096)
                if not piece:
                    return None
                data += piece
        except TimeoutError:
            sock.sendall(text)
            raise Close from None
        return data

    with KnownServer(says(HELLO), size=next_request) as server:
        return load(server.target, "-p", "http", "-n", requests, "-c", 1,
                    "--rate", "3", code=0)


@pytest.mark.parametrize("text", [
    b"", FULL, b"HTTP/1.0 408 Request Time-out\r\nContent-Type: text/html\r\n"
    b"Connection: close\r\n\r\n<h1>408</h1>\n"], ids=["no word", "408", "HTML"])
def test_a_server_that_is_tired_of_an_idle_connection_may_say_so(text):
    """RFC 9110 15.5.9"""
    report = impatient_load(text)
    assert counts(report) == (4, 0, 0, 0)
    assert report["reconnects"] + report["retries"] >= 3


@MODES
def test_408_that_comes_together_with_a_response_is_a_close(mode):
    """As where the client stood still meanwhile."""
    report = http_load(says(HELLO + FULL, close=True), *mode, at=1, code=0)
    assert counts(report) == (20, 0, 0, 0)


@pytest.mark.parametrize("text", [
    FULL.replace(b"408", b"503"), HELLO, b"!"], ids=["503", "200", "a byte"])
def test_anything_else_on_an_idle_connection_is_wrong(text):
    with KnownServer(says(HELLO + text), size=b"\r\n\r\n") as server:
        report = load(server.target, "-p", "http", "-n", 1, "-c", 1, code=1)
    assert counts(report) == (0, 1, 0, 0)


@pytest.mark.parametrize("lie", [
    Close, lambda: Close(reset=True)], ids=["closed", "reset"])
@pytest.mark.parametrize("clients", [1, 4])
def test_a_connection_closed_as_a_request_was_sent_is_no_failure(lie, clients):
    """It goes out again on a new one, and that is told (RFC 9112 9.3.1)."""
    asked = collections.Counter()

    def behave(request):
        asked[request.sock] += 1
        if asked[request.sock] == 7:
            raise lie()
        request.send(HELLO)

    with KnownServer(behave, size=b"\r\n\r\n") as server:
        report = load(server.target, "-p", "http", "-n", 60, "-c", clients)
        seen = server.requests
    assert counts(report) == (60, 0, 0, 0)
    assert report["retries"] == seen - 60 >= 4
    assert f"{report['retries']} requests were sent again on a new connection" \
        in report["words"]


def test_408_that_crosses_a_request_is_no_answer_to_it():
    def behave(request):
        request.send(FULL if request.number % 7 == 0 else HELLO)
        if request.number % 7 == 0:
            raise Close

    with KnownServer(behave, size=b"\r\n\r\n") as server:
        report = load(server.target, "-p", "http", "-n", 60, "-c", 1)
    assert counts(report) == (60, 0, 0, 0)
    assert report["retries"] == 9


def test_a_request_is_sent_again_only_once():
    def behave(request):
        if request.number > 10:
            raise Close
        request.send(HELLO)

    with KnownServer(behave, size=b"\r\n\r\n") as server:
        report = load(server.target, "-p", "http", "-n", 13, "-c", 1, code=1)
        assert server.requests == 14
    assert counts(report) == (10, 0, 0, 3)
    assert report["retries"] == 1 and report["errors"] == {"EOF": 3}


def test_408_on_a_new_connection_is_an_answer():
    report = http_load(says(FULL, close=True), "--churn")
    assert counts(report) == (19, 1, 0, 0)
    assert "status 408" in report["first_wrong"] and report["retries"] == 0


def test_a_begun_response_that_is_cut_is_no_retry():
    report = http_load(says(b"HTTP/1.1 200 OK\r\n", close=True))
    assert counts(report) == (19, 0, 0, 1) and report["retries"] == 0


@pytest.mark.parametrize("protocol", ["echo", "counter"])
def test_what_must_not_happen_twice_is_not_sent_twice(protocol):
    def behave(request):
        if request.number == 7:
            raise Close
        request.send(request.data if protocol == "echo"
                     else b"%d\n" % request.number)

    with KnownServer(behave, size=64 if protocol == "echo" else b"\n") as server:
        report = load(server.target, "-p", protocol, "-n", 20, "-c", 1, code=1)
    assert counts(report) == (19, 0, 0, 1) and report["retries"] == 0


# ---- over TLS ----

@needs("openssl")
@needs_full
@MODES
@pytest.mark.parametrize("text", [
    HELLO, OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello",
    OK + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\n\r\n"], ids=["kept", "closing", "chunks"])
def test_a_whole_response_may_end_without_close_notify(files, mode, text):
    """RFC 9112 9.8"""
    with tls_server(files, says(text, close=True), size=b"\r\n\r\n") as server:
        report = tls_load(server, files, "-p", "http", *mode, code=0)
    assert counts(report) == (20, 0, 0, 0)


@needs("openssl")
@needs_full
@pytest.mark.parametrize("text", [
    OK + b"\r\nhello", OK + b"Content-Length: 6\r\n\r\nhello",
    OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
    ids=["without a length", "too short", "no last chunk"])
def test_a_part_of_a_response_may_not(files, text):
    with tls_server(files, says(text, close=True), size=b"\r\n\r\n") as server:
        report = tls_load(server, files, "-p", "http", "-n", 3)
    assert counts(report) == (0, 0, 0, 3)
    assert "close_notify" in report["first_failed"]


@needs("openssl")
@needs_full
def test_a_connection_closed_as_a_request_was_sent_over_tls_is_no_failure(files):
    def behave(request):
        if request.number % 7 == 0:
            raise Close
        request.send(HELLO)

    with tls_server(files, behave, size=b"\r\n\r\n") as server:
        report = tls_load(server, files, "-p", "http", "-n", 60, "-c", 1,
                          code=0)
    assert counts(report) == (60, 0, 0, 0) and report["retries"] >= 8


# ---- the request ----

@needs_ipv6
def test_the_host_has_no_zone():
    """It means something on this machine alone (RFC 6874 4)."""
    seen = set()

    def behave(request):
        seen.add(request.data)
        request.send(HELLO)

    with KnownServer(behave, size=b"\r\n\r\n", host="::1") as server:
        load(f"[::1%1]:{server.port}", "-p", "http", "-n", 1)
        host = b"[::1]:%d" % server.port
    assert seen == {b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"}
