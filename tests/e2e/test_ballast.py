# SPDX-License-Identifier: MIT
"""Memory that a server only holds, and what its children have of it."""
import re
import resource

import pytest

from harness import SANITIZER, echo, eventually, release_only

SIZE_KIB = 64 * 1024
TABLES_KIB = SIZE_KIB // 512  # eight bytes for each page of 4 KiB
REMEDIES = ["", ":dontfork", ":shared", ":huge"]


def huge_pages_work():
    try:
        with open("/sys/kernel/mm/transparent_hugepage/enabled",
                  encoding="ascii") as file:
            return "[never]" not in file.read()
    except OSError:
        return False


def skip_without_huge_pages(remedy):
    if remedy == ":huge" and not huge_pages_work():
        pytest.skip("this system has no transparent huge pages")


def kib(pid, field, file="status"):
    return kib_in(f"/proc/{pid}/{file}", field)


def kib_in(path, field):
    with open(path, encoding="ascii") as lines:
        found = re.search(rf"^{field}:\s+(\d+) kB", lines.read(), re.M)
    return int(found.group(1)) if found else 0


def start(server, remedy, size="64MiB"):
    skip_without_huge_pages(remedy)
    server.start("--ballast", size + remedy)
    return server


def child_of(server):
    """One that has served, and is idle now."""
    server.connected(1)
    return server.children()[0]


@pytest.mark.parametrize("remedy", REMEDIES)
def test_the_ballast_is_resident_before_it_serves(server, remedy):
    start(server, remedy)
    assert kib(server.pid, "VmRSS") >= SIZE_KIB
    kind = "RssShmem" if remedy == ":shared" else "RssAnon"
    assert kib(server.pid, kind) >= SIZE_KIB
    said = "ballast of 64 MiB" + remedy.replace(":", ", ") + "\n"
    assert server.log().count(said) == 1
    assert server.log().index(said) < server.log().index("listening on")


@pytest.mark.parametrize("remedy", REMEDIES)
def test_beside_a_ballast_it_serves_as_ever(server, remedy):
    start(server, remedy)
    for sock in server.connected(5):
        echo(sock, b"still here\n" * 1000)
    assert server.stop() == 0
    assert server.ledger["served"] == 5


def test_without_the_option_there_is_none(server):
    server.start()
    if not SANITIZER:
        assert kib(server.pid, "VmRSS") < SIZE_KIB
    assert "ballast" not in server.log()


@pytest.mark.parametrize("remedy", ["", ":dontfork", ":shared"])
def test_only_that_in_huge_pages_is_in_huge_pages(server, remedy):
    start(server, remedy)
    assert kib(server.pid, "AnonHugePages", "smaps_rollup") < SIZE_KIB


def test_huge_pages_are_huge(server):
    start(server, ":huge")
    huge = kib(server.pid, "AnonHugePages", "smaps_rollup")
    assert huge > 0
    told = re.search(r"only ([\d.]+) MiB of it in huge pages", server.log())
    assert bool(told) == (huge < SIZE_KIB)


# ---- what a forked child has of it ----

def test_a_child_has_the_plain_ballast_and_its_page_tables(fork_server):
    start(fork_server, "")
    child = child_of(fork_server)
    assert kib(child, "RssAnon") >= SIZE_KIB
    assert kib(child, "VmPTE") >= TABLES_KIB


def test_a_child_does_not_have_what_is_not_forked(fork_server):
    start(fork_server, ":dontfork")
    child = child_of(fork_server)
    assert kib(child, "VmSize") <= kib(fork_server.pid, "VmSize") - SIZE_KIB
    assert kib(child, "RssAnon") < SIZE_KIB


def test_a_child_maps_what_is_shared_and_pays_when_it_looks(fork_server):
    start(fork_server, ":shared")
    child = child_of(fork_server)
    assert kib(child, "VmSize") > SIZE_KIB
    assert kib(child, "RssShmem") < SIZE_KIB


@release_only
@pytest.mark.parametrize("remedy", [":dontfork", ":shared"])
def test_a_remedy_leaves_a_child_no_page_tables_of_it(fork_server, remedy):
    """A sanitizer has tables of its own, of no known size."""
    start(fork_server, remedy)
    assert kib(child_of(fork_server), "VmPTE") < TABLES_KIB
    assert kib(fork_server.pid, "VmPTE") >= TABLES_KIB


def test_a_child_has_the_huge_pages_too(fork_server):
    start(fork_server, ":huge")
    in_parent = kib(fork_server.pid, "AnonHugePages", "smaps_rollup")
    child = child_of(fork_server)
    assert kib(child, "AnonHugePages", "smaps_rollup") == in_parent
    assert kib(child, "RssAnon") >= SIZE_KIB


def test_the_computed_limit_knows_the_page_tables(fork_server):
    """Each child of a parent of 512 MiB has 1 MiB of them."""
    total_mib = kib_in("/proc/meminfo", "MemTotal") // 1024
    start(fork_server, "", "512MiB")
    told = re.search(r"at most (\d+) connections", fork_server.log())
    assert int(told.group(1)) <= total_mib


# ---- what cannot be had, and what is wrong ----

def test_more_than_there_is_is_refused_before_it_is_touched(server):
    result = server.run("-l", "127.0.0.1:0", "--ballast", "60000GiB")
    assert result.returncode == 1
    lines = result.stderr.decode().splitlines()
    assert re.search(r"--ballast 60000GiB: must leave an eighth of the "
                     r"available memory \(\d+ MiB\) free", lines[-1])
    assert not any("listening" in line for line in lines)


@release_only
def test_more_than_the_process_may_map_is_an_error(server):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (100 << 20, 100 << 20))
    result = server.run("-l", "127.0.0.1:0", "--ballast", "200MiB",
                        preexec_fn=limit)
    assert result.returncode == 1
    assert b"--ballast 200MiB: Cannot allocate memory" in result.stderr


def test_huge_pages_that_are_not_there_are_an_error(server):
    if huge_pages_work():
        pytest.skip("this system has transparent huge pages")
    result = server.run("-l", "127.0.0.1:0", "--ballast", "8MiB:huge")
    assert result.returncode == 1
    assert b"no transparent huge pages" in result.stderr


@pytest.mark.parametrize("value", [
    "", "x", "0", "4095", "1TiB", "-1MiB", "64MiB:", "64MiB:plain",
    "64MiB:huge:huge", ":shared", "64 MiB", "65537GiB", "9" * 80])
def test_a_wrong_ballast_is_wrong_usage(server, value):
    result = server.run("--ballast", value)
    assert result.returncode == 2
    line = result.stderr.decode()
    assert line.count("\n") == 1
    shown = value or "''"
    assert line.startswith(f"server_{server.name}: --ballast {shown}: ")
    assert "SIZE:dontfork" in line and "4KiB" in line


def writes(server):
    """(pages written, page faults of that) so far, as SIGUSR1 logs them."""
    server.ledger_now()
    found = re.findall(r"ballast: (\d+) pages written, (\d+) copy-on-write "
                       r"faults", server.log())
    return tuple(map(int, found[-1])) if found else (0, 0)


def test_a_parent_that_goes_on_writing_counts_its_faults(server):
    """Each page that is written for the first time since a fork faults."""
    server.start("--ballast", "4MiB:none:20000/s")
    eventually(lambda: writes(server)[0] >= 2000, "all pages, twice")
    pages, faults = writes(server)
    server.connected(1)
    if server.name == "fork":
        eventually(lambda: writes(server)[1] >= faults + 1000, "their faults")
    eventually(lambda: writes(server)[0] >= pages + 2000, "twice again")
    if server.name == "thread" and not SANITIZER:
        assert writes(server)[1] - faults < 100


def test_a_parent_that_does_not_write_says_nothing_of_it(server):
    server.start("--ballast", "4MiB")
    assert writes(server) == (0, 0)
    assert "pages written" not in server.log()


@pytest.mark.parametrize("value", ["64MiB:none:", "64MiB:none:5",
                                   "64MiB:none:0/s", "64MiB:none:20000000/s"])
def test_a_wrong_rate_is_wrong_usage(server, value):
    result = server.run("--ballast", value)
    assert result.returncode == 2
    assert b"its rate is no number of pages from 1/s to 10000000/s" in \
        result.stderr


@pytest.mark.parametrize("value", ["4096", "10k", "1.5MiB:shared"])
def test_odd_sizes_are_taken(server, value):
    server.start("--ballast", value)
    echo(server.connect())
