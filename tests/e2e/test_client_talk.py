# SPDX-License-Identifier: MIT
"""`client talk`: what goes in goes out, what comes back is printed."""
import os
import random
import subprocess
import threading

import pytest

from harness import has_ipv6
from known_servers import (
    GREETING, Close, KnownServer, client, honest, never_accepting, refusing,
    resetting, result_of, running_client, saying, silent)

EVERY_BYTE = bytes(range(256)) * 3


def test_a_message_comes_back(server):
    server.start()
    result = client("talk", server.address, "Hello, wörld!")
    assert result.code == 0, result
    assert result.raw == "Hello, wörld!".encode()
    assert result.err == ""


def test_the_greeting(server):
    server.start("-s", "hello")
    result = client("talk", server.address, "hi")
    assert (result.code, result.raw, result.err) == (0, GREETING, "")


@pytest.mark.parametrize("text", [
    b"one line\n", b"no newline", b"\n", b"\0", EVERY_BYTE,
    b"many\nlines\r\n" * 1000], ids=range(6))
def test_standard_input_comes_back_byte_for_byte(server, text):
    server.start()
    result = client("talk", server.address, stdin=text)
    assert (result.code, result.raw, result.err) == (0, text, "")


def test_no_input_at_all_is_a_connection_that_ends(server):
    server.start()
    result = client("talk", server.address, stdin=b"")
    assert (result.code, result.raw, result.err) == (0, b"", "")
    result = client("talk", server.address, "")
    assert (result.code, result.raw, result.err) == (0, b"", "")
    server.stop()
    assert server.ledger["served"] == 2


def test_five_megabytes_come_back(server):
    server.start()
    data = random.Random(5).randbytes(5_000_000)
    result = client("talk", server.address, stdin=data)
    assert result.code == 0, result.err
    assert result.raw == data


def test_the_largest_message_an_argument_can_be(server):
    server.start()
    message = "x" * 131_000
    result = client("talk", server.address, message)
    assert result.code == 0, result.err
    assert result.out == message


def test_input_from_a_file_and_output_to_one(server, tmp_path):
    server.start()
    path = tmp_path / "in"
    path.write_bytes(EVERY_BYTE)
    with open(path, "rb") as source, open(tmp_path / "out", "wb") as sink:
        result = client("talk", server.address, stdin=source, stdout=sink)
    assert result.code == 0
    assert (tmp_path / "out").read_bytes() == EVERY_BYTE


def test_a_unix_target(server, tmp_path):
    server.start(listen=f"unix:{tmp_path}/socket")
    assert client("talk", server.address, "hi").raw == b"hi"


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_an_ipv6_target(server):
    server.start(listen="[::1]:0")
    assert client("talk", server.address, "hi").raw == b"hi"


def test_a_name(server):
    server.start(listen="localhost:0")
    assert client("talk", f"localhost:{server.port}", "hi").raw == b"hi"


def test_a_message_that_looks_like_an_option(server):
    server.start()
    result = client("talk", server.address, "--", "--help")
    assert (result.code, result.out) == (0, "--help")


# ---- a conversation ----

def test_lines_go_and_come_while_standard_input_stays_open(server):
    server.start()
    with running_client("talk", server.address, stdin=subprocess.PIPE) as talk:
        for line in (b"one\n", b"two\n", b"three\n"):
            talk.stdin.write(line)
            talk.stdin.flush()
            assert talk.stdout.read1(100) == line
        result = result_of(talk)
    assert result.code == 0


@pytest.mark.timed
def test_the_timeout_does_not_run_while_somebody_types(thread_server):
    thread_server.start()
    with running_client("talk", thread_server.address, "--timeout", "1s",
                        stdin=subprocess.PIPE) as talk:
        with pytest.raises(subprocess.TimeoutExpired):
            talk.wait(2)
        talk.stdin.write(b"slow\n")
        talk.stdin.flush()
        assert talk.stdout.read1(100) == b"slow\n"
        assert result_of(talk).code == 0


def test_a_server_that_closes_first_ends_it_although_input_is_open():
    def greet(sock):
        sock.sendall(b"closed for today\n")
        raise Close

    with KnownServer(on_accept=greet) as server, \
            running_client("talk", server.target,
                           stdin=subprocess.PIPE) as talk:
        # No communicate() yet: that would close its standard input.
        assert talk.wait(60) == 0
        assert talk.stdout.read() == b"closed for today\n"


def test_an_answer_that_comes_in_pieces_after_the_end_of_input():
    ended = threading.Event()

    def answer(sock):
        while sock.recv(100):
            pass
        ended.set()
        for piece in (b"one ", b"two ", b"three"):
            sock.sendall(piece)
        raise Close

    with KnownServer(on_accept=answer) as server:
        result = client("talk", server.target, "question")
    assert ended.is_set(), "the sending side is ended after the message"
    assert (result.code, result.raw) == (0, b"one two three")


def test_what_was_answered_before_a_reset_is_printed():
    with KnownServer(resetting(keep=64), size=64) as server:
        result = client("talk", server.target, "x" * 64)
    assert result.code == 1
    # The RST may overtake what is not read yet, but nothing is made up.
    assert ("x" * 64).startswith(result.out)
    assert "receiving: Connection reset by peer" in result.error_line


def test_no_newline_is_added_to_what_goes_to_a_pipe():
    with KnownServer(saying(b"no newline"), size=None) as server:
        assert client("talk", server.target, "hi").raw == b"no newline"


# ---- what goes wrong ----

def test_refused():
    with refusing() as target:
        result = client("talk", target, "hi")
    assert result.code == 1
    assert result.out == ""
    assert "Connection refused" in result.error_line


def test_no_such_unix_socket(tmp_path):
    result = client("talk", f"unix:{tmp_path}/none", "hi")
    assert result.code == 1
    assert "No such file" in result.error_line


def test_a_silent_server_times_out():
    with KnownServer(silent(), size=None, stays=True) as server:
        result = client("talk", server.target, "hi", "--timeout", "200ms")
    assert result.code == 1
    assert "timed out" in result.error_line
    assert 0.2 <= result.seconds < 15


def test_a_server_that_never_closes_times_out_after_its_answer():
    with KnownServer(honest, size=None, stays=True) as server:
        result = client("talk", server.target, "hi", "--timeout", "200ms")
    assert result.code == 1
    assert result.raw == b"hi"
    assert "timed out" in result.error_line


def test_a_full_backlog_times_out():
    with never_accepting() as target:
        result = client("talk", target, "hi", "--timeout", "300ms")
    assert result.code == 1
    assert "Connection timed out" in result.error_line


def test_a_server_that_does_not_read_times_out():
    """More than all buffers hold, and nobody takes it."""
    hang = threading.Event()
    with KnownServer(on_accept=lambda sock: hang.wait(60)) as server:
        try:
            result = client("talk", server.target, "--timeout", "300ms",
                            stdin=bytes(30_000_000), deadline=120)
        except subprocess.TimeoutExpired:
            pytest.fail("--timeout 300ms is not over after 8 s")
        finally:
            hang.set()
    assert result.code == 1
    assert "timed out" in result.error_line


def test_closed_standard_input_is_a_failure_or_no_input():
    """It must not take the socket, which gets that number, for its input."""
    with KnownServer(size=None) as server:
        try:
            result = client("talk", server.target, "--timeout", "300ms",
                            deadline=120, preexec_fn=lambda: os.close(0))
        except subprocess.TimeoutExpired:
            pytest.fail("talks to itself for ever")
    assert result.code in (0, 1)
    assert result.out == ""
    assert result.err.count("\n") == result.code


def test_a_full_standard_output_is_a_failure(server):
    server.start()
    with open("/dev/full", "wb") as full:
        result = client("talk", server.address, "hi", stdout=full)
    assert result.code == 1
    assert "standard output" in result.error_line
    assert "No space left" in result.error_line


def test_a_reader_that_has_gone_is_a_failure_and_no_signal(thread_server):
    thread_server.start()
    ours, theirs = os.pipe()
    os.close(ours)
    with open(theirs, "wb", buffering=0) as sink:
        result = client("talk", thread_server.address, "hi", stdout=sink)
    assert result.code == 1
    assert "standard output: Broken pipe" in result.error_line


def test_input_that_cannot_be_read_is_a_failure(thread_server, tmp_path):
    thread_server.start()
    directory = os.open(tmp_path, os.O_RDONLY)
    result = client("talk", thread_server.address,
                    preexec_fn=lambda: os.dup2(directory, 0))
    os.close(directory)
    assert result.code == 1
    assert "standard input: Is a directory" in result.error_line
