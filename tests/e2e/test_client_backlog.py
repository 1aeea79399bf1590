# SPDX-License-Identifier: MIT
"""A server whose backlog is full: clients wait for room in it, over a unix
socket as TCP makes them, and nobody takes that for the cost of a model."""
import contextlib
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from harness import eventually, needs, release_only
from known_servers import (
    CLIENT, THREAD, ChatServer, KnownServer, check_compare, client, counts, load,
    result_of, running_client, servers_of, waiting_to_connect)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "socket"


MODES = pytest.mark.parametrize(
    "mode", [[], ["--churn"], ["-r", 500], ["-r", 500, "--churn"]],
    ids=["steady", "churn", "open", "open churn"])


@MODES
def test_a_full_backlog_of_a_unix_socket_is_waited_for(path, mode):
    with KnownServer(path=path, backlog=1) as server:
        report = load(server.target, "-c", 40, "-n", 400, *mode)
    assert counts(report) == (400, 0, 0, 0)
    assert report["unclosed"] == 0


@pytest.mark.parametrize("mode", [[], ["--churn"]], ids=["steady", "churn"])
def test_a_chat_room_with_a_full_backlog_is_joined(path, mode):
    with ChatServer(path=path, backlog=1) as server:
        report = load(server.target, "-p", "chat", "-c", 30, "-n", 60, "-r",
                      300, *mode)
    assert counts(report) == (60, 0, 0, 0)


@contextlib.contextmanager
def full(server):
    """Of a server that does not accept yet: no more connections fit."""
    with contextlib.ExitStack() as open_sockets:
        while True:
            sock = open_sockets.enter_context(socket.socket(socket.AF_UNIX))
            sock.setblocking(False)
            try:
                sock.connect(server.target[5:])
            except BlockingIOError:
                break
        yield


def test_talk_waits_for_room_in_the_backlog(path):
    accepts = threading.Event()
    with KnownServer(path=path, backlog=0, accepts=accepts, size=5) as server:
        with full(server), running_client(
                "talk", server.target, "ping\n") as process:
            time.sleep(0.2)
            assert process.poll() is None
            accepts.set()
            result = result_of(process)
    assert (result.code, result.out) == (0, "ping\n"), result


def test_talk_waits_for_room_no_longer_than_the_timeout(path):
    accepts = threading.Event()
    with KnownServer(path=path, backlog=0, accepts=accepts) as server:
        with full(server):
            result = client("talk", server.target, "ping\n", "--timeout",
                            "300ms")
        accepts.set()
    assert result.code == 1
    assert result.error_line.endswith("Connection timed out")
    assert 0.3 <= result.seconds < 5


@pytest.mark.parametrize("mode", [[], ["--churn"]], ids=["steady", "churn"])
def test_a_backlog_that_stays_full_is_a_time_out_and_no_failure(path, mode):
    accepts = threading.Event()
    with KnownServer(path=path, backlog=0, accepts=accepts) as server:
        with full(server):
            report = load(server.target, "-c", 3, "-n", 3, *mode, "--timeout",
                          "300ms", code=1)
        accepts.set()
    assert counts(report) == (0, 0, 3, 0)
    assert report["duration_s"] < 5


@needs("strace")
@release_only
@pytest.mark.parametrize("verb", ["talk", "load", "chat"])
@pytest.mark.parametrize("unix", [True, False], ids=["unix", "tcp"])
def test_a_signal_while_connecting_is_no_failure(path, verb, unix):
    wrap = ["strace", "-D", "-qq", "-o", "/dev/null", "-e", "trace=connect",
            "-e", "inject=connect:error=EINTR:when=1..2"]
    where = {"path": path} if unix else {}
    if verb == "chat":
        with ChatServer(**where) as server:
            report = load(server.target, "-p", "chat", "-c", 2, "-n", 5,
                          wrap=wrap)
        assert counts(report) == (5, 0, 0, 0)
        return
    with KnownServer(size=5 if verb == "talk" else 64, **where) as server:
        if verb == "talk":
            result = client("talk", server.target, "ping\n", wrap=wrap)
            assert (result.code, result.out) == (0, "ping\n"), result
        else:
            report = load(server.target, "-c", 2, "-n", 5, wrap=wrap)
            assert counts(report) == (5, 0, 0, 0)


# ---- TCP: who finds it full tries again after 1, 3, 7 s ----

# socketserver has a backlog of 5.
PYTHON = shlex.quote(sys.executable) + """ -c '
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(4096):
            self.request.sendall(data)
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", {port}), Echo).serve_forever()
'"""


def test_the_load_says_how_often_the_servers_backlog_was_full():
    accepts = threading.Event()
    with KnownServer(backlog=5, accepts=accepts) as server:
        def accept_later():
            try:
                eventually(lambda: waiting_to_connect(server.port) >= 24,
                           "24 wait, since six have a place")
            finally:
                accepts.set()

        thread = threading.Thread(target=accept_later)
        thread.start()
        report = load(server.target, "-c", 30, "-n", 30, "--churn",
                      "--timeout", "30s")
        thread.join()
    assert counts(report) == (30, 0, 0, 0)
    assert report["backlog"]["size"] == 5
    assert report["backlog"]["full"] >= 20
    assert re.search(r"backlog +its backlog of 5 was full \d+ times",
                     report["words"])


def test_a_backlog_that_was_never_full_is_not_spoken_of(server):
    server.start()
    report = load(server.address, "-c", 30, "-n", 300, "--churn")
    assert report["backlog"]["size"] >= 128
    assert report["backlog"]["full"] == 0
    assert "backlog  " not in report["words"]


DEFERRING = """
import socket, subprocess, sys, threading
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
listener = socket.create_server(("127.0.0.1", 0), backlog=64)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
def serve():
    while True:
        sock = listener.accept()[0]
        sock.sendall(sock.recv(64))
        sock.close()
threading.Thread(target=serve, daemon=True).start()
sys.exit(subprocess.run([sys.argv[1], "load", "127.0.0.1:%d"
                         % listener.getsockname()[1], *sys.argv[2:]]).returncode)
"""


@needs("unshare")
@needs("ip")
def test_a_server_that_accepts_when_there_is_data_has_no_full_backlog():
    """TCP_DEFER_ACCEPT, as of Apache: the kernel counts a drop for each
    connection. In a network of its own, where no other backlog is full."""
    own = ["unshare", "-r", "-n"]
    if subprocess.run([*own, "true"], check=False).returncode:
        pytest.skip("no network namespace of our own")
    run = subprocess.run(
        [*own, sys.executable, "-c", DEFERRING, CLIENT, "--churn", "-n", "40",
         "-c", "2", "--json", "-"], capture_output=True, timeout=120,
        check=False)
    assert run.returncode == 0, run
    assert json.loads(run.stdout)["backlog"] == {"size": 64, "full": 0}
    assert b"backlog" not in run.stderr


@contextlib.contextmanager
def full_listener(address, family):
    """A listening socket of one place, for which many wait."""
    with contextlib.ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket(family))
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(0)
        for _ in range(5):
            sock = open_sockets.enter_context(socket.socket(family))
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect(address)
        yield


@pytest.mark.parametrize("host, family", [
    ("::1", socket.AF_INET6), ("::", socket.AF_INET6),
    ("127.0.0.2", socket.AF_INET)], ids=str)
def test_a_full_backlog_of_another_at_the_same_port_is_not_the_servers(
        host, family):
    """Those that wait there try again after a second."""
    with KnownServer(backlog=64) as server:
        port = int(server.target.rpartition(":")[2])
        with full_listener((host, port), family):
            report = load(server.target, "-c", 2, "-d", "1500ms", "--churn")
    assert report["backlog"] == {"size": 64, "full": 0}
    assert "backlog  " not in report["words"]


def test_a_full_backlog_is_the_reason_and_no_cost_of_the_model(groups):
    """Of a server with five places beside one of ours. Its slices last for
    seconds, so after the first block it is told to end."""
    with running_client(
            "compare", *servers_of(groups, {"ours": THREAD, "python": PYTHON}),
            "churn", "--quick", "--keep-disturbed", "--json", "-") as process:
        eventually(lambda: len(groups.numbers()) > 3,
                   "the first block is over", 120)
        process.send_signal(signal.SIGINT)
        result = result_of(process)
    report = result.json
    check_compare(report)
    point, = report["scenarios"][0]["points"]
    ours, python = point["results"]
    assert ours["backlog"] >= 128 and ours["backlog_full"] == 0
    assert python["backlog"] == 5 and python["backlog_full"] > 0
    ratio, = point["ratios"]
    assert ratio["verdict"] == "invalid"
    assert re.search(r"its backlog of 5 was full [\d,]+ time", ratio["reason"])
    assert re.search("its backlog of 5 was full", result.err)
