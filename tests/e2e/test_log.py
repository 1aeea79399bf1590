# SPDX-License-Identifier: MIT
"""The log: whole lines, nothing that drives a terminal, never in the way."""
import ctypes
import fcntl
import os
import re
import resource
import signal
import socket
import sys
import time
import unicodedata

import pytest

from harness import connect, echo, eventually, exchange

HOSTILE = b"\x1b[31mred\n\r\t\x07\x7f\x01"


def log_bytes(server):
    return (server.directory / "stderr").read_bytes()


def from_path(server, tmp_path, name):
    """A unix client that is bound to a path of its own choice, which is gone
    before anybody else has to print it."""
    server.start("-v", listen=f"unix:{tmp_path}/s")
    sock = socket.socket(socket.AF_UNIX)
    server.sockets.append(sock)
    before = os.getcwd()
    os.chdir(tmp_path)
    bind_unix(sock, name)
    if name[0]:
        os.unlink(name)
    os.chdir(before)
    sock.connect(str(tmp_path / "s"))
    sock.settimeout(20)
    echo(sock)
    sock.close()
    server.wait_ledger(served=1)


def bind_unix(sock, name):
    """bind(2) itself, because Python wants room for a NUL."""
    address = socket.AF_UNIX.to_bytes(2, sys.byteorder) + name
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.bind(sock.fileno(), address, len(address)) == 0, \
        os.strerror(ctypes.get_errno())


def test_a_clients_name_cannot_forge_a_line(server, tmp_path):
    from_path(server, tmp_path, HOSTILE)
    text = log_bytes(server)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", text)
    assert rb"\x1b[31mred\x0a\x0d\x09\x07\x7f\x01" in text
    assert_lines(text)


def test_a_clients_name_of_full_length_is_logged_to_its_end(server, tmp_path):
    from_path(server, tmp_path, b"\n" * 108)
    assert rb"\x0a" * 108 + b" served" in log_bytes(server)


@pytest.mark.parametrize("name", ["\u009b31m".encode(), b"\x9b31m\x85\xff"],
                         ids=["C1 in UTF-8", "C1 raw"])
def test_a_clients_name_cannot_drive_a_terminal(server, tmp_path, name):
    """U+009B is a terminal's other way to begin a control sequence."""
    from_path(server, tmp_path, name)
    text = log_bytes(server).decode()  # and it is UTF-8
    assert not [c for c in text.replace("\n", "")
                if unicodedata.category(c) == "Cc"]


def test_an_abstract_name_is_no_path(server, tmp_path):
    from_path(server, tmp_path, b"\0perconn-test-%d" % os.getpid())
    assert_lines(log_bytes(server))


def test_a_hostile_listen_path_is_escaped(server, tmp_path):
    server.start(listen="unix:\x1b[31m")
    assert rb"listening on unix:\x1b[31m" in log_bytes(server)


def assert_lines(text):
    for line in text.splitlines():
        assert re.match(
            rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z server_\w+\[\d+\] \S",
            line), line


def test_every_line_has_time_program_and_process(server):
    server.start("-v")
    for i in range(20):
        with connect(server.address) as sock:
            echo(sock)
    server.wait_ledger(served=20)
    assert_lines(log_bytes(server))


def test_verbose_logs_each_connection_with_its_number(server):
    server.start("-v")
    for _ in range(10):
        exchange(server.connect(), b"hi")
    server.wait_ledger(served=10)
    numbers = re.findall(r"connection (\d+) from 127\.0\.0\.1:\d+ served",
                         server.log())
    assert sorted(map(int, numbers)) == list(range(1, 11))


def test_quiet_logs_no_more_than_it_must(server):
    server.start("-q")
    echo(server.connect())
    assert len(server.log().splitlines()) == 1
    assert server.stop() == 0
    assert "connection" not in server.log()


def test_an_overload_does_not_flood_the_log(server):
    server.start("-m", 500, "--when-full", "refuse")
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (40, 40))
    began = time.monotonic()
    for _ in range(200):
        server.connect()
    server.wait_ledger(accepted=200)
    lines = server.log().count("warning: ")
    assert lines <= 4 + 2 * (time.monotonic() - began)


# ---- a log that cannot be written ----

def test_a_full_disk_is_not_the_servers_fault(server):
    with open("/dev/full", "wb") as full:
        server.start("-v", stderr=full)
    for _ in range(10):
        with connect(server.address) as sock:
            echo(sock)
    assert server.stop() == 0


def test_a_log_whose_reader_leaves_is_not_the_servers_fault(server):
    read_end, write_end = os.pipe()
    server.start("-v", stderr=write_end)
    os.close(write_end)
    os.close(read_end)
    for _ in range(10):
        with connect(server.address) as sock:
            echo(sock)
    assert server.stop() == 0


def test_a_log_that_nobody_reads_from_the_start_is_no_reason_to_die(server):
    read_end, write_end = os.pipe()
    os.close(read_end)
    server.start(stderr=write_end)
    os.close(write_end)
    echo(server.connect())


def test_a_log_whose_reader_has_stopped_holds_up_nobody(server):
    """log.h: a log that cannot be written is dropped; it never blocks."""
    read_end, write_end = os.pipe()
    server.start("-v", stderr=write_end)
    fill(write_end)
    os.close(write_end)
    sock = server.connect()
    try:
        server.send_signal(signal.SIGUSR1)  # a line that finds no room
        server.send_signal(signal.SIGUSR1)
        echo(sock)
        with connect(server.address) as other:
            echo(other)
        server.send_signal(signal.SIGTERM)
        server.close_clients()
        eventually(lambda: not server.is_alive(), "it stops")
    finally:
        os.close(read_end)


def fill(pipe):
    """Through a description of our own: O_NONBLOCK belongs to that."""
    own = os.open(f"/proc/self/fd/{pipe}", os.O_WRONLY | os.O_NONBLOCK)
    fcntl.fcntl(own, fcntl.F_SETPIPE_SZ, 4096)
    try:
        while True:
            os.write(own, b"x")
    except BlockingIOError:
        pass
    os.close(own)
