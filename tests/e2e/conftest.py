# SPDX-License-Identifier: MIT
"""Fixtures. What they are made of is in harness.py."""
import contextlib
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

import leftovers
from harness import BENCH, BIN, Server, eventually, has_ipv6, needs_ipv6
from known_servers import server_groups
from tls_files import Files

# ---- tests of time ----

STANDSTILL = 0.2  # seconds
TURNS = 4


def pytest_configure(config):
    # The pytest of Debian 13 sets it for its workers: no terminal of a test
    # would have a width of its own.
    os.environ.pop("COLUMNS", None)
    config.pluginmanager.register(leftovers)
    config.addinivalue_line(
        "markers", "timed(longest): it asserts what holds only while the "
        "machine runs. When that stood still for so many seconds and it "
        "failed, it is done again, up to four times in all; any other "
        "test twice, since all have deadlines of some kind")


class Standstill:
    """The longest time for which a CPU of this machine ran nothing of ours. Each
    of some has a watch of its own: a virtual machine's may stop one by one."""

    def __enter__(self):
        self.longest = 0
        self.over = threading.Event()
        self.threads = [
            threading.Thread(target=self._watch, args=(cpu,), daemon=True)
            for cpu in sorted(os.sched_getaffinity(0))[:4]]
        for thread in self.threads:
            thread.start()
        return self

    def _watch(self, cpu):
        pause = 0.02
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {cpu})  # of this thread
        before = time.monotonic()
        while not self.over.wait(pause):
            now = time.monotonic()
            self.longest = max(self.longest, now - before - pause)
            before = now

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def pytest_runtest_protocol(item, nextitem):
    """A server's deadline that passes while nothing runs is no fault of the
    server's. Without a standstill a failure is one at once."""
    timed = item.get_closest_marker("timed")
    longest, = timed.args if timed and timed.args else (STANDSTILL,)
    item.ihook.pytest_runtest_logstart(
        nodeid=item.nodeid, location=item.location)
    for _ in range(TURNS if timed else 2):
        item.has_failed = False
        with Standstill() as standstill:
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
        failed = any(report.failed for report in reports)
        if not failed or standstill.longest < longest:
            break
        item._initrequest()  # fresh fixtures
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(
        nodeid=item.nodeid, location=item.location)
    return True


# ---- fixtures ----


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets a fixture know whether its test has failed already."""
    report = (yield).get_result()
    if report.when == "call":
        item.has_failed = report.failed


def run_of(program, tmp_path, request):
    """A server not yet started; afterwards stopped and checked."""
    if not program.exists():
        pytest.fail(f"{program} is not built")
    first = Server(program, tmp_path)
    try:
        yield first
        if not getattr(request.node, "has_failed", True):
            for server in [*first.others, first]:
                if server.process:
                    server.stop()
                    server.check()
    finally:
        for server in [*first.others, first]:
            server.kill()


@pytest.fixture(params=["thread", "fork"])
def server(request, tmp_path):
    """Each promise is tested on both servers."""
    yield from run_of(BIN / f"server_{request.param}", tmp_path, request)


@pytest.fixture
def fork_server(request, tmp_path):
    """For promises about processes, which a thread does not have."""
    yield from run_of(BIN / "server_fork", tmp_path, request)


@pytest.fixture
def thread_server(request, tmp_path):
    yield from run_of(BIN / "server_thread", tmp_path, request)


@pytest.fixture
def inline_server(request, tmp_path):
    """The third model, of tests/bench."""
    program = BENCH / "server_inline"
    if not program.exists():
        pytest.skip(f"no {program} (make bench-programs)")
    yield from run_of(program, tmp_path, request)


@pytest.fixture(scope="module", params=["thread", "fork"])
def site(request, tmp_path_factory):
    """A running server for many requests of HTTP. Its targets: IPv4, unix and,
    where there is one, IPv6."""
    directory = tmp_path_factory.mktemp("site")
    server = Server(BIN / f"server_{request.param}", directory)
    listen = ["127.0.0.1:0", f"unix:{directory}/s"]
    try:
        server.start("-s", "http",
                     listen=listen + ["[::1]:0"] * has_ipv6())
        yield server
        server.stop()
        server.check()
    finally:
        server.kill()


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Certificates, which are made once."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    return Files(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=[
    pytest.param("127.0.0.1:0", id="ipv4"),
    pytest.param("[::1]:0", id="ipv6", marks=needs_ipv6),
    pytest.param("unix:s", id="unix")])
def listen(request, tmp_path):
    """Each kind of stream that there is."""
    return request.param.replace("unix:", f"unix:{tmp_path}/")


@pytest.fixture
def groups(tmp_path):
    """Of the servers that a comparison starts: none may stay behind."""
    with server_groups(tmp_path) as found:
        yield found


class ControlGroups:
    """Folders of control groups, in either version's trees."""

    def __init__(self):
        self.made = []

    def make(self, controller, below=None, **files):
        """A group, in BELOW or at the root of the tree, whose files say what
        FILES tells. Skips the test where none can be made."""
        try:
            folder = (below or self._tree(controller)) / \
                f"perconn-test-{os.getpid()}-{len(self.made)}"
            folder.mkdir()
            self.made.append(folder)
            for name, value in files.items():
                (folder / name.replace("__", ".")).write_text(f"{value}\n")
        except OSError as error:
            pytest.skip(f"no control group of {controller}: {error}")
        return folder

    def of_memory(self, size):
        """A group that may have SIZE bytes, and no swap."""
        folder = self.make("memory")
        for name, value in (("memory.max", size), ("memory.swap.max", 0),
                            ("memory.limit_in_bytes", size),
                            ("memory.memsw.limit_in_bytes", size)):
            if (folder / name).exists():
                (folder / name).write_text(f"{value}\n")
        return folder

    @staticmethod
    def _tree(controller):
        for line in Path("/proc/self/mounts").read_text().splitlines():
            _, point, kind, options, *_ = line.split()
            if kind == "cgroup" and controller in options.split(","):
                return Path(point)
            if kind == "cgroup2" and controller in (
                    Path(point) / "cgroup.subtree_control").read_text().split():
                return Path(point)
        pytest.skip(f"no tree of {controller}")

    def remove(self):
        for folder in reversed(self.made):
            eventually(lambda: self._removed(folder), f"{folder} is empty")

    @staticmethod
    def _removed(folder):
        try:
            folder.rmdir()
        except OSError:
            return False
        return True


@pytest.fixture
def control_groups():
    """Name it before the server: it goes when that has ended."""
    groups = ControlGroups()
    yield groups
    groups.remove()
