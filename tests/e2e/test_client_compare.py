# SPDX-License-Identifier: MIT
"""`client compare` where all goes well: the contract of its JSON, and known
differences come out."""
import json
import os
import re
import shlex
import signal

import pytest

from harness import SANITIZER, eventually
from known_servers import (
    FORK, SMALL, THREAD, VERDICTS, check_compare, client, command, compare,
    ratio_of, result_of, running_client, servers_of, unbroken, unsteady,
    value_of)

pytestmark = pytest.mark.timed


def test_the_default_comparison(tmp_path):
    """On the scenarios and the servers that it takes by itself."""
    path = tmp_path / "result.json"
    result = client("compare", *SMALL, "--json", path, deadline=180)
    assert result.code == (1 if unsteady(result) else 0), result
    # A line on what was noticed is all that may stand there.
    assert all("queues of connections" in line
               for line in result.err.splitlines())
    assert "\x1b" not in result.out, "colours are for terminals"
    report = json.loads(path.read_text())
    check_compare(report)
    assert [one["name"] for one in report["servers"]] == ["thread", "fork"]
    assert report["blocks"] == 6
    for key in ("kernel", "cpu", "cpus"):
        assert report["machine"][key]
        assert str(report["machine"][key]) in unbroken(result.out)
    names = [one["name"] for one in report["scenarios"]]
    assert names == re.findall(r"^  (\w+) +\* ", client("list").out, re.M)
    for scenario in report["scenarios"]:
        check_scenario(scenario, result.out)


def test_a_process_for_each_connection_is_slower_than_a_thread(groups):
    options = servers_of(groups, {"thread": THREAD, "fork": FORK})
    for _ in range(2):  # other tests may keep the machine from deciding
        result = client("compare", *SMALL, *options, "churn", "--json", "-",
                        deadline=240)
        report = result.json
        check_compare(report)
        ratio = ratio_of(report, "churn", "fork")
        if ratio["verdict"] == "slower":
            break
    # A machine that is never quiet may not decide; it must not say otherwise.
    assert ratio["verdict"] in ("slower", "undecided", "invalid"), result
    assert ratio["verdict"] != "slower" or ratio["estimate"] < 0.9, result
    assert result.code == (1 if unsteady(result) else 0)
    assert value_of(report, "churn", "fork")["cpu_us_per_request"] > \
        value_of(report, "churn", "thread")["cpu_us_per_request"]


def check_scenario(scenario, words):
    assert f"\n{scenario['name']}: " in words
    requests = scenario["unit"] == "requests/s"
    assert scenario["better"] == ("higher" if requests else "lower")
    point, = scenario["points"]
    assert type(point["at"]["connections"]) is int
    assert [(one["of"], one["to"]) for one in point["ratios"]] == \
        [("fork", "thread")]
    for one in point["results"]:
        assert one["errors"] == 0
        assert one["value"] > 0
        if requests:
            assert one["latency_us"]["p50"] > 0
            assert one["cpu_us_per_request"] > 0
    for one in point["ratios"]:
        plain = {"faster": "better", "slower": "worse"}  # of what is no speed
        verdict = one["verdict"]
        assert (verdict if requests else plain.get(verdict, verdict)) in words
        assert one["reason"] in unbroken(words)
    control, = point["controls"]
    assert control["server"] == "thread"
    assert 0.3 < control["estimate"] < 3


def test_a_crash_takes_one_process_along_or_all_threads(groups):
    report = compare(groups, {"thread": THREAD, "fork": FORK}, "crash")
    assert value_of(report, "crash", "thread")["value"] == 64
    assert value_of(report, "crash", "fork")["value"] == 1
    ratio = ratio_of(report, "crash", "fork")
    assert ratio["verdict"] == "faster"
    assert ratio["estimate"] == pytest.approx(64)
    if SANITIZER is None:  # whose programs are dynamic
        assert [one["image"] for one in report["servers"]] == ["static PIE"] * 2
        assert re.search("thread: static PIE\n *fork: static PIE\n",
                         report["words"])


def test_known_differences_come_out(groups):
    """20, 50 and 120 ms: 2.5 and 0.42 times the rate, on any machine."""
    servers = {"middle": 0.05, "quick": 0.02, "slow": 0.12}
    options = servers_of(groups, {
        name: command(f"delayed:{delay}") for name, delay in servers.items()})
    for _ in range(3):
        result = client("compare", *SMALL, *options, "steady", "--json", "-",
                        deadline=240)
        if not unsteady(result):
            break
    report = result.json
    check_compare(report)
    quick = ratio_of(report, "steady", "quick")
    slow = ratio_of(report, "steady", "slow")
    steady = not unsteady(result)
    assert result.code == (0 if steady else 1), result
    if steady:
        assert 1.3 <= quick["estimate"] <= 2.8
        assert 0.35 <= slow["estimate"] <= 0.8
        assert quick["verdict"] == "faster" and 1 < quick["low"]
        assert slow["verdict"] == "slower" and slow["high"] < 1
    for name, delay in servers.items():
        one = value_of(report, "steady", name)
        assert 1e6 * delay <= one["latency_us"]["min"]
        # 64 connections: what cannot be more, and should not be much less
        assert one["value"] <= 64.1 / delay
        assert not steady or 0.4 * 64 / delay <= one["value"]


def test_the_same_server_twice_has_a_verdict_of_the_list(groups):
    """And one that writes more than any pipe would hold."""
    result = client("compare", *SMALL, *servers_of(groups, {
        "a": THREAD,
        "b": "head -c 3000000 /dev/zero | tr '\\0' x; " + THREAD,
    }), "steady", "--seed", 4711, "--json", "-", deadline=240)
    report = result.json
    check_compare(report)
    ratio = ratio_of(report, "steady", "b")
    assert ratio["verdict"] in VERDICTS
    assert 0.3 < ratio["estimate"] < 3
    assert result.code == (ratio["verdict"] == "invalid")
    assert report["seed"] == 4711
    assert "4711" in result.err


@pytest.mark.parametrize("placement", ["split", "shared", "free"])
def test_each_placeholder_and_placement_is_filled_in(
        groups, tmp_path, placement):
    """Interrupted early: this is about how they are started."""
    servers = {"address": "echo '{address}'", "port": "echo '{host}:{port}'"}
    servers = {
        name: f"{say} >>'{tmp_path}'/{name}; grep Cpus_allowed_list "
              f"/proc/$$/status >>'{tmp_path}'/cpus; {THREAD}"
        for name, say in servers.items()}
    with running_client("compare", *SMALL, *servers_of(groups, servers),
                        "--placement", placement, "steady",
                        "--json", "-") as process:
        eventually(lambda: len(groups.numbers()) >= 3, "three servers")
        ours = os.sched_getaffinity(process.pid)
        process.send_signal(signal.SIGINT)
        result = result_of(process)
    assert result.code == 130
    check_compare(result.json)
    for name in servers:
        for line in (tmp_path / name).read_text().splitlines():
            assert re.fullmatch(r"127\.0\.0\.1:\d+", line)
    theirs = {line.split()[1]
              for line in (tmp_path / "cpus").read_text().splitlines()}
    everywhere = os.sched_getaffinity(0)
    if placement == "free":
        assert ours == everywhere
        assert result.json["placement"] == "free"
    elif len(everywhere) == 1:
        assert result.json["placement"] == "shared"
    else:
        assert result.json["placement"] == placement
        machine = result.json["machine"]
        assert {machine["server_cpus"]} == theirs
        assert (theirs == {machine["client_cpus"]}) == (placement == "shared")
        if placement == "shared" or len(everywhere) == 2:
            assert machine["client_cpus"] == str(min(ours))
            assert len(ours) == 1


# ---- what was typed, and where the words go ----

# A server that ends at once, so that nothing is measured.
NONE = "exit 3; : {port}"


@pytest.mark.parametrize("server", [
    f"a={NONE}", f"it's={NONE} \"$HOME\" `x` # *", f"a={NONE}\t!\n~"])
def test_the_command_can_be_typed_again(server):
    arguments = [*SMALL, "--server", server, "steady", "--json", "-"]
    result = client("compare", *arguments)
    assert result.code == 1, result
    assert shlex.split(result.json["command"]) == [
        "client", "compare", *arguments]


def test_a_command_that_is_cut_says_so():
    result = client("compare", *SMALL, "--server", f"a={NONE} {'ü' * 600}",
                    "steady", "--json", "-")
    assert result.json["command"].endswith("ü...")


def test_with_rows_on_standard_output_the_words_are_not_there():
    result = client("compare", *SMALL, "--server", f"a={NONE}", "steady",
                    "--csv", "-")
    assert result.code == 1, result
    assert result.out.startswith("scenario,")
    assert result.out.count("\n") == 1, "no slice was measured"
    assert "steady: " in result.err and "This holds" in result.err
