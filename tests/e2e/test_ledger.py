# SPDX-License-Identifier: MIT
"""Every connection is counted once, at any time, and nothing is left of it."""
import re
import signal
import socket
import threading
import time

import pytest

from harness import (assert_exact, connect, cpu_seconds, echo, eventually,
                     exchange, in_parallel, read_all, release_only, reset,
                     send_what_goes)

KEYS = ["accepted", "active", "served", "refused", "timed_out", "failed",
        "crashed"]


def test_sigusr1_logs_the_ledger(server):
    server.start()
    socks = server.connected(5)
    now = server.ledger_now()
    assert list(now) == KEYS
    assert now["accepted"] == now["active"] == 5
    socks[0].close()
    reset(socks[1])
    server.wait_ledger(active=3, served=1, failed=1)


def test_sigusr1_logs_it_even_when_quiet(server):
    server.start("-q")
    assert server.ledger_now()["accepted"] == 0


def test_the_ledger_is_exact_while_a_load_runs(server):
    server.start("-m", 4, "--when-full", "refuse")
    over = threading.Event()
    counts = [0] * 6

    def load(i):
        while not over.is_set():
            with connect(server.address) as sock:
                sock.sendall(b"x")
                sock.recv(100)
            counts[i] += 1

    def watch():
        last = server.ledger_now()
        for _ in range(100):
            now = server.ledger_now()
            assert_exact(now)
            assert now["active"] <= 4
            assert all(now[key] >= last[key] for key in KEYS
                       if key != "active")
            last = now
        over.set()

    def watch_and_stop(_):
        try:
            watch()
        finally:
            over.set()

    in_parallel(lambda job: job[0](job[1]),
                [(load, i) for i in range(6)] + [(watch_and_stop, None)])
    assert server.stop() == 0
    assert server.ledger["accepted"] == sum(counts)


@pytest.mark.timed
def test_the_final_ledger_is_what_the_clients_saw(server):
    server.start("-m", 3, "--when-full", "refuse", "--idle-timeout", "1s")
    held = server.connected(3)
    for _ in range(4):
        assert read_all(server.connect())
    reset(held[0])
    held[1].close()
    assert read_all(held[2]) == b""
    assert server.stop() == 0
    assert [server.ledger[key] for key in KEYS] == [7, 0, 1, 4, 1, 1, 0]


def test_a_reset_is_a_failure(server):
    server.start()
    sock = server.connected(1)[0]
    reset(sock)
    server.wait_ledger(accepted=1, failed=1, active=0)


def test_a_reset_amid_data_is_a_failure(server):
    server.start()
    sock = server.connect()
    send_what_goes(sock)
    reset(sock)
    server.wait_ledger(accepted=1, failed=1, active=0)


def test_an_orderly_close_is_no_failure(server):
    server.start()
    for how in (socket.SHUT_WR, socket.SHUT_RDWR):
        sock = server.connected(1)[0]
        sock.shutdown(how)
        sock.close()
    server.wait_ledger(accepted=2, served=2)


def test_a_client_that_leaves_with_its_echo_unread_does_no_harm(server):
    server.start()
    for _ in range(50):
        sock = connect(server.address)
        sock.sendall(b"x" * 100_000)
        sock.close()
    server.wait_ledger(accepted=50, active=0)
    now = server.ledger_now()
    assert now["served"] + now["failed"] == 50


def test_2000_resets_leave_nothing_behind(server):
    server.start()

    def run(_):
        for _ in range(500):
            reset(connect(server.address))

    in_parallel(run, range(4))
    echo(server.connect())
    server.close_clients()
    server.wait_ledger(active=0)
    server.back_to_start()
    assert server.ledger_now()["accepted"] <= 2001
    assert server.ledger_now()["failed"] > 0


def test_2000_connections_leave_nothing_behind(server):
    server.start()

    def run(_):
        for _ in range(500):
            with connect(server.address) as sock:
                echo(sock)

    in_parallel(run, range(4))
    server.wait_ledger(active=0, served=2000)
    server.back_to_start()
    assert not server.zombies()


@release_only  # a sanitizer keeps freed memory aside
def test_memory_does_not_grow_with_the_number_of_connections(server):
    server.start()

    def some(count):
        for _ in range(count):
            with connect(server.address) as sock:
                echo(sock)
        server.wait_ledger(active=0)
        return resident_kib(server.pid)

    some(300)
    before = some(300)
    after = some(1500)
    assert after - before < 2000


def resident_kib(pid):
    text = open(f"/proc/{pid}/status").read()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1])


def test_the_ledger_line_has_the_cpu_time_of_all_workers(server):
    """Under fork that of the children that were waited for, too."""
    server.start()
    data = b"x" * (1 << 20)

    def busy():
        exchange(server.connect(), data * 8)
        return sum(logged_cpu(server)) > 0.1

    eventually(busy, "0.1 s of CPU time in the ledger line")
    server.close_clients()
    server.wait_ledger(active=0)
    assert abs(sum(logged_cpu(server))
               - cpu_seconds(server.pid, children=True)) < 0.05


def logged_cpu(server):
    server.ledger_now()
    last = re.findall(r"cpu ([\d.]+) s user, ([\d.]+) s system", server.log())
    return [float(number) for number in last[-1]]


def test_the_cpu_time_of_reaped_children_is_kept(fork_server):
    fork_server.start()
    data = b"x" * (8 << 20)

    def busy():
        exchange(fork_server.connect(), data)
        fork_server.wait_ledger(active=0)
        of_children = cpu_seconds(fork_server.pid, children=True) \
            - cpu_seconds(fork_server.pid)
        return of_children > 0.05

    eventually(busy, "CPU time of children")


def test_an_idle_server_uses_no_cpu_time(server):
    server.start()
    server.connected(50)
    server.wait_ledger(active=50)
    eventually(lambda: switches_in_a_second(server.pid) < 20, "it is idle")


def switches_in_a_second(pid):
    before = switches(pid)
    time.sleep(1)
    return switches(pid) - before


def switches(pid):
    text = open(f"/proc/{pid}/status").read()
    return sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", text)))


# ---- signals ----

STORM = [signal.SIGUSR1, signal.SIGCHLD, signal.SIGPIPE, signal.SIGURG,
         signal.SIGWINCH]


def test_a_storm_of_signals_loses_nobody(server):
    server.start("-q")
    over = threading.Event()

    def load(seed):
        rounds = 0
        while not over.is_set() or rounds == 0:
            with connect(server.address) as sock:
                data = b"%d.%d\n" % (seed, rounds) * 500
                assert exchange(sock, data) == data
            rounds += 1
        return rounds

    def storm():
        try:
            for _ in range(1000):
                for number in STORM:
                    server.send_signal(number)
        finally:
            over.set()

    done = in_parallel(lambda job: job(), [
        storm, *[lambda i=i: load(i) for i in range(4)]])
    rounds = sum(done[1:])
    server.wait_ledger(accepted=rounds, served=rounds)
    assert server.stop() == 0


@pytest.mark.parametrize("number", STORM[1:])
def test_a_harmless_signal_is_harmless(server, number):
    server.start()
    sock = server.connected(1)[0]
    for _ in range(100):
        server.send_signal(number)
    echo(sock)
    echo(server.connect())
    assert server.is_alive()
