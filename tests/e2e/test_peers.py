# SPDX-License-Identifier: MIT
"""Other people's clients."""
import random
import subprocess

import pytest

from harness import DEADLINE, needs, parse_target

SOCAT, NCAT = needs("socat"), needs("ncat")
DATA = random.Random(7).randbytes(300_000)


def socat(target):
    if target.startswith("unix:"):
        return ["socat", "-t", "20", "-", "UNIX-CONNECT:" + target[5:]]
    kind = "TCP6" if target.startswith("[") else "TCP4"
    return ["socat", "-t", "20", "-", f"{kind}:{target}"]


def ncat(target):
    _, address = parse_target(target)
    if target.startswith("unix:"):
        return ["ncat", "-U", address]
    return ["ncat", address[0], str(address[1])]


def talk(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE,
                          timeout=DEADLINE, check=True).stdout


@pytest.mark.parametrize("peer", [pytest.param(socat, marks=SOCAT),
                                  pytest.param(ncat, marks=NCAT)])
def test_echo_to(server, listen, peer):
    server.start(listen=listen)
    command = peer(server.address)
    assert talk(command, b"hello\n") == b"hello\n"
    assert talk(command, DATA) == DATA
    server.wait_ledger(accepted=2, served=2)


@pytest.mark.parametrize("peer", [pytest.param(socat, marks=SOCAT),
                                  pytest.param(ncat, marks=NCAT)])
def test_hello_to(server, listen, peer):
    server.start("-s", "hello", listen=listen)
    assert talk(peer(server.address), b"hi\n") == b"Hello, client!\n"
    assert talk(peer(server.address), b"") == b"Hello, client!\n"


@pytest.mark.parametrize("peer", [pytest.param(socat, marks=SOCAT),
                                  pytest.param(ncat, marks=NCAT)])
def test_a_refusal_to(server, listen, peer):
    server.start("-m", 1, "--when-full", "refuse", listen=listen)
    server.connected(1)
    assert talk(peer(server.address), b"") == \
        b"Server full, please try again later.\n"
