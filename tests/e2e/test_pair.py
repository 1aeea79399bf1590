# SPDX-License-Identifier: MIT
"""The pair differs in the model alone; the seam; how the programs are built."""
import re
import signal
import subprocess

import pytest

from harness import (BIN, ROOT, connect, echo, exchange, needs, read_all,
                     release_only, reset)

PAIR = [ROOT / "server_thread.c", ROOT / "server_fork.c"]
THIRD = ROOT / "tests/bench/server_inline.c"


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)


def functions(path):
    """Their names in order: a definition's name begins its line (style)."""
    return re.findall(r"^(\w+)\([^;{]*\)\n\{", path.read_text(), flags=re.M)


def headings(path):
    return re.findall(r"^/\* ---- (.*) ---- \*/$", path.read_text(),
                      flags=re.M)


def test_both_files_define_the_same_names_in_the_same_order():
    first, second = map(functions, PAIR)
    assert first == second
    assert {"model_share", "model_spawn", "model_reap", "model_wake", "model_stop",
            "worker_main", "main"} == set(first)


def test_both_files_have_the_same_headings_in_the_same_order():
    assert headings(PAIR[0]) == headings(PAIR[1]) == [
        "what workers share", "how a worker ends", "start a worker",
        "collect workers", "wake workers", "stop workers", "main"]


def test_the_third_model_has_the_same_shape():
    assert functions(THIRD) == functions(PAIR[0])
    assert headings(THIRD) == headings(PAIR[0])


@pytest.mark.parametrize("path", PAIR, ids=lambda path: path.name)
def test_each_file_fits_on_two_screens(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 160
    assert max(len(line.expandtabs(8)) for line in lines) <= 80


def test_main_is_the_same_line():
    assert len({path.read_text().partition("\nmain(")[2]
                for path in PAIR}) == 1


def common(*folders):
    for folder in folders:
        yield from sorted((ROOT / "common" / folder).glob("*.[ch]"))


SERVER_SIDE = list(common("base", "net", "server", "service"))


@pytest.mark.parametrize("path", SERVER_SIDE,
                         ids=lambda path: f"{path.parent.name}/{path.name}")
def test_common_code_does_not_ask_which_model_it_runs_under(path):
    code = without_comments(path.read_text())
    code = code.replace("#ifndef COMMON_", "")  # the guard of a header
    assert not re.search(r"^\s*#\s*(el)?if.*(THREAD|FORK|MODEL)", code,
                         flags=re.M | re.I)
    assert not re.search(r"str\w*cmp\([^;]*(model|thread|fork)", code)
    assert not re.search(r"\bif \([^)]*(fork|thread)", code)
    assert not re.search(r"\b(fork|vfork|pthread_create|waitpid)\s*\(", code)


# ---- the third model runs ----

@pytest.mark.timed
def test_the_inline_model_takes_the_same_options(inline_server):
    inline_server.start("-m", 5, "--when-full", "refuse", "--idle-timeout",
                        "1s", "--max-per-source", 3)
    assert "at most 5 connections at once" in inline_server.log()
    twin = subprocess.run([BIN / "server_thread", "--help"], text=True,
                          stdout=subprocess.PIPE, check=True).stdout
    assert inline_server.run("--help").stdout.decode().partition(
        "options:")[2] == twin.partition("options:")[2]


def test_the_inline_model_serves_one_after_another(inline_server):
    inline_server.start()
    for i in range(50):
        data = b"%d\n" % i * 1000
        assert exchange(inline_server.connect(), data) == data
    assert inline_server.stop() == 0
    assert inline_server.ledger["served"] == 50


def test_the_inline_models_second_client_waits_for_the_first(inline_server):
    inline_server.start()
    first = inline_server.connected(1)[0]
    second = inline_server.connect()
    second.sendall(b"after you\n")
    echo(first)
    first.close()
    assert second.recv(100) == b"after you\n"


@pytest.mark.timed
def test_the_inline_models_ledger_is_exact(inline_server):
    inline_server.start("--idle-timeout", "300ms")
    with connect(inline_server.address) as sock:
        echo(sock)
    sock = connect(inline_server.address)
    echo(sock)
    reset(sock)
    assert read_all(inline_server.connect()) == b""
    inline_server.wait_ledger(accepted=3, served=1, failed=1, timed_out=1)
    assert inline_server.workers() == 0


def test_the_inline_model_stops_when_its_client_has_gone(inline_server):
    inline_server.start("-s", "hello")
    sock = inline_server.connect()
    inline_server.send_signal(signal.SIGTERM)
    sock.sendall(b"hi")
    assert read_all(sock) == b"Hello, client!\n"
    assert inline_server.wait() == 0


# ---- how the release programs are built ----

def readelf(server, *options):
    return subprocess.run(["readelf", "-W", *options, server.program],
                          stdout=subprocess.PIPE, text=True,
                          check=True).stdout


@release_only
@needs("readelf")
def test_the_program_is_a_static_pie(server):
    assert re.search(r"Type:\s+DYN ", readelf(server, "-h"))
    assert not re.search(r"^\s*INTERP", readelf(server, "-l"), flags=re.M)
    assert "(NEEDED)" not in readelf(server, "-d")


@release_only
@needs("readelf")
def test_the_programs_tables_are_read_only_after_start(server):
    assert re.search(r"^\s*GNU_RELRO", readelf(server, "-l"), flags=re.M)
    assert "NOW" in readelf(server, "-d")


@release_only
@needs("readelf")
def test_no_memory_of_the_program_is_writable_and_executable(server):
    segments = readelf(server, "-l")
    assert re.search(r"^\s*GNU_STACK.* RW ", segments, flags=re.M)
    assert not re.search(r"^\s*LOAD.* RWE", segments, flags=re.M)


@release_only
@needs("readelf")
def test_the_program_has_no_search_path(server):
    assert not re.search("RPATH|RUNPATH", readelf(server, "-d"))


@release_only
@needs("readelf")
def test_the_program_has_stack_protection(server):
    assert "__stack_chk_fail" in readelf(server, "-s")
