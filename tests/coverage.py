#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints which lines of the programs were not reached (make coverage).

usage: coverage.py BUILD-FOLDER

gcov reads the counts that the programs wrote there. A line is reached if one
program reached it: each server, the client, and each unit test counts alone.
"""
import collections
import json
import subprocess
import sys
from pathlib import Path

WORST = 20  # files whose lines are named


def counts_of(folder):
    """{file: {line: how often}}, of our own sources, tests left out."""
    objects = sorted(map(str, Path(folder).rglob("*.gcno")))
    if not objects:
        sys.exit(f"coverage.py: no build is in {folder}: run make coverage")
    text = subprocess.run(
        ["gcov", "--json-format", "--stdout", *objects], check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    counts = collections.defaultdict(collections.Counter)
    for document in text.splitlines():
        for file in json.loads(document)["files"]:
            name = file["file"]
            if name.startswith(("/", "tests/")):
                continue
            for line in file["lines"]:
                counts[name][line["line_number"]] += line["count"]
    return counts


def ranges(lines, missing):
    """[(first, last)] of MISSING; lines without code do not end a range."""
    found, previous = [], None
    for line in sorted(lines):
        if line in missing:
            if previous in missing:
                found[-1][1] = line
            else:
                found.append([line, line])
        previous = line
    return found


def as_text(found):
    return ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in found)


def row(name, lines, missing):
    share = 100 * (1 - missing / lines) if lines else 100
    return f"{name:<40} {lines:>6} {missing:>10} {share:>8.1f} %"


def main():
    counts = counts_of(sys.argv[1])
    missing = {name: {n for n, c in lines.items() if not c}
               for name, lines in counts.items()}
    folders = collections.defaultdict(lambda: [0, 0])
    for name, lines in counts.items():
        for key in (str(Path(name).parent), "all"):
            folders[key][0] += len(lines)
            folders[key][1] += len(missing[name])
    print(f"{'folder':<40} {'lines':>6} {'unreached':>10} {'reached':>10}")
    for name, (lines, lost) in sorted(
            folders.items(), key=lambda item: item[1][1]):
        print(row(name, lines, lost))
    worst = sorted(missing, key=lambda name: -len(missing[name]))
    print(f"\n{'file':<40} {'lines':>6} {'unreached':>10} {'reached':>10}")
    for place, name in enumerate(worst):
        if not missing[name]:
            break
        print(row(name, len(counts[name]), len(missing[name])))
        if place < WORST:
            print("    " + as_text(ranges(counts[name], missing[name])))


if __name__ == "__main__":
    main()
