# SPDX-License-Identifier: MIT
"""One number that all workers share: exact with the lock, not without."""
import os
import random
import signal
import socket
import threading
import time

import pytest

from harness import (DEADLINE, SANITIZER, connect, eventually, exchange, in_parallel,
                     needs_ipv6, parse_target, read_all, send_what_goes)


def ask(sock, line=b"one more\n"):
    """One line; the number that answers it."""
    sock.sendall(line)
    return answer(sock)


def answer(sock):
    text = b""
    while not text.endswith(b"\n"):
        piece = sock.recv(64)
        if not piece:
            raise ConnectionError(f"end of file after {text!r}")
        text += piece
    return int(text)


def value(server):
    """One more than was counted so far."""
    with connect(server.address) as sock:
        return ask(sock)


# ---- lines ----

def test_each_line_is_answered_with_the_next_number(server):
    server.start("-s", "counter")
    sock = server.connect()
    assert [ask(sock) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert ask(server.connect(), b"\n") == 6
    assert ask(sock, b"\r\n") == 7
    assert ask(sock, b"x" * 100_000 + b"\n") == 8
    assert ask(sock, b"\0\xff\n") == 9


def test_a_last_line_may_lack_its_end(server):
    server.start("-s", "counter")
    assert exchange(server.connect(), b"one\ntwo") == b"1\n2\n"
    assert exchange(server.connect(), b"three\n") == b"3\n"
    assert exchange(server.connect(), b"") == b""
    assert exchange(server.connect(), b"four") == b"4\n"
    server.stop()
    assert server.ledger["served"] == 4


def test_a_line_in_pieces_is_one_line(server):
    server.start("-s", "counter")
    sock = server.connect()
    for byte in b"in pieces":
        sock.sendall(bytes([byte]))
    assert ask(sock, b"\n") == 1
    assert exchange(server.connect(), b"a\nb\nc", piece=1) == b"2\n3\n4\n"


def test_pipelined_lines_are_answered_in_order(server):
    server.start("-s", "counter")
    lines = b"".join(b"line %d\n" % i for i in range(20_000))
    want = b"".join(b"%d\n" % (i + 1) for i in range(20_000))
    assert exchange(server.connect(), lines) == want


@pytest.mark.timed
def test_a_line_that_never_ends_times_out(server):
    server.start("-s", "counter", "--request-timeout", "300ms")
    sock = server.connect()
    assert ask(sock) == 1
    sock.sendall(b"begun")
    assert read_all(sock) == b""
    server.wait_ledger(timed_out=1)
    assert value(server) == 2


@pytest.mark.timed
def test_a_byte_now_and_then_does_not_make_a_line_longer(server):
    server.start("-s", "counter", "--request-timeout", "500ms")
    sock = server.connect()
    sock.settimeout(0.05)
    end = time.monotonic() + DEADLINE
    ended = False
    while not ended and time.monotonic() < end:
        try:
            sock.sendall(b"x")
            ended = sock.recv(1) == b""
        except TimeoutError:
            continue
        except ConnectionError:
            ended = True
    assert ended
    server.wait_ledger(timed_out=1)


@pytest.mark.timed
def test_a_line_begun_together_with_the_one_before_it_times_out(server):
    """Its first byte came with the last line's end: its time runs."""
    server.start("-s", "counter", "--request-timeout", "300ms")
    sock = server.connect()
    sock.sendall(b"whole\nbegun")
    assert answer(sock) == 1
    assert read_all(sock) == b""
    server.wait_ledger(timed_out=1)


@pytest.mark.timed
def test_between_lines_only_the_idle_timeout_runs(server):
    server.start("-s", "counter", "--request-timeout", "100ms")
    sock = server.connect()
    for number in (1, 2, 3):
        assert ask(sock) == number
        time.sleep(0.3)


@pytest.mark.timed
def test_answers_that_nobody_reads_time_out(server, tmp_path):
    """Also the second line's of those that came together. Over a unix socket:
    TCP whose receiver has no room drops acknowledgements, too, and then neither
    side sends for seconds."""
    server.start("-s", "counter", "--request-timeout", "500ms",
                 listen=f"unix:{tmp_path}/s")
    send_what_goes(server.connect(), b"\n" * 65536)
    server.wait_ledger(timed_out=1)


def test_a_full_counter_says_so(server):
    server.start("-s", "counter", "-m", 1, "--when-full", "refuse")
    sock = server.connect()
    assert ask(sock) == 1
    assert read_all(server.connect()).endswith(b"try again later.\n")
    assert ask(sock) == 2


# ---- with the lock ----

def numbers_of(server, clients, lines, pipelined=False):
    """All the numbers that CLIENTS at once get for LINES lines each."""
    def run(_):
        with connect(server.address) as sock:
            if pipelined:
                return [int(line) for line
                        in exchange(sock, b"\n" * lines).split()]
            return [ask(sock) for _ in range(lines)]
    return [number for numbers in in_parallel(run, range(clients))
            for number in numbers]


@pytest.mark.parametrize("pipelined", [False, True])
def test_no_number_is_given_twice_and_none_left_out(server, pipelined):
    server.start("-s", "counter")
    got = numbers_of(server, 50, 100, pipelined)
    assert sorted(got) == list(range(1, 5001))
    assert value(server) == 5001


def test_a_client_sees_its_numbers_grow(server):
    server.start("-s", "counter")

    def run(_):
        with connect(server.address) as sock:
            got = [ask(sock) for _ in range(100)]
        assert got == sorted(got)

    in_parallel(run, range(20))


def udp_ask(address, source=None):
    family, where = parse_target(address.removeprefix("udp:"))
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(DEADLINE)
        sock.sendto(b"\n", where)
        return int(sock.recv(100))


@pytest.mark.parametrize("listen", [
    "udp:127.0.0.1:0", pytest.param("udp:[::1]:0", marks=needs_ipv6)])
def test_over_udp_it_is_as_exact(server, listen):
    server.start("-s", "counter", listen=listen)
    got = in_parallel(
        lambda _: [udp_ask(server.address) for _ in range(20)], range(30))
    assert sorted(sum(got, [])) == list(range(1, 601))


def test_tcp_and_udp_count_together(server):
    server.start("-s", "counter", listen=("127.0.0.1:0", "udp:127.0.0.1:0"))
    sock = server.connect()
    for number in range(1, 20, 2):
        assert ask(sock) == number
        assert udp_ask(server.targets[1]) == number + 1


def test_counting_goes_on_after_connections_that_reset(server):
    server.start("-s", "counter")

    def run(i):
        sock = connect(server.address)
        got = [ask(sock) for _ in range(20)]
        if i % 2:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
        sock.close()
        return got

    got = in_parallel(run, range(20))
    assert sorted(sum(got, [])) == list(range(1, 401))


class History:
    """What clients know: numbers they were given, and lines without answer."""

    def __init__(self):
        self.lock = threading.Lock()
        self.given = []
        self.unknown = 0

    def run(self, server, lines):
        sock = connect(server.address)
        for _ in range(lines):
            try:
                number = ask(sock)
                with self.lock:
                    self.given.append(number)
            except ConnectionError:
                with self.lock:
                    self.unknown += 1
                sock.close()
                sock = connect(server.address)
        sock.close()


def test_killed_workers_neither_lose_nor_double_a_count(fork_server):
    """The next one to lock finds the lock of the dead, and goes on."""
    if SANITIZER == "tsan":
        pytest.skip("it does not see that pthread_mutex_timedlock() may return "
                    "EOWNERDEAD with the lock held")
    fork_server.start("-s", "counter")
    history, done = History(), threading.Event()
    chance = random.Random(20261121)

    def kill():
        killed = 0
        while not done.is_set():
            for pid in chance.sample(children := fork_server.children(),
                                     min(3, len(children))):
                try:
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    pass
            time.sleep(0.002)
        return killed

    def clients():
        try:
            in_parallel(lambda _: history.run(fork_server, 200), range(50))
        finally:
            done.set()

    in_parallel(lambda job: job(), [kill, clients])
    given = history.given
    assert history.unknown > 0, "no worker was killed while it had work"
    assert len(given) + history.unknown == 50 * 200
    assert len(set(given)) == len(given), "a number was given twice"
    # The last line's own count is not the history's.
    final = value(fork_server) - 1
    assert len(given) <= final <= len(given) + history.unknown
    assert max(given) <= final
    eventually(lambda: fork_server.ledger_now()["active"] == 0, "all collected")
    assert fork_server.ledger_now()["crashed"] > 0
    fork_server.back_to_start()


# ---- without it ----

def test_unlocked_it_loses_what_came_between(server):
    """N workers load one value, wait, and all store the same: 1 of N stays."""
    server.start("-s", "counter:unlocked", "--race-window", "200ms")
    clients, lines = 10, 4
    got = numbers_of(server, clients, lines)
    assert len(got) == clients * lines
    assert len(set(got)) < len(got) / 2
    # A number comes a whole window after the one before it, whoever stores.
    assert lines <= max(got) < clients * lines / 2
    assert value(server) <= max(got) + 1


def test_unlocked_with_one_client_it_is_right(server):
    """What is wrong is two at once, not the counting."""
    server.start("-s", "counter:unlocked", "--race-window", "1ms")
    sock = server.connect()
    assert [ask(sock) for _ in range(50)] == list(range(1, 51))


def test_unlocked_without_a_window_every_line_is_still_answered(server):
    server.start("-s", "counter:unlocked")
    got = numbers_of(server, 20, 100)
    assert len(got) == 2000 and max(got) <= 2000
    assert value(server) - 1 <= 2000


def test_the_window_is_as_long_as_told(server):
    server.start("-s", "counter:unlocked", "--race-window", "300ms")
    sock = server.connect()
    began = time.monotonic()
    assert ask(sock) == 1
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("service", ["echo", "counter", "sleep:1ms"])
def test_a_window_where_nothing_would_use_it_is_wrong_usage(server, service):
    result = server.run("-s", service, "--race-window", "1ms")
    assert result.returncode == 2
    assert b"--race-window" in result.stderr
    assert b"counter:unlocked" in result.stderr
    assert result.stderr.count(b"\n") == 1


@pytest.mark.parametrize("text", [
    "counter:", "counter:locked", "counter:unlocked:", "counter:UNLOCKED",
    "count", "counters"])
def test_no_other_counter_is_there(server, text):
    result = server.run("-s", text)
    assert result.returncode == 2
    assert b"--service" in result.stderr and text.encode() in result.stderr
