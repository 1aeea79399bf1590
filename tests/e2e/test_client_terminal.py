# SPDX-License-Identifier: MIT
"""What the client shows a person: widths, progress, what to do next."""
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest

from harness import BENCH, DEADLINE, eventually
from known_servers import THREAD, check_compare, client, running_client, \
    result_of, servers_of


@contextlib.contextmanager
def terminal(columns):
    """The descriptor of a terminal so wide, and a function that returns what
    came there until now."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    os.set_blocking(ours, False)
    seen = bytearray()

    def read():
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(ours, 65536):
                seen.extend(piece)
        return seen.decode()

    try:
        yield theirs, read
    finally:
        os.close(theirs)
        os.close(ours)


ONE_BLOCK = ["--quick", "--blocks", "6"]


def test_progress_is_one_line_with_the_time_left_of_all_scenarios(groups):
    options = servers_of(groups, {"one": THREAD, "two": THREAD})
    with terminal(60) as (stderr, read), \
            running_client("compare", *ONE_BLOCK, *options, "idle", "crash",
                           stderr=stderr) as process:
        eventually(lambda: "crash (scenario 2 of 2)" in read(), "progress", 120)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=DEADLINE)
        shown = read().replace("\x1b[K", "").split("\r")
    lines = [line for line in shown if "block" in line]
    assert all(len(line) < 60 for line in lines), lines
    assert lines[0].startswith("idle (scenario 1 of 2): block 1 of 6"), lines
    assert re.search(r"; about \d+ s left in", lines[0]), lines


def test_no_progress_where_there_is_no_terminal(groups):
    result = client("compare", *ONE_BLOCK,
                    *servers_of(groups, {"one": THREAD, "two": THREAD}), "crash")
    assert "left in all" not in result.err, result


def test_an_interrupted_report_names_what_was_not_begun(groups, tmp_path):
    page, csv = tmp_path / "page", tmp_path / "page/slices.csv.part"
    with running_client("compare", *ONE_BLOCK, "--json", "-", "--report", page,
                        *servers_of(groups, {"one": THREAD, "two": THREAD}),
                        "idle", "crash", "steady") as process:
        eventually(lambda: csv.exists() and "idle" in csv.read_text(),
                   "a block", 120)
        process.send_signal(signal.SIGINT)
        result = result_of(process)
    assert result.code == 130, result
    check_compare(result.json)
    words = "Not begun: crash, steady."
    assert result.json["not_begun"] == "crash, steady"
    assert f"Interrupted during idle: this is what was done until then. {words}" \
        in " ".join(result.err.split())
    assert words in (page / "index.html").read_text()


@pytest.mark.parametrize("columns", [80, 100, 120])
@pytest.mark.parametrize("arguments", [
    ["list"], ["--help"], ["talk", "--help"], ["load", "--help"],
    ["compare", "--help"]], ids=" ".join)
def test_no_line_is_wider_than_the_terminal(arguments, columns):
    for env in ({"COLUMNS": str(columns)}, {}):
        with terminal(columns) as (stdout, read):
            result = client(*arguments, stdout=stdout,
                            env={**os.environ, **env})
            lines = read().splitlines()
        assert result.code == 0
        assert len(lines) > 5
        assert max(map(len, lines)) <= columns, lines


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("twice", [False, True], ids=["one", "two"])
def test_no_table_of_a_report_is_wider_than_the_terminal(
        tmp_path, columns, twice):
    (tmp_path / "made.json").write_bytes(subprocess.run([BENCH / "made_comparison", "3"], stdout=subprocess.PIPE,
                                    check=True).stdout)
    result = client("compare", "--from", "made.json",
                    *(["--from", "made.json"] * twice), cwd=tmp_path,
                    env={**os.environ, "COLUMNS": str(columns),
                         "LC_ALL": "C.UTF-8"})
    lines = result.out.splitlines()
    assert len(lines) > 50
    assert [line for line in lines if len(line) > columns] == []


def test_a_load_and_its_sweep_keep_to_80_columns(server):
    server.start()
    for more in ([], ["-r", "100,200"], ["--churn"]):
        result = client("load", server.address, "-d", "300ms", *more)
        assert result.code == 0, result
        assert max(map(len, result.out.splitlines())) <= 80, result.out
