# SPDX-License-Identifier: MIT
"""The programs of `make selftest`: in short, and the tool that they rely on."""
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from harness import BENCH, BIN, Server, echo, eventually, every_process, \
    proc_stat

SELFTEST = BENCH.parent / "selftest"
SLOWER = SELFTEST / "slower"


# ---- simulate ----

@pytest.fixture(scope="module")
def simulated():
    """{what was simulated: percent of comparisons that found a difference}"""
    done = subprocess.run([SELFTEST / "simulate", "200"], timeout=300,
                          stdout=subprocess.PIPE, text=True)
    found = re.findall(r"^(\S.*?) +\d+ x \d+ +\d+ +([\d.]+) %", done.stdout, re.M)
    assert len(found) == len(done.stdout.splitlines()) - 2, done.stdout
    return done, {name: float(percent) for name, percent in found}


def test_no_simulated_limit_is_missed_by_far(simulated):
    assert simulated[0].returncode == 0, simulated[0].stdout


def test_servers_that_are_alike_seldom_differ(simulated):
    alike = [percent for name, percent in simulated[1].items()
             if "slower" not in name]
    assert len(alike) >= 5
    assert all(percent <= 10.5 for percent in alike), simulated[1]
    assert any(percent > 0 for percent in alike), "a judge that never decides"


def test_what_differs_more_is_found_more_often(simulated):
    percents = simulated[1]
    assert percents["default, 5 % slower"] >= 60
    assert percents["default, 5 % slower"] > percents["default, 2 % slower"]


def test_wrong_usage_of_simulate_is_said():
    for words in ["0"], ["-3"], ["1", "2"], ["many"]:
        done = subprocess.run([SELFTEST / "simulate", *words], timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 2 and b"usage" in done.stderr


# ---- slower ----

def group_of(mark):
    """{pid: state} of the processes that have MARK among their arguments and
    are not `slower` itself."""
    found = {}
    for pid, fields in every_process():
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read()
        except OSError:
            continue
        if mark.encode() in words and b"slower" not in words \
                and fields[0] != "Z":
            found[pid] = fields[0]
    return found


@pytest.fixture
def mark():
    """A number that no other process has among its arguments."""
    number = f"7{os.getpid()}{time.monotonic_ns() % 10 ** 6}"
    yield number
    for pid in group_of(number):
        os.kill(pid, signal.SIGKILL)


def start(percent, *command):
    # Under nohup(1) the tests have inherited that hangups are ignored.
    return subprocess.Popen(
        [SLOWER, str(percent), *command], start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))


def stopped_share(pid, samples=400):
    stops = 0
    for _ in range(samples):
        stops += proc_stat(pid)[0] == "T"
        time.sleep(0.001)
    return stops / samples


@pytest.mark.parametrize("percent", [20, 60])
def test_it_is_stopped_for_that_share_of_the_time(percent, mark):
    process = start(percent, "sleep", mark)
    try:
        eventually(lambda: group_of(mark), "it runs")
        pid = next(iter(group_of(mark)))
        eventually(
            lambda: abs(stopped_share(pid) - percent / 100) < 0.1,
            f"stopped for {percent} % of the time")
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize("command, end", [
    ("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", -signal.SIGTERM),
    ("kill -KILL $$", -signal.SIGKILL)])
def test_its_end_is_that_of_the_command(command, end):
    assert start(30, "sh", "-c", command).wait(60) == end


@pytest.mark.parametrize("number", [
    signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_go_on_to_the_command(number, mark):
    process = start(50, "sleep", mark)
    eventually(lambda: group_of(mark), "it runs")
    process.send_signal(number)
    assert process.wait(60) == -number
    eventually(lambda: not group_of(mark), "nothing is left")


def family_of(process):
    """slower, its pacer, and the command."""
    pids = [process.pid]
    for _ in range(2):
        pids += [pid for pid, fields in every_process()
                 if int(fields[1]) == pids[-1]][:1]
    return pids


@pytest.mark.parametrize("whom", [0, 1, 2])
@pytest.mark.parametrize("attempt", range(3))
def test_nothing_stays_behind_a_kill(whom, attempt, mark):
    process = start(90, "sh", "-c",
                    f"sleep {mark} & sleep {mark} & exec sleep {mark}")
    eventually(lambda: len(group_of(mark)) >= 3, "all of it runs")
    eventually(lambda: "T" in group_of(mark).values(), "it is stopped")
    os.kill(family_of(process)[whom], signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    eventually(lambda: not group_of(mark), lambda: f"left: {group_of(mark)}")


def test_what_the_command_leaves_ends_with_it(mark):
    process = start(50, "sh", "-c", f"sleep {mark} & sleep {mark} & exit 3")
    assert process.wait(60) == 3
    eventually(lambda: not group_of(mark), lambda: f"left: {group_of(mark)}")


@pytest.mark.parametrize("model", ["thread", "fork"])
def test_a_slower_server_serves_as_it_did(model, tmp_path):
    server = Server(SLOWER, tmp_path)
    try:
        read, write = os.pipe()
        server.process = subprocess.Popen(
            [SLOWER, "30", BIN / f"server_{model}", "-q", "-l", "127.0.0.1:0",
             "--ready-fd", str(write)], pass_fds=(write,),
            start_new_session=True)
        os.close(write)
        server.targets = server._read_ready(read, 1)
        for sock in server.connected(8):
            for size in (1, 1000, 100_000):
                echo(sock, os.urandom(size))
        server.close_clients()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
        eventually(lambda: not server.survivors(), "no process of it is left")
    finally:
        server.kill()


def test_wrong_usage_of_slower_is_said():
    for words in ["5"], ["0", "true"], ["91", "true"], ["x", "true"], \
            ["5x", "true"], ["nan", "true"]:
        done = subprocess.run([SLOWER, *words], timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 2 and b"usage" in done.stderr
    missing = subprocess.run([SLOWER, "5", "/nonexistent/command"],
                             timeout=60, stderr=subprocess.PIPE)
    assert missing.returncode == 127
    assert b"/nonexistent/command: No such file" in missing.stderr


# ---- real ----

def test_options_of_a_real_self_test_go_to_the_client():
    """Their values, too: nothing of them is a COUNT."""
    real = BIN / "tests/selftest/real.py"
    if not real.exists():
        pytest.skip("it takes the release programs at the top of the tree")
    done = subprocess.run([sys.executable, real, "equal", "1", "--client-cpus",
                           "9999", "--placement=split"], timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    assert done.returncode == 1
    assert "client: --client-cpus 9999: must be" in done.stderr
    assert "--quick --client-cpus 9999 --placement=split" in done.stderr
