# SPDX-License-Identifier: MIT
"""state: echo, with memory for each worker."""
import os
import re
import resource

import pytest

from harness import (echo, echoes, exchange, in_group, needs, read_all,
                     release_only, reset)
from test_ballast import kib, kib_in

MIB = 1 << 20
FULL = b"Server full, please try again later.\n"


def owner(server):
    """The process whose memory is that of the one worker."""
    return (server.children() or [server.pid])[0]


def cut_many(server, count, at_once=10):
    """Connections that end with a RST, when their worker has its memory."""
    for _ in range(count // at_once):
        socks = server.connected(at_once)
        for sock in socks:
            reset(sock)
        server.wait_ledger(active=0)


@pytest.mark.parametrize("service", ["state:0", "state:1", "state:100000:4KiB",
                                     "state:4MiB", "state:4MiB:1MiB"])
def test_every_byte_comes_back(server, service):
    server.start("-s", service)
    data = bytes(i * 31 % 256 for i in range(100_000))
    assert exchange(server.connect(), data) == data
    server.stop()
    assert server.ledger["served"] == 1


@pytest.mark.parametrize("piece", ["4KiB", "64KiB", "1MiB"])
def test_a_worker_has_its_memory_written_while_it_serves(server, piece):
    server.start("-s", f"state:24MiB:{piece}")
    server.connected(1)
    assert kib(owner(server), "RssAnon") >= 24 * 1024


@release_only  # a sanitizer keeps what is freed; it looks for leaks itself
@pytest.mark.parametrize("piece", ["4KiB", "64KiB", "1MiB"])
def test_cut_connections_give_their_memory_back(server, piece):
    """100 times 4 MiB, 10 at once: what stays is less than 20 of them."""
    server.start("-s", f"state:4MiB:{piece}")
    cut_many(server, 100)
    assert kib(server.pid, "VmRSS") < 80 * 1024
    server.back_to_start()


def test_what_a_drain_cuts_is_given_back(server):
    """The sanitizer's look for leaks, at the exit, is the judge."""
    server.expected_exit = 1
    server.start("-s", "state:1MiB", "--drain-timeout", "100ms")
    server.connected(3)
    server.send_signal(15)
    assert server.wait() == 1
    assert server.ledger["failed"] == 3


@needs("strace")
@release_only  # its mappings are not malloc's
def test_a_thread_frees_and_a_process_exits(server):
    """malloc makes a mapping for a piece so large: free unmaps it."""
    server.start("-s", "state:8MiB:1MiB", strace=[
        "-o", server.directory / "trace", "-e", "trace=munmap"])
    with server.connect() as sock:
        echo(sock)
    server.wait_served(1)
    server.stop()
    freed = re.findall(r"munmap\(0x[0-9a-f]+, (\d+)\)",
                       (server.directory / "trace").read_text())
    large = [size for size in map(int, freed) if MIB <= size < 2 * MIB]
    assert len(large) == (8 if server.name == "thread" else 0)


@release_only  # a sanitizer's malloc ends the program
def test_without_memory_a_client_is_refused_and_the_server_lives(server):
    server.start("-s", "state:64MiB:1MiB")
    echo(server.connect())
    server.wait_log("listening")
    before = resource.prlimit(server.pid, resource.RLIMIT_AS)
    space = (kib(server.pid, "VmSize") + 16 * 1024) * 1024
    resource.prlimit(server.pid, resource.RLIMIT_AS, (space, before[1]))
    sock = server.connect()
    sock.sendall(b"anybody?\n")
    assert read_all(sock) == FULL
    server.wait_log("refused: no memory for service state: Cannot allocate "
                    "memory")
    resource.prlimit(server.pid, resource.RLIMIT_AS, before)
    echo(server.connect())
    server.stop()
    assert (server.ledger["served"], server.ledger["failed"]) == (2, 1)


def test_a_killed_worker_costs_the_others_nothing(fork_server):
    fork_server.start("-s", "state:1MiB")
    socks = fork_server.connected(3)
    os.kill(fork_server.children()[0], 9)
    fork_server.wait_ledger(crashed=1)
    assert sum(echoes(sock) for sock in socks) == 2


# ---- what does not fit ----

def refused(server, *options, **more):
    result = server.run("-q", "-l", "127.0.0.1:0", *options, **more)
    assert result.returncode == 1
    line, = result.stderr.decode().splitlines()
    return line


def test_one_worker_without_memory_is_an_error_at_the_start(server):
    assert re.search(
        r"--service state:900GiB: not enough memory for one worker of 921600 "
        r"MiB: \d+ MiB are available, and an eighth of them must stay free$",
        refused(server, "-s", "state:900GiB"))


def test_more_workers_than_memory_are_an_error_at_the_start(server):
    total = kib_in("/proc/meminfo", "MemTotal") // 1024
    line = refused(server, "-s", "state:64MiB", "-m", str(total // 64 + 1))
    found = re.search(r"--max-connections \d+: must be at most (\d+) with "
                      r"--service state:64MiB: there is no more memory$", line)
    assert 0 < int(found[1]) <= total // 64


def test_the_computed_limit_knows_the_memory(server):
    server.start("-s", "state:64MiB")
    told = re.search(r"at most (\d+) connections at once \((.*)\)", server.log())
    total = kib_in("/proc/meminfo", "MemTotal") // 1024
    assert int(told[1]) <= total // 64
    assert told[2] == "memory"


@release_only
@pytest.mark.parametrize("kind", [resource.RLIMIT_AS, resource.RLIMIT_DATA])
@pytest.mark.parametrize("options, words", [
    (["-s", "state:512MiB"], "not enough address space (ulimit -v, ulimit -d) "
                             "for one worker of 512 MiB"),
    (["-s", "touch:512MiB:private"], "not enough address space"),
    (["-s", "state:16MiB", "-m", "1000"], "there is no more address space"),
    (["-s", "touch:512MiB"],
     "Cannot allocate memory (see ulimit -v, ulimit -d and vm.overcommit")])
def test_the_address_space_of_a_process_is_a_limit_too(
        server, options, words, kind):
    """A forked child has one of its own: many of them fit."""
    if "-m" in options and server.name == "fork":
        pytest.skip("each child has an address space of its own")

    def limit():
        resource.setrlimit(kind, (400 * MIB, 400 * MIB))
    assert words in refused(server, *options, preexec_fn=limit)


@release_only
def test_what_is_mapped_already_is_no_room_for_workers(thread_server):
    """Without that, the start fails for want of the room that was promised."""
    thread_server.start("-s", "touch:100MiB",
                        limits={resource.RLIMIT_AS: 200 * MIB})
    most = re.search(r"at most (\d+) connections at once \(address space\)",
                     thread_server.log())
    assert int(most[1]) >= 1
    assert thread_server.stop() == 0


def test_a_group_s_memory_is_a_limit_too(server, control_groups):
    group = control_groups.of_memory(256 * MIB)
    assert "not enough memory for one worker" in refused(
        server, "-s", "state:300MiB", preexec_fn=in_group(group))


def test_datagrams_have_no_state(server):
    result = server.run("-l", "udp:127.0.0.1:0", "-s", "state:1MiB")
    assert result.returncode == 2
    assert b"service state:1MiB needs a stream" in result.stderr
