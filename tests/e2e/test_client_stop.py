# SPDX-License-Identifier: MIT
"""However `client compare` ends, no server stays behind."""
import contextlib
import os
import re
import shlex
import signal
import time

import pytest

from harness import eventually, every_process, proc_stat
from known_servers import (
    DEADLINE, FORK, SMALL, THREAD, UNSTEADY, check_compare, interrupt_twice,
    point_of, ratio_of, result_of, running_client, servers_of)

pytestmark = pytest.mark.timed


# It and its child ignore SIGTERM.
STUBBORN = "trap '' TERM; sleep 1000 & " + THREAD.replace("exec ", "")


def test_servers_that_ignore_sigterm_are_ended_too(groups):
    with running_client("compare", *SMALL,
                        *servers_of(groups, {"a": STUBBORN}), "steady",
                        "--json", "-") as process:
        eventually(groups.numbers, "a server")
        process.send_signal(signal.SIGINT)
        result = result_of(process)
    assert result.code == 130
    assert groups.alive() == []
    check_compare(result.json)
    assert point_of(result.json, "steady")["ratios"] == [], "one server only"


@pytest.mark.parametrize("servers", [2, 15])
def test_sigint_gives_the_results_so_far_and_leaves_no_server(
        groups, servers):
    """In the first and in the fifth block."""
    with running_client(
            "compare", *SMALL,
            *servers_of(groups, {"thread": THREAD, "fork": FORK}),
            "--json", "-") as process:
        eventually(lambda: len(groups.numbers()) >= servers, "servers", 120)
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
        assert ratio["low"] is None, "an interval of four blocks"
    assert re.search(f"too few|no block|{UNSTEADY}", ratio["reason"])


def test_sigint_while_a_server_does_not_come_up(groups):
    with running_client(
            "compare", *SMALL,
            *servers_of(groups, {"a": "exec sleep 1000; : {port}"}),
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
            *servers_of(groups, {"a": STUBBORN})) as process:
        eventually(lambda: len(groups.numbers()) >= 2, "two servers")
        interrupt_twice(process)
        assert result_of(process).code in (130, -signal.SIGINT)
    groups.check()


def test_a_second_sigint_ends_who_left_its_group_too(groups):
    """What setsid(1) runs is a group of its own, and outlives its shell."""
    gone = "trap '' INT TERM; setsid sh -c " + shlex.quote(groups.noted(THREAD))
    with running_client(
            "compare", *SMALL,
            *servers_of(groups, {"a": gone, "b": gone})) as process:
        eventually(lambda: len(groups.numbers()) >= 4, "two servers")
        interrupt_twice(process)
        assert result_of(process).code == 130
        assert groups.alive() == []


def folders_of(client):
    """The groups of control that it has made."""
    return [os.path.join(where, name)
            for where, names, _ in os.walk("/sys/fs/cgroup") for name in names
            if name.startswith(f"perconn-{client}-")]


def test_a_second_sigint_leaves_no_cgroup(groups):
    with running_client(
            "compare", *SMALL,
            *servers_of(groups, {"a": STUBBORN, "b": STUBBORN})) as process:
        eventually(lambda: len(groups.numbers()) >= 2, "two servers")
        made = folders_of(process.pid)
        interrupt_twice(process)
        assert result_of(process).code == 130
        assert folders_of(process.pid) == []
    if not made:
        pytest.skip("no cgroup may be made here")


@pytest.mark.parametrize("end", [
    lambda process: process.send_signal(signal.SIGINT), interrupt_twice],
    ids=["once", "twice"])
def test_a_child_that_is_no_server_is_left_alone(groups, tmp_path, end):
    """An exec keeps what the shell before it had started."""
    path = tmp_path / "sleeper"

    def start_sleeper():
        path.write_text(str(os.posix_spawnp(
            "sleep", ["sleep", "1000"], os.environ,
            file_actions=[(os.POSIX_SPAWN_CLOSE, 1),
                          (os.POSIX_SPAWN_CLOSE, 2)])))
    with contextlib.ExitStack() as after:
        process = after.enter_context(running_client(
            "compare", *SMALL, *servers_of(groups, {"a": THREAD}), "steady",
            preexec_fn=start_sleeper))
        sleeper = int(path.read_text())
        after.callback(os.kill, sleeper, signal.SIGKILL)
        eventually(groups.numbers, "a server")
        end(process)
        assert result_of(process).code == 130
        assert (proc_stat(sleeper) or "Z")[0] != "Z"
    assert groups.alive() == []


@pytest.mark.parametrize("number", [
    signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name)
def test_a_client_that_is_ended_leaves_no_server(groups, number):
    """By `timeout 60 client compare`, or a terminal that is closed."""
    with running_client(
            "compare", *SMALL,
            *servers_of(groups, {"thread": THREAD, "fork": FORK})) as process:
        eventually(lambda: len(groups.numbers()) >= 3, "three servers")
        process.send_signal(number)
        assert result_of(process).code != 0
    groups.check()


def test_a_killed_client_leaves_no_server_below_a_shell(groups):
    """Nor one that has left its group."""
    behind = "cd / && " + THREAD.replace("exec ", "") + "; true"
    gone = "setsid sh -c " + shlex.quote(groups.noted(THREAD))
    with running_client(
            "compare", *SMALL,
            *servers_of(groups, {"a": behind, "b": gone})) as process:
        eventually(lambda: len(groups.numbers()) >= 5, "three servers")
        process.kill()
    groups.check()


def test_killing_all_of_the_clients_name_leaves_no_server(groups):
    """As `pkill -9 client` does: only what stands above the servers could
    end them then."""
    behind = "cd . && " + THREAD.replace("exec ", "") + "; true"
    with running_client(
            "compare", *SMALL, *servers_of(groups, {"a": behind})) as process:
        eventually(lambda: own_servers(process.pid), "a server")
        named = [pid for pid in descendants(process.pid)
                 if comm(pid) == comm(process.pid)]
        for pid in named:
            os.kill(pid, signal.SIGKILL)
        process.kill()
    groups.check()


def comm(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/comm") as file:
        return file.read()
    return None


def test_a_signal_that_was_ignored_stays_so(groups, tmp_path):
    """By the client, as under nohup(1), and by the servers that it starts."""
    path = tmp_path / "ignored"
    server = f"grep SigIgn /proc/self/status >>'{path}'; {THREAD}"
    with running_client(
            "compare", *SMALL, *servers_of(groups, {"a": server}), "steady",
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    ) as process:
        eventually(lambda: path.exists() and "\n" in path.read_text(),
                   "a server")
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        assert result_of(process).code == 130
    line = path.read_text().splitlines()[0]
    ignored = int(line.split()[1], 16)
    assert ignored >> (signal.SIGHUP - 1) & 1
    assert not ignored >> (signal.SIGTERM - 1) & 1


def descendants(pid):
    children = [one for one, fields in every_process() if int(fields[1]) == pid]
    return children + [below for child in children for below in descendants(child)]


def own_servers(client):
    """Once they are what their shells have become, or run."""
    def is_server(pid):
        try:
            return "server_" in os.readlink(f"/proc/{pid}/exe")
        except OSError:
            return False
    return [pid for pid in descendants(client) if is_server(pid)]


def test_the_default_servers_end_with_a_client_that_is_killed():
    """No shell may stay above them, which alone would get the signal."""
    with running_client("compare", *SMALL) as process:
        eventually(lambda: len(own_servers(process.pid)) >= 3, "three servers")
        servers = own_servers(process.pid)
        process.kill()
        process.wait()
        eventually(lambda: all((proc_stat(pid) or "Z")[0] == "Z"
                               for pid in servers), "their end")
