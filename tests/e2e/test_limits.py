# SPDX-License-Identifier: MIT
"""--max-connections, --when-full and --max-per-source."""
import os
import re
import resource
import signal
import socket
import threading

import pytest

from chat_room import get
from harness import (answer_of, connect, echo, eventually, in_group,
                     in_parallel, needs_ipv6, read_all, release_only,
                     reset)

FULL = b"Server full, please try again later.\n"
CROWDED = b"Too many connections from your address.\n"


# ---- wait ----

@pytest.mark.parametrize("mode", [(), ("--when-full", "wait")],
                         ids=["by default", "as told"])
def test_at_the_limit_a_client_waits_until_a_worker_ends(server, listen, mode):
    server.start("-m", 2, *mode, listen=listen)
    first, _ = server.connected(2)
    extra = server.connect()
    extra.sendall(b"late\n")
    assert server.ledger_now()["accepted"] == 2
    first.close()
    assert extra.recv(100) == b"late\n"
    assert server.stop() == 0
    assert server.ledger["served"] == 3 and server.ledger["refused"] == 0


def test_clients_that_wait_are_all_served_in_turn(server):
    server.start("-m", 3)

    def run(i):
        with connect(server.address) as sock:
            echo(sock, b"%d\n" % i)

    in_parallel(run, range(60))
    assert server.stop() == 0
    assert server.ledger["served"] == server.ledger["accepted"] == 60


def test_there_are_never_more_workers_than_told(server):
    """Counted by their clients: a task that ends may stand in the list of tasks
    for a while beside its successor."""
    server.start("-m", 4)
    lock, served, most = threading.Lock(), set(), 0

    def run(i):
        nonlocal most
        with connect(server.address) as sock:
            echo(sock, b"%d\n" % i)
            with lock:
                served.add(i)
                most = max(most, len(served))
            for _ in range(20):
                echo(sock, b"%d\n" % i)
            with lock:
                served.remove(i)

    in_parallel(run, range(100))
    server.wait_ledger(served=100)
    assert 1 <= most <= 4


def test_the_limit_holds_over_all_listeners_together(server, tmp_path):
    server.start("-m", 2, "--when-full", "refuse",
                 listen=("127.0.0.1:0", f"unix:{tmp_path}/s"))
    for target in server.targets:
        echo(server.connect(target))
    for target in server.targets:
        assert answer_of(server.connect(target)) == "busy"


# ---- refuse ----

def test_a_refused_client_gets_its_answer_and_a_clean_close(server, listen):
    server.start("-m", 1, "--when-full", "refuse", listen=listen)
    first = server.connected(1)[0]
    assert read_all(server.connect()) == FULL
    echo(first)
    first.close()
    server.wait_ledger(accepted=2, served=1, refused=1)
    assert answer_of(server.connect()) == "echo"


@pytest.mark.parametrize("size", [1, 100, 65536, 500_000])
def test_a_refused_client_may_have_spoken_before(server, listen, size):
    """Unread input at close would be a reset, which destroys the answer."""
    server.start("-m", 1, "--when-full", "refuse", listen=listen)
    server.connected(1)
    extra = server.connect()
    extra.settimeout(0.2)
    try:
        extra.sendall(b"x" * size)
    except (TimeoutError, ConnectionError):
        pass
    extra.settimeout(60)
    assert read_all(extra) == FULL


def test_input_that_waits_before_the_refusal_does_no_harm(server, listen):
    server.start("-m", 1, "--when-full", "refuse", listen=listen)
    server.connected(1)
    server.send_signal(signal.SIGSTOP)
    extras = [server.connect() for _ in range(100)]
    for extra in extras:
        extra.sendall(b"GET / HTTP/1.0\r\n\r\n")
    server.send_signal(signal.SIGCONT)
    assert [read_all(extra) for extra in extras] == [FULL] * 100
    server.wait_ledger(accepted=101, refused=100)


def test_many_refused_at_once_all_get_the_answer(server):
    server.start("-m", 1, "--when-full", "refuse")
    server.connected(1)

    def run(_):
        with connect(server.address) as sock:
            sock.sendall(b"anybody?\n")
            return read_all(sock)

    assert in_parallel(run, range(100)) == [FULL] * 100
    server.close_clients()
    assert server.stop() == 0
    assert server.ledger["refused"] == 100 and server.ledger["served"] == 1


def test_a_refused_client_that_never_leaves_is_let_go(server):
    server.start("-m", 1, "--when-full", "refuse")
    first = server.connected(1)[0]
    refused = [server.connect() for _ in range(40)]
    assert [read_all(sock) for sock in refused] == [FULL] * 40
    first.close()
    server.back_to_start()


def test_refused_clients_that_reset_do_no_harm(server):
    server.start("-m", 1, "--when-full", "refuse")
    first = server.connected(1)[0]
    for _ in range(200):
        reset(connect(server.address))
    server.wait_ledger(refused=200)
    echo(first)
    first.close()
    server.back_to_start()


def test_hello_refuses_with_an_answer_too(server):
    server.start("-s", "hello", "-m", 1, "--when-full", "refuse")
    server.connect()
    server.wait_ledger(active=1)
    assert read_all(server.connect()) == FULL


# ---- per source ----

def test_one_source_has_its_share_and_another_its_own(server):
    server.start("--max-per-source", 2)
    first = server.connected(2)[0]
    assert answer_of(server.connect()) == "busy"
    other = server.connected(2, source="127.0.0.2")
    assert answer_of(server.connect(source="127.0.0.2")) == "busy"
    first.close()
    server.wait_ledger(active=3)
    assert answer_of(server.connect()) == "echo"
    assert answer_of(server.connect()) == "busy"
    for sock in other:
        echo(sock)
    assert server.ledger_now()["refused"] == 3


@pytest.mark.parametrize("mode", ["wait", "refuse"])
def test_the_share_is_refused_at_once_in_either_mode(server, mode):
    """The backlog is shared: nobody may wait there for a share."""
    server.start("--max-per-source", 1, "-m", 10, "--when-full", mode)
    server.connected(1)
    assert read_all(server.connect()) == CROWDED
    echo(server.connect(source="127.0.0.2"))


ASKS = {
    "http": (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 429 ", CROWDED),
    "http-head": (b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 429 ",
                  b"\r\n\r\n"),
    "chat": (b"hello\n", CROWDED, CROWDED),
    "chat-http": (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 429 ",
                  CROWDED),
    "counter": (b"", CROWDED, CROWDED),
}


@pytest.mark.parametrize("ask", ASKS)
def test_who_is_above_its_share_is_told_that_and_not_that_all_is_full(
        server, ask):
    words, begin, end = ASKS[ask]
    server.start("--max-per-source", 1, "-s", ask.partition("-")[0])
    server.connect()
    server.wait_ledger(active=1)
    sock = server.connect()
    sock.sendall(words)
    answer = read_all(sock)
    assert answer.startswith(begin) and answer.endswith(end)
    assert b"full" not in answer
    sock.close()
    server.wait_log("127.0.0.1:")
    assert "its address has 1 connections already (--max-per-source)" \
        in server.log()


@pytest.mark.parametrize("mode, what", [
    ("wait", "new clients wait until one ends"),
    ("refuse", "new clients are refused")])
def test_the_log_says_that_the_limit_is_reached_and_not_each_time(
        server, mode, what):
    server.start("-m", 1, "--when-full", mode)
    for _ in range(50):
        sock = server.connect()
        assert answer_of(sock) in ("echo", "busy")
        sock.close()
    server.ledger_now()
    lines = [line for line in server.log().splitlines()
             if "connections are taken (--max-connections)" in line]
    assert 1 <= len(lines) < 10 and what in lines[0]
    assert "times at --max-connections" in server.log()


def test_metrics_tell_that_a_limit_was_reached(server):
    server.start("-s", "http", "-m", 3, "--max-per-source", 1)

    def metric(name):
        text = get(server.address, "/metrics").decode()
        return int(re.search(
            rf"^perconn_connections_{name}{{.*}} (\d+)$", text, re.M)[1])
    assert metric("limit") == 3
    server.wait_ledger(active=0)
    assert metric("limit_reached_total") == 0
    server.wait_ledger(active=0)
    others = [server.connect(source=f"127.0.0.{i}") for i in (2, 3)]
    server.wait_ledger(active=2)
    # It may be answered before the loop has looked whether there is room.
    eventually(lambda: metric("limit_reached_total"), "the limit is reached")
    server.connect(source="127.0.0.2").sendall(b"\n")
    server.wait_ledger(refused=1)
    for other in others:
        other.close()
    server.wait_ledger(active=0)
    assert metric("refused_source_total") == 1


def test_unix_clients_have_no_source(server, tmp_path):
    server.start("--max-per-source", 1, listen=f"unix:{tmp_path}/s")
    for sock in server.connected(5):
        echo(sock)


@needs_ipv6
def test_on_a_dual_stack_socket_ipv4_and_ipv6_are_sources(server):
    server.start("--max-per-source", 1, listen=":0")
    for host in ("127.0.0.1", "[::1]"):
        target = f"{host}:{server.port}"
        echo(server.connect(target))
        assert answer_of(server.connect(target)) == "busy"
    echo(server.connect(f"127.0.0.1:{server.port}", source="127.0.0.2"))


def test_the_share_is_given_back_however_a_worker_ends(server):
    server.start("--max-per-source", 3)
    for round_ in range(5):
        socks = server.connected(3)
        assert answer_of(server.connect()) == "busy"
        socks[0].close()
        socks[1].shutdown(socket.SHUT_WR)
        reset(socks[2])
        server.wait_ledger(active=0)


def test_a_killed_worker_gives_its_share_back(fork_server):
    fork_server.start("--max-per-source", 1)
    fork_server.connected(1)
    os.kill(fork_server.children()[0], signal.SIGKILL)
    fork_server.wait_ledger(crashed=1)
    assert answer_of(fork_server.connect()) == "echo"


def test_many_sources_are_counted_apart(server):
    server.start("--max-per-source", 1)
    socks = [server.connect(source=f"127.1.{i // 200}.{i % 200 + 1}")
             for i in range(250)]
    for sock in socks:
        echo(sock)
    for i in range(0, 250, 50):
        source = f"127.1.{i // 200}.{i % 200 + 1}"
        assert answer_of(server.connect(source=source)) == "busy"


# ---- computed ----

def computed(server):
    words = re.search(r"at most (\d+) connections at once \((.*)\)",
                      server.log())
    return int(words[1]), words[2]


def test_the_computed_limit_is_printed_with_what_binds_it(server):
    server.start()
    number, what = computed(server)
    assert number >= 1 and what != "as given"


def test_the_limit_as_told_is_printed(server):
    server.start("-m", 7)
    assert computed(server) == (7, "as given")


def test_a_threads_descriptors_bind_the_computed_limit(thread_server):
    thread_server.start(limits={resource.RLIMIT_NOFILE: 100})
    number, what = computed(thread_server)
    assert 1 <= number < 100 and what == "open descriptors"
    for sock in thread_server.connected(number):
        echo(sock)


def test_a_forking_parents_descriptors_bind_nothing(fork_server):
    fork_server.start(limits={resource.RLIMIT_NOFILE: 100})
    number, what = computed(fork_server)
    assert number > 100 and what != "open descriptors"
    fork_server.connected(150)


@release_only  # a sanitizer has a thread of its own
def test_a_limit_of_processes_of_the_group_above_binds(control_groups, server):
    above = control_groups.make("pids", pids__max=20)
    below = control_groups.make("pids", below=above)
    server.start(preexec=in_group(below))
    number, what = computed(server)
    assert 10 <= number < 20 and what == "processes of the cgroup"
    for sock in server.connected(number):
        echo(sock)
