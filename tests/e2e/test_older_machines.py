# SPDX-License-Identifier: MIT
"""What README says is needed is all that is needed."""
import re
import subprocess
from pathlib import Path

import pytest

from harness import BIN, HAS_FULL, connect, echo, needs, release_only
from known_servers import (
    FORK, THREAD, DatagramServer, ChatServer, KnownServer, compare, counts,
    load, value_of)

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
PROGRAMS = ["client", "server_thread", "server_fork", "server_thread-dynamic",
            "server_fork-dynamic"] + HAS_FULL * [
                "server_thread-full", "server_fork-full"]

# Since which kernel: syscalls(2).
CALLS = {
    "pidfd_send_signal": (5, 1), "pidfd_open": (5, 3), "clone3": (5, 3),
    "openat2": (5, 6), "pidfd_getfd": (5, 6), "faccessat2": (5, 8),
    "close_range": (5, 9), "process_madvise": (5, 10),
    "epoll_pwait2": (5, 11), "memfd_secret": (5, 14), "futex_waitv": (5, 16),
}

pytestmark = [needs("strace"), release_only]


def version(text):
    return tuple(int(number) for number in text.split("."))


def needed(what):
    """The version of WHAT that README asks for."""
    return version(re.search(
        rf"^{what} ([\d.]+) or newer|, {what} ([\d.]+) or newer", README,
        re.M).expand(r"\1\2"))


def refusing_calls(calls, error="ENOSYS"):
    """A command to run a program under, which has none of CALLS."""
    return ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null",
            "-e", f"trace={','.join(calls)}",
            "-e", f"inject={','.join(calls)}:error={error}"]


def older_kernel():
    """No call that is newer than the kernel that README asks for."""
    calls = [call for call, since in CALLS.items() if since > needed("Linux")]
    assert "epoll_pwait2" in calls
    return refusing_calls(calls)


@needs("readelf")
def test_the_readme_names_the_glibc_that_the_programs_need():
    found = set()
    for program in PROGRAMS:
        symbols = subprocess.run(
            ["readelf", "--dyn-syms", "--wide", BIN / program],
            capture_output=True, text=True, check=True).stdout
        # A newer compiler's glibc has functions of C23 behind old names.
        found |= {version(number) for name, number in re.findall(
            r" UND (\S+?)@+GLIBC_([\d.]+)", symbols)
            if not name.startswith("__isoc23")}
    assert max(found) == needed("glibc")


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM", "EACCES"])
@pytest.mark.parametrize("mode", [["-r", 200], ["-r", 200, "--churn"], []],
                         ids=["open", "churn", "closed"])
def test_without_epoll_pwait2_no_request_times_out(mode, error):
    """An older kernel, or a container's filter."""
    for _ in range(20):
        with KnownServer() as server:
            report = load(server.target, "-n", 100, "-c", 4, *mode,
                          wrap=refusing_calls(["epoll_pwait2"], error))
        assert counts(report) == (100, 0, 0, 0)
        if not mode:
            return
        assert report["duration_s"] >= 0.48
        # The schedule is still kept to less than a millisecond, on a machine that
        # lets it.
        if report["pacing_us"]["p50"] < 900:
            return
    pytest.fail(f"each time too late: {report['pacing_us']}")


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_without_epoll_pwait2_chat_and_datagrams_do_not_time_out(error):
    wrap = refusing_calls(["epoll_pwait2"], error)
    with ChatServer() as server:
        report = load(server.target, "-p", "chat", "-n", 50, "-r", 200, "-c",
                      3, wrap=wrap)
    assert counts(report) == (50, 0, 0, 0)
    with DatagramServer() as server:
        report = load(server.target, "-n", 50, "-r", 200, "-c", 3, wrap=wrap)
    assert counts(report) == (50, 0, 0, 0)


@pytest.mark.timed
def test_the_client_compares_on_the_kernel_that_the_readme_asks_for(groups):
    report = compare(groups, {"base": THREAD, "other": FORK}, "churn", "crash",
                     wrap=older_kernel())
    for scenario in ("churn", "crash"):
        for name in ("base", "other"):
            one = value_of(report, scenario, name)
            assert one["errors"] == 0, one
            assert one["value"] is not None, one


def test_a_server_serves_on_the_kernel_that_the_readme_asks_for(server):
    """Here the descriptors of a child are closed in another way."""
    server.start(strace=older_kernel()[7:])
    for _ in range(3):
        with connect(server.address) as client:
            echo(client)
    server.stop()
