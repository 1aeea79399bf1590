# SPDX-License-Identifier: MIT
"""Every way to write an address, link-local ones with their zone (RFC 4007)
in a network of the test's own."""
import ctypes
import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import threading

import pytest

from harness import (BIN, DEADLINE, connect, echo, eventually, exchange,
                     needs_ipv6, needs_root)

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, SIOCSIFADDR = 0x8914, 0x8916
LIBC = ctypes.CDLL(None, use_errno=True)


def own_network():
    """For preexec=: a network whose loopback has a link-local address."""
    if LIBC.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", 1))
        fcntl.ioctl(sock, SIOCSIFADDR, struct.pack(
            "16sIi", socket.inet_pton(socket.AF_INET6, "fe80::1"), 64, 1))
        eventually(lambda: can_bind(sock), "the address is there")


def can_bind(sock):
    """Not before the kernel has looked for another one that has it."""
    try:
        sock.bind(("fe80::1", 0, 0, 1))
        return True
    except OSError:
        return False


def enter_network(pid):
    with open(f"/proc/{pid}/ns/net", "rb") as network:
        if LIBC.setns(network.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def connect_in(server, target):
    """A socket stays in the network in which it was made, a thread as well."""
    made = []

    def run():
        enter_network(server.pid)
        made.append(connect(target))
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    server.sockets.append(made[0])
    return made[0]


def client(server, *arguments):
    return subprocess.run(
        [BIN / "client", *arguments], stdin=subprocess.DEVNULL,
        capture_output=True, timeout=DEADLINE, check=False,
        preexec_fn=lambda: enter_network(server.pid))


@needs_root
@needs_ipv6
@pytest.mark.parametrize("zone", ["lo", "1"])
def test_a_link_local_address_with_its_zone_is_served(server, zone):
    server.start("-v", listen=(f"[fe80::1%{zone}]:0", f"udp:[FE80::1%{zone}]:0"),
                 preexec=own_network)
    for target, kind in zip(server.targets, ("", "udp:")):
        assert re.fullmatch(kind + r"\[fe80::1%lo\]:[1-9]\d*", target)
        assert client(server, "talk", target, "hello").stdout == b"hello"
        done = client(server, "load", target, "-c", "2", "-n", "100")
        assert done.returncode == 0, done.stderr
    echo(connect_in(server, server.address))
    server.close_clients()
    server.wait_ledger(active=0)
    assert re.search(r"from \[fe80::1%lo\]:\d+ served", server.log())


@needs_root
@needs_ipv6
def test_a_link_local_client_of_all_addresses_is_shown_with_its_zone(server):
    server.start("-s", "http", listen=":0", preexec=own_network)
    sock = connect_in(server, f"[fe80::1%lo]:{server.port}")
    answer = exchange(sock, b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n")
    peer = json.loads(answer.partition(b"\r\n\r\n")[2])["peer"]
    assert re.fullmatch(r"\[fe80::1%lo\]:\d+", peer)


@needs_root
@needs_ipv6
def test_http_over_a_link_local_address_is_measured(server):
    server.start("-s", "http", listen="[fe80::1%lo]:0", preexec=own_network)
    done = client(server, "load", server.address, "-p", "http", "-n", "50")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text,words", [
    ("[fe80::1%nowhere]:0", 'no interface "nowhere"'),
    ("udp:[fe80::1%nowhere]:0", 'no interface "nowhere"'),
    ("[fe80::1%70000]:0", 'no interface "70000"'),
    ("[fe80::1]:0", "needs its interface"),
    ("::1:0", "needs brackets"),
    ("127.1:0", '"127.1" is not an IPv4 address'),
    ("[::1]:http", '"http" is not a port'),
    ("unix:" + "p" * 108, "107 at most"),
])
def test_the_part_of_an_address_that_is_not_understood_is_named(
        server, text, words):
    done = server.run("-l", text)
    assert done.returncode == 2
    assert words in done.stderr.decode()


@pytest.mark.parametrize("text,words", [
    ("[fe80::1%nowhere]:7", 'no interface "nowhere"'),
    ("tls:[fe80::1]:7", "needs its interface"),
    ("[127.0.0.1]:7", "not an IPv6 address"),
    ("[::1]:http", '"http" is not a port'),
    ("[::1]", "no port: write [::1]:7007"),
    ("unix:" + "p" * 108, "107 at most"),
])
def test_so_is_that_of_a_target(text, words):
    done = subprocess.run([BIN / "client", "talk", text, "x"],
                          capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 2
    assert words in done.stderr.decode()


@needs_ipv6
@pytest.mark.parametrize("text,host", [
    ("[::ffff:127.0.0.1]:0", "127.0.0.1"),
    ("[::FFFF:7f00:0001]:0", "127.0.0.1"),
    ("[0:0:0:0:0:0:0:1]:0", "[::1]"),
    ("[0000:0000:0000:0000:0000:0000:0000:0001]:00000", "[::1]"),
    ("[::]:0", "[::]"),
    ("[::1%lo]:0", "[::1]"),
])
@pytest.mark.parametrize("udp", ["", "udp:"])
def test_every_way_to_write_an_address_works(server, text, host, udp):
    server.start(listen=udp + text)
    assert server.address == f"{udp}{host}:{server.port}"
    target = server.address.replace("[::]", "[::1]")
    done = subprocess.run(
        [BIN / "client", "talk", target, "hello"], capture_output=True,
        timeout=DEADLINE, check=False)
    assert done.stdout == b"hello"
