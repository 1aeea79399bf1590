# SPDX-License-Identifier: MIT
"""What `client compare` shows: the words, the JSON, the page, from results that
were saved, and from a comparison that is measured."""
import csv
import json
import os
import pty
import re
import shutil
import subprocess
import termios
import unicodedata
from pathlib import Path

import pytest

from browser import DESKTOP, PHONE, needs_browser
from browser import browser, one_browser  # noqa: F401, fixtures
from harness import BENCH, BIN, ROOT, needs
from known_servers import SMALL, check_compare, client, unbroken

NARROW = (360, 740)
# A name and a reason of the made-up comparison, as bytes that would do harm.
HOSTILE = "<b>\"it's\" & $`\\_{x}^2\x1b[31m"
PICTURE = "<svg viewBox="  # by gnuplot
needs_gnuplot = needs("gnuplot")


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Saved comparisons of two and of three servers, which nobody measured."""
    directory = tmp_path_factory.mktemp("made")
    files = {}
    for servers in (2, 3):
        files[servers] = directory / f"made{servers}.json"
        files[servers].write_bytes(subprocess.run(
            [BENCH / "made_comparison", str(servers)], check=True,
            capture_output=True).stdout)
    return files


@pytest.fixture
def no_gnuplot(tmp_path):
    """A PATH with nothing in it."""
    (tmp_path / "empty").mkdir()
    return dict(os.environ, PATH=str(tmp_path / "empty"))


def page_of(made, directory, **options):
    result = client("compare", "--from", made, "--report", directory,
                    **options)
    assert result.code == 0, result
    page = (directory / "index.html").read_text(encoding="utf-8")
    assert len(page) < 1 << 20
    return page, result


def fake_gnuplot(tmp_path, script):
    """The environment that has one."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "gnuplot").write_text(f"#!/bin/sh\n{script}\n")
    (programs / "gnuplot").chmod(0o755)
    return dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}")


def scenarios(file):
    return json.loads(file.read_text())["scenarios"]


# ---- words ----

def test_a_saved_comparison_is_told_in_words(made):
    result = client("compare", "--from", made[2])
    assert result.code == 0, result
    assert result.err == ""
    assert "\x1b" not in result.out, "colours are for terminals"
    for words in (
            "churn: What does churn cost, when nobody measured it?",
            "fork is slower than thread: 5,000 against 14,123 connections/s; "
            "ratio 0.354, between 0.348 and 0.360 by",
            "fork is equivalent to thread: 155,998 against 155,376 requests/s; "
            "ratio 1.004, between",
            "fork is worse than thread: 106 against 38 KiB (memory for a "
            "connection); ratio 0.360, between 0.354 and 0.366",
            "fork is better than thread: 0 of 64 connections lost instead of "
            "all 64; 64 connections less",
            "fork against thread is undecided: 51,532 against 52,000 "
            "requests/s; ratio 0.991",
            "fork against thread is invalid it ended with status 3: "
            "<b>\"it's\" & $`\\_{x}^2\\x1b[31m",
            " <b>\\x1b[31m&/s ",
            "control: thread against itself has a ratio of 1.000, between "
            "0.983 and 1.017; it should be 1",
            "seed 9223372036854775783", "Note well: sweep.",
            "17 errors of 4000 requests; 12 ECONNRESET; 5 wrong",
            "This holds for this machine"):
        assert words in unbroken(result.out), words
    assert "Interrupted" not in result.out


def test_its_tables_are_aligned_and_not_wide(made):
    out = client("compare", "--from", made[2]).out
    lines = out.splitlines()
    at = lines.index(
        "  fork against thread, requests/s; ratios above 1 are better")
    head, rows = lines[at + 1], lines[at + 2:at + 8]
    for row, count in zip(rows, (1, 4, 16, 64, 256, 1000)):
        assert row.startswith(f"  {count:<11,} "), row
        assert row[head.index("ratio"):].lstrip()[0] in "01-", row
        assert row[head.index("verdict"):].split() == (
            ["more", "CPU"] if count == 256 else [row.split()[-1]])
    assert ">= 130,904" in rows[4], "the client was the limit"
    assert ">= 118,616" in rows[5] and rows[5].endswith("invalid")
    wide = [line for line in lines if re.match(r"  (thread|fork) +[\d-]", line)
            and len(line) > 90]
    assert not wide


def test_bars_are_of_the_characters_that_the_locale_has(made):
    def bars(locale):
        env = {key: value for key, value in os.environ.items()
               if not key.startswith(("LC_", "LANG"))}
        return client("compare", "--from", made[2],
                      env=dict(env, LC_ALL=locale)).out
    assert "█" in bars("C.UTF-8") and "#####" not in bars("C.UTF-8")
    assert "#####" in bars("C") and bars("C").isascii()


def on_terminal(made, columns=80, **env):
    """What a terminal of so many columns is sent."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    clean = {key: value for key, value in os.environ.items()
             if key not in ("NO_COLOR", "TERM")}
    with subprocess.Popen([BIN / "client", "compare", "--from", made],
                          stdout=theirs, env=dict(clean, **env)) as process:
        os.close(theirs)
        out = b""
        try:
            while part := os.read(ours, 65536):
                out += part
        except OSError:  # how a terminal ends
            pass
        os.close(ours)
    assert process.returncode == 0
    return out.decode().replace("\r", "")


@pytest.mark.parametrize("env, coloured", [
    ({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False),
    ({"TERM": "dumb"}, False)], ids=["plain", "empty", "no", "dumb"])
def test_a_terminal_gets_colours_unless_it_wants_none(
        made, env, coloured):
    out = on_terminal(made[2], **env)
    assert ("\x1b[31m  fork is slower" in out) == coloured
    assert ("\x1b" in out) == coloured


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_sentences_are_as_wide_as_the_terminal(made, columns):
    lines = on_terminal(made[2], columns, NO_COLOR="1").splitlines()
    sentences = [line for line in lines
                 if re.match(r" *[a-zA-Z,]+ [a-zA-Z]+ [a-zA-Z]", line)]
    assert columns - 25 < max(map(len, sentences)) <= columns


# ---- all ratios in one picture ----

def forest(out):
    """The rows of the terminal's picture: label, what is drawn, the rest."""
    picture = out.partition("In short\n")[2].partition("\n\n")[0]
    rows = [re.match(r"(  +.+?)  +(.*?) +([\d.]*) *((?:[a-z]+ )?[a-zA-Z]+)$", line)
            for line in picture.splitlines()]
    return {row[1].strip(): row for row in rows if row}


@pytest.mark.parametrize("columns", [60, 80, 120, 250])
@pytest.mark.parametrize("servers", [2, 3])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_the_picture_of_all_ratios_fits_the_terminal(
        made, columns, servers, locale):
    out = on_terminal(made[servers], columns, LC_ALL=locale, NO_COLOR="1")
    assert out.isascii() == (locale == "C")
    picture = out.partition("In short\n")[2].partition("\n\n")[0]
    lines = picture.splitlines()
    assert len(lines) > 30 and max(map(len, lines)) <= columns
    if columns > 100:
        assert "better than thread" in lines[-2]
    shaded = any("░" in line for line in lines[:-3])
    if locale == "C.UTF-8":
        assert shaded == ("3 % does not matter" in unbroken(picture))
        assert shaded or columns < 100, "too narrow to be seen"
    ends = {len(line) - len(word) for line in lines if
            (word := line.split()[-1]) in ("slower", "worse", "invalid")}
    assert len(ends) == 1, "verdicts stand in a column"


@pytest.mark.parametrize("locale, better, worse, same, open_, bad, cpu, line", [
    ("C", "^", "v", "=", "?", "x", "V", "|"),
    ("C.UTF-8", "▲", "▼", "■", "○", "×", "▽", "│")], ids=["ascii", "utf8"])
def test_a_verdict_has_its_shape(
        made, tmp_path, locale, better, worse, same, open_, bad, cpu, line):
    saved = json.loads(made[2].read_text())
    ratio, = saved["scenarios"][6]["points"][0]["ratios"]
    ratio.update(estimate=2.5, low=2.4, high=2.6, verdict="faster")
    (tmp_path / "x").write_text(json.dumps(saved))
    out = on_terminal(tmp_path / "x", 100, LC_ALL=locale, NO_COLOR="1")
    rows = forest(out)
    for label, mark, word in (
            ("churn", worse, "slower"), ("steady", same, "equivalent"),
            ("http", open_, "undecided"), ("idle", worse, "worse"),
            ("1,000 connections", bad, "invalid"), ("static", better, "faster"),
            ("256 connections", cpu, "more CPU")):
        row = rows[label]
        assert mark in row[0] and row[4] == word, row[0]
    # A baseline for all, better to its right, worse to its left.
    at = {row[0].index(line) for row in rows.values() if line in row[0]}
    assert len(at) == 1
    assert rows["churn"][0].index(worse) < min(at)
    assert rows["static"][0].rindex(better) > min(at)
    assert rows["1,000 connections"][3] == "", "an invalid ratio has no figure"


def test_the_page_has_the_same_rows_as_the_terminal(made, tmp_path):
    page, _ = page_of(made[2], tmp_path / "report")
    figure = page.partition('<figure class="forest">')[2].partition(
        "</figure>")[0]
    rows = re.findall(
        r'<tr class="(\S+)( below)?(?: cpu)?"><th scope="row"><a href="#scenario-\d+">'
        r'([^<]*)</a>.*?</tr>', figure)
    shown = on_terminal(made[2], 120, NO_COLOR="1").partition(
        "In short\n")[2].partition("\n\n")[0].splitlines()[:-3]
    assert [label for *_, label in rows] == [
        re.split("  +", line.strip())[0].rstrip(" :|░│") for line in shown]
    assert figure.count('class="mark"') == sum(
        len(one["points"]) for one in scenarios(made[2])) - 2
    # crash has a difference, tls nothing at all.
    assert figure.count('class="words"') == 2
    invalid = re.search(r'<tr class="invalid below">.*?1,000 conn.*?</tr>',
                        figure)[0]
    assert "0.750" not in invalid and "invalid</span>" in invalid
    by_cpu = re.search(r'<tr class="slower below cpu">.*?256 conn.*?</tr>',
                       figure)[0]
    assert "0.800" in by_cpu and "more CPU</span>" in by_cpu
    assert "The mark is hollow." in page


def test_without_intervals_the_picture_has_marks_alone(made, tmp_path):
    def change(scenarios):
        for one in scenarios.values():
            for point in one["points"]:
                for ratio in point["ratios"]:
                    ratio.update(low=None, high=None, verdict="undecided")
    out, page = changed(made, tmp_path, change)
    assert page.partition("</figure>")[0].count('class="interval"') == 2, \
        "the arrows to what is far away"
    assert 'class="mark"' in page
    assert "undecided" in out and "nan" not in out + page


# ---- JSON ----

@pytest.mark.parametrize("servers", [2, 3])
def test_json_of_a_saved_comparison_is_the_same_again(made, servers):
    result = client("compare", "--from", made[servers], "--json", "-")
    assert result.code == 0, result
    assert result.raw == made[servers].read_bytes()
    check_compare(result.json)


def test_only_what_is_judged_has_a_verdict(made):
    saved = json.loads(made[2].read_text())
    for scenario in saved["scenarios"]:
        for point in scenario["points"]:
            assert [one["verdict"] for one in point["controls"]] == [None]
            assert point["results"][0]["verdict"] is None
            assert point["results"][1]["verdict"] == \
                point["ratios"][0]["verdict"] is not None


def test_an_older_file_is_read(made, tmp_path):
    """It has verdicts where there are none now, and lacks what is new."""
    saved = json.loads(made[2].read_text())
    for scenario in saved["scenarios"]:
        for point in scenario["points"]:
            for one in [*point["results"], *point["controls"]]:
                one["verdict"] = one["verdict"] or "undecided"
                one.get("result", one).pop("service_value")
    (tmp_path / "old.json").write_text(json.dumps(saved))
    page, result = page_of(tmp_path / "old.json", tmp_path / "report")
    assert result.err == "" or not shutil.which("gnuplot")
    assert "service p99" not in result.out + page
    assert "dashed: service time" not in page
    old = client("compare", "--from", tmp_path / "old.json").out
    new = client("compare", "--from", made[2]).out
    verdicts = re.compile("^  .* is .*", re.M)
    assert verdicts.findall(old) == verdicts.findall(new)


def every_figure(value, figure):
    """VALUE with FIGURE for each number that need not be whole."""
    if isinstance(value, dict):
        return {key: every_figure(one, figure) for key, one in value.items()}
    if isinstance(value, list):
        return [every_figure(one, figure) for one in value]
    return figure if isinstance(value, float) else value


@pytest.mark.parametrize("figure", [1.79e308, -1.79e308, 5e-324, 0.0, None])
def test_figures_of_any_size_are_shown(made, tmp_path, figure):
    saved = every_figure(json.loads(made[2].read_text()), figure)
    (tmp_path / "x").write_text(json.dumps(saved))
    page, result = page_of(tmp_path / "x", tmp_path / "report")
    assert "churn" in page and "churn" in result.out
    again = client("compare", "--from", tmp_path / "x", "--json", "-")
    assert again.code == 0 and again.json["delta"] == figure


def test_what_cannot_be_read_is_refused_with_its_place(tmp_path):
    bad = tmp_path / "bad.json"
    for text, words in (
            ('{\n"schema": "perconn.compare/1",\n}',
             ":3:1: cannot be read as JSON: "
             "string or '}' expected near '}'"),
            ('{"schema": "perconn.load/1"}',
             ': .schema is not "perconn.compare/1"'),
            ('{"schema":"perconn.compare/1","servers":[{"name":"a"},\n'
             '{"name": 2}]}', ": .servers[1].name is not a string or null"),
            ('{"schema":"perconn.compare/1","servers":[{"name":"a"}],'
             '"scenarios":[{"better":"lower","points":'
             '[{"at":{"\\u001b[31m":[]}}]}]}',
             ": .scenarios[0].points[0].at.\\x1b[31m is not a number or null"),
            ('{"a":1,\n"a":2}', ":2:3: cannot be read as JSON: "
             "duplicate object key near '\"a\"'"),
            ("[" * 100000, ":1:2049: cannot be read as JSON: "
             "maximum parsing depth reached near '['")):
        bad.write_text(text)
        result = client("compare", "--from", bad)
        assert result.code == 1, result
        assert result.error_line == f"client: {bad}{words}"
        assert result.out == ""
    result = client("compare", "--from", tmp_path / "none")
    assert result.code == 1
    assert "none: No such file or directory" in result.error_line


@pytest.mark.parametrize("arguments, word", [
    (["churn"], "churn"), (["--server", "a=b {port}"], "--server"),
    (["--blocks", "9"], "--blocks"), (["--quick"], "--quick"),
    (["--seed", "1"], "--seed"), (["--placement", "split"], "--placement"),
    (["--delta", "5%"], "--delta"), (["--csv", "x"], "--csv"),
    (["--from", "b", "--json", "-"], "--json"),
    (["--from", "b", "--from", "c"], "--from")])
def test_what_does_not_go_with_saved_results_is_wrong_usage(arguments, word):
    result = client("compare", "--from", "a.json", *arguments)
    assert result.code == 2, result
    assert word in result.error_line


# ---- two side by side ----

def test_two_saved_comparisons_stand_side_by_side(made, tmp_path):
    result = client("compare", "--from", made[2], "--from", made[3],
                    "--report", tmp_path / "pair")
    assert result.code == 0, result
    page = (tmp_path / "pair/index.html").read_text()
    for text in (result.out, page):
        assert "No verdict across them" in text
        assert "above 1 is better than the first; with CPU" in unbroken(text)
        assert str(made[2]) in text and str(made[3]) in text
        assert "sweep, 1,000 connections" in text
        assert not re.search("faster|slower|equivalent", text.partition(
            "</style>")[2] or text)
    assert re.search(r"  fork +5,000 +4,940 .. 5,060 +0.354 +5,000 ",
                     result.out)
    assert re.search(r"\n  other <b>.* 8,403 ", result.out), \
        "what only one of them has"
    assert HOSTILE[:3] not in page
    assert not (tmp_path / "pair/compare.json").exists()


def row_of(text, scenario, server):
    """Its row in the pair's table of SCENARIO: figures, intervals, ratios."""
    rows = text.partition(f"\n{scenario}: ")[2].splitlines()
    return next(re.split("  +", row.strip()) for row in rows
                if row.strip().startswith(server + " "))


def test_a_client_that_was_the_limit_bounds_rates_and_no_latencies(made, tmp_path):
    """It makes delays longer: that of the server may be shorter."""
    data = json.loads(made[2].read_text())
    data["scenarios"] = [one for one in data["scenarios"] if one["name"] == "knee"]
    for point in data["scenarios"][0]["points"]:
        for one in point["results"]:
            one["client_limited"] = True
    path = tmp_path / "limited.json"
    path.write_text(json.dumps(data))
    page = tmp_path / "report/index.html"
    out = client("compare", "--from", path, "--report", page.parent).out
    assert "a part of the delay is the client's" in unbroken(out)
    assert ">= " not in out and "\u2265" not in page.read_text()


def test_of_two_no_figure_looks_better_than_it_is(made, tmp_path):
    """What is a lower bound, and what is no answer, is marked in each."""
    result = client("compare", "--from", made[2], "--from", made[2],
                    "--report", tmp_path / "pair",
                    env={**os.environ, "COLUMNS": "120"})
    assert result.code == 0, result
    limited, by_cpu, sure = (
        row_of(result.out, f"sweep, {count} connections", "fork")
        for count in ("1,000", "256", "64"))
    # Without a column of ratios, of which there are none.
    assert limited == ["fork", *2 * [
        ">= 118,616 (invalid)", "117,193 .. 120,040"]]
    assert sure[1] == sure[4] and not re.search("[^0-9,]", sure[1])
    assert sure[3] == sure[6] == "0.850"
    assert by_cpu[3] == by_cpu[6] == "0.800 CPU"
    page = (tmp_path / "pair/index.html").read_text()
    assert page.count("<td>\u2265 118,616 (invalid)</td>") == 2


def test_of_two_each_has_its_own_baseline(made, tmp_path):
    other = json.loads(made[2].read_text())
    other["servers"].reverse()
    for scenario in other["scenarios"]:
        for point in scenario["points"]:
            for ratio in point["ratios"]:
                ratio.update(of="thread", to="fork", estimate=2.5)
    (tmp_path / "other.json").write_text(json.dumps(other))
    result = client("compare", "--from", made[2],
                    "--from", tmp_path / "other.json",
                    "--report", tmp_path / "pair")
    assert result.code == 0, result
    thread, fork = (row_of(result.out, "churn", name)
                    for name in ("thread", "fork"))
    assert (thread[3], thread[6]) == ("-", "2.500")
    assert (fork[3], fork[6]) == ("0.354", "-")
    page = (tmp_path / "pair/index.html").read_text()
    churn = page.partition("<h3>churn</h3>")[2].partition("</table>")[0]
    thread, fork = churn.partition("<tbody>")[2].split("</tr>")[:2]
    assert re.findall("<td>(baseline|2.500|0.354)</td>", thread) == \
        ["baseline", "2.500"]
    assert re.findall("<td>(baseline|2.500|0.354)</td>", fork) == \
        ["0.354", "baseline"]


# ---- what was compared ----

def test_a_long_command_is_shown_whole(tmp_path):
    command = f"exit 3; : {{port}} {'x' * 3000} end"
    result = client("compare", *SMALL, "crash", "--server", f"a={command}",
                    "--server", "b=exit 4; : {port}",
                    "--report", tmp_path / "report")
    assert result.code == 1, result
    saved = json.loads((tmp_path / "report/compare.json").read_text())
    assert saved["servers"][0]["command"] == command
    page = (tmp_path / "report/index.html").read_text()
    assert command in page
    again = client("compare", "--from", tmp_path / "report/compare.json",
                   "--json", "-")
    assert again.json == saved


def test_our_servers_start_from_a_directory_of_any_name(tmp_path):
    """A shell has to take its name as it is."""
    place = tmp_path / "it's $HOME; & \"here\""
    place.mkdir()
    for name in ("client", "server_thread", "server_fork"):
        shutil.copy(BIN / name, place)
    out = subprocess.run(
        [place / "client", "compare", *SMALL, "crash", "--json", "-"],
        capture_output=True, text=True, timeout=240, check=False)
    saved = json.loads(out.stdout)
    assert saved["servers"][0]["command"].startswith("exec ")
    point, = saved["scenarios"][0]["points"]
    for one in point["results"]:
        assert one["value"] is not None, out.stderr


# ---- words ----

def changed(made, tmp_path, change):
    """The words of the made comparison, after CHANGE of each scenario by its
    name, and the page."""
    saved = json.loads(made[2].read_text())
    change({one["name"]: one for one in saved["scenarios"]})
    (tmp_path / "changed.json").write_text(json.dumps(saved))
    page, result = page_of(tmp_path / "changed.json", tmp_path / "changed")
    return result.out, page


@pytest.mark.parametrize("low, value, high, words", [
    (-64, -64, -64, "64 connections less any"),
    (-9, -5, -3, "5 connections less, between 3 and 9 less"),
    (-9, -5, 2, "5 connections less, between 2 more and 9 less"),
    (-1, 5, 7, "5 connections more, between 1 less and 7 more"),
    (None, 5, None, "5 connections more ")])
def test_a_difference_has_one_direction(
        made, tmp_path, low, value, high, words):
    def change(scenarios):
        ratio, = scenarios["crash"]["points"][0]["ratios"]
        ratio["difference"] = {"value": value, "low": low, "high": high}
    out, _ = changed(made, tmp_path, change)
    assert f"instead of all 64; {words}" in unbroken(out)


def test_one_error_is_one(made, tmp_path):
    def change(scenarios):
        scenarios["tls"]["points"][0]["results"][1].update(errors=1)
    out, page = changed(made, tmp_path, change)
    assert "1 error of 4,000 requests" in out.replace("4000", "4,000")
    assert "1 error of" in page and "1 errors" not in page


@pytest.mark.parametrize("verdict, badge", [
    ("undecided", "badge undecided"), ("equivalent", "badge")])
def test_where_no_point_has_an_answer_nothing_depends(
        made, tmp_path, verdict, badge):
    def change(scenarios):
        for point in scenarios["sweep"]["points"]:
            ratio, = point["ratios"]
            ratio["verdict"] = "invalid"
        ratio["verdict"] = verdict
    _, page = changed(made, tmp_path, change)
    assert re.search(f'<span class="{badge}">[^<]*</span><span>'
                     "fork against thread is (undecided|equivalent) at 1, "
                     "invalid at 5", page)


@pytest.mark.parametrize("option", ["--json", "--csv", "--report"])
def test_an_empty_path_is_wrong_usage(option):
    result = client("compare", "crash", option, "")
    assert result.code == 2, result
    assert f"{option} '': must be a " in result.error_line


# ---- where it goes ----

@pytest.mark.parametrize("arguments", [
    ["--csv", "x", "--json", "x"],
    ["--report", "d", "--json", "d/index.html"],
    ["--report", "d", "--json", "d/slices.csv"],
    ["--report", "d/", "--csv", "d/../d/compare.json"]], ids=" ".join)
def test_two_outputs_in_one_file_are_wrong_usage(tmp_path, arguments):
    (tmp_path / "d").mkdir()
    result = client("compare", "crash", *arguments, cwd=tmp_path)
    assert result.code == 2, result
    assert "writes that file" in result.error_line
    assert result.error_line.startswith(f"client: {arguments[2]} ")
    assert not (tmp_path / "x").exists() and not os.listdir(tmp_path / "d")


def test_slices_that_get_lost_are_told_of_while_they_are_measured():
    result = client("compare", *SMALL, "crash", "--csv", "/dev/full")
    assert result.code == 1, result
    lines = result.err.splitlines()
    assert len([line for line in lines if "slices cannot be written" in line
                ]) == 1, "not once for each block"
    assert lines[-1] == "client: /dev/full: No space left on device"
    assert "crash: " in result.out, "and what was measured is shown"


def test_what_is_of_another_comparison_is_told_of_and_stays(made, tmp_path):
    report = tmp_path / "report"
    shown = ["compare", "--report", report, "--from"]
    assert "is of an older comparison" not in client(*shown, made[2]).err
    (report / "slices.csv").write_text("of hours")

    def warned(*arguments):
        result = client(*shown, *arguments)
        assert result.code == 0, result
        assert (report / "slices.csv").read_text() == "of hours"
        return re.findall("([a-z.]+) is of an older comparison", result.err)
    assert warned(made[3]) == ["slices.csv"]
    assert warned(report / "compare.json") == [], "they are its own"
    assert warned(made[2], "--from", made[3]) == ["compare.json", "slices.csv"]
    assert (report / "compare.json").read_bytes() == made[3].read_bytes()
    assert warned(made[2], "--from", report / "compare.json") == []


def test_a_reader_that_goes_away_is_named(made):
    with subprocess.Popen([BIN / "client", "compare", "--from", made[2]],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 1
    assert err == "client: standard output: Broken pipe\n"


# ---- the page ----

@needs_gnuplot
def test_the_page_needs_nothing_else(made, tmp_path):
    page, result = page_of(made[3], tmp_path / "report")
    assert f"report: {tmp_path}/report/index.html" in result.out
    assert result.err == ""
    saved = (tmp_path / "report/compare.json").read_bytes()
    assert saved == made[3].read_bytes()
    addresses = set(re.findall(r"[a-z]+://[^\s\"'<>)]*", page))
    assert addresses == {"http://www.w3.org/2000/svg",
                         "http://www.w3.org/1999/xlink"}, "names, not places"
    assert not re.search(r"<(script|img|iframe|object|embed)\b", page)
    assert not re.search(r"\b(src|srcset)=|@import|\burl\((?!#)", page)
    links = set(re.findall(r"href=[\"']([^\"']*)", page))
    assert {link for link in links if link[:1] != "#"} == {"data:,"}
    ids = re.findall(r"\sid=[\"']([^\"']*)", page)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link[:1] == "#"} <= set(ids)


@needs_gnuplot
def test_strangers_text_is_only_text_in_the_page(made, tmp_path):
    page, _ = page_of(made[3], tmp_path / "report")
    escaped = "&lt;b&gt;&quot;it&#39;s&quot; &amp; $`\\_{x}^2\ufffd[31m"
    assert f"it ended with status 3: {escaped}" in page
    assert f"other {escaped}" in page
    assert "<b>" not in page and "\x1b" not in page
    assert "A Processor &lt;made&gt; &amp; not measured" in page
    pictures = re.findall(r"<svg viewBox.*?</svg>", page, re.S)
    assert any("other &lt;b&gt;" in picture for picture in pictures)
    assert not any("~" in picture or "<title>" in picture
                   or "color='white'" in picture for picture in pictures)


@needs_gnuplot
def test_parents_without_a_remedy_are_a_curve_and_those_with_one_are_not(
        made, tmp_path):
    page, _ = page_of(made[2], tmp_path / "report")
    curve, ratios = re.findall(
        r'<svg [^>]*aria-label="parent: ([^"]*)".*?</svg>', page, re.S)
    assert curve.endswith("; diamonds: dontfork, shared")
    assert ratios.endswith("; diamonds: dontfork, shared")


@pytest.fixture
def two_settings(made, tmp_path):
    """A result whose points differ by a size and by a word, but for one."""
    data = json.loads(made[2].read_text())
    sweep, = [one for one in data["scenarios"] if one["name"] == "sweep"]
    sizes = [(0, None), (64, "4KiB"), (64, "64KiB"), (1024, "4KiB"),
             (1024, "1MiB"), (16384, "4KiB")]
    for point, (kib, pieces) in zip(sweep["points"], sizes):
        point["at"] = {"state_kib": kib} | ({"pieces": pieces} if pieces else {})
    sweep["points"][1]["ratios"][0]["basis"] = "server_cpu"
    data["scenarios"] = [sweep]
    path = tmp_path / "two.json"
    path.write_text(json.dumps(data))
    return path


@needs_gnuplot
def test_points_that_differ_by_two_settings_have_a_row_each(two_settings, tmp_path):
    """They lie on no curve, and dots of one size would hide each other."""
    page, _ = page_of(two_settings, tmp_path / "report")
    pictures = re.findall(r"<figcaption>(.*? by state, KiB, and pieces)[^<]*</figcaption>"
                          r".*?</figure>", page, re.S)
    assert len(pictures) == 2, pictures
    assert page.count("; rings: by CPU</figcaption>") == 1
    for label in ("64, 4KiB", "64, 64KiB", "1,024, 1MiB"):
        assert page.count(f">{label}<") == 2, label


def test_no_row_of_the_picture_looks_like_another(two_settings):
    """Whatever is left of the width: a label is not cut."""
    for columns in (40, 60, 80):
        result = client("compare", "--from", two_settings,
                        env=dict(os.environ, COLUMNS=str(columns)))
        picture = result.out.split("\n\n")[0]
        assert max(map(len, picture.splitlines())) <= columns
        for label in ("64 KiB, in pieces of 4KiB", "1,024 KiB, in pieces of 1MiB"):
            assert picture.count(f"    {label}") == 1, picture


@needs_gnuplot
def test_no_curve_leads_to_a_ratio_by_cpu(made, tmp_path):
    page, _ = page_of(made[2], tmp_path / "report")
    rates, ratios = re.findall(
        r'<svg [^>]*aria-label="sweep: ([^"]*)".*?</svg>', page, re.S)
    assert "CPU" not in rates and ratios.endswith("; diamonds: by CPU")


@needs_gnuplot
def test_what_is_invalid_is_grey_in_its_pictures(made, tmp_path):
    page, _ = page_of(made[2], tmp_path / "report")
    pictures = re.findall(
        r'<svg [^>]*aria-label="(\w+): ([^"]*)"(.*?)</svg>', page, re.S)
    told = [name for name, words, _ in pictures if "invalid" in words]
    grey = [name for name, words, drawn in pictures
            if "var(--soft)" in drawn and "by kind" not in words]
    assert told == ["sweep", "sweep", "tls"]
    assert set(grey) == {"sweep"}, "of tls there is no figure"
    assert page.count('<tr class="invalid">') > 3


@needs_gnuplot
def test_each_scenario_has_its_words_and_its_pictures(made, tmp_path):
    page, _ = page_of(made[2], tmp_path / "report")
    assert "fork is slower than thread: 5,000 against 14,123" in page
    assert "client compare --seed 42 all" in page
    assert "9223372036854775783" in page and "docs/measuring.md" in page
    wanted = {"churn": 2, "sweep": 2, "knee": 2, "parent": 2, "idle": 3,
              "linking": 2, "crash": 1, "http": 2}
    for scenario in scenarios(made[2]):
        labels = re.findall(
            rf'<svg [^>]*role="img" aria-label="{scenario["name"]}: ([^"]*)"',
            page)
        count = wanted.get(scenario["name"])
        assert labels and (count is None or len(labels) == count), scenario
        assert scenario["question"] in page


def test_without_gnuplot_the_page_has_its_tables_and_says_so(
        made, tmp_path, no_gnuplot):
    page, result = page_of(made[2], tmp_path / "report", env=no_gnuplot)
    assert PICTURE not in page
    assert page.count('<svg class="row"') > len(scenarios(made[2])), \
        "the picture of all ratios needs no gnuplot"
    assert "gnuplot, which is not installed" in page
    assert "gnuplot is not installed" in result.error_line
    assert page.count("<table>") >= len(scenarios(made[2]))


@pytest.mark.parametrize("script", [
    "cat >/dev/null; exit 3", "exit 0", "cat >/dev/null; echo '<svg'",
    "cat >/dev/null; echo '<svg viewBox=\"0 0 1 1\">'",
    "cat >/dev/null; yes '<g>'", "cat >/dev/null; kill -9 $$"])
def test_a_gnuplot_that_fails_costs_the_pictures_only(
        made, tmp_path, script):
    env = fake_gnuplot(tmp_path, script)
    page, result = page_of(made[2], tmp_path / "report", env=env)
    assert PICTURE not in page and page.rstrip().endswith("</html>")
    assert "some pictures are missing: gnuplot" in result.error_line


def test_what_was_measured_is_complete_before_the_drawing(made, tmp_path):
    """What draws sees it."""
    env = fake_gnuplot(
        tmp_path, f"cat >/dev/null; cp '{tmp_path}/report/compare.json' "
        f"'{tmp_path}/out.json' '{tmp_path}/seen'")
    (tmp_path / "seen").mkdir()
    result = client("compare", "--from", made[2], "--report",
                    tmp_path / "report", "--json", tmp_path / "out.json",
                    env=env)
    assert result.code == 0, result
    for name in ("compare.json", "out.json"):
        assert (tmp_path / "seen" / name).read_bytes() == made[2].read_bytes()


@needs_gnuplot
def test_pictures_are_drawn_for_whoever_ignores_sigchld(made, tmp_path):
    """nohup and the like hand that on; nobody could wait for a child then."""
    page, result = page_of(made[2], tmp_path / "report",
                           wrap=["env", "--ignore-signal=CHLD"])
    assert result.err == "" and PICTURE in page


def test_a_directory_that_cannot_be_made_is_an_error(made, tmp_path):
    for place in ("no/where", "file/report"):
        (tmp_path / "file").touch()
        result = client("compare", "--from", made[2],
                        "--report", tmp_path / place)
        assert result.code == 1, result
        assert str(tmp_path / place) in result.error_line


def test_a_comparison_that_is_measured_has_its_page_and_slices(tmp_path):
    report = tmp_path / "report"
    result = client("compare", *SMALL, "crash", "--report", report)
    assert result.code in (0, 1), result
    saved = json.loads((report / "compare.json").read_text())
    check_compare(saved)
    assert [one["name"] for one in saved["scenarios"]] == ["crash"]
    page = (report / "index.html").read_text()
    assert "crash" in page and "every slice is in slices.csv" in page
    with open(report / "slices.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["state"] == "kept"]
    measured = {one["server"]: one["values_by_block"] for one in
                saved["scenarios"][0]["points"][0]["results"]}
    assert {name: [float(row["figure"]) for row in rows if row["server"] == name]
            for name in measured} == measured
    assert {row["quad"] + row["rate"] for row in rows} == {""}
    again = client("compare", "--from", report / "compare.json")
    assert again.code == 0
    said = result.out[:result.out.rindex("report: ")]
    assert again.out == said, "it looks as it did"


# ---- in a browser ----

@pytest.fixture(scope="module")
def report(made, tmp_path_factory):
    if not shutil.which("gnuplot"):
        pytest.skip("gnuplot is not installed")
    directory = tmp_path_factory.mktemp("report")
    page_of(made[3], directory)
    return f"file://{directory}/index.html"


def problems(browser):
    return [entry for entry in browser.console()
            if entry["level"] in ("SEVERE", "WARNING")]


@needs_browser
@pytest.mark.parametrize("size", [NARROW, PHONE, DESKTOP],
                         ids=["narrow", "phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_in_a_browser(report, browser, scheme, size):
    browser.emulate(scheme, size)
    browser.open_tab(report)
    browser.emulate(scheme, size)
    assert browser.run(
        "return document.documentElement.scrollWidth") <= size[0]
    pictures = browser.run("""
        return [...document.querySelectorAll('.pictures svg')].map(svg => {
          const box = svg.getBoundingClientRect();
          const drawn = [...svg.querySelectorAll('path, use, polygon')]
            .filter(one => !one.closest('defs'));
          const inks = new Set(drawn.map(one => {
            const style = getComputedStyle(one);
            return style.stroke + style.fill; }));
          const words = [...svg.querySelectorAll('text')].filter(one => {
            const at = one.getBoundingClientRect();
            return at.left < box.left - 1 || at.right > box.right + 1; });
          return {label: svg.getAttribute('aria-label'), width: box.width,
                  height: box.height, drawn: drawn.length, inks: inks.size,
                  outside: words.map(one => one.textContent),
                  font: svg.querySelector('text').getBoundingClientRect()
                    .height};
        });""")
    assert len(pictures) > 15
    for one in pictures:
        assert 250 < one["width"] <= size[0] and one["height"] > 60, one
        assert one["drawn"] > 5 and one["inks"] >= 3, one
        assert one["font"] >= 10 and not one["outside"], one
    light_text = browser.run("""
        const [r, g, b] = getComputedStyle(document.body).color
          .match(/\\d+/g).map(Number);
        return r + g + b > 3 * 128;""")
    assert light_text == (scheme == "dark")
    where = os.environ.get("PERCONN_SCREENSHOTS")
    if where:
        browser.screenshot(Path(where) / f"report-{scheme}-{size[0]}.png")
    assert not problems(browser)


@needs_browser
@pytest.mark.parametrize("size", [NARROW, PHONE, DESKTOP],
                         ids=["narrow", "phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_of_all_ratios_in_a_browser(report, browser, scheme, size):
    """Marks on their rows, on a line that is the same for all, in sight."""
    browser.emulate(scheme, size)
    browser.open_tab(report)
    browser.emulate(scheme, size)
    rows = browser.run("""
        return [...document.querySelectorAll('.forest .row')].map(svg => {
          const box = svg.getBoundingClientRect();
          const mark = svg.querySelector('.mark');
          const at = mark && mark.getBoundingClientRect();
          const style = mark && getComputedStyle(mark);
          return {kind: svg.closest('tr').className, width: box.width,
                  left: box.left, right: box.right,
                  off: at && Math.abs((at.top + at.bottom - box.top
                                       - box.bottom) / 2),
                  at: at && (at.left + at.right) / 2, inks:
                  style && style.fill + style.stroke,
                  row: svg.closest('tr').getBoundingClientRect().right};
        });""")
    assert len(rows) > 60
    assert len({(row["left"], row["right"]) for row in rows}) == 1
    assert all(130 < row["width"] and row["row"] <= size[0] for row in rows)
    marks = [row for row in rows if row["at"]]
    assert len(marks) > 50
    for row in marks:
        assert row["off"] < 1.5 and row["left"] <= row["at"] <= row["right"]
    assert len({row["inks"] for row in marks}) >= 4, "a colour each"
    ground = browser.run("""
        const zone = document.querySelector('.forest-zone');
        const line = document.querySelector('.forest-one');
        return [getComputedStyle(zone).fill, getComputedStyle(line).stroke,
                getComputedStyle(document.querySelector('section'))
                  .backgroundColor];""")
    assert len(set(ground)) == 3, ground


@needs_browser
@pytest.mark.parametrize("paper", [False, True], ids=["screen", "paper"])
@pytest.mark.parametrize("size", [NARROW, DESKTOP], ids=["narrow", "desktop"])
def test_pictures_of_one_row_stand_on_one_line(report, browser, size, paper):
    browser.emulate("light", size)
    browser.open_tab(report)
    browser.emulate("light", size)
    if paper:
        browser.emulate_paper()
    rows = browser.run("""
        return [...document.querySelectorAll('.pictures')].map(all =>
          [...all.querySelectorAll('figure')].map(figure =>
            ['figcaption', 'svg'].map(one => Math.round(
              figure.querySelector(one).getBoundingClientRect().top))));""")
    pairs = [(one, other) for row in rows for one in row for other in row
             if one is not other and abs(one[0] - other[0]) < 100]
    for one, other in pairs:
        assert one == other, "captions on one line, pictures on another"
    assert (len(pairs) > 10) == (size == DESKTOP or paper)


@needs_browser
def test_the_page_can_be_printed(report, browser):
    browser.open_tab(report)
    paper = browser.print()
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) >= 5
    browser.emulate_paper()
    sizes = browser.run("""
        return [...document.querySelectorAll('td .badge')].map(badge =>
          [getComputedStyle(badge).fontSize,
           getComputedStyle(badge.closest('td')).fontSize]);""")
    assert len(sizes) > 5 and all(one == of for one, of in sizes), sizes
    assert not problems(browser)


# ---- names, and who measured ----

def named(made, path, *names):
    """A saved comparison whose servers have these NAMES."""
    text = made[len(names)].read_text()
    saved = json.loads(text)
    for one, name in zip(saved["servers"], names):
        for key in ("server", "of", "to", "name"):
            text = text.replace(json.dumps({key: one["name"]},
                                           separators=(",", ":"))[1:-1],
                                json.dumps({key: name}, separators=(
                                    ",", ":"))[1:-1])
    path.write_text(text)
    return path


def shown_names(path, locale="C.UTF-8"):
    """The rows of two servers in the first table that has one for each."""
    env = {key: value for key, value in os.environ.items()
           if not key.startswith(("LC_", "LANG"))}
    result = client("compare", "--from", path, env=dict(env, LC_ALL=locale))
    assert result.code == 0, result
    lines = result.raw.decode().splitlines()
    heads = [i for i, line in enumerate(lines)
             if line.split()[:2] == ["server", "requests/s"]]
    assert heads, result
    return lines[heads[0] + 1:heads[0] + 3]


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else
               0 if unicodedata.combining(c) else 1 for c in text)


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("one, other", [
    ("größe-a", "größe-b"), ("ä", "ö"), ("日本語サーバ", "日本語クライ"),
    ("é", "e\u0301"), ("a\u200bb", "ab"), ("a\u202eb", "ab"), ("a\tb", "a b"),
    ("x" * 30 + "a", "x" * 30 + "b"), ("a" + "x" * 30, "b" + "x" * 30),
    ("x" * 25 + "a" + "x" * 25, "x" * 25 + "b" + "x" * 25),
    ("🐢" * 15, "🐢" * 14 + "🐇"), ("\x1b[31mred", "\x1b[32mred"),
    ("ä", r"\xc3\xa4"), ("\t", r"\x09"), (r"\x5c", "\\")],
    ids=lambda text: text.encode("unicode_escape").decode()[:20])
def test_two_names_that_differ_are_not_one_on_the_terminal(
        made, tmp_path, locale, one, other):
    rows = shown_names(named(made, tmp_path / "x", one, other), locale)
    names = [re.split(r"  +", row.strip())[0] for row in rows]
    assert len(set(names)) == 2, rows
    for row in rows:
        assert all(unicodedata.category(c)[0] != "C" for c in row), row
        assert locale != "C" or row.isascii()
    # What the figures end with stands in one column.
    ends = [columns(re.match(rf"  {re.escape(name)} +[\d,.]+", row)[0])
            for name, row in zip(names, rows)]
    assert len(set(ends)) == 1, rows


@pytest.mark.parametrize("name", ["größe-a", "日本語", "naïve café"])
def test_a_name_is_shown_in_its_own_letters(made, tmp_path, name):
    saved = named(made, tmp_path / "x", name, "b")
    assert shown_names(saved)[0].startswith(f"  {name}  ")


def test_two_servers_of_one_name_are_refused(made, tmp_path):
    result = client("compare", "--from", named(made, tmp_path / "x", "a", "a"))
    assert result.code == 1
    assert ".servers[1].name is not different from the others" in \
        result.error_line


def test_a_saved_result_has_the_version_that_measured_it(tmp_path):
    version = client("--version").out.split()[-1]
    assert version != "0.1"
    for program in ("server_thread", "server_fork"):
        assert subprocess.run([BIN / program, "--version"], check=True,
                              capture_output=True).stdout.split()[-1] == \
            version.encode()
    path = tmp_path / "x"
    client("compare", *SMALL, "crash", "--json", path)
    saved = json.loads(path.read_text())
    assert saved["version"] == version
    saved["version"] = "of-long-ago"
    path.write_text(json.dumps(saved))
    shown = client("compare", "--from", path).out
    assert "  measured by perconn of-long-ago\n" in shown
    both = client("compare", "--from", path, "--from", path).out
    assert both.count("measured by perconn of-long-ago") == 2


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"),
                    reason="not a checkout with git")
def test_an_archive_knows_its_version_and_a_mere_copy_says_unknown(tmp_path):
    def version_in(tree):
        return subprocess.run(
            ["make", "-s", "-C", tree, "--eval=say: ; @echo $(VERSION)",
             "say"], capture_output=True, text=True, check=True,
            timeout=60).stdout.strip()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT,
                            capture_output=True, text=True, check=True)
    subprocess.run(f"git archive HEAD VERSION Makefile | tar x -C '{tmp_path}'",
                   shell=True, cwd=ROOT, check=True)
    # It lies in somebody else's history.
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    tree = tmp_path / "inner"
    tree.mkdir()
    for name in ("VERSION", "Makefile"):
        (tmp_path / name).rename(tree / name)
    assert commit.stdout.strip() in version_in(tree)
    shutil.copy(ROOT / "VERSION", tree)
    assert version_in(tree) == "unknown"


def all_results(made, tmp_path, verdict, cause, reason):
    """A file in which no ratio has an answer."""
    data = json.loads(made[2].read_text())
    for scenario in data["scenarios"]:
        for point in scenario["points"]:
            point["ratios"][0].update(verdict=verdict, reason=reason)
            point["results"][1]["cause"] = cause
    (tmp_path / "all.json").write_text(json.dumps(data))
    return tmp_path / "all.json"


def test_an_invalid_ratio_stands_in_no_table(made, tmp_path):
    file = all_results(made, tmp_path, "invalid", "disturbed", "other work")
    page, result = page_of(file, tmp_path)
    told = [line for line in result.out.splitlines() if "-> " not in line
            and "control" not in line]
    assert not re.search(r"\b0\.(354|950|393)\b", "\n".join(told))
    assert "0.354" not in re.sub(r"<li class=.advice.*", "", page)


def test_advice_for_many_scenarios_is_given_once(made, tmp_path):
    file = all_results(made, tmp_path, "invalid", "disturbed", "other work")
    page, result = page_of(file, tmp_path)
    following = page.split("What to do next")[1].split("</ul>")[0]
    assert following.count("<li>") == 1
    assert "churn, steady, sweep, knee, " in following
    assert "no result" not in following
    assert "Where there is no answer: a line with -> below says what" in \
        unbroken(result.out)


def test_a_picture_of_words_alone_has_no_axis(made, tmp_path):
    data = json.loads(made[2].read_text())
    data["scenarios"] = [one for one in data["scenarios"]
                         if one["name"] == "crash"]
    (tmp_path / "crash.json").write_text(json.dumps(data))
    page, result = page_of(tmp_path / "crash.json", tmp_path)
    assert "0 of 64 connections lost" in result.out
    assert "95 % interval;" not in result.out
    assert '<tr class="axis">' not in page


def test_the_picture_fits_forty_columns(made):
    result = client("compare", "--from", made[2],
                    env=dict(os.environ, COLUMNS="40"))
    picture = result.out.split("\n\n")[0]
    assert max(map(len, picture.splitlines())) <= 40
    assert re.search(r"^    a parent of 1,024 MiB, dontfork\n +[^a-z]*"
                     r"0\.390 slower$", result.out, re.M)


def test_a_file_without_scenarios_says_that_there_is_no_result(made, tmp_path):
    data = json.loads(made[2].read_text())
    data["scenarios"] = []
    (tmp_path / "none.json").write_text(json.dumps(data))
    page, result = page_of(tmp_path / "none.json", tmp_path)
    for text in (result.out, page):
        assert "No scenario was measured: there is no result." in text


@pytest.mark.parametrize("turn", ["\u202e", "\u2067"])
def test_a_name_cannot_turn_the_sentences_of_the_page(made, tmp_path, turn):
    data = made[2].read_text().replace('"fork"', f'"fork{turn}"')
    (tmp_path / "turned.json").write_text(data, encoding="utf-8")
    page, result = page_of(tmp_path / "turned.json", tmp_path)
    assert turn not in page and turn not in result.out
    assert "fork\ufffd" in page and "38" in page
