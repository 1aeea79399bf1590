# SPDX-License-Identifier: MIT
"""Labs that measure: where a machine cannot show them, they say why."""
import re
import subprocess

import pytest

import pages
from harness import BIN, needs, release_only

CLIENT = BIN / "client"

pytestmark = [release_only]


def lab(name, before=(), *args):
    return subprocess.run([*before, CLIENT, "lab", name, "--answer", *args],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120)


def cannot_be_shown(run):
    """The reason."""
    assert run.returncode == 77, run.stdout
    return re.search(r"cannot be shown here: (.*?)\n\n", run.stdout + "\n\n",
                     re.S)[1].replace("\n  ", " ")


@pytest.mark.parametrize("setting, value, told", [
    ("ipv4/tcp_abort_on_overflow", 1, "net.ipv4.tcp_abort_on_overflow to 0"),
    ("core/somaxconn", 4, "net.core.somaxconn"),
])
def test_backlog_looks_at_the_settings_of_the_kernel(setting, value, told):
    if not pages.can_have_a_network():
        pytest.skip("this test may have no network of its own")
    script = f"{pages.LOOPBACK}; echo {value} >/proc/sys/net/{setting}; exec \"$@\""
    run = lab("backlog", [*pages.OWN_NETWORK[:-1], "sh", "-e", "-c", script, "sh"])
    assert told in cannot_be_shown(run)


@needs("prlimit")
def test_bigparent_says_that_memory_is_missing():
    run = lab("bigparent", ["prlimit", f"--as={700 << 20}"])
    assert "Cannot allocate memory" in cannot_be_shown(run)


@needs("prlimit")
def test_weight_needs_a_descriptor_for_each_client():
    run = lab("weight", ["prlimit", "--nofile=200:200"])
    assert "cannot open 500 connections" in cannot_be_shown(run)


@pytest.mark.parametrize("name", ["weight", "backlog", "drain"])
def test_a_lab_shows_the_same_on_one_server_and_with_other_numbers(name):
    for model in "thread", "fork":
        run = lab(name, (), "--model", model, "--seed", "2")
        assert run.returncode == 0, run.stdout
