#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How often the verdicts of real comparisons are wrong.

    real.py [equal] [slower] [COUNT] [--OPTION [VALUE]...]

equal: compares a server with itself, COUNT times (40), half of them with churn
and half with kept connections. At most 1 in 8 verdicts may be faster or slower,
at most 1 in 4 invalid.
slower: compares a server with itself made 5 % slower (slower.c), COUNT times (10)
with --quick and with the default plan, with churn and spin. At least 80 % of the
verdicts of the default plan must be slower.

Both take a quarter of an hour, on a quiet machine. No comparison is repeated.
The words from the first --OPTION on are passed to `client compare`:

    real.py equal --client-cpus 1,1

gives its client two engine threads, both on CPU 1 where there are only two CPUs.
Exit status 1 if a limit is not met.
"""
import collections
import itertools
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SLOWER = ROOT / "build/release/tests/selftest/slower"
SERVER = f"exec {ROOT}/server_thread -q {{options}} -l {{address}}"
PERCENT = 5
ALIKE = ("churn", "steady")
# Scenarios in which the server is the limit: a client at its limit would hide
# that the server is slower.
BOUND = ("churn", "spin")
WORDS = list(itertools.takewhile(lambda word: not word.startswith("--"),
                                 sys.argv[1:]))
MORE = sys.argv[1 + len(WORDS):]


def compare(scenario, other, *options):
    """Compares the server with OTHER; returns the ratio."""
    command = [str(ROOT / "client"), "compare", *options, *MORE, "--json", "-",
               scenario, "--server", f"a={SERVER}", "--server", f"b={other}"]
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1) or not done.stdout:
        sys.exit(f"{done.stderr}status {done.returncode}: {' '.join(command)}")
    return json.loads(done.stdout)["scenarios"][0]["points"][0]["ratios"][0]


def number(value):
    return "   -  " if value is None else f"{value:6.3f}"


def series(title, other, options, count, scenarios):
    """COUNT comparisons; prints a line for each and returns the verdicts."""
    print(f"{title}: {count} comparisons")
    verdicts = collections.Counter()
    for i in range(count):
        scenario = scenarios[i % len(scenarios)]
        ratio = compare(scenario, other, *options)
        verdicts[ratio["verdict"]] += 1
        print(f"  {i + 1:3} {scenario:7} {number(ratio['estimate'])} "
              f"[{number(ratio['low'])}, {number(ratio['high'])}] "
              f"{ratio['verdict']}, {ratio['reason']}", flush=True)
    print("  in all:", ", ".join(
        f"{times} {word}" for word, times in verdicts.most_common()))
    return verdicts


def equal(count):
    count = count or 40
    verdicts = series("a server against itself, quick", SERVER, ["--quick"],
                      count, ALIKE)
    found = verdicts["faster"] + verdicts["slower"]
    print(f"  {found} of {count} faster or slower; at most {count // 8}")
    return found <= count // 8 and verdicts["invalid"] <= count // 4


def slower(count):
    count = count or 10
    other = SERVER.replace("exec ", f"exec {SLOWER} {PERCENT} ")
    quick = series(f"{PERCENT} % slower, quick", other, ["--quick"], count,
                   BOUND)
    print(f"  {quick['slower']} of {count} found; for information")
    full = series(f"{PERCENT} % slower, default plan", other, [], count, BOUND)
    print(f"  {full['slower']} of {count} found; at least {0.8 * count:.0f}")
    return full["slower"] >= 0.8 * count


def main(words):
    kinds = {"equal": equal, "slower": slower}
    count = next((int(word) for word in words if word.isdigit()), 0)
    chosen = [word for word in words if not word.isdigit()] or list(kinds)
    unknown = [word for word in chosen if word not in kinds]
    if unknown:
        print(f"real.py: {unknown[0]}: not one of {', '.join(kinds)} or a "
              "number", file=sys.stderr)
        return 2
    return 0 if all([kinds[word](count) for word in chosen]) else 1


if __name__ == "__main__":
    sys.exit(main(WORDS))
