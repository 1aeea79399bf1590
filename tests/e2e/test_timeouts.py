# SPDX-License-Identifier: MIT
"""--idle-timeout and --request-timeout."""
import threading
import time

import pytest

from harness import (echo, eventually, read_all, read_exactly, reset,
                     send_until_full)

pytestmark = pytest.mark.timed


@pytest.mark.parametrize("service", ["echo", "hello"])
def test_a_silent_client_is_closed_and_counted(server, listen, service):
    server.start("-s", service, "--idle-timeout", "300ms", listen=listen)
    start = time.monotonic()
    assert read_all(server.connect()) == b""
    assert time.monotonic() - start > 0.25
    server.wait_ledger(accepted=1, timed_out=1)


def test_a_client_that_falls_silent_is_closed(server, listen):
    server.start("--idle-timeout", "300ms", listen=listen)
    sock = server.connected(1)[0]
    assert read_all(sock) == b""
    server.wait_ledger(timed_out=1)


def test_a_client_that_does_not_read_its_echo_times_out(server, listen):
    server.start("--idle-timeout", "500ms", listen=listen)
    sock = server.connect()
    try:
        send_until_full(sock)
    except ConnectionError:
        pass  # the server has hung up already
    server.wait_ledger(accepted=1, timed_out=1, active=0)


def test_activity_keeps_a_connection_alive(server, listen):
    server.start("--idle-timeout", "500ms", listen=listen)
    sock = server.connect()
    end = time.monotonic() + 1.2
    while time.monotonic() < end:
        echo(sock)
        time.sleep(0.05)
    sock.close()
    server.wait_ledger(served=1, timed_out=0)


def test_a_client_that_reads_slowly_is_kept(server, tmp_path):
    """Some 60 kB/s come through all the time: that is no silence. A unix
    socket, because there the reader's kernel hides little of it (a buffer is
    given back when it is read to its end)."""
    server.start("--idle-timeout", "1s", listen=f"unix:{tmp_path}/s")
    sock = server.connect()
    sender = threading.Thread(target=send_what_goes, args=(sock,))
    sender.start()
    end = time.monotonic() + 2.5
    try:
        while time.monotonic() < end:
            assert read_exactly(sock, 3_000), "cut while bytes came"
            time.sleep(0.05)
        ledger = server.ledger_now()
        assert (ledger["active"], ledger["timed_out"]) == (1, 0)
    finally:
        reset(sock)
        sender.join()


def send_what_goes(sock):
    try:
        while True:
            sock.sendall(b"x" * 65536)
    except OSError:
        pass


def test_the_idle_time_starts_anew_for_each_connection(server):
    server.start("--idle-timeout", "1s")
    first = server.connect()
    time.sleep(0.6)
    second = server.connect()
    assert read_all(first) == b""
    echo(second)


def test_timed_out_connections_leave_nothing_behind(server):
    server.start("--idle-timeout", "300ms")
    for _ in range(30):
        server.connect()
    server.wait_ledger(accepted=30, timed_out=30)
    server.back_to_start()


def test_a_timeout_makes_room_at_the_limit(server):
    server.start("-m", 1, "--idle-timeout", "300ms")
    server.connect()
    echo(server.connect())


def test_a_request_to_hello_is_answered_within_its_timeout(server):
    server.start("-s", "hello", "--request-timeout", "5s",
                 "--idle-timeout", "20s")
    sock = server.connect()
    sock.sendall(b"h")
    assert read_all(sock) == b"Hello, client!\n"


def test_echo_has_no_request_timeout(server):
    """A stream is no request: it may last."""
    server.start("--request-timeout", "100ms")
    sock = server.connected(1)[0]
    time.sleep(0.5)
    echo(sock)
    server.close_clients()
    server.wait_ledger(served=1, timed_out=0)


def test_a_stop_waits_for_no_timeout_that_is_due_later(server):
    server.start("--idle-timeout", "700ms", "--drain-timeout", "20s")
    server.connect()
    server.wait_ledger(active=1)
    server.send_signal(15)
    assert server.wait() == 0
    assert server.ledger["timed_out"] == 1
    eventually(lambda: not server.survivors(), "nothing is left")
