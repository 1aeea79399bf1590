# SPDX-License-Identifier: MIT
"""spin and sleep: echo, after work that costs CPU or time."""
import re
import socket
import time

import pytest

from harness import (DEADLINE, SANITIZER, connect, cpu_seconds, echo,
                     eventually, exchange, in_parallel, needs, parse_target,
                     proc_stat, read_exactly)

pytestmark = pytest.mark.timed


def cpu_of(server):
    """Of the server and all children that it has waited for."""
    return cpu_seconds(server.pid, children=True)


def run_messages(server, count, data=b"work\n"):
    """COUNT messages on one connection; seconds of CPU and of the clock."""
    before, began = cpu_of(server), time.monotonic()
    with connect(server.address) as sock:
        for _ in range(count):
            echo(sock, data)
    took = time.monotonic() - began
    server.wait_ledger(active=0)  # a child's time counts once it is collected
    return cpu_of(server) - before, took


# ---- how much ----

def test_spin_burns_what_it_was_told_for_each_message(server):
    server.start("-s", "spin:20ms")
    cpu, took = run_messages(server, 20)
    assert took >= 20 * 0.020
    # Clock ticks are 10 ms; a sanitizer's own work comes on top.
    assert cpu >= 20 * 0.020 - 0.05
    assert cpu < 20 * 0.020 * 2 + 0.5


def test_spin_burns_in_the_program_and_not_in_the_kernel(server):
    """A look at the CPU clock is a system call: not too many of them."""
    server.start("-s", "spin:10ms")
    run_messages(server, 80)
    user, system, reaped_user, reaped_system = map(
        int, proc_stat(server.pid)[11:15])
    assert user + reaped_user > 3 * (system + reaped_system)


def test_sleep_waits_and_burns_nothing(server):
    server.start("-s", "sleep:50ms")
    cpu, took = run_messages(server, 10)
    assert took >= 10 * 0.050
    assert cpu < 0.25


def test_sleepers_wait_at_the_same_time(server):
    server.start("-s", "sleep:500ms")
    began = time.monotonic()
    in_parallel(lambda _: run_one(server), range(20))
    assert 0.5 <= time.monotonic() - began < 20 * 0.5 / 2


def run_one(server):
    with connect(server.address) as sock:
        echo(sock)


# ---- what a message is ----

@pytest.mark.parametrize("service", ["spin:1us", "sleep:1us"])
@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 8192, 300_000])
def test_every_byte_comes_back(server, service, size):
    server.start("-s", service)
    data = bytes(i * 31 % 256 for i in range(size))
    assert exchange(server.connect(), data) == data
    server.stop()
    assert server.ledger["served"] == 1


@pytest.fixture
def naps(server):
    """Starts a sleeper, and counts how often it slept: not by the clock."""
    trace = server.directory / "trace"

    def start(listen):
        server.start("-s", "sleep:10ms", listen=listen, strace=[
            "-o", trace, "-e", "trace=clock_nanosleep"])

    def count():
        """Ends: a nap that a nudge interrupts goes on to the same one."""
        server.stop()
        eventually(lambda: not server.survivors(), "the tracer has ended")
        return len(set(re.findall(
            r"clock_nanosleep\(CLOCK_MONOTONIC, TIMER_ABSTIME, (\{.*?\})",
            trace.read_text())))
    return start, count


@needs("strace")
@pytest.mark.parametrize("size", [1, 4096, 4097, 20_000])
def test_what_came_together_is_one_message(server, naps, tmp_path, size):
    """A unix socket hands over a write whole."""
    start, count = naps
    start(f"unix:{tmp_path}/s")
    sock = server.connect()
    for _ in range(3):
        echo(sock, b"x" * size)
    sock.close()
    assert count() == 3


@needs("strace")
def test_lines_that_came_together_are_one_message(server, naps):
    start, count = naps
    start("127.0.0.1:0")
    sock = server.connect()
    echo(sock, b"one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n")
    sock.close()
    assert count() == 1


@needs("strace")
@pytest.mark.parametrize("size, wanted", [(60_000, 1), (1, 1), (0, 0)])
def test_a_datagram_is_one_message(server, naps, size, wanted):
    start, count = naps
    start("udp:127.0.0.1:0")
    _, address = parse_target(server.address.removeprefix("udp:"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(DEADLINE)
        sock.sendto(b"x" * size, address)
        assert sock.recv(65536) == b"x" * size
    assert count() == wanted


@needs("strace")
def test_a_stream_that_never_pauses_is_worked_on_again(server, naps):
    """64 KiB at most are one message, or a flood would be work for one."""
    start, count = naps
    start("127.0.0.1:0")
    sock = server.connect()
    data = b"x" * 1_000_000
    assert exchange(sock, data) == data
    sock.close()
    assert count() >= 1_000_000 // 65536


# ---- deadlines, nudges, ends ----

@pytest.mark.parametrize("service", ["spin:300ms", "sleep:300ms"])
def test_work_longer_than_a_timeout_is_not_idleness(server, service):
    """The server is slow here, not the client."""
    server.start("-s", service, "--idle-timeout", "80ms",
                 "--request-timeout", "80ms")
    echo(server.connect())
    sock = server.connect()
    sock.sendall(b"one\n")
    assert read_exactly(sock, 4) == b"one\n"
    assert sock.recv(1) == b""  # and now it is idle
    server.wait_ledger(timed_out=2)


def test_a_client_that_leaves_during_the_work_is_no_failure(server):
    server.start("-s", "sleep:200ms")
    sock = server.connect()
    sock.sendall(b"answer me\n")
    sock.shutdown(socket.SHUT_WR)
    assert read_exactly(sock, 10) == b"answer me\n"
    server.stop()
    assert server.ledger["served"] == 1


def test_a_stop_waits_for_the_work(server):
    server.start("-s", "sleep:500ms")
    sock = server.connect()
    sock.sendall(b"work\n")
    server.wait_ledger(active=1)
    sock.shutdown(socket.SHUT_WR)
    server.send_signal(15)
    assert read_exactly(sock, 5) == b"work\n"
    assert server.wait() == 0


@pytest.mark.parametrize("service", ["spin:60s", "sleep:60s"])
def test_work_that_outlasts_the_drain_is_cut(server, service):
    if SANITIZER == "tsan" and server.name == "thread":
        pytest.skip("the sanitizer waits for its threads")
    server.expected_exit = 1
    server.start("-s", service, "--drain-timeout", "200ms")
    sock = server.connect()
    sock.sendall(b"work\n")
    server.wait_ledger(active=1)
    server.send_signal(15)
    assert server.wait() == 1
    assert server.ledger["failed"] == 1


def test_nothing_is_left_after_work(server):
    server.start("-s", "spin:1ms")
    in_parallel(lambda _: run_one(server), range(40))
    eventually(lambda: server.ledger_now()["served"] == 40, "all served")
    server.back_to_start()


# ---- the argument ----

@pytest.mark.parametrize("name", ["spin", "sleep"])
@pytest.mark.parametrize("argument", [
    "", ":", ":5", ":5x", ":-1ms", ":1ms:", ":2h", ":1ms,2ms"])
def test_a_duration_has_to_be_one(server, name, argument):
    result = server.run("-s", name + argument)
    assert result.returncode == 2
    assert b"--service" in result.stderr
    assert result.stderr.count(b"\n") == 1


@pytest.mark.parametrize("service", ["echo:", "echo:1", "hello:x", "http:80"])
def test_who_takes_no_argument_gets_none(server, service):
    assert server.run("-s", service).returncode == 2


def test_the_list_says_what_each_takes(server):
    out = server.run("--list-services").stdout.decode()
    names = [line.split()[0] for line in out.splitlines()]
    assert {"echo", "hello", "counter[:unlocked]", "spin:D",
            "sleep:D"} <= set(names)
