# SPDX-License-Identifier: MIT
"""--service chat, for members that talk over WebSocket, and with others.

What a client may not send is tested case by case in test_websocket.py; here,
that the room does as it should.
"""
import asyncio
import time

import pytest

from chat_room import (get, hears, hears_nothing, join, members, read_for,
                       start, wait_members)
from harness import (connect, eventually, needs, needs_websocket,
                     read_exactly, release_only)
from test_chat import cpu_of
from test_tls import shake, trusting
from ws_frames import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame,
                       WebSocket, close_payload, fragments, frame)

try:
    import websockets
except ImportError:
    websockets = None

__all__ = ["read_for"]  # a fixture
pytestmark = needs_websocket

RING = 2 * 1024 * 1024
TEXT_MAX = 64 * 1024


def enter(server, **options):
    """A member over WebSocket, in the room."""
    before = len(members(server))
    ws = WebSocket(server.address, "/", **options)
    server.sockets.append(ws.sock)
    wait_members(server, before + 1)
    return ws


def text(words):
    return Frame(TEXT, words)


# ---- one room ----

def test_text_becomes_a_line_and_a_line_text(server):
    start(server)
    ws = enter(server)
    line, = join(server)
    ws.send(frame(TEXT, b"from a browser"))
    hears(line, b"from a browser\n")
    line.sendall(b"from a terminal\r\n")
    assert ws.read() == text(b"from a terminal")
    line.sendall("héllo ✓ 😀\n\n".encode())
    assert ws.read() == text("héllo ✓ 😀".encode())
    assert ws.read() == text(b"")
    ws.send(frame(TEXT, b""))
    hears(line, b"\n")
    assert {entry["over"] for entry in members(server)} == \
        {"lines", "websocket"}
    ws.close()
    wait_members(server, 1)


def test_text_goes_to_all_others_and_not_to_its_sender(server):
    start(server)
    a, b, c = enter(server), enter(server), enter(server)
    a.send(frame(TEXT, b"one") + frame(TEXT, b"two\nlines"))
    for ws in (b, c):
        assert ws.read() == text(b"one")
        assert ws.read() == text(b"two\nlines")
    b.send(frame(TEXT, b"three"))
    assert a.read() == text(b"three")
    hears_nothing(a.sock, b.sock)


def test_what_is_said_right_after_the_handshake_is_heard(server):
    """Who has its 101 is in the room."""
    start(server)
    line, = join(server)
    for i in range(60):
        ws = WebSocket(server.address, "/")
        server.sockets.append(ws.sock)
        line.sendall(b"%d\n" % i)
        assert ws.read() == text(b"%d" % i)
        ws.close()


def test_a_message_sent_with_the_handshake_is_heard(server):
    start(server)
    line, = join(server)
    enter(server, early=frame(TEXT, b"early") + frame(TEXT, b"bird"))
    hears(line, b"early\nbird\n")


def test_messages_sent_with_the_handshake_are_heard_all_or_none(server):
    """More than there is room for before the answer: 400, and not a hole."""
    start(server)
    listener, = join(server)
    sock = server.connect()
    sock.sendall(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        + frame(TEXT, b"x" * 88) * 60)
    assert sock.recv(12) == b"HTTP/1.1 400"
    hears_nothing(listener)


def test_a_line_that_is_not_utf8_arrives_as_binary(server):
    start(server)
    ws = enter(server)
    line, = join(server)
    line.sendall(b"caf\xe9\nnul\0\ncaf\xc3\xa9\n")
    assert ws.read() == Frame(BINARY, b"caf\xe9")
    assert ws.read() == text(b"nul\0")
    assert ws.read() == text(b"caf\xc3\xa9")


@pytest.mark.parametrize("size", [125, 126, 65535, TEXT_MAX])
def test_text_up_to_64_kib_goes_through_whole(server, size):
    start(server)
    a, b = enter(server), enter(server)
    line, = join(server)
    words = (b"0123456789abcdef" * 4096)[:size]
    a.send(frame(TEXT, words))
    assert b.read() == text(words)
    hears(line, words + b"\n")
    line.sendall(words + b"\r\n")
    assert a.read() == text(words)


def test_fragments_are_put_together(server):
    start(server)
    a, b = enter(server), enter(server)
    words = "ün–fragmented".encode() * 100
    a.send(fragments(TEXT, words, 7))
    assert b.read() == text(words)
    half = fragments(TEXT, words, 700)
    a.send(half[:800])
    b.send(frame(TEXT, b"between"))
    assert a.read() == text(b"between")
    a.send(half[800:])
    assert b.read() == text(words)


def test_pings_are_answered_in_the_room(server):
    start(server)
    a, b = enter(server), enter(server)
    a.send(frame(PING, b"there?"))
    assert a.read() == Frame(PONG, b"there?")
    a.send(frame(TEXT, b"un", fin=False) + frame(PING, b"?")
           + frame(CONTINUATION, b"broken"))
    assert a.read() == Frame(PONG, b"?")
    assert b.read() == text(b"unbroken")


# ---- what is refused ----

@pytest.mark.parametrize("sends,code", [
    (frame(TEXT, b"x" * (TEXT_MAX + 1)), 1009),
    (fragments(TEXT, b"x" * (TEXT_MAX + 64), 1024), 1009),
    (frame(BINARY, b"bytes"), 1003),
    (frame(TEXT, b"caf\xe9"), 1007),
    (frame(TEXT, b"hello", mask=False), 1002),
    (frame(CLOSE, close_payload(4321)), 4321),
], ids=["too long", "too long in fragments", "binary", "not UTF-8", "unmasked",
        "close"])
def test_who_breaks_a_rule_leaves_with_its_code(server, sends, code):
    start(server)
    ws = enter(server)
    line, other = join(server, 2)
    ws.send(frame(TEXT, b"before") + sends)
    ws.closes_with(code)
    wait_members(server, 2)
    other.sendall(b"after\n")
    hears(line, b"before\nafter\n")
    server.wait_ledger(failed=int(code != 4321))


# ---- quiet and dead ----

@pytest.mark.timed
def test_a_quiet_client_that_answers_pings_stays(server):
    """One ping in its whole life was not enough."""
    start(server, "--idle-timeout", "2s")
    ws = enter(server)
    for _ in range(2):
        assert ws.read() == Frame(PING, b"")
        ws.send(frame(PONG))
    assert len(members(server)) == 1
    ws.close()
    eventually(lambda: server.ledger_now()["active"] == 0, "it has left")
    assert server.ledger_lines()[-1]["timed_out"] == 0


@pytest.mark.timed
def test_a_client_that_answers_no_ping_is_closed(server):
    start(server, "--idle-timeout", "2s")
    ws = enter(server)
    began = time.monotonic()
    assert ws.read() == Frame(PING, b"")
    # No second ping: one to a dead client would keep it for ever.
    assert not ws.receive() or ws.read().opcode == CLOSE
    assert time.monotonic() - began > 2
    server.wait_ledger(timed_out=1)


def test_who_reads_no_pongs_costs_no_memory_and_no_cpu(server, tmp_path):
    start(server, listen=f"unix:{tmp_path}/s")
    ws, other = enter(server), enter(server)
    sent = ws.send_until_full(frame(PING, b"x" * 125) * 40_000)
    assert sent < 3_000_000
    other.send(frame(PING, b"?"))
    assert other.read() == Frame(PONG, b"?")
    before = cpu(server)
    time.sleep(1)
    assert cpu(server) - before < 0.3
    # And it goes on when it is read.
    for _ in range(500):
        assert ws.read().opcode == PONG


def cpu(server):
    return sum(cpu_of(pid) for pid in [server.pid, *server.children()])


def test_a_client_that_does_not_read_is_dropped_with_a_reason(
        server, tmp_path, read_for):
    start(server, listen=f"unix:{tmp_path}/s")
    speaker, listener = join(server, 2)
    stuck = enter(server)
    readers = read_for([listener, speaker])
    flood = b"".join(b"%07d%s\n" % (i, b"." * 1000) for i in range(2700))
    speaker.sendall(flood)
    server.wait_log("dropped from the room")
    i = 0
    while (got := stuck.read()).opcode == TEXT:
        assert int(got.payload[:7]) == i
        i += 1
    assert got == Frame(CLOSE, close_payload(
        1008, b"Too slow for this room: messages were lost."))
    assert stuck.at_end()
    readers.wait(len(flood), [listener])
    assert readers.got[listener] == flood
    wait_members(server, 2)


def test_a_stop_sends_the_members_home(server):
    start(server)
    ws = enter(server)
    server.send_signal(15)
    got = ws.read()
    assert got.opcode == CLOSE
    assert got.payload[:2] == close_payload(1001)
    assert ws.at_end()
    assert server.wait() == 0


# ---- others ----

def test_both_kinds_in_one_room_see_one_order(server, read_for):
    start(server)
    lines = join(server, 2)
    talkers = [enter(server) for _ in range(3)]
    readers = read_for(lines)
    for i in range(300):
        for k, ws in enumerate(talkers):
            ws.send(frame(TEXT, b"%d:%d" % (k, i)))
    size = 3 * sum(len(b"0:%d\n" % i) for i in range(300))
    readers.wait(size)
    one, two = (bytes(readers.got[sock]).splitlines() for sock in lines)
    assert one == two
    for k, ws in enumerate(talkers):
        mine = [line for line in one if line.startswith(b"%d:" % k)]
        assert mine == [b"%d:%d" % (k, i) for i in range(300)]
        for line in one:
            if line not in mine:
                assert ws.read() == text(line)


def test_an_upgrade_elsewhere_is_no_membership(server):
    start(server)
    with pytest.raises(AssertionError, match="HTTP/1.1"):
        WebSocket(server.address, "/members")
    assert get(server.address, "/").startswith(b"<!DOCTYPE html>")
    assert members(server) == []


@pytest.mark.parametrize("path,tag", [
    ("/", 0), ("/?tag=7", 7), ("/?tag=4294967295", 4294967295),
    ("/?tag=4294967296", 0), ("/?tag=", 0), ("/?tag=-1", 0), ("/?gat=7", 0),
    ("/?tag=" + "9" * 1000, 0), ("/any/path?tag=9", 9)])
def test_a_page_finds_itself_in_the_list_by_its_tag(server, path, tag):
    start(server)
    server.sockets.append(WebSocket(server.address, path).sock)
    wait_members(server, 1)
    assert [entry["tag"] for entry in members(server)] == [tag]


# ---- whose page it is that joins ----

def joins(server, sock, fields, target="/"):
    """The status for who sends FIELDS; with 101 it is in the room."""
    server.sockets.append(sock)
    before = len(members(server))
    sock.sendall(f"GET {target} HTTP/1.1\r\n{fields}"
                 "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
    status = int(sock.recv(12)[-3:])
    wait_members(server, before + (status == 101))
    return status


@pytest.mark.parametrize("origin,status", [
    ("http://localhost:7007", 101), ("http://evil.example", 403),
    ("http://localhost:7008", 403), ("https://localhost:7007", 403)])
def test_the_page_of_another_site_does_not_talk_here(server, origin, status):
    """Nor that of another scheme or port (RFC 6454 4)."""
    start(server)
    assert joins(server, server.connect(), "Host: localhost:7007\r\n"
                 f"Origin: {origin}\r\n") == status


@needs("openssl")
def test_over_tls_the_page_has_to_be_one_of_https(server, files):
    start(server, *files.options())
    for origin, status in [("http://localhost", b"403"),
                           ("https://localhost", b"101")]:
        sock = shake(server, trusting(files))
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n"
                     b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Version: 13\r\nOrigin: " + origin.encode() +
                     b"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        assert read_exactly(sock, 12)[-3:] == status


@pytest.mark.parametrize("host", ["evil.example:7007", "10.0.0.1:7007", "[fd00::1]"])
def test_a_name_that_was_bent_to_the_loopback_does_not_join(server, host):
    """DNS rebinding: for the browser the page and we are one site."""
    start(server)
    own = f"Host: {host}\r\nOrigin: http://{host}\r\n"
    assert joins(server, server.connect(), own) == 421
    assert joins(server, server.connect(), f"Host: {host}\r\n") == 421
    assert joins(server, server.connect(), "Host: localhost\r\n"
                 f"Origin: http://{host}\r\n", f"http://{host}/") == 421


def test_nor_is_it_told_who_is_in_the_room(server):
    start(server)
    for host, status in [("evil.example", b"421"), ("localhost", b"200")]:
        with connect(server.address) as sock:
            sock.sendall(b"GET /members HTTP/1.1\r\nHost: %s\r\n\r\n"
                         % host.encode())
            assert read_exactly(sock, 12)[-3:] == status


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7007", "[::1]:7007"])
def test_the_names_of_the_loopback_join(server, host):
    start(server)
    assert joins(server, server.connect(), f"Host: {host}\r\n"
                 f"Origin: http://{host}\r\n") == 101


@pytest.mark.parametrize("listen", [":0", "0.0.0.0:0"])
def test_a_server_on_all_addresses_may_have_any_name(server, listen):
    start(server, listen=listen)
    sock = connect(f"127.0.0.1:{server.port}")
    server.targets = [f"127.0.0.1:{server.port}"]
    assert joins(server, sock, "Host: room.example\r\n"
                 "Origin: http://room.example\r\n") == 101


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_before_a_unix_socket_has_its_own_name(server, tmp_path, scheme):
    """No browser reaches that, so who comes there was let in."""
    start(server, listen=f"unix:{tmp_path}/s")
    assert joins(server, server.connect(), "Host: room.example\r\n"
                 f"Origin: {scheme}://room.example\r\n") == 101
    assert joins(server, server.connect(), "Host: room.example\r\n"
                 f"Origin: {scheme}://evil.example\r\n") == 403


def test_the_host_of_the_target_counts(server):
    """Whatever the field says (RFC 9112 3.2.2)."""
    start(server)
    assert joins(server, server.connect(), "Host: localhost:7007\r\n"
                 "Origin: http://127.0.0.1\r\n", "http://127.0.0.1/") == 101
    assert joins(server, server.connect(), "Host: localhost\r\n"
                 "Origin: http://localhost\r\n", "http://127.0.0.1/") == 403


@release_only
@pytest.mark.skipif(websockets is None, reason="no python3-websockets")
def test_a_client_of_another_make_chats(server):
    start(server)
    line, = join(server)

    async def chat():
        url = f"ws://{server.address}/?tag=7"
        async with websockets.connect(url) as a, \
                websockets.connect(url) as b:
            await asyncio.to_thread(wait_members, server, 3)
            await a.send("hello")
            assert await asyncio.wait_for(b.recv(), 20) == "hello"
            await b.send(["frag", "ment", "ed"])
            assert await asyncio.wait_for(a.recv(), 20) == "fragmented"
            await asyncio.wait_for(await a.ping(b"x"), 20)
            line.sendall(b"\xff\n")
            assert await asyncio.wait_for(a.recv(), 20) == b"\xff"
    asyncio.run(chat())
    hears(line, b"hello\nfragmented\n")
    line.close()
    eventually(lambda: members(server) == [], "all have left")
