# SPDX-License-Identifier: MIT
"""What `client load` writes beside its result: the histogram file, the time
series, and the table and JSON of a sweep."""
import fcntl
import json
import re
import signal
import threading
import time

import pytest

from known_servers import (
    DEADLINE, SWEEP, Close, KnownServer, check_interval, check_load, client,
    counts, delayed, misfit, result_of, running_client)

pytestmark = pytest.mark.timed


# ---- a sweep of rates ----

def test_a_sweep_is_a_load_for_each_rate(server, tmp_path):
    server.start()
    path = tmp_path / "sweep.json"
    result = client("load", server.address, "-r", "100:300:100,500", "-n", 50,
                    "--json", path)
    assert result.code == 0, result
    report = json.loads(path.read_text())
    assert misfit(report, SWEEP) is None
    assert report["schema"] == "perconn.sweep/1"
    assert [run["rate"] for run in report["runs"]] == [100, 200, 300, 500]
    for run in report["runs"]:
        check_load(run)
        assert counts(run) == (50, 0, 0, 0)
        assert run["service_us"]
        # 50 of them, and no pause is a part of it
        assert run["duration_s"] >= 49 / run["rate"]
    rows = [line.split() for line in result.out.splitlines()]
    assert [row[0] for row in rows if row and row[0].isdigit()] == \
        ["100", "200", "300", "500"]
    assert "open loop at 4 rates" in result.out


def test_each_rate_of_a_sweep_has_the_whole_duration():
    with KnownServer() as server:
        result = client("load", server.target, "-r", "50,100", "-d", "300ms",
                        "--json", "-")
    assert result.code == 0, result
    assert [run["requests"]["ok"] + run["unsent"]
            for run in result.json["runs"]] == [15, 30]


def test_what_goes_wrong_at_a_rate_stands_below_it():
    def reset(request):
        raise Close(reset=True)

    with KnownServer(reset) as server:
        result = client("load", server.target, "-r", "100,200", "-n", 3)
    assert result.code == 1
    assert result.out.count("3 ECONNRESET") == 2


def test_a_list_of_one_rate_is_no_sweep():
    with KnownServer() as server:
        result = client("load", server.target, "-r", "100:100:5", "-n", 3,
                        "--json", "-")
    check_load(result.json)


def test_an_interrupt_ends_a_sweep_with_the_runs_so_far():
    hang = threading.Event()

    def behave(request):
        if request.number > 25:
            hang.wait(DEADLINE)
        request.echo()

    with KnownServer(behave) as server, running_client(
            "load", server.target, "-r", "100,101,102", "-n", 20,
            "--timeout", "1s", "--json", "-") as process:
        server.wait_requests(26)
        process.send_signal(signal.SIGINT)
        result = result_of(process)
        hang.set()
    assert result.code == 130, result
    runs = result.json["runs"]
    assert [run["rate"] for run in runs] == [100, 101]
    assert counts(runs[0]) == (20, 0, 0, 0)
    assert runs[1]["requests"]["ok"] == 5


# ---- the histogram ----

LINE = re.compile(r" *(\d+\.\d{3}) ([01]\.\d{12}) +(\d+)(?: +(\d+\.\d\d))?")


def read_histogram(text):
    """Value, percentile and count of each line; then the footer's numbers."""
    head, blank, *lines = text.splitlines()
    assert head.split() == [
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    assert blank == ""
    found = [LINE.fullmatch(line) for line in lines if line[0] != "#"]
    assert all(found) and found[-1][2] == "1.000000000000"
    foot = " ".join(line for line in lines if line[0] == "#")
    numbers = {name: float(value) for name, value in re.findall(
        r"(Mean|StdDeviation|Max|Total count) += +([\d.]+)", foot)}
    return ([(float(one[1]), float(one[2]), int(one[3])) for one in found],
            numbers)


def test_the_histogram_is_that_of_the_latencies(server, tmp_path):
    server.start()
    path = tmp_path / "latency.hgrm"
    result = client("load", server.address, "-n", 2000, "-c", 4, "-r", 20_000,
                    "--histogram", path, "--json", "-")
    assert result.code == 0, result
    latency = result.json["latency_us"]
    lines, numbers = read_histogram(path.read_text())
    assert numbers["Total count"] == lines[-1][2] == 2000
    assert numbers["Max"] == pytest.approx(latency["max"], abs=0.01, rel=1e-5)
    assert numbers["Mean"] == pytest.approx(
        latency["mean"], abs=0.01, rel=1e-5)
    for value, percentile, count in lines:
        assert count >= percentile * 2000 - 0.001
    median = next(line for line in lines if line[1] == 0.5)
    assert median[0] == pytest.approx(latency["p50"], abs=0.01, rel=1e-5)


def test_the_histogram_knows_a_fixed_delay():
    with KnownServer(delayed(0.02)) as server:
        result = client("load", server.target, "-n", 10, "--histogram", "-")
    assert result.code == 0, result
    lines, numbers = read_histogram(result.out)
    assert lines[0][0] >= 20_000
    assert numbers["Total count"] == 10
    assert "10 ok" in result.err, "words make room for data"


# ---- the time series ----

def lines_of(text):
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        check_interval(line)
    return lines


def check_series(lines, interval):
    """Without a gap; all but the last as long as they should be."""
    at = 0
    for line in lines:
        assert line["t_s"] == pytest.approx(at, abs=1e-5, rel=1e-5)
        at += line["duration_s"]
    assert all(line["duration_s"] == interval for line in lines[:-1])
    assert lines[-1]["duration_s"] <= interval


def test_the_series_adds_up_to_the_result(server, tmp_path):
    server.start()
    path = tmp_path / "series"
    result = client("load", server.address, "-d", "500ms", "-c", 4,
                    "--interval", f"100ms:{path}", "--json", "-")
    assert result.code == 0, result
    lines = lines_of(path.read_text())
    check_series(lines, 0.1)
    report = result.json
    check_load(report)
    assert len(lines) >= 5
    assert sum(line["ok"] for line in lines) == report["requests"]["ok"]
    assert sum(line["begun"] for line in lines) == report["requests"]["ok"]
    assert max(line["latency_us"]["max"] for line in lines
               if line["latency_us"]) == report["latency_us"]["max"]
    assert min(line["latency_us"]["min"] for line in lines
               if line["latency_us"]) == report["latency_us"]["min"]


def test_a_stall_is_seen_in_the_series():
    """Intervals in which nothing came have their lines, too."""
    def behave(request):
        if request.number == 20:
            delayed(0.65)(request)
        else:
            request.echo()

    with KnownServer(behave) as server:
        result = client("load", server.target, "-c", 1, "-n", 40,
                        "-r", 200, "--interval", "100ms")
    assert result.code == 0, result
    lines = lines_of(result.out)
    check_series(lines, 0.1)
    empty = [line for line in lines if line["ok"] == 0]
    assert len(empty) >= 5
    assert all(line["latency_us"] is None and line["throughput"] == 0
               for line in empty)
    assert all(line["rate"] == 200 for line in lines)
    assert sum(line["ok"] for line in lines) == 40
    # What was due meanwhile came late, and the interval after it says so.
    after = lines[lines.index(empty[-1]) + 1]
    assert after["latency_us"]["max"] >= 500_000
    assert "40 ok" in result.err


def test_the_series_and_the_result_on_one_standard_output():
    with KnownServer() as server:
        result = client("load", server.target, "-d", "250ms", "--interval",
                        "100ms", "--json", "-")
    *lines, last = map(json.loads, result.out.splitlines())
    assert len(lines) >= 3
    for line in lines:
        check_interval(line)
    check_load(last)


def test_the_last_line_claims_no_rate_from_a_moment():
    for requests in (3, 2, 1) * 20:  # a busy machine needs longer for them
        with KnownServer() as server:
            result = client("load", server.target, "-c", 1, "-n", requests,
                            "--interval", "1s")
        line, = lines_of(result.out)
        assert line["ok"] == requests
        short = line["duration_s"] < 0.01
        assert (line["throughput"] is None) == short, line
        if short:
            return
    pytest.fail("a single request takes 10 ms")


@pytest.mark.parametrize("at, pause", [(10, 0.25), (40, 0.0), (40, 0.25)])
def test_the_series_adds_up_when_replies_are_taken_back(tmp_path, at, pause):
    """A reply that was right and comes twice is wrong after all: later, in
    another interval, or when the load is over."""
    def behave(request):
        request.echo()
        if request.number == at:
            time.sleep(pause)
            request.echo()

    with KnownServer(behave) as server:
        result = client("load", server.target, "-c", 2, "-n", 40, "-r", "100",
                        "--interval", f"100ms:{tmp_path}/x", "--json", "-")
    lines = lines_of((tmp_path / "x").read_text())
    check_series(lines, 0.1)
    requests = result.json["requests"]
    assert requests["wrong"] == 1, result
    for key in ("ok", "wrong", "timed_out", "failed"):
        assert sum(line[key] for line in lines) == requests[key], key
    assert all((line["throughput"] or 0) >= 0 for line in lines)


def test_a_reader_of_the_series_that_stands_still_holds_up_nothing():
    with KnownServer() as server, running_client(
            "load", server.target, "-c", 1, "-r", 1000, "-n", 3000,
            "--interval", "10ms", "--json", "/dev/null") as process:
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        server.wait_requests(2950)
        result = result_of(process)
    lines = lines_of(result.out)
    assert result.code == 0, result
    dropped, = re.findall(r"(\d+) lines were dropped", result.err)
    assert 256 <= len(lines) < 300
    assert len(lines) + int(dropped) >= 299
    assert "3000 ok" in result.err.replace(",", "")


def test_what_goes_wrong_is_in_the_interval_in_which_it_did():
    def behave(request):
        if request.number == 10:
            request.send(request.data[::-1])
        else:
            request.echo()

    with KnownServer(behave) as server:
        result = client("load", server.target, "-c", 1, "-r", 50, "-n", 30,
                        "--interval", "100ms")
    assert result.code == 1
    lines = lines_of(result.out)
    assert sum(line["wrong"] for line in lines) == 1
    assert sum(line["ok"] for line in lines) == 29
    wrong = next(line for line in lines if line["wrong"])
    assert wrong["t_s"] >= 0.1, "the tenth was due after 180 ms"
    assert "wrong    first: connection 0, request 10" in result.err


def test_the_series_of_a_sweep_tells_the_rates():
    with KnownServer() as server:
        result = client("load", server.target, "-r", "100,200", "-d", "200ms",
                        "--interval", "100ms")
    lines = lines_of(result.out)
    assert {line["rate"] for line in lines} == {100, 200}
    assert "open loop at 2 rates" in result.err


# ---- files that cannot be written ----

@pytest.mark.parametrize("options", [
    ["--histogram", "/no/such/directory/x"],
    ["--interval", "100ms:/no/such/directory/x"],
    ["--histogram", "/dev/full"], ["--interval", "100ms:/dev/full"]],
    ids=" ".join)
def test_a_file_that_cannot_be_written_is_a_failure_with_a_line(options):
    with KnownServer() as server:
        result = client("load", server.target, "-n", 3, *options)
    path = options[1].rpartition(":")[2]
    why = "No space left on device" if path == "/dev/full" else \
        "No such file or directory"
    assert result.code == 1, result
    assert result.error_line == f"client: {path}: {why}"


def test_what_was_lost_early_has_its_reason_too():
    """More than a buffer holds: it fails long before the end."""
    with KnownServer() as server:
        result = client("load", server.target, "-d", "600ms",
                        "--interval", "10ms:/dev/full")
    assert result.code == 1, result
    assert result.error_line == "client: /dev/full: No space left on device"


@pytest.mark.parametrize("first, second", [
    (["--json", "x"], ["--histogram", "./x"]),
    (["--json", "x"], ["--interval", "100ms:x"]),
    (["--histogram", "link"], ["--interval", "100ms:x"])], ids=" ".join)
def test_two_outputs_in_one_file_are_wrong_usage(tmp_path, first, second):
    (tmp_path / "link").symlink_to("x")
    if "link" in first:
        (tmp_path / "x").write_text("kept")
    result = client("load", "127.0.0.1:1", *first, *second, cwd=tmp_path)
    assert result.code == 2, result
    assert f"{first[0]} writes that file" in result.error_line or \
        f"{second[0]} writes that file" in result.error_line
    if "link" in first:
        assert (tmp_path / "x").read_text() == "kept"
    else:
        assert not (tmp_path / "x").exists()


def test_two_outputs_may_go_to_one_device():
    with KnownServer() as server:
        result = client("load", server.target, "-n", 3, "--json",
                        "/dev/null", "--histogram", "/dev/null")
    assert result.code == 0, result
