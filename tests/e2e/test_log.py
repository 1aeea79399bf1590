# SPDX-License-Identifier: MIT
"""The log: whole lines, nothing that drives a terminal, never in the way."""
import ctypes
import fcntl
import os
import pty
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time
import unicodedata

import pytest

from harness import (
    BIN, connect, descriptors, echo, eventually, every_process, exchange,
    needs_root, release_only, with_signals)

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
    sock.settimeout(60)
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


# ---- a terminal ----

def told_and_told(server):
    """More lines than any terminal takes unread, and it serves on."""
    sock = server.connect()
    for _ in range(300):
        server.send_signal(signal.SIGUSR1)
        echo(sock)
    with connect(server.address) as other:
        echo(other)


def assert_stops(server):
    server.send_signal(signal.SIGTERM)
    server.close_clients()
    eventually(lambda: not server.is_alive(), "it stops")


@pytest.fixture
def terminal():
    """(master, slave)."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            pass  # hung up by the test


def test_a_terminal_that_nobody_reads_does_not_hold_up_the_server(
        server, terminal):
    server.start("-v", stderr=terminal[1])
    told_and_told(server)
    assert_stops(server)


def test_a_terminal_stopped_by_ctrl_s_does_not_hold_up_the_server(
        server, terminal):
    server.start("-v", stderr=terminal[1])
    termios.tcflow(terminal[1], termios.TCOOFF)
    told_and_told(server)
    assert_stops(server)


def test_the_log_goes_on_when_the_terminal_does_and_says_what_was_lost(
        server, terminal):
    server.start("-v", stderr=terminal[1])
    termios.tcflow(terminal[1], termios.TCOOFF)
    told_and_told(server)
    termios.tcflow(terminal[1], termios.TCOON)
    os.set_blocking(terminal[0], False)
    text = b""

    def said():
        nonlocal text
        server.send_signal(signal.SIGUSR1)
        try:
            text += os.read(terminal[0], 65536)
        except BlockingIOError:
            pass
        return re.search(rb"\((\d+) lines before this were lost\)", text)
    eventually(said, "the terminal is told")
    # What was cut off ends there.
    for line in text.splitlines()[1:]:
        if b"lines before this" in line:
            assert_lines(line)
    assert_stops(server)


def test_a_terminal_is_left_blocking_for_those_who_share_it(server, terminal):
    server.start(stderr=terminal[1])
    assert os.get_blocking(terminal[1])


def test_a_terminal_that_has_hung_up_is_not_the_servers_fault(
        server, terminal):
    server.start("-v", stderr=terminal[1])
    for end in terminal:
        os.close(end)
    told_and_told(server)
    assert server.stop() == 0


# Leads a session with a terminal that stops who writes in the background.
JOB_CONTROL = """
import os, signal, subprocess, sys, termios
attributes = termios.tcgetattr(2)
attributes[3] |= termios.TOSTOP
termios.tcsetattr(2, termios.TCSANOW, attributes)
job = subprocess.Popen(sys.argv[2:], preexec_fn=os.setpgrp,
                       pass_fds=[int(sys.argv[1])])
os.close(int(sys.argv[1]))
pid, status = os.waitpid(job.pid, os.WUNTRACED)
if os.WIFSTOPPED(status):
    os.killpg(job.pid, signal.SIGKILL)
sys.exit(status != 0)
"""


def test_a_terminal_with_tostop_does_not_stop_a_server_in_the_background(
        server, tmp_path):
    ready, ours = os.pipe()
    os.set_inheritable(ours, True)
    shell, master = pty.fork()
    if shell == 0:
        os.execv(sys.executable, [
            sys.executable, "-S", "-c", JOB_CONTROL, str(ours),
            str(server.program), "-v", "-l", "127.0.0.1:0",
            "--ready-fd", str(ours)])
    os.close(ours)
    try:
        target = os.read(ready, 100).decode().strip()
        assert target, os.read(master, 1000)
        for _ in range(10):
            with connect(target) as sock:
                echo(sock)
        job = [pid for pid, fields in every_process()
               if int(fields[1]) == shell]
        for pid in job:
            os.kill(pid, signal.SIGTERM)
        status = os.waitpid(shell, 0)[1]
        assert status == 0
    finally:
        os.close(ready)
        os.close(master)


def test_a_stopped_terminal_does_not_stop_a_measurement(server, terminal):
    """The client's progress goes there."""
    server.start()
    termios.tcflow(terminal[1], termios.TCOOFF)
    done = subprocess.run(
        [BIN / "client", "load", server.address, "-c", "2", "-d", "600ms"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal[1],
        timeout=60, check=False)
    assert done.returncode == 0


# ---- files ----

def assert_serves_and_stops(server):
    for _ in range(30):
        with connect(server.address) as sock:
            echo(sock)
    assert server.stop() == 0


def test_a_file_size_limit_does_not_end_the_server(server):
    server.start("-v", ledger=None, limits={resource.RLIMIT_FSIZE: 1000},
                 preexec=with_signals({signal.SIGXFSZ: signal.SIG_DFL}))
    assert_serves_and_stops(server)
    assert len(log_bytes(server)) == 1000


@release_only  # a sanitizer writes before we ignore the signal
def test_a_file_size_limit_does_not_end_a_child_that_logs(server):
    """A TLS handshake that fails is the worker's own to tell."""
    server.start("-s", "http", ledger=None,
                 limits={resource.RLIMIT_FSIZE: 0},
                 preexec=with_signals({signal.SIGXFSZ: signal.SIG_DFL}))
    for _ in range(5):
        with connect(server.address) as sock:
            exchange(sock, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert server.stop() == 0


def test_what_was_lost_is_a_metric(server):
    with open("/dev/full", "wb") as full:
        server.start("-v", "-s", "http", stderr=full)
    for _ in range(3):
        sock = server.connect()
        text = exchange(
            sock, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").decode()
        sock.close()
        lost = int(re.search(
            r"^perconn_log_lines_lost_total\S* (\d+)$", text, re.M)[1])
        assert lost > 0
    assert server.stop() == 0


# ---- a socket, as a service manager gives it ----

def test_a_journal_that_has_stopped_holds_up_nobody(server):
    ours, theirs = socket.socketpair()
    server.start("-v", stderr=theirs.fileno())
    theirs.close()
    told_and_told(server)
    assert_stops(server)
    ours.close()


# ---- a pipe of another user ----

@needs_root
def test_a_pipe_that_cannot_be_opened_again_holds_up_nobody(server):
    read_end, write_end = os.pipe()
    server.start("-v", stderr=write_end, user=server.for_a_stranger())
    fill(write_end)
    os.close(write_end)
    try:
        told_and_told(server)
        assert_stops(server)
    finally:
        os.close(read_end)


# ---- standard error that is closed, and no /dev/null to fill it with ----

def in_an_empty_root(server, tmp_path):
    """For preexec=: the directory has the program and nothing else."""
    shutil.copy(server.program, tmp_path / "server")

    def enter():
        os.chroot(tmp_path)
        os.chdir("/")
    return enter


@needs_root
@release_only
@pytest.mark.parametrize("closed", [(2,), (0, 2), (0, 1, 2)], ids=str)
def test_without_dev_null_the_log_goes_nowhere_else(server, tmp_path, closed):
    enter = in_an_empty_root(server, tmp_path)

    def prepare():
        enter()
        for fd in closed:
            os.close(fd)
    server.program = "/server"
    server.start("-v", ledger=None, preexec=prepare)
    for _ in range(30):
        with connect(server.address) as sock:
            echo(sock)
    taken = descriptors(server.pid)
    assert all(taken[fd] == str(tmp_path) for fd in closed), taken
    assert server.stop() == 0


@needs_root
@release_only
def test_without_dev_null_a_low_ready_descriptor_ends(server, tmp_path):
    enter = in_an_empty_root(server, tmp_path)
    ready, ours = os.pipe()
    with open(ready, "rb") as pipe:
        process = subprocess.Popen(
            ["/server", "--ready-fd", "1", "-l", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL, stdout=ours, stderr=subprocess.DEVNULL,
            preexec_fn=enter)
        os.close(ours)
        try:
            readable = select.select([pipe], [], [], 60)[0]
            assert readable and pipe.readline().startswith(b"127.0.0.1:")
            assert select.select([pipe], [], [], 60)[0], "no end of file"
            assert pipe.read() == b""
        finally:
            process.terminate()
            assert process.wait(60) == 0


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
