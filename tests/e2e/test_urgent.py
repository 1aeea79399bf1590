# SPDX-License-Identifier: MIT
"""Urgent data (MSG_OOB) is data: RFC 6093 says that it is one of the stream."""
import errno
import socket
import subprocess

import pytest

from harness import BIN, DEADLINE, read_all, read_exactly


def send_urgent(sock, data):
    """Its last byte is the urgent one."""
    try:
        sock.send(data, socket.MSG_OOB)
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        pytest.skip("no urgent bytes on unix sockets here (Linux 5.15)")


@pytest.mark.parametrize("service", ["echo", "spin:1us", "sleep:1us"])
def test_an_urgent_byte_is_echoed_in_its_place(server, listen, service):
    server.start("-s", service, listen=listen)
    sock = server.connect()
    for _ in range(3):
        sock.sendall(b"before")
        send_urgent(sock, b"!")
        sock.sendall(b"after")
        assert read_exactly(sock, 12) == b"before!after"


def test_an_urgent_line_is_counted(server, listen):
    server.start("-s", "counter", listen=listen)
    sock = server.connect()
    send_urgent(sock, b"one\n")
    assert read_exactly(sock, 2) == b"1\n"
    send_urgent(sock, b"two\n")
    assert read_exactly(sock, 2) == b"2\n"


def test_an_urgent_byte_of_a_request_is_part_of_it(server, listen):
    server.start("-s", "http", listen=listen)
    sock = server.connect()
    sock.sendall(b"GE")
    send_urgent(sock, b"T")
    sock.sendall(b" / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r")
    send_urgent(sock, b"\n")
    assert read_all(sock).startswith(b"HTTP/1.1 200 ")


def test_an_urgent_byte_of_a_server_reaches_talk():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with subprocess.Popen(
                [BIN / "client", "talk", "127.0.0.1:%d"
                 % listener.getsockname()[1], "hi"],
                stdout=subprocess.PIPE) as talk:
            listener.settimeout(DEADLINE)
            with listener.accept()[0] as sock:
                sock.send(b"urgent!", socket.MSG_OOB)
                sock.sendall(b" indeed\n")
            assert talk.communicate(timeout=DEADLINE)[0] == \
                b"urgent! indeed\n"
