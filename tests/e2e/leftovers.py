# SPDX-License-Identifier: MIT
"""A pytest plugin: what is left of a run when it is over fails it, and is named.

The processes that a run starts are known by a word in their environment, which
they inherit; nobody else's is looked at. Their files of no name go to a folder
of the run's own (TMPDIR), which is empty at the end. What tests are given for
their files (tmp_path) is pytest's; no file system stays mounted there.
"""
import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

MARK = "PERCONN_TEST_RUN"
# Chromium leaves a folder now and then when its driver ends it.
BROWSERS = "org.chromium."
PATIENCE = 10.0  # seconds: until what is about to end has ended


def is_worker(config):
    """Of a run of several pytests: all but the first."""
    return hasattr(config, "workerinput")


def processes_of(mark):
    """{pid: command} of all that have MARK in their environment."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            process = Path("/proc") / pid
            if f"{MARK}={mark}".encode() in (
                    process / "environ").read_bytes().split(b"\0"):
                words = (process / "cmdline").read_bytes().split(b"\0")
                found[int(pid)] = b" ".join(words).decode(errors="replace")
    return found


def mounts_below(folder):
    return [line.split()[1] for line
            in Path("/proc/self/mounts").read_text().splitlines()
            if line.split()[1].startswith(f"{folder}/")]


class Run:
    """What a run may leave."""

    def __init__(self, config):
        # Before TMPDIR is another: this is where pytest's own folders are.
        self.base = config._tmp_path_factory.getbasetemp()
        self.folder = Path(tempfile.mkdtemp(prefix="perconn-tests-"))
        self.folder.chmod(0o1777)
        self.mark = self.folder.name
        os.environ[MARK] = self.mark
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder)

    def leftovers(self):
        """Of each thing that is left, a line."""
        return [f"process {pid}: {command[:200]}" for pid, command
                in processes_of(self.mark).items()] + \
            [f"file {path}" for path in self.folder.iterdir()
             if not path.name.startswith(BROWSERS)] + \
            [f"mount {point}" for point in mounts_below(self.base)]

    def end(self):
        """Its leftovers, when they have had time to go."""
        end = time.monotonic() + PATIENCE
        while (left := self.leftovers()) and time.monotonic() < end:
            time.sleep(0.02)
        shutil.rmtree(self.folder)
        return left


RUN = pytest.StashKey[Run]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    """Before the workers are started."""
    if not is_worker(session.config):
        session.config.stash[RUN] = Run(session.config)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    """After the workers have ended and fixtures have closed what they opened."""
    yield
    run = session.config.stash.get(RUN, None)
    left = run.end() if run else []
    if left:
        print("\nLeft when the tests were over:", *left, sep="\n  ")
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
