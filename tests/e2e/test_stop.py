# SPDX-License-Identifier: MIT
"""SIGTERM and SIGINT: no new clients, old ones finish, then the end."""
import os
import signal
import socket
import threading
import time

import pytest

from harness import (connect, descriptors, echo, echoes, eventually,
                     needs_full, needs_websocket, read_all, reset,
                     send_what_goes, with_signals)
from test_tls import shake, trusting
from ws_frames import CLOSE, TEXT, Frame, WebSocket, frame

STOPS = pytest.mark.parametrize(
    "stop", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
OTHERS = pytest.mark.parametrize(
    "number", [signal.SIGHUP, signal.SIGQUIT], ids=["SIGHUP", "SIGQUIT"])


def begin_drain(server, number=signal.SIGTERM):
    server.send_signal(number)
    server.wait_log("draining")


@STOPS
def test_without_clients_it_ends_at_once(server, stop):
    server.start("--drain-timeout", "1h")
    server.send_signal(stop)
    assert server.wait() == 0


@STOPS
def test_workers_may_finish(server, stop):
    server.start("--drain-timeout", "1h")
    socks = server.connected(5)
    begin_drain(server, stop)
    for sock in socks:
        echo(sock, b"still here\n")
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == b""
    assert server.wait() == 0
    assert server.ledger["served"] == 5 and server.ledger["failed"] == 0


@pytest.mark.parametrize("where", ["127.0.0.1:0", "unix:s"],
                         ids=["tcp", "unix"])
def test_new_clients_are_turned_away_during_the_drain(
        server, tmp_path, where):
    server.start("--drain-timeout", "1h",
                 listen=where.replace("unix:", f"unix:{tmp_path}/"))
    first = server.connected(1)[0]
    begin_drain(server)
    with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
        connect(server.address)
    echo(first)
    assert server.stop() == 0
    assert server.ledger["accepted"] == 1


def test_the_port_is_free_during_the_drain(server):
    server.start("--drain-timeout", "1h")
    first = server.connected(1)[0]
    begin_drain(server)
    successor = server.another().start(listen=server.address)
    echo(successor.connect())
    echo(first)


@pytest.mark.parametrize("count", [5, 64, 65, 300])
def test_clients_in_the_backlog_are_served(server, count):
    """They connected before the stop; nobody has told them otherwise."""
    server.start("--drain-timeout", "1h")
    server.send_signal(signal.SIGSTOP)
    socks = [server.connect() for _ in range(count)]
    for i, sock in enumerate(socks):
        sock.sendall(b"%d\n" % i)
        sock.shutdown(socket.SHUT_WR)
    server.send_signal(signal.SIGTERM)
    server.send_signal(signal.SIGCONT)
    lost = [i for i, sock in enumerate(socks)
            if answer_or_nothing(sock) != b"%d\n" % i]
    assert lost == []
    assert server.wait() == 0
    assert server.ledger["served"] == count


def answer_or_nothing(sock):
    try:
        return read_all(sock)
    except ConnectionError:
        return b""


def test_the_backlog_of_every_listener_is_served(server, tmp_path):
    server.start(listen=("127.0.0.1:0", f"unix:{tmp_path}/s"))
    server.send_signal(signal.SIGSTOP)
    socks = [server.connect(target) for target in server.targets * 10]
    for sock in socks:
        sock.sendall(b"hi")
        sock.shutdown(socket.SHUT_WR)
    server.send_signal(signal.SIGTERM)
    server.send_signal(signal.SIGCONT)
    assert [read_all(sock) for sock in socks] == [b"hi"] * 20


def test_datagrams_in_the_queue_are_served(server):
    server.start(listen="udp:127.0.0.1:0")
    server.send_signal(signal.SIGSTOP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(60)
        sock.connect(("127.0.0.1", server.port))
        for i in range(20):
            sock.send(b"%d" % i)
        server.send_signal(signal.SIGTERM)
        server.send_signal(signal.SIGCONT)
        assert {sock.recv(10) for _ in range(20)} == \
            {b"%d" % i for i in range(20)}
    assert server.wait() == 0


def churn(target, found):
    """Connects, asks, reads to the end, until nobody listens. Counts those
    that had connected and were not served."""
    while True:
        try:
            sock = connect(target)
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except ConnectionError as error:  # in the midst of it
            found.append(repr(error))
            return
        with sock:
            try:
                sock.sendall(b"hello\n")
                sock.shutdown(socket.SHUT_WR)
                answer = read_all(sock)
                if answer != b"hello\n":
                    found.append(answer)
            except ConnectionError as error:
                found.append(repr(error))


@pytest.mark.parametrize("where", ["127.0.0.1:0", "unix:s"],
                         ids=["tcp", "unix"])
def test_a_stop_among_clients_that_come_and_go_resets_none(
        server, tmp_path, where):
    found = []
    for _ in range(4):
        one = server.another().start(
            listen=where.replace("unix:", f"unix:{tmp_path}/"))
        clients = [threading.Thread(target=churn, args=(one.address, found))
                   for _ in range(8)]
        for client in clients:
            client.start()
        one.wait_served(200)
        one.send_signal(signal.SIGTERM)
        for client in clients:
            client.join()
        assert one.wait() == 0
        assert one.ledger["failed"] == 0
    assert found == []


QUESTIONS = {
    "counter": (b"\n", b"1\n"),
    "hello": (b"?", b"Hello, client!\n"),
    "http": (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 200 "),
    "chat": (b"GET /who HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 200 "),
    "echo": (b"hi", b"hi"),
}


@pytest.mark.parametrize("service", QUESTIONS)
def test_who_has_connected_and_not_asked_yet_is_served_in_a_drain(
        server, service):
    question, answer = QUESTIONS[service]
    server.start("-s", service)
    sock = server.connect()
    server.wait_ledger(active=1)
    begin_drain(server)
    sock.sendall(question)
    sock.shutdown(socket.SHUT_WR)
    assert read_all(sock).startswith(answer)
    assert server.wait() == 0
    assert server.ledger["served"] == 1


@pytest.mark.timed
@pytest.mark.parametrize("service", ["counter", "hello", "http", "chat"])
def test_who_never_asks_does_not_hold_up_a_stop(server, service):
    server.start("-s", service, "--drain-timeout", "1h")
    socks = [server.connect() for _ in range(5)]
    server.wait_ledger(active=5)
    start = time.monotonic()
    server.send_signal(signal.SIGTERM)
    for sock in socks:
        read_all(sock)  # an orderly end
        sock.close()
    assert server.wait() == 0
    assert 1.5 < time.monotonic() - start < 5
    assert server.ledger["served"] == 5


def test_who_never_asks_is_let_go_before_a_short_drain_ends(server):
    server.start("-s", "counter", "--drain-timeout", "1s")
    sock = server.connect()
    server.wait_ledger(active=1)
    server.send_signal(signal.SIGTERM)
    assert read_all(sock) == b""
    sock.close()
    assert server.wait() == 0
    assert server.ledger["served"] == 1


@pytest.mark.timed
@pytest.mark.parametrize("service", ["counter", "http"])
def test_who_is_idle_between_requests_does_not_hold_up_a_stop(
        server, service):
    question, answer = QUESTIONS[service]
    server.start("-s", service, "--drain-timeout", "1h")
    sock = server.connect()
    sock.sendall(question)
    assert sock.recv(10000)[:len(answer)] == answer
    start = time.monotonic()
    server.send_signal(signal.SIGTERM)
    assert read_all(sock) == b""
    # Who has never asked is waited for, for two seconds.
    assert time.monotonic() - start < 1.8
    sock.close()
    assert server.wait() == 0
    assert server.ledger["served"] == 1


def test_a_half_sent_request_is_waited_for_in_a_drain(server):
    server.start("-s", "counter", "--drain-timeout", "1h")
    sock = server.connect()
    sock.sendall(b"half")
    server.wait_ledger(active=1)
    begin_drain(server)
    server.wait_ledger(active=1)
    sock.sendall(b" a line\n")
    assert read_all(sock) == b"1\n"
    sock.close()
    assert server.wait() == 0


@needs_websocket
def test_a_half_sent_message_is_waited_for_in_a_drain(server):
    server.start("-s", "http", "--drain-timeout", "1h")
    ws = WebSocket(server.address, "/echo")
    server.sockets.append(ws.sock)
    whole = frame(TEXT, b"x" * 100_000)
    ws.send(whole[:50_000])
    begin_drain(server)
    server.wait_ledger(active=1)
    ws.send(whole[50_000:])
    assert ws.read() == Frame(TEXT, b"x" * 100_000)
    assert ws.read().opcode == CLOSE
    ws.sock.close()
    assert server.wait() == 0


@needs_full
def test_over_tls_too_who_has_not_asked_yet_is_served_in_a_drain(
        server, files):
    server.start("-s", "http", *files.options())
    sock = shake(server, trusting(files))
    begin_drain(server)
    sock.sendall(QUESTIONS["http"][0])
    assert read_all(sock).startswith(b"HTTP/1.1 200 ")
    sock.close()
    assert server.wait() == 0


# ---- at the limit ----

def test_a_stop_at_the_limit_serves_those_that_wait(server):
    server.start("-m", 1, "-s", "sleep:200ms", "--drain-timeout", "1h")
    socks = [server.connect() for _ in range(5)]
    for sock in socks:
        sock.sendall(b"hi")
        sock.shutdown(socket.SHUT_WR)
    server.wait_ledger(accepted=1)
    server.send_signal(signal.SIGTERM)
    assert [read_all(sock) for sock in socks] == [b"hi"] * 5
    assert server.wait() == 0
    assert server.ledger["served"] == 5


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "udp:127.0.0.1:0"])
def test_at_the_limit_where_nobody_waits_new_clients_are_refused_at_once(
        server, listen):
    """And not left without an answer for as long as the drain takes."""
    server.start("-m", 1, "--drain-timeout", "1h",
                 listen=("127.0.0.1:0", listen))
    first = server.connected(1)[0]
    begin_drain(server)
    with pytest.raises(ConnectionRefusedError):
        connect(server.targets[0])
    echo(first)
    first.close()
    assert server.wait() == 0


def test_who_still_waits_at_the_end_of_the_drain_is_refused(server):
    server.start("-m", 1, "--drain-timeout", "500ms")
    first = server.connected(1)[0]
    others = [server.connect() for _ in range(3)]
    server.send_signal(signal.SIGTERM)
    assert [b"full" in read_all(sock) for sock in others] == [True] * 3
    server.expected_exit = 1
    assert server.wait() == 1
    assert not echoes(first)
    assert server.ledger["refused"] == 3 and server.ledger["failed"] == 1


def test_a_second_signal_refuses_those_that_wait(server):
    server.start("-m", 1, "--drain-timeout", "1h")
    server.connected(1)
    other = server.connect()
    server.send_signal(signal.SIGTERM)
    server.wait_taken(signal.SIGTERM)
    server.send_signal(signal.SIGTERM)
    assert b"full" in read_all(other)
    server.expected_exit = 1
    assert server.wait() == 1


def test_an_idle_connection_is_cut_after_the_drain_timeout(server):
    server.start("--drain-timeout", "500ms")
    sock = server.connected(1)[0]
    start = time.monotonic()
    server.send_signal(signal.SIGTERM)
    server.expected_exit = 1
    assert server.wait() == 1
    assert time.monotonic() - start > 0.45
    assert not echoes(sock)
    assert server.ledger["failed"] == 1 and server.ledger["served"] == 0


@pytest.mark.timed
def test_of_many_only_those_that_stay_are_cut(server):
    server.start("--drain-timeout", "3s")
    socks = server.connected(20)
    begin_drain(server)
    for sock in socks[:12]:
        sock.close()
    server.expected_exit = 1
    assert server.wait() == 1
    assert server.ledger["served"] == 12 and server.ledger["failed"] == 8


def test_a_client_that_does_not_read_is_cut_too(server):
    server.start("--drain-timeout", "300ms")
    sock = server.connect()
    send_what_goes(sock)
    server.send_signal(signal.SIGTERM)
    server.expected_exit = 1
    assert server.wait() == 1
    assert server.ledger["failed"] == 1


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT],
                         ids=["SIGTERM", "SIGINT"])
@STOPS
def test_a_second_signal_ends_at_once(server, stop, second):
    server.start("--drain-timeout", "1h")
    socks = server.connected(10)
    begin_drain(server, stop)
    echo(socks[0])
    server.send_signal(second)
    server.expected_exit = 1
    assert server.wait() == 1
    assert server.ledger["failed"] == 10
    assert not any(echoes(sock) for sock in socks)


@OTHERS
def test_others_that_would_end_it_stop_it_too(server, tmp_path, number):
    """The ledger is written, no socket file stays, and no client is cut."""
    server.start("--drain-timeout", "1h", listen=f"unix:{tmp_path}/s",
                 preexec=with_signals({number: signal.SIG_DFL}))
    sock = server.connected(1)[0]
    os.killpg(server.pid, number)
    server.told_to_stop = True
    server.wait_log("draining")
    echo(sock)
    sock.close()
    assert server.wait() == 0
    assert server.ledger["served"] == 1
    assert not (tmp_path / "s").exists()


@OTHERS
@pytest.mark.parametrize("service", ["echo", "http"])
def test_who_ignored_them_at_the_start_goes_on(server, number, service):
    """nohup(1), or a shell that starts it in the background; also where it
    becomes another program."""
    server.start("-s", service,
                 preexec=with_signals({number: signal.SIG_IGN}))
    os.kill(server.pid, number)
    server.wait_ledger(accepted=0)
    assert "draining" not in server.log()


def test_sigusr2_is_nobodys(server):
    server.start(preexec=with_signals({signal.SIGUSR2: signal.SIG_DFL}))
    sock = server.connected(1)[0]
    os.killpg(server.pid, signal.SIGUSR2)
    echo(sock)
    assert "draining" not in server.log()


@pytest.mark.parametrize("first", [signal.SIGHUP, signal.SIGTERM],
                         ids=["SIGHUP", "SIGTERM"])
def test_a_hangup_is_no_second_signal(server, first):
    """One comes from the kernel and one from the shell; some service managers
    send one after SIGTERM."""
    server.start("--drain-timeout", "1h",
                 preexec=with_signals({signal.SIGHUP: signal.SIG_DFL}))
    sock = server.connected(1)[0]
    begin_drain(server, first)
    os.killpg(server.pid, signal.SIGHUP)
    server.wait_ledger(active=1)
    echo(sock)
    assert "stopping" not in server.log()


def test_a_hangup_together_with_a_sigterm_ends_nothing_at_once(server):
    """Of two that wait, that with the lower number is read first."""
    server.start("--drain-timeout", "1h",
                 preexec=with_signals({signal.SIGHUP: signal.SIG_DFL}))
    sock = server.connected(1)[0]
    server.send_signal(signal.SIGSTOP)
    server.send_signal(signal.SIGTERM)
    server.send_signal(signal.SIGHUP)
    server.send_signal(signal.SIGCONT)
    server.wait_log("draining")
    server.wait_ledger(active=1)
    echo(sock)


def test_a_sigterm_after_a_hangup_is_the_first(server):
    server.start("--drain-timeout", "1h",
                 preexec=with_signals({signal.SIGHUP: signal.SIG_DFL}))
    sock = server.connected(1)[0]
    begin_drain(server, signal.SIGHUP)
    server.send_signal(signal.SIGTERM)
    server.wait_taken(signal.SIGTERM)
    server.wait_ledger(active=1)
    echo(sock)
    server.send_signal(signal.SIGTERM)
    server.expected_exit = 1
    assert server.wait() == 1


def test_a_second_sigquit_ends_at_once(server):
    server.start("--drain-timeout", "1h",
                 preexec=with_signals({signal.SIGQUIT: signal.SIG_DFL}))
    server.connected(3)
    begin_drain(server, signal.SIGQUIT)
    server.send_signal(signal.SIGQUIT)
    server.expected_exit = 1
    assert server.wait() == 1
    assert server.ledger["failed"] == 3


def test_hundreds_are_cut_without_one_left(server):
    server.start("--drain-timeout", "1h")
    server.connected(400)
    begin_drain(server)
    server.send_signal(signal.SIGTERM)
    server.expected_exit = 1
    assert server.wait() == 1
    assert server.ledger["failed"] == 400


def test_a_reset_during_the_drain_is_no_stop(server):
    server.start("--drain-timeout", "1h")
    sock = server.connected(1)[0]
    begin_drain(server)
    reset(sock)
    assert server.wait() == 0
    assert server.ledger["failed"] == 1


def test_a_drain_still_logs_its_ledger(server):
    server.start("--drain-timeout", "1h")
    server.connected(3)
    begin_drain(server)
    assert server.ledger_now()["active"] == 3


def test_a_stop_lets_a_refused_client_read_its_answer(server):
    server.start("-m", 1, "--when-full", "refuse")
    first = server.connected(1)[0]
    refused = server.connect()
    server.wait_ledger(refused=1)
    server.send_signal(signal.SIGTERM)
    first.close()
    assert read_all(refused)
    assert server.wait() == 0


def test_the_last_line_of_the_log_is_the_ledger(server):
    server.start()
    server.connected(2)
    assert server.stop() == 0
    assert "ledger: accepted 2, active 0, served 2" in \
        server.log().splitlines()[-1]


def test_a_starter_that_blocks_and_ignores_signals_changes_nothing(server):
    """Both are inherited across exec, by nohup(1) and careless parents."""
    def careless():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM,
                                                  signal.SIGCHLD})

    server.start("--drain-timeout", "1h", preexec=careless)
    sock = server.connected(1)[0]
    sock.close()
    server.wait_ledger(served=1)
    assert not server.zombies()
    server.send_signal(signal.SIGTERM)
    assert server.wait() == 0


def test_a_terminals_interrupt_reaches_all_but_ends_only_the_server(server):
    """Ctrl-C goes to the whole process group; workers finish all the same."""
    server.start("--drain-timeout", "1h")
    socks = server.connected(3)
    os.killpg(server.pid, signal.SIGINT)
    server.wait_log("draining")
    for sock in socks:
        echo(sock)
    server.close_clients()
    assert server.wait() == 0
    assert server.ledger["served"] == 3


def test_a_stopped_and_continued_server_goes_on(server):
    server.start()
    sock = server.connected(1)[0]
    server.send_signal(signal.SIGSTOP)
    late = server.connect()
    late.sendall(b"late\n")
    server.send_signal(signal.SIGCONT)
    assert late.recv(100) == b"late\n"
    echo(sock)


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)],
                         ids=str)
def test_it_runs_without_standard_descriptors(server, tmp_path, closed):
    """Their numbers must not become sockets or pipes that get log lines."""
    def close():
        for fd in closed:
            os.close(fd)

    server.start("-v", ledger=str(tmp_path / "ledger"), preexec=close)
    # What is printed to an output that was closed is an error.
    filled = {0: "/dev/null", 1: "/", 2: "/dev/null"}
    assert {fd: descriptors(server.pid).get(fd) for fd in closed} == \
        {fd: filled[fd] for fd in closed}
    for _ in range(20):
        with connect(server.address) as sock:
            echo(sock)
    eventually(lambda: server.workers() == 0 and not server.zombies(),
               "all workers are gone and collected")
    server.send_signal(signal.SIGTERM)
    assert server.wait() == 0
    assert '"accepted":20,"active":0,"served":20' in \
        (tmp_path / "ledger").read_text()
