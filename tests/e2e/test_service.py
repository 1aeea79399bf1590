# SPDX-License-Identifier: MIT
"""echo and hello over the wire."""
import random
import socket

import pytest

from harness import (connect, echo, exchange, in_parallel, read_all,
                     read_exactly, send_until_full)

MIB = 1024 * 1024
GREETING = b"Hello, client!\n"


def some_bytes(size, seed=1):
    return random.Random(seed).randbytes(size)


# ---- echo ----

def test_a_mebibyte_comes_back_unchanged(server, listen):
    server.start(listen=listen)
    data = some_bytes(MIB)
    assert exchange(server.connect(), data) == data
    assert server.stop() == 0
    assert server.ledger["served"] == server.ledger["accepted"] == 1


def test_many_mebibytes_come_back_unchanged(server):
    server.start()
    data = some_bytes(MIB) * 16
    assert exchange(server.connect(), data) == data


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 32768, 65537])
def test_after_a_half_close_all_comes_back_and_then_the_end(server, size):
    """Sizes around the buffers of echo."""
    server.start()
    sock, data = server.connect(), some_bytes(size)
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)
    assert read_all(sock) == data


def test_byte_by_byte_comes_back(server, listen):
    server.start(listen=listen)
    sock = server.connect()
    for value in range(256):
        echo(sock, bytes([value]))


def test_messages_alternate_on_one_connection(server):
    server.start()
    sock = server.connect()
    for size in (1, 5000, 3, 40000, 7, 4096, 32768, 1):
        echo(sock, some_bytes(size, size))


def test_pieces_of_odd_sizes_come_back(server):
    server.start()
    data = some_bytes(200_000)
    assert exchange(server.connect(), data, piece=777) == data


def test_many_clients_in_parallel_get_their_own_bytes(server):
    server.start()

    def run(seed):
        data = some_bytes(64 * 1024, seed)
        with connect(server.address) as sock:
            return exchange(sock, data, piece=3000) == data

    assert all(in_parallel(run, range(50)))
    assert server.stop() == 0
    assert server.ledger["served"] == server.ledger["accepted"] == 50


def test_hundreds_of_idle_clients_stay_connected(server):
    server.start()
    socks = server.connected(300)
    for i, sock in enumerate(socks):
        echo(sock, b"%d\n" % i)


def test_one_after_another_gets_a_worker_each(server):
    server.start()
    for i in range(300):
        with connect(server.address) as sock:
            echo(sock, b"%d\n" % i)
    assert server.stop() == 0
    assert server.ledger["served"] == 300


def test_a_silent_client_does_not_hold_up_others(server):
    server.start()
    server.connect()
    echo(server.connect())


def test_a_client_that_says_nothing_and_leaves_is_served(server):
    server.start()
    server.connect().close()
    server.wait_ledger(accepted=1, served=1)


def test_a_client_that_does_not_read_does_not_hold_up_others(server):
    server.start()
    greedy = server.connect()
    send_until_full(greedy)
    echo(server.connect())


# ---- hello ----

def test_hello_greets_and_closes(server, listen):
    server.start("-s", "hello", listen=listen)
    sock = server.connect()
    sock.sendall(b"hi\n")
    assert read_all(sock) == GREETING
    server.wait_ledger(accepted=1, served=1)


def test_hello_greets_a_client_that_only_half_closes(server):
    server.start("-s", "hello")
    sock = server.connect()
    sock.shutdown(socket.SHUT_WR)
    assert read_all(sock) == GREETING


def test_hello_waits_for_the_client_to_speak(server):
    server.start("-s", "hello")
    sock = server.connect()
    sock.setblocking(False)
    server.wait_ledger(active=1)
    with pytest.raises(BlockingIOError):
        sock.recv(1)
    sock.settimeout(60)
    sock.sendall(b"now\n")
    assert read_all(sock) == GREETING


def test_hello_greets_cleanly_a_client_that_says_more_than_is_read(server):
    """Unread input at close would be a reset, which destroys the answer."""
    server.start("-s", "hello")
    sock = server.connect()
    sock.sendall(some_bytes(200_000))
    assert read_all(sock) == GREETING


def test_hello_greets_many_in_parallel(server):
    server.start("-s", "hello")

    def run(_):
        with connect(server.address) as sock:
            sock.sendall(b"hi")
            return read_all(sock)

    assert in_parallel(run, range(50)) == [GREETING] * 50


def test_hello_ends_though_the_client_stays(server):
    server.start("-s", "hello")
    sock = server.connect()
    sock.sendall(b"hi")
    assert read_exactly(sock, 100) == GREETING
    server.back_to_start()
