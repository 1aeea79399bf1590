# SPDX-License-Identifier: MIT
"""What the client writes to files: an older one is lost to nothing that is not
whole, and a file that cannot be written is told of before the measuring."""
import contextlib
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

from harness import BENCH, BIN, eventually, needs_root, proc_stat
from known_servers import (
    SMALL, KnownServer, client, counts, refusing, result_of, running_client,
    words_of)

OLDER = "what took hours\n"
LOAD_OUTPUTS = [["--json", "x"], ["--histogram", "x"],
                ["--interval", "100ms:x"]]
COMPARE_OUTPUTS = [["--json", "x"], ["--csv", "x"], ["--report", "."]]
REPORT = ("index.html", "compare.json", "slices.csv")


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A saved comparison that nobody measured."""
    path = tmp_path_factory.mktemp("made") / "made.json"
    path.write_bytes(subprocess.run(
        [BENCH / "made_comparison", "3"], check=True,
        capture_output=True).stdout)
    return path


@pytest.fixture
def older(tmp_path):
    """The directory in which an older result stands under each name."""
    for name in ("x", *REPORT):
        (tmp_path / name).write_text(OLDER)
    return tmp_path


def check_older(directory, left=()):
    """All are as they were, and nothing else is left but LEFT."""
    assert set(os.listdir(directory)) == {"x", *REPORT, *left}
    for name in ("x", *REPORT):
        assert (directory / name).read_text() == OLDER, name


def limited(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@contextlib.contextmanager
def full_disk(directory):
    """A file system of 64 KiB."""
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs",
                    directory], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", directory], check=True)


def catches(pid, number):
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16)
    return bool(caught >> (number - 1) & 1)


# ---- an older file stays ----

@pytest.mark.parametrize("output", LOAD_OUTPUTS, ids=" ".join)
def test_an_older_result_stays_where_nothing_was_measured(older, output):
    with refusing() as target:
        result = client("load", target, "-n", 3, *output, cwd=older)
    assert result.code == 1
    assert "x was left as it was, because nothing was measured" in result.err
    check_older(older)


@pytest.mark.parametrize("to", ["-", "new", "empty", "/dev/stdout"])
def test_a_load_without_a_reply_is_written_where_nothing_is_lost(tmp_path, to):
    """For a script reads it: it has what failed, and how often."""
    (tmp_path / "empty").touch()
    with refusing() as target:
        result = client("load", target, "-n", 3, "--json", to, cwd=tmp_path)
    assert result.code == 1
    assert "as it was" not in result.err
    text = result.out if to not in ("new", "empty") else (
        tmp_path / to).read_text()
    assert json.loads(text)["errors"] == {"ECONNREFUSED": 3}


@pytest.mark.parametrize("to", ["-", "new", "empty"])
def test_a_comparison_of_nothing_is_written_where_nothing_is_lost(
        tmp_path, to):
    (tmp_path / "empty").touch()
    result = client("compare", *SMALL, "crash", "--json", to, "--server",
                    "a=exit 3; {port}", "--server", "b=exit 3; {port}",
                    cwd=tmp_path)
    assert result.code == 1
    text = result.out if to == "-" else (tmp_path / to).read_text()
    assert json.loads(text)["schema"] == "perconn.compare/1"


@pytest.mark.parametrize("output", COMPARE_OUTPUTS, ids=" ".join)
def test_an_older_comparison_stays_where_no_server_could_be_measured(
        older, output):
    result = client("compare", *SMALL, "crash", *output, "--server",
                    "a=exit 3; {port}", "--server", "b=exit 3; {port}",
                    cwd=older)
    assert result.code == 1
    assert "was left as it was, because nothing was measured" in result.err
    check_older(older)


@pytest.mark.parametrize("output", LOAD_OUTPUTS, ids=" ".join)
@pytest.mark.parametrize("later", [
    ["--tls-ca", "nofile"], ["--source", "::1"], ["-d", "5"],
    ["--histogram", "/no/such/x"], ["-c", "1000000"]], ids=" ".join)
def test_an_older_result_stays_where_a_later_option_is_wrong(
        older, output, later):
    if later[0] == output[0]:
        later = ["--timeout", "5"]
    with KnownServer() as server:
        result = client(
            "load", server.target, "-n", 3, *output, *later, cwd=older,
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (64, 64)))
    assert result.code in (1, 2), result
    assert result.error_line
    check_older(older)


@pytest.mark.parametrize("output", LOAD_OUTPUTS, ids=" ".join)
def test_sigkill_in_the_midst_leaves_the_older_result(older, output):
    hang = threading.Event()

    def behave(request):
        if request.number > 200:
            hang.wait(60)
        request.echo()

    with KnownServer(behave) as server, running_client(
            "load", server.target, "-r", "1000", "-d", "9s", *output,
            cwd=older) as process:
        server.wait_requests(201)
        process.kill()
        process.wait()
        hang.set()
    check_older(older, ["x.part"])
    # What such a run has left is in nobody's way.
    with KnownServer() as server:
        assert client("load", server.target, "-n", 3, *output,
                      cwd=older).code == 0
    assert (older / "x").read_text() != OLDER
    assert "x.part2" not in os.listdir(older)


@pytest.mark.parametrize("times", [1, 2])
def test_sigint_before_the_first_reply_leaves_the_older_result(older, times):
    with KnownServer(lambda request: None) as server, running_client(
            "load", server.target, "-c", "1", "--timeout", "1s", "--json",
            "x", cwd=older) as process:
        server.wait_requests(1)
        process.send_signal(signal.SIGINT)
        if times == 2:
            process.send_signal(signal.SIGINT)
        result = result_of(process)
    assert result.code == 130
    check_older(older)


def test_sigint_keeps_what_was_measured(older):
    with KnownServer() as server, running_client(
            "load", server.target, "-c", "1", "-d", "30s", "--json", "x",
            cwd=older) as process:
        server.wait_requests(10)
        process.send_signal(signal.SIGINT)
        assert result_of(process).code == 130
    assert counts(json.loads((older / "x").read_text()))[0] >= 9
    assert "x.part" not in os.listdir(older)


@pytest.mark.parametrize("output", LOAD_OUTPUTS, ids=" ".join)
def test_a_file_size_limit_leaves_the_older_result(older, output):
    with KnownServer() as server:
        result = client("load", server.target, "-n", 3, *output, cwd=older,
                        preexec_fn=limited(100))
    assert result.code == 1, result
    assert result.error_line == "client: x: File too large"
    check_older(older)


@needs_root
@pytest.mark.parametrize("links", [1, 2])
def test_a_full_disk_leaves_the_older_result(tmp_path, links):
    with full_disk(tmp_path / "disk") as disk:
        (disk / "x").write_text(OLDER)
        if links == 2:
            os.link(disk / "x", disk / "y")
        with contextlib.suppress(OSError), open(disk / "rest", "wb") as rest:
            for _ in range(100):
                rest.write(bytes(4096))
                rest.flush()
        with KnownServer() as server:
            result = client("load", server.target, "-n", 3, "-r",
                            ",".join(map(str, range(1000, 1090))),
                            "--json", "x", cwd=disk)
        assert result.code == 1, result
        assert result.error_line == "client: x: No space left on device"
        assert (disk / "x").read_text() == OLDER
        assert {"x", "rest"} <= set(os.listdir(disk)) <= {"x", "y", "rest"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_older_report_stays_when_its_making_is_killed(
        older, made, tmp_path_factory, number):
    """What is drawn is not there yet, what was saved is."""
    tools = tmp_path_factory.mktemp("bin")
    (tools / "gnuplot").write_text(
        f"#!/bin/sh\ntouch '{tools}/begun'\nexec sleep 20\n")
    (tools / "gnuplot").chmod(0o755)
    env = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    with running_client("compare", "--from", made, "--report", older,
                        env=env) as process:
        eventually((tools / "begun").exists, "the drawing has begun")
        process.send_signal(number)
        process.wait()
    assert (older / "slices.csv").read_text() == OLDER
    assert (older / "compare.json").read_bytes() == made.read_bytes()
    assert (older / "index.html").read_text() == OLDER
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert "index.html.part" not in os.listdir(older)


def test_a_report_beside_its_source_does_not_cut_it(tmp_path):
    report = tmp_path / "report"
    client("compare", *SMALL, "crash", "--report", report)
    before = (report / "compare.json").read_bytes()
    result = client("compare", "--from", report / "compare.json",
                    "--report", report, preexec_fn=limited(4096))
    assert result.code == 1, result
    assert "File too large" in result.err
    assert (report / "compare.json").read_bytes() == before
    result = client("compare", "--from", report / "compare.json",
                    "--report", report, "--json", report / "compare.json")
    assert (report / "compare.json").read_bytes() == before


def test_a_reader_of_the_words_that_has_gone_costs_no_result(tmp_path):
    with KnownServer() as server, running_client(
            "load", server.target, "-d", "200ms", "--json", "x",
            cwd=tmp_path) as process:
        process.stdout.close()
        err = process.stderr.read()
        process.wait()
        process.stdout = process.stderr = None
    assert process.returncode == 1
    assert err == b"client: standard output: Broken pipe\n"
    assert counts(json.loads((tmp_path / "x").read_text()))[0]


def test_one_file_that_cannot_be_written_costs_no_other(tmp_path):
    with KnownServer() as server:
        result = client("load", server.target, "-n", 3, "--json", "/dev/full",
                        "--histogram", "x", cwd=tmp_path)
    assert result.code == 1
    assert result.error_line == "client: /dev/full: No space left on device"
    assert "Total count" in (tmp_path / "x").read_text()


# ---- what a file may be ----

def write_to(directory, path, **options):
    """`load --json PATH` in DIRECTORY."""
    with KnownServer() as server:
        return client("load", server.target, "-n", 3, "--json", path,
                      cwd=directory, **options)


def check_written(path):
    assert counts(json.loads(path.read_text())) == (3, 0, 0, 0)


def test_a_link_stays_and_what_it_names_is_written(tmp_path):
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir/file").write_text(OLDER)
    (tmp_path / "middle").symlink_to("dir/file")
    (tmp_path / "link").symlink_to(tmp_path / "middle")
    (tmp_path / "dangling").symlink_to("dir/new")
    for link, file in (("link", "file"), ("dangling", "new")):
        assert write_to(tmp_path, link).code == 0
        assert (tmp_path / link).is_symlink()
        check_written(tmp_path / "dir" / file)
    assert (tmp_path / "middle").is_symlink()
    assert set(os.listdir(tmp_path / "dir")) == {"file", "new"}


def test_links_in_a_circle_are_an_error(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    result = write_to(tmp_path, "a")
    assert result.code == 1
    assert result.error_line == \
        "client: a: Too many levels of symbolic links"


def test_two_names_of_one_file_stay_so(tmp_path):
    (tmp_path / "x").write_text(OLDER * 1000)
    os.link(tmp_path / "x", tmp_path / "y")
    assert write_to(tmp_path, "x").code == 0
    check_written(tmp_path / "y")
    assert os.path.samefile(tmp_path / "x", tmp_path / "y")


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o666, 0o640])
def test_the_mode_of_the_older_file_is_kept(tmp_path, mode):
    (tmp_path / "x").write_text(OLDER)
    (tmp_path / "x").chmod(mode)
    assert write_to(tmp_path, "x").code == 0
    check_written(tmp_path / "x")
    assert (tmp_path / "x").stat().st_mode & 0o7777 == mode


def test_a_new_file_has_the_mode_of_the_umask(tmp_path):
    assert write_to(tmp_path, "x", preexec_fn=lambda: os.umask(0o027)
                    ).code == 0
    assert (tmp_path / "x").stat().st_mode & 0o7777 == 0o640


@needs_root
def test_the_owner_of_the_older_file_is_kept(tmp_path):
    (tmp_path / "x").write_text(OLDER)
    os.chown(tmp_path / "x", 12345, 23456)
    assert write_to(tmp_path, "x").code == 0
    check_written(tmp_path / "x")
    info = (tmp_path / "x").stat()
    assert (info.st_uid, info.st_gid) == (12345, 23456)


@pytest.fixture
def stranger():
    """A directory of root's in which one file is somebody else's, and options
    of subprocess to run the client as that."""
    with tempfile.TemporaryDirectory() as name:
        place, program = Path(name) / "place", Path(name) / "client"
        place.mkdir()
        shutil.copy(BIN / "client", program)
        for path in (Path(name), place, program):
            path.chmod(0o755)
        (place / "x").write_text(OLDER)
        os.chown(place / "x", 12345, 12345)
        yield place, {"user": 12345, "group": 12345, "extra_groups": [],
                      "executable": program}


@needs_root
def test_a_file_in_a_folder_that_may_not_be_written_is_written(stranger):
    place, options = stranger
    result = write_to(place, "x", **options)
    assert result.code == 0, result
    check_written(place / "x")
    assert os.listdir(place) == ["x"]


@needs_root
@pytest.mark.parametrize("name", ["new", "x"])
def test_what_may_not_be_written_is_told_before_the_measuring(
        stranger, name):
    place, options = stranger
    os.chown(place / "x", 0, 0)
    with KnownServer() as server:
        result = client("load", server.target, "-n", 3, "--json", name,
                        cwd=place, **options)
        assert server.connections == 0
    assert result.code == 1
    assert result.error_line == f"client: {name}: Permission denied"
    assert (place / "x").read_text() == OLDER


@needs_root
def test_a_file_that_is_a_mount_point_is_written(tmp_path):
    for name in ("x", "source"):
        (tmp_path / name).write_text(OLDER)
    subprocess.run(["mount", "--bind", tmp_path / "source", tmp_path / "x"],
                   check=True)
    try:
        assert write_to(tmp_path, "x").code == 0
    finally:
        subprocess.run(["umount", tmp_path / "x"], check=True)
    check_written(tmp_path / "source")
    assert set(os.listdir(tmp_path)) == {"x", "source"}


@pytest.mark.parametrize("path, why", [
    ("dir", "Is a directory"), ("new/", "Is a directory"),
    ("file/x", "Not a directory"), ("x" * 256, "File name too long"),
    ("no/x", "No such file or directory")], ids=lambda text: text[:10])
def test_what_can_be_no_file_is_told_before_the_measuring(
        tmp_path, path, why):
    (tmp_path / "dir").mkdir()
    (tmp_path / "file").touch()
    with KnownServer() as server:
        result = client("load", server.target, "-n", 3, "--json", path,
                        cwd=tmp_path)
        assert server.connections == 0
    assert result.code == 1
    assert result.error_line == f"client: {path}: {why}"
    assert set(os.listdir(tmp_path)) == {"dir", "file"}


def test_a_name_as_long_as_may_be_is_written(tmp_path):
    assert write_to(tmp_path, "x" * 255).code == 0
    check_written(tmp_path / ("x" * 255))


def test_a_pipe_gets_all_of_it(tmp_path):
    os.mkfifo(tmp_path / "x")
    found = []
    reader = threading.Thread(
        target=lambda: found.append((tmp_path / "x").read_text()))
    reader.start()
    assert write_to(tmp_path, "x").code == 0
    reader.join()
    assert counts(json.loads(found[0])) == (3, 0, 0, 0)
    assert os.listdir(tmp_path) == ["x"]


def test_an_interrupt_ends_the_wait_for_a_pipes_reader(tmp_path):
    os.mkfifo(tmp_path / "x")
    with KnownServer() as server, running_client(
            "load", server.target, "--json", "x", cwd=tmp_path) as process:
        # It has its handlers before it opens.
        eventually(lambda: catches(process.pid, signal.SIGINT) and
                   proc_stat(process.pid)[0] == "S", "it waits")
        process.send_signal(signal.SIGINT)
        assert result_of(process).code == 130


@pytest.mark.parametrize("path", [
    "-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("to_file", [False, True])
def test_each_name_of_standard_output_is_that(tmp_path, path, to_file):
    """The words make room for the data."""
    with open(tmp_path / "x", "w+b") as out:
        out.write(b"before\n")
        out.flush()
        result = write_to(tmp_path, path,
                          **({"stdout": out} if to_file else {}))
    assert result.code == 0
    text = (tmp_path / "x").read_text()
    assert text.startswith("before\n"), "what is there already is not cut"
    text = text.removeprefix("before\n") if to_file else result.out
    assert counts(json.loads(text)) == (3, 0, 0, 0)
    assert "requests 3 ok" in result.err
    assert os.listdir(tmp_path) == ["x"]


def test_another_descriptor_is_written_as_it_is(tmp_path):
    with open(tmp_path / "x", "w+b") as out:
        out.write(b"before\n")
        out.flush()
        number = out.fileno()
        result = write_to(tmp_path, f"/dev/fd/{number}", pass_fds=[number])
    assert result.code == 0, result
    head, text = (tmp_path / "x").read_text().split("\n", 1)
    assert head == "before" and counts(json.loads(text)) == (3, 0, 0, 0)


def test_two_names_of_a_file_that_is_not_there_are_one_file(tmp_path):
    (tmp_path / "link").symlink_to("x")
    result = client("load", "127.0.0.1:1", "--json", "x", "--histogram",
                    "link", cwd=tmp_path)
    assert result.code == 2, result
    assert "--json writes that file" in result.error_line


@pytest.mark.parametrize("output", [
    ["--json", "/dev/stdout", "--histogram", "-"],
    ["--json", "-", "--histogram", "/proc/self/fd/1"]], ids=" ".join)
def test_two_names_of_standard_output_are_one(output):
    result = client("load", "127.0.0.1:1", *output)
    assert result.code == 2, result
    assert "standard output already" in result.error_line


def test_a_directory_for_a_report_of_nothing_is_not_left(tmp_path):
    result = client("compare", "crash", "--report", "new", "--json", "/no/x",
                    cwd=tmp_path)
    assert result.code == 1
    result = client("compare", "crash", "--report", "new", "--csv", "/no/x",
                    cwd=tmp_path)
    assert result.code == 1
    assert os.listdir(tmp_path) == []


# ---- standard output ----

def through(kind, *arguments, stdin=b""):
    """The client's status and what comes through a non-blocking PIPE or SOCKET
    that is read late and in small pieces. Its flag is left as it was."""
    if kind == "pipe":
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    else:
        reader, writer = (one.detach() for one in socket.socketpair())
    os.set_blocking(writer, False)
    found = []

    def read():
        while piece := os.read(reader, 1000):
            found.append(piece)

    thread = threading.Thread(target=read, daemon=True)
    with tempfile.TemporaryFile() as file:
        file.write(stdin)
        file.seek(0)
        process = subprocess.Popen(
            words_of([BIN / "client", *arguments]), stdin=file,
            stdout=writer, stderr=subprocess.PIPE)
    # What it cannot write at once is full now, or it has ended.
    eventually(lambda: proc_stat(process.pid)[0] in "SZ", "it waits")
    thread.start()
    process.wait(60)
    assert not os.get_blocking(writer)
    os.close(writer)
    thread.join()
    os.close(reader)
    err = process.stderr.read()
    process.stderr.close()
    return process.returncode, b"".join(found), err


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_a_non_blocking_standard_output_loses_nothing(kind, made):
    data = bytes(range(256)) * 4000
    with KnownServer(size=None) as server:
        assert through(kind, "talk", server.target, stdin=data)[:2] == \
            (0, data)
    code, out, err = through(kind, "compare", "--from", made, "--json", "-")
    blocking = client("compare", "--from", made, "--json", "-").raw
    assert len(blocking) > 65536
    assert code == 0 and out == blocking, err
    for what in (["list"], ["compare", "--help"], ["load", "--help"]):
        result = client(*what)
        assert through(kind, *what) == (0, result.raw, b"")


@pytest.mark.parametrize("program", ["server_thread", "server_fork"])
@pytest.mark.parametrize("what", ["--help", "--list-services", "--version"])
def test_a_servers_lists_fail_on_a_closed_or_full_standard_output(
        program, what):
    for out, why in ((">&-", "Bad file descriptor"),
                     (">/dev/full", "No space left on device")):
        done = subprocess.run(
            ["sh", "-c", f'exec "$0" {what} {out}', BIN / program],
            stderr=subprocess.PIPE, timeout=60, check=False)
        assert done.returncode == 1
        assert done.stderr.decode() == \
            f"{program}: standard output: {why}\n"


@pytest.mark.parametrize("out, why", [
    (">&-", "Bad file descriptor"),
    (">/dev/full", "No space left on device")])
@pytest.mark.parametrize("what", [
    ["list"], ["--help"], ["load", "--version"], ["talk", "TARGET", "x"],
    ["load", "TARGET", "-n", "3"], ["load", "TARGET", "-n", "3", "--json", "-"],
    ["load", "TARGET", "-n", "3", "--interval", "10ms"],
    ["compare", "--from", "MADE"], ["compare", "--from", "MADE", "--json", "-"]
], ids=" ".join)
def test_a_closed_or_full_standard_output_is_a_failure(what, out, why, made):
    with KnownServer(size=None) as server:
        words = {"TARGET": server.target, "MADE": str(made)}
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {out}', "sh", BIN / "client",
             *[words.get(word, word) for word in what]],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60,
            check=False)
    assert done.returncode == 1
    # Words that make room for the data come before.
    lines = done.stderr.decode().splitlines()
    assert re.fullmatch(f"client: (error: )?standard output: {why}", lines[-1])
    assert done.stderr.decode().count(why) == 1


def test_a_pipe_whose_reader_has_gone_is_a_failure(made):
    for what in (["list"], ["compare", "--from", made, "--json", "-"]):
        reader, writer = os.pipe()
        os.close(reader)
        result = client(*what, stdout=writer)
        os.close(writer)
        assert result.code == 1
        assert result.err.endswith("client: standard output: Broken pipe\n")
        assert result.err.count("Broken pipe") == 1


# ---- --from ----

def test_a_saved_result_comes_from_any_kind_of_pipe(made, tmp_path):
    whole = client("compare", "--from", made).out
    text = made.read_bytes()
    assert len(text) > 65536, "more than a pipe holds"
    assert client("compare", "--from", "-", stdin=text).out == whole
    assert client("compare", "--from", "/dev/stdin", stdin=text).out == whole
    done = subprocess.run(
        ["bash", "-c", '"$0" compare --from <(cat "$1")', BIN / "client",
         made], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, whole), done
    os.mkfifo(tmp_path / "x")
    writer = threading.Thread(
        target=lambda: (tmp_path / "x").write_bytes(text))
    writer.start()
    assert client("compare", "--from", tmp_path / "x").out == whole
    writer.join()


def test_a_saved_result_comes_from_a_non_blocking_pipe(made):
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with running_client("compare", "--from", "-", stdin=reader) as process:
        os.close(reader)
        eventually(lambda: proc_stat(process.pid)[0] == "S", "it waits")
        with open(writer, "wb") as file:
            file.write(made.read_bytes())
        result = result_of(process)
    assert result.code == 0, result


def test_what_is_no_saved_result_is_told(made):
    for path, why in ((".", "Is a directory"),
                      ("/dev/null", "cannot be read as JSON"),
                      ("/dev/zero", "cannot be read as JSON")):
        result = client("compare", "--from", path)
        assert result.code == 1
        assert why in result.error_line and path in result.error_line
    for begin in (b"", made.read_bytes()):
        result = client("compare", "--from", "-",
                        stdin=begin + b" " * ((64 << 20) + 1))
        assert result.code == 1
        assert result.error_line == "client: -: larger than 64 MiB"
    result = client("compare", "--from", "-", "--from", "/dev/stdin")
    assert result.code == 2
    assert "--from /dev/stdin: " in result.error_line
