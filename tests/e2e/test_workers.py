# SPDX-License-Identifier: MIT
"""Workers that crash, stop or lose their parent: the truth of each model."""
import os
import re
import signal

import pytest

from harness import (connect, descriptors, echo, echoes, eventually, needs,
                     proc_stat, read_all, with_signals)

# A sanitizer would turn these signals into a report and an exit.
NO_HANDLER = {f"{san}_OPTIONS": "handle_segv=0:handle_sigbus=0"
              for san in ("ASAN", "TSAN", "UBSAN")}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV,
                                    signal.SIGABRT], ids=lambda n: n.name)
def test_ten_of_fifty_children_die_and_forty_go_on(fork_server, number):
    fork_server.start(env=NO_HANDLER)
    socks = fork_server.connected(50)
    doomed = fork_server.children()[::5]
    for pid in doomed:
        os.kill(pid, number)
    fork_server.wait_ledger(active=40, crashed=10)
    assert not fork_server.zombies()
    assert [echoes(sock) for sock in socks].count(True) == 40
    for pid in doomed:
        assert f"worker {pid} died of signal {int(number)} (" in \
            fork_server.log()
    assert fork_server.log().count("died of signal") == 10
    assert fork_server.stop() == 0
    assert fork_server.ledger["crashed"] == 10
    assert fork_server.ledger["served"] == 40


def test_a_crash_in_a_thread_is_the_end_of_all(thread_server):
    """The price of one address space, and of its ledger with it."""
    thread_server.start(env=NO_HANDLER)
    socks = thread_server.connected(5)
    thread_server.send_signal(signal.SIGSEGV)
    thread_server.expected_exit = -signal.SIGSEGV
    assert thread_server.wait() == -signal.SIGSEGV
    assert not any(echoes(sock) for sock in socks)
    thread_server.another().start(listen=thread_server.address)


@pytest.mark.parametrize("mode", ["wait", "refuse"])
def test_all_children_die_at_one_moment(fork_server, mode):
    """Their SIGCHLDs merge into one."""
    fork_server.start("-m", 200, "--when-full", mode)
    fork_server.connected(200)
    fork_server.send_signal(signal.SIGSTOP)
    for pid in fork_server.children():
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(fork_server.zombies()) == 200, "all are dead")
    fork_server.send_signal(signal.SIGCONT)
    fork_server.wait_ledger(active=0, crashed=200)
    fork_server.back_to_start()
    echo(fork_server.connect())


def test_crashes_make_room_at_the_limit(fork_server):
    fork_server.start("-m", 5)
    fork_server.connected(5)
    late = fork_server.connect()
    late.sendall(b"late\n")
    os.kill(fork_server.children()[0], signal.SIGKILL)
    assert late.recv(100) == b"late\n"


@needs("strace")
def test_a_parent_that_does_not_run_still_looks_for_the_dead(fork_server):
    """Asking all children takes a third of a second here, but no CPU time: what
    ran meanwhile is no reason to wait a hundred times as long."""
    fork_server.start(strace=["-e", "trace=wait4", "-e",
                              "inject=wait4:delay_enter=30000"])
    fork_server.connected(12)
    for dead in range(1, 5):
        os.kill(fork_server.children()[0], signal.SIGKILL)
        fork_server.wait_ledger(crashed=dead, active=12 - dead)


def test_waves_of_crashes_under_load_are_counted_exactly(fork_server):
    fork_server.start()
    for wave in range(1, 6):
        fork_server.connected(20)
        for pid in fork_server.children():
            os.kill(pid, signal.SIGKILL)
        fork_server.wait_ledger(active=0, crashed=20 * wave)
    assert not fork_server.zombies()


def test_a_crash_during_the_drain_is_counted_and_no_stop(fork_server):
    fork_server.start("--drain-timeout", "1h")
    fork_server.connected(3)
    victim, *_ = fork_server.children()
    fork_server.send_signal(signal.SIGTERM)
    fork_server.wait_log("draining")
    os.kill(victim, signal.SIGKILL)
    fork_server.wait_ledger(crashed=1, active=2)
    assert fork_server.stop() == 0
    assert fork_server.ledger["crashed"] == 1


@pytest.mark.parametrize("number", [
    signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT,
    signal.SIGUSR1, signal.SIGUSR2], ids=lambda n: n.name)
def test_a_signal_for_the_server_does_not_end_a_child(fork_server, number):
    fork_server.start(preexec=with_signals({number: signal.SIG_DFL}))
    socks = fork_server.connected(10)
    for pid in fork_server.children():
        os.kill(pid, number)
    for sock in socks:
        echo(sock)
    fork_server.close_clients()
    fork_server.wait_ledger(active=0, served=10, crashed=0)


def test_a_signal_to_a_thread_is_one_to_its_server(thread_server):
    """tgkill(2) by pid: any task of the process stands for all."""
    thread_server.start("--drain-timeout", "1h")
    sock = thread_server.connected(1)[0]
    tids = map(int, os.listdir(f"/proc/{thread_server.pid}/task"))
    os.kill(max(tids), signal.SIGTERM)
    thread_server.told_to_stop = True  # a second one would cut its client
    thread_server.wait_log("draining")
    echo(sock)


# ---- what a child holds ----

def sockets(pid):
    return {link for link in descriptors(pid).values()
            if link.startswith("socket:")}


def test_a_child_holds_its_connection_and_nothing_of_the_loop(
        fork_server, tmp_path):
    fork_server.start(listen=("127.0.0.1:0", "127.0.0.1:0",
                              f"unix:{tmp_path}/s"))
    fork_server.connected(5)
    # A child may answer before the parent has closed its copy.
    eventually(lambda: len(sockets(fork_server.pid)) == 3,
               "the parent has its listeners only")
    listeners = sockets(fork_server.pid)
    children = fork_server.children()
    assert len(children) == 5
    for pid in children:
        eventually(lambda: len(sockets(pid)) == 1, "one socket is left")
        links = descriptors(pid)
        assert not sockets(pid) & listeners
        assert not [link for link in links.values() if "anon_inode" in link]
        assert len(links) <= 3 + 2, links  # standard ones, wake, connection


def test_the_parent_holds_no_connection_that_has_its_child(fork_server):
    fork_server.start()
    before = sockets(fork_server.pid)
    fork_server.connected(5)
    eventually(lambda: sockets(fork_server.pid) == before,
               "the parent's copies are closed")


def test_a_child_does_not_hold_a_refused_client(fork_server):
    """A refused socket stays in the parent for a second; a child forked
    meanwhile must let go of it, or its client would see no end."""
    fork_server.start("-m", 2, "--when-full", "refuse")
    for _ in range(10):
        first, _ = fork_server.connected(2)
        refused = [fork_server.connect() for _ in range(10)]
        assert all(read_all(sock) for sock in refused)
        # The next connection gets a number below those of the refused.
        refused[0].close()
        first.close()
        fork_server.wait_ledger(active=1)
        eventually(lambda: len(sockets(fork_server.pid)) <= 10, "one goes")
        echo(fork_server.connect())
        in_time = len(sockets(fork_server.pid)) > 5
        for pid in fork_server.children():
            assert len(sockets(pid)) == 1
        if in_time:
            return
        fork_server.close_clients()
        fork_server.wait_ledger(active=0)
    pytest.fail("ten times too late to see anything")


def test_a_child_inherits_nothing_at_other_numbers(fork_server):
    """Whatever the order in which descriptors were used and freed."""
    fork_server.start("-m", 30)
    socks = fork_server.connected(20)
    for sock in socks[::2]:
        sock.close()
    fork_server.wait_ledger(active=10)
    fork_server.connected(15)
    for pid in fork_server.children():
        assert len(sockets(pid)) == 1


# ---- the parent is gone ----

def gone(pid):
    fields = proc_stat(pid)
    return fields is None or fields[0] == "Z"


@pytest.mark.parametrize("where", ["127.0.0.1:0", "unix:s"],
                         ids=["tcp", "unix"])
def test_children_of_a_killed_parent_finish_their_connections(
        fork_server, tmp_path, where):
    fork_server.start(listen=where.replace("unix:", f"unix:{tmp_path}/"))
    socks = fork_server.connected(10)
    children = fork_server.children()
    fork_server.expected_exit = -signal.SIGKILL
    fork_server.send_signal(signal.SIGKILL)
    fork_server.wait()
    successor = fork_server.another().start(listen=fork_server.address)
    echo(successor.connect())
    for sock in socks:
        echo(sock, b"orphaned\n")
        sock.close()
    eventually(lambda: all(map(gone, children)), "the orphans end")


def test_a_killed_thread_server_frees_its_port_at_once(thread_server):
    thread_server.start()
    socks = thread_server.connected(10)
    thread_server.expected_exit = -signal.SIGKILL
    thread_server.send_signal(signal.SIGKILL)
    thread_server.wait()
    successor = thread_server.another().start(listen=thread_server.address)
    echo(successor.connect())
    assert not any(echoes(sock) for sock in socks)


# ---- stopped workers ----

def test_a_stopped_child_holds_up_nobody(fork_server):
    fork_server.start()
    stuck = fork_server.connected(1)[0]
    victim, = fork_server.children()
    os.kill(victim, signal.SIGSTOP)
    stuck.sendall(b"ping\n")
    for sock in fork_server.connected(5):
        echo(sock)
    os.kill(victim, signal.SIGCONT)
    assert stuck.recv(100) == b"ping\n"


def test_a_stopped_child_is_ended_by_the_second_sigterm(fork_server):
    fork_server.start("--drain-timeout", "1h")
    fork_server.connected(3)
    victim, *_ = fork_server.children()
    os.kill(victim, signal.SIGSTOP)
    fork_server.send_signal(signal.SIGTERM)
    fork_server.wait_log("draining")
    fork_server.send_signal(signal.SIGTERM)
    fork_server.expected_exit = 1
    assert fork_server.wait() == 1
    assert gone(victim)
    assert fork_server.ledger["failed"] == 3


def test_a_stopped_child_is_ended_by_the_drain_timeout(fork_server):
    fork_server.start("--drain-timeout", "300ms")
    sock = fork_server.connected(1)[0]
    victim, = fork_server.children()
    os.kill(victim, signal.SIGSTOP)
    sock.close()
    fork_server.send_signal(signal.SIGTERM)
    fork_server.expected_exit = 1
    assert fork_server.wait() == 1
    assert gone(victim)


# ---- what both promise ----

def test_no_zombie_is_left_while_it_is_quiet(server):
    server.start()
    for _ in range(100):
        with connect(server.address) as sock:
            echo(sock)
    eventually(lambda: not server.zombies() and server.workers() == 0,
               "all are collected without another client")


def test_the_log_has_no_crash_that_was_none(server):
    server.start("--drain-timeout", "300ms")
    server.connected(5)
    server.send_signal(signal.SIGTERM)
    server.expected_exit = 1
    server.wait()
    assert not re.search("died of signal", server.log())
    assert server.ledger["crashed"] == 0
