# SPDX-License-Identifier: MIT
"""The order of the folders: includes and calls go downward, in no circle.

A module is a header with its sources: common/net/conn.h and conn.c are the
module net/conn. A header that ends in _internal belongs to the module whose
name it begins with. An arrow runs from a module to each one that it includes or
calls. docs/design.md draws the folders.
"""
import re
import subprocess
from pathlib import Path

import pytest

from harness import BENCH, ROOT, needs

# Lowest first. A folder may include and call those before it.
BOTH = ["base", "net", "full", "plain"]
SERVER = ["service", "server", "image"]
CLIENT = ["stats", "format", "sysinfo", "launch", "load", "chatload",
          "verdict", "compare", "charts", "report", "trace", "lab", "cli"]
ORDER = BOTH + SERVER + CLIENT
# Two sets of sources for the same headers of net: with libraries, without.
BUILDS = ["full", "plain"]
TOP = {"server_thread": BOTH + SERVER, "server_fork": BOTH + SERVER,
       "client": BOTH + CLIENT}


def folder(module):
    """Of "net/conn"; "" for a program."""
    return module.rpartition("/")[0]


def allowed(module):
    """The folders that MODULE may use."""
    here = folder(module)
    if not here:
        return TOP[module]
    if here in BUILDS:
        return ["base", "net", here]
    below = ORDER[:ORDER.index(here) + 1]
    other = SERVER if here in CLIENT else CLIENT if here in SERVER else []
    return [name for name in below if name not in other + BUILDS]


def module_of(place):
    """Of "net/conn", a path without its suffix."""
    return place.removesuffix("_internal")


def sources(root):
    """Each source file below ROOT, with the name of its module."""
    for path in sorted(root.glob("common/*/*.[ch]")):
        yield path, module_of(f"{path.parent.name}/{path.stem}")
    for name in TOP:
        if (root / f"{name}.c").exists():
            yield root / f"{name}.c", name


def includes(root):
    """All arrows of includes: (from, to, why)."""
    for path, module in sources(root):
        for name in re.findall(r'^#include "(?:common/)?([^"]+)\.h"',
                               path.read_text(), flags=re.M):
            if module_of(name) != module:
                yield (module, module_of(name),
                       f"{path.relative_to(root)} includes common/{name}.h")


def symbols(root, build):
    """What each object under BUILD defines and needs, as nm tells: module to
    two sets. Objects without a source were left by an earlier build."""
    known = {}
    for path, module in sources(root):
        place = f"common/{module}.o" if folder(module) else f"{module}.o"
        if path.suffix == ".c" and (build / place).exists():
            known[str(build / place)] = module
    if not known:
        return {}
    table = {module: (set(), set()) for module in known.values()}
    out = subprocess.run(["nm", "-A", "-g", *known], stdout=subprocess.PIPE,
                         text=True, check=True).stdout
    for line in out.splitlines():
        path, _, rest = line.rpartition(":")
        *_, kind, name = rest.split()
        table[known[path]][kind == "U"].add(name)
    return table


def calls(root, build):
    """All arrows of calls and of global variables: (from, to, why)."""
    known = symbols(root, build)
    homes = {}
    for module, (defined, _) in known.items():
        for name in defined:
            homes.setdefault(name, []).append(module)
    for module, (_, needed) in known.items():
        for name in sorted(needed & homes.keys()):
            home = homes[name][0]
            # What several files define is chosen when a program is linked,
            # and called through a header below them.
            if len(homes[name]) == 1 and (
                    folder(home) not in BUILDS or folder(module) in BOTH):
                yield module, home, f"common/{module}.c uses {name}()"


def upward(arrows):
    """What is wrong with each arrow that may not be, in words."""
    for start, end, why in arrows:
        if folder(end) not in ORDER:
            yield (f"{why}: give the folder {folder(end)} a place in ORDER "
                   f"in {Path(__file__).name} and in docs/design.md")
        elif folder(end) not in allowed(start):
            yield (f"{why}: {folder(start) or start} may use only "
                   f"{' '.join(allowed(start))}. Move what both need down, "
                   f"or the code that uses it up")


def circles(arrows):
    """Each circle of modules, with the arrows in it, in words."""
    graph, reasons = {}, {}
    for start, end, why in arrows:
        graph.setdefault(start, set()).add(end)
        reasons.setdefault((start, end), why)

    def reached(start):
        seen, left = set(), [start]
        while left:
            new = graph.get(left.pop(), set()) - seen
            seen |= new
            left += new
        return seen

    reach = {module: reached(module) for module in graph}
    left = {module for module in graph if module in reach[module]}
    while left:
        one = min(left)
        circle = {other for other in left
                  if other in reach[one] and one in reach[other]}
        left -= circle
        inside = "; ".join(why for (start, end), why in sorted(reasons.items())
                           if start in circle and end in circle)
        yield (f"{' '.join(sorted(circle))} are a circle: {inside}. Move what "
               f"they share into a module below them")


def misnamed(root):
    """What is wrong with each file whose header begins with another name than
    the file's, in words. Those of the unit tests may have no name."""
    found = [(path, path.stem, True) for path in root.glob("common/*/*.[ch]")]
    found += [(root / f"{name}.c", name, True) for name in TOP]
    found += [(path, path.stem.removeprefix("test_"), False)
              for path in root.glob("tests/unit/test_*.c")]
    for path, name, required in sorted(found):
        named = re.match(r"/\*.*\*/\n/\*(?:\n \*)? (\w+):",
                         path.read_text())
        if named[1] != name if named else required:
            yield (f"{path.relative_to(root)}: begin the header comment with "
                   f"'{name}: '")


# ---- this tree ----

def test_every_header_comment_begins_with_the_name_of_its_file():
    assert not list(misnamed(ROOT))


def test_every_folder_has_a_place_in_the_order():
    folders = {path.parent.name for path in ROOT.glob("common/*/*.[ch]")}
    assert folders <= set(ORDER)


def test_no_include_runs_upward():
    assert not list(upward(includes(ROOT)))


def test_no_modules_include_each_other():
    assert not list(circles(includes(ROOT)))


def objects():
    """The arrows of this build's objects."""
    build = BENCH.parents[1]
    arrows = list(calls(ROOT, build))
    if not arrows:
        pytest.skip(f"no objects under {build} (make)")
    return arrows


@needs("nm")
def test_no_call_runs_upward():
    assert not list(upward(objects()))


@needs("nm")
def test_no_modules_call_or_include_each_other():
    arrows = objects() + list(includes(ROOT))
    assert not list(circles(arrows))


# ---- trees that are wrong ----

def made(root, **files):
    """A tree: net__a_h="x" is common/net/a.h, which includes common/x.h."""
    for name, included in files.items():
        *place, stem, suffix = name.split("__") if "__" in name else (
            name, "c")
        path = root.joinpath(*(["common"] + place if place else []),
                             f"{stem}.{suffix}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f'#include "common/{one}.h"\n'
                                for one in included.split()))
    return list(includes(root))


@pytest.mark.parametrize("files, told", [
    ({"base__a__h": "net/b"}, "common/base/a.h includes common/net/b.h: base "
                              "may use only base."),
    ({"server__a__c": "stats/b"}, "server may use only base net service "
                                  "server. "),
    ({"load__a__c": "server/b"}, "common/load/a.c includes"),
    ({"full__a__c": "service/b"}, "full may use only base net full. "),
    ({"plain__a__c": "full/b"}, "plain may use only base net plain. "),
    ({"server_fork": "load/b"}, "server_fork.c includes common/load/b.h"),
    ({"client": "server/b"}, "client.c includes common/server/b.h"),
    ({"net__a__h": "misc/b"}, "give the folder misc a place"),
])
def test_an_include_that_runs_upward_is_told(tmp_path, files, told):
    wrong, = upward(made(tmp_path, **files))
    assert told in wrong


def test_includes_that_run_downward_are_fine(tmp_path):
    arrows = made(tmp_path, base__a__c="base/a base/b", full__c__c="net/d",
                  net__d_internal__h="net/d", net__d__c="net/d_internal",
                  net__d__h="base/a", service__e__c="net/d",
                  load__f__c="stats/g base/a", server_thread="server/h",
                  client="cli/i")
    assert not list(upward(arrows))
    assert not list(circles(arrows))


def test_headers_that_include_each_other_are_told(tmp_path):
    wrong, = circles(made(tmp_path, net__a__h="net/b", net__b__c="net/c",
                          net__c__h="net/a", base__d__h="base/e"))
    assert wrong.startswith(
        "net/a net/b net/c are a circle: common/net/a.h includes "
        "common/net/b.h; common/net/b.c includes common/net/c.h; "
        "common/net/c.h includes common/net/a.h. ")


@needs("nm")
@needs("gcc")
def test_calls_that_run_upward_or_in_a_circle_are_told(tmp_path):
    for name, text in {"net/a": "void b(void); void a(void) { b(); }",
                       "net/b": "extern int c; void a(void);"
                                "void b(void) { if (c) a(); }",
                       "service/c": "int c;"}.items():
        path = tmp_path / f"common/{name}.c"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        subprocess.run(["gcc", "-c", path, "-o", path.with_suffix(".o")],
                       check=True)
    arrows = list(calls(tmp_path, tmp_path))
    wrong, = upward(arrows)
    assert wrong.startswith("common/net/b.c uses c(): net may use only base ")
    wrong, = circles(arrows)
    assert wrong.startswith("net/a net/b are a circle: common/net/a.c uses b()")
