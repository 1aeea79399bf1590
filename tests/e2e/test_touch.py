# SPDX-License-Identifier: MIT
"""touch: echo, after reading a working set."""
import re
from pathlib import Path

import pytest

from harness import echo, exchange, release_only
from test_ballast import huge_pages_work, kib
from test_state import owner, refused

SIZE_KIB = 16 * 1024
KINDS = ["", ":shared", ":private", ":huge", ":private:huge"]


def start(server, kind, size="16MiB"):
    if "huge" in kind and not huge_pages_work():
        pytest.skip("this system has no transparent huge pages")
    server.start("-s", f"touch:{size}{kind}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", ["0", "1", "100000"])
def test_every_byte_comes_back(server, kind, size):
    """Also of a set whose last page is cut short."""
    start(server, kind, size)
    data = bytes(i * 31 % 256 for i in range(100_000))
    assert exchange(server.connect(), data) == data
    server.stop()
    assert server.ledger["served"] == 1


@release_only  # a sanitizer's shadow is memory, too
def test_a_shared_set_is_there_before_the_workers(server):
    start(server, ":shared")
    assert kib(server.pid, "RssAnon") >= SIZE_KIB
    server.connected(3)
    assert kib(server.pid, "RssAnon") < 2 * SIZE_KIB


@release_only  # a sanitizer's shadow is memory, too
def test_forked_children_read_the_same_pages(fork_server):
    """They are counted in each, but are there once."""
    start(fork_server, ":shared")
    fork_server.connected(3)
    child = owner(fork_server)
    assert kib(child, "RssAnon") >= SIZE_KIB
    assert kib(child, "Pss", "smaps_rollup") < SIZE_KIB / 2


def test_a_private_set_is_each_worker_s_own(server):
    start(server, ":private")
    assert kib(server.pid, "RssAnon") < 3 * SIZE_KIB
    server.connected(3)
    workers = server.children() or [server.pid]
    assert sum(kib(pid, "RssAnon") for pid in workers) >= 3 * SIZE_KIB


@release_only
def test_private_sets_are_given_back(server):
    start(server, ":private")
    for _ in range(3):
        for sock in server.connected(5):
            sock.close()
        server.wait_ledger(active=0)
    server.back_to_start()
    assert kib(server.pid, "VmRSS") < SIZE_KIB


def test_a_child_has_page_tables_for_what_it_reads(fork_server):
    """Eight bytes for each small page."""
    start(fork_server, ":shared", "64MiB")
    fork_server.connected(1)
    assert kib(owner(fork_server), "VmPTE") >= 64 * 1024 // 512


@pytest.mark.parametrize("kind", [":shared", ":private"])
def test_only_what_is_huge_is_in_huge_pages(server, kind):
    start(server, kind)
    server.connected(1)
    assert kib(owner(server), "AnonHugePages", "smaps_rollup") < SIZE_KIB


@release_only
@pytest.mark.parametrize("kind", [":shared:huge", ":private:huge"])
def test_huge_pages_are_huge(server, kind):
    start(server, kind)
    server.connected(1)
    assert kib(owner(server), "AnonHugePages", "smaps_rollup") > 0


def cpu_of_messages(server, size):
    """Nanoseconds of the worker for 20 messages, with a set of SIZE."""
    start(server, ":shared", size)
    sock, = server.connected(1)

    def used():
        tasks = Path(f"/proc/{owner(server)}/task").glob("*/schedstat")
        return sum(int(path.read_text().split()[0]) for path in tasks)
    before = used()
    for _ in range(20):
        echo(sock)
    return used() - before


def test_each_message_reads_the_whole_set(server):
    """65,536 pages: a hundred times the work of an echo."""
    nothing = cpu_of_messages(server.another(), "0")
    assert cpu_of_messages(server, "256MiB") > 2 * nothing


# ---- what does not fit ----

def test_a_shared_set_without_memory_is_an_error_at_the_start(server):
    assert re.search(
        r"--service touch:900GiB: needs 921600 MiB, and must leave an eighth "
        r"of the available memory \(\d+ MiB\) free$",
        refused(server, "-s", "touch:900GiB"))


def test_a_private_set_without_memory_is_an_error_at_the_start(server):
    assert ("--service touch:900GiB:private: not enough memory for one worker "
            "of 921600 MiB: ") in refused(
        server, "-s", "touch:900GiB:private")
    assert "there is no more memory" in refused(
        server, "-s", "touch:1GiB:private", "-m", "5000")


def test_huge_pages_that_are_not_there_are_an_error(server):
    if huge_pages_work():
        pytest.skip("this system has transparent huge pages")
    assert "no transparent huge pages" in refused(server, "-s", "touch:4MiB:huge")
