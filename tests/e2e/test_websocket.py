# SPDX-License-Identifier: MIT
"""RFC 6455 at /echo of the http service, case by case.

A case says what a client sends, what comes back, and how it ends: with the
close code for what was wrong with it, or in order. There is one right end
for each, and the server's end of file follows it. Short ones are sent whole
and byte by byte. Here is one case of each kind; every frame, every character
and every code is in tests/unit/test_websocket.c.
"""
import asyncio
import functools
import random
from pathlib import Path
from typing import NamedTuple, Optional

import pytest

from harness import eventually, needs_websocket, release_only
from ws_frames import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame,
                       WebSocket, close_payload, fragments, frame)

try:
    import websockets
except ImportError:
    websockets = None

KIB, MIB = 1024, 1024 * 1024
MESSAGE_MAX = 16 * MIB
PROTOCOL_ERROR, BAD_DATA, TOO_BIG = 1002, 1007, 1009

pytestmark = needs_websocket


class Case(NamedTuple):
    name: str
    sends: bytes
    answers: list
    code: Optional[int] = None  # None: nothing was wrong

    def run(self, server, piece=None):
        with WebSocket(server.address) as ws:
            sender = ws.send_beside(self.sends, piece)
            for answer in self.answers:
                assert ws.read() == answer
            if self.code is not None:
                ws.closes_with(self.code)
            sender.join()
            if self.code is None:
                ws.close()


def table(cases):
    """Whole, and byte by byte if that is not too long."""
    cases = list(cases)
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), names
    return pytest.mark.parametrize("case, piece", [
        pytest.param(case, piece, id=f"{case.name} {how}")
        for case in cases
        for piece, how in ((None, "whole"), (1, "by bytes"))
        if piece is None or len(case.sends) < 700])


# ---- the protocol ----

def cases():
    hello, back = frame(TEXT, b"Hello"), Frame(TEXT, b"Hello")
    greeting = "Hello-µ@ßöäüàá-UTF-8!! 你好 😀".encode()
    begun, ping = frame(TEXT, b"begun ", fin=False), frame(PING, b"ping")
    going = frame(CLOSE, close_payload(1000, b"going"))
    for size in (0, 125, 126, 65535, 65536):
        yield Case(f"binary of {size}", frame(BINARY, b"\xfe" * size),
                   [Frame(BINARY, b"\xfe" * size)])
    yield Case("text", frame(TEXT, greeting), [Frame(TEXT, greeting)])
    yield Case("text, a byte in a fragment", fragments(TEXT, greeting, 1),
               [Frame(TEXT, greeting)])
    yield Case("ten pings",
               b"".join(frame(PING, b"payload-%d" % i) for i in range(10)),
               [Frame(PONG, b"payload-%d" % i) for i in range(10)])
    yield Case("a ping and a pong between fragments",
               begun + ping + frame(PONG, b"unasked")
               + frame(CONTINUATION, b"done"),
               [Frame(PONG, b"ping"), Frame(TEXT, b"begun done")])
    yield Case("unmasked after a message",
               hello + frame(TEXT, b"Hello", mask=False), [back],
               PROTOCOL_ERROR)
    yield Case("a length in too many bytes",
               frame(BINARY, b"x" * 125, width=8), [], PROTOCOL_ERROR)
    yield Case("too much", frame(BINARY, b"x", length=MESSAGE_MAX + 1), [],
               TOO_BIG)
    yield Case("too much by its last fragment",
               frame(BINARY, b"x" * 10, fin=False)
               + frame(CONTINUATION, b"x", length=MESSAGE_MAX - 9),
               [], TOO_BIG)
    yield Case("a reserved bit", hello + frame(TEXT, rsv=4), [back],
               PROTOCOL_ERROR)
    yield Case("a reserved opcode", begun + frame(11), [], PROTOCOL_ERROR)
    yield Case("a continuation of nothing", frame(CONTINUATION), [],
               PROTOCOL_ERROR)
    yield Case("not text", frame(TEXT, b"abc\xff", length=1000), [], BAD_DATA)
    yield Case("a message that ends within a character",
               frame(TEXT, b"Hello\xc3", fin=False) + frame(CONTINUATION), [],
               BAD_DATA)
    yield Case("a close", going, [], 1000)
    yield Case("a close with a code of ours",
               frame(CLOSE, close_payload(4999)), [], 4999)
    yield Case("a close with a code that is none",
               frame(CLOSE, close_payload(1005)), [], PROTOCOL_ERROR)
    yield Case("a close within a message", begun + going, [], 1000)
    yield Case("nonsense after the close",
               going + going + hello + frame(3, rsv=7, mask=False), [], 1000)
    yield Case("message and close at once", hello + going, [back], 1000)


@table(cases())
def test_what_comes_is_answered(site, case, piece):
    case.run(site, piece)


def test_a_message_right_behind_the_handshake_is_not_lost(site):
    with WebSocket(site.address, early=frame(TEXT, b"early")) as ws:
        assert ws.read() == Frame(TEXT, b"early")
        ws.close()


def test_a_close_without_a_code_is_answered_by_one(site):
    with WebSocket(site.address) as ws:
        ws.send(frame(CLOSE))
        ws.closes_with(None)


def test_a_large_answer_arrives_before_the_close(site):
    data = b"x" * (4 * MIB)
    Case("", frame(BINARY, data) + frame(CLOSE, close_payload(1000)),
         [Frame(BINARY, data)], 1000).run(site)


def test_the_reason_arrives_though_input_is_unread(site):
    """A reset would have destroyed it on its way."""
    with WebSocket(site.address) as ws:
        ws.send(frame(TEXT, b"\xff") + b"x" * 500_000)
        ws.closes_with(BAD_DATA)


def test_an_end_without_a_close_is_answered_by_one(site):
    with WebSocket(site.address) as ws:
        ws.send(frame(TEXT, b"last"))
        ws.half_close()
        assert ws.read() == Frame(TEXT, b"last")
        assert ws.at_end()


def test_the_ledger_knows_who_broke_the_protocol(server):
    server.start("-s", "http")
    with WebSocket(server.address) as ws:
        ws.close()
    server.wait_ledger(active=0, served=1, failed=0)
    with WebSocket(server.address) as ws:
        ws.send(frame(TEXT, mask=False))
        ws.closes_with(PROTOCOL_ERROR)
    server.wait_ledger(active=0, served=1, failed=1)
    with WebSocket(server.address) as ws:
        ws.send(frame(TEXT, b"half", length=8))
    server.wait_ledger(active=0, served=2, failed=1)


# ---- sizes ----

@functools.lru_cache(maxsize=None)
def data_of(size):
    """Text, that is different everywhere."""
    return random.Random(size).randbytes(size // 2).hex().encode()


def sizes(*numbers):
    return pytest.mark.parametrize("size", numbers)


both = pytest.mark.parametrize("opcode", [
    pytest.param(TEXT, id="text"), pytest.param(BINARY, id="binary")])


@both
@sizes(64 * KIB, 16 * MIB)
def test_a_large_message_comes_back(site, opcode, size):
    data = data_of(size)
    Case("", frame(opcode, data), [Frame(opcode, data)]).run(site)


@both
@sizes(64, 4 * KIB, 1 * MIB)
def test_a_message_of_4_mib_comes_in_fragments(site, opcode, size):
    data = data_of(4 * MIB)
    Case("", fragments(opcode, data, size), [Frame(opcode, data)]).run(site)


@both
@sizes(64, 1460)
def test_a_message_of_1_mib_comes_in_small_writes(site, opcode, size):
    data = data_of(1 * MIB)
    Case("", frame(opcode, data), [Frame(opcode, data)]).run(site, size)


@both
@sizes(0, 4096)
def test_a_thousand_messages_come_back_one_after_the_other(
        site, opcode, size):
    data = data_of(size)
    once, back = frame(opcode, data), Frame(opcode, data)
    with WebSocket(site.address) as ws:
        for _ in range(1000):
            ws.send(once)
            assert ws.read() == back
        ws.close()


def test_ten_thousand_messages_come_back_in_order(site):
    words = [b"message %d" % i for i in range(10000)]
    Case("", b"".join(frame(TEXT, word) for word in words),
         [Frame(TEXT, word) for word in words]).run(site)


def test_a_message_may_have_16_mib_and_not_a_byte_more(site):
    data = data_of(MESSAGE_MAX)
    with WebSocket(site.address) as ws:
        sender = ws.send_beside(
            frame(BINARY, data, fin=False) + frame(CONTINUATION)
            + frame(BINARY, data, fin=False) + frame(CONTINUATION, b"x"))
        assert ws.read() == Frame(BINARY, data)
        ws.closes_with(TOO_BIG)
        sender.join()


# ---- abuse: what a connection may cost ----

class Memory:
    """Of the one worker of a server, in KiB, against now. Not the pages of files:
    what a child is the first to call of a library (some 80 KiB of glibc 2.41's
    ld.so) is the system's cache, which all processes share."""

    def __init__(self, server):
        children = server.children()
        self.proc = Path(f"/proc/{children[0] if children else server.pid}")
        # The peak begins anew.
        (self.proc / "clear_refs").write_text("5")
        self.before = self.own("VmRSS")

    def status(self, name):
        for line in (self.proc / "status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
        raise LookupError(name)

    def own(self, name):
        return self.status(name) - self.status("RssFile")

    def grown(self):
        return self.own("VmRSS") - self.before

    def peak(self):
        return self.own("VmHWM") - self.before


# What a connection may take beside its message, in KiB: a buffer that stays small
# is kept, and what it has outgrown stays in the heap, which is as much again where
# it could not grow in place (common/full/buffer.c). The kernel counts resident
# pages in batches, so a few of them come late or early.
OVERHEAD = 64 + 64 + 64


@pytest.fixture
def worker(server):
    """A connection that has been used, and its worker's memory."""
    server.start("-s", "http")
    with WebSocket(server.address) as ws:
        for opcode in (TEXT, PING):
            ws.send(frame(opcode, b"warm" * 20))
            ws.read()
        yield ws, Memory(server)


@release_only
def test_pings_whose_answers_nobody_reads_cost_no_memory(worker):
    ws, memory = worker
    ping = frame(PING, b"x" * 125)
    sent = ws.send_until_full(ping * 100_000)
    assert sent < 100_000 * len(ping), "the server read on"
    assert memory.peak() <= OVERHEAD
    for _ in range(sent // len(ping)):
        assert ws.read() == Frame(PONG, b"x" * 125)
    ws.send(ping[sent % len(ping):])
    assert ws.read() == Frame(PONG, b"x" * 125)
    ws.close()


@release_only
def test_a_million_fragments_of_a_byte_cost_a_million_bytes(worker):
    ws, memory = worker
    data = data_of(1_000_000)
    ws.send(frame(TEXT, fin=False) + b"".join(
        b"\x00\x81\0\0\0\0%c" % byte for byte in data))
    ws.send(frame(PING))
    assert ws.read() == Frame(PONG)
    assert memory.peak() <= len(data) / KIB + OVERHEAD
    ws.send(frame(CONTINUATION))
    assert ws.read() == Frame(TEXT, data)
    ws.close()


@release_only
def test_a_million_empty_fragments_cost_nothing(worker):
    ws, memory = worker
    ws.send(frame(BINARY, fin=False)
            + frame(CONTINUATION, fin=False) * 1_000_000)
    ws.send(frame(PING))
    assert ws.read() == Frame(PONG)
    assert memory.peak() <= OVERHEAD
    ws.send(frame(CONTINUATION, b"end"))
    assert ws.read() == Frame(BINARY, b"end")
    ws.close()


@release_only
def test_a_header_costs_nothing_before_its_bytes_come(worker):
    ws, memory = worker
    ws.send(frame(BINARY, b"x" * 1000, fin=False)
            + frame(CONTINUATION, b"x" * 1000, length=MESSAGE_MAX - 1000))
    eventually(lambda: memory.grown() >= 0, "the worker lives")
    with pytest.raises(TimeoutError):
        ws.sock.settimeout(0.2)
        ws.read()
    assert memory.peak() <= OVERHEAD


@release_only
def test_an_echo_is_not_copied_and_its_memory_is_given_back(worker):
    """Not even behind a pong that waits for it."""
    ws, memory = worker
    data = data_of(MESSAGE_MAX)
    for first in (b"", frame(PING)):
        sender = ws.send_beside(
            frame(BINARY, data[:-1], fin=False) + first
            + frame(CONTINUATION, data[-1:]))
        if first:
            assert ws.read() == Frame(PONG)
        assert ws.read() == Frame(BINARY, data)
        sender.join()
        assert memory.peak() <= MESSAGE_MAX / KIB + OVERHEAD
    ws.send(frame(TEXT, b"and a small one"))
    ws.read()
    eventually(lambda: memory.grown() <= OVERHEAD,
               lambda: f"less than {memory.grown()} KiB")
    ws.close()


@release_only
def test_idle_connections_have_given_large_messages_back(server):
    """Each thread has a heap of its own, and keeps what it can."""
    server.start("-s", "http")
    data = data_of(4 * MIB)
    many = [WebSocket(server.address) for _ in range(16)]
    server.sockets += [ws.sock for ws in many]

    def memory():
        total = 0
        for pid in (server.pid, *server.children()):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("RssAnon"):
                    total += int(line.split()[1])
        return total

    def use(payload):
        for ws in many:
            sender = ws.send_beside(frame(BINARY, payload))
            assert ws.read() == Frame(BINARY, payload)
            sender.join()

    use(b"warm")
    before = memory()
    use(data)
    use(b"small")
    eventually(lambda: memory() - before <= 16 * OVERHEAD,
               lambda: f"{memory() - before} KiB more than before")


# ---- a client of others ----

@pytest.mark.skipif(websockets is None, reason="no python3-websockets")
def test_a_client_that_others_wrote_is_served(site):
    async def talk():
        async with websockets.connect(
                f"ws://{site.address}/echo", max_size=None) as ws:
            for message in ("κόσμε", "", b"\0\xff", b"",
                            data_of(MESSAGE_MAX),
                            ["in ", "three ", "fragments"]):
                await ws.send(message)
                back = await ws.recv()
                assert back == ("".join(message)
                                if isinstance(message, list) else message)
            await asyncio.wait_for(await ws.ping(b"there?"), 10)
            await ws.close(4000, "bye")
            assert ws.close_code == 4000

    asyncio.run(talk())
