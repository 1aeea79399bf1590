# SPDX-License-Identifier: MIT
"""A worker that writes where it should not: what its parent does not share, it
cannot lose."""
import os
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from harness import descriptors, echo, echoes, parse_target

SERVICES = ["echo", "counter", "http", "chat"]


def shared_writable(pid):
    """[(start, end)] of what PID shares with others and may write."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        where, mode, *_ = line.split()
        if mode.startswith("rw") and mode[3] == "s":
            yield tuple(int(end, 16) for end in where.split("-"))


def scribble(pid, pattern):
    """Writes PATTERN over all memory that PID could harm others with."""
    try:
        memory = open(f"/proc/{pid}/mem", "r+b", buffering=0)
    except PermissionError:
        pytest.skip("no debugging here")
    with memory:
        for start, end in shared_writable(pid):
            memory.seek(start)
            memory.write((pattern * ((end - start) // len(pattern) + 1))
                         [:end - start])


@pytest.fixture
def bystander():
    """A process that has nothing to do with the server."""
    process = subprocess.Popen(["sleep", "1000"])
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("pattern", ["ff", "zeros", "A", "ones", "bystander"])
def test_a_child_that_overwrites_shared_memory_harms_neither_parent_nor_stranger(
        fork_server, bystander, service, pattern):
    fork_server.start("-s", service, "-m", 30, "--drain-timeout", "200ms")
    for _ in range(3):
        fork_server.connect()
    fork_server.wait_ledger(active=3)
    wild, killed, _ = fork_server.children()
    scribble(wild, {
        "ff": b"\xff", "zeros": b"\0", "A": b"A",
        "ones": struct.pack("<I", 1),
        "bystander": struct.pack("<I", bystander.pid)}[pattern])
    # What makes the parent look at its slots: an end, deaths, newcomers.
    os.kill(wild, signal.SIGKILL)
    fork_server.wait_ledger(active=2, crashed=1)
    os.kill(killed, signal.SIGKILL)
    fork_server.wait_ledger(active=1, crashed=2)
    fork_server.connect()
    fork_server.wait_ledger(accepted=4, active=2)
    fork_server.expected_exit = 1
    fork_server.send_signal(signal.SIGTERM)
    fork_server.wait_log("draining")
    fork_server.send_signal(signal.SIGTERM)
    assert fork_server.wait() == 1
    assert bystander.poll() is None
    assert fork_server.ledger["accepted"] == 4
    assert fork_server.ledger["crashed"] == 2


def test_a_child_that_overwrites_shared_memory_leaves_datagrams_alone(
        fork_server):
    """Each has memory of the parent's, which it gives back."""
    fork_server.start("-s", "sleep:1h", listen="udp:127.0.0.1:0")
    fork_server.expected_exit = 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for _ in range(3):
            client.sendto(b"x", parse_target(
                fork_server.targets[0].removeprefix("udp:"))[1])
        fork_server.wait_ledger(active=3)
        wild, *_ = fork_server.children()
        scribble(wild, b"A")
        for pid in fork_server.children():
            os.kill(pid, signal.SIGKILL)
        fork_server.wait_ledger(active=0, crashed=3)
    fork_server.expected_exit = 0


def announcement_pipe(pid):
    """The write end of the pipe that workers announce their end through."""
    for number, what in descriptors(pid).items():
        flags = Path(f"/proc/{pid}/fdinfo/{number}").read_text()
        mode = int(flags.split("flags:")[1].split()[0], 8) & os.O_ACCMODE
        if number > 2 and what.startswith("pipe:") and mode == os.O_WRONLY:
            return f"/proc/{pid}/fd/{number}"
    raise AssertionError(f"no pipe: {descriptors(pid)}")


@pytest.mark.parametrize("length", [1, 8, 4095])
def test_garbage_in_the_announcement_pipe_hides_no_end(server, length):
    """Half an announcement must not shift all that come after it."""
    server.start("--max-per-source", 5)
    with open(announcement_pipe(server.pid), "wb", buffering=0) as pipe:
        pipe.write(b"\1" * length)
        for _ in range(3):
            server.connected(5)
            server.close_clients()
            server.wait_ledger(active=0)
    server.wait_ledger(served=15, refused=0)


def test_no_worker_announces_the_end_of_another(server):
    """Whoever is said to have ended counts no more for its source."""
    server.start("--max-per-source", 3)
    socks = server.connected(3)
    with open(announcement_pipe(server.pid), "wb", buffering=0) as pipe:
        for index in range(3):
            for number in range(5):
                pipe.write(struct.pack("<II", index, number))
    server.connect()
    server.wait_ledger(active=3, refused=1)
    assert all(echoes(sock) for sock in socks)


def test_a_child_has_nothing_of_what_its_parent_trusts(fork_server):
    """Not even to read; and what it shares with it is a page or two."""
    fork_server.start("-m", 20000)
    echo(fork_server.connect())
    child, = fork_server.children()
    assert sum(end - start for start, end in shared_writable(child)) <= 8192


def test_metrics_tell_the_truth_after_they_were_overwritten(fork_server):
    fork_server.start("-s", "http")
    idle = fork_server.connect()
    fork_server.wait_ledger(active=1)
    scribble(fork_server.children()[0], b"\xff")
    idle.close()
    fork_server.wait_ledger(active=0)
    sock = fork_server.connect()
    sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n"
                 b"Connection: close\r\n\r\n")
    answer = b""
    while piece := sock.recv(65536):
        answer += piece
    assert b'perconn_connections_accepted_total{model="fork"} 2\n' in answer
    assert b'perconn_connections_served_total{model="fork"} 1\n' in answer
