# SPDX-License-Identifier: MIT
"""A client that did not run blames nobody else for it, and says so."""
import contextlib
import json
import os
import resource
import signal
import time
from pathlib import Path

import pytest

from harness import eventually, needs, needs_full, proc_stat, release_only
from known_servers import (
    FORK, THREAD, ChatServer, DatagramServer, KnownServer, check_compare,
    check_interval, check_load, client, counts, delayed, flat, load, result_of,
    rows_of, running_client, servers_of)
from trace_file import Trace

pytestmark = pytest.mark.timed

STOP = 1.5


def stop_for(pids, seconds=STOP):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        eventually(lambda pid=pid: proc_stat(pid)[0] == "T", "stopped")
    time.sleep(seconds)
    for pid in reversed(pids):
        os.kill(pid, signal.SIGCONT)


def traced(server):
    """For its start, and then for served()."""
    return ["--trace", server.directory / "trace"]


def served(server, count):
    """Whether so many connections have had their first byte, and over TLS their
    handshake before it."""
    return lambda: len(Trace(server.directory / "trace").only(
        "first_byte")) >= count


def stopped_load(runs, target, *options, others=lambda: ()):
    """The checked JSON of a load that stands still in the midst of it, soon after
    RUNS(); and so do the processes that OTHERS() tells."""
    with running_client("load", target, *options, "-d", "2300ms", "--timeout",
                        "1s", "--json", "-") as process:
        eventually(runs, "the load runs")
        time.sleep(0.3)
        assert process.poll() is None
        stop_for([*others(), process.pid])
        result = result_of(process)
    report = result.json
    check_load(report)
    report["words"] = result.err
    return report


def check_stood_still(report):
    ok, wrong, timed_out, failed = counts(report)
    assert ok > 0
    assert (wrong, timed_out, failed) == (0, 0, 0), report
    assert report["unclosed"] == 0
    assert STOP - 0.5 <= report["client"]["still_s"] <= STOP + 2
    assert "THE CLIENT DID NOT RUN for " in report["words"]


MANY = {"limits": {resource.RLIMIT_NOFILE: 4096}}


@release_only  # a sanitizer's server is too slow for so many
@pytest.mark.parametrize("mode", [[], ["-r", 1000], ["--churn"]],
                         ids=["closed", "open", "churn"])
def test_a_client_that_was_stopped_times_nothing_out(server, mode):
    """More connections than one wake-up tells of."""
    server.start("-m", 1000, *traced(server), **MANY)
    check_stood_still(stopped_load(
        served(server, 700), server.address, "-c", 700, *mode))


def test_chat_of_a_client_that_was_stopped_times_nothing_out(server):
    server.start("-s", "chat", "-m", 1000, *traced(server), **MANY)
    check_stood_still(stopped_load(
        served(server, 100), server.address, "-p", "chat", "-c", 100, "-r",
        20))


@needs_full
def test_tls_of_a_client_that_was_stopped_times_nothing_out(server, files):
    server.start("-m", 1000, *traced(server), "--tls-cert",
                 files.cert("server"), "--tls-key", files.key("server"), **MANY)
    check_stood_still(stopped_load(
        served(server, 50), f"tls:{server.address}", "--tls-ca",
        files.cert("ca"), "-c", 50))


def test_datagrams_that_came_while_the_client_was_stopped_are_not_lost():
    with DatagramServer() as server:
        report = stopped_load(lambda: server.requests >= 20, server.target,
                              "-c", 20)
    check_stood_still(report)
    assert report["udp"] == {"lost": 0, "late": 0, "duplicated": 0}


def test_a_container_that_is_paused_times_nothing_out(server):
    """Client and server stood still, so no reply has come when they go on."""
    server.start("-s", "sleep:300ms", *traced(server))
    check_stood_still(stopped_load(
        served(server, 20), server.address, "-c", 20,
        others=lambda: [server.pid, *server.children()]))


def test_talk_of_a_container_that_is_paused_does_not_time_out():
    behaving = delayed(0.5)
    with KnownServer(behaving, size=5) as server:
        with running_client("talk", server.target, "ping\n", "--timeout",
                            "700ms") as process:
            server.wait_requests(1)
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(1.5)
            os.kill(process.pid, signal.SIGCONT)
            result = result_of(process)
    assert (result.code, result.out) == (0, "ping\n"), result


def late_waits(seconds, which):
    """Each of these waits has its result, and then the client stands still."""
    return ["strace", "-D", "-qq", "-o", "/dev/null", "-e", "trace=epoll_wait",
            "-e", f"inject=epoll_wait:delay_exit={int(seconds * 1e6)}:"
            f"when={which}"]


@needs("strace")
@release_only
def test_joining_a_room_while_stopped_does_not_time_out():
    """The wait had nothing yet; what came while the client stood still counts,
    though the time is over."""
    with ChatServer(on_accept=lambda _: time.sleep(0.3)) as server:
        report = load(server.target, "-p", "chat", "-c", 2, "-n", 3,
                      "--timeout", "1s", wrap=late_waits(1.5, "3"))
    assert counts(report) == (3, 0, 0, 0)


@needs("strace")
@needs_full
@release_only
def test_connecting_while_stopped_does_not_fail(server, files):
    server.start("--tls-cert", files.cert("server"), "--tls-key",
                 files.key("server"))
    report = load(f"tls:{server.address}", "--tls-ca", files.cert("ca"),
                  "-c", 8, "-n", 30, "--timeout", "500ms",
                  wrap=late_waits(0.8, "1..3"))
    assert counts(report) == (30, 0, 0, 0)
    assert report["unclosed"] == 0


@needs("strace")
@release_only
@pytest.mark.parametrize("scenario", ["idle", "crash"])
def test_a_comparison_says_that_it_stood_still_without_slices(
        groups, scenario):
    """While connections are opened and held."""
    result = client(
        "compare", *servers_of(groups, {"a": THREAD, "b": FORK}), scenario,
        "--quick", "--blocks", "6", "--json", "-", wrap=late_waits(0.4, "2"),
        deadline=120)
    check_compare(result.json)
    assert 0.25 <= result.json["still_s"] <= result.seconds
    assert "THE CLIENT DID NOT RUN for" in flat(result.err)


def test_the_series_says_when_the_client_was_stopped(server):
    server.start(*traced(server))
    with running_client("load", server.address, "-c", 4, "-d", "2s",
                        "--interval", "100ms", "--json", "-") as process:
        eventually(served(server, 4), "the load runs")
        time.sleep(0.3)
        stop_for([process.pid], 1.0)
        out, _ = process.communicate(timeout=60)
    *series, report = [json.loads(line) for line in out.splitlines()]
    for line in series:
        check_interval(line)
    for key in ("still_s", "throttled", "throttled_s"):
        assert sum(line[key] for line in series) == pytest.approx(
            report["client"][key], abs=1e-3)
    still = max(series, key=lambda line: line["still_s"])
    assert still["still_s"] >= 0.5
    assert 0 < still["t_s"] < 2
    assert still["duration_s"] == pytest.approx(0.1)


def test_slices_in_which_the_client_was_stopped_do_not_count(
        groups, tmp_path):
    """For longer than a request may take, too."""
    file, seconds = tmp_path / "slices", 5.5
    with running_client(
            "compare", *servers_of(groups, {"a": THREAD, "b": FORK}), "steady",
            "--quick", "--blocks", "6", "--csv", file, "--json",
            "-") as process:
        eventually(lambda: len(groups.numbers()) > 3,
                   "the first block is over")
        time.sleep(0.2)
        stop_for([process.pid], seconds)
        result = result_of(process)
    report = result.json
    check_compare(report)
    scenario, = report["scenarios"]
    for one in scenario["points"][0]["results"]:
        assert one["errors"] == 0, one
    # It may have stood between two slices; most of the time is in them.
    still = [row for row in rows_of(file) if float(row["seconds"]) > seconds]
    for row in still:
        assert row["state"] in ("dropped:still", "warm-up"), row
    assert not still or report["still_s"] > seconds - 0.5
    assert not still or "THE CLIENT DID NOT RUN for" in flat(result.err)


# ---- a quota of CPU time ----

@contextlib.contextmanager
def group_with(quota_us):
    """A control group whose processes have so much of each 100 ms."""
    for parent, file, text in [
            ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", f"{quota_us}"),
            ("/sys/fs/cgroup", "cpu.max", f"{quota_us} 100000")]:
        group = Path(parent) / f"perconn-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / file).exists():
                (group / file).write_text(text)
                yield group
                return
        except OSError:
            pass
        finally:
            eventually(lambda: not (group / "cgroup.procs").read_text(),
                       "the group is empty")
            group.rmdir()
    pytest.skip("no control group of our own can have a quota")


def entering(group):
    return lambda: (group / "cgroup.procs").write_text(str(os.getpid()))


def test_a_client_that_its_quota_throttles_says_so(thread_server):
    thread_server.start()
    with group_with(5000) as group:
        report = load(thread_server.address, "-c", 50, "-d", "1s",
                      preexec_fn=entering(group))
    assert counts(report)[1:] == (0, 0, 0)
    assert report["client"]["throttled"] >= 3
    assert report["client"]["throttled_s"] > 0
    assert "THE CLIENT WAS THROTTLED" in report["words"]
    assert "quota of this control group is 0.05 CPUs" in flat(report["words"])


def test_a_comparison_under_a_quota_has_no_verdict(groups):
    for _ in range(4):  # beside other work it may not get so much as its quota
        with group_with(10000) as group:
            result = client(
                "compare", *servers_of(groups, {"a": THREAD, "b": FORK}),
                "steady", "--quick", "--blocks", "6", "--json", "-",
                deadline=240, preexec_fn=entering(group))
        report = result.json
        check_compare(report)
        if report["throttled"] >= 3:
            break
    assert report["throttled"] >= 3
    assert report["throttled_s"] > 0
    assert "THE CLIENT WAS THROTTLED" in flat(result.err)
    assert "quota of this control group is 0.1 CPUs" in flat(result.err)
    ratio, = report["scenarios"][0]["points"][0]["ratios"]
    assert ratio["verdict"] == "invalid"
    assert "a quota of CPU time stopped the client" in ratio["reason"]


def test_without_a_quota_nothing_is_said_of_one(thread_server):
    thread_server.start()
    report = load(thread_server.address, "-n", 100)
    assert report["client"]["throttled"] == 0
    assert "THROTTLED" not in report["words"]
