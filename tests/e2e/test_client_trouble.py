# SPDX-License-Identifier: MIT
"""`client compare` with servers that fail: `invalid`, with the reason, while
the rest goes on."""
import re

import pytest

from harness import needs
from known_servers import (
    FORK, THREAD, UNSTEADY, VERDICTS, command, compare, ratio_of, value_of)

pytestmark = pytest.mark.timed


TROUBLE = {
    "absent": ("exec /no/such/program {port}",
               ["ended with status 127", "its last words: ", "/no/such"]),
    "dies": (command("dying:300"),
             ["ended with status 3", "its last words: out of cheese"]),
    "crashes": (command("crashing:300"), ["died of signal 9"]),
    "lies": (command("changed:300"),
             ["1 wrong, 0 timed out, 0 failed of", "byte 0 of 64", "changed"]),
    "resets": (command("resetting:300"),
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
        assert re.search(UNSTEADY, good["reason"])
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


def test_without_a_server_that_answers_no_rate_is_to_blame(groups):
    """Rates that follow from the slowest server: there is none."""
    report = compare(groups, {"base": "exit 9; : {port}",
                              "other": "exit 7; : {port}"}, "knee", code=1)
    scenario, = report["scenarios"]
    for point in scenario["points"]:
        ratio, = point["ratios"]
        assert ratio["verdict"] == "invalid"
        assert "ended with status 7" in ratio["reason"]
    assert len(groups.numbers()) == 2, "none is tried again at each point"


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
