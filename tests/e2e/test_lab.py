# SPDX-License-Identifier: MIT
"""The labs: each on both servers, by its page, in both languages."""
import json
import subprocess

import pytest

from harness import BIN, ROOT, release_only

CLIENT = BIN / "client"


def lab(*args, **options):
    return subprocess.run([CLIENT, "lab", *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120, **options)


def labs():
    """Their names, in the order of the list."""
    lines = lab().stdout.splitlines()
    return [line.split()[0] for line in lines[1:]
            if line.startswith("  ") and line[2:3].isalpha()]


LABS = labs() if CLIENT.exists() else []


def test_there_are_labs_in_the_list():
    assert {"tour", "race"} <= set(LABS)


@release_only
@pytest.mark.parametrize("name", LABS)
def test_a_lab_shows_what_its_page_says(name):
    run = lab(name, "--answer", "--json", "-")
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result["schema"] == "perconn.lab/1"
    assert result["lab"] == name and result["shown"] is True
    assert result["answer"] in "ABCD" and result["predicted"] is None
    assert any(key.startswith("thread.") for key in result["facts"])
    assert any(key.startswith("fork.") for key in result["facts"])
