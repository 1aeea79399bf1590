# SPDX-License-Identifier: MIT
"""`client load URL`: what is asked of a web server, byte for byte, and which
responses are right. How a response may be written is tested in
tests/unit/test_http_response.c, URLs in tests/unit/test_web_url.c."""
import json
import re
import select

import pytest

from comparing import first_blocks
from harness import BIN, DEADLINE, needs, needs_full, needs_ipv6, read_exactly
from known_servers import (Close, KnownServer, client, counts, load, rows_of,
                           servers_of)
from test_client_protocols import (HELLO, MODES, OK, needs_ws, says,
                                   tls_context, tls_server)

pytestmark = pytest.mark.timed


def head_of(sock):
    """Of a request, and nothing of its body."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        piece = sock.recv(1)
        if not piece:
            return None
        data += piece
    return data


def whole_request(sock):
    """One with its body, by its Content-Length."""
    head = head_of(sock)
    length = head and re.search(rb"(?i)\r\nContent-Length: (\d+)\r\n", head)
    return head + read_exactly(sock, int(length[1])) if length else head


def asked(*options, answer=HELLO, path="/", requests=3, code=0, host="127.0.0.1",
          scheme="http", **more):
    """The report of a load on PATH, and the one request that it sent."""
    seen = set()

    def behave(request):
        seen.add(request.data)
        request.send(answer)

    with KnownServer(behave, size=whole_request, host=host) as server:
        report = load(f"{scheme}://{server.target}{path}", "-n", requests,
                      "-c", 1, *options, code=code, **more)
        request, = {data.replace(server.target.encode(), b"HOST")
                    for data in seen}
    return report, request


# ---- both servers ----

@MODES
def test_a_url_is_a_target(server, mode):
    server.start("-s", "http")
    url = f"HTTP://{server.address}/metrics?x=1#part"
    report = load(url, "-n", 20, "-c", 2, "--any-body", *mode)
    assert counts(report) == (20, 0, 0, 0)
    assert report["target"] == url and report["protocol"] == "http"
    assert report["path"] == "/metrics?x=1"


@needs_ws
@needs_full
def test_a_url_of_websocket_is_a_target(server):
    server.start("-s", "http")
    report = load(f"ws://{server.address}/echo", "-n", 20, "-c", 2,
                  "--header", f"Origin: http://{server.address}")
    assert counts(report) == (20, 0, 0, 0)
    assert report["protocol"] == "ws" and report["path"] == "/echo"


@pytest.mark.parametrize("options, right", [
    (["--method", "HEAD"], True),
    (["--method", "DELETE"], False),
    (["--method", "DELETE", "--expect", "4xx,5xx"], True),
    (["--body", "x"], False),
    (["--body", "x", "--expect", "405"], True),
    (["--path", "/none"], False),
    (["--path", "/none", "--expect", "404"], True),
    (["--expect", "404"], False)], ids=str)
def test_both_servers_answer_as_they_should(server, options, right):
    server.start("-s", "http")
    report = load(f"http://{server.address}", "-n", 4, "-c", 1, *options,
                  code=0 if right else 1)
    assert counts(report) == ((4, 0, 0, 0) if right else (0, 4, 0, 0))


# ---- the request ----

def test_a_url_asks_for_its_path_with_its_query_but_not_its_fragment():
    report, request = asked(path="/a/../b%20c?d=%zz&e#f")
    assert request == b"GET /a/../b%20c?d=%zz&e HTTP/1.1\r\nHost: HOST\r\n\r\n"
    assert report["http"] == {"method": "GET", "headers": [],
                              "body_bytes": None, "expect": "2xx",
                              "any_body": False}
    assert "asked" not in report["words"]


@pytest.mark.parametrize("path, line", [
    ("", b"GET / "), ("?q", b"GET /?q "), ("#f", b"GET / ")])
def test_a_url_without_a_path_asks_for_the_root(path, line):
    assert asked(path=path)[1].startswith(line)


def test_the_path_may_be_given_beside_the_host():
    assert asked("--path", "/x", path="")[1].startswith(b"GET /x ")


@needs_ipv6
def test_an_ipv6_host_has_its_brackets():
    report, request = asked(host="::1")
    assert request == b"GET / HTTP/1.1\r\nHost: HOST\r\n\r\n"


def test_headers_are_added_and_replace_those_of_the_client(tmp_path):
    secrets = tmp_path / "headers"
    secrets.write_bytes(b"Authorization: Basic eA==\r\n\r\nX-Last:\n")
    report, request = asked("--churn", "--header", "host: www.example.org",
                            "--header", "X-Blank:  a b\t", "--header",
                            f"@{secrets}", answer=HELLO)
    assert request == (
        b"GET / HTTP/1.1\r\nConnection: close\r\nhost: www.example.org\r\n"
        b"X-Blank: a b\r\nAuthorization: Basic eA==\r\nX-Last: \r\n\r\n")
    assert report["http"]["headers"] == [
        "host", "X-Blank", "Authorization", "X-Last"]
    assert "with host, X-Blank, Authorization, X-Last" in report["words"]
    assert "example.org" not in report["words"] and "eA==" not in report["words"]


def test_a_header_file_that_is_wrong_is_named_but_not_shown(tmp_path):
    secrets = tmp_path / "headers"
    secrets.write_text("A: b\nsecret\n")
    result = client("load", "http://127.0.0.1:1", "--header", f"@{secrets}")
    assert result.code == 2 and f"{secrets}: line 2: the colon" in \
        result.error_line
    assert "secret" not in result.err.replace(str(secrets), "")


@pytest.mark.parametrize("option", ["--header", "--body"])
def test_a_file_that_cannot_be_read_is_named(option, tmp_path):
    for path, why in [(tmp_path / "none", "No such file"),
                      (tmp_path, "Is a directory")]:
        result = client("load", "http://127.0.0.1:1", option, f"@{path}")
        assert result.code == 1
        assert f"{option} @{path}: {why}" in result.error_line


def test_a_password_in_a_url_is_refused_and_not_repeated():
    result = client("load", "http://me:geheim@127.0.0.1:1/x")
    assert result.code == 2 and "geheim" not in result.err
    assert "http://...@127.0.0.1:1/x: it has a user name" in result.error_line


BINARY = bytes(range(256)) * 3


@pytest.mark.parametrize("options, method", [
    ([], b"POST"), (["--method", "PUT"], b"PUT"), (["--method", "GET"], b"GET"),
    (["--method", "x-1"], b"x-1")], ids=["POST", "PUT", "GET", "x-1"])
def test_a_body_is_sent_whole(options, method, tmp_path):
    (tmp_path / "body").write_bytes(BINARY)
    for body, stdin, want in [(f"@{tmp_path}/body", b"", BINARY),
                              ("@-", BINARY, BINARY),
                              ("a=b&c", b"", b"a=b&c"), ("", b"", b"")]:
        report, request = asked("--body", body, *options, stdin=stdin)
        assert request == method + b" / HTTP/1.1\r\nHost: HOST\r\n" \
            b"Content-Length: %d\r\n\r\n" % len(want) + want
        assert report["http"]["body_bytes"] == len(want)
        assert f"{method.decode()}, a body of {len(want)} bytes" in \
            report["words"]


def test_a_body_larger_than_the_sockets_hold_is_sent_whole(tmp_path):
    body = BINARY * 10_000
    (tmp_path / "body").write_bytes(body)
    report, request = asked("--body", f"@{tmp_path}/body")
    assert counts(report) == (3, 0, 0, 0)
    assert request.endswith(body) and report["size"] == len(request) + \
        len("127.0.0.1:12345") - len("HOST") - (
            5 - len(report["target"].rpartition(":")[2].rstrip("/")))


def test_a_post_without_a_body_says_so():
    assert b"\r\nContent-Length: 0\r\n" in asked("--method", "POST")[1]


# ---- the response ----

NOT_FOUND = b"HTTP/1.1 404 None\r\nContent-Length: 4\r\n\r\nnone"


@pytest.mark.parametrize("answer, expect, wrong", [
    (HELLO, "200", None), (HELLO, "2xx,404", None), (NOT_FOUND, "404", None),
    (NOT_FOUND, "200,204", "status 404, not --expect 200,204"),
    (HELLO, "404", "status 200, not --expect 404"),
    (b"HTTP/1.1 204 No\r\n\r\n", "204", None),
    (b"HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", "304", None),
    (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 Go\r\n\r\n" + HELLO,
     "200", None)])
def test_the_status_must_be_an_expected_one(answer, expect, wrong):
    report, _ = asked("--expect", expect, answer=answer, code=bool(wrong))
    assert counts(report) == ((0, 3, 0, 0) if wrong else (3, 0, 0, 0))
    assert wrong is None or wrong in report["first_wrong"]
    assert report["http"]["expect"] == expect
    assert f"right: status {expect}, each body like the first" in \
        report["words"]


def test_a_redirect_is_not_followed_but_named():
    report, _ = asked(code=1, answer=b"HTTP/1.1 301 Moved\r\n"
                      b"Location: https://a.example/b\r\n"
                      b"Content-Length: 0\r\n\r\n")
    assert counts(report) == (0, 3, 0, 0)
    assert "status 301, a redirect to https://a.example/b, which the client " \
        "does not follow: load that, or give --expect 301" in \
        report["first_wrong"]


def test_a_redirect_cannot_forge_a_line_or_drive_the_terminal():
    report, _ = asked(code=1, answer=b"HTTP/1.1 302 Moved\r\n"
                      b"Location: /\x1b[2J\xff\rclient: ok\r\n\r\n")
    assert "\x1b" not in report["words"]
    assert r"\x1b[2J\xff" in report["words"]


def counting(request):
    """A page that is another one each time."""
    text = b"%d" % request.number
    request.send(OK + b"Content-Length: %d\r\n\r\n" % len(text) + text)


@MODES
def test_a_page_that_differs_is_wrong_unless_any_body_is_right(mode):
    with KnownServer(counting, size=b"\r\n\r\n") as server:
        report = load(f"http://{server.target}/", "-n", 30, "-c", 2, *mode,
                      code=1)
        assert report["requests"]["wrong"] > 20
        assert "give --any-body if it may differ each time" in \
            report["first_wrong"]
        report = load(f"http://{server.target}/", "-n", 30, "-c", 2, *mode,
                      "--any-body")
    assert counts(report) == (30, 0, 0, 0)
    assert report["http"]["any_body"] is True
    assert "right: status 2xx, any body" in report["words"]


@pytest.mark.parametrize("answer, wrong", [
    (HELLO + b"x", "1 bytes too many"), (HELLO + HELLO, "doubled"),
    (OK + b"Content-Length: 5, 6\r\n\r\nhello", "Content-Length"),
    (OK + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", "chunk")])
def test_with_any_body_the_framing_must_still_be_right(answer, wrong):
    report, _ = asked("--any-body", answer=answer, code=1)
    assert counts(report) == (0, 3, 0, 0) and wrong in report["first_wrong"]


def test_a_response_to_head_has_no_body():
    head = OK + b"Content-Length: 5\r\n\r\n"
    report, request = asked("--method", "HEAD", answer=head)
    assert counts(report) == (3, 0, 0, 0)
    assert request.startswith(b"HEAD / HTTP/1.1\r\n")
    report, _ = asked("--method", "HEAD", answer=head + b"hello", code=1)
    assert "5 bytes after the head, although the request was HEAD" in \
        report["first_wrong"]


@pytest.mark.parametrize("method, again", [
    ("GET", True), ("PUT", True), ("POST", False), ("PATCH", False)])
def test_only_what_may_arrive_twice_is_sent_again(method, again):
    """RFC 9110 9.2.2"""
    def behave(request):
        if request.number % 7 == 0:
            raise Close
        request.send(HELLO)

    with KnownServer(behave, size=b"\r\n\r\n") as server:
        report = load(f"http://{server.target}", "-n", 20, "-c", 1,
                      "--method", method, code=0 if again else 1)
    assert report["retries"] == (3 if again else 0)
    assert counts(report) == ((20, 0, 0, 0) if again else (18, 0, 0, 2))


def test_a_server_that_closes_after_each_response_is_told():
    """HTTP/1.0, as of `python3 -m http.server`."""
    report = asked()[0]
    assert "were closed by the server" not in report["words"]
    with KnownServer(says(b"HTTP/1.0 200 OK\r\n\r\nhello", close=True),
                     size=b"\r\n\r\n") as server:
        report = load(f"http://{server.target}", "-n", 20, "-c", 1)
    assert counts(report) == (20, 0, 0, 0)
    assert "20 connections were closed by the server between requests" in \
        report["words"]


def test_an_answer_before_the_whole_body_was_sent_is_an_answer(tmp_path):
    """413, say: the server does not read on."""
    (tmp_path / "body").write_bytes(bytes(8 << 20))

    seen = set()

    def head_alone(sock):
        if sock in seen:
            poll = select.poll()
            poll.register(sock, select.POLLRDHUP)
            poll.poll(1000 * DEADLINE)
            return None
        seen.add(sock)
        return head_of(sock)

    with KnownServer(says(b"HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n"),
                     size=head_alone) as server:
        report = load(f"http://{server.target}", "-n", 3, "-c", 1, "--body",
                      f"@{tmp_path}/body", "--expect", "413")
    assert counts(report) == (3, 0, 0, 0)


@MODES
@pytest.mark.parametrize("reset", [False, True])
def test_an_answer_is_heard_although_the_server_closed_amid_the_body(
        tmp_path, mode, reset):
    """The rest of the body meets a closed socket, which ends the connection
    with a reset; the answer came before that."""
    (tmp_path / "body").write_bytes(bytes(8 << 20))

    def behave(request):
        request.send(b"HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n")
        raise Close(reset=reset)

    with KnownServer(behave, size=head_of) as server:
        report = load(f"http://{server.target}", "-n", 5, "-c", 1, "--body",
                      f"@{tmp_path}/body", *mode, code=1)
    assert counts(report) == (0, 5, 0, 0)
    assert "status 413" in report["first_wrong"]


@MODES
@pytest.mark.parametrize("reset, field", [
    (False, b"Connection: close\r\n"), (True, b"")], ids=["close", "reset"])
def test_an_expected_answer_amid_the_body_is_right(
        tmp_path, mode, reset, field):
    """nginx's 413, with --expect 413: the rest of the body has no reader, so
    that it cannot be sent makes the answer no failure."""
    (tmp_path / "body").write_bytes(bytes(8 << 20))

    def behave(request):
        request.send(b"HTTP/1.1 413 Large\r\nContent-Length: 2\r\n" + field +
                     b"\r\nno")
        raise Close(reset=reset)

    with KnownServer(behave, size=head_of) as server:
        report = load(f"http://{server.target}", "-n", 10, "-c", 2, "--body",
                      f"@{tmp_path}/body", "--expect", "413", *mode)
    assert counts(report) == (10, 0, 0, 0)


@pytest.mark.parametrize("sent, why", [
    (b"SSH-2.0-x\r\n", "it begins with 'SSH-2.0-x'"),
    (b"<html>hi</html>", "it begins with '<html>hi</html>'"),
    (b"\xff\x1b[2J\n", r"it begins with '\xff\x1b[2J'"),
    (b"HTTP/1.1 2x0\r\n", "it begins with 'HTTP/1.1 2x0'"),
    (b"\x15\x03\x01\0\x02\x02\x46", "the server speaks TLS: give https://"),
    (b"", "no answer; a server that speaks TLS needs https://")])
def test_what_is_no_response_is_shown(sent, why):
    """Another protocol, mostly: the first bytes tell which."""
    def behave(request):
        if sent:
            request.send(sent)
        raise Close()

    with KnownServer(behave, size=b"\r\n\r\n") as server:
        report = load(f"http://{server.target}", "-n", 1, "-c", 1, code=1)
    assert why in " ".join(report["words"].split())


@pytest.mark.parametrize("protocol", ["echo", "hello"])
@pytest.mark.parametrize("sent, why", [
    (b"HTTP/1.1 400 Bad Request\r\n\r\n",
     "the server speaks HTTP: give --protocol http, or a URL"),
    (b"\x15\x03\x03\0\x02\x02\x28", "the server speaks TLS: give")])
def test_a_server_of_another_protocol_is_named(protocol, sent, why):
    with KnownServer(says(sent), size=1) as server:
        report = load(server.target, "-p", protocol, "-n", 1, "-c", 1, code=1)
    assert why in " ".join(report["words"].split())


# ---- TLS ----

def web_over_tls(files, certificate, behave=None, **options):
    return tls_server(files, behave or says(HELLO), certificate,
                      size=b"\r\n\r\n", **options)


@needs("openssl")
@needs_full
def test_https_is_http_over_tls(files):
    seen = set()

    def behave(request):
        seen.add(request.data)
        request.send(HELLO)

    with web_over_tls(files, "server", behave) as server:
        report = load(f"https://localhost:{server.port}/x", "-n", 10, "-c", 2,
                      "--tls-ca", files.cert("ca"))
    assert counts(report) == (10, 0, 0, 0) and report["insecure"] is False
    assert seen == {b"GET /x HTTP/1.1\r\nHost: localhost:%d\r\n\r\n"
                    % server.port}


@needs("openssl")
@needs_full
@pytest.mark.parametrize("certificate, host", [
    ("mallory", "127.0.0.1"), ("late-server", "127.0.0.1"),
    ("server", "127.0.0.2")], ids=["other authority", "expired", "other host"])
def test_a_bad_certificate_is_taken_only_if_that_is_asked_for(
        files, certificate, host):
    with web_over_tls(files, certificate, host=host) as server:
        url = f"https://{host}:{server.port}/"
        report = load(url, "-n", 2, "-c", 1, "--tls-ca", files.cert("ca"),
                      code=1)
        assert counts(report) == (0, 0, 0, 2)
        assert "; see --tls-ca and --insecure" in report["words"]
        report = load(url, "-n", 2, "-c", 1, "--insecure")
        assert counts(report) == (2, 0, 0, 0) and report["insecure"] is True
        assert "--insecure: the server's certificate is NOT CHECKED" in \
            report["words"]
        assert "insecure THE SERVER'S CERTIFICATE WAS NOT CHECKED" in \
            report["words"]
        result = client("talk", f"tls:{server.target}", "a\r\n\r\n",
                        "--insecure")
        assert "hello" in result.out and "NOT CHECKED" in result.err


@needs("openssl")
@needs_full
@pytest.mark.parametrize("url, name", [
    ("https://localhost:{}/", "localhost"), ("https://127.0.0.1:{}/", None)])
def test_a_name_is_sent_to_the_tls_server_but_an_address_is_not(
        files, url, name):
    """RFC 6066 3"""
    names = set()

    def wrap(sock):
        context = tls_context(files, "server")
        context.sni_callback = lambda _s, name, _c: names.add(name)
        return context.wrap_socket(sock, server_side=True)

    with KnownServer(says(HELLO), size=b"\r\n\r\n", wrap=wrap) as server:
        load(url.format(server.port), "-n", 1, "-c", 1, "--insecure",
             "--header", "Host: elsewhere.example")
    assert names == {name}


# ---- compare ----

def compared(tmp_path, *options):
    """The one point of the scenario custom, its words, and all of the JSON."""
    result, _ = first_blocks(
        tmp_path, lambda path: {"thread", "fork"} <= {
            row["server"] for row in rows_of(path)},
        "-p", "http", "-c", 2, *options)
    scenario, = result.json["scenarios"]
    return scenario["points"][0], scenario["load"], result.json


def test_compare_asks_the_same_of_each_server(tmp_path):
    """Of a header the result has the name alone, as that of load."""
    (tmp_path / "body").write_bytes(BINARY)
    point, words, all_of_it = compared(
        tmp_path, "--path", "/none", "--body", f"@{tmp_path}/body",
        "--expect", "404,405", "--any-body",
        "--header", "X-Secret: geheim", "--header=X-More:geheim")
    assert [one["errors"] for one in point["results"]] == [0, 0]
    assert words == "2 kept connections, http, POST /none, a body of 768 " \
        "bytes, with X-Secret, X-More; right: status 404,405, any body"
    assert "geheim" not in json.dumps(all_of_it)
    assert all_of_it["command"].endswith(
        " --header 'X-Secret: ...' '--header=X-More: ...'")


@needs_full
@pytest.mark.parametrize("option, words", [
    ("--tls", "http over TLS, GET /"),
    ("--insecure", "http over TLS, any certificate, GET /")])
def test_compare_speaks_tls_if_asked(tmp_path, option, words):
    point, load_words, _ = compared(tmp_path, option)
    assert [one["errors"] for one in point["results"]] == [0, 0]
    assert load_words == f"2 kept connections, {words}"


@needs("openssl")
@needs_full
def test_compare_takes_any_certificate_only_loudly(tmp_path, files, groups):
    own = f"exec '{BIN}/server_thread' -q -s http -l {{address}} --tls-cert " \
        f"{files.cert('mallory')} --tls-key {files.key('mallory')}"
    result, _ = first_blocks(
        tmp_path, lambda path: rows_of(path), "-p", "http", "-c", 2,
        "--insecure", *servers_of(groups, {"own": own}))
    scenario, = result.json["scenarios"]
    assert scenario["points"][0]["results"][0]["errors"] == 0
    assert "CERTIFICATES WERE NOT CHECKED" in scenario["note"]
    assert "--insecure: the server's certificate is NOT CHECKED" in result.err
    assert "{options}" not in result.err


@needs("openssl")
@needs_full
def test_compare_says_why_a_server_was_refused_over_tls(files, groups):
    own = f"exec '{BIN}/server_thread' -q -s http -l {{address}} --tls-cert " \
        f"{files.cert('mallory')} --tls-key {files.key('mallory')}"
    result = client("compare", "--quick", "-p", "http", "-c", 2, "--tls",
                    *servers_of(groups, {"own": own}), "--json", "-")
    scenario, = result.json["scenarios"]
    reason = scenario["points"][0]["results"][0]["reason"]
    assert "2 of 2 connections could not be made: " in reason
    assert "certificate" in reason and "; see --insecure" in reason


@pytest.mark.parametrize("name, words", [
    ("http://127.0.0.1:80/", "compare starts the servers itself"),
    ("chrun", "did you mean churn?")])
def test_what_is_no_scenario_is_told_so_beside_a_question(name, words):
    result = client("compare", name, "-c", 4, "-p", "http")
    assert result.code == 2 and words in result.err
