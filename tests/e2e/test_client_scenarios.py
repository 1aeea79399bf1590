# SPDX-License-Identifier: MIT
"""Each scenario of `client compare` works, on both servers; what servers are
told of it; and the file of all slices.

A whole scenario takes minutes. To see that one works, its first blocks will
do: it is interrupted when each kind of row that is wanted is in the file.
"""
import os
import re
import resource
import shlex
import shutil
import signal
import socket
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from comparing import first_blocks
from harness import BENCH, SANITIZER, eventually, needs_full, release_only
from known_servers import (
    CLIENT, FORK, SMALL, THREAD, client, command, compare, result_of,
    rows_of, running_client, servers_of, unsteady)

pytestmark = pytest.mark.timed

# How many of a scenario's points are waited for. The last of them is cut: a
# value of `knee`, which takes a whole round, is one of those before it.
POINTS = {
    "sweep": 2, "spin": 1, "sleep": 1, "counter": 1, "bulk": 1, "parent": 1,
    "knee": 2, "linking": 2, "held": 2, "http": 1, "tls": 3, "state": 1,
    "working-set": 1, "cores": 1,
}


def points_in(path):
    return {row["point"] for row in rows_of(path) if row["state"] == "kept"}


def little_room(data=2 ** 27):
    """So that there are neither thousands of idle connections in a test, nor
    parents of a GiB, whose children start too late on a busy machine."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))
    if SANITIZER is None:  # whose shadow is larger than any limit
        resource.setrlimit(resource.RLIMIT_DATA, (data, data))


def more_room():
    """The client's own figures of 13 points fill most of that."""
    little_room(2 ** 28)


def listed(mark=r"\*?"):
    """{scenario: (seconds, with --quick)} of `client list`, those with MARK."""
    units = {"s": 1, "min": 60}
    found = re.findall(rf"^  ([\w-]+) +{mark} +(\d+) (s|min) +(\d+) (s|min)  \w",
                       client("list").out, re.M)
    return {name: (int(full) * units[unit], int(quick) * units[other])
            for name, full, unit, quick, other in found}


def test_each_scenario_is_tested():
    assert set(listed()) == {
        "churn", "steady", "idle", "crash", "burst", "recover", *POINTS}


# A sanitizer's server is too slow for a 99th percentile.
MARKS = {"tls": needs_full, "linking": needs_full, "knee": release_only}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=MARKS.get(name, ())) for name in POINTS])
def test_a_scenario_measures_both_servers(tmp_path, name):
    result, rows = first_blocks(
        tmp_path, lambda path: len(points_in(path)) >= POINTS[name], name,
        preexec_fn=more_room if name == "working-set" else little_room)
    scenario, = result.json["scenarios"]
    assert scenario["name"] == name
    # Of a block that was cut there may be but a warm-up.
    done = {row["point"] for row in rows if row["state"] != "interrupted"}
    for point in scenario["points"]:
        at = ";".join(f"{key}={value:g}" if isinstance(value, (int, float))
                      else f"{key}={value}"
                      for key, value in point["at"].items())
        for one in point["results"]:
            assert one["errors"] == 0, result
            if at in done:
                assert one["requests"] > 0
    assert {row["server"] for row in rows} == {"thread", "fork", "control"}
    if name == "knee":
        both = [(one["value"], one["service_value"])
                for point in scenario["points"] for one in point["results"]
                if one["value"] is not None]
        assert both or unsteady(result), result
        assert all(0 < service <= value for value, service in both), both
    if name in ("sweep", "held"):
        assert f"warning: {name}: " in result.err
        assert "need more descriptors than there are: " in result.err
    if name == "parent" and SANITIZER is None:
        assert "1024 MiB for each server do not fit into memory: 64" in result.err
    for row in rows:
        assert row["scenario"] == name
        if row["state"] != "interrupted":
            assert row["begun"] == row["ok"] != "0"


def room_for_100():
    """Connections to each of two servers and the control."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (370, 370))


def first_figures(tmp_path, name, groups, servers):
    """{server: milliseconds} of scenario NAME, in its first block."""
    def figures(path):
        return {row["server"]: float(row["figure"]) for row in rows_of(path)
                if row["state"] == "kept"}

    _, rows = first_blocks(
        tmp_path, lambda path: set(servers) <= set(figures(path)), name,
        *servers_of(groups, servers), preexec_fn=room_for_100)
    assert {row["point"] for row in rows} <= {"connections=100",
                                              "connections=64"}
    return figures(tmp_path / "slices.csv")


def test_a_burst_ends_with_its_last_client(tmp_path, groups):
    """100 clients wait side by side, or for each other."""
    found = first_figures(tmp_path, "burst", groups, {
        "beside": command("line_delayed:0.1"),
        "after": command("line_serial:0.005")})
    assert found["beside"] >= 100
    assert found["after"] >= 500


def test_a_burst_is_served_whole(tmp_path, groups):
    found = first_figures(
        tmp_path, "burst", groups, {"thread": THREAD, "fork": FORK})
    assert 0 < found["thread"] and 0 < found["fork"]


def test_threads_recover_by_a_start_and_processes_without(tmp_path, groups):
    """A start takes 300 ms here."""
    found = first_figures(tmp_path, "recover", groups, {
        "thread": "sleep 0.3; " + THREAD, "fork": "sleep 0.3; " + FORK})
    assert 0 < found["fork"] < 300 <= found["thread"]


@pytest.mark.parametrize("name, slow", [
    ("state", "pieces=4KiB"), ("working-set", "kind=private")])
def test_a_made_server_has_its_known_cost_where_it_is_told_to(
        tmp_path, groups, name, slow):
    """16 clients that wait for 40 ms each have 400 answers a second at most;
    and 24 MiB are kept afterwards."""
    def is_there(path):
        return any(point.endswith(slow) for point in points_in(path))
    result, rows = first_blocks(tmp_path, is_there, name, *servers_of(groups, {
        "made": command("told:0.04")}))
    at = {row["point"]: row for row in rows if row["state"] == "kept"}
    row = next(row for point, row in at.items() if point.endswith(slow))
    assert float(row["p50_us"]) >= 40_000
    assert 0 < float(row["rate"]) <= 400
    costs = [one["cost"]["memory_kib_kept"] for point in
             result.json["scenarios"][0]["points"] for one in point["results"]]
    kept = [kib for kib in costs if kib is not None]
    if name == "state":
        # With what the made server's own threads leave.
        assert kept and all(24 * 1024 <= kib < 96 * 1024 for kib in kept), costs
    else:  # its connections stay
        assert not kept


# What answers after 40 ms: our own server with a service of that length, where
# the protocol is that of an echo.
SLEEP = THREAD + " --service sleep:40ms"
LATE = {"tls": SLEEP + " {options}"}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=MARKS.get(name, ())) for name in (
        "churn", "sweep", "spin", "sleep", "parent", "linking", "tls")])
def test_a_server_that_is_late_is_found_to_be_late(tmp_path, groups, name):
    """40 ms for each request: N clients get N / 40 ms of them at most."""
    _, rows = first_blocks(tmp_path, points_in, name, *servers_of(groups, {
        "made": LATE.get(name, SLEEP)}), preexec_fn=little_room)
    row = next(row for row in rows if row["state"] == "kept")
    found = re.search(r"connections=(\d+)", row["point"])
    clients = int(found[1]) if found else 32
    assert float(row["p50_us"]) >= 40_000
    assert 0 < float(row["ok"]) / float(row["seconds"]) <= clients / 0.04


def test_idle_finds_what_each_connection_takes(tmp_path, groups):
    """A worker with 64 KiB more takes 64 KiB more, and some for its heap."""
    _, rows = first_blocks(tmp_path, lambda path: len(rows_of(path)) >= 3, "idle",
                           *servers_of(groups, {
                               "light": THREAD,
                               "heavy": THREAD + " --service state:64KiB"}))
    at = {row["server"]: float(row["figure"]) for row in rows if row["state"] == "kept"}
    more = at["heavy"] - at["light"]
    assert 63 <= more and (more < 80 or SANITIZER), at


def test_tlb_misses_are_counted_or_said_to_be_unknown(tmp_path):
    result, _ = first_blocks(
        tmp_path, lambda path: points_in(path), "working-set")
    counted = [one["cost"]["tlb_misses_per_request"] for point in
               result.json["scenarios"][0]["points"] for one in point["results"]]
    note = result.json["scenarios"][0]["note"] or ""
    told = note.count("TLB misses cannot be counted here (perf_event_open: ")
    assert told == (0 if any(one is not None for one in counted) else 1), note


@release_only
def test_events_of_the_servers_are_counted_where_the_kernel_can(tmp_path):
    """Page faults stand in for TLB misses; a forked worker has some of its
    own, and requests that touch nothing have few."""
    stand_in = tmp_path / "page_faults.so"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", stand_in,
                    Path(__file__).with_name("page_faults.c")], check=True)
    result, _ = first_blocks(
        tmp_path, lambda path: points_in(path), "working-set",
        env=dict(os.environ, LD_PRELOAD=str(stand_in)))
    scenario = result.json["scenarios"][0]
    if "TLB misses cannot be counted" in (scenario["note"] or ""):
        pytest.skip("the kernel keeps its counters to itself")
    counted = {(i, one["server"]): one["cost"]["tlb_misses_per_request"]
               for i, point in enumerate(scenario["points"])
               for one in point["results"]}
    known = {key: count for key, count in counted.items() if count is not None}
    assert known, counted
    assert all(0 <= count < 100 for count in known.values()), counted


@release_only
def test_a_scenario_whose_results_do_not_fit_is_said_and_the_next_one_begins():
    space = 80 << 20
    result = client(
        "compare", "working-set", "tls", "--quick", "--json", "-",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS,
                                              (space, space)))
    assert result.code == 1
    assert "working-set: not measured: the client has no memory for its " \
        "results; see ulimit -v and ulimit -d" in result.err
    assert [one["name"] for one in result.json["scenarios"]] == \
        ["working-set", "tls"]


def test_the_machine_says_whether_it_has_pcid(tmp_path):
    result, _ = first_blocks(tmp_path, lambda path: points_in(path), "steady")
    flags = re.search(r"^flags\s*:(.*)$", open("/proc/cpuinfo").read(), re.M)
    wanted = None if not flags else \
        "on" if "pcid" in flags[1].split() else "off"
    assert result.json["machine"]["pcid"] == wanted


def test_the_default_scenarios_are_marked():
    assert [*listed(r"\*")] == ["churn", "steady", "idle", "crash"]


def test_the_list_says_how_long_each_scenario_takes():
    times = listed()
    assert all(0 < quick < full for full, quick in times.values()), times
    # More points, more time.
    assert times["sweep"][0] > 2 * times["steady"][0]
    # Points that are dear: a fork of 1 GiB, 16 MiB for each connection.
    assert times["parent"][0] > 4 * times["linking"][0]
    assert times["state"][0] > 3 * times["linking"][0]
    out = client("list").out
    sums = re.findall(r"takes about (\d+) (s|min), --quick (\d+) (s|min)\.", out)
    assert len(sums) == 2, out
    default = sum(full for full, _ in listed(r"\*").values())
    assert abs(int(sums[0][0]) - default) < 4 and sums[0][1] == "s", out
    assert int(sums[1][0]) < 40 and sums[1][1] == "min", out
    assert max(map(len, out.splitlines())) <= 80, out


# ---- what servers are told ----

def test_options_go_where_a_command_has_a_place_for_them(groups, tmp_path):
    told = {}
    for name, place in {"told": "{options}", "not": ""}.items():
        file = tmp_path / name
        told[name] = f"echo \"<{place}>\" >>{shlex.quote(str(file))}; " + \
            THREAD.replace(" -q ", f" -q {place} ")
    result, _ = first_blocks(
        tmp_path, points_in, "spin", *servers_of(groups, told))
    assert set((tmp_path / "told").read_text().splitlines()) == \
        {"<--service spin:50us>"}
    assert set((tmp_path / "not").read_text().splitlines()) == {"<>"}
    line, = [line for line in result.err.splitlines()
             if "warning" in line and "{options}" in line]
    assert "spin: " in line and " not " in line
    # 50 us for each request: the one that was told has less than 20,000/s
    values = {one["server"]: one["cpu_us_per_request"]
              for one in result.json["scenarios"][0]["points"][0]["results"]}
    if values["told"] and values["not"]:
        assert values["told"] > 50


def test_a_liar_is_invalid_where_it_lies_and_its_words_are_shown(groups):
    """It knows nothing of the option, and says so."""
    report = compare(
        groups, {"good": THREAD, "odd": THREAD.replace(
            " -q ", " --no-such-option {options} ")}, "steady", code=1)
    point, = report["scenarios"][0]["points"]
    ratio, = point["ratios"]
    assert ratio["verdict"] == "invalid"
    assert "ended with status 2" in ratio["reason"]
    assert "--no-such-option" in ratio["reason"]


def test_without_a_baseline_the_others_have_figures_and_no_ratio(groups):
    report = compare(groups, {"base": "exit 9; : {port}", "good": THREAD},
                     "steady", code=1)
    point, = report["scenarios"][0]["points"]
    ratio, = point["ratios"]
    good = next(one for one in point["results"] if one["server"] == "good")
    assert good["value"] > 0 and good["errors"] == 0
    assert ratio["estimate"] is None
    assert "no baseline: ended with status 9" in ratio["reason"]


# ---- all slices ----

def test_the_rows_add_up_to_the_requests(groups, tmp_path):
    path = tmp_path / "slices.csv"
    report = compare(groups, {"thread": THREAD, "a,b": FORK}, "churn",
                     "--csv", path)
    point, = report["scenarios"][0]["points"]
    sums = Counter()
    for row in rows_of(path):
        sums[row["server"]] += int(row["begun"])
        assert row["point"] == "connections=32"
        assert row["state"] in ("kept", "warm-up")
        assert float(row["seconds"]) >= 0.024
        assert float(row["p50_us"]) <= float(row["p99_us"])
    for one in point["results"]:
        assert one["requests"] == sums[one["server"]] > 0
    control, = point["controls"]
    assert control["result"]["requests"] == sums["control"]


def test_each_quad_goes_there_and_back(groups, tmp_path):
    """A B C C B A, and the next one from the other end."""
    _, rows = first_blocks(
        tmp_path, points_in, "steady",
        *servers_of(groups, {"a": THREAD, "b": FORK}))
    order = {}
    for row in rows:
        if row["block"] == "1" and row["state"] != "interrupted":
            order.setdefault(row["quad"], []).append(row["server"])
            assert int(row["step"]) == len(order[row["quad"]])
    there = order["1"][:3]  # an order of the block's own
    assert sorted(there) == ["a", "b", "control"]
    assert order["1"] == [*there, *there[::-1]]
    assert order["2"] == [*there[::-1], *there]


def starts(tmp_path, seed):
    """The servers of the first two blocks in the order of their start, with
    the size of their environment."""
    path = tmp_path / f"starts-{seed}-{len(os.listdir(tmp_path))}"
    servers = [word for name in "abcd" for word in (
        "--server",
        f"{name}=echo {name} ${{#PERCONN_PADDING}} >>{path}; {THREAD}")]
    with running_client("compare", *SMALL, *servers, "steady", "--seed", seed,
                        "--json", "-") as process:
        eventually(lambda: path.exists() and
                   len(path.read_text().splitlines()) >= 10, "starts", 60)
        process.send_signal(signal.SIGINT)
        assert result_of(process).code == 130
    return path.read_text().splitlines()[:10]


def test_a_seed_makes_the_same_choices(tmp_path):
    first = starts(tmp_path, 7)
    assert starts(tmp_path, 7) == first
    assert starts(tmp_path, 8) != first


@release_only  # a sanitizer holds back memory, now more and now less
def test_what_matters_can_be_said(groups):
    report = compare(groups, {"a": THREAD, "b": THREAD}, "idle",
                     "--delta", "40%")
    assert report["delta"] == 0.4
    ratio, = report["scenarios"][0]["points"][0]["ratios"]
    assert ratio["verdict"] == "equivalent"


@pytest.mark.parametrize("value", ["x", "0%", "51%", "3%%", "-1%"])
def test_what_matters_is_a_percentage(value):
    result = client("compare", f"--delta={value}")
    assert result.code == 2
    for word in ("--delta", value, "from 0.1% to 50%"):
        assert word in result.error_line


# ---- other designs, for orientation ----

def test_designs_sets_the_pair_among_four_others(tmp_path):
    result, _ = first_blocks(tmp_path, lambda path: True, "designs")
    assert [one["name"] for one in result.json["servers"]] == [
        "thread", "fork", "iterative", "prefork", "prethread", "epoll"]
    assert result.json["scenarios"][0]["name"] == "churn"
    assert result.json["not_begun"] == "steady, idle, crash"


def test_the_iterative_server_serves_one_client_after_another(groups):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        target = "127.0.0.1:%d" % free.getsockname()[1]
    process = subprocess.Popen([BENCH / "design_iterative", target])
    try:
        eventually(lambda: client("load", target, "-n", 1, "-c", 1).code == 0,
                   "the server")
        result = client("load", target, "--churn", "-n", 50, "-c", 4)
        assert result.code == 0 and "50 ok" in result.out, result
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("name", ["@epoll", "@prefork", "@prethread"])
def test_a_reference_carries_large_messages(tmp_path, name):
    """More than a socket takes at once."""
    _, rows = first_blocks(
        tmp_path, lambda path: len(rows_of(path)) >= 4, "bulk",
        "--server", name, "--server", f"other={name}")
    assert all(row["begun"] == row["ok"] for row in rows
               if row["state"] != "interrupted")


def test_prefork_makes_another_child_for_one_that_dies(tmp_path):
    _, rows = first_blocks(
        tmp_path, lambda path: len(rows_of(path)) >= 3, "recover",
        "--server", "@prefork", "--server", "@prethread")
    assert all(float(row["figure"]) > 0 for row in rows
               if row["state"] != "interrupted")


@pytest.mark.parametrize("server, words", [
    ("@nginx", "there is no @nginx, but @iterative, @prefork"),
    ("@", "there is no @, but"), ("x=@", "there is no @, but"),
    ("@epoll", "the NAME epoll is taken"),
])
def test_a_reference_that_is_not_there_is_named(server, words):
    result = client("compare", "--server", "@epoll", "--server", server, "churn")
    assert result.code == 2 and words in result.err, result


def test_a_reference_that_is_not_built_says_how_to_build_it(tmp_path):
    shutil.copy(CLIENT, tmp_path)
    result = subprocess.run(
        [tmp_path / "client", "compare", "--server", "@epoll", "churn"],
        stderr=subprocess.PIPE, text=True, timeout=240)
    assert result.returncode == 2
    assert "@epoll is not built: run make bench-programs" in result.stderr
