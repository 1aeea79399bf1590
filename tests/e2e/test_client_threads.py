# SPDX-License-Identifier: MIT
"""A load in several threads: each finds what is wrong, and the counts are those
of one. The threads share one CPU here, so this is about right counts alone."""
import collections
import functools
import itertools
import os
import re
import signal
import threading

import pytest

from harness import eventually, injection, needs, needs_full, release_only
from known_servers import (
    DEADLINE, GREETING, Close, Datagram, DatagramServer, KnownServer,
    check_load, client, counts, honest, load, result_of, running_client)
from test_client_protocols import (
    frame, needs_ws, next_message, tls_server, upgraded)
from trace_file import Trace

CPUS = sorted(os.sched_getaffinity(0))

pytestmark = pytest.mark.skipif(len(CPUS) < 2, reason="needs two CPUs")

# No reply is late because the machine is busy.
PATIENT = f"{DEADLINE:.0f}s"

THREADS = pytest.mark.parametrize("threads", [1, 2, 4])
MODES = pytest.mark.parametrize(
    "mode", [[], ["--churn"]], ids=["steady", "churn"])


def on_threads(count):
    """So many on the first CPU, which a list names so often; the server on
    another."""
    client = f"{CPUS[0]}-{CPUS[0]}" + f",{CPUS[0]}" * (count - 1)
    return ["--client-cpus", client, "--server-cpus", f"{CPUS[1]}-{CPUS[1]}"]


# ---- liars: one request on each of 8 connections, and each reply is a lie ----

def changed(request):
    data = bytearray(request.data)
    data[-1] ^= 1
    request.send(data)


def cut(request):
    request.send(request.data[:10])
    raise Close


class Swapped:
    """When it has a request of each connection, it answers each with that of
    the next one: some are another thread's."""

    def __init__(self, count):
        self.requests, self.count = [], count
        self.lock = threading.Lock()

    def __call__(self, request):
        with self.lock:
            self.requests.append(request)
            if len(self.requests) < self.count:
                return
            for i, one in enumerate(self.requests):
                one.send(self.requests[i - 1].data)


def lied_to(behave, threads, mode, **server):
    with KnownServer(behave, **server) as known:
        report = load(known.target, "-n", 8, "-c", 8, "-s", known.size,
                      "--timeout", PATIENT, *on_threads(threads), *mode, code=1)
    assert report["client"]["threads"] == threads
    return report


@THREADS
@MODES
@pytest.mark.parametrize("lie, words", [
    (changed, "byte 63 of 64 is 0x"),
    (lambda request: request.send(2 * request.data), "doubled")],
    ids=["changed", "doubled"])
def test_every_thread_finds_a_wrong_reply(threads, mode, lie, words):
    report = lied_to(lie, threads, mode)
    assert counts(report) == (0, 8, 0, 0)
    assert words in report["first_wrong"]


@THREADS
@MODES
def test_every_thread_finds_a_cut_reply(threads, mode):
    report = lied_to(cut, threads, mode)
    assert counts(report) == (0, 0, 0, 8)
    assert report["errors"] == {"EOF": 8}


@THREADS
@MODES
@pytest.mark.parametrize("size", [64, 50_000])
def test_replies_swapped_between_threads_name_the_other(threads, mode, size):
    report = lied_to(Swapped(8), threads, mode, size=size)
    assert counts(report) == (0, 8, 0, 0)
    found = re.match(r"connection (\d), request 1: the reply is connection "
                     r"(\d)'s(, request 1)?$", report["first_wrong"])
    assert found, report["first_wrong"]
    assert found[1] != found[2]


@THREADS
def test_a_counter_value_that_two_threads_got_is_a_lost_update(threads):
    """Four connections, and each gets the same value."""
    with KnownServer(lambda request: request.send(b"7\n"), size=b"\n") as one:
        report = load(one.target, "-p", "counter", "-n", 4, "-c", 4,
                      *on_threads(threads), code=1)
    assert counts(report) == (1, 3, 0, 0)
    assert report["lost_updates"] == 3
    assert "7 came twice" in report["first_wrong"]


# ---- one lie: on a connection of the first thread, or of the last one ----

# By its source, a server knows which thread a request comes from; each thread
# has one connection here.
SOURCES = "127.0.0.31-127.0.0.34"
ENDS = pytest.mark.parametrize("liar", [0, 3], ids=["first", "last"])


class At:
    """LIE to request NUMBER of connection LIAR, and TRUTH to all others."""

    def __init__(self, liar, lie, truth=honest, number=2):
        self.liar, self.lie, self.truth = liar, lie, truth
        self.number = number
        self.counts = collections.Counter()
        self.lock = threading.Lock()

    def __call__(self, request):
        peer = request.sock if isinstance(request, Datagram) \
            else request.sock.getpeername()
        connection = int(peer[0].rpartition(".")[2]) - 31
        with self.lock:
            self.counts[connection] += 1
            lies = (connection, self.counts[connection]) == \
                (self.liar, self.number)
        (self.lie if lies else self.truth)(request)


def says(*pieces, close=False):
    def behave(request):
        request.send(b"".join(pieces))
        if close:
            raise Close
    return behave


def http_says(body):
    return says(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body),
                body)


COUNT = itertools.count(1)


def next_count(request):
    request.send(b"%d\n" % next(COUNT))


# PROTOCOL: (options, server, truth, lie, what is said of it)
LIARS = {
    "echo": ([], KnownServer, honest, changed, "byte 63 of 64"),
    "hello": (["-p", "hello"], functools.partial(KnownServer, size=None),
              says(GREETING, close=True), says(b"Hello, cliEnt!\n", close=True),
              "byte 10 of 15"),
    "http": (["-p", "http"], functools.partial(KnownServer, size=b"\r\n\r\n"),
             http_says(b"page"), http_says(b"pabe"), "byte 2 of the body"),
    "ws": (["-p", "ws"], functools.partial(
        KnownServer, size=next_message, on_accept=upgraded),
        lambda request: request.send(frame(request.data)),
        lambda request: request.send(2 * frame(request.data)), "doubled"),
    "counter": (["-p", "counter"], functools.partial(KnownServer, size=b"\n"),
                next_count, says(b"1x\n"), "the answer is not a number"),
    "udp": ([], DatagramServer, honest, changed, "byte 63 of 64"),
}
PROTOCOLS = pytest.mark.parametrize("protocol", [
    pytest.param(name, marks=needs_ws if name == "ws" else ())
    for name in LIARS])


def one_lie(server, *options):
    report = load(server.target, "-n", 12, "-c", 4, "--source", SOURCES,
                  "--timeout", PATIENT, *on_threads(4), *options, code=1)
    assert report["client"]["threads"] == 4
    return report


@ENDS
@PROTOCOLS
def test_a_lie_of_each_protocol_is_found_on_its_thread(protocol, liar):
    options, server, truth, lie, words = LIARS[protocol]
    with server(At(liar, lie, truth)) as known:
        report = one_lie(known, *options)
    assert counts(report) == (11, 1, 0, 0)
    assert f"connection {liar}, request 2: " in report["first_wrong"]
    assert words in report["first_wrong"]
    if protocol not in ("hello", "udp"):
        assert report["fairness"]["min"] == 2
        assert report["fairness"]["max"] == 3


@pytest.mark.parametrize("options, code", [([], 1), (["--any-body"], 0)],
                         ids=["alike", "any body"])
def test_the_first_bodies_of_two_threads_must_be_alike(options, code):
    """Each thread's connection gets the same page again and again, but not
    that of the other's."""
    def by_source(request):
        http_says(request.sock.getpeername()[0].encode())(request)

    with KnownServer(by_source, size=b"\r\n\r\n") as known:
        report = load(known.target, "-p", "http", "-n", 12, "-c", 2, "--churn",
                      "--source", "127.0.0.1,127.0.0.2", *on_threads(2),
                      *options, code=code)
    assert counts(report) == ((11, 1, 0, 0) if code else (12, 0, 0, 0))
    assert not code or "the first bodies of status 200 on the connections of " \
        "two threads are not the same; give --any-body" in report["first_wrong"]


@ENDS
@pytest.mark.parametrize("lie, found, words", [
    (changed, (11, 1, 0, 0), "byte 63 of 64"), (cut, (11, 0, 0, 1), None)],
    ids=["changed", "cut"])
@needs_full
def test_a_lie_under_tls_is_found_on_its_thread(files, lie, found, words, liar):
    with tls_server(files, At(liar, lie)) as known:
        report = load(f"tls:{known.target}", "--tls-ca", files.cert("ca"),
                      "-n", 12, "-c", 4, "--source", SOURCES,
                      "--timeout", PATIENT, *on_threads(4), code=1)
    assert counts(report) == found
    if words:
        assert f"connection {liar}, request 2: " in report["first_wrong"]
        assert words in report["first_wrong"]
    else:
        assert set(report["errors"]) <= {"EOF", "ECONNRESET"}


def test_the_first_lie_in_time_is_described_whatever_thread_found_it():
    """The last thread finds one, and sends its next request; only then there is
    one for the first thread."""
    found = threading.Event()

    def next_of_last(request):
        if last.counts[3] > 1:
            found.set()
        request.echo()

    def first_lies(request):
        found.wait(DEADLINE)
        changed(request)

    last = At(3, changed, truth=next_of_last, number=1)
    behave = At(0, first_lies, truth=last, number=1)
    with KnownServer(behave) as known:
        report = one_lie(known)
    assert counts(report) == (10, 2, 0, 0)
    assert "connection 3, request 1: " in report["first_wrong"]


# ---- honest servers ----

@pytest.mark.parametrize("count", [1, 2, 3, 4, 8])
def test_sources_are_taken_in_turn_by_all_threads(count):
    with KnownServer() as known:
        report = load(known.target, "-n", 16, "-c", 8, *on_threads(4),
                      "--source", f"127.0.0.41-127.0.0.{40 + count}")
        hosts = collections.Counter(host for host, _ in known.peers)
    assert counts(report) == (16, 0, 0, 0)
    assert len(hosts) == count and sum(hosts.values()) == 8
    assert max(hosts.values()) - min(hosts.values()) <= 1


@THREADS
@MODES
def test_counts_of_threads_are_exact(server, threads, mode):
    server.start()
    report = load(server.address, "-n", 203, "-c", 9, *on_threads(threads),
                  *mode)
    assert counts(report) == (203, 0, 0, 0)
    assert report["client"]["threads"] == threads
    if not mode:
        assert 1 <= report["fairness"]["min"] <= 203 // 9
        assert report["fairness"]["none"] == 0
    assert server.stop() == 0


@needs_full
@pytest.mark.parametrize("protocol", ["echo", "http"])
def test_threads_speak_tls(server, files, protocol):
    server.start("-s", "echo" if protocol == "echo" else "http",
                 *files.options())
    report = load(f"tls:{server.address}", "--tls-ca", files.cert("ca"),
                  "-p", protocol, "-n", 60, "-c", 8, "--churn",
                  *on_threads(4))
    assert counts(report) == (60, 0, 0, 0)
    assert server.stop() == 0


def test_threads_count_a_shared_counter(server):
    server.start("-s", "counter")
    for _ in range(2):
        report = load(server.address, "-p", "counter", "-n", 400, "-c", 8,
                      *on_threads(4))
        assert counts(report) == (400, 0, 0, 0)
        assert report["lost_updates"] == 0
    assert server.stop() == 0


def test_threads_keep_one_schedule(thread_server):
    """2000/s for 0.4 s: 800 requests, whatever thread has which."""
    thread_server.start()
    report = load(thread_server.address, "-r", 2000, "-d", "400ms", "-c", 16,
                  "--timeout", "20s", *on_threads(4))
    assert sum(counts(report)) + report["unsent"] == 800
    assert report["requests"]["ok"] == sum(counts(report))


def test_intervals_of_threads_add_up_to_the_load(thread_server, tmp_path):
    path = tmp_path / "series"
    thread_server.start()
    report = load(thread_server.address, "-n", 300, "-r", 2000, "-c", 8,
                  "--interval", f"10ms:{path}", *on_threads(4))
    lines = [re.search(r'"t_s":([\d.e-]+),.*"ok":(\d+)', line)
             for line in path.read_text().splitlines()]
    assert sum(int(line[2]) for line in lines) == report["requests"]["ok"]
    times = [float(line[1]) for line in lines]
    assert times == sorted(set(times))


def test_the_trace_numbers_the_connections_of_all_threads(
        thread_server, tmp_path):
    thread_server.start()
    load(thread_server.address, "-n", 80, "-c", 8, "--trace",
         tmp_path / "trace", *on_threads(4))
    trace = Trace(tmp_path / "trace")
    assert sorted(one.connection for one in trace.only("connect")) == \
        list(range(1, 9))
    assert len(trace.only("answered")) == 80
    assert len({one.tid for one in trace.only("answered")}) == 4


@MODES
def test_an_interrupt_ends_all_threads(server, mode, tmp_path):
    series = tmp_path / "series"
    written = tmp_path / "series.part"  # until it is whole
    server.start()
    with running_client("load", server.address, "-d", "1h", "-c", 8, "--json",
                        "-", "--interval", f"10ms:{series}", *mode,
                        *on_threads(4)) as process:
        eventually(lambda: written.exists() and
                   re.search(r'"ok":[1-9]', written.read_text()), "replies")
        tasks = os.listdir(f"/proc/{process.pid}/task")
        process.send_signal(signal.SIGINT)
        result = result_of(process)
    assert len(tasks) >= 4
    assert result.code == 130, result
    report = result.json
    check_load(report)
    ok, wrong, timed_out, failed = counts(report)
    assert ok > 0 and wrong == timed_out == failed == 0
    assert server.stop() == 0


@release_only  # sanitizers make threads of their own
@needs("strace")
@pytest.mark.parametrize("when", [1, 3])
def test_a_thread_that_cannot_be_made_ends_the_load(thread_server, when):
    """Before a request is sent; those made so far end."""
    thread_server.start()
    result = client("load", thread_server.address, "-c", 8, "-d", "1h",
                    *on_threads(4), wrap=[
                        "strace", "-f", "-qq", "-o", "/dev/null",
                        *injection("clone,clone3", "EAGAIN", when)])
    assert result.code == 1
    assert f"thread {when + 1} of 4 of the client cannot be started: Resource " \
        "temporarily unavailable" in result.error_line
    assert thread_server.ledger_now()["accepted"] == 0
    assert thread_server.stop() == 0


def test_a_server_that_is_not_there_ends_all_threads():
    with KnownServer() as gone:
        pass
    report = load(gone.target, "-c", 8, "-d", "1h", "--client-cpus",
                  f"{CPUS[0]}-{CPUS[0]},{CPUS[0]}", code=1)
    assert report["requests"]["ok"] == 0
    assert set(report["errors"]) == {"ECONNREFUSED"}
