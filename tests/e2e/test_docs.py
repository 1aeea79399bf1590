"""What the README and the manual pages say is so."""
import functools
import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

import pages
from harness import needs_full, release_only
from http_cases import ANSWERED, REFUSED
from known_servers import client
from test_layout import BOTH, CLIENT, SERVER

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def text(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def long_options(program, *verb):
    bin_dir = os.environ.get("PERCONN_BIN", TOP)
    out = subprocess.run([os.path.join(bin_dir, program), *verb, "--help"],
                         capture_output=True, text=True, check=True).stdout
    return re.findall(r"^ +(?:-\w, )?--([a-z-]+)", out, re.M)


def test_the_readmes_diff_is_in_the_sources():
    block = re.search(r"```diff\n(.*?)```", text("README.md"), re.S).group(1)
    lines = [line for line in block.splitlines() if line[:1] in "+-" and line]
    assert len(lines) > 10
    for line in lines:
        source = "server_fork.c" if line[0] == "+" else "server_thread.c"
        assert line[1:] + "\n" in text(source), line


@pytest.mark.parametrize("program", ["server_thread", "server_fork"])
def test_the_manual_names_every_option_of_the_server(program):
    page = text("docs/man/perconn-server.1")
    options = long_options(program)
    assert "listen" in options
    for option in options:
        assert f"Fl -{option}" in page, option


@pytest.mark.parametrize("verb", ["talk", "load", "compare", "lab", "trace"])
def test_the_manual_names_every_option_of_the_client(verb):
    section = text("docs/man/perconn-client.1").split(f".Sh {verb.upper()}")[1]
    section = section.split(".Sh ")[0]
    options = set(long_options("client", verb)) - {"help", "version"}
    assert options
    for option in options:
        assert f"Fl -{option}" in section, option


def test_the_manual_names_no_option_that_is_not_there():
    named = set(re.findall(r"Fl -([a-z-]+)", text("docs/man/perconn-server.1")))
    assert named == set(long_options("server_thread"))


def test_the_readme_has_the_two_commands_and_all_services():
    readme = text("README.md")
    assert "make deps compare" in readme and "make deps test" in readme
    bin_dir = os.environ.get("PERCONN_BIN", TOP)
    out = subprocess.run([os.path.join(bin_dir, "server_fork"), "--list-services"],
                         capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        assert f"| `{line.split()[0]}` |" in readme
        assert f".It Cm {line.split()[0]}" in text("docs/man/perconn-server.1")


def heads_of_costs():
    """What the client writes over the figures beside the value."""
    shown = client("compare", "--from", os.path.join(TOP, "docs/results.json"),
                   env={**os.environ, "COLUMNS": "400"}).out
    lines = re.findall(r"\bserver +((?:p50|anonymous|KiB/conn\.).*)$", shown, re.M)
    return {head for line in lines for head in re.split(r"  +", line.strip())}


def test_each_column_of_the_tables_is_explained():
    heads = heads_of_costs()
    assert {"waits", "preempt", "KiB/conn.", "maps"} <= heads
    guide = text("docs/measuring.md").split("## What the tables say")[1]
    named = set(re.findall(r"`(.+?)`", "".join(
        line.split("|")[1] for line in guide.split("\n## ")[0].splitlines()
        if line.startswith("|"))))
    page = text("docs/man/perconn-client.1").split(".Ss TABLES")[1]
    shown = {word for words in re.findall(
        r"^\.It Em (.+)$", page.split(".Ss ")[0], re.M)
        for word in words.split(" , ")}
    # Whether a column is shown depends on the scenario and on the machine.
    assert named == shown
    assert named - heads <= {
        "TLB misses", "KiB kept", "loop %", "speed-up"}


def load_results():
    spec = importlib.util.spec_from_file_location(
        "results", os.path.join(TOP, "docs/results.py"))
    results = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(results)
    return results


def test_the_figures_of_results_are_those_that_were_measured():
    """And the words beside them are, where they say so. Else: make results."""
    written, failed = load_results().document()
    assert written == text("docs/results.md")
    assert not failed


def test_a_figure_that_contradicts_the_words_is_named():
    results = load_results()
    known = results.Results(Path(TOP, "docs/results.json"))
    assert results.failed_checks(
        known, "{{check ratio churn > 0}} {{check ratio churn > ratio churn}} "
        "{{check value churn thread < 0}} {{check ratio no-such-scenario > 0}}") == [
            "ratio churn > ratio churn", "value churn thread < 0"]


def test_each_scenario_stands_in_the_results():
    named = set(re.findall(r"`([\w-]+)`", text("docs/results.in")))
    listed = set(re.findall(r"^  ([\w-]+) .*\d (?:s|min) .*\?$", client("list").out, re.M))
    assert len(listed) > 15 and not listed - named


def test_the_sections_that_results_points_to_are_there():
    words = text("docs/results.md")
    heads = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-")
             for head in re.findall(r"^## (.+)$", words, re.M)}
    links = set(re.findall(r"\]\(#([^)]+)\)", words))
    assert len(links) > 10 and not links - heads


def test_each_duty_of_http_names_what_shows_it():
    """And that is there."""
    tests = text("tests/e2e/test_http.py") + text("tests/e2e/test_tls.py") + \
        text("tests/e2e/test_chat_websocket.py")
    rows = re.findall(r"^\| (\d.*) \|$", text("docs/systems/http.md"), re.M)
    assert len(rows) > 40
    for row in rows:
        shown = row.split(" | ")[-1]
        names = re.findall(r"\btest_\w+\b(?!\.)", shown)
        cases = re.findall(r'"(.+?)"', shown)
        assert names or cases, row
        for name in names:
            assert f"def {name}(" in tests, name
        for case in cases:
            assert any(known[0].startswith(case) for known in ANSWERED + REFUSED), case


# ---- the commands of the pages ----

PAGES = ["README.md", "docs/labs/first/README.md", *sorted(
    str(path.relative_to(TOP)) for folder in ("docs/systems", "docs/labs")
    for path in Path(TOP, folder).glob("*.md"))]

# Commands that are not run as they stand, and why.
CAPTURE = "it needs a right to capture packets, and runs until Ctrl-C"
NOT_RUN = {
    "./client lab start NAME": "NAME is a lab's; test_lab_workshop.py starts one",
    "./client lab check NAME": "as above",
    "tcpdump -i lo -nX port 7007": CAPTURE,
    "tcpdump -i lo -n port 7007": CAPTURE,
    "tcpdump -i lo -w tls.pcap port 7443": CAPTURE,
    "tshark -r tls.pcap -o tls.keylog_file:keys.log -d tcp.port==7443,tls -Y http":
        "it reads what tcpdump recorded",
    "socat - TCP:localhost:7007": "what the reader types is missing; echo.md has some",
    "top -H": "it runs until q",
    "make": "the programs that it builds are the ones under test",
    "make deps compare": "apt-get, and two minutes",
    "make deps test": "apt-get, and these tests",
    "make slides": "test_teaching.py runs what it runs",
    'make slides LABS="tour race"': "the same",
    "make labs": "a minute; test_lab.py runs each of them",
    "make deps-cross check-cross": "apt-get, and minutes",
    "make install PREFIX=/usr/local":
        "outside of the tree; test_install_puts_programs runs it",
    "man -l docs/man/perconn-server.1": "it waits for keys",
    "man -l docs/man/perconn-client.1": "as above",
}
# Commands that take too long: they are interrupted when they have begun.
LONG = re.compile(r"\./client compare (?!--from)")


@release_only
@pytest.mark.parametrize("page", [
    pytest.param(page, marks=needs_full if "tls" in page else ())
    for page in PAGES if pages.blocks_of(text(page))
    if ".zh." not in page])  # the same blocks: test_teaching.py
def test_the_commands_of_a_page_do_what_it_says(page, tmp_path):
    run_page(page, tmp_path)


@release_only
def test_the_commands_of_a_page_run_on_other_ports_too(tmp_path):
    """Where a test may have no network of its own."""
    run_page("docs/systems/hello.md", tmp_path, allow_network=False)


def run_page(page, directory, **options):
    with pages.Shell(directory, **options) as shell:
        for block in pages.blocks_of(text(page)):
            shell.run_block(block, NOT_RUN, LONG)


@pytest.mark.parametrize("page, output, same", [
    ("8001", "8002", False),
    ("0 lost", "3 lost", False),
    ("5 lost", "1,003 lost", True),
    ("pid=12,fd=3", "pid=4711,fd=11", True),
    ("rate 3 requests/s over 2 s", "rate  9,000 requests/s over 1.01 s", True),
    ("one\n...\nfour", "one\ntwo\nthree\nfour", True),
    ("one\n...", "one", True),
    ("one\n...\nfour", "one\nfour or five", False),
    ("one", "one\ntwo", False)])
def test_what_comes_out_may_differ_in_pids_times_and_rates_alone(
        page, output, same):
    assert bool(pages.matches(page, output)) == same


@functools.cache
def commands_in_blocks():
    return {pages.without_comment(command) for page in PAGES
            for block in pages.blocks_of(text(page)) for command in block.commands}


@pytest.mark.parametrize("page", PAGES)
def test_no_command_of_a_page_escapes_its_test(page):
    """All commands stand in blocks of sh, or are known not to be run."""
    words = text(page)
    assert not pages.indented_blocks(words)
    assert {fence[2] for fence in pages.FENCE.finditer(words)} <= {
        "sh", "text", "diff", "python"}
    for command in pages.inline_commands(words):
        assert command in NOT_RUN or any(
            run.startswith(command) for run in commands_in_blocks()), command


def test_what_is_not_run_stands_in_a_page():
    inline = {command for page in PAGES
              for command in pages.inline_commands(text(page))}
    assert not set(NOT_RUN) - commands_in_blocks() - inline


@pytest.mark.parametrize("page", [
    *PAGES, "docs/CONTRIBUTING.md", "docs/design.md", "docs/measuring.md",
    "docs/results.md"])
def test_the_files_that_a_page_names_are_there(page):
    words = re.sub(r"```.*?```", "", text(page), flags=re.S)
    places = re.findall(r"`((?!HTTP)[\w.-]+/[\w./-]+\.(?:c|h|py|md|1))`", words)
    links = [os.path.join(os.path.dirname(page), link) for link in
             re.findall(r"\]\((?!http)([^)#]+)", words)]
    for place in places + links:
        assert "NAME" in place or os.path.exists(os.path.join(TOP, place)), place


@pytest.mark.parametrize("page", ["docs/CONTRIBUTING.md", "docs/design.md"])
def test_the_folders_are_drawn_in_their_order(page):
    rows = re.findall(r"^\| (`\w+`.*?) \|.*\| (\w+) \|$",
                      text(page), re.M)
    drawn = [(folder, part) for names, part in rows
             for folder in re.findall(r"`(\w+)`", names)]
    assert drawn == [(folder, "both") for folder in BOTH] + \
        [(folder, "servers") for folder in SERVER] + \
        [(folder, "client") for folder in CLIENT]


def test_no_page_has_a_gap_left():
    for name in ("README.md", "docs/design.md", "docs/CONTRIBUTING.md",
                 "docs/man/perconn-server.1", "docs/man/perconn-client.1"):
        assert "@@" not in text(name), name


def test_install_puts_programs_and_pages_under_names_of_their_own(tmp_path):
    if os.environ.get("PERCONN_BIN", TOP) != TOP:
        pytest.skip("the release programs are what is installed")
    # -o: other tests are using the programs, which must not be linked anew.
    subprocess.run(["make", "-C", TOP, "-o", "all", "-o", "client", "install",
                    f"DESTDIR={tmp_path}", "PREFIX=/p"],
                   check=True, capture_output=True)
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")
                   if not path.is_dir())
    images = [f"p/libexec/perconn/perconn-server-{image}" for image in (
        "fork-dynamic", "fork-full", "thread-dynamic", "thread-full")
        if os.path.exists(os.path.join(TOP, f"server_{image}"))]
    assert len(images) >= 2
    assert found == ["p/bin/perconn-client", "p/bin/perconn-server-fork",
                     "p/bin/perconn-server-thread", *images,
                     "p/share/doc/perconn/measuring.md",
                     "p/share/man/man1/perconn-client.1",
                     "p/share/man/man1/perconn-server-fork.1",
                     "p/share/man/man1/perconn-server-thread.1",
                     "p/share/man/man1/perconn-server.1"]
    out = subprocess.run([tmp_path / "p/bin/perconn-client", "list"], check=True,
                         capture_output=True, text=True).stdout
    assert "churn" in out
    subprocess.run(["make", "-C", TOP, "uninstall", f"DESTDIR={tmp_path}", "PREFIX=/p"],
                   check=True, capture_output=True)
    assert not [path for path in tmp_path.rglob("*") if not path.is_dir()
                or "perconn" in path.name], "nor a directory of our own"


def test_uninstall_leaves_what_others_put_beside_it(tmp_path):
    for place in ("libexec/perconn", "share/doc/perconn"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "theirs").touch()
    subprocess.run(["make", "-C", TOP, "uninstall", f"PREFIX={tmp_path}"],
                   check=True, capture_output=True)
    assert len(list(tmp_path.rglob("theirs"))) == 2


@pytest.mark.parametrize("page, status, works", [
    (True, 0, True), (True, 1, True), (False, 1, False), (False, 2, False),
    (True, 130, False)], ids=str)
def test_make_compare_succeeds_when_its_page_is_written(
        tmp_path, page, status, works):
    """Its own recipe, on a client that measures nothing."""
    recipe = re.search(r"^compare:.*?\n(?=\n)", Path(TOP, "Makefile").read_text(),
                       re.M | re.S)[0]
    (tmp_path / "Makefile").write_text(f"all:\n\n{recipe}")
    fake = tmp_path / "client"
    fake.write_text(
        "#!/bin/sh\necho \"$@\" >arguments\nmkdir -p build/report\n" +
        ("sleep 0.02; echo x >build/report/index.html\n" if page else "") +
        f"exit {status}\n")
    fake.chmod(0o755)
    (tmp_path / "build/report").mkdir(parents=True)
    older = tmp_path / "build/report/index.html"
    older.touch()
    os.utime(older, (1, 1))
    run = subprocess.run(["make", "-C", tmp_path, "compare",
                          "COMPARE_ARGS=--quick hello"],
                         capture_output=True, text=True)
    assert (run.returncode == 0) == works, run
    assert ("Open build/report/index.html" in run.stdout) == works, run
    assert ("Not every question has an answer" in run.stdout) == \
        (works and status == 1), run
    assert (tmp_path / "arguments").read_text() == \
        "compare --report build/report --quick hello\n"


@pytest.mark.parametrize("goal", ["install", "compare"])
def test_make_with_a_sanitizer_does_not_take_the_release_programs(goal, tmp_path):
    run = subprocess.run(["make", "-C", TOP, "-n", goal, "SAN=address",
                          f"DESTDIR={tmp_path}"], capture_output=True, text=True)
    assert run.returncode == 2
    assert f"SAN=address: leave it out, because {goal} " in run.stderr
