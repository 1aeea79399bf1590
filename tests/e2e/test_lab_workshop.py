# SPDX-License-Identifier: MIT
"""The bugs of the labs: small patches on the sources, built beside them."""
import os
import re
import shutil
import subprocess

import pytest

from harness import ROOT, needs

SCRIPT = ROOT / "docs/labs/workshop"
PATCHES = sorted(ROOT.glob("docs/labs/*/bug.patch"))
LABS = [patch.parent.name for patch in PATCHES]


def workshop(*args, **options):
    return subprocess.run([SCRIPT, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=300,
                          **options)


@pytest.mark.parametrize("patch", PATCHES, ids=LABS)
def test_a_bug_is_a_small_patch(patch):
    lines = patch.read_text().splitlines()
    changed = [line for line in lines if re.match(r"[-+](?![-+]{2} )", line)]
    files = {line.split()[1] for line in lines if line.startswith("+++ ")}
    assert 0 < len(changed) <= 15
    pair = {"b/server_thread.c", "b/server_fork.c"}
    assert files <= pair or len(files) == 1 and min(files)[:9] == "b/common/"


@needs("patch")
@pytest.mark.parametrize("lab", LABS)
def test_a_bug_fits_the_sources(lab, tmp_path):
    done = workshop("start", lab, tmp_path / "copy")
    assert (done.returncode, done.stdout) == (0, "")
    assert not list(tmp_path.rglob("*.orig"))


@needs("patch")
def test_a_bug_fits_though_lines_have_come_but_not_with_fuzz(tmp_path):
    """Who edits a file above a bug need not touch the bug."""
    sources = tmp_path / "sources"
    copied = workshop("start", "crash", sources)
    assert copied.returncode == 0
    shutil.copytree(ROOT / "docs/labs", sources / "docs/labs")
    echo = sources / "common/service/echo.c"
    right = (ROOT / "common/service/echo.c").read_text()
    line = "HOT static void\n"
    for text, status in ((f"\n{line}", 0), (f"{line}\n", 1)):
        echo.write_text(right.replace(line, text))
        done = subprocess.run(
            [sources / "docs/labs/workshop", "start", "crash",
             tmp_path / f"copy{status}"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        assert done.returncode == status
    assert not list(tmp_path.rglob("*.orig"))


@needs("patch")
@needs("make")
def test_two_users_build_a_bug_at_once(tmp_path):
    """In a folder whose name a shell would take apart."""
    folder = tmp_path / "it's a 'folder'"
    both = [subprocess.Popen([SCRIPT, "bug", LABS[0], folder],
                             env={**os.environ, "MAKEFLAGS": "SAN=address"})
            for _ in range(2)]
    assert [one.wait(300) for one in both] == [0, 0]
    for model in "thread", "fork":
        told = subprocess.run([folder / f"bug/server_{model}", "--version"],
                              stdout=subprocess.PIPE, text=True, check=True)
        assert told.stdout.rstrip().endswith(f"+{LABS[0]}")
    assert {path.name for path in folder.iterdir()} == {"bug", "lock", "stamp"}
    built = (folder / "bug/server_fork").stat()
    assert workshop("bug", LABS[0], folder).returncode == 0
    assert (folder / "bug/server_fork").stat() == built, "built again"
