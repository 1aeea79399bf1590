# SPDX-License-Identifier: MIT
"""The labs: each on both servers, by its page, in both languages.

A new lab is tested as it stands in `client lab`, without a line here.
"""
import functools
import json
import os
import pty
import re
import resource
import select
import signal
import subprocess
import time
import uuid
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

import pages
from browser import (CHROMIUM, DRIVER, DESKTOP, browser,  # noqa: F401
                     one_browser)
from harness import (BIN, DEADLINE, ROOT, every_process, eventually, needs,
                     release_only)

CLIENT = BIN / "client"
LETTERS = "ABCD"
CANNOT = 77


def lab(*args, **options):
    return subprocess.run([CLIENT, "lab", *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120, **options)


@functools.cache
def labs():
    """Their names, in the order of the list."""
    lines = lab().stdout.splitlines()
    return [line.split()[0] for line in lines
            if re.match(r"  [a-z]", line)]


LABS = labs() if CLIENT.exists() else []


class Marked:
    """Processes that inherited a mark in their environment."""

    def __init__(self):
        self.mark = uuid.uuid4().hex
        self.env = dict(os.environ, PERCONN_TEST_MARK=self.mark)

    def processes(self):
        found = []
        for pid, fields in every_process():
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:
                continue
            if self.mark.encode() in environment and fields[0] != "Z":
                found.append(pid)
        return found


def files_in(directory):
    return sorted(str(path.relative_to(directory))
                  for path in directory.rglob("*") if not path.is_symlink())


def copy_of_the_client(directory, *programs):
    for program in ("client", *programs):
        (directory / program).write_bytes((BIN / program).read_bytes())
        (directory / program).chmod(0o755)
    return directory / "client"


# ---- every lab ----

def test_there_are_labs_in_the_list():
    assert {"tour", "race"} <= set(LABS)
    listed = lab().stdout
    for name in LABS:
        assert re.search(rf"^  {name} +\d+  needs: \S", listed, re.M), name


@release_only
@pytest.mark.parametrize("name", LABS)
def test_a_lab_shows_on_both_servers_what_its_page_says(name, tmp_path, request):
    marked = Marked()
    run = lab(name, "--predict", "a", "--json", "result.json", "--svg", "p.svg",
              cwd=tmp_path, env=dict(marked.env, TMPDIR=str(tmp_path)))
    if run.returncode == CANNOT:
        pytest.skip(re.search(r"^  This cannot be shown here: (.*)", run.stdout,
                              re.M)[1])
    assert run.returncode == 0, run.stdout + run.stderr
    assert not run.stderr
    assert not marked.processes()
    assert files_in(tmp_path) == ["p.svg", "result.json"]
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["schema"] == "perconn.lab/1"
    assert (result["lab"], result["seed"], result["model"], result["language"]) \
        == (name, None, "both", "en")
    assert result["shown"] is True and result["reason"]
    assert result["answer"] in LETTERS and result["predicted"] == "A"
    assert result["machine"]["cpus"] > 0 and result["version"]
    assert {key.split(".")[0] for key in result["facts"]} >= {"thread", "fork"}
    check_words(run.stdout, result)
    check_block(ROOT / f"docs/labs/{name}/README.md", run.stdout)
    check_picture(tmp_path / "p.svg", request)


def check_words(words, result):
    assert "You predicted    A. " in words
    assert f"The servers show {result['answer']}. " in words
    right = result["answer"] == "A"
    assert ("Your prediction was right." in words) == right
    assert ("Your prediction was another one" in words) == (not right)
    order = [re.search(rf"^{head}", words, re.M).start() for head in (
        rf"{result['lab']}: ", r"\$ \./|\$ /", "Result$", "Why$", "Next$")]
    assert order == sorted(order)


def figures_away(line):
    """What differs from run to run: numbers, the length of bars, blanks; and
    where the programs are."""
    line = line.replace(f"{BIN}/", "").replace("./", "")
    line = re.sub("[█▏▎▍▌▋▊▉#]+", "", line)
    line = re.sub(r"[\d.,]*\.\.\.[\d.,]*", "...", line)
    line = re.sub(r"\d+(?:[.,]\d+)*(?:e[+-]\d+)?", "N", line)
    return " ".join(line.split())


def check_block(page, words):
    """The page shows what is printed: its lines come in this order. A line
    `...` stands for any lines, and `...` in a line for anything."""
    printed = iter([figures_away(line) for line in words.splitlines()])
    block = re.search(r"^## (?:Result|结果)\n+```text\n(.*?)```",
                      page.read_text(), re.S | re.M)[1]
    for line in block.splitlines():
        wanted = figures_away(line)
        if wanted not in ("", "..."):
            pattern = ".*".join(map(re.escape, wanted.split("...")))
            assert any(re.fullmatch(pattern, one) for one in printed), line


def check_picture(path, request):
    """Whole XML; and in a browser, where there is one, each text lies within
    the picture and over no other text."""
    root = xml.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.find("{http://www.w3.org/2000/svg}title").text
    names = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(set(names)) == len(names)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}text"))) > 3
    if not (CHROMIUM and DRIVER):
        return
    tab = request.getfixturevalue("browser")
    tab.open_tab(path.as_uri())
    for scheme in ("light", "dark"):
        tab.emulate(scheme, DESKTOP)
        assert tab.run(LOOK) == []
    assert not tab.console()


LOOK = """
const all = document.documentElement.getBoundingClientRect(), wrong = [];
const texts = [...document.querySelectorAll('text')].filter(t => t.textContent)
    .map(t => ({words: t.textContent, at: t.getBoundingClientRect(),
        ink: getComputedStyle(t).fill}));
const paper = getComputedStyle(document.documentElement).backgroundColor;
texts.forEach((t, i) => {
    if (t.at.left < all.left || t.at.right > all.right + 1 ||
        t.at.top < all.top || t.at.bottom > all.bottom + 1)
        wrong.push('outside: ' + t.words);
    if (t.ink == paper) wrong.push('invisible: ' + t.words);
    texts.slice(0, i).forEach(o => {
        if (t.at.left < o.at.right - 1 && o.at.left < t.at.right - 1 &&
            t.at.top < o.at.bottom - 4 && o.at.top < t.at.bottom - 4)
            wrong.push(t.words + ' lies over ' + o.words);
    });
});
return wrong;
"""


@release_only
@pytest.mark.parametrize("name", LABS)
def test_a_lab_can_be_run_by_hand(name, tmp_path):
    """In a network of its own, or on other ports."""
    script = lab(name, "--hand").stdout
    assert script.strip() and "```" not in script
    for place in [*ROOT.iterdir(), *BIN.glob("server_*"), CLIENT]:
        link = tmp_path / place.name
        if not link.is_symlink() and place.name != ".git":
            link.symlink_to(place)
    shell = ["sh", "-u", "-c"]
    if pages.can_have_a_network():
        shell = [*pages.OWN_NETWORK[:-1], *shell]
        script = f"{pages.LOOPBACK}\n{script}"
    else:
        script = "".join(map(pages.naming_the_port, script.splitlines(keepends=True)))
        for port in set(re.findall(r"\b7\d\d\d\b", script)):
            script = re.sub(rf"\b{port}\b", pages.free_port(), script)
    marked = Marked()
    run = subprocess.run([*shell, script], cwd=tmp_path, env=marked.env, text=True,
                         stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert run.returncode == 0, script + run.stdout + run.stderr
    for trouble in ("not found", "usage", "No such file", "nbound variable"):
        assert trouble not in run.stderr, script + run.stdout + run.stderr
    eventually(lambda: not marked.processes(), "no process is left")
    assert [name for name in files_in(tmp_path)
            if not name.startswith("build")] == []


@pytest.mark.parametrize("name", LABS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_question_has_its_answers_in_each_language(name, language):
    words = lab(name, "--quiz", "--lang", language).stdout
    letters = re.findall(r"^  ([A-D])\. \S", words, re.M)
    assert "".join(letters) in ("ABC", "ABCD")
    assert words.lstrip().startswith(f"{name}: ")
    there = (ROOT / f"docs/labs/{name}/README.zh.md").exists()
    assert bool(re.search("[\u4e00-\u9fff]", words)) == (language == "zh" and there)
    assert "**" not in words and "](" not in words


def pages_of_labs():
    return [page for page in sorted(ROOT.glob("docs/labs/*/README*.md"))
            if page.parent.name in LABS]


def why_of(page):
    return re.search(r"^## (?:Why|为什么)\n(.*?)^## ", page.read_text(),
                     re.S | re.M)[1]


@pytest.mark.parametrize("page", pages_of_labs(), ids=lambda page: str(
    page.relative_to(ROOT)))
def test_the_reason_names_what_is_in_the_sources_that_it_links(page):
    """Functions and variables of ours, by their names: numbers of lines rot."""
    links = re.findall(r"\]\((?!http)([^)#]+)", page.read_text())
    for link in links:
        assert (page.parent / link).exists(), link
    why = why_of(page)
    linked = [page.parent / link for link in re.findall(
        r"\]\((\.\./[^)#]+\.[ch])\)", why)]
    assert linked, "no source is linked"
    patch = page.parent / "bug.patch"
    sources = "".join(path.read_text() for path in
                      [*ROOT.glob("common/*/*.[ch]"), *ROOT.glob("server_*.c"),
                       *([patch] if patch.exists() else [])])
    for name in re.findall(r"`([a-z]+_\w+)(?:\(\))?`", why):
        assert re.search(rf"\b{name}\b", sources), name


# ---- prediction ----

@pytest.fixture(scope="module")
def right():
    """The right answer of tour, whose facts do not depend on the machine."""
    return json.loads(lab("tour", "--answer", "--json", "-").stdout)["answer"]


def test_without_a_prediction_it_says_how_to_predict():
    run = lab("tour", "--model", "fork")
    assert "client lab tour --predict A" in run.stdout
    assert "You predicted" not in run.stdout


def test_with_answer_it_says_nothing_of_a_prediction():
    run = lab("tour", "--model", "fork", "--answer")
    assert "predict" not in run.stdout


def test_a_right_prediction_is_told(right):
    run = lab("tour", "--model", "thread", "--predict", right)
    assert run.returncode == 0
    assert f"You predicted    {right}. " in run.stdout
    assert "Your prediction was right." in run.stdout


class Terminal:
    """A client on a terminal of its own."""

    def __init__(self, *args, **env):
        self.marked = Marked()
        self.own, end = pty.openpty()
        self.client = subprocess.Popen(
            [CLIENT, "lab", *args], stdin=end, stdout=end, stderr=end,
            env=dict(self.marked.env, TERM="xterm", **env), start_new_session=True)
        os.close(end)
        self.words = ""

    def read(self):
        try:
            self.words += os.read(self.own, 65536).decode()
            return True
        except OSError:  # EIO: the client has ended
            return False

    def wait_for(self, words):
        end = time.monotonic() + DEADLINE
        while words not in self.words:
            assert time.monotonic() < end, self.words
            if select.select([self.own], [], [], 0.1)[0] and not self.read():
                break
        assert words in self.words, self.words

    def type(self, line):
        os.write(self.own, f"{line}\n".encode())

    def end(self):
        while select.select([self.own], [], [], DEADLINE)[0] and self.read():
            pass
        os.close(self.own)
        return self.client.wait(DEADLINE)


def test_on_a_terminal_it_asks_until_the_answer_is_one(right):
    terminal = Terminal("tour", "--model", "thread")
    terminal.wait_for("Your prediction (A to D; Enter: none): ")
    terminal.type("x")
    terminal.wait_for("x\r\n\r\nYour prediction (A to D; Enter: none): ")
    assert "$ " not in terminal.words, "it runs before it is answered"
    terminal.type(right.lower())
    terminal.wait_for("Your prediction was right.")
    terminal.type("")
    assert terminal.end() == 0


def test_on_a_terminal_the_reason_waits_until_the_student_has_looked_for_it(
        tmp_path):
    result = tmp_path / "result.json"
    terminal = Terminal("tour", "--model", "thread", "--predict", "A", "--json",
                        str(result))
    terminal.wait_for("Then press Enter and compare: ")
    assert "Result\x1b" in terminal.words and "Why" not in terminal.words
    assert json.loads(result.read_text())["predicted"] == "A"
    terminal.type("")
    terminal.wait_for("Why")
    assert terminal.end() == 0
    assert "Next" in terminal.words


def test_ctrl_c_before_the_reason_ends_it_and_keeps_the_result(tmp_path):
    result = tmp_path / "result.json"
    terminal = Terminal("tour", "--model", "thread", "--predict", "A", "--json",
                        str(result))
    terminal.wait_for("Then press Enter and compare: ")
    os.kill(terminal.client.pid, signal.SIGINT)
    assert terminal.end() == 130
    assert "Why" not in terminal.words and result.exists()


def test_with_answer_a_terminal_is_asked_nothing():
    terminal = Terminal("tour", "--model", "thread", "--answer")
    assert terminal.end() == 0
    assert "press Enter" not in terminal.words and "Why" in terminal.words


def test_a_lecture_stops_at_the_result_and_shows_the_reason_later():
    run = lab("tour", "--model", "thread", "--answer", "--no-why")
    assert run.returncode == 0 and "Shown: " in run.stdout
    assert "Why" not in run.stdout and "Next" not in run.stdout
    reason = lab("tour", "--why").stdout
    assert re.match(r"\nWhy\n.*\nNext\n", reason, re.S) and "$ " not in reason


def test_on_a_terminal_one_may_answer_nothing():
    terminal = Terminal("tour", "--model", "thread")
    terminal.wait_for("Your prediction")
    terminal.type("")
    terminal.wait_for("Then press Enter")
    terminal.type("")
    assert terminal.end() == 0
    assert "You predicted" not in terminal.words


def test_ctrl_c_at_the_question_ends_it():
    terminal = Terminal("tour")
    terminal.wait_for("Your prediction")
    os.kill(terminal.client.pid, signal.SIGINT)
    assert terminal.end() == 130
    assert "$ " not in terminal.words


# ---- what it leaves ----

@pytest.mark.parametrize("number, status", [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
    ids=str)
def test_no_process_is_left_when_the_client_is_told_to_end(
        number, status, tmp_path):
    """While it waits for a server, which never listens."""
    client = copy_of_the_client(tmp_path)
    server = tmp_path / "server_thread"
    server.write_text("#!/bin/sh\nsleep 600 & sleep 600\n")
    server.chmod(0o755)
    before = files_in(tmp_path)
    marked = Marked()
    run = subprocess.Popen([client, "lab", "race", "--json", "r.json", "--svg",
                            "p.svg"], cwd=tmp_path, env=marked.env,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    eventually(lambda: len(marked.processes()) >= 5,
               "client, supervisor, shell and twice sleep run")
    run.send_signal(number)
    assert run.wait(DEADLINE) == status
    eventually(lambda: not marked.processes(), "no process is left")
    parts = ["p.svg.part", "r.json.part"] if number == signal.SIGKILL else []
    assert files_in(tmp_path) == sorted(before + parts)


# ---- seeds and results ----

def test_a_seed_gives_each_student_other_numbers_and_the_same_ones_again():
    words = {seed: lab("race", "--quiz", "--seed", str(seed)).stdout
             for seed in range(1, 12)}
    assert len(set(words.values())) > 5
    assert lab("race", "--quiz", "--seed", "3").stdout == words[3]
    numbers = re.search(
        r"(\d+) workers share.* (\d+) times, .*So there are (\d+) additions",
        re.sub(r"\s+", " ", words[3]))
    assert int(numbers[1]) * int(numbers[2]) == int(numbers[3])


@release_only
@pytest.mark.parametrize("model", ["thread", "fork"])
def test_a_lab_runs_on_one_server_with_the_numbers_of_a_seed(model):
    run = lab("race", "--seed", "5", "--model", model, "--answer", "--json", "-")
    assert run.returncode == 0
    result = json.loads(run.stdout)
    assert result["seed"] == 5 and result["model"] == model
    assert {key.split(".")[0] for key in result["facts"]} == {model}
    parameters = result["parameters"]
    assert parameters["total"] == parameters["workers"] * parameters["increments"]
    assert parameters["total"] != 1600
    assert f"{parameters['workers']} workers share" in run.stderr


def test_words_go_to_standard_error_where_the_picture_goes_to_standard_output():
    run = lab("tour", "--answer", "--svg", "-")
    assert run.stdout.startswith("<svg ")
    assert "Why" in run.stderr and "<svg" not in run.stderr


# ---- languages ----

@release_only
@pytest.mark.parametrize("name", ["tour", "race"])
def test_a_lab_speaks_chinese(name):
    page = ROOT / f"docs/labs/{name}/README.zh.md"
    run = lab(name, "--lang", "zh", "--predict", "A",
              env={"PATH": os.environ["PATH"], "LANG": "C"})
    assert run.returncode == 0 and not run.stderr
    check_block(page, run.stdout)
    for heading in ("结果", "为什么", "下一步"):
        assert f"\n{heading}\n" in run.stdout
    assert "█" in run.stdout or "▄" in run.stdout, "a picture in UTF-8, too"
    ours = re.sub(r"`[^`]*`|^\$ .*", "", run.stdout, flags=re.M)
    assert not re.search(r"\b(predict|shown|connections|additions|left)\b", ours)


CHINESE = [name for name in LABS
           if (ROOT / f"docs/labs/{name}/README.zh.md").exists()]


@pytest.mark.parametrize("settings, chinese", [
    ({"LANG": "zh_CN.UTF-8"}, True),
    ({"LANG": "zh_CN.utf8", "LC_ALL": "C.UTF-8"}, False),
    ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, True),
    ({"LC_ALL": "zh_SG.UTF-8", "LANG": "en_US.UTF-8"}, True),
    ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, True),
    ({"LANG": "zh_CN.GB2312"}, False),
    ({"LANG": "C"}, False),
    ({}, False)], ids=str)
@pytest.mark.skipif(not CHINESE, reason="no lab has a Chinese page yet")
def test_the_language_is_that_of_the_locale(settings, chinese):
    env = {"PATH": os.environ["PATH"], **settings}
    words = lab(CHINESE[0], "--quiz", env=env).stdout
    assert bool(re.search("[\u4e00-\u9fff]", words)) == chinese


# ---- wrong usage ----

@pytest.mark.parametrize("args, words", [
    (["rice"], ["rice", "no such lab", "did you mean race?", "client lab"]),
    (["nonsense"], ["nonsense", "no such lab", "`client lab` lists them"]),
    (["race", "tour"], ["takes one NAME", "tour"]),
    (["--seed", "3"], ["NAME is missing"]),
    (["--json", "x"], ["NAME is missing"]),
    (["race", "--predict", "E"], ["--predict E", "A to D"]),
    (["race", "--predict", ""], ["--predict", "LETTER"]),
    (["race", "--predict", "AB"], ["--predict AB", "A to D"]),
    (["race", "--predict", "B", "--answer"], ["--answer", "--predict"]),
    (["race", "--quiz", "--hand"], ["--quiz", "--hand"]),
    (["race", "--quiz", "--json", "x"], ["--quiz", "--json"]),
    (["race", "--quiz", "--predict", "A"], ["--quiz", "--predict"]),
    (["race", "--quiz", "--model", "fork"], ["--quiz", "--model"]),
    (["race", "--why", "--svg", "x"], ["--why", "--svg"]),
    (["race", "--quiz", "--no-why"], ["--quiz", "--no-why"]),
    (["--why"], ["NAME is missing"]),
    (["race", "--hand", "--seed", "3"], ["--hand", "--seed"]),
    (["race", "--hand", "--svg", "x"], ["--hand", "--svg"]),
    (["race", "--model", "processes"], ["--model processes", "thread|fork|both"]),
    (["race", "--lang", "de"], ["--lang de", "en|zh"]),
    (["race", "--seed", "0"], ["--seed 0", "from 1 to"]),
    (["race", "--json", "-", "--svg", "-"], ["--svg -", "--json"]),
    (["race", "--json", "x", "--svg", "./x"], ["--svg ./x", "--json"]),
], ids=lambda value: " ".join(value) if isinstance(value, list) else str(value))
def test_wrong_usage_is_one_line_and_exit_2(args, words, tmp_path):
    run = lab(*args, cwd=tmp_path)
    assert run.returncode == 2 and not run.stdout
    assert run.stderr.count("\n") == 1
    for word in words:
        assert word in run.stderr
    assert files_in(tmp_path) == []


def test_a_file_that_cannot_be_written_is_told_before_anything_runs(tmp_path):
    run = lab("tour", "--json", str(tmp_path / "no/such/folder"))
    assert run.returncode == 1 and "$ " not in run.stdout
    assert "no/such/folder" in run.stderr


# ---- what cannot be shown ----

def test_without_a_server_it_cannot_be_shown_and_says_what_to_do(tmp_path):
    client = copy_of_the_client(tmp_path, "server_thread")
    run = subprocess.run([client, "lab", "tour", "--answer", "--json", "-"],
                         capture_output=True, text=True, timeout=60)
    assert run.returncode == 77
    result = json.loads(run.stdout)
    assert result["shown"] is None and result["answer"] is None
    assert "no server_fork beside this client" in result["reason"]
    assert "This cannot be shown here: there is no server_fork" in run.stderr
    assert "Why" not in run.stderr


@release_only
@pytest.mark.parametrize("limits, timeline", [([], True),
    pytest.param(["prlimit", "--fsize=1000000"], False, marks=needs("prlimit"))])
def test_a_timeline_needs_space_but_no_plain_name(limits, timeline, tmp_path):
    """The folder of temporary files; without space there, a lab goes on."""
    directory = tmp_path / "it's a folder"
    directory.mkdir()
    run = subprocess.run(
        [*limits, CLIENT, "lab", "crash", "--answer", "--model", "thread"],
        env=dict(os.environ, TMPDIR=str(directory)), capture_output=True,
        text=True, timeout=60)
    assert run.returncode == 0, run.stdout
    assert (" --trace '" in run.stdout) == timeline
    assert not list(directory.iterdir())


@release_only
@needs("prlimit")
def test_a_lab_runs_with_few_descriptors():
    run = subprocess.run(
        ["prlimit", "--nofile=90:90", CLIENT, "lab", "tour", "--answer"],
        capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout


@needs("unshare")
@pytest.mark.parametrize("name", ["tour", "knee"])
def test_without_a_network_no_lab_can_be_shown(name):
    """The loopback device is down."""
    if subprocess.run(["unshare", "-r", "-n", "true"]).returncode:
        pytest.skip("no namespaces here")
    run = subprocess.run(["unshare", "-r", "-n", CLIENT, "lab", name, "--answer"],
                         capture_output=True, text=True, timeout=60)
    assert run.returncode == 77, run.stdout
    assert "Network is unreachable" in run.stdout


@release_only
@pytest.mark.skipif(not Path("/usr/bin/unshare").exists() or os.geteuid() != 0,
                    reason="only root may make namespaces")
def test_without_proc_it_says_so_in_one_line():
    run = subprocess.run(
        ["unshare", "--mount", "sh", "-c", 'umount -l /proc && exec "$@"', "sh",
         CLIENT, "lab", "knee", "--answer"], capture_output=True, text=True,
        timeout=60)
    if run.returncode == 1 and not run.stdout:
        pytest.skip("no namespace can be made here: " + run.stderr)
    assert run.returncode == CANNOT, run.stdout + run.stderr
    assert "mount -t proc proc /proc" in run.stdout.splitlines()[-1]


@release_only
def test_a_server_without_room_for_a_client_is_the_machines_fault():
    """With 64 descriptors it takes 31 clients at once, and not 40."""
    run = lab("backlog", "--model", "thread", "--answer", "--json", "-",
              preexec_fn=lambda: resource.setrlimit(
                  resource.RLIMIT_NOFILE, (64, 64)))
    assert run.returncode == CANNOT, run.stderr
    result = json.loads(run.stdout)
    assert result["shown"] is None and result["answer"] is None
    assert "raise the limits of descriptors and processes" in result["reason"]


def test_servers_that_do_not_behave_are_not_as_expected(tmp_path):
    """A server_fork that is a server of threads."""
    client = copy_of_the_client(tmp_path, "server_thread")
    for image in ("", "-full", "-dynamic"):
        if (BIN / f"server_thread{image}").exists():
            (tmp_path / f"server_fork{image}").write_bytes(
                (BIN / f"server_thread{image}").read_bytes())
            (tmp_path / f"server_fork{image}").chmod(0o755)
    run = subprocess.run([client, "lab", "tour", "--predict", "B", "--json", "-"],
                         capture_output=True, text=True, timeout=60)
    assert run.returncode == 1, run.stderr
    result = json.loads(run.stdout)
    assert result["shown"] is False and result["answer"] is None
    assert "NOT AS EXPECTED" in run.stderr
