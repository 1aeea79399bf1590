#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""results: docs/results.md from its text and from what was measured.

    docs/results.py                     write docs/results.md again
    docs/results.py --all DIR --designs DIR --usual DIR
                                        take new figures first: DIR is what
                                        `client compare all --report DIR` wrote, or
                                        with `designs`, or without a scenario.
                                        results.png is of the first, report.png
                                        of the last

The text is docs/results.in. Each {{...}} in it is a figure of docs/results.json or
docs/designs.json, so no figure in the document is typed, and none can be older than
the measurement. A test writes the document again and compares.

    {{ratio churn}}                 0.377 [0.372, 0.383]
    {{value churn fork}}            8,003
    {{faults state 64 4KiB fork}}   any COLUMN below, at the point with these settings
    {{table state value faults}}    a row for each point, a column for each word
    {{designs churn}}               a row for each server
    {{machine}} {{when}} {{version}} {{minutes}} {{plan}} {{load}}
    {{check ratio churn < 0.9}}     nothing; what the words beside it rest on
    {{check faults state 64 4KiB thread < faults state 64 4KiB fork}}

Where a check fails, new figures have made the words wrong: the script names it, and the
test fails until somebody has changed the words.

`client compare --from docs/results.json` shows all of the measurement; what --report
writes into its folder beside (each block's figures, curves of latency, slices) is
left out here, because it would be a megabyte.
"""
import argparse
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
# Of a result: what is large, and what nothing here shows.
LEFT_OUT = {"latency_curve", "service_curve", "values_by_block", "log_ratios_by_block",
            "cpu_us_by_block", "result", "errors_by_name"}
COSTS = {  # word: (key, head)
    "cpu": ("cpu_us_per_request", "CPU us"),
    "user": ("user_us_per_request", "user us"),
    "system": ("system_us_per_request", "system us"),
    "waits": ("voluntary_switches_per_request", "waits"),
    "preempt": ("involuntary_switches_per_request", "preempt"),
    "loop": ("accept_loop_busy", "accept loop busy, %"),
    "faults": ("page_faults_per_request", "faults"),
    "misses": ("tlb_misses_per_request", "TLB misses"),
    "kept": ("memory_kib_kept", "KiB kept"),
}
KINDS = {
    "anonymous": ("anonymous_kib", "anonymous KiB"),
    "tables": ("page_tables_kib", "page tables KiB"),
    "stacks": ("kernel_stacks_kib", "kernel stack KiB"),
    "slab": ("slab_kib", "slab KiB"),
}
NOT_MEASURED = "(not measured)"
DRAWN = ["sweep", "parent", "state", "working-set", "knee"]  # in results.png
HEADS = {  # of settings, as the client names them
    "connections": "connections", "rate": "requests/s asked for",
    "parent_mib": "parent, MiB", "remedy": "remedy", "held": "idle beside",
    "share": "of the capacity", "image": "image", "state_kib": "state, KiB",
    "pieces": "pieces of", "set_kib": "set, KiB", "kind": "kind", "load": "load",
    "cpus": "CPUs", "servers": "servers",
}


# ---- figures, as the client writes them ----

def number(value):
    if value is None:
        return "-"
    if abs(value) < 99.95 and value != round(value):
        return f"{value:.2f}" if abs(value) < 9.995 else f"{value:.1f}"
    return f"{value:,.0f}"


def ratio_text(value):
    return f"{value:.3g}" if value >= 10 or value < 0.1 else f"{value:.3f}"


def interval(one, key, text):
    if one["low"] is None or one["low"] == one["high"]:
        return text(one[key])
    return f"{text(one[key])} [{text(one['low'])}, {text(one['high'])}]"


# ---- what was measured ----

class Unmeasured(Exception):
    """The run had no such scenario, or no such point."""


class Results:
    """A saved comparison, and the figures that the text asks for."""

    def __init__(self, path):
        self.data = json.loads(path.read_text(encoding="utf-8"))
        self.scenarios = {one["name"]: one for one in self.data["scenarios"]}

    def points(self, name):
        if name not in self.scenarios:
            raise Unmeasured(name)
        return self.scenarios[name]["points"]

    def point(self, name, words):
        """The one whose settings are WORDS: numbers, texts, `first`, `last`."""
        points = self.points(name)
        if words == ["first"] or words == ["last"]:
            return points[0 if words == ["first"] else -1]
        found = [point for point in points if set(words) <= {
            str(value) for value in point["at"].values()} and
            (words or len(points) == 1)]
        if len(found) > 1:
            sys.exit(f"results.in: {name} has {len(found)} points {' '.join(words)}")
        if not found:
            raise Unmeasured(name)
        return found[0]

    def unit(self, name):
        return self.scenarios[name]["unit"]


def result_of(point, server):
    for one in point["results"]:
        if one["server"] == server:
            return one
    return sys.exit(f"results.in: no server {server}")


def amount(point, server, word):
    """One figure of one server, a number or None."""
    one = result_of(point, server)
    if word == "value":
        return one["value"]
    if word == "kib":
        return one["memory_kib_per_connection"]
    if word in ("p50", "p99"):
        return (one["latency_us"] or {}).get(word)
    if word == "loop":
        busy = one.get("accept_loop_busy")
        return None if busy is None else 100 * busy
    if word == "speedup":
        return (one.get("speedup") or {}).get("value")
    if word in COSTS:
        return one["cost"].get(COSTS[word][0])
    if word in KINDS:
        return one["cost"]["memory_kib_per_connection_by_kind"][KINDS[word][0]]
    return sys.exit(f"results.in: no column {word}")


def column(results, name, point, server, word):
    bound = word == "value" and result_of(point, server)["client_limited"] and \
        results.scenarios[name]["better"] == "higher"
    return (">= " if bound else "") + number(amount(point, server, word))


def ratio_of(point):
    ratio, = [one for one in point["ratios"] if one["of"] == "fork"]
    return ratio


def head(word, unit):
    plain = {"value": unit, "kib": "KiB/conn.", "p50": "p50 us", "p99": "p99 us",
             "speedup": "times the rate on 1 CPU"}
    if word in plain:
        return plain[word]
    return (COSTS.get(word) or KINDS[word])[1]


def verdict(ratio):
    """A ratio with its interval, and the verdict if it is not a difference."""
    if ratio["verdict"] == "invalid":
        return "invalid, no result"
    if ratio["estimate"] is None:
        return "-"
    text = interval(ratio, "estimate", ratio_text)
    if ratio.get("basis") == "server_cpu":
        text += " by CPU"
    if ratio["verdict"] in ("undecided", "equivalent"):
        text += f", {ratio['verdict']}"
    return text


# ---- what stands in the text ----

def table(results, name, words):
    """Thread and fork side by side: a row for each point."""
    points, unit = results.points(name), results.unit(name)
    keys = max((list(point["at"]) for point in points), key=len)
    if len(points) == 1:
        keys = []
    heads = [HEADS.get(key, key) for key in keys]
    for word in words:
        heads.append(f"{head(word, unit)}: thread")
        heads.append("fork")
    lines = ["| " + " | ".join([*heads, "ratio"]) + " |",
             "|" + "---|" * len(keys) + "--:|" * (2 * len(words)) + "---|"]
    for point in points:
        cells = [setting(point["at"].get(key)) for key in keys]
        for word in words:
            cells += [column(results, name, point, server, word)
                      for server in ("thread", "fork")]
        lines.append("| " + " | ".join([*cells, verdict(ratio_of(point))]) + " |")
    return "\n".join(lines)


def setting(value):
    return "" if value is None else \
        value if isinstance(value, str) else number(value)


def designs_table(results, name, words):
    """A row for each server; the ratio is to threads."""
    point = results.point(name, words)
    lines = [f"| server | {results.unit(name)} | ratio to thread |", "|---|--:|---|"]
    ratios = {one["of"]: one for one in point["ratios"]}
    for one in point["results"]:
        ratio = ratios.get(one["server"])
        value = column(results, name, point, one["server"], "value")
        lines.append(f"| {one['server']} | {value} | " + (
            verdict(ratio) if ratio else "the baseline") + " |")
    return "\n".join(lines)


def machine_text(data):
    machine = data["machine"]
    parts = [f"{machine['cpus']} CPUs", machine["cpu"] +
             (" (virtual)" if machine["virtual"] else ""), machine["kernel"]]
    if machine.get("pcid"):
        parts.append(f"PCID {machine['pcid']}")
    return ", ".join(parts)


def load_text(data):
    machine = data["machine"]
    return f"load average {machine['load_before']:.2f} before, " \
        f"{machine['load_after']:.2f} after"


def plan_text(data):
    return f"{data['blocks']} blocks with fresh servers where a scenario has one " \
        f"point, slices of {1000 * data['slice_s']:g} ms" + \
        (", --quick" if data["quick"] else "")


PLAIN = {
    "machine": machine_text, "load": load_text, "plan": plan_text,
    "when": lambda data: data["when"][:10],
    "version": lambda data: data["version"],
    "minutes": lambda data: str(math.ceil(data["duration_s"] / 60)),
}


def figure(results, designs, words):
    """What stands for {{WORDS}}."""
    word, *rest = words
    if word in PLAIN:
        return PLAIN[word](results.data)
    name, *rest = rest
    if word == "table":
        return table(results, name, rest)
    if word == "designs":
        return designs_table(designs, name, rest)
    if word == "ratio":
        return verdict(ratio_of(results.point(name, rest)))
    return column(results, name, results.point(name, rest[:-1]), rest[-1], word)


def figure_or_none(results, designs, words):
    try:
        return figure(results, designs, words)
    except Unmeasured:
        return NOT_MEASURED


# ---- what the words rest on ----

def side(results, words):
    """A number, or the figure that WORDS name; None: it has none."""
    if len(words) == 1:
        return float(words[0])
    word, name, *rest = words
    if word == "ratio":
        return ratio_of(results.point(name, rest))["estimate"]
    return amount(results.point(name, rest[:-1]), rest[-1], word)


def holds(results, words):
    """Whether the figures say it; or there are none, which the text says."""
    at = next(i for i, word in enumerate(words) if word in ("<", ">"))
    try:
        left, right = side(results, words[:at]), side(results, words[at + 1:])
    except Unmeasured:
        return True
    return left is not None and right is not None and \
        (left < right if words[at] == "<" else left > right)


def failed_checks(results, text):
    return [check for check in re.findall(r"\{\{check (.+?)\}\}", text)
            if not holds(results, check.split())]


NOTHING = Results.__new__(Results)
NOTHING.scenarios = {}


def document():
    """The document, and the checks that failed."""
    results = Results(DOCS / "results.json")
    designs = DOCS / "designs.json"
    designs = Results(designs) if designs.exists() else NOTHING
    text = (DOCS / "results.in").read_text(encoding="utf-8")
    failed = failed_checks(results, text)
    text = re.sub(r"\{\{check .+?\}\}\n?", "", text)
    return re.sub(r"\{\{(.+?)\}\}", lambda found: figure_or_none(
        results, designs, found[1].split()), text), failed


# ---- new figures ----

def rounded(value):
    return float(f"{value:.6g}") if isinstance(value, float) else value


def trimmed(value):
    if isinstance(value, dict):
        return {key: trimmed(inner) for key, inner in value.items()
                if key not in LEFT_OUT}
    if isinstance(value, list):
        return [trimmed(one) for one in value]
    return rounded(value)


def take(report, name):
    """The saved comparison without what is large, and without this machine's paths."""
    data = trimmed(json.loads((report / "compare.json").read_text(encoding="utf-8")))
    for server in data["servers"]:
        server["command"] = re.sub(r"\S*/(?=server_|design_)", "./", server["command"])
    data["command"] = re.sub(r"(--(?:report|json|csv)[ =])\S+", r"\1DIR", data["command"])
    scenarios = data.pop("scenarios")
    text = json.dumps(data, ensure_ascii=False)[:-1] + ', "scenarios": [\n'
    text += ",\n".join(lines_of(one) for one in scenarios) + "\n]}\n"
    json.loads(text)
    (DOCS / name).write_text(text, encoding="utf-8")


def lines_of(scenario):
    """JSON, a line for each point: a change is seen where it is."""
    points = scenario.pop("points")
    return json.dumps(scenario, ensure_ascii=False)[:-1] + ', "points": [\n' + \
        ",\n".join(json.dumps(one, ensure_ascii=False) for one in points) + "]}"


def part_of_page(page, names):
    """The page with the sections of some scenarios, and of these the pictures."""
    kept = []
    for section in re.findall(r'<section class="scenario".*?</section>', page, re.S):
        title = re.search(r"<h2>(.*?)</h2>", section)[1]
        if title not in names:
            continue
        pictures = "".join(re.findall(r"<figure>.*?</figure>", section, re.S))
        kept.append(f'<section class="scenario"><h2>{title}</h2>'
                    f'<div class="pictures">{pictures}</div></section>')
    first = re.search(r"</style>.*?<body>|</style>\s*</head>\s*<body[^>]*>", page, re.S)
    return page[:first.end()] + "".join(kept) + "</body></html>"


def picture(page, png, width, height):
    """PAGE as a browser shows it. As root, chromium needs --no-sandbox."""
    if not shutil.which("chromium"):
        sys.exit("chromium draws the pictures: make deps-browser installs it")
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "page.html")
        file.write_text(page, encoding="utf-8")
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
             "--hide-scrollbars", f"--user-data-dir={directory}/profile",
             f"--screenshot={png}", f"--window-size={width},{height}", f"file://{file}"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def page_of(report):
    return (report / "index.html").read_text(encoding="utf-8")


def complain(text, failed):
    """Says what is wrong with the document. Returns the exit status."""
    for check in failed:
        print(f"docs/results.in: the figures do not say: {check}", file=sys.stderr)
    gaps = text.count(NOT_MEASURED)
    if gaps:
        print(f"docs/results.md: {gaps} figures were not measured", file=sys.stderr)
    return 1 if failed or gaps else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--all", "--designs", "--usual"):
        parser.add_argument(name, type=Path, metavar="DIR")
    options = parser.parse_args()
    if options.all:
        take(options.all, "results.json")
        picture(part_of_page(page_of(options.all), DRAWN), DOCS / "results.png", 900, 2640)
    if options.designs:
        take(options.designs, "designs.json")
    if options.usual:
        picture(page_of(options.usual), DOCS / "report.png", 1000, 1480)
    text, failed = document()
    (DOCS / "results.md").write_text(text, encoding="utf-8")
    return complain(text, failed)


if __name__ == "__main__":
    sys.exit(main())
