# SPDX-License-Identifier: MIT
"""The plugin that looks at the end of a run whether anything is left of it."""
import os
import re
import signal
import subprocess
import sys

import pytest

from harness import DEADLINE, ROOT

CONFTEST = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests/e2e")!r})
import leftovers
leftovers.PATIENCE = 0.1

def pytest_configure(config):
    config.pluginmanager.register(leftovers)
"""
PROCESS = "subprocess.Popen(['sleep', '1234'])"
FILES = "tempfile.mkstemp(); subprocess.run(['mktemp'], check=True)"


def run_of(folder, leaves, *options):
    """A run of pytest whose only test LEAVES something."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(
        "import subprocess, tempfile\n"
        f"def test_it():\n    {leaves}\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options,
         folder, f"--basetemp={folder}/base"], cwd=folder, capture_output=True,
        text=True, timeout=3 * DEADLINE)


def left_of(done):
    """The lines that name what is left."""
    assert "1 passed" in done.stdout and done.returncode == 1, done
    return done.stdout.split("Left when the tests were over:\n")[1].splitlines()


def test_a_run_that_leaves_nothing_passes(tmp_path):
    done = run_of(tmp_path, "subprocess.run(['true'])")
    assert "1 passed" in done.stdout and done.returncode == 0, done
    assert "Left" not in done.stdout


def test_a_process_that_is_left_fails_the_run_and_is_named(tmp_path):
    """Though the pytest that has started it is over."""
    pytest.importorskip("xdist")
    line = left_of(run_of(tmp_path, PROCESS, "-n", "1"))[0]
    found = re.fullmatch(r"  process (\d+): sleep 1234 ?", line)
    os.kill(int(found[1]), signal.SIGKILL)


def test_files_that_are_left_fail_the_run_and_are_named(tmp_path):
    """Those of python and those of another program; and they are removed."""
    lines = left_of(run_of(tmp_path, FILES))[:2]
    for line in lines:
        path = re.fullmatch(r"  file (\S*/perconn-tests-\w+/tmp\S+)", line)[1]
        assert not os.path.exists(path)
