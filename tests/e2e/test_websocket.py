# SPDX-License-Identifier: MIT
"""RFC 6455 at /echo of the http service, case by case.

A case says what a client sends, what comes back, and how it ends: with the
close code for what was wrong with it, or in order. There is one right end
for each, and the server's end of file follows it. Short ones are sent whole
and byte by byte.
"""
import asyncio
import functools
import random
from pathlib import Path
from typing import NamedTuple, Optional

import pytest

from harness import BIN, Server, eventually, needs_websocket, release_only
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


@pytest.fixture(scope="module", params=["thread", "fork"])
def site(request, tmp_path_factory):
    """One server for all cases: they are many."""
    server = Server(BIN / f"server_{request.param}",
                    tmp_path_factory.mktemp(request.param))
    try:
        server.start("-s", "http")
        yield server
        server.stop()
        server.check()
    finally:
        server.kill()


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


# ---- messages ----

def message_cases():
    for size in (0, 1, 125, 126, 127, 128, 65535, 65536, 65537):
        for opcode, name, byte in ((TEXT, "text", b"*"),
                                   (BINARY, "binary", b"\xfe")):
            yield Case(f"{name} of {size}", frame(opcode, byte * size),
                       [Frame(opcode, byte * size)])


@table(message_cases())
def test_a_message_comes_back(site, case, piece):
    case.run(site, piece)


@pytest.mark.parametrize("opcode", (TEXT, BINARY))
@pytest.mark.parametrize("piece", (997, 1460))
def test_a_message_in_many_writes_comes_back(site, opcode, piece):
    data = b"x" * 65536
    Case("", frame(opcode, data), [Frame(opcode, data)]).run(site, piece)


def test_a_message_right_behind_the_handshake_is_not_lost(site):
    with WebSocket(site.address, early=frame(TEXT, b"early")) as ws:
        assert ws.read() == Frame(TEXT, b"early")
        ws.close()


def width_cases():
    for length, width in ((0, 2), (5, 2), (125, 2), (0, 8), (125, 8),
                          (65535, 8)):
        yield Case(f"{length} in {width} bytes",
                   frame(BINARY, b"x" * min(length, 200), length=length,
                         width=width), [], PROTOCOL_ERROR)
    for length in (1 << 63, (1 << 64) - 1):
        yield Case(f"length {length:#x}", frame(BINARY, b"x", length=length),
                   [], PROTOCOL_ERROR)
    for length in (MESSAGE_MAX + 1, 1 << 32, 1 << 62, (1 << 63) - 1):
        yield Case(f"length {length:#x}", frame(BINARY, b"x", length=length),
                   [], TOO_BIG)
    yield Case("too much by its last fragment",
               frame(BINARY, b"x" * 10, fin=False)
               + frame(CONTINUATION, b"x", length=MESSAGE_MAX - 9),
               [], TOO_BIG)
    yield Case("unmasked", frame(TEXT, b"Hello", mask=False), [],
               PROTOCOL_ERROR)
    yield Case("unmasked and empty", frame(TEXT, mask=False), [],
               PROTOCOL_ERROR)
    yield Case("unmasked ping", frame(PING, mask=False), [], PROTOCOL_ERROR)
    yield Case("unmasked after a message",
               frame(TEXT, b"Hello") + frame(TEXT, b"Hello", mask=False),
               [Frame(TEXT, b"Hello")], PROTOCOL_ERROR)


@table(width_cases())
def test_a_length_or_mask_that_is_wrong_is_refused(site, case, piece):
    case.run(site, piece)


# ---- ping and pong ----

def ping_cases():
    for size in (0, 1, 5, 124, 125):
        data = bytes(range(255, 255 - size, -1))
        yield Case(f"ping of {size}", frame(PING, data), [Frame(PONG, data)])
    yield Case("ping of text", frame(PING, b"Hello, world!"),
               [Frame(PONG, b"Hello, world!")])
    for opcode, name in ((PING, "ping"), (PONG, "pong"), (CLOSE, "close")):
        yield Case(f"{name} of 126", frame(opcode, b"\xfe" * 126), [],
                   PROTOCOL_ERROR)
        yield Case(f"{name} in fragments", frame(opcode, b"x", fin=False), [],
                   PROTOCOL_ERROR)
    yield Case("pong unasked", frame(PONG), [])
    yield Case("pong unasked with payload", frame(PONG, b"unasked"), [])
    yield Case("pong unasked, then ping",
               frame(PONG, b"unasked") + frame(PING, b"asked"),
               [Frame(PONG, b"asked")])
    yield Case("ten pings",
               b"".join(frame(PING, b"payload-%d" % i) for i in range(10)),
               [Frame(PONG, b"payload-%d" % i) for i in range(10)])


@table(ping_cases())
def test_a_ping_is_answered_and_a_pong_is_not(site, case, piece):
    case.run(site, piece)


# ---- reserved ----

def reserved_cases():
    hello, back = frame(TEXT, b"Hello"), Frame(TEXT, b"Hello")
    for rsv in range(1, 8):
        for opcode, name in ((TEXT, "text"), (BINARY, "binary"),
                             (PING, "ping"), (CLOSE, "close")):
            yield Case(f"RSV {rsv} on {name}",
                       hello + frame(opcode, rsv=rsv), [back], PROTOCOL_ERROR)
    yield Case("RSV 4 on a continuation",
               frame(TEXT, b"a", fin=False) + frame(CONTINUATION, rsv=4),
               [], PROTOCOL_ERROR)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield Case(f"opcode {opcode}", frame(opcode), [], PROTOCOL_ERROR)
        yield Case(f"opcode {opcode} with payload",
                   frame(opcode, b"reserved") + frame(PING), [],
                   PROTOCOL_ERROR)
        yield Case(f"opcode {opcode} between messages",
                   hello + frame(opcode, b"x") + frame(PING), [back],
                   PROTOCOL_ERROR)
        yield Case(f"opcode {opcode} between fragments",
                   frame(TEXT, b"a", fin=False) + frame(opcode, b"x"), [],
                   PROTOCOL_ERROR)


@table(reserved_cases())
def test_what_is_reserved_is_refused(site, case, piece):
    case.run(site, piece)


# ---- fragments ----

def fragment_cases():
    one, two = frame(TEXT, b"frag1", fin=False), frame(CONTINUATION, b"frag2")
    ping, pong = frame(PING, b"ping"), Frame(PONG, b"ping")
    both = Frame(TEXT, b"frag1frag2")
    middle = frame(CONTINUATION, b"frag2", fin=False)
    yield Case("two fragments", one + two, [both])
    yield Case("two, a ping between", one + ping + two, [pong, both])
    yield Case("two, a pong between", one + frame(PONG, b"x") + two, [both])
    yield Case("binary", frame(BINARY, b"\xff", fin=False)
               + frame(CONTINUATION, b"\xfe"), [Frame(BINARY, b"\xff\xfe")])
    yield Case("five, pings between",
               one + middle + ping + middle + middle + ping
               + frame(CONTINUATION, b"frag5"),
               [pong, pong, Frame(TEXT, b"frag1" + b"frag2" * 3 + b"frag5")])
    for name, parts in (
            ("all empty", (b"", b"", b"")), ("empty ends", (b"", b"x", b"")),
            ("empty middle", (b"x", b"", b"y")), ("empty last", (b"x", b""))):
        frames = [frame(CONTINUATION if i else TEXT, part,
                        fin=i == len(parts) - 1)
                  for i, part in enumerate(parts)]
        yield Case(name, b"".join(frames), [Frame(TEXT, b"".join(parts))])
    for fin in (True, False):
        stray = frame(CONTINUATION, b"stray", fin=fin)
        name = "last" if fin else "not last"
        yield Case(f"stray continuation, {name}", stray, [], PROTOCOL_ERROR)
        yield Case(f"stray continuation, {name}, before a message",
                   stray + frame(TEXT, b"x"), [], PROTOCOL_ERROR)
        yield Case(f"stray continuation, {name}, after a message",
                   frame(TEXT, b"Hello") + stray, [Frame(TEXT, b"Hello")],
                   PROTOCOL_ERROR)
        yield Case(f"stray continuation, {name}, after fragments",
                   one + two + stray, [both], PROTOCOL_ERROR)
        yield Case(f"empty stray continuation, {name}",
                   frame(CONTINUATION, fin=fin), [], PROTOCOL_ERROR)
        for opcode in (TEXT, BINARY):
            yield Case(f"opcode {opcode}, {name}, within a message",
                       one + frame(opcode, b"x", fin=fin), [], PROTOCOL_ERROR)
            yield Case(f"opcode {opcode}, {name}, after a ping within",
                       one + ping + frame(opcode, fin=fin), [pong],
                       PROTOCOL_ERROR)
    yield Case("a close within a message",
               one + frame(CLOSE, close_payload(1000)), [], 1000)


@table(fragment_cases())
def test_fragments_are_one_message_or_refused(site, case, piece):
    case.run(site, piece)


def test_many_small_fragments_are_one_message(site):
    data = random.Random(1).randbytes(65535)
    Case("", fragments(BINARY, data, 7), [Frame(BINARY, data)]).run(site)


# ---- UTF-8 ----

VALID = {
    "greetings": "Hello-µ@ßöäüàá-UTF-8!!",
    "Greek": "κόσμε",
    "Chinese": "你好，世界" * 20,
    "beyond the first plane": "😀𝄞𠀋" * 9,
    "a byte order mark": "\ufeff",
    "the replacement character": "\ufffd",
    "NUL": "\0",
    **{f"U+{ord(c):04X}": c for c in (
        "\x7f\x80\u07ff\u0800\ud7ff\ue000\ufffe\uffff\U00010000"
        "\U0010ffff\ufdd0\ufdef")},
    # Noncharacters are characters to RFC 3629.
    **{f"U+{plane << 16 | low:X}": chr(plane << 16 | low)
       for plane in range(1, 16) for low in (0xfffe, 0xffff)},
}

# Bad at its last byte, and not before.
INVALID = {
    "a first continuation byte": b"\x80",
    "a last continuation byte": b"\xbf",
    "C0": b"\xc0", "C1": b"\xc1", "F5": b"\xf5", "FE": b"\xfe", "FF": b"\xff",
    "a five-byte form": b"\xf8", "a six-byte form": b"\xfc",
    "a two-byte lead and a space": b"\xc3 ",
    "a two-byte lead twice": b"\xc3\xc3",
    "a three-byte lead and a space": b"\xe2 ",
    "a three-byte lead, one more, a space": b"\xe2\x82 ",
    "a four-byte lead and a space": b"\xf1 ",
    "a four-byte lead, two more, a space": b"\xf1\x80\x80 ",
    "a slash in three bytes": b"\xe0\x80",
    "a slash in four bytes": b"\xf0\x80",
    "U+07FF in three bytes": b"\xe0\x9f",
    "U+FFFF in four bytes": b"\xf0\x8f",
    "the first surrogate": b"\xed\xa0",
    "a low surrogate": b"\xed\xb0",
    "the last surrogate": b"\xed\xbf",
    "above U+10FFFF": b"\xf4\x90",
    "one continuation byte too many": b"\xce\xba\xce\xba\xba",
    "a surrogate behind good text": "κόσμε".encode() + b"\xed\xa0",
    "FF behind sixteen letters": b"abcdefghijklmnop\xff",
}
CUT = {
    "one of two": b"\xc3", "one of three": b"\xe2", "two of three": b"\xe2\x82",
    "one of four": b"\xf0", "two of four": b"\xf0\x9f",
    "three of four": b"\xf0\x9f\x98", "text and one of two": b"Hello\xc3",
}


def text_cases():
    for name, word in VALID.items():
        data = word.encode()
        yield Case(name, frame(TEXT, data), [Frame(TEXT, data)])
        if len(data) > 1:
            yield Case(f"{name}, a byte in a fragment",
                       fragments(TEXT, data, 1), [Frame(TEXT, data)])
        yield Case(f"{name} as a reason to close",
                   frame(CLOSE, close_payload(1000, data[:120])
                         if len(data) < 120 else close_payload(1000)),
                   [], 1000)


@table(text_cases())
def test_text_comes_back(site, case, piece):
    case.run(site, piece)


def bad_text_cases():
    for name, data in INVALID.items():
        more = data + b" and more"
        yield Case(name, frame(TEXT, more), [], BAD_DATA)
        yield Case(f"{name}, not the last fragment",
                   frame(TEXT, more, fin=False), [], BAD_DATA)
        yield Case(f"{name}, a byte in a fragment",
                   fragments(TEXT, more, 1), [], BAD_DATA)
        yield Case(f"{name}, pings between",
                   frame(TEXT, data[:-1], fin=False) + frame(PING)
                   + frame(CONTINUATION, data[-1:]), [Frame(PONG)], BAD_DATA)
        yield Case(f"{name} as a reason to close",
                   frame(CLOSE, close_payload(1000, more)), [], BAD_DATA)
        yield Case(f"{name}, of a frame that never ends",
                   frame(TEXT, data, length=1000), [], BAD_DATA)
    for name, data in CUT.items():
        yield Case(f"ends after {name}", frame(TEXT, data), [], BAD_DATA)
        yield Case(f"ends after {name}, in an empty fragment",
                   frame(TEXT, data, fin=False) + frame(CONTINUATION), [],
                   BAD_DATA)
        yield Case(f"ends after {name}, as a reason",
                   frame(CLOSE, close_payload(1000, data)), [], BAD_DATA)


@table(bad_text_cases())
def test_what_is_not_text_is_refused(site, case, piece):
    case.run(site, piece)


@pytest.mark.parametrize("name", INVALID)
def test_a_bad_byte_is_refused_before_the_next_one_comes(site, name):
    """And the bytes before it are not."""
    bad = INVALID[name]
    with WebSocket(site.address) as ws:
        ws.send(frame(TEXT, bad[:-1], fin=False))
        ws.send(frame(PING, b"still there"))
        assert ws.read() == Frame(PONG, b"still there")
        ws.send(frame(CONTINUATION, bad[-1:], length=1000))
        ws.closes_with(BAD_DATA)


def test_binary_is_not_checked(site):
    data = b"".join(INVALID.values())
    Case("", frame(BINARY, data), [Frame(BINARY, data)]).run(site)


# ---- close ----

def may_be_sent(code):
    return (1000 <= code <= 1014 and code not in (1004, 1005, 1006)
            or 3000 <= code <= 4999)


def close_cases():
    codes = (0, 1, 500, 999, *range(1000, 1018), 1100, 1999, 2000, 2999, 3000,
             3999, 4000, 4999, 5000, 5001, 65535)
    for code in codes:
        right = code if may_be_sent(code) else PROTOCOL_ERROR
        yield Case(f"code {code}", frame(CLOSE, close_payload(code)), [],
                   right)
        yield Case(f"code {code} with a reason",
                   frame(CLOSE, close_payload(code, b"going")), [], right)
    yield Case("one byte", frame(CLOSE, b"\x03"), [], PROTOCOL_ERROR)
    for size in (122, 123):
        yield Case(f"a reason of {size}",
                   frame(CLOSE, close_payload(1000, b"*" * size)), [], 1000)
    yield Case("a reason of 124",
               frame(CLOSE, close_payload(1000, b"*" * 124)), [],
               PROTOCOL_ERROR)
    yield Case("two closes", frame(CLOSE, close_payload(1000)) * 2, [], 1000)
    for name, more in (("ping", frame(PING)), ("text", frame(TEXT, b"x")),
                       ("nonsense", frame(3, rsv=7, mask=False))):
        yield Case(f"a {name} after the close",
                   frame(CLOSE, close_payload(1000)) + more, [], 1000)
    yield Case("message and close at once",
               frame(TEXT, b"x") + frame(CLOSE, close_payload(1001)),
               [Frame(TEXT, b"x")], 1001)


@table(close_cases())
def test_a_close_is_answered(site, case, piece):
    case.run(site, piece)


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
@sizes(64 * KIB, 256 * KIB, 1 * MIB, 4 * MIB, 8 * MIB, 16 * MIB)
def test_a_large_message_comes_back(site, opcode, size):
    data = data_of(size)
    Case("", frame(opcode, data), [Frame(opcode, data)]).run(site)


@both
@sizes(64, 256, 1 * KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, 1 * MIB,
       4 * MIB)
def test_a_message_of_4_mib_comes_in_fragments(site, opcode, size):
    data = data_of(4 * MIB)
    Case("", fragments(opcode, data, size), [Frame(opcode, data)]).run(site)


@both
@sizes(64, 128, 256, 512, 1024, 2048)
def test_a_message_of_1_mib_comes_in_small_writes(site, opcode, size):
    data = data_of(1 * MIB)
    Case("", frame(opcode, data), [Frame(opcode, data)]).run(site, size)


@both
@sizes(0, 16, 64, 256, 1024, 4096)
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
