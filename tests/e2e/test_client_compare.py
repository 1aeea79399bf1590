# SPDX-License-Identifier: MIT
"""`client compare`: known differences come out, a server in trouble is
`invalid` with its reason while the rest goes on, and nothing stays behind."""
import json
import os
import re
import shlex
import signal
import time

import pytest

from harness import BIN, every_process, eventually, needs
from known_servers import (
    DEADLINE, VERDICTS, catches, check_compare, client, command, result_of,
    running_client)

# The smallest comparison: 6 blocks of 2 rounds.
SMALL = ["--quick", "--blocks", "6"]
THREAD = f"exec {shlex.quote(str(BIN / 'server_thread'))} -q -l {{address}}"
FORK = f"exec {shlex.quote(str(BIN / 'server_fork'))} -q -l {{address}}"


class Groups:
    """The process groups of the servers that a comparison has started: the
    shell that writes its number here is the leader of its group."""

    def __init__(self, directory):
        self.path = directory / "groups"
        self.path.touch()

    def noted(self, what):
        return f"echo $$ >>{shlex.quote(str(self.path))}; {what}"

    def numbers(self):
        return [int(line) for line in self.path.read_text().split()]

    def alive(self):
        """Processes in any of them that are not over."""
        numbers = set(self.numbers())
        return [pid for pid, fields in every_process()
                if int(fields[2]) in numbers and fields[0] != "Z"]

    def check(self):
        """None is left within a moment; whoever is, is ended."""
        end = time.monotonic() + 5
        while (left := self.alive()) and time.monotonic() < end:
            time.sleep(0.01)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert not left, f"servers are still there: {left}"


@pytest.fixture
def groups(tmp_path):
    found = Groups(tmp_path)
    yield found
    found.check()


def options_of(groups, servers):
    return [word for name, what in servers.items()
            for word in ("--server", f"{name}={groups.noted(what)}")]


def compare(groups, servers, *arguments, code=0):
    """The checked JSON of a small comparison; the words under "words"."""
    result = client("compare", *SMALL, *options_of(groups, servers),
                    *arguments, "--json", "-")
    report = result.json
    check_compare(report)
    assert result.code == code, result
    assert [one["name"] for one in report["servers"]] == list(servers)
    report["words"] = result.err
    return report


def unsteady(result):
    """The control says that this machine cannot tell at the moment."""
    return re.search("the control, .* differs", result.out + result.err)


def point_of(report, scenario):
    found = [one for one in report["scenarios"] if one["name"] == scenario]
    assert len(found) == 1
    assert len(found[0]["points"]) == 1
    return found[0]["points"][0]


def ratio_of(report, scenario, name):
    return next(one for one in point_of(report, scenario)["ratios"]
                if one["of"] == name)


def value_of(report, scenario, name):
    return next(one for one in point_of(report, scenario)["results"]
                if one["server"] == name)


# ---- what is right ----

def test_the_default_comparison(tmp_path):
    """All scenarios on the servers that it takes by itself."""
    path = tmp_path / "result.json"
    result = client("compare", *SMALL, "all", "--json", path)
    assert result.code == (1 if unsteady(result) else 0), result
    assert result.err == ""
    assert "\x1b" not in result.out, "colours are for terminals"
    report = json.loads(path.read_text())
    check_compare(report)
    assert [one["name"] for one in report["servers"]] == ["thread", "fork"]
    assert report["blocks"] == 6
    for key in ("kernel", "cpu", "cpus"):
        assert report["machine"][key]
        assert str(report["machine"][key]) in result.out
    names = [one["name"] for one in report["scenarios"]]
    assert names == [line.split()[1]
                     for line in client("list").out.splitlines()
                     if line.startswith("scenario")]
    for scenario in report["scenarios"]:
        check_scenario(scenario, result.out)


def test_a_process_for_each_connection_is_slower_than_a_thread(groups):
    options = options_of(groups, {"thread": THREAD, "fork": FORK})
    for _ in range(4):  # other tests may keep the machine from deciding
        result = client("compare", *SMALL, *options, "churn", "--json", "-")
        report = result.json
        check_compare(report)
        ratio = ratio_of(report, "churn", "fork")
        if ratio["verdict"] == "slower":
            break
    assert ratio["verdict"] == "slower", result
    assert ratio["high"] < 1
    assert result.code == 0
    assert value_of(report, "churn", "fork")["cpu_us_per_request"] > \
        value_of(report, "churn", "thread")["cpu_us_per_request"]


def check_scenario(scenario, words):
    assert f"\n{scenario['name']}: " in words
    assert scenario["better"] == "higher"
    assert scenario["unit"] == "requests/s"
    point, = scenario["points"]
    assert type(point["at"]["connections"]) is int
    assert [(one["of"], one["to"]) for one in point["ratios"]] == \
        [("fork", "thread")]
    for one in point["results"]:
        assert one["errors"] == 0
        assert one["value"] > 0
        assert one["latency_us"]["p50"] > 0
        assert one["cpu_us_per_request"] > 0
    for one in point["ratios"]:
        assert one["verdict"] in words
        assert one["reason"] in words
    control, = point["controls"]
    assert control["server"] == "thread"
    assert 0.3 < control["estimate"] < 3


def test_known_differences_come_out(groups):
    """20, 50 and 120 ms: 2.5 and 0.42 times the rate, on any machine."""
    servers = {"middle": 0.05, "quick": 0.02, "slow": 0.12}
    options = options_of(groups, {
        name: command(f"delayed:{delay}") for name, delay in servers.items()})
    for _ in range(3):
        result = client("compare", *SMALL, *options, "steady", "--json", "-")
        if not unsteady(result):
            break
    report = result.json
    check_compare(report)
    assert result.code == 0, result
    quick = ratio_of(report, "steady", "quick")
    assert quick["verdict"] == "faster"
    assert 1 < quick["low"] and 1.3 <= quick["estimate"] <= 2.8
    slow = ratio_of(report, "steady", "slow")
    assert slow["verdict"] == "slower"
    assert slow["high"] < 1 and 0.35 <= slow["estimate"] <= 0.8
    for name, delay in servers.items():
        one = value_of(report, "steady", name)
        assert 1e6 * delay <= one["latency_us"]["min"]
        # 64 connections: what cannot be more, and should not be much less
        assert 0.4 * 64 / delay <= one["value"] <= 64.1 / delay


def test_a_server_alone_has_a_control_and_no_ratio(groups):
    report = compare(groups, {"a": THREAD}, "steady")
    assert point_of(report, "steady")["ratios"] == []
    assert point_of(report, "steady")["controls"][0]["estimate"] > 0


def test_the_same_server_twice_has_a_verdict_of_the_list(groups):
    """And one that writes more than any pipe would hold."""
    result = client("compare", *SMALL, *options_of(groups, {
        "a": THREAD,
        "b": "head -c 3000000 /dev/zero | tr '\\0' x; " + THREAD,
    }), "steady", "--seed", 4711, "--json", "-")
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
    with running_client("compare", *SMALL, *options_of(groups, servers),
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
        assert len(ours) == 1
        assert (theirs == {str(min(ours))}) == (placement == "shared")
        assert len(theirs) == 1


# ---- who is in trouble ----

TROUBLE = {
    "absent": ("exec /no/such/program {port}",
               ["ended with status 127", "its last words: ", "/no/such"]),
    "dies": (command("dying:1000"),
             ["ended with status 3", "its last words: out of cheese"]),
    "crashes": (command("crashing:1000"), ["died of signal 9"]),
    "lies": (command("changed:1000"),
             ["1 wrong, 0 timed out, 0 failed of", "byte 0 of 64", "changed"]),
    "resets": (command("resetting:1000"),
               ["0 wrong, 0 timed out, 1 failed of"]),
    "never listens": ("echo still thinking; exec sleep 1000; : {port}",
                      ["did not accept a connection within 10 s",
                       "its last words: still thinking"]),
}


def test_servers_in_trouble_are_invalid_and_the_rest_goes_on(groups):
    report = compare(
        groups, {"base": THREAD, "good": FORK,
                 **{name: what for name, (what, _) in TROUBLE.items()}},
        "steady", code=1)
    for name, (_, words) in TROUBLE.items():
        bad = ratio_of(report, "steady", name)
        assert bad["verdict"] == "invalid"
        for word in words:
            assert word in bad["reason"]
        assert bad["reason"] in report["words"]
        assert bad["estimate"] is bad["low"] is bad["high"] is None
        assert value_of(report, "steady", name)["value"] is None
    for name in ("lies", "resets"):
        assert value_of(report, "steady", name)["errors"] >= 1

    good = ratio_of(report, "steady", "good")
    assert good["estimate"] > 0
    assert good["verdict"] in VERDICTS
    if good["verdict"] == "invalid":
        assert "control" in good["reason"]
    for name in ("base", "good"):
        assert value_of(report, "steady", name)["errors"] == 0
        assert value_of(report, "steady", name)["value"] > 0


# A baseline that does not start ends it at once.
NO_BASELINE = {
    "status": ("echo sorry >&2; exit 9; : {port}",
               ["ended with status 9", "its last words: sorry"]),
    "signal": ("kill -9 $$; : {port}", ["died of signal 9"]),
    "a child stays": ("sleep 1000 & sleep 1000 & exit 0; : {port}",
                      ["ended with status 0"]),
    "a long log": ("seq 1 2000; echo the end; exit 4; : {port}",
                   ["ended with status 4", "its last words: the end"]),
}


@pytest.mark.parametrize("what", NO_BASELINE)
def test_without_a_baseline_there_is_no_verdict(groups, what):
    trouble, words = NO_BASELINE[what]
    report = compare(
        groups, {"base": trouble, "good": THREAD}, "steady", code=1)
    good = ratio_of(report, "steady", "good")
    assert good["verdict"] == "invalid"
    for word in ["baseline", *words]:
        assert word in good["reason"]
    assert good["estimate"] is None
    assert good["reason"] in report["words"]


def test_the_next_scenario_tries_again(groups):
    report = compare(
        groups, {"base": "exit 9; : {port}", "good": THREAD},
        "steady", "churn", code=1)
    assert [one["name"] for one in report["scenarios"]] == ["steady", "churn"]
    for scenario in ("steady", "churn"):
        assert ratio_of(report, scenario, "good")["verdict"] == "invalid"
    assert report["words"].count("status 9") >= 2


@needs("flock")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_baseline_that_cannot_run_twice_is_no_silent_failure(
        groups, tmp_path, seed):
    """Of the baseline and its control, the later one fails."""
    once = THREAD.replace(
        "exec ", f"exec flock -F -n -E 5 '{tmp_path}/lock' ")
    report = compare(groups, {"base": once, "good": FORK}, "steady",
                     "--seed", seed, code=1)
    # Without a control, nothing says that the method is right.
    ratio = ratio_of(report, "steady", "good")
    assert ratio["verdict"] == "invalid", "exit 1, and no word why"
    assert "status 5" in ratio["reason"]


def test_last_words_of_any_bytes_make_a_clean_json(groups):
    report = compare(
        groups,
        {"base": r"printf 'caf\351 \033[31m\001\377\n' >&2; exit 4; "
                 ": {port}",
         "good": THREAD}, "steady", code=1)
    assert "status 4" in ratio_of(report, "steady", "good")["reason"]


def test_last_words_cannot_drive_the_terminal(groups):
    report = compare(
        groups,
        {"base": r"printf 'a\033[31mb\n' >&2; exit 4; : {port}",
         "good": THREAD}, "steady", code=1)
    assert "status 4" in report["words"]
    assert "\x1b" not in report["words"]


# ---- nothing stays behind ----

# It and its child ignore SIGTERM.
STUBBORN = "trap '' TERM; sleep 1000 & " + THREAD.replace("exec ", "")


def test_servers_that_ignore_sigterm_are_ended_too(groups):
    with running_client("compare", *SMALL,
                        *options_of(groups, {"a": STUBBORN}), "steady",
                        "--json", "-") as process:
        eventually(groups.numbers, "a server")
        process.send_signal(signal.SIGINT)
        result = result_of(process)
    assert result.code == 130
    assert groups.alive() == []


@pytest.mark.parametrize("servers", [2, 15])
def test_sigint_gives_the_results_so_far_and_leaves_no_server(
        groups, servers):
    """In the first and in the fifth block."""
    with running_client(
            "compare", *SMALL,
            *options_of(groups, {"thread": THREAD, "fork": FORK}),
            "--json", "-") as process:
        eventually(lambda: len(groups.numbers()) >= servers, "servers")
        process.send_signal(signal.SIGINT)
        result = result_of(process)
    assert groups.alive() == []
    assert result.code == 130, result
    report = result.json
    check_compare(report)
    assert "nterrupted" in result.err
    ratio = ratio_of(report, "churn", "fork")
    assert ratio["verdict"] in ("undecided", "invalid")
    if servers == 15:
        assert ratio["estimate"] > 0, "what four whole blocks say"
    assert "too few" in ratio["reason"] or "no block" in ratio["reason"]


def test_sigint_while_a_server_does_not_come_up(groups):
    with running_client(
            "compare", *SMALL,
            *options_of(groups, {"a": "exec sleep 1000; : {port}"}),
            "--json", "-") as process:
        eventually(groups.numbers, "a server")
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        result = result_of(process)
    assert result.code == 130, result
    check_compare(result.json)
    assert time.monotonic() - start < DEADLINE
    assert groups.alive() == []


def test_a_second_sigint_leaves_no_server_either(groups):
    with running_client(
            "compare", *SMALL,
            *options_of(groups, {"a": STUBBORN})) as process:
        eventually(lambda: len(groups.numbers()) >= 2, "two servers")
        process.send_signal(signal.SIGINT)
        eventually(lambda: not catches(process.pid, signal.SIGINT),
                   "the first one is taken")
        process.send_signal(signal.SIGINT)
        assert result_of(process).code in (130, -signal.SIGINT)
    groups.check()


@pytest.mark.parametrize("number", [
    signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name)
def test_a_client_that_is_ended_leaves_no_server(groups, number):
    """By `timeout 60 client compare`, or a terminal that is closed."""
    with running_client(
            "compare", *SMALL,
            *options_of(groups, {"thread": THREAD, "fork": FORK})) as process:
        eventually(lambda: len(groups.numbers()) >= 3, "three servers")
        process.send_signal(number)
        assert result_of(process).code != 0
    groups.check()
