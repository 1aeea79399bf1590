# SPDX-License-Identifier: MIT
"""Where the connections of `client load` come from, how evenly they are
served, and what the load says of those that are slow to stand or to end."""
import socket
import threading

import pytest

from harness import eventually, has_ipv6
from known_servers import (
    DatagramServer, KnownServer, client, counts, load, waiting_to_connect)

pytestmark = pytest.mark.timed

MODES = pytest.mark.parametrize(
    "mode", [[], ["--churn"]], ids=["steady", "churn"])


# ---- source addresses ----

@MODES
def test_connections_come_from_the_sources_in_turn(mode):
    with KnownServer() as server:
        report = load(server.target, "-n", 40, "-c", 4, *mode,
                      "--source", "127.0.0.9,127.0.0.20-127.0.0.22")
        hosts = [peer[0] for peer in server.peers]
    want = ["127.0.0.9", "127.0.0.20", "127.0.0.21", "127.0.0.22"]
    assert report["sources"] == want
    assert counts(report) == (40, 0, 0, 0)
    assert {host: hosts.count(host) for host in want} == \
        dict.fromkeys(want, len(hosts) // 4)
    assert "from     4 addresses, 127.0.0.9 to 127.0.0.22" in report["words"]


def test_sources_may_be_given_one_by_one():
    with KnownServer() as server:
        report = load(server.target, "-n", 10, "-c", 2,
                      "--source", "127.0.0.3", "--source", "127.0.0.4")
        assert {peer[0] for peer in server.peers} == \
            {"127.0.0.3", "127.0.0.4"}
    assert report["sources"] == ["127.0.0.3", "127.0.0.4"]


def test_without_the_option_no_sources_are_told():
    with KnownServer() as server:
        assert load(server.target, "-n", 10)["sources"] is None


def test_datagrams_come_from_the_sources():
    with DatagramServer() as server:
        report = load(server.target, "-n", 20, "-c", 2,
                      "--source", "127.0.0.5-127.0.0.6")
        assert {peer[0] for peer in server.peers} == \
            {"127.0.0.5", "127.0.0.6"}
    assert counts(report) == (20, 0, 0, 0)


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_an_ipv6_source():
    with KnownServer(host="::1") as server:
        report = load(server.target, "-n", 10, "--source", "::1")
    assert report["sources"] == ["::1"]
    assert counts(report) == (10, 0, 0, 0)


def test_one_port_serves_several_sources():
    """The port is chosen at connect: each source has them all."""
    with KnownServer() as server:
        load(server.target, "-n", 600, "-c", 300, "--source",
             "127.0.0.2-127.0.0.4")
        assert server.connections == 300


def test_a_source_that_is_not_ours_is_a_failure_with_a_line():
    with KnownServer() as server:
        result = client("load", server.target, "-n", 3,
                        "--source", "127.0.0.1,192.0.2.1")
        assert server.connections == 0
    assert result.code == 1, result
    assert "--source 192.0.2.1" in result.error_line
    assert "name addresses of this machine" in result.error_line


# ---- fairness ----

def test_an_even_server_is_fair(server):
    """In an open loop every connection has its turn, each 32 ms; unless it still
    waits for its reply then, on a busy machine."""
    server.start()
    for _ in range(5):
        report = load(server.address, "-r", 500, "-n", 160, "-c", 16)
        in_time = report["latency_us"]["max"] < 32_000 and not report["unsent"]
        if in_time:
            break
    fairness = report["fairness"]
    if in_time:
        assert fairness["max"] - fairness["min"] <= 10
    assert fairness["none"] == 0
    assert fairness["jain"] >= 0.5


def test_connections_that_nobody_serves_are_counted():
    """A server with fewer workers than connections: the rest wait."""
    workers = threading.Semaphore(3)

    def on_accept(sock):
        # Who holds a worker holds it to the end.
        workers.acquire()

    with KnownServer(on_accept=on_accept) as server:
        report = load(server.target, "-c", 8, "-d", "300ms", "--timeout",
                      "1s", code=1)
        for _ in range(8):
            workers.release()
    fairness = report["fairness"]
    assert fairness["none"] == 5
    assert fairness["min"] == fairness["median"] == 0 < fairness["max"]
    assert fairness["jain"] <= 3 / 8 + 1e-6
    assert "5 OF 8 CONNECTIONS GOT NO REPLY" in report["words"]


def test_one_slow_connection_shows():
    """One of four gets a tenth of what the others get, at most."""
    slow = []

    def behave(request):
        if not slow:
            slow.append(request.sock)
        if request.sock is slow[0]:
            threading.Event().wait(0.05)
        request.echo()

    with KnownServer(behave) as server:
        report = load(server.target, "-c", 4, "-d", "500ms")
    fairness = report["fairness"]
    assert 1 <= fairness["min"] <= 11
    assert fairness["median"] > fairness["min"]
    assert fairness["jain"] < 0.95


# ---- slow to stand, slow to end ----

def overflows():
    with open("/proc/net/netstat", encoding="ascii") as file:
        names, values = [line.split() for line in file
                         if line.startswith("TcpExt:")]
    return int(values[names.index("ListenOverflows")])


def test_a_slow_accept_shows_as_the_time_to_connect():
    """The queue holds one; the SYNs of the others are dropped, and come
    again after a second."""
    accepts = threading.Event()
    before = overflows()
    with KnownServer(backlog=0, accepts=accepts) as server:
        def accept_later():
            try:
                eventually(lambda: waiting_to_connect(server.port) >= 5,
                           "five wait, since one has a place")
            finally:
                accepts.set()

        thread = threading.Thread(target=accept_later)
        thread.start()
        report = load(server.target, "-c", 6, "-n", 60, "--timeout", "30s")
        thread.join()
    assert counts(report) == (60, 0, 0, 0)
    assert report["connect_us"]["max"] >= 900_000
    assert report["listen_overflows"] >= 1
    assert report["listen_overflows"] <= overflows() - before
    assert "connect" in report["words"]
    assert "backlog  its backlog of 0 was full" in report["words"]


def test_a_quick_accept_has_a_time_to_connect_and_no_line(server):
    server.start()
    report = load(server.address, "-c", 4, "-n", 40)
    assert 0 < report["connect_us"]["min"] <= report["connect_us"]["max"]
    assert load(server.address, "-n", 10, "--churn")["connect_us"] is None


def test_connections_that_the_server_does_not_close_are_said():
    with KnownServer(stays=True) as server:
        report = load(server.target, "-c", 3, "-n", 30, "--timeout", "300ms")
    assert counts(report) == (30, 0, 0, 0)
    assert report["unclosed"] == 3
    assert "3 connections were not closed by the server" in report["words"]
    assert report["seconds"] >= 0.3


def test_connections_that_are_dropped_are_failures_by_name():
    """Every fourth request ends its connection by a reset."""
    def behave(request):
        if request.number % 4 == 0:
            request.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    b"\1\0\0\0\0\0\0\0")
            request.sock.close()
        else:
            request.echo()

    with KnownServer(behave) as server:
        report = load(server.target, "-c", 2, "-n", 40, code=1)
    assert counts(report) == (30, 0, 0, 10)
    assert report["errors"] == {"ECONNRESET": 10}
