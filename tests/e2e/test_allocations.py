# SPDX-License-Identifier: MIT
"""Each allocation of a request fails once: that one ends, and nothing else."""
import socket
import ssl
import struct
import subprocess
from pathlib import Path

import pytest

from harness import (DEADLINE, connect, eventually, needs, needs_full,
                     needs_websocket, read_all, release_only)
from tls_files import Files
from ws_frames import PING, PONG, TEXT, WebSocket, fragments, frame

pytestmark = [needs("cc"), needs_full, release_only]

MOST = 2000  # allocations of a request


class Plan:
    """What fail_alloc.c reads, and what it counts."""

    def __init__(self, directory):
        self.path = directory / "plan"
        self.path.write_bytes(bytes(4096))
        self.preload = directory / "fail_alloc.so"
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", "-o", self.preload,
             Path(__file__).with_name("fail_alloc.c")], check=True)

    def environment(self):
        return {"LD_PRELOAD": str(self.preload), "FAIL_ALLOC": str(self.path)}

    def fail(self, nth):
        with open(self.path, "r+b") as file:
            file.write(struct.pack("<Q", nth))

    @property
    def failed(self):
        return struct.unpack_from("<QQ", self.path.read_bytes())[1]

    @property
    def live(self):
        return struct.unpack_from("<QQq", self.path.read_bytes())[2]


def ask_http(server, _files):
    with connect(server.targets[0]) as sock:
        for path in (b"/", b"/no", b"/metrics"):
            sock.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
            assert sock.recv(65536)
        sock.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n"
                     b"5\r\nhello\r\n0\r\n\r\n")
        assert sock.recv(65536)


def ask_chat(server, _files):
    with connect(server.targets[0]) as sock:
        sock.sendall(b"hello\n" * 3000)
        sock.shutdown(socket.SHUT_WR)
        read_all(sock)


def ask_websocket(path):
    def ask(server, _files):
        with WebSocket(server.targets[0], path) as ws:
            ws.send(fragments(TEXT, b"hello " * 1000, 2000))
            ws.send(frame(PING, b"are you there"))
            while ws.read().opcode != PONG:
                pass
            ws.close()
    return ask


def ask_tls(server, files):
    context = ssl.create_default_context(cafile=files.cert("ca"))
    sock = connect(server.targets[0].removeprefix("tls:"))
    with sock, context.wrap_socket(sock, server_hostname="localhost") as tls:
        tls.settimeout(DEADLINE)
        tls.sendall(b"x" * 40000)
        assert tls.recv(65536)


KINDS = {
    "http": (["-s", "http"], ask_http),
    "chat": (["-s", "chat"], ask_chat),
    "ws": (["-s", "http"], ask_websocket("/echo")),
    "ws-chat": (["-s", "chat"], ask_websocket("/")),
    "tls": (["-s", "echo"], ask_tls),
}


@needs_websocket
@pytest.mark.parametrize("kind", KINDS)
def test_an_allocation_that_fails_costs_one_connection_and_nothing_else(
        server, tmp_path, kind):
    options, ask = KINDS[kind]
    plan = Plan(tmp_path)
    files = None
    if kind == "tls":
        files = Files(tmp_path)
        options = [*options, *files.options()]
    server.start("--image", "full", "--idle-timeout", "2s", *options,
                 env=plan.environment())
    live = plan.live
    asked = 0
    for nth in range(1, MOST):
        before = plan.failed
        plan.fail(nth)
        try:
            ask(server, files)
        except (OSError, AssertionError, ValueError, IndexError):
            pass
        asked += 1
        server.wait_ledger(active=0, crashed=0)
        if plan.failed == before:
            break
    assert plan.failed or kind in ("http", "chat")
    plan.fail(0)
    ask(server, files)
    server.wait_ledger(active=0, accepted=asked + 1)
    if server.name == "thread":
        # What a first use makes is kept; a leak would be one for each.
        eventually(lambda: plan.live - live < max(20, asked / 2),
                   lambda: f"{plan.live - live} of {asked} are left")
