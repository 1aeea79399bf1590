# SPDX-License-Identifier: MIT
"""client lab start and check: each bug fails, each right repair passes, and
each repair that only hides the symptom fails.

A lab's repairs are in tests/labs/NAME: solution*.patch and wrong-*.patch, on top
of its bug. The suite takes the first right one and the first wrong one of each
lab; `make labs-repairs` takes all.
"""
import csv
import json
import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from harness import BIN, ROOT, needs, release_only

CLIENT = BIN / "client"
LABS = sorted(path.parent.name for path in ROOT.glob("docs/labs/*/bug.patch"))
ALL = os.environ.get("PERCONN_REPAIRS") == "all"


def repairs_of(lab):
    names = sorted(path.name for path in ROOT.glob(f"tests/labs/{lab}/*.patch"))
    kinds = [[name for name in names if name.startswith(kind)]
             for kind in ("solution", "wrong-")]
    return names if ALL else [name for kind in kinds for name in kind[:1]]


REPAIRS = [(lab, name) for lab in LABS for name in repairs_of(lab)]

# What the script and the Makefile run, but for the compiler.
BUILD_TOOLS = """ar as basename cat cksum chmod cmp comm cp dirname echo find
    flock git grep ld make mkdir mv nproc patch pkg-config rm rmdir sed sh sort
    test uname xargs""".split()

pytestmark = [release_only]


def lab(*args, **options):
    return subprocess.run([CLIENT, "lab", *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=180, **options)


def patched(directory, patch):
    subprocess.run(["patch", "-s", "-p1", "-d", directory, "-i", patch],
                   check=True)


@pytest.fixture
def copy(tmp_path):
    """Makes a student's copy of a lab."""
    def make(name):
        directory = tmp_path / "it's a copy"
        run = lab("start", name, str(directory))
        assert run.returncode == 0, run.stdout
        return directory
    return make


@pytest.mark.parametrize("name", LABS)
def test_a_lab_has_right_and_wrong_repairs(name):
    names = [path.name for path in ROOT.glob(f"tests/labs/{name}/*.patch")]
    assert sum(name.startswith("solution") for name in names) >= 1
    assert sum(name.startswith("wrong-") for name in names) >= 2
    assert all(name.startswith(("solution", "wrong-")) for name in names)


@needs("patch")
@needs("make")
@pytest.mark.parametrize("name", LABS)
def test_a_bug_fails_its_check(name, copy):
    run = lab("check", name, str(copy(name)))
    assert run.returncode == 1, run.stdout
    assert "\n  NO  " in run.stdout
    assert "nothing has been changed" in run.stdout
    assert "Not yet: " in run.stdout.splitlines()[-1]


@needs("patch")
@needs("make")
@pytest.mark.parametrize("name, repair", REPAIRS,
                         ids=[f"{name}-{repair}" for name, repair in REPAIRS])
def test_a_right_repair_passes_and_a_wrong_one_fails(name, repair, copy):
    directory = copy(name)
    patched(directory, ROOT / "tests/labs" / name / repair)
    run = lab("check", name, str(directory))
    passes = repair.startswith("solution")
    assert run.returncode == (0 if passes else 1), run.stdout
    assert ("\n  NO  " in run.stdout) == (not passes), run.stdout
    assert "nothing has been changed" not in run.stdout
    assert "can be built" not in run.stdout, run.stdout


# The exercise is to make something that the shipped servers do not have.
MADE = {"lock": "a lock for counter:unlocked, which has none on purpose"}


@needs("patch")
@needs("make")
@pytest.mark.parametrize("name", [name for name in LABS if name not in MADE])
def test_the_shipped_servers_pass_each_check(name, copy):
    """They are what the bug was put into."""
    directory = copy(name)
    subprocess.run(["patch", "-s", "-R", "-p1", "-d", directory, "-i",
                    ROOT / f"docs/labs/{name}/bug.patch"], check=True)
    run = lab("check", name, str(directory))
    assert run.returncode == 0, run.stdout
    assert run.stdout.splitlines()[-1].startswith("  Passed: ")


# ---- a class ----

CSV = "dir,lab,outcome,required,unmet,sources,same_as,seconds,not_met,log"


@needs("patch")
@needs("make")
def test_many_copies_are_checked_by_one_command(tmp_path):
    """Each gets a line; a broken one costs the others nothing."""
    changes = {"shipped": ["-R", "docs/labs/race/bug.patch"], "bug": None,
               "broken": None, "own": ["tests/labs/race/solution-atomic.patch"]}
    for name, change in changes.items():
        assert lab("start", "race", str(tmp_path / name)).returncode == 0
        if change:
            subprocess.run(["patch", "-s", *change[:-1], "-p1", "-d", tmp_path / name,
                            "-i", ROOT / change[-1]], check=True)
    shutil.copytree(tmp_path / "own", tmp_path / "twin")
    with (tmp_path / "broken/server_fork.c").open("a") as source:
        source.write("int broken = ;\n")
    names = ["broken", "shipped", "bug", "own", "missing", "twin"]
    run = lab("check", "race", *names, "--model", "fork", "--csv", "all.csv",
              "--json", "all.json", cwd=tmp_path)
    assert run.returncode == 1, run.stdout
    rows = list(csv.DictReader((tmp_path / "all.csv").open()))
    assert list(rows[0]) == CSV.split(",")
    assert {row["dir"]: (row["outcome"], row["sources"], row["same_as"])
            for row in rows} == {
        "broken": ("not yet", "own", ""), "shipped": ("passed", "shipped", ""),
        "bug": ("not yet", "bug", ""), "own": ("passed", "own", ""),
        "missing": ("not yet", "own", ""), "twin": ("passed", "own", "own")}
    for row, line in zip(rows, (tmp_path / "all.json").read_text().splitlines()):
        result = json.loads(line)
        assert result["schema"] == "perconn.lab-check/1"
        assert (result["dir"], result["log"]) == (row["dir"], row["log"])
        assert len(result["not_met"]) == int(row["unmet"])
    logs = {row["dir"]: Path(row["log"]).read_text() for row in rows}
    assert "server_fork.c:" in logs["broken"] and "error: " in logs["broken"]
    assert "Passed: all " in logs["own"]
    for words in ("twin: same as own", "bug: nothing was changed",
                  "broken: not met: it can be built", "3 of 6 passed"):
        assert words in run.stdout


LIMITS = r"""
	struct rlimit cpu, size, tasks;

	getrlimit(RLIMIT_CPU, &cpu);
	getrlimit(RLIMIT_FSIZE, &size);
	getrlimit(RLIMIT_NPROC, &tasks);
	fprintf(stderr, "CPU %llu, files %llu, tasks %d\n",
	    (unsigned long long)cpu.rlim_max, (unsigned long long)size.rlim_max,
	    tasks.rlim_max != RLIM_INFINITY);
	return 1;
"""


@needs("patch")
@needs("make")
def test_a_students_program_has_limits_and_the_makefile_is_ours(copy):
    directory = copy("handoff")
    source = directory / "server_fork.c"
    source.write_text("#include <stdio.h>\n#include <sys/resource.h>\n" +
                      source.read_text().replace(
                          "	return server_main(argc", f"{LIMITS}\n"
                          "	return server_main(argc"))
    (directory / "Makefile").write_text("$(shell touch theirs)\n$(error theirs)\n")
    run = lab("check", "handoff", str(directory), "--model", "fork")
    assert run.returncode == 1
    assert "does not start: CPU 60, files 67108864, tasks 1" in run.stdout
    assert not (directory / "theirs").exists() and "theirs" not in run.stdout


# ---- what a student does wrong ----

@needs("patch")
@needs("make")
def test_errors_of_the_compiler_are_shown(copy):
    directory = copy("handoff")
    source = directory / "server_fork.c"
    source.write_text(source.read_text().replace("pid_t pid;", "pid_t pit;"))
    run = lab("check", "handoff", str(directory))
    assert run.returncode == 1
    assert "NO  it can be built\n" in run.stdout
    assert "server_fork.c:" in run.stdout and "‘pid’ undeclared" in run.stdout \
        or "'pid' undeclared" in run.stdout
    assert "make: " not in run.stdout


@needs("patch")
@needs("make")
@pytest.mark.parametrize("body, told", [
    ("abort();", "does not start"),
    ("for (;;) {}", "does not start"),
])
def test_servers_that_do_not_serve_are_told(copy, body, told):
    directory = copy("handoff")
    source = directory / "server_thread.c"
    source.write_text(source.read_text().replace(
        "	return server_main(argc", f"	{body}\n	return 0;\n"
        "	return server_main(argc"))
    run = lab("check", "handoff", str(directory), "--model", "thread")
    assert run.returncode == 1, run.stdout
    assert told in run.stdout


@needs("patch")
@needs("make")
def test_a_server_that_crashes_is_told(copy):
    directory = copy("handoff")
    source = directory / "server_thread.c"
    source.write_text(source.read_text().replace(
        "	enum outcome outcome =", "	abort();\n	enum outcome outcome ="))
    run = lab("check", "handoff", str(directory), "--model", "thread")
    assert run.returncode == 1, run.stdout
    assert "server_thread died of signal 6 (Aborted)" in run.stdout


@needs("patch")
@needs("make")
def test_an_interrupted_check_says_nothing_of_the_servers(copy):
    """It is interrupted while it builds."""
    directory = copy("handoff")
    client = subprocess.Popen([CLIENT, "lab", "check", "handoff", directory],
                              stdout=subprocess.PIPE, text=True)
    assert client.stdout.readline().startswith("$ ")
    client.send_signal(signal.SIGINT)
    assert client.communicate(timeout=60)[0] == ""
    assert client.returncode == 130


def test_a_copy_is_made_only_where_nothing_is(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work/mine.c").write_text("mine")
    run = lab("start", "handoff", str(tmp_path / "work"))
    assert run.returncode == 1
    assert "is there already" in run.stdout
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["mine.c"]


@needs("patch")
@needs("make")
def test_a_copy_is_built_with_the_amplifier_by_clang(copy, tmp_path):
    """Where there is no gcc."""
    for tool in ("clang", *BUILD_TOOLS):
        path = shutil.which(tool)
        if not path:
            pytest.skip(f"{tool} is missing")
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / tool).symlink_to(path)
    directory = copy("handoff")
    run = subprocess.run(
        [ROOT / "docs/labs/workshop", "check", "handoff", directory,
         tmp_path / "folder/handoff/check/copy"], env={"PATH": str(tmp_path / "bin")},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=300)
    assert run.returncode == 0, run.stdout
    run = lab("check", "handoff", str(directory), "--model", "fork")
    assert run.returncode == 0, run.stdout


@needs("patch")
def test_a_copy_has_no_solution_and_says_what_to_do(tmp_path):
    """In a folder with spaces and quotes in its name."""
    directory = tmp_path / "it's \"mine\""
    directory.mkdir()
    run = lab("start", "handoff", str(directory))
    assert run.returncode == 0, run.stdout
    for words in "bug.patch", f"are in {directory}.":
        assert words in run.stdout
    for key, words in (("Build and run", ["make", "-C", str(directory)]),
                       ("Have it judged", ["handoff", str(directory)])):
        _, told = run.stdout.split(f"{key}:")
        assert " ".join(words) in " ".join(shlex.split(told.splitlines()[0]))
    names = {path.name for path in directory.iterdir()}
    assert names == {"Makefile", "VERSION", "build", "common",
                     "server_fork.c", "server_thread.c"}


def test_without_tools_it_says_what_to_install(tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    for args in (["start", "handoff", str(tmp_path / "copy")],
                 ["check", "handoff", str(tmp_path / "copy")]):
        run = lab(*args, env=dict(os.environ, PATH=str(empty)))
        assert run.returncode == 77
        assert "apt-get install gcc libc6-dev make patch" in run.stdout
    assert not (tmp_path / "copy").exists()


# Root may write what is read-only, unless it gives that up.
AS_A_USER = [] if os.geteuid() else [
    "setpriv", "--bounding-set=-dac_override,-dac_read_search"]


@needs("patch")
@needs("make")
@needs("setpriv")
def test_sources_of_another_user_stay_as_they_are(tmp_path):
    """An installed client, beside sources that it may only read."""
    sources, work = tmp_path / "sources", tmp_path / "work"
    shutil.copytree(ROOT, sources, ignore=shutil.ignore_patterns(
        "build", ".git", "tests", "server_*[!c]", "client", ".ci"))
    for objects in [path for path in (ROOT / "build/release",) if path.exists()]:
        shutil.copytree(objects, sources / "build/release",
                        ignore=shutil.ignore_patterns("tests", "*.a"))
    shutil.copy(CLIENT, tmp_path / "perconn-client")
    work.mkdir()
    for path in sources, *sources.rglob("*"):
        path.chmod(path.stat().st_mode & ~0o222)
    before = sorted(map(str, sources.rglob("*")))
    for verb, *more in ("start",), ("check", "--model", "fork"):
        run = subprocess.run(
            [*AS_A_USER, tmp_path / "perconn-client", "lab", verb,
             "handoff", "--source", sources, *more], cwd=work,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=300)
        assert run.returncode == 0, run.stdout
        assert "my-handoff" in run.stdout
    assert sorted(map(str, sources.rglob("*"))) == before
    assert {path.name for path in work.iterdir()} == {"build", "my-handoff"}


@pytest.mark.parametrize("name, words", [
    ("file", "Not a directory"), ("file/copy", "Not a directory"),
    ("x" * 300, "File name too long")])
def test_where_no_copy_can_be_it_says_why(tmp_path, name, words):
    (tmp_path / "file").touch()
    run = lab("start", "handoff", str(tmp_path / name))
    assert run.returncode == 1
    assert f"{tmp_path / name}: {words}: give another DIR" in run.stdout


@needs("patch")
@needs("make")
def test_a_machine_that_cannot_build_is_no_fault_of_the_copy(copy, tmp_path):
    """Also where only the copy's folder, or the compiler's, has no space."""
    directory = copy("handoff")
    broken = tmp_path / "bin"
    broken.mkdir()
    for name in "gcc", "clang", "cc":
        (broken / name).write_text("#!/bin/sh\necho no space >&2; exit 1\n")
        (broken / name).chmod(0o755)
    run = lab("check", "handoff", str(directory),
              env=dict(os.environ, PATH=f"{broken}:{os.environ['PATH']}"))
    assert run.returncode == 77
    assert "nothing can be built here" in run.stdout
    assert "no space" in run.stdout
    assert "Passed" not in run.stdout and "Not yet" not in run.stdout


def test_without_sources_it_says_where_to_get_them(tmp_path):
    alone = tmp_path / "client"
    alone.write_bytes(CLIENT.read_bytes())
    alone.chmod(0o755)
    run = subprocess.run([alone, "lab", "start", "handoff"], cwd=tmp_path,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, timeout=60)
    assert run.returncode == 77
    assert "--source DIR" in run.stdout


@pytest.mark.parametrize("args, told", [
    (["start"], "the NAME is missing"),
    (["check", "hanoff"], "did you mean handoff"),
    (["check", "tour"], "has nothing to repair"),
    (["start", "handoff", ""], "the DIR is empty"),
    (["start", "handoff", "a", "b"], "remove b"),
    (["check", "handoff", "a", ""], "the DIR is empty"),
    (["check", "handoff", "a", "--csv", "-", "--json", "-"], "--csv -: --json"),
])
def test_wrong_usage(args, told):
    run = lab(*args)
    assert run.returncode == 2
    assert told in run.stdout


def test_a_folder_without_a_copy_is_told(tmp_path):
    run = lab("check", "handoff", str(tmp_path))
    assert run.returncode == 1
    assert "client lab start handoff" in run.stdout
