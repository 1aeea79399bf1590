# SPDX-License-Identifier: MIT
"""What a client says over TLS that it is about to speak (RFC 7301): it gets that,
or no connection, so that nobody's browser can be made to talk to a service that
speaks something else (RFC 9325 3.7)."""
import ssl

import pytest

from harness import needs, needs_full, needs_websocket, read_exactly
from known_servers import Close, KnownServer, load
from test_http import ask
from test_tls import VERSIONS, shake, trusting

pytestmark = [needs("openssl"), needs_full]


def offering(files, names, version=None):
    context = trusting(files, version)
    context.set_alpn_protocols(names)
    return context


@VERSIONS
@pytest.mark.parametrize("service", ["http", "chat"])
@pytest.mark.parametrize("offered, chosen", [
    (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"),
    (["http/1.0"], "http/1.0"), (["http/1.0", "http/1.1"], "http/1.1"),
    (["spdy/3", "x" * 255, "http/1.1"], "http/1.1"), (None, None)])
def test_a_browser_is_told_that_http_1_is_spoken(
        server, files, service, offered, chosen, version):
    server.start("-s", service, *files.options())
    context = offering(files, offered, version) if offered else trusting(
        files, version)
    sock = shake(server, context)
    assert sock.selected_alpn_protocol() == chosen
    assert ask(sock).status == 200


@VERSIONS
@pytest.mark.parametrize("service, offered", [
    ("http", ["h2"]), ("http", ["h2", "h3"]), ("http", ["http/1"]),
    ("http", ["HTTP/1.1"]), ("http", ["http/1.11"]), ("chat", ["h2"]),
    ("chat", ["irc"]), ("echo", ["http/1.1"]), ("echo", ["h2", "http/1.1"]),
    ("spin:1us", ["smtp"]), ("counter", ["http/1.1"]), ("sleep:1us", ["ftp"])])
def test_who_means_another_protocol_is_refused(
        server, files, service, offered, version):
    server.start("-s", service, *files.options())
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        shake(server, offering(files, offered, version))
    server.wait_log("no application protocol")
    server.wait_ledger(failed=1, active=0)


def test_hello_says_the_same_whatever_is_named(server, files):
    server.start("-s", "hello", *files.options())
    sock = shake(server, offering(files, ["h2", "http/1.1"]))
    assert sock.selected_alpn_protocol() is None
    sock.sendall(b"GET /\r\n")
    assert read_exactly(sock, 15) == b"Hello, client!\n"


@pytest.mark.parametrize("service", ["echo", "chat"])
def test_who_names_no_protocol_is_served(server, files, service):
    server.start("-s", service, *files.options())
    sock = shake(server, trusting(files))
    sock.sendall(b"ping\n")
    if service == "echo":
        assert read_exactly(sock, 5) == b"ping\n"
    else:
        server.wait_ledger(active=1)


@pytest.mark.timed
@pytest.mark.parametrize("protocol, name", [
    ("http", "http/1.1"), pytest.param("ws", "http/1.1", marks=needs_websocket),
    ("echo", None)])
def test_the_client_names_its_protocol_over_tls(files, protocol, name):
    named = []

    def wrap(sock):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.cert("server"), files.key("server"))
        context.set_alpn_protocols(["http/1.1"])
        sock = context.wrap_socket(sock, server_side=True)
        named.append(sock.selected_alpn_protocol())
        return sock

    def behave(request):
        raise Close

    with KnownServer(behave, wrap=wrap, size=None) as server:
        load(f"tls:{server.target}", "-p", protocol, "-n", 1, "-c", 1,
             "--tls-ca", files.cert("ca"), "--timeout", "2s", code=1)
    assert named and set(named) == {name}
