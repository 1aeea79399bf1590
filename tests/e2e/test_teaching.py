# SPDX-License-Identifier: MIT
"""The pages for students and teachers in docs/labs agree with the sources, with
`client lab`, and with each other in both languages."""
import re
import subprocess

import pytest

from harness import BENCH, ROOT, needs, release_only

LABS = ROOT / "docs/labs"
PAIR = [ROOT / "server_thread.c", ROOT / "server_fork.c"]


def changed(lines):
    """What a diff takes away and adds, in its order."""
    return [line for line in lines
            if re.match(r"[-+](?![-+])", line) and line[1:].strip()]


# ---- the diff, hunk by hunk ----

DIFF = (LABS / "diff.md").read_text(encoding="utf-8")
PIECES = re.findall(r"```diff\n(.*?)```\n\n(.*?)(?=\n```|\n#|\Z)", DIFF, re.S)


def test_the_diff_page_has_each_line_of_the_lesson():
    diff = subprocess.run(["diff", "-U0", *PAIR], capture_output=True, text=True,
                          check=False).stdout
    shown = [line for piece, _ in PIECES for line in changed(piece.splitlines())]
    assert shown == changed(diff.splitlines())


def test_the_diff_page_has_the_headings_of_the_pair():
    order = re.findall(r"^/\* ---- (.*) ---- \*/$", PAIR[0].read_text(), re.M)
    titles = [title.lower() for title in re.findall(r"^## (.*)$", DIFF, re.M)]
    assert titles[1:len(order)] == [name for name in order if name != "main"]


def test_each_piece_of_the_diff_has_its_reason_and_its_labs():
    assert len(PIECES) > 10
    for piece, words in PIECES:
        assert len(words.split()) > 15 and re.search(r"^Labs: \S", words, re.M), piece


def writable_globals():
    """(source, name) of all static memory of the servers that can be written."""
    build = BENCH.parents[1]
    objects = [path for folder in ("base", "net", "plain", "server", "service")
               for path in (build / "common" / folder).glob("*.o")
               if (ROOT / path.relative_to(build)).with_suffix(".c").exists()]
    objects += [build / path.with_suffix(".o").name for path in PAIR]
    for path in objects:
        table = subprocess.run(["objdump", "-t", path], capture_output=True,
                               text=True, check=True).stdout
        for section, name in re.findall(
                r" O (\.\S+)\t\w+ +(?:\.hidden )?([^\s.]+)(?:\.\d+)?$", table, re.M):
            if re.match(r"\.(data|bss)(?!.*\.ro)", section):
                yield str(path.relative_to(build).with_suffix(".c")), name


@release_only
@needs("objdump")
def test_the_diff_page_has_the_class_of_each_global():
    listed = {(source, name)
              for names, source in re.findall(r"^\| (`.*?) \| `(.*?)` \|", DIFF, re.M)
              for name in re.findall(r"`(\w+)`", names)}
    assert listed == set(writable_globals())
