# SPDX-License-Identifier: MIT
"""The scenario custom of `client compare`: the user's own question."""
import json
import sys

import pytest

from comparing import first_blocks
from harness import BIN
from known_servers import client, command, flat, rows_of, servers_of

pytestmark = pytest.mark.timed


def kept(*servers):
    """Whether the file has a row of each that counts."""
    def enough(path):
        return set(servers) <= {row["server"] for row in rows_of(path)
                                if row["state"] == "kept"}
    return enough


def only_point(result):
    scenario, = result.json["scenarios"]
    assert scenario["name"] == "custom"
    point, = scenario["points"]
    return scenario, point


def test_a_question_of_ones_own_is_measured_and_described(tmp_path, groups):
    """Four clients that wait for 40 ms each have 100 answers a second at
    most. What was asked stands in the words, the JSON, the rows and the page,
    and in what --from shows of them."""
    result, rows = first_blocks(
        tmp_path, kept("quick", "slow"), "-c", 4, "--timeout", "60s",
        *servers_of(groups, {"quick": command("honest"),
                             "slow": command("delayed:0.04")}))
    words = "4 kept connections, echo, 64 bytes"
    scenario, point = only_point(result)
    assert scenario["load"] == words
    assert scenario["unit"] == "requests/s"
    assert point["at"] == {"connections": 4}
    assert f"custom: {scenario['question']} {words}" in flat(result.err)
    slow = [row for row in rows
            if row["server"] == "slow" and row["state"] == "kept"]
    assert all(0 < float(row["rate"]) <= 100 for row in slow)
    assert all(float(row["p50_us"]) >= 40_000 for row in slow)
    assert {row["point"] for row in rows} == {f"connections=4;load={words}"}
    saved = tmp_path / "saved.json"
    saved.write_text(json.dumps(result.json))
    again = client("compare", "--from", saved, "--report", tmp_path / "page")
    assert f"custom: {scenario['question']} {words}" in flat(again.out)
    assert words in (tmp_path / "page/index.html").read_text()
    # Another question is none to set beside it: each has rows of its own.
    other = tmp_path / "other.json"
    other.write_text(saved.read_text().replace("64 bytes", "99 bytes"))
    alike = client("compare", "--from", saved, "--from", saved).out
    different = client("compare", "--from", saved, "--from", other).out
    assert different.count("slow") > alike.count("slow")


def test_with_a_rate_the_answer_is_a_response_time(tmp_path, groups):
    """Each request of one server waits for 20 ms."""
    server = f"exec '{BIN}/server_thread' -q -l {{address}}"
    result, rows = first_blocks(
        tmp_path, kept("quick", "slow"), "-c", 300, "-r", 5000,
        *servers_of(groups, {
            "quick": server, "slow": f"{server} --service sleep:20ms"}))
    scenario, point = only_point(result)
    assert scenario["load"] == \
        "300 kept connections, echo, 64 bytes, on a schedule"
    assert (scenario["unit"], scenario["better"]) == ("us", "lower")
    assert point["at"] == {"rate": 5000}
    slow = [row for row in rows
            if row["server"] == "slow" and row["state"] == "kept"]
    assert all(float(row["p50_us"]) >= 20_000 for row in slow)
    # Of a round with too few replies, on a busy machine, there is no value.
    value = point["results"][1]["value"]
    assert value is None or value >= 20_000


def test_a_server_of_another_kind_needs_no_service(tmp_path, groups):
    """It speaks the protocol by itself, and nothing is said of {options}; but
    that it keeps no connection."""
    python = f"exec '{sys.executable}' -m http.server --bind {{host}} {{port}}"
    result, _ = first_blocks(
        tmp_path, kept("python"), "-p", "http", "-c", 1,
        *servers_of(groups, {"python": f"cd '{tmp_path}'; {python}"}))
    found = only_point(result)[1]["results"][0]
    assert found["errors"] == 0 and found["verdict"] is None
    # Each but the last of a slice, which the client may not see closed.
    assert 0.5 * found["requests"] < found["reconnects"] <= found["requests"]
    assert "python: it closed kept connections" in flat(result.err)
    assert "runs without" not in result.err


def test_custom_may_stand_beside_others(tmp_path):
    result, _ = first_blocks(
        tmp_path, lambda path: rows_of(path), "custom", "steady", "-c", 2)
    assert [one["name"] for one in result.json["scenarios"]] == ["steady"]
    assert result.json["not_begun"] == "custom"


def test_the_list_and_all_leave_it_to_the_user():
    words = client("list").out
    assert "`client compare custom` measures a load of your own" in words
