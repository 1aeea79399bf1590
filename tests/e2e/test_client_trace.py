# SPDX-License-Identifier: MIT
"""`client load --trace FILE`: when each request was due, sent and answered."""
import errno
import socket

import pytest

from harness import needs_full
from known_servers import (KnownServer, Swapped, client, counts, load,
                           refusing, silent)
from trace_file import Trace

REQUEST = ["due", "sent", "answered"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trace"


def requests_in_order(events):
    """The kinds of EVENTS, checked: no request begins before the last ended."""
    times = [one.time for one in events]
    assert times == sorted(times)
    return [one.kind for one in events]


def test_each_request_of_a_kept_connection_is_there(server, path):
    server.start()
    load(server.address, "-c", 3, "-n", 30, "--trace", path)
    trace = Trace(path)
    assert (trace.program, trace.model) == ("client", "")
    assert {one.pid for one in trace.events} == {trace.pid}
    total = 0
    for number in (1, 2, 3):
        kinds = requests_in_order(trace.of(number))
        assert kinds[:2] == ["connect", "connected"] and kinds[-1] == "closed"
        count = len(kinds[2:-1]) // 3
        assert kinds[2:-1] == REQUEST * count
        total += count
    assert total == 30
    assert not trace.missing and not trace.gone


def test_each_connection_of_a_churn_has_its_number(server, path):
    server.start()
    load(server.address, "-c", 2, "-n", 20, "--churn", "--trace", path)
    trace = Trace(path)
    assert {one.connection for one in trace.events} == set(range(1, 21))
    for number in range(1, 21):
        assert trace.kinds(number) == [
            "due", "connect", "connected", "sent", "answered", "closed"]


def test_both_sides_of_a_connection_find_each_other_by_the_port(
        server, path, tmp_path):
    server.start("--trace", tmp_path / "theirs")
    load(server.address, "-c", 4, "-n", 40, "--trace", path)
    server.wait_ledger(served=4)
    ours, theirs = Trace(path), Trace(tmp_path / "theirs")
    accepted = {one.value: one.connection for one in theirs.only("accept")}
    for connected in ours.only("connected"):
        number = accepted[connected.value]
        first = theirs.only("first_byte", number).time
        mine = ours.of(connected.connection)
        assert mine[0].time < first < [
            one.time for one in mine if one.kind == "answered"][0]


def test_in_an_open_loop_due_is_the_time_of_the_schedule(server, path):
    server.start()
    load(server.address, "-c", 8, "-n", 50, "-r", 1000, "--trace", path)
    due = [one.time for one in Trace(path).only("due")]
    assert len(due) == 50
    assert {after - before for before, after in zip(due, due[1:])} <= {
        999_999, 1_000_000, 1_000_001}


def test_requests_that_time_out_are_there(path):
    with KnownServer(silent()) as server:
        load(server.target, "-c", 2, "-n", 2, "--timeout", "50ms", "--trace",
             path, code=1)
    failed = Trace(path).only("failed")
    assert [one.value for one in failed] == [errno.ETIMEDOUT] * 2
    for one in failed:
        due = Trace(path).only("due", one.connection)
        assert one.time - due.time >= 50e6


def test_connects_that_fail_are_there(path):
    with refusing() as target:
        load(target, "-c", 2, "-n", 4, "--churn", "--trace", path, code=1)
    trace = Trace(path)
    assert [one.value for one in trace.only("failed")] == [
        errno.ECONNREFUSED] * 4
    assert not trace.only("answered") and not trace.only("connected")


def test_wrong_answers_are_there(path):
    with KnownServer(Swapped(at=3)) as server:
        report = load(server.target, "-c", 2, "-n", 20, "--trace", path,
                      code=1)
    wrong = counts(report)[1]
    assert wrong > 0
    assert [one.value for one in Trace(path).only("failed")] == [0] * wrong


def test_datagrams_are_covered(server, path):
    server.start(listen="udp:127.0.0.1:0")
    load(server.address, "-c", 2, "-n", 10, "--trace", path)
    trace = Trace(path)
    assert len(trace.only("due")) == len(trace.only("sent")) == 10
    assert len(trace.only("answered")) == 10


@needs_full
def test_tls_is_covered(server, path, files):
    server.start("--tls-cert", files.cert("server"), "--tls-key",
                 files.key("server"))
    load(f"tls:{server.address}", "--tls-ca", files.cert("ca"), "-c", 2, "-n",
         10, "--trace", path)
    trace = Trace(path)
    for number in (1, 2):
        assert trace.kinds(number)[:5] == ["connect", "connected", *REQUEST]


@pytest.mark.parametrize("service, protocol", [
    ("http", "http"), ("counter", "counter"), ("hello", "hello")])
def test_other_protocols_are_covered(server, path, service, protocol):
    server.start("-s", service)
    load(server.address, "-p", protocol, "-c", 2, "-n", 10, "--trace", path)
    trace = Trace(path)
    assert [len(trace.only(kind)) for kind in REQUEST] == [10, 10, 10]


def test_a_full_ring_tells_how_many_events_went(thread_server, path):
    thread_server.start()
    report = load(thread_server.address, "-n", 25_000, "--trace", path)
    trace = Trace(path)
    assert trace.gone == trace.next - trace.capacity > 0
    assert len(trace.events) == trace.capacity
    assert (f"--trace {path}: full; the oldest {trace.gone} events were "
            "overwritten") in report["words"]


@pytest.mark.parametrize("name, status, words", [
    ("-", 2, "--trace -: must be a file, because it is mapped"),
    ("/dev/null", 1, "--trace /dev/null: not a regular file"),
    ("nowhere/trace", 1, "--trace nowhere/trace: No such file or directory")])
def test_a_file_that_cannot_be_is_told_before_the_first_request(
        tmp_path, name, status, words):
    with KnownServer() as server:
        done = client("load", server.target, "--trace", name, cwd=tmp_path)
        assert not server.requests
    assert done.code == status
    assert words in done.err


@pytest.mark.parametrize("options, words", [
    (["-r", "100,200"], "works with one --rate, not with 2"),
    (["-p", "chat"], "does not work with --protocol chat"),
    (["--json", "t"], "--json")])
def test_what_does_not_go_with_it_is_wrong_usage(tmp_path, options, words):
    done = client("load", "127.0.0.1:1", "--trace", "t", *options,
                  cwd=tmp_path)
    assert done.code == 2
    assert words in done.err
    assert not (tmp_path / "t").exists()
