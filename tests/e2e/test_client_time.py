# SPDX-License-Identifier: MIT
"""What the client measures, against servers whose times are known."""
import math
import os
import signal
import time

import pytest

from known_servers import (
    KnownServer, Stalling, check_load, client, counts, delayed, load,
    result_of, running_client)

# Their limits are tens of milliseconds.
pytestmark = pytest.mark.timed(0.03)

MODES = pytest.mark.parametrize(
    "mode", [[], ["--churn"]], ids=["steady", "churn"])


@MODES
def test_a_fixed_delay_is_what_the_median_says(mode):
    """The client never says less than the delay. It says not much more, at
    least once: on a busy machine the server itself is late."""
    medians = []
    for _ in range(6):
        with KnownServer(delayed(0.05)) as server:
            report = load(server.target, "-n", 40, "-c", 4, *mode)
        latency = report["latency_us"]
        assert latency["min"] >= 50_000
        assert latency["mean"] >= 50_000
        # Four at a time, each 50 ms: 80 a second, and never more.
        assert report["throughput"] <= 80.1
        medians.append(latency["p50"])
        if 50_000 <= latency["p50"] <= 55_000:
            break
    assert 50_000 <= min(medians) <= 55_000


def test_two_delays_are_two_percentiles():
    """One request of ten is slow: it is in p99, not in p50."""
    def behave(request):
        delayed(0.2 if request.number % 10 == 0 else 0.01)(request)

    with KnownServer(behave) as server:
        latency = load(server.target, "-n", 50, "-c", 1)["latency_us"]
    assert 10_000 <= latency["min"] <= latency["p50"] <= 40_000
    assert 10_000 <= latency["p90"] <= 100_000, "45 of 50 are fast"
    assert 200_000 <= latency["p99"]
    assert 200_000 <= latency["max"] <= 1_000_000
    # 45 x 10 ms and 5 x 200 ms
    assert 29_000 <= latency["mean"] <= 100_000


def test_the_maximum_is_exact_and_within_the_percentiles_error():
    with KnownServer(delayed(0.02)) as server:
        latency = load(server.target, "-n", 1, "-c", 1)["latency_us"]
    for key in ("mean", "p50", "p90", "p99", "p99.9", "max"):
        assert latency[key] == pytest.approx(latency["min"], rel=1 / 1000)


# ---- the open loop ----

def test_an_open_loop_sends_what_is_due_and_no_more():
    with KnownServer() as server:
        report = load(server.target, "-d", "1s", "-r", 200, "-c", 8)
        assert server.requests == sum(counts(report))
    assert report["rate"] == 200
    assert report["requests"]["ok"] + report["unsent"] == 200
    assert report["duration_s"] >= 0.99
    assert report["service_us"]


def test_an_open_loop_with_n_takes_as_long_as_its_schedule():
    with KnownServer() as server:
        report = load(server.target, "-n", 50, "-r", 100)
    assert counts(report) == (50, 0, 0, 0)
    assert 0.48 <= report["duration_s"] < 10


def test_the_open_loop_in_churn():
    with KnownServer() as server:
        report = load(server.target, "-n", 50, "-r", 200, "--churn")
        assert server.connections == 50
    assert counts(report) == (50, 0, 0, 0)
    assert report["mode"] == "churn"
    assert report["service_us"]


@MODES
def test_a_stall_shows_in_the_latency_and_not_in_the_service_time(mode):
    """No coordinated omission: who could not be sent, because the server
    stood still, has waited as well."""
    with KnownServer(Stalling(at=100, seconds=0.8)) as server:
        report = load(
            server.target, "-n", 400, "-r", 200, "-c", 4, *mode)
    assert counts(report) == (400, 0, 0, 0)
    latency, service = report["latency_us"], report["service_us"]
    assert latency["max"] >= 780_000
    assert service["max"] >= 780_000
    # 160 of 400 were due during the stall, and 4 of them under way.
    assert latency["p90"] >= 300_000
    assert service["p90"] <= 100_000
    assert latency["mean"] >= 100_000
    assert service["mean"] <= 80_000


def freeze(pid, seconds):
    """Stops our child, and returns how long it certainly stood still."""
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED)  # all its threads are
    start = time.monotonic()
    time.sleep(seconds)
    length = time.monotonic() - start
    os.kill(pid, signal.SIGCONT)
    return length


def scheduled_percentile(percent, requests, rate, freezes):
    """What the schedule says, in us: who is due in a freeze waits for its
    end, and nobody else waits."""
    waits = [length - (k + 1) / rate for length in freezes
             for k in range(int(length * rate) - 1)]
    waits = sorted(waits + [0] * (requests - len(waits)))
    return 1e6 * waits[math.ceil(requests * percent / 100) - 1]


def test_freezes_are_in_the_percentiles_as_the_schedule_says(thread_server):
    """0.4 s in each second, at 1,000 requests/s: never less than that, and
    within 2 % of it once (a busy machine adds stalls of its own)."""
    thread_server.start()
    for _ in range(5):
        with running_client("load", thread_server.address, "-r", 1000, "-n",
                            2000, "-c", 32, "--json", "-") as process:
            lengths = []
            for _ in range(2):
                time.sleep(0.6)
                lengths.append(freeze(thread_server.process.pid, 0.4))
            result = result_of(process)
        assert result.code == 0, result
        check_load(result.json)
        off = []
        for percent in (99, 99.9):
            want = scheduled_percentile(percent, 2000, 1000, lengths)
            found = result.json["latency_us"][f"p{percent}"]
            assert want > 380_000
            assert found >= 0.995 * want, (found, want)
            off.append(found / want)
        if max(off) <= 1.02:
            break
    assert max(off) <= 1.02, off


def test_without_a_schedule_the_stall_hides():
    """The closed loop, for the difference: it sends no more meanwhile."""
    with KnownServer(Stalling(at=100, seconds=0.5)) as server:
        report = load(server.target, "-n", 1000, "-c", 4)
    assert report["latency_us"]["max"] >= 490_000
    assert report["latency_us"]["p90"] <= 200_000
    assert report["service_us"] is None


def test_a_rate_that_cannot_be_reached_is_said():
    with KnownServer(delayed(0.05)) as server:
        report = load(server.target, "-d", "1s", "-r", 200, "-c", 1)
        assert server.requests == report["requests"]["ok"]
    ok = report["requests"]["ok"]
    assert 1 <= ok <= 21
    assert 195 <= ok + report["unsent"] <= 200
    assert "unsent" in report["words"]
    # The last one begun was due long before.
    assert report["latency_us"]["max"] >= 50_000
    assert report["service_us"]["p50"] <= 100_000


@pytest.mark.parametrize("rate", [1, 1000, 123_456, 1_234_567, 100_000_000])
def test_the_rate_in_the_json_is_the_one_that_was_asked_for(rate):
    with KnownServer() as server:
        report = load(server.target, "-n", 2, "-r", rate)
    assert report["rate"] == rate


# ---- numbers that belong together ----

def test_the_json_and_the_words_agree_on_the_mode():
    with KnownServer() as server:
        steady = client("load", server.target, "-n", 10).out
        churn = client("load", server.target, "-n", 10, "--churn").out
        rate = client("load", server.target, "-n", 10, "-r", 500).out
    assert "closed loop" in steady and "kept" in steady
    assert "a new one for each request" in churn
    assert "open loop at 500/s" in rate


def test_throughput_is_replies_over_time():
    with KnownServer(delayed(0.01)) as server:
        report = load(server.target, "-n", 100, "-c", 2)
    assert report["throughput"] == pytest.approx(
        100 / report["duration_s"], rel=0.1)
    # Little's law: rate times latency is how many are inside.
    inside = report["throughput"] * report["latency_us"]["mean"] / 1e6
    assert 1.8 <= inside <= 2.05
