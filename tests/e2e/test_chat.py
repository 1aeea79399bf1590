# SPDX-License-Identifier: MIT
"""--service chat, for members that talk in lines."""
import ctypes
import json
import os
import random
import select
import signal
import socket
import subprocess
import threading
import time

import pytest

from chat_room import (Readers, get, hears, hears_nothing, join, member_of,
                       members, read_for, start, wait_members)
from harness import (DEADLINE, SANITIZER, connect, eventually, has_ipv6,
                     in_parallel, needs, needs_full, parse_target, proc_stat,
                     read_all, read_exactly, release_only)
from test_tls import shake, trusting

__all__ = ["read_for"]  # a fixture
RING = 2 * 1024 * 1024


# ---- lines ----

def test_a_line_goes_to_all_others_and_not_to_its_sender(server):
    start(server)
    a, b, c = join(server, 3)
    a.sendall(b"hello\n")
    hears(b, b"hello\n")
    hears(c, b"hello\n")
    b.sendall(b"and you\n")
    hears(a, b"and you\n")
    hears(c, b"and you\n")
    hears_nothing(a, b, c)


def test_bytes_are_passed_on_unchanged(server):
    start(server)
    a, b = join(server, 2)
    for line in (b"crlf\r\n", b"\n", b"\r\n", b"a\rb\r\r\n", b"nul\0in it\n",
                 b"\xff\xfe\xc3\x28 not UTF-8\n",
                 "héllo wörld ✓ 😀\n".encode(), b"\x1b[31mred\n"):
        a.sendall(line)
        hears(b, line)


def test_nothing_is_sent_to_a_connection_before_its_first_byte(server):
    start(server)
    quiet = server.connect()
    half = server.connect()
    half.sendall(b"half a li")
    a, b = join(server, 2)
    a.sendall(b"x\n")
    hears(b, b"x\n")
    assert len(members(server)) == 2
    hears_nothing(quiet, half)
    half.sendall(b"ne\n")
    hears(a, b"half a line\n")


def test_the_first_line_joins_and_is_a_message(server):
    start(server)
    a, = join(server)
    b = server.connect()
    b.sendall(b"here I am\r\n")
    hears(a, b"here I am\r\n")
    a.sendall(b"welcome\n")
    hears(b, b"welcome\n")


@pytest.mark.parametrize("empty", [b"\n", b"\r\n"])
def test_an_empty_first_line_joins_silently(server, empty):
    start(server)
    a, = join(server)
    b = server.connect()
    b.sendall(empty)
    wait_members(server, 2)
    b.sendall(b"first\n")
    hears(a, b"first\n")


def test_lines_in_pieces_are_passed_on_whole(server):
    start(server)
    a, b, c = join(server, 3)
    for byte in b"slow":
        a.sendall(bytes([byte]))
        b.sendall(b"quick\n")
        hears(c, b"quick\n")
    a.sendall(b"\nnext\n")
    hears(c, b"slow\nnext\n")


def test_a_last_line_without_its_end_gets_one(server):
    start(server)
    a, = join(server)
    b = server.connect()
    b.sendall(b"one\nno end")
    b.shutdown(socket.SHUT_WR)
    hears(a, b"one\nno end\n")
    assert read_all(b) == b""
    wait_members(server, 1)


def test_who_leaves_at_once_has_said_it_all(server):
    """As by echo message | nc."""
    start(server)
    a, = join(server)
    lines = b"".join(b"line %d\n" % i for i in range(5000))
    with connect(server.address) as b:
        b.sendall(lines)
        b.shutdown(socket.SHUT_WR)
        hears(a, lines)
        assert read_all(b) == b""


def test_a_line_of_64_kib_goes_through_whole(server):
    start(server)
    a, b, c = join(server, 3)
    longest = random.Random(1).randbytes(65536).replace(b"\n", b"x")
    for end in (b"\n", b"\r\n"):
        a.sendall(longest + end + b"short\n")
        for sock in (b, c):
            hears(sock, longest + end + b"short\n")


def test_a_line_that_is_too_long_is_refused_with_a_reason(server):
    start(server)
    a, b, c = join(server, 3)
    a.sendall(b"x" * 70000)
    assert read_all(a) == b"Line too long.\n"
    wait_members(server, 2)
    b.sendall(b"still here\n")
    hears(c, b"still here\n")
    server.wait_ledger(failed=1)


def test_a_first_line_that_is_too_long_is_refused_with_a_reason(server):
    start(server)
    a = server.connect()
    a.sendall(b"x" * 70000)
    assert read_all(a) == b"Line too long.\n"
    server.wait_ledger(failed=1)


@pytest.mark.parametrize("size", [9000, 40000, 65000])
def test_a_long_request_line_is_refused_as_http(server, size):
    """All of it had been read as a line, and was too much for HTTP's own
    buffer."""
    start(server)
    sock = server.connect()
    sock.sendall(b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"x" * size))
    assert read_all(sock).startswith(b"HTTP/1.1 414 ")


@pytest.mark.parametrize("begun", [b"GET /", b"HEAD /", b"GET http://"])
def test_a_request_line_beyond_a_line_is_refused_as_http(server, begun):
    start(server)
    sock = server.connect()
    sock.sendall(begun + b"x" * 70000)
    head, _, body = read_all(sock).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 414 ")
    assert bool(body) == (begun != b"HEAD /")


@pytest.mark.timed
@pytest.mark.parametrize("begun", [b"GET / HT", b"OPTIONS * HT", b"HEAD /",
                                   b"GET http://a/"])
def test_a_request_line_that_stops_halfway_gets_408(server, begun):
    start(server, "--request-timeout", "300ms")
    sock = server.connect()
    sock.sendall(begun)
    head, _, body = read_all(sock).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert bool(body) == (begun != b"HEAD /")
    server.wait_ledger(timed_out=1)


@pytest.mark.timed
def test_a_request_has_one_deadline_from_its_first_byte_on(server):
    """Its line is read here and its head elsewhere, and each took all of
    it."""
    start(server, "--request-timeout", "1s")
    sock = server.connect()
    sock.sendall(b"GET / HT")
    time.sleep(0.7)
    began = time.monotonic()
    sock.sendall(b"TP/1.1\r\nHo")
    assert read_all(sock).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 0.9


@pytest.mark.timed
@pytest.mark.parametrize("begun", [b"HELLO", b"I think", b"get / HT"])
def test_a_talker_has_no_deadline_for_its_line(server, begun):
    start(server, "--request-timeout", "100ms")
    [other] = join(server)
    sock = server.connect()
    sock.sendall(begun)
    time.sleep(0.5)
    sock.sendall(b" at last\n")
    hears(other, begun + b" at last\n")


@pytest.mark.parametrize("half", [b"", b"half a li", b"HELLO"])
def test_half_a_first_line_does_not_hold_up_a_stop(server, half):
    start(server, "--drain-timeout", "1h")
    [other] = join(server)
    sock = server.connect()
    sock.sendall(half)
    server.wait_ledger(active=2)
    server.send_signal(signal.SIGTERM)
    assert read_all(sock) == b"" and read_all(other) == b""
    server.close_clients()
    assert server.wait() == 0


def test_half_a_request_line_is_waited_for_at_a_stop(server):
    start(server, "--drain-timeout", "1h")
    sock = server.connect()
    sock.sendall(b"GET /nothing HT")
    server.wait_ledger(active=1)
    server.send_signal(signal.SIGTERM)
    server.wait_log("draining")
    sock.sendall(b"TP/1.1\r\nHost: x\r\n\r\n")
    head = read_all(sock)
    assert head.startswith(b"HTTP/1.1 404 ")
    assert b"\r\nConnection: close\r\n" in head
    server.close_clients()
    assert server.wait() == 0


def test_who_half_closes_gets_its_last_line_whole(server, tmp_path):
    """What its socket did not take had been dropped in the middle."""
    start(server, listen=f"unix:{tmp_path}/s")
    a, b = join(server, 2)
    c, = join(server)
    line = b"x" * 60000 + b"\n"
    sent = 0
    readers = Readers([c])
    for sent in range(1, 21):  # more than a socket's buffer, less than a ring
        a.sendall(line)
        readers.wait(sent * len(line), [c])
    readers.stop()
    b.shutdown(socket.SHUT_WR)
    got = read_all(b)
    assert got and got == line * (len(got) // len(line))


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:0", "localhost:0",
                                    "unix:s"])
def test_a_room_is_one_over_every_listener(server, listen, tmp_path):
    if "127" not in listen and "unix" not in listen and not has_ipv6():
        pytest.skip("no IPv6 on loopback")
    listen = listen.replace("unix:", f"unix:{tmp_path}/")
    start(server, listen=("127.0.0.1:0", listen))
    a, = join(server)
    others = [join(server, target=target)[0] for target in server.targets[1:]]
    a.sendall(b"to all\n")
    for sock in others:
        hears(sock, b"to all\n")
        sock.sendall(b"back\n")
        hears(a, b"back\n")


# ---- the pages ----

def test_the_page_is_served_on_the_same_port(server):
    start(server)
    page = get(server.address, "/").decode()
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    assert "\0" not in page


def test_a_look_at_the_pages_is_no_membership(server):
    start(server)
    assert members(server) == []
    a, = join(server)
    who = json.loads(get(server.address, "/who"))
    assert who["model"] == server.name
    assert len(members(server)) == 1
    hears_nothing(a)


def test_members_are_listed_with_who_serves_them(server):
    start(server)
    join(server, 2)
    one, two = members(server)
    assert set(one) == {"connection", "pid", "tid", "over", "tag"}
    assert one["tid"] != two["tid"]
    if server.name == "fork":
        assert {one["pid"], two["pid"]} <= set(server.children())
        assert one["pid"] != two["pid"]
        assert one["tid"] == one["pid"]
    else:
        assert one["pid"] == two["pid"] == server.pid
        assert one["tid"] != one["pid"]


# ---- many ----

def test_hundreds_of_members_hear_one_another(server, read_for):
    count = 60 if SANITIZER else 300
    start(server)
    socks = join(server, count)
    listed = members(server)
    assert len({entry["tid"] for entry in listed}) == count
    assert all(entry["over"] == "lines" for entry in listed)
    readers = read_for(socks)
    for i, sock in enumerate(socks):
        sock.sendall(b"%05d\n" % i)
    readers.wait((count - 1) * 6)
    wanted = {b"%05d" % i for i in range(count)}
    for i, sock in enumerate(socks):
        got = bytes(readers.got[sock]).split()
        assert len(got) == count - 1
        assert set(got) == wanted - {b"%05d" % i}


def test_a_flood_of_small_lines_drops_no_member_that_reads(server, read_for):
    """Its rate counts bytes, and small lines cost the readers more."""
    start(server)
    flooder, polite = join(server, 2)
    listeners = join(server, 8)
    readers = read_for(listeners + [polite])
    flood = b"".join(b"%d\n" % i
                     for i in range(40_000 if SANITIZER else 300_000))
    thread = threading.Thread(target=flooder.sendall, args=(flood,))
    thread.start()
    heard = b""
    for i in range(20):
        polite.sendall(b"polite %d\n" % i)
        heard += read_exactly(flooder, len(b"polite %d\n" % i))
    thread.join()
    readers.wait(len(flood) + len(heard), listeners)
    for sock in listeners:
        assert sock not in readers.ended
        lines = bytes(readers.got[sock]).splitlines(keepends=True)
        assert b"".join(line for line in lines if line[:1] != b"p") == flood
        assert b"".join(line for line in lines if line[:1] == b"p") == heard
    assert "dropped" not in server.log()


def test_a_member_is_heard_and_may_leave_while_others_never_pause(
        server, read_for):
    start(server)
    listener, quiet = join(server, 2)
    flooders = join(server, 2)
    readers = read_for([listener] + flooders)
    stop = threading.Event()

    def flood(sock):
        while not stop.is_set():
            sock.sendall(b"flood\n" * 100)

    threads = [threading.Thread(target=flood, args=(sock,))
               for sock in flooders]
    quiet_reader = read_for([quiet])
    for thread in threads:
        thread.start()
    try:
        quiet_reader.wait(RING)
        quiet.sendall(b"a word\n")
        eventually(lambda: b"a word\n" in readers.got[listener], "a word")
        quiet.shutdown(socket.SHUT_WR)
        eventually(lambda: quiet in quiet_reader.ended, "it has left")
    finally:
        stop.set()
        for thread in threads:
            thread.join()


# ---- members that do not read ----

def talk_past(server, speaker, listener, readers, size):
    """SIZE bytes from one to the other, who has to get them all."""
    line = b"%07d" + b"." * 1000 + b"\n"
    sent = bytearray()
    for i in range(size // len(line % 0)):
        sent += line % i
    before = len(readers.got[listener])
    speaker.sendall(sent)
    readers.wait(before + len(sent), [listener])
    assert readers.got[listener][before:] == sent


def resident_kib(server):
    """Memory of all its processes that is not shared."""
    total = 0
    for pid in [server.pid, *server.children()]:
        try:
            with open(f"/proc/{pid}/status") as status:
                total += sum(int(line.split()[1]) for line in status
                             if line.startswith("RssAnon"))
        except FileNotFoundError:
            pass
    return total


def test_a_client_that_does_not_read_is_dropped_with_a_reason(
        server, tmp_path, read_for):
    start(server, listen=f"unix:{tmp_path}/s")
    speaker, listener = join(server, 2)
    readers = read_for([listener, speaker])
    talk_past(server, speaker, listener, readers, RING)  # it is memory now
    stuck, = join(server)
    before = resident_kib(server)
    talk_past(server, speaker, listener, readers, RING * 5 // 4)
    server.wait_log("dropped from the room")
    assert resident_kib(server) - before < 1024 or SANITIZER
    wait_members(server, 2)
    got = read_all(stuck)
    *lines, why = got.splitlines(keepends=True)
    # Whole lines up to some point; the reason, if its last one was read in
    # time, and never a part of it in the middle of a line.
    assert all(int(line[:7]) == i for i, line in enumerate(lines))
    server.wait_ledger(failed=1)
    speaker.sendall(b"still here\n")
    eventually(lambda: readers.got[listener].endswith(b"still here\n"),
               "the others go on")


@pytest.mark.timed
def test_who_was_slow_and_reads_again_is_told_why_it_is_dropped(
        server, tmp_path, read_for):
    start(server, listen=f"unix:{tmp_path}/s")
    speaker, listener = join(server, 2)
    stuck, = join(server)
    readers = read_for([listener, speaker])

    def read_late():
        server.wait_log("dropped from the room")
        return read_all(stuck)

    result = []
    thread = threading.Thread(target=lambda: result.append(read_late()))
    thread.start()
    talk_past(server, speaker, listener, readers, RING * 5 // 4)
    thread.join()
    lines = result[0].splitlines(keepends=True)
    assert all(int(line[:7]) == i and len(line) == 1008
               for i, line in enumerate(lines[:-1]))
    assert lines[-1] == b"Too slow for this room: messages were lost.\n"


def test_a_stopped_worker_harms_nobody_and_is_dropped(fork_server, read_for):
    server = start(fork_server)
    speaker, listener = join(server, 2)
    stuck, = join(server)
    pid = member_of(server, stuck)["pid"]
    readers = read_for([listener, speaker])
    os.kill(pid, signal.SIGSTOP)
    try:
        talk_past(server, speaker, listener, readers, RING * 5 // 4)
    finally:
        os.kill(pid, signal.SIGCONT)
    server.wait_log("dropped from the room")
    assert read_all(stuck).endswith(
        b"Too slow for this room: messages were lost.\n")
    wait_members(server, 2)


def test_a_slow_member_costs_no_cpu_while_it_waits(server, tmp_path):
    start(server, listen=f"unix:{tmp_path}/s")
    speaker, listener = join(server, 2)
    stuck, = join(server)
    readers = Readers([listener])
    talk_past(server, speaker, listener, readers, RING // 2)
    readers.stop()

    def used():
        return sum(cpu_of(pid) for pid in [server.pid, *server.children()])
    before = used()
    time.sleep(1)
    assert used() - before < 0.3


def cpu_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0  # a child that has ended
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# ---- members that are killed ----

def test_a_killed_member_leaves_the_room_at_once(fork_server):
    server = start(fork_server)
    a, b = join(server, 2)
    c, = join(server)
    entry = member_of(server, c)
    os.kill(entry["pid"], signal.SIGKILL)
    eventually(lambda: entry not in members(server), "it has left")
    assert len(members(server)) == 2
    a.sendall(b"still here\n")
    hears(b, b"still here\n")
    server.wait_ledger(crashed=1)


@pytest.mark.timed
@release_only  # with a sanitizer the room is too slow for its own limits
def test_many_who_flood_do_not_shut_up_the_room(server):
    """Each of them within its rights: one long line. Who says little does
    not wait for theirs."""
    server = start(server)
    speaker, listener = join(server, 2)
    floods = join(server, 150)
    in_parallel(lambda sock: sock.sendall(b"x" * 65000), floods)
    for sock in floods:
        sock.sendall(b"\n")
    speaker.sendall(b"hello\n")
    heard = b""
    while b"hello\n" not in heard:
        piece = listener.recv(1 << 20)
        assert piece
        heard += piece
    assert len(heard) < 5_000_000


def test_many_killed_while_they_talk_stop_nobody(fork_server, read_for):
    """Some of them inside the lock."""
    server = start(fork_server)
    speaker, *listeners = join(server, 3)
    readers = read_for(listeners + [speaker])
    rand = random.Random(9)
    stop = threading.Event()

    def babble(sock):
        """Speaks and never reads more than it has to."""
        sock.setblocking(False)
        data = b"babble\n" * 50
        while not stop.is_set():
            ready = select.select([sock], [sock], [], 0.05)
            try:
                if ready[0] and not sock.recv(1 << 18):
                    return
                if ready[1]:
                    # Not at the rate's limit, so that it is often inside.
                    at = sock.send(data)
                    data = data[at:] or b"babble\n" * 50
                    time.sleep(0.001)
            except BlockingIOError:
                pass
            except OSError:
                return

    threads = []
    crashed = 0
    sent = []
    try:
        for round_ in range(12):
            socks = join(server, 4)
            entries = sorted(members(server), key=lambda e: e["connection"])
            for sock in socks:
                threads.append(threading.Thread(target=babble, args=(sock,)))
                threads[-1].start()
            for entry in entries[-4:]:
                time.sleep(rand.random() * 0.01)
                os.kill(entry["pid"], signal.SIGKILL)
                crashed += 1
                sent.append(b"speaker %d" % crashed)
                speaker.sendall(sent[-1] + b"\n")
            gone = {entry["pid"] for entry in entries[-4:]}
            eventually(lambda: not gone & {e["pid"] for e in members(server)},
                       "the killed have left")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    speaker.sendall(b"the end\n")
    for sock in listeners:
        eventually(lambda: readers.got[sock].endswith(b"the end\n"), "the end")
        lines = bytes(readers.got[sock]).split(b"\n")[:-2]
        assert set(lines) - set(sent) <= {b"babble"}
        assert [line for line in lines if line.startswith(b"s")] == sent
    wait_members(server, 3)
    server.wait_ledger(crashed=crashed)
    eventually(lambda: not server.zombies(), "the dead are buried")


# ---- the end ----

def test_a_stop_sends_the_members_home(server):
    """After all that was said."""
    start(server)
    speaker, first, *others = join(server, 30)
    speaker.sendall(b"last words\n")
    hears(first, b"last words\n")
    server.send_signal(signal.SIGTERM)
    for sock in others:
        assert read_all(sock) == b"last words\n"
    assert read_all(speaker) == read_all(first) == b""
    assert server.wait() == 0


@pytest.mark.timed
def test_a_room_in_which_nobody_speaks_closes(server):
    start(server, "--idle-timeout", "400ms")
    sock, = join(server)
    assert read_all(sock) == b""
    wait_members(server, 0)
    server.wait_ledger(timed_out=1)


@pytest.mark.timed
def test_who_listens_to_others_is_not_idle(server, read_for):
    start(server, "--idle-timeout", "500ms")
    a, b = join(server, 2)
    end = time.monotonic() + 1.2
    while time.monotonic() < end:
        a.sendall(b"tick\n")
        hears(b, b"tick\n")
        time.sleep(0.05)
    assert len(members(server)) == 2


def test_nothing_is_left_of_members(server):
    start(server)
    for _ in range(3):
        for sock in join(server, 10):
            sock.sendall(b"x" * 5000 + b"\n")
            sock.close()
        wait_members(server, 0)
    server.back_to_start()


# ---- real clients ----

CLIENTS = [("nc", ["nc", "{host}", "{port}"]),
           ("ncat", ["ncat", "{host}", "{port}"]),
           ("socat", ["socat", "-", "TCP:{host}:{port}"])]


@pytest.mark.parametrize("name,command", [
    pytest.param(name, command, id=name, marks=needs(name))
    for name, command in CLIENTS])
def test_real_clients_talk_with_one_another(server, name, command):
    start(server)
    host, port = parse_target(server.address)[1]
    command = [word.format(host=host, port=port) for word in command]
    programs = [subprocess.Popen(command, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, bufsize=0)
                for _ in range(2)]
    try:
        for program in programs:
            program.stdin.write(b"\n")
        wait_members(server, 2)
        programs[0].stdin.write(b"hello\n")
        assert programs[1].stdout.readline() == b"hello\n"
        programs[1].stdin.write(b"hello yourself\n")
        assert programs[0].stdout.readline() == b"hello yourself\n"
    finally:
        for program in programs:
            program.kill()
            program.communicate()


# ---- a full room ----

FULL = b"Server full, please try again later.\n"


@pytest.fixture
def full_room(server):
    """It has one place, and who is in it."""
    start(server, "-m", 1, "--when-full", "refuse")
    server.connect().sendall(b"\n")
    server.wait_ledger(active=1)
    return server


@pytest.mark.timed
@pytest.mark.parametrize("line", [b"let me in\n", b"\n", b"GET out\n",
                                  b"GET /in\r\n"])
def test_who_talks_in_lines_is_refused_in_lines(full_room, line):
    with connect(full_room.address) as sock:
        sock.sendall(line)
        assert read_all(sock) == FULL


@pytest.mark.timed
@pytest.mark.parametrize("piece", [1, 1000])
def test_who_speaks_http_is_refused_in_http(full_room, piece):
    with connect(full_room.address) as sock:
        for byte in range(0, 35, piece):
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                         [byte:byte + piece])
        head, _, body = read_all(sock).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ") and body
    assert b"Content-Length: %d" % len(body) in head


def test_nothing_is_sent_to_a_refused_client_before_its_first_byte(full_room):
    began = time.monotonic()
    with connect(full_room.address) as sock:
        assert read_all(sock) == b""
    assert time.monotonic() - began > 0.9
    full_room.wait_ledger(refused=1, active=1)


@pytest.mark.timed
def test_many_that_are_refused_at_once_are_told_in_their_protocol(full_room):
    full_room.send_signal(signal.SIGSTOP)
    socks = [full_room.connect() for _ in range(100)]
    for sock in socks[::2]:
        sock.sendall(b"hello\n")
    for sock in socks[1::2]:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    full_room.send_signal(signal.SIGCONT)
    for sock in socks[::2]:
        assert read_all(sock) == FULL
    for sock in socks[1::2]:
        assert read_all(sock).startswith(b"HTTP/1.1 503 ")


# ---- over TLS ----

@needs("openssl")
@needs_full
def test_members_over_tls_talk_both_ways_at_once(server, files):
    start(server, *files.options())
    a, b = (shake(server, trusting(files)) for _ in range(2))
    b.sendall(b"\n")
    heard = b""
    b.settimeout(0.1)
    while not heard:
        a.sendall(b"are you there?\n")
        try:
            heard += b.recv(65536)
        except TimeoutError:
            pass
    b.settimeout(DEADLINE)
    a.sendall(b"then hear this\n")
    while not heard.endswith(b"then hear this\n"):
        heard += b.recv(65536)
    # More than its socket takes: it is heard all the same.
    lines = b"".join(b"%04d%s\n" % (i, b"x" * 5000) for i in range(300))
    a.sendall(lines)
    b.sendall(b"I am busy\n")
    hears(a, b"I am busy\n")
    hears(b, lines)


# ---- one that stands still ----

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WAIT_FOR_ANY = 0x40000000  # __WALL: for a thread that is not our child


class Standstill:
    """Stops a worker alone, at whatever instruction it is: a child by SIGSTOP,
    a thread as a debugger does."""

    def __init__(self, server):
        self.by_signal = server.name == "fork"
        self.libc = ctypes.CDLL(None, use_errno=True)

    def _ptrace(self, request, tid):
        if self.libc.ptrace(request, tid, None, None) < 0:
            pytest.skip(f"ptrace: {os.strerror(ctypes.get_errno())}")

    def begin(self, tid):
        if self.by_signal:
            os.kill(tid, signal.SIGSTOP)
            eventually(lambda: proc_stat(tid)[0] == "T", "it stands still")
            return
        self._ptrace(PTRACE_SEIZE, tid)
        self._ptrace(PTRACE_INTERRUPT, tid)
        os.waitpid(tid, WAIT_FOR_ANY)

    def end(self, tid):
        if self.by_signal:
            os.kill(tid, signal.SIGCONT)
        else:
            self._ptrace(PTRACE_DETACH, tid)


def flood_until_closed(sock):
    try:
        while True:
            sock.sendall(b"flood\n" * 1000)
    except OSError:
        pass


@pytest.mark.timed
def test_who_floods_and_is_stopped_in_the_midst_of_it_stops_nobody_else(
        server, read_for):
    """It may have begun a message, or be about to wake somebody."""
    if SANITIZER == "tsan" and server.name == "thread":
        pytest.skip("the sanitizer's atomics have locks")
    start(server)
    talker, listener = join(server, 2)
    known = {entry["tid"] for entry in members(server)}
    floods = join(server, 3)
    tids = [entry["tid"] for entry in members(server)
            if entry["tid"] not in known]
    readers = read_for([talker, listener, *floods])
    threads = [threading.Thread(target=flood_until_closed, args=(sock,))
               for sock in floods]
    for thread in threads:
        thread.start()
    standstill = Standstill(server)
    seed = random.Random(1)
    longest = 0
    for i in range(120):
        time.sleep(seed.uniform(0, 0.01))
        tid = seed.choice(tids)
        standstill.begin(tid)
        begin = time.monotonic()
        word = b"\nword %d\n" % i
        talker.sendall(word[1:])
        eventually(lambda: word in readers.got[listener], word)
        longest = max(longest, time.monotonic() - begin)
        standstill.end(tid)
        del readers.got[listener][:-100]
    for sock in floods:
        sock.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()
    assert longest < 5


@pytest.mark.timed
def test_a_member_that_does_not_read_slows_nobody_else(server, read_for):
    """It is dropped when the room has gone on without it for too long; until
    then the others talk as fast as without it."""
    start(server)
    still = socket.socket()
    still.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    still.connect(parse_target(server.address)[1])
    server.sockets.append(still)
    still.sendall(b"\n")
    wait_members(server, 1)
    talker, listener = join(server, 2)
    readers = read_for([talker, listener])
    lines = b"".join(b"%0999d\n" % i for i in range(8 * 1024))
    begin = time.monotonic()
    talker.sendall(lines)
    readers.wait(len(lines), [listener])
    # Two seconds at the room's rate; 8 and more for who is waited for.
    assert time.monotonic() - begin < 7
    assert readers.got[listener] == lines
    wait_members(server, 2)
