# SPDX-License-Identifier: MIT
"""Descriptors, processes or memory run out: nobody is lost, nothing spins."""
import resource
import signal
import socket
import subprocess
import time

import pytest

from harness import (SANITIZER, answer_of, connect, cpu_share, descriptors,
                     echo, in_parallel, injection, needs, needs_root,
                     read_all)
from trace_file import Trace

NOFILE = resource.RLIMIT_NOFILE
MODES = pytest.mark.parametrize("mode", ["wait", "refuse"])
# A sanitizer's runtime makes a thread of its own.
own_clones = pytest.mark.skipif(
    SANITIZER == "tsan", reason="the sanitizer's own thread would not start")


def set_descriptors(server, soft, hard=None):
    """As an administrator does it to a running server, by prlimit(1)."""
    if hard is None:
        hard = resource.prlimit(server.pid, NOFILE)[1]
    resource.prlimit(server.pid, NOFILE, (soft, hard))


# ---- a small limit from the start ----

def test_a_thread_server_short_of_descriptors_lets_clients_wait(thread_server):
    thread_server.start("-m", 200, limits={NOFILE: 64})
    assert "open descriptors: enough for only" in thread_server.log()
    socks = [thread_server.connect() for _ in range(100)]
    for sock in socks:
        sock.sendall(b"x")
    thread_server.wait_log("accept: Too many open files")
    assert cpu_share(thread_server.pid) < 0.2
    served = 0
    for sock in socks:  # each that leaves makes room for one that waits
        assert sock.recv(1) == b"x"
        sock.close()
        served += 1
    assert thread_server.stop() == 0
    assert thread_server.ledger["served"] == served == 100


def test_a_thread_server_short_of_descriptors_refuses(thread_server):
    thread_server.start("-m", 200, "--when-full", "refuse",
                        limits={NOFILE: 64})
    socks = [thread_server.connect() for _ in range(100)]
    answers = [answer_of(sock) for sock in socks]
    assert 20 < answers.count("echo") < 64
    for sock in socks:
        sock.close()
    thread_server.back_to_start()
    assert answer_of(thread_server.connect()) == "echo"
    assert thread_server.stop() == 0
    assert thread_server.ledger["refused"] == answers.count("busy")


@MODES
def test_a_forking_parent_is_not_short_of_descriptors(fork_server, mode):
    fork_server.start("-m", 200, "--when-full", mode, limits={NOFILE: 64})
    for sock in fork_server.connected(100):
        echo(sock)
    fork_server.stop()
    assert fork_server.ledger["served"] == 100


def test_a_crowd_at_the_descriptor_limit_is_answered_to_the_last(server):
    """They all wait in the backlog before the server looks."""
    server.start("-m", 500, "--when-full", "refuse", limits={NOFILE: 64})
    server.send_signal(signal.SIGSTOP)
    socks = [server.connect() for _ in range(200)]
    for sock in socks:
        sock.sendall(b"ping\n")
        sock.shutdown(socket.SHUT_WR)
    server.send_signal(signal.SIGCONT)
    answers = [read_all(sock) for sock in socks]
    assert all(answer.endswith(b"\n") for answer in answers)
    echoed = answers.count(b"ping\n")
    server.wait_ledger(accepted=200, served=echoed, refused=200 - echoed)


# ---- a limit that changes while it runs ----

@pytest.mark.parametrize("limit", [3, 6, 12])
def test_it_outlives_a_limit_below_what_it_has_open(server, limit):
    """No new descriptor is to be had for a while: clients wait."""
    server.start()
    first = server.connected(1)[0]
    set_descriptors(server, limit)
    waiting = [server.connect() for _ in range(20)]
    assert cpu_share(server.pid) < 0.2
    echo(first)
    set_descriptors(server, 1000)
    assert [answer_of(sock) for sock in waiting] == ["echo"] * 20


@pytest.mark.parametrize("limit, mode", [
    (3, "refuse"), (6, "wait"), (12, "refuse"), (32, "wait")])
def test_it_hears_a_stop_under_any_limit(server, mode, limit):
    if SANITIZER == "asan" and limit <= 6:
        pytest.skip("the leak check at exit needs descriptors of its own")
    server.start("--when-full", mode)
    set_descriptors(server, limit, limit)
    for _ in range(40):
        server.connect()
    assert cpu_share(server.pid) < 0.2
    began = time.monotonic()
    server.send_signal(signal.SIGTERM)
    server.close_clients()
    assert server.wait() == 0
    # No worker lives whose end would help: the drain's ten seconds would not.
    assert time.monotonic() - began < 8


def test_a_lowered_soft_limit_makes_clients_wait(server):
    server.start()
    held = server.connected(20)
    set_descriptors(server, 4)
    late = server.connect()
    late.sendall(b"late\n")
    server.wait_log("accept: Too many open files")
    for sock in held:
        echo(sock)
    set_descriptors(server, 1000)
    assert late.recv(100) == b"late\n"


def test_a_lowered_hard_limit_still_lets_it_refuse(thread_server):
    """The spare descriptor is there for this: an answer even at EMFILE."""
    thread_server.start("--when-full", "refuse")
    own = max(descriptors(thread_server.pid)) + 1
    held = thread_server.connected(30)
    set_descriptors(thread_server, own + 1, own + 1)
    for _ in range(5):
        extra = thread_server.connect()
        try:
            assert answer_of(extra) == "busy"
        except TimeoutError:
            pytest.fail("no answer, though a descriptor can be spared")
        extra.close()
    for sock in held:
        echo(sock)


# ---- accept4 fails ----

ERRORS = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EPROTO", "ECONNABORTED",
          "EINTR", "EPERM", "ENETDOWN"]
SHORTAGES = ERRORS[:4]


def ask(server):
    """One client from connect to end of file: "echo" or "busy"."""
    with connect(server.address) as sock:
        return answer_of(sock)


@needs("strace")
@MODES
@pytest.mark.parametrize("error", ERRORS)
def test_a_failing_accept_loses_nobody(server, error, mode):
    server.start("--when-full", mode,
                 strace=injection("accept4", error, "5..14"))
    answers = in_parallel(lambda _: ask(server), range(30))
    if mode == "wait" or error not in SHORTAGES:
        assert answers == ["echo"] * 30
    assert server.stop() == 0
    assert server.ledger["accepted"] == 30
    assert server.ledger["refused"] == answers.count("busy")


@needs("strace")
def test_a_failing_accept_loses_nobody_who_waits_at_a_stop(server):
    """More than one batch of them; the error is in the first."""
    server.start("--drain-timeout", "1h",
                 strace=injection("accept4", "ECONNABORTED", "10"))
    server.send_signal(signal.SIGSTOP)
    socks = [server.connect() for _ in range(200)]
    server.send_signal(signal.SIGTERM)
    server.send_signal(signal.SIGCONT)
    answers = in_parallel(answer_of, socks)
    for sock in socks:
        sock.close()
    assert answers == ["echo"] * 200
    assert server.wait() == 0
    assert server.ledger["served"] == 200


@needs("strace")
@pytest.mark.parametrize("error", SHORTAGES)
def test_a_shortage_at_accept_gives_a_busy_answer_in_refuse_mode(
        server, error):
    """Every second accept fails, so that the second try succeeds."""
    server.start("--when-full", "refuse",
                 strace=injection("accept4", error, "3+2"))
    answers = [ask(server) for _ in range(20)]
    assert "busy" in answers
    assert server.stop() == 0
    assert server.ledger["refused"] == answers.count("busy")
    assert server.ledger["served"] == answers.count("echo")


@needs("strace")
@pytest.mark.parametrize("error, mode", [
    ("EMFILE", "wait"), ("EMFILE", "refuse"), ("EPERM", "wait")])
def test_an_accept_that_fails_for_good_does_not_spin(server, error, mode):
    """Counted in calls: under a tracer the CPU time is mostly the tracer's."""
    trace = server.directory / "trace"
    server.start("--when-full", mode,
                 strace=["-o", trace, *injection("accept4", error, "1+")])
    began = time.monotonic()
    for _ in range(5):
        server.connect()
    time.sleep(1)
    calls = trace.read_text().count("accept4(")
    lines = server.log().count("accept: ")
    took = time.monotonic() - began
    assert calls < 600 * took
    assert lines <= 2 + took
    assert server.is_alive()
    assert server.stop() == 0
    assert server.ledger["accepted"] == 0


# ---- no worker can be made ----

CLONES = "clone,clone3,fork,vfork"


@needs("strace")
@own_clones
@MODES
def test_a_worker_that_cannot_be_made_now_is_tried_again(server, mode):
    server.start("--when-full", mode, strace=injection(CLONES, "EAGAIN", "3+3"))
    assert in_parallel(lambda _: ask(server), range(20)) == ["echo"] * 20


@needs("strace")
@own_clones
def test_when_no_worker_can_be_made_for_a_while_clients_wait(server, tmp_path):
    path = tmp_path / "trace"
    server.start("--trace", path, strace=injection(CLONES, "EAGAIN", "3..16"))
    assert in_parallel(lambda _: ask(server), range(20)) == ["echo"] * 20
    assert "no worker: Resource temporarily unavailable" in server.log()
    server.stop()
    assert server.ledger["served"] == 20
    # An attempt that failed is no event.
    for kind in ("accept", "spawn", "start"):
        assert sorted(one.connection for one in Trace(path).only(kind)) == \
            list(range(1, 21))


@needs("strace")
@own_clones
@pytest.mark.parametrize("error", ["EAGAIN", "ENOMEM"])
def test_when_no_worker_can_be_made_clients_get_a_busy_answer(server, error):
    server.start("--when-full", "refuse",
                 strace=injection(CLONES, error, "1+"))
    answers = in_parallel(lambda _: ask(server), range(20))
    assert answers == ["busy"] * 20
    assert server.stop() == 0
    assert server.ledger["refused"] == 20


@needs("strace")
@own_clones
def test_a_stop_refuses_the_client_that_waits_for_a_worker(server):
    server.start(strace=injection(CLONES, "EAGAIN", "1+"))
    waiting = server.connect()
    server.wait_log("no worker: ")
    assert cpu_share(server.pid) < 0.2
    server.send_signal(signal.SIGTERM)
    assert answer_of(waiting) == "busy"
    assert server.stop() == 0
    assert server.ledger["refused"] == 1


@needs("strace")
@own_clones
def test_a_failed_worker_leaves_no_trace(server):
    server.start("--when-full", "refuse", "--max-per-source", 1000,
                 strace=injection(CLONES, "EAGAIN", "5..60"))
    answers = [ask(server) for _ in range(60)]
    assert {"busy", "echo"} == set(answers)
    server.back_to_start()


@needs("strace")
@MODES
def test_a_thread_without_a_stack_is_no_worker(thread_server, mode):
    """mprotect makes a stack accessible the first time it is used."""
    if SANITIZER:
        pytest.skip("a sanitizer's runtime calls mprotect itself")
    before = count_calls(thread_server.another(), "mprotect")
    thread_server.start(
        "--when-full", mode, strace=injection(
            "mprotect", "ENOMEM", f"{before + 2}..{before + 5}"))
    socks = [thread_server.connect() for _ in range(10)]
    answers = [answer_of(sock) for sock in socks]
    assert answers.count("echo") == 10 if mode == "wait" else \
        "busy" in answers
    assert thread_server.is_alive()


def count_calls(server, call):
    """How often the program calls it up to its being ready."""
    trace = server.directory / "trace"
    subprocess.run(["strace", "-o", trace, "-e", f"trace={call}",
                    server.program, "-l", "127.0.0.1:0", "--ready-fd", "0",
                    "--help"], stdout=subprocess.DEVNULL, check=True)
    return trace.read_text().count(f"{call}(")


# ---- a limit of processes ----

@needs_root
@own_clones
def test_at_the_limit_of_processes_clients_get_a_busy_answer(server):
    uid = server.for_a_stranger()
    server.start("-m", 100, "--when-full", "refuse", user=uid,
                 limits={resource.RLIMIT_NPROC: 20})
    socks = [server.connect() for _ in range(40)]
    answers = [answer_of(sock) for sock in socks]
    assert 10 <= answers.count("echo") < 20
    server.close_clients()
    server.back_to_start()
    assert answer_of(server.connect()) == "echo"
    server.stop()
    assert server.ledger["refused"] == answers.count("busy")


@needs_root
@own_clones
def test_at_the_limit_of_processes_clients_wait(server):
    uid = server.for_a_stranger()
    server.start("-m", 100, user=uid, limits={resource.RLIMIT_NPROC: 20})
    socks = [server.connect() for _ in range(40)]
    for sock in socks:
        sock.sendall(b"x")
    server.wait_log("no worker: ")
    assert cpu_share(server.pid) < 0.2
    for sock in socks:
        assert sock.recv(1) == b"x"
        sock.close()
    assert server.stop() == 0
    assert server.ledger["served"] == 40
