# SPDX-License-Identifier: MIT
"""A server that lies, fails or hangs is found out: each fault is counted
under its heading, and the first wrong reply is described."""
import re
import socket
import time

import pytest

from known_servers import (
    Close, KnownServer, Stalling, Swapped, changed, closing, counts, cut,
    delayed, doubled, doubled_later, honest, load, missing, never_accepting,
    one_each, resetting, silent)

pytestmark = pytest.mark.timed

MODES = pytest.mark.parametrize(
    "mode", [[], ["--churn"]], ids=["steady", "churn"])
ENDS = {"EOF", "ECONNRESET", "EPIPE"}


def lied_to(behave, mode, requests=20, connections=1, **server):
    """The report of REQUESTS one after the other, one of them a lie."""
    with KnownServer(behave, **server) as known:
        return load(known.target, "-n", requests, "-c", connections,
                    "-s", known.size, "--timeout", "500ms", *mode, code=1)


# ---- wrong ----

@MODES
@pytest.mark.parametrize("at, size, byte", [
    (7, 1, 0), (1, 64, 0), (20, 64, 63), (1, 200_000, 150_000),
    (20, 200_000, 199_999)])
def test_a_changed_byte_is_wrong(mode, at, size, byte):
    report = lied_to(changed(at, byte), mode, size=size)
    assert counts(report) == (19, 1, 0, 0)
    assert report["errors"] == {}
    text = report["first_wrong"]
    assert f"connection 0, request {at}: " in text
    if size > 1:
        assert f"byte {byte} of {size} " in text and "changed" in text
    assert text in report["words"]


@MODES
@pytest.mark.parametrize("at, size", [(1, 64), (7, 1), (20, 200_000)])
def test_a_reply_doubled_in_one_piece_is_wrong(mode, at, size):
    report = lied_to(doubled(at), mode, size=size)
    if mode:
        # Nobody else's request is on this connection.
        assert counts(report) == (19, 1, 0, 0)
    else:
        assert report["requests"]["wrong"] == 1
        assert sum(counts(report)) == 20
    assert "doubled" in report["first_wrong"]
    assert report["first_wrong"] in report["words"]


def test_a_reply_doubled_later_in_steady_mode_spoils_the_next():
    report = lied_to(doubled_later(at=7, pause=0.1), [])
    assert counts(report) == (19, 1, 0, 0)
    assert "doubled" in report["first_wrong"]
    assert "request 8: " in report["first_wrong"]
    assert "request 7 " in report["first_wrong"]


def test_a_reply_doubled_later_in_churn_is_wrong():
    report = lied_to(doubled_later(at=7, pause=0.1), ["--churn"])
    assert counts(report) == (19, 1, 0, 0)
    assert "request 7: " in report["first_wrong"]
    assert "doubled" in report["first_wrong"]


@MODES
@pytest.mark.parametrize("pause", [0, 0.1])
def test_the_last_reply_of_all_may_not_be_doubled_either(mode, pause):
    report = lied_to(doubled_later(at=20, pause=pause), mode)
    assert counts(report) == (19, 1, 0, 0)
    assert "doubled" in report["first_wrong"]


def test_what_follows_a_wrong_reply_takes_no_right_one_back():
    """The last number comes twice, which is wrong, and then one more."""
    def behave(request):
        if request.number < 10:
            request.send(b"%d\n" % request.number)
            return
        request.send(b"9\n")
        time.sleep(0.1)
        request.send(b"11\n")
    with KnownServer(behave, size=b"\n") as known:
        report = load(known.target, "-p", "counter", "-n", 10, "-c", 1,
                      "--timeout", "500ms", code=1)
    assert counts(report) == (9, 2, 0, 0)


@MODES
@pytest.mark.parametrize("at, size, byte", [
    (1, 64, 0), (7, 64, 31), (7, 200_000, 150_000)])
def test_a_missing_byte_is_wrong(mode, at, size, byte):
    report = lied_to(missing(at, byte), mode, size=size)
    assert counts(report) == (19, 1, 0, 0)
    text = report["first_wrong"]
    assert f"request {at}: " in text
    assert f"byte {byte} of {size} is missing" in text


@MODES
def test_a_missing_last_byte_is_not_waited_for_longer_than_the_timeout(mode):
    report = lied_to(missing(7, 63), mode)
    assert counts(report) == (19, 0, 1, 0)


@MODES
@pytest.mark.parametrize("size", [64, 50_000])
def test_replies_swapped_between_connections_are_wrong(mode, size):
    report = lied_to(Swapped(), mode, 2, 2, size=size)
    assert counts(report) == (0, 2, 0, 0)
    text = report["first_wrong"]
    found = re.match(
        r"connection (\d), request 1: .* connection (\d)'s, request 1", text)
    assert found, text
    assert {found[1], found[2]} == {"0", "1"}


@MODES
def test_replies_swapped_among_many_connections_name_the_other(mode):
    report = lied_to(Swapped(at=101), mode, 200, 50)
    assert counts(report) == (100, 100, 0, 0)
    text = report["first_wrong"]
    found = re.match(
        r"connection (\d+), request (\d+): .* connection (\d+)'s, "
        r"request (\d+)", text)
    assert found, text
    assert found[1] != found[3]


def test_the_reply_of_another_connection_of_the_past_is_wrong():
    """Not that of a request under way: nobody's, as far as one can tell."""
    kept = []

    def behave(request):
        kept.append(request.data)
        request.send(kept[0] if request.number == 20 else request.data)

    report = lied_to(behave, [])
    assert counts(report) == (19, 1, 0, 0)
    assert "request 20: " in report["first_wrong"]


def test_a_greeting_without_a_question_is_wrong():
    def greet(sock):
        sock.sendall(b"220 welcome\r\n")

    with KnownServer(on_accept=greet) as server:
        report = load(server.target, "-n", 3, "-c", 1, "--timeout", "500ms",
                      "--churn", code=1)
    assert counts(report) == (0, 3, 0, 0)


def test_only_the_first_wrong_reply_is_described():
    def behave(request):
        changed(request.number, request.number % 64)(request)

    report = lied_to(behave, [])
    assert counts(report) == (0, 20, 0, 0)
    assert "request 1: byte 1 of 64" in report["first_wrong"]


@MODES
def test_all_right_has_no_first_wrong(mode):
    with KnownServer() as server:
        assert load(server.target, "-n", 9, *mode)["first_wrong"] is None


# ---- failed ----

@MODES
@pytest.mark.parametrize("at, keep", [(1, 0), (7, 1), (20, 63)])
def test_an_early_end_of_file_is_failed(mode, at, keep):
    report = lied_to(cut(at, keep), mode)
    assert counts(report) == (19, 0, 0, 1)
    assert report["errors"] == {"EOF": 1}
    assert "1 EOF" in report["words"]


@MODES
@pytest.mark.parametrize("at, keep", [(1, 0), (20, 63)])
def test_a_reset_is_failed(mode, at, keep):
    report = lied_to(resetting(at, keep), mode)
    assert counts(report) == (19, 0, 0, 1)
    assert report["errors"] == {"ECONNRESET": 1}
    assert "1 ECONNRESET" in report["words"]


def test_a_reset_instead_of_the_end_is_failed_in_churn():
    report = lied_to(resetting(7, keep=64), ["--churn"])
    assert counts(report) == (19, 0, 0, 1)
    assert report["errors"] == {"ECONNRESET": 1}


@MODES
def test_a_server_that_closes_each_connection_at_once(mode):
    def close(sock):
        raise Close

    with KnownServer(on_accept=close) as server:
        report = load(server.target, "-n", 30, "-c", 3, *mode, code=1)
    assert counts(report) == (0, 0, 0, 30)
    assert set(report["errors"]) <= ENDS


@MODES
def test_a_server_that_closes_instead_of_an_answer(mode):
    with KnownServer(closing) as server:
        report = load(server.target, "-n", 30, "-c", 3, *mode, code=1)
    assert counts(report) == (0, 0, 0, 30)
    assert set(report["errors"]) <= ENDS


def test_one_reply_for_each_connection_is_enough_in_churn():
    with KnownServer(one_each) as server:
        assert counts(load(server.target, "-n", 30, "--churn")) == \
            (30, 0, 0, 0)


def test_one_reply_for_each_connection_is_not_enough_in_steady_mode():
    with KnownServer(one_each) as server:
        report = load(server.target, "-n", 30, "-c", 1, code=1)
    ok, wrong, timed_out, failed = counts(report)
    assert ok >= 1 and failed >= 1 and ok + failed == 30
    assert set(report["errors"]) <= ENDS


def test_connections_closed_while_idle_are_made_again():
    """An open loop leaves them idle; a server may close those."""
    with KnownServer(one_each) as server:
        # Half a second apart: a close that is on its way would be a failure.
        report = load(server.target, "-n", 5, "-c", 1, "-r", 2)
    assert counts(report) == (5, 0, 0, 0)


# ---- timed out ----

@MODES
def test_silence_times_out_soon(mode):
    with KnownServer(silent()) as server:
        report = load(server.target, "-n", 8, "-c", 4, "--timeout", "200ms",
                      *mode, code=1)
        assert server.requests == 8
    assert counts(report) == (0, 0, 8, 0)
    assert report["errors"] == {}
    assert 0.4 <= report["duration_s"] < 5
    assert report["latency_us"] is None


@MODES
def test_a_single_silence_costs_one_request(mode):
    report = lied_to(silent(at=7), mode)
    assert counts(report) == (19, 0, 1, 0)


@MODES
def test_a_byte_at_a_time_does_not_extend_the_timeout(mode):
    def drip(request):
        for i in range(64):
            request.send(request.data[i:i + 1])
            time.sleep(0.05)

    with KnownServer(drip) as server:
        report = load(server.target, "-n", 1, "-c", 1, "--timeout", "500ms",
                      *mode, code=1)
    assert counts(report) == (0, 0, 1, 0)
    assert report["duration_s"] < 2.5


@MODES
def test_slower_than_the_timeout_is_timed_out_and_not_late(mode):
    with KnownServer(delayed(1.5)) as server:
        report = load(server.target, "-n", 4, "-c", 4, "--timeout", "300ms",
                      *mode, code=1)
    assert counts(report) == (0, 0, 4, 0)
    assert report["duration_s"] < 1.4


def test_in_churn_a_server_that_never_closes_times_out():
    with KnownServer(stays=True) as server:
        report = load(server.target, "-n", 4, "-c", 2, "--churn",
                      "--timeout", "200ms", code=1)
    assert counts(report) == (0, 0, 4, 0)


@MODES
def test_a_full_backlog_times_out(mode):
    with never_accepting() as target:
        report = load(target, "-n", 2, "-c", 2, "--timeout", "300ms", *mode,
                      code=1)
    assert counts(report) == (0, 0, 2, 0)


@MODES
def test_a_stall_shorter_than_the_timeout_is_only_slow(mode):
    with KnownServer(Stalling(at=10, seconds=0.5)) as server:
        report = load(server.target, "-n", 100, "-c", 4, *mode)
    assert counts(report) == (100, 0, 0, 0)
    assert report["latency_us"]["max"] >= 490_000


@MODES
def test_a_slow_accept_is_only_slow(mode):
    def accept_slowly(sock):
        sock.recv(1, socket.MSG_PEEK)  # the client's time runs
        time.sleep(0.1)

    with KnownServer(on_accept=accept_slowly) as server:
        report = load(server.target, "-n", 8, "-c", 4, *mode)
    assert counts(report) == (8, 0, 0, 0)
    assert report["latency_us"]["max"] >= 100_000


# ---- mixed ----

@MODES
def test_each_fault_is_counted_under_its_own_heading(mode):
    faults = {3: changed(3), 5: cut(5), 7: resetting(7), 9: silent(9),
              11: missing(11, 5), 13: cut(13)}

    def behave(request):
        faults.get(request.number, honest)(request)

    report = lied_to(behave, mode)
    assert counts(report) == (14, 2, 1, 3)
    assert report["errors"] == {"EOF": 2, "ECONNRESET": 1}
    assert "request 3: " in report["first_wrong"]


@MODES
def test_one_liar_among_many_connections_is_found(mode):
    report = lied_to(changed(777, 63), mode, 1000, 32)
    assert counts(report) == (999, 1, 0, 0)
    assert "byte 63 of 64" in report["first_wrong"]
