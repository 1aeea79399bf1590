# SPDX-License-Identifier: MIT
"""client lab grade: the results of a class, judged again, as CSV."""
import csv
import io
import json
import os
import subprocess

import pytest

from harness import BIN

CLIENT = BIN / "client"
HEAD = ["file", "lab", "seed", "model", "predicted", "answer", "right", "shown",
        "done", "remark"]


def grade(*args, cwd):
    return subprocess.run([CLIENT, "lab", "grade", *map(str, args)], cwd=cwd,
                          capture_output=True, text=True, timeout=60)


def tables(text):
    """The results, by file, and the matrix."""
    results, matrix = text.split("\n\n")
    rows = list(csv.reader(io.StringIO(results)))
    assert rows[0] == HEAD
    assert all(len(row) == len(HEAD) for row in rows)
    return ({row[0]: dict(zip(HEAD, row)) for row in rows[1:]},
            list(csv.reader(io.StringIO(matrix)))[1:])


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A right one, of a student with a seed."""
    path = tmp_path_factory.mktemp("result") / "r.json"
    subprocess.run([CLIENT, "lab", "tour", "--seed", "5", "--predict", "a",
                    "--json", path], stdout=subprocess.DEVNULL, timeout=60,
                   check=True)
    return json.loads(path.read_text())


def write(path, result, **changes):
    path.write_text(json.dumps({**result, **changes}))
    return path


def test_a_wrong_prediction_costs_nothing(result, tmp_path):
    write(tmp_path / "wrong.json", result)
    write(tmp_path / "right.json", result, predicted=result["answer"])
    write(tmp_path / "none.json", result, predicted=None)
    run = grade("wrong.json", "right.json", "none.json", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    rows, matrix = tables(run.stdout)
    assert [rows[f"{name}.json"]["right"] for name in (
        "wrong", "right", "none")] == ["no", "yes", ""]
    assert [rows[f"{name}.json"]["done"] for name in (
        "wrong", "right", "none")] == ["1", "1", "0"]
    assert rows["wrong.json"]["seed"] == "5"
    assert rows["none.json"]["remark"] == "no prediction"
    counts = [str((letter == "A") + (letter == result["answer"])) for letter in "ABCD"]
    assert run.stdout.split("\n\n")[1].startswith("lab,right,A,B,C,D,none\n")
    assert matrix == [["tour", result["answer"], *counts, "1"]]


@pytest.mark.parametrize("changes, remark", [
    ({"seed": 6}, "its numbers are not those of its seed"),
    ({"parameters": {}}, "its numbers are not those of its seed"),
    ({"answer": "D"}, "its answer is not what its facts show"),
    ({"facts": {}}, "its answer is not what its facts show"),
    ({"shown": False}, "its facts do not show what it says"),
    ({"reason": "because I say so"}, "its reason is not that of its facts"),
])
def test_a_result_that_does_not_agree_with_itself_is_told(
        result, tmp_path, changes, remark):
    write(tmp_path / "a.json", result, **changes)
    write(tmp_path / "b.json", result)
    run = grade("a.json", "b.json", cwd=tmp_path)
    assert run.returncode == 1
    assert f"a.json: {remark}" in run.stderr
    rows, matrix = tables(run.stdout)
    assert (rows["a.json"]["done"], rows["a.json"]["remark"]) == ("0", remark)
    assert (rows["b.json"]["done"], rows["b.json"]["remark"]) == ("1", "")
    assert len(matrix) == 1, "what is not trusted is not counted"


def test_a_file_that_is_no_result_costs_the_others_nothing(result, tmp_path):
    bad = {"garbage.json": b"\x00\xffgarbage", "empty.json": b"",
           "list.json": b"[1]", "deep.json": b"[" * 100000,
           "other.json": b'{"schema":"perconn.load/1"}',
           "lab.json": b'{"schema":"perconn.lab/1","lab":"no such lab"}',
           "types.json": b'{"schema":[],"lab":{},"facts":7}'}
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    write(tmp_path / "good.json", result)
    run = grade(*bad, "missing.json", "good.json", cwd=tmp_path)
    assert run.returncode == 1
    rows, _ = tables(run.stdout)
    assert set(rows) == {*bad, "missing.json", "good.json"}
    assert rows["good.json"]["done"] == "1"
    assert all(rows[name]["done"] == "0" and rows[name]["remark"]
               for name in [*bad, "missing.json"])
    assert len(run.stderr.splitlines()) == len(bad) + 1


def test_what_is_no_file_holds_nobody_up(result, tmp_path):
    """A folder's entries are what students put there."""
    write(tmp_path / "right.json", result)
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "fifo.json")
    (tmp_path / "link.json").symlink_to("nowhere")
    run = grade(tmp_path, cwd=tmp_path)
    assert run.returncode == 1
    rows, _ = tables(run.stdout)
    assert rows.pop(str(tmp_path / "right.json"))["shown"] == "yes"
    assert len(rows) == 3
    assert rows[str(tmp_path / "folder.json")]["remark"].endswith(
        "folder.json: Is a directory")


def test_a_class_is_a_folder(result, tmp_path):
    for i in range(100):
        write(tmp_path / f"student{i:03}.json", result)
    (tmp_path / "notes.txt").write_text("not a result")
    run = grade(tmp_path, "--matrix", "matrix.csv", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    rows = list(csv.reader(io.StringIO(run.stdout)))
    assert len(rows) == 101
    assert [row[0] for row in rows[1:]] == sorted(row[0] for row in rows[1:])
    matrix = list(csv.reader((tmp_path / "matrix.csv").open()))
    assert sum(map(int, matrix[1][2:])) == 100


@pytest.mark.parametrize("name", [
    "=HYPERLINK(1).json", "+1.json", "-1.json", "@SUM.json", "a,\"b\".json",
    "two\nlines.json"])
def test_a_cell_is_text_for_a_spreadsheet(result, tmp_path, name):
    write(tmp_path / name, result, model="=1+1")
    run = grade("--", name, cwd=tmp_path)
    rows, _ = tables(run.stdout)
    (cell, row), = rows.items()
    assert cell.lstrip("'") == name.replace("\n", " ")
    assert cell[0] not in "=+-@" and row["model"] == "'=1+1"


def test_a_file_that_is_the_same_as_another_is_told(result, tmp_path):
    """It costs nothing by itself: the teacher looks."""
    facts = {**result["facts"], "thread.seconds": 0.123}
    write(tmp_path / "a.json", result, facts=facts)
    write(tmp_path / "b.json", result, facts=facts)
    write(tmp_path / "c.json", result, facts=facts, predicted="B")
    write(tmp_path / "d.json", result, facts={**facts, "thread.seconds": 0.124})
    run = grade("--lang", "zh", *(f"{name}.json" for name in "abcd"), cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    rows, _ = tables(run.stdout)
    assert [rows[f"{name}.json"]["remark"] for name in "abcd"] == [
        "", "same as a.json", "same measurements as a.json", ""]


def test_the_folders_of_a_folder_are_read(result, tmp_path):
    for student in "ann", "bob":
        (tmp_path / "class" / student).mkdir(parents=True)
        write(tmp_path / "class" / student / "tour.json", result)
    rows, _ = tables(grade("class", cwd=tmp_path).stdout)
    assert sorted(rows) == ["class/ann/tour.json", "class/bob/tour.json"]


def test_without_a_result_there_is_no_matrix_but_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    for name, told in ("nosuch", "nosuch: No such file"), ("empty", "has no file"):
        run = grade(name, "--matrix", "m.csv", cwd=tmp_path)
        assert run.returncode == 1
        assert told in run.stderr and "lab,right" not in run.stdout
        assert not (tmp_path / "m.csv").exists()


@pytest.mark.parametrize("args, told", [
    ([], "the FILE is missing"),
    (["a.json", "--matrix", "-"], "--matrix -: standard output"),
])
def test_wrong_usage_of_grade_is_said(tmp_path, args, told):
    run = grade(*args, cwd=tmp_path)
    assert run.returncode == 2
    assert told in run.stderr and not run.stdout
