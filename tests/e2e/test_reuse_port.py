# SPDX-License-Identifier: MIT
"""--reuse-port: several servers at one address, and where that cannot be."""
import re
import signal
import socket

import pytest

from harness import (DEADLINE, echo, eventually, needs_ipv6, needs_root,
                     parse_target)

SHARE = "--reuse-port"
# So many clients that none of two servers is left without one: each client has
# one of them by chance.
MANY = 64


def two(server, listen="127.0.0.1:0"):
    server.start(SHARE, listen=listen)
    other = server.another().start(SHARE, listen=server.targets[0])
    assert other.targets == server.targets
    return other


def accepted(*servers):
    """By server, when no client is left: a client may have been either's."""
    found = [one.ledger_now()["accepted"] for one in servers]
    for one in servers:
        one.close_clients()
    return found


def test_servers_share_the_clients_of_an_address(server):
    other = two(server)
    server.connected(MANY)
    both = accepted(server, other)
    assert sum(both) == MANY and min(both) > 0, both


@needs_ipv6
def test_servers_share_the_clients_of_all_addresses(server):
    server.start(SHARE, listen=":0")
    other = server.another().start(SHARE, listen=f":{server.port}")
    for host in ("127.0.0.1", "[::1]"):
        for _ in range(MANY):
            echo(server.connect(f"{host}:{server.port}"))
    both = accepted(server, other)
    assert sum(both) == 2 * MANY and min(both) > 0, both


@needs_ipv6
def test_the_more_specific_address_has_all_its_clients(server):
    server.start(SHARE)
    other = server.another().start(SHARE, listen=f":{server.port}")
    server.connected(MANY)
    echo(other.connect(f"[::1]:{server.port}"))
    assert accepted(server, other) == [MANY, 1]


def test_servers_share_datagrams(server):
    other = two(server, "udp:127.0.0.1:0")
    _, address = parse_target(server.targets[0].removeprefix("udp:"))
    for number in range(MANY):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(DEADLINE)
            sock.connect(address)
            sock.send(b"%d" % number)
            assert sock.recv(100) == b"%d" % number
    both = accepted(server, other)
    assert sum(both) == MANY and min(both) > 0, both


def test_a_stop_of_one_server_leaves_its_clients_their_time_and_the_port_to_the_other(
        server):
    other = two(server)
    old = server.connected(MANY)
    server.send_signal(signal.SIGTERM)
    eventually(lambda: "draining; " in server.log(), "the drain")
    for sock in old:
        echo(sock)
    for _ in range(MANY):
        echo(other.connect())
    server.close_clients()
    assert accepted(other)[0] >= MANY
    assert server.stop() == 0


# ---- where it cannot be ----

def refused(done, *words):
    line = done.stderr.decode().strip()
    assert done.returncode == 1, line
    for word in ("cannot listen on ", "in use", *words):
        assert word in line, line


@pytest.mark.parametrize("kind", ["", "udp:"])
def test_both_have_to_say_so(server, kind):
    server.start(listen=f"{kind}127.0.0.1:0")
    target = server.targets[0]
    refused(server.run(SHARE, "-q", "-l", target),
            "does not share the port", "start it with --reuse-port")
    assert server.stop() == 0
    server = server.another().start(SHARE, listen=target)
    refused(server.run("-q", "-l", target))
    if not kind:
        echo(server.connect())


@needs_root
def test_another_user_does_not_get_a_part_of_the_clients(server):
    server.start(SHARE)
    stranger = server.another()
    done = stranger.run(SHARE, "-q", "-l", server.address,
                        user=stranger.for_a_stranger(), extra_groups=[])
    refused(done, "is another user's")


@pytest.mark.parametrize("listen, words", [
    (["unix:s"], "--listen unix:s: a unix socket has no port to share"),
    (["127.0.0.1:0", "unix:s"], "unix socket has no port"),
    (["127.0.0.1:7", "127.0.0.1:7"], "--listen 127.0.0.1:7: is there twice"),
    (["localhost:7", "[::1]:7"], r"--listen [::1]:7: is there twice"),
    (["udp::7", "127.0.0.1:7", "udp::7"], "--listen udp:[::]:7: is there twice"),
])
def test_what_cannot_be_shared_is_wrong_usage(server, tmp_path, listen, words):
    done = server.run(SHARE, *(word for one in listen for word in ("-l", one)),
                      cwd=tmp_path)
    assert done.returncode == 2 and not done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert "--reuse-port: " in done.stderr.decode()
    assert words in done.stderr.decode()


def test_without_it_an_address_has_one_server(server):
    """The system would take two, as it does for datagrams with SO_REUSEADDR."""
    for target in ("127.0.0.1:0", "udp:127.0.0.1:0"):
        one = server.another().start(listen=target)
        refused(server.run("-q", "-l", one.targets[0]), "stop the program")


def test_a_free_port_is_free_although_it_may_be_shared(server):
    """Of 16 sockets and 16 more, of each kind."""
    listen = ["127.0.0.1:0"] * 8 + ["udp:127.0.0.1:0"] * 8
    server.start(SHARE, listen=listen)
    other = server.another().start(SHARE, listen=listen)
    assert len({*server.targets, *other.targets}) == 32
    assert all(re.fullmatch(r"(udp:)?127\.0\.0\.1:[1-9]\d*", target)
               for target in server.targets)
