# SPDX-License-Identifier: MIT
"""--trace FILE of both servers: every worker's life, also after its death."""
import os
import resource
import signal
import socket
import ssl
import struct
import threading

import pytest

from harness import (descriptors, echo, needs_full, parse_target, read_all,
                     read_exactly, reset)
from test_isolation import scribble
from test_workers import NO_HANDLER
from trace_file import Trace

LIFE = ["accept", "spawn", "start", "first_byte", "last_byte", "end", "reap"]
LOCK = ["lock_wait", "lock_held", "lock_released"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trace"


def served(server, path, count=1):
    """What a run leaves in which COUNT clients had an echo one by one."""
    for number in range(1, count + 1):
        with server.connect() as sock:
            echo(sock)
        server.wait_ledger(served=number, active=0)
    assert server.stop() == 0
    return Trace(path)


# ---- what is recorded ----

def test_a_connection_leaves_its_life_in_order(server, path):
    server.start("--trace", path)
    with server.connect() as sock:
        echo(sock)
        port = sock.getsockname()[1]
    server.wait_ledger(served=1)
    assert server.stop() == 0
    trace = Trace(path)
    assert trace.kinds(1) == LIFE
    assert trace.only("accept", 1).value == port
    assert trace.only("end", 1).value == trace.only("reap", 1).value == 0
    spawn, start = trace.only("spawn", 1), trace.only("start", 1)
    assert spawn.time < start.time
    assert 0 < spawn.value < trace.only("reap", 1).time - spawn.time
    assert [(one.kind, one.value) for one in trace.of(0)] == [
        ("stop", signal.SIGTERM), ("exit", 0)]
    assert not trace.gone and not trace.missing


def test_the_file_names_the_server_and_its_process(server, path):
    server.start("--trace", path)
    pid = server.pid
    trace = served(server, path)
    assert (trace.program, trace.model) == (f"server_{server.name}", server.name)
    assert trace.pid == pid


def test_each_event_names_the_process_and_thread_that_recorded_it(server, path):
    server.start("--trace", path)
    pid = server.pid
    server.connected(3)
    tasks = {int(task) for task in os.listdir(f"/proc/{pid}/task")} - {pid}
    workers = {(child, child) for child in server.children()} or \
        {(pid, task) for task in tasks}
    server.close_clients()
    server.wait_ledger(served=3)
    server.stop()
    trace = Trace(path)
    starts = [(one.pid, one.tid) for one in trace.only("start")]
    assert len(set(starts)) == 3
    assert set(starts) <= workers
    for kind in ("first_byte", "last_byte", "end"):
        assert sorted((one.pid, one.tid) for one in trace.only(kind)) == \
            sorted(starts)
    for kind in ("accept", "spawn", "reap", "stop", "exit"):
        assert {(one.pid, one.tid) for one in trace.only(kind)} == {(pid, pid)}


def test_connections_have_the_numbers_of_the_log(server, path):
    server.start("-v", "--trace", path)
    trace = served(server, path, 3)
    for number in (1, 2, 3):
        assert trace.kinds(number) == LIFE
        port = trace.only("accept", number).value
        assert f"connection {number} from 127.0.0.1:{port} served" in \
            server.log()


def test_each_wait_for_the_shared_lock_is_there(server, path):
    server.start("-s", "counter", "--trace", path)
    with server.connect() as sock:
        for number in (b"1\n", b"2\n"):
            sock.sendall(b"\n")
            assert read_exactly(sock, 2) == number
    server.wait_ledger(served=1)
    server.stop()
    assert Trace(path).kinds(1) == LIFE[:4] + LOCK + LOCK + LIFE[4:]


def test_no_two_workers_hold_the_lock_at_once(server, path):
    server.start("-s", "counter", "--trace", path)
    socks = [server.connect() for _ in range(4)]

    def count(sock):
        for _ in range(100):
            sock.sendall(b"\n")
            assert sock.recv(100)

    threads = [threading.Thread(target=count, args=(sock,)) for sock in socks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.close_clients()
    server.wait_ledger(served=4)
    server.stop()
    trace = Trace(path)
    locks = [one for one in trace.events
             if one.kind in ("lock_held", "lock_released")]
    # On a busy machine a worker may wait in vain, and counts without it.
    assert len(locks) == 800 - 2 * len(trace.only("lock_gave_up"))
    for held, released in zip(locks[::2], locks[1::2]):
        assert (held.kind, released.kind) == ("lock_held", "lock_released")
        assert held.connection == released.connection


def test_the_ends_of_connections_tell_their_outcome(server, path):
    server.start("-s", "counter", "--request-timeout", "50ms", "--trace", path)
    sock = server.connect()
    sock.sendall(b"not a whole line")
    assert read_all(sock) == b""
    server.wait_ledger(timed_out=1)
    sock = server.connect()
    sock.sendall(b"\n")
    assert read_exactly(sock, 2) == b"1\n"
    reset(sock)
    server.wait_ledger(failed=1)
    server.stop()
    trace = Trace(path)
    assert [trace.only("end", number).value for number in (1, 2)] == [1, 2]
    assert [trace.only("reap", number).value for number in (1, 2)] == [1, 2]


def test_a_connection_without_a_byte_has_neither_first_nor_last(server, path):
    server.start("--trace", path)
    server.connect().close()
    server.wait_ledger(served=1)
    server.stop()
    assert Trace(path).kinds(1) == ["accept", "spawn", "start", "end", "reap"]


def test_the_last_byte_has_the_time_when_it_moved(server, path):
    """Not that of the client's end, which may come much later."""
    server.start("--idle-timeout", "300ms", "--trace", path)
    sock = server.connect()
    echo(sock)
    assert read_all(sock) == b""
    server.wait_ledger(timed_out=1)
    server.stop()
    trace = Trace(path)
    assert trace.only("end", 1).time - trace.only("last_byte", 1).time >= 250e6


def test_refused_clients_are_there(server, path):
    server.start("-m", 1, "--when-full", "refuse", "--trace", path)
    server.connected(1)
    for _ in range(2):
        read_all(server.connect())
    server.wait_ledger(refused=2)
    server.stop()
    refused = Trace(path).only("refused")
    assert [(one.connection, one.value) for one in refused] == [(0, 0)] * 2


def test_one_address_with_too_many_connections_is_told(server, path):
    server.start("--max-per-source", 1, "--trace", path)
    echo(server.connect())
    read_all(server.connect())
    server.wait_ledger(refused=1)
    server.stop()
    one, = Trace(path).only("refused")
    assert (one.connection, one.value) == (0, 1)


def test_a_stop_that_cuts_tells_which_workers(server, path):
    server.start("--drain-timeout", "50ms", "--trace", path)
    server.connected(2)
    server.expected_exit = 1
    server.send_signal(signal.SIGTERM)
    assert server.wait() == 1
    trace = Trace(path)
    stop, = trace.only("stop")
    cuts = trace.only("cut")
    assert {one.connection for one in cuts} == {1, 2}
    assert all(one.time - stop.time >= 50e6 for one in cuts)
    assert trace.only("exit", 0).value == 1
    assert [one.value % 256 for one in trace.only("reap")] == [2, 2]


# ---- every kind of connection ----

def test_each_datagram_is_a_connection(server, path):
    server.start("--trace", path, listen="udp:127.0.0.1:0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(60)
        client.connect(parse_target(server.address.removeprefix("udp:"))[1])
        for data in (b"one", b"two"):
            client.send(data)
            assert client.recv(100) == data
        port = client.getsockname()[1]
    server.wait_ledger(served=2)
    server.stop()
    trace = Trace(path)
    for number in (1, 2):
        assert trace.kinds(number) == LIFE
        assert trace.only("accept", number).value == port


def test_unix_sockets_have_no_port(server, path, tmp_path):
    server.start("--trace", path, listen=f"unix:{tmp_path}/s")
    trace = served(server, path)
    assert trace.kinds(1) == LIFE
    assert trace.only("accept", 1).value == 0


@needs_full
def test_over_tls_bytes_are_those_of_the_service(server, path, files):
    server.start("--tls-cert", files.cert("server"), "--tls-key",
                 files.key("server"), "--trace", path)
    context = ssl.create_default_context(cafile=files.cert("ca"))
    with context.wrap_socket(server.connect(),
                             server_hostname="localhost") as sock:
        echo(sock)
        sock.unwrap()
    server.wait_ledger(served=1)
    server.stop()
    trace = Trace(path)
    assert trace.kinds(1) == LIFE
    assert trace.program == f"server_{server.name}"


@pytest.mark.parametrize("service", ["chat", "http", "hello", "sleep:1ms"])
def test_every_service_is_covered(server, path, service):
    server.start("-s", service, "--trace", path)
    sock = server.connect()
    sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert sock.recv(1)
    sock.shutdown(socket.SHUT_WR)
    read_all(sock)
    server.wait_ledger(served=1)
    server.stop()
    assert Trace(path).kinds(1) == LIFE


def test_the_third_model_is_covered(inline_server, path):
    inline_server.start("--trace", path)
    assert served(inline_server, path).kinds(1) == [
        "accept", "spawn", "start", "first_byte", "last_byte", "end", "reap"]


# ---- deaths ----

def test_a_killed_child_leaves_its_events_and_the_parent_its_death(
        fork_server, path):
    fork_server.start("--trace", path)
    echo(fork_server.connect())
    child, = fork_server.children()
    os.kill(child, signal.SIGKILL)
    fork_server.wait_ledger(crashed=1)
    fork_server.stop()
    trace = Trace(path)
    assert trace.kinds(1) == ["accept", "spawn", "start", "first_byte", "reap"]
    assert trace.only("first_byte", 1).pid == child
    reap = trace.only("reap", 1)
    assert reap.pid == fork_server.pid
    assert reap.value == 3 + 256 * signal.SIGKILL


def test_a_child_that_the_server_kills_is_cut_and_failed(fork_server, path):
    fork_server.start("--drain-timeout", "20ms", "--trace", path)
    fork_server.connected(1)
    fork_server.expected_exit = 1
    fork_server.send_signal(signal.SIGTERM)
    fork_server.wait()
    trace = Trace(path)
    assert trace.kinds(1)[-2:] == ["cut", "reap"]
    assert trace.only("reap", 1).value == 2 + 256 * signal.SIGKILL


def test_a_killed_server_leaves_what_it_recorded(server, path):
    server.start("--trace", path)
    server.connected(2)
    server.expected_exit = -signal.SIGKILL
    server.process.kill()
    server.wait()
    trace = Trace(path)
    for number in (1, 2):
        assert trace.kinds(number)[:4] == LIFE[:4]
        assert "reap" not in trace.kinds(number)
    assert not trace.only("exit")
    assert not trace.missing


@pytest.mark.parametrize("pattern", [b"\xff", b"\0", struct.pack("<I", 1)])
def test_a_child_that_overwrites_the_trace_harms_no_other(
        fork_server, path, pattern):
    fork_server.start("--trace", path)
    fork_server.connected(2)
    scribble(fork_server.children()[0], pattern)
    fork_server.close_clients()
    fork_server.connected(1)
    fork_server.close_clients()
    fork_server.wait_ledger(served=3, active=0)


# ---- the ring ----

def test_a_full_ring_keeps_the_newest_and_tells_how_many_went(server, path):
    server.start("-s", "counter", "--trace", path)
    count = 22_000  # requests of three events each
    sock = server.connect()
    writer = threading.Thread(target=sock.sendall, args=(b"\n" * count,))
    writer.start()
    with sock.makefile("rb") as answers:
        for _ in range(count):
            last = answers.readline()
    writer.join()
    assert int(last) == count
    sock.close()
    server.wait_ledger(served=1)
    server.stop()
    trace = Trace(path)
    assert trace.next == 3 * count + len(LIFE) + 2
    assert trace.gone == trace.next - trace.capacity > 0
    assert len(trace.events) == trace.capacity
    assert trace.kinds(1)[-3:] == ["last_byte", "end", "reap"]
    assert not trace.only("start")
    assert (f"trace {path}: full; the oldest {trace.gone} events were "
            "overwritten") in server.log()


# ---- the file ----

def test_without_the_option_there_is_no_file(server, tmp_path):
    server.start()
    before = set(tmp_path.iterdir())
    echo(server.connect())
    server.close_clients()
    server.wait_ledger(served=1)
    assert set(tmp_path.iterdir()) == before


def test_the_file_is_mapped_and_not_kept_open(server, path):
    server.start("--trace", path)
    echo(server.connect())
    for pid in [server.pid, *server.children()]:
        assert str(path) not in descriptors(pid).values()


def test_its_size_is_told_by_verbose(server, path):
    server.start("-v", "--trace", path)
    assert f"trace {path}: room for 65536 events, 4 MiB" in server.log()
    assert path.stat().st_size == 4096 + 65536 * 64


def test_an_older_file_is_replaced_and_its_server_goes_on(server, path):
    server.start("--trace", path)
    other = server.another()
    other.start("--trace", path)
    with server.connect() as sock:
        echo(sock)
    server.wait_ledger(served=1)
    assert not Trace(path).only("accept")
    assert Trace(path).pid == other.pid
    assert [name.name for name in path.parent.glob("trace*")] == ["trace"]


def test_a_file_that_another_program_cuts_ends_no_worker(server, path):
    server.start("--trace", path)
    with server.connect() as before:
        echo(before)
        os.truncate(path, 0)
        echo(before)
        for _ in range(3):
            echo(server.connect())
    server.close_clients()
    server.wait_ledger(served=4, crashed=0, active=0)
    server.stop()
    assert (f"trace {path}: another program cut this file, or the disk failed; "
            "later events are lost") in server.log()
    assert path.stat().st_size == 0


def test_a_bus_error_of_another_cause_is_one(fork_server, path):
    fork_server.start("--trace", path, env=NO_HANDLER)
    fork_server.connected(1)
    os.kill(fork_server.children()[0], signal.SIGBUS)
    fork_server.wait_ledger(crashed=1)
    fork_server.close_clients()


def assert_fails(done, status, words):
    assert done.returncode == status
    assert b"listening" not in done.stderr
    line, = [one for one in done.stderr.decode().splitlines()
             if "--trace" in one]
    assert words in line


@pytest.mark.parametrize("make, words", [
    (lambda path: path.mkdir(), "not a regular file"),
    (os.mkfifo, "not a regular file"),
    (lambda path: path.symlink_to("/dev/null"), "not a regular file"),
    (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
], ids=["folder", "fifo", "device", "circle"])
def test_what_is_no_file_is_told_before_it_listens(server, path, make, words):
    make(path)
    assert_fails(server.run("-l", "127.0.0.1:0", "--trace", path), 1, words)
    assert not path.is_file()


def test_a_link_stays_a_link(server, path):
    (path.parent / "there").touch()
    path.symlink_to("there")
    server.start("--trace", path)
    assert path.is_symlink() and Trace(path).pid == server.pid


@pytest.mark.parametrize("name, words", [
    ("nowhere/trace", "No such file or directory"),
    ("stderr/trace", "Not a directory"),
    ("x" * 300, "File name too long")])
def test_a_name_that_cannot_be_is_told_before_it_listens(
        server, tmp_path, name, words):
    (tmp_path / "stderr").touch()
    assert_fails(server.run("-l", "127.0.0.1:0", "--trace", name, cwd=tmp_path),
                 1, words)


def test_standard_output_cannot_be_mapped(server):
    assert_fails(server.run("--trace", "-"), 2,
                 "--trace -: must be a file, because it is mapped")


def test_the_ledger_is_another_file(server, path):
    """At its end, the server would replace the trace by it."""
    (path.parent / "link").symlink_to(path)
    for ledger in (path, path.parent / "link"):
        done = server.run("-l", "127.0.0.1:0", "--trace", path, "--ledger",
                          ledger)
        assert_fails(done, 2, "--trace writes this file; name another one")
        assert not path.exists()


def test_a_file_that_may_not_be_written_stays(server, path):
    uid = server.for_a_stranger()
    path = server.public / "trace"
    path.write_text("older")
    path.chmod(0o444)
    if os.geteuid() != 0:
        uid = None
    done = server.run("-l", "127.0.0.1:0", "--trace", path, user=uid)
    assert_fails(done, 1, "Permission denied")
    assert path.read_text() == "older"


def test_a_full_disk_is_told_before_it_listens_and_leaves_the_older(
        server, path):
    """Here the limit of file sizes is the disk's end."""
    path.write_text("older")
    done = server.run(
        "-l", "127.0.0.1:0", "--trace", path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                              (1 << 20, 1 << 20)))
    assert_fails(done, 1, "File too large")
    assert path.read_text() == "older"
    assert [one.name for one in path.parent.glob("trace*")] == ["trace"]
