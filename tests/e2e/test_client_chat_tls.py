# SPDX-License-Identifier: MIT
"""`client load tls:... -p chat`: as in clear (test_client_chat.py), and what
TLS alone can do to a room."""
import json
import os
import re
import signal

import pytest

from harness import eventually, needs_ipv6, read_all
from known_servers import (
    KnownServer, client, counts, load, result_of, running_client, saying,
    silent)
from test_client_chat import MODES, STEADY, check_times
from test_client_protocols import ended_well, needs_full
from test_tls import shake, trusting

pytestmark = [pytest.mark.timed, needs_full]


def words_for(target, files, *options):
    return ["load", f"tls:{target}", "-p", "chat", "--tls-ca",
            files.cert("ca"), *options]


def chat(server, files, *options):
    verb, target, *words = words_for(server.address, files, *options)
    return load(target, *words)


def start(server, files, **more):
    server.start("-s", "chat", *files.options(), **more)


# ---- the room from outside ----

def member_pids(server, files):
    """Of who is in the room, the first to come first."""
    sock = shake(server, trusting(files))
    sock.sendall(b"GET /members HTTP/1.1\r\nHost: x\r\n"
                 b"Connection: close\r\n\r\n")
    head, _, body = read_all(sock).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    return [entry["pid"] for entry in sorted(
        json.loads(body), key=lambda entry: entry["connection"])]


class Listener:
    """A member more, which says nothing."""

    def __init__(self, server, files):
        self.sock = shake(server, trusting(files))
        self.sock.sendall(b"\n")
        self.lines = self.sock.makefile("rb")

    def hears(self, count):
        """So many messages of a load; probes are none."""
        while count:
            line = self.lines.readline()
            assert line.endswith(b"\n"), line
            count -= line[8:10] == b"-m"


def listen_in(server, files):
    """Who listens, and the members of a load of five that is on its way."""
    eventually(lambda: len(member_pids(server, files)) == 5, "all have joined")
    pids = member_pids(server, files)
    listener = Listener(server, files)
    listener.hears(1)
    return listener, pids


# ---- both servers ----

@MODES
def test_every_message_reaches_all_others(server, files, mode):
    start(server, files)
    report = chat(server, files, *STEADY, *mode)
    assert report["protocol"] == "chat"
    check_times(report, 100, 5)
    ended_well(server, 5 + (100 if "--churn" in mode else 0))


@pytest.mark.parametrize("members, size", [
    (2, 24), (100, 64), (3, 10_000), (3, 60_000)])
def test_rooms_and_lines_of_each_size(server, files, members, size):
    start(server, files)
    check_times(chat(server, files, "-c", members, "-s", size, "-n", 50),
                50, members)
    ended_well(server, members)


@needs_ipv6
def test_over_ipv6(server, files):
    start(server, files, listen="[::1]:0")
    check_times(chat(server, files, *STEADY), 100, 5)


def test_a_client_certificate_is_shown(server, files):
    server.start("-s", "chat", *files.demanding())
    own = ["--tls-cert", files.cert("alice"), "--tls-key", files.key("alice")]
    check_times(chat(server, files, *STEADY, *own), 100, 5)
    result = client(*words_for(server.address, files))
    assert result.code == 1 and not result.out
    assert re.search(r"member \d+ could not join: the peer's alert: "
                     "certificate required", result.error_line)


def test_an_interrupt_ends_it_with_the_results_so_far(server, files):
    start(server, files)
    with running_client(*words_for(server.address, files, "-c", 5, "-d", "1m",
                                   "--json", "-")) as process:
        listen_in(server, files)
        process.send_signal(signal.SIGINT)
        result = result_of(process)
    assert result.code == 130
    ok, *bad = counts(result.json)
    assert ok > 0 and bad == [0, 0, 0]
    server.stop()


# ---- who cannot be talked to ----

def refused(target, files, ca="ca"):
    """The error line of a load that cannot begin."""
    result = client("load", f"tls:{target}", "-p", "chat", "-c", 3,
                    "--tls-ca", files.cert(ca), "--timeout", "500ms")
    assert result.code == 1 and not result.out
    return result.error_line


def test_a_certificate_of_somebody_else_is_refused(server, files):
    start(server, files)
    line = refused(server.address, files, "other-ca")
    assert "could not join: unknown CA" in line
    server.stop()
    assert server.ledger["served"] == 0


def test_a_room_in_clear_is_no_tls(server, files):
    """Each hears what of the others' handshakes looks like a line, if any."""
    server.start("-s", "chat")
    assert re.search("member . could not join: |could not connect in time",
                     refused(server.address, files))


def test_what_is_no_tls_is_said(files):
    with KnownServer(saying(b"220 welcome to a server of mail\r\n"),
                     size=None) as server:
        assert re.search(r"member \d could not join: not TLS",
                         refused(server.target, files))


def test_a_handshake_that_hangs_times_out(files):
    with KnownServer(silent(), size=None, stays=True) as server:
        assert "3 of 3 members could not connect in time" in \
            refused(server.target, files)


# ---- members whose process is stopped or killed ----

def busy_room(server, files, messages):
    start(server, files)
    return running_client(*words_for(
        server.address, files, "-c", 5, "-r", 200, "-n", messages,
        "--json", "-"))


def test_a_killed_member_costs_one_message(fork_server, files):
    with busy_room(fork_server, files, 1000) as process:
        listener, pids = listen_in(fork_server, files)
        os.kill(pids[-1], signal.SIGKILL)
        listener.hears(20)
        result = result_of(process)
    assert result.code == 1
    # One of the 1,000; one more where the load had none in flight just then.
    assert counts(result.json) in [(999, 0, 0, 1), (1000, 0, 0, 1)]
    assert result.json["errors"] == {"ECONNRESET": 1}
    assert re.fullmatch(
        r"member 4 was dropped: (the peer closed without close_notify|"
        "Connection reset by peer)", result.json["first_failed"])
    fork_server.wait_ledger(crashed=1)


def test_a_member_that_was_stopped_gets_all_it_has_missed(fork_server, files):
    """At once, in more records than one read of its socket takes."""
    with busy_room(fork_server, files, 1000) as process:
        listener, pids = listen_in(fork_server, files)
        os.kill(pids[-1], signal.SIGSTOP)
        try:
            listener.hears(100)
        finally:
            os.kill(pids[-1], signal.SIGCONT)
        result = result_of(process)
    assert counts(result.json) == (1000, 0, 0, 0)
    assert result.code == 0
    assert result.json["latency_us"]["max"] >= 100_000


def test_members_that_are_sent_home_were_dropped_in_order(server, files):
    with busy_room(server, files, 1000) as process:
        listen_in(server, files)
        server.send_signal(signal.SIGTERM)
        result = result_of(process)
    assert result.code == 1
    assert result.json["requests"]["failed"] > 0
    assert set(result.json["errors"]) == {"EOF"}
    assert re.fullmatch(r"member \d.* was dropped: end of file",
                        result.json["first_failed"])
