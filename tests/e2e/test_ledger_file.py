# SPDX-License-Identifier: MIT
"""Where the final ledger goes: nothing there holds up the start or the stop."""
import fcntl
import json
import os
import pty
import socket
import stat
import subprocess
import termios

import pytest

from harness import DEADLINE, assert_exact, connect, descriptors, echo, eventually


@pytest.fixture
def fifo(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def serve_one(server):
    with connect(server.address) as sock:
        echo(sock)
    server.wait_ledger(served=1)


def assert_is_ledger(text):
    assert text.count(b"\n") == 1 and text.endswith(b"\n")
    ledger = json.loads(text)
    assert ledger["schema"] == "perconn.ledger/1"
    assert ledger["accepted"] == ledger["served"] == 1
    assert_exact(ledger)


def test_the_reader_of_a_fifo_sees_the_ledger_and_then_the_end(server, fifo):
    with subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE) as cat:
        try:
            server.start(ledger=str(fifo))
            serve_one(server)
            assert cat.poll() is None, "it saw an end at the start"
            assert server.stop() == 0
            assert_is_ledger(cat.communicate(timeout=DEADLINE)[0])
        finally:
            cat.kill()


def test_a_reader_that_comes_after_the_start_is_soon_enough(server, fifo):
    server.start(ledger=str(fifo))
    serve_one(server)
    reader = os.open(fifo, os.O_RDONLY)
    assert server.stop() == 0
    with open(reader, "rb") as pipe:
        assert_is_ledger(pipe.read())


def test_a_fifo_that_nobody_reads_does_not_hold_up_the_stop(server, fifo):
    server.start(ledger=str(fifo))
    serve_one(server)
    server.expected_exit = 1
    assert server.stop() == 1
    assert f"ledger {fifo}: Broken pipe" in server.log()
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_fifo_that_is_full_does_not_hold_up_the_stop(server, fifo):
    ends = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    fcntl.fcntl(ends, fcntl.F_SETPIPE_SZ, 4096)
    os.write(ends, b"x" * 4096)
    server.start(ledger=str(fifo))
    server.expected_exit = 1
    assert server.stop() == 1
    assert "Connection timed out" in server.log()
    os.close(ends)


def test_no_worker_keeps_the_fifo_open(fork_server, fifo):
    fork_server.start(ledger=str(fifo))
    echo(fork_server.connect())
    assert str(fifo) in descriptors(fork_server.pid).values()
    child, = fork_server.children()
    assert str(fifo) not in descriptors(child).values()
    fork_server.expected_exit = 1


def test_a_stopped_terminal_does_not_hold_up_the_stop(server):
    master, slave = pty.openpty()
    termios.tcflow(slave, termios.TCOOFF)
    process = subprocess.Popen(
        [server.program, "-l", "127.0.0.1:0", "--ledger", "-"],
        stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE)
    try:
        assert b"image" in process.stderr.readline()
        eventually(lambda: b"listening" in process.stderr.readline(), "ready")
        process.terminate()
        assert process.wait(DEADLINE) == 1
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
        os.close(master)
        os.close(slave)


def test_a_failed_start_leaves_the_older_ledger(server, tmp_path):
    older = tmp_path / "ledger"
    older.write_text("older\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = server.run("-l", "127.0.0.1:%d" % taken.getsockname()[1],
                          "--ledger", str(older))
    assert done.returncode == 1
    assert older.read_text() == "older\n"


def test_a_killed_server_leaves_the_older_ledger(server, tmp_path):
    older = tmp_path / "ledger"
    older.write_text("older\n")
    server.start(ledger=str(older))
    server.expected_exit = -9
    server.stop(9)
    assert older.read_text() == "older\n"


def test_a_shorter_ledger_takes_the_place_of_a_longer(server, tmp_path):
    older = tmp_path / "ledger"
    older.write_text("older\n" * 1000)
    server.start(ledger=str(older))
    serve_one(server)
    assert server.stop() == 0
    assert_is_ledger(older.read_bytes())


def test_a_ledger_that_is_a_socket_is_an_error(server, tmp_path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "s"))
        done = server.run("-l", "127.0.0.1:0", "--ledger", tmp_path / "s")
    assert done.returncode == 1
    assert b"--ledger" in done.stderr
